"""Builds a release store: reads the tree, encodes what is new, writes the store and moves it into place."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from staticserve.catalogue.scan import scan_names
from staticserve.errors import BuildError, StoreError
from staticserve.manifest import hash_manifest
from staticserve.pipeline.codings import COST, recipes_for, seems_incompressible
from staticserve.pipeline.earlier import find_cache_dir, keep_copy, open_earlier, read_earlier
from staticserve.pipeline.links import link_equal_files
from staticserve.pipeline.options import BuildOptions
from staticserve.pipeline.report import BuildReport, CodingReport
from staticserve.pipeline.tree import TreeFile, read_checked, read_tree
from staticserve.store import STORE_NAME, StoreWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from staticserve.manifest import Manifest
    from staticserve.pipeline.codings import Recipe
    from staticserve.pipeline.earlier import Made


class _Content(NamedTuple):
    file: TreeFile
    """The first of those that hold it."""
    recipes: dict[str, Recipe]


class _Encoded(NamedTuple):
    recipe: Recipe
    size: int
    octets: bytes | None
    """Nothing if it is not worth keeping."""
    is_new: bool


def build_store(
    root: str,
    manifest: Manifest,
    build: BuildOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BuildReport:
    """Build the store of the tree ``root``, and return what was done.

    ``progress`` is called with the bytes of work done and the bytes there are. Raises ``BuildError`` or
    ``StoreError``, which name the file and the cause; the earlier store is then as it was.
    """
    started = time.monotonic()
    build = build or BuildOptions()
    try:
        names = scan_names(root, build.options)
    except OSError as error:
        raise BuildError(root, f"cannot be read: {error.strerror}") from error
    files = read_tree(root, (name for name in names if name != manifest.name), build.workers)
    report = BuildReport(release=manifest.release, files=len(files), bytes=sum(file.size for file in files))
    if build.hard_links:
        files, report.bytes_linked = link_equal_files(root, files)
    contents = _distinct(files, build)
    report.contents = len(contents)
    cache_dir = find_cache_dir(build.cache_dir)
    earlier = open_earlier(root, cache_dir)
    made = read_earlier(earlier)
    with StoreWriter(f"{root}/{STORE_NAME}") as writer:
        release = writer.add_release(
            manifest.release,
            int(time.time()),
            follows_symlinks=build.options.follow_symlinks,
            manifest=manifest.name,
            manifest_hash=manifest.release or hash_manifest(root, manifest.name),
        )
        for file in files:
            writer.add_resource(
                release,
                file.name,
                file.sha256,
                file.size,
                mtime_ns=file.mtime_ns,
                ctime_ns=file.ctime_ns,
                is_proven=file.is_md5_proven or file.name in manifest.hashed_names,
            )
        for file, encoded in _encode_all(root, contents, made, build, progress):
            writer.add_representation(
                file.sha256, file.size, encoded.recipe.coding, encoded.recipe.name, encoded.size, encoded.octets
            )
            _count(report, file, encoded)
    for reader in earlier:
        reader.close()
    report.store_bytes = os.path.getsize(f"{root}/{STORE_NAME}")
    if cache_dir is not None:
        keep_copy(root, cache_dir)
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _distinct(files: list[TreeFile], build: BuildOptions) -> list[_Content]:
    """Return each content once, in the order of its first file's name."""
    by_digest: dict[str, list[TreeFile]] = {}
    for file in files:
        by_digest.setdefault(file.sha256, []).append(file)
    contents = []
    for group in by_digest.values():
        recipes = recipes_for([file.name for file in group], group[0].size)
        wanted = {coding: recipe for coding, recipe in recipes.items() if coding in build.options.codings}
        contents.append(_Content(group[0], wanted))
    return contents


def _encode_all(
    root: str,
    contents: list[_Content],
    made: dict[tuple[str, str], Made],
    build: BuildOptions,
    progress: Callable[[int, int], None] | None,
) -> Iterator[tuple[TreeFile, _Encoded]]:
    """Yield every encoding, in an order that depends on nothing but the tree; make what was not made before."""
    jobs = [(content.file, recipe) for content in contents for recipe in content.recipes.values()]
    total, done = sum(file.size for file, _ in jobs), 0
    futures: dict[tuple[str, str], Future[_Encoded]] = {}
    pool = ThreadPoolExecutor(build.workers)
    try:
        # The longest first, so that none is left over when the others have finished.
        for file, recipe in sorted(jobs, key=lambda job: -job[0].size * COST[job[1].name]):
            earlier = made.get((file.sha256, recipe.coding))
            if earlier is None or earlier.recipe != recipe.name:
                job = pool.submit(_encode, root, file, recipe, build.min_saving)
            else:
                job = pool.submit(_reuse, root, file, recipe, build.min_saving, earlier)
            futures[file.sha256, recipe.coding] = job
        for file, recipe in jobs:
            yield file, futures.pop((file.sha256, recipe.coding)).result()
            done += file.size
            if progress is not None:
                progress(done, total)
    finally:
        pool.shutdown(cancel_futures=True)


def _encode(root: str, file: TreeFile, recipe: Recipe, min_saving: float) -> _Encoded:
    octets = read_checked(root, file)
    if seems_incompressible(octets):
        return _Encoded(recipe, file.size, None, is_new=True)
    encoded = recipe.encode(octets)
    keeps = len(encoded) <= file.size * (1 - min_saving)
    return _Encoded(recipe, len(encoded), encoded if keeps else None, is_new=True)


def _reuse(root: str, file: TreeFile, recipe: Recipe, min_saving: float, earlier: Made) -> _Encoded:
    try:
        octets = earlier.read()
    except StoreError:
        return _encode(root, file, recipe, min_saving)
    keeps = earlier.size <= file.size * (1 - min_saving)
    # What was not kept then, because more had to be saved, has no octets to keep now.
    if keeps and octets is None and earlier.size != file.size:
        return _encode(root, file, recipe, min_saving)
    return _Encoded(recipe, earlier.size, octets if keeps else None, is_new=False)


def _count(report: BuildReport, file: TreeFile, encoded: _Encoded) -> None:
    coding = report.codings.setdefault(encoded.recipe.coding, CodingReport())
    coding.encoded += encoded.is_new
    coding.reused += not encoded.is_new
    if encoded.octets is None:
        coding.not_worth_it += 1
    else:
        coding.bytes_before += file.size
        coding.bytes_after += encoded.size
