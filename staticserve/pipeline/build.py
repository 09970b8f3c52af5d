"""Builds a release store: reads the tree, encodes what is new, writes the store and moves it into place."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from staticserve.catalogue.scan import scan_names
from staticserve.errors import BuildError, StoreError
from staticserve.manifest import hash_manifest
from staticserve.pipeline.codings import COST, is_text, recipes_for, seems_incompressible
from staticserve.pipeline.earlier import find_cache_dir, keep_copy, open_earlier, read_earlier
from staticserve.pipeline.links import link_equal_files
from staticserve.pipeline.options import BuildOptions
from staticserve.pipeline.report import BuildReport, CodingReport
from staticserve.pipeline.tree import TreeFile, read_checked, read_tree
from staticserve.store import STORE_NAME, ReleaseRow, ResourceRow, StoreReader, StoreWriter, remove_leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from staticserve.manifest import Manifest
    from staticserve.pipeline.codings import Recipe
    from staticserve.pipeline.earlier import Made


class _Job(NamedTuple):
    """A content to encode: the first of the files that hold it, and how."""

    file: TreeFile
    recipe: Recipe

    @property
    def key(self) -> tuple[str, str]:
        return self.file.sha256, self.recipe.coding


class _Encoded(NamedTuple):
    size: int
    octets: bytes | None
    """Nothing if it is not worth keeping."""
    source: StoreReader | None = None
    """The store that it was taken from; nothing if it is new."""


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
    release = ReleaseRow(
        manifest.release,
        build.options.follow_symlinks,
        manifest.name,
        manifest.release or hash_manifest(root, manifest.name),
    )
    resources = {file.name: _make_row(file, manifest) for file in files}
    jobs, report.contents = _make_jobs(files, build)
    cache_dir = find_cache_dir(build.cache_dir)
    earlier = open_earlier(root, cache_dir)
    try:
        reused = _reuse_all(jobs, read_earlier(earlier), build)
        for job in jobs:
            if job.key in reused:
                _count(report, job, reused[job.key])
        if _is_whole(earlier, release, resources, jobs, reused, f"{root}/{STORE_NAME}"):
            remove_leftovers(f"{root}/{STORE_NAME}")
        else:
            with StoreWriter(f"{root}/{STORE_NAME}") as writer:
                number = writer.add_release(release, int(time.time()))
                for name, row in resources.items():
                    writer.add_resource(number, name, row)
                for job, encoded in _encode_all(root, jobs, reused, build, progress):
                    writer.add_representation(
                        job.file.sha256, job.file.size, job.recipe.coding, job.recipe.name, encoded.size, encoded.octets
                    )
                    if encoded.source is None:
                        _count(report, job, encoded)
    finally:
        for reader in earlier:
            reader.close()
    report.store_bytes = os.path.getsize(f"{root}/{STORE_NAME}")
    if cache_dir is not None:
        keep_copy(root, cache_dir)
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _make_row(file: TreeFile, manifest: Manifest) -> ResourceRow:
    is_proven = file.is_md5_proven or file.name in manifest.hashed_names
    return ResourceRow(file.sha256, file.size, file.mtime_ns, file.ctime_ns, is_proven)


def _make_jobs(files: list[TreeFile], build: BuildOptions) -> tuple[list[_Job], int]:
    """Return what there is to encode, in the order of names, and how many contents there are."""
    by_digest: dict[str, list[TreeFile]] = {}
    for file in files:
        by_digest.setdefault(file.sha256, []).append(file)
    jobs = []
    for group in by_digest.values():
        recipes = recipes_for([file.name for file in group], group[0].size, build.options.codings)
        jobs += [_Job(group[0], recipe) for recipe in recipes]
    return jobs, len(by_digest)


def _reuse_all(
    jobs: list[_Job], made: dict[tuple[str, str], Made], build: BuildOptions
) -> dict[tuple[str, str], _Encoded]:
    """Return what need not be made again. Octets are checked as they are read; damaged ones are."""
    reused = {}
    for job in jobs:
        earlier = made.get(job.key)
        if earlier is None or earlier.recipe != job.recipe.name:
            continue
        keeps = _is_worth_it(earlier.size, job.file.size, build)
        # What was not kept then, because more had to be saved, has no octets to keep now.
        if keeps and earlier.blob is None:
            continue
        try:
            octets = earlier.read()
        except StoreError:
            continue
        reused[job.key] = _Encoded(earlier.size, octets if keeps else None, earlier.reader)
    return reused


def _is_whole(
    earlier: list[StoreReader],
    release: ReleaseRow,
    resources: dict[str, ResourceRow],
    jobs: list[_Job],
    reused: dict[tuple[str, str], _Encoded],
    path: str,
) -> bool:
    """Return whether the store in the tree is what this build would write."""
    reader = next((reader for reader in earlier if reader.path == path), None)
    if reader is None or any(reused.get(job.key, _NOTHING).source is not reader for job in jobs):
        return False
    try:
        kept = {(sha256, coding): blob is not None for sha256, coding, _, _, blob in reader.representations()}
        return (
            reader.release().row == release
            and reader.resources() == resources
            and kept == {job.key: reused[job.key].octets is not None for job in jobs}
        )
    except StoreError:
        return False


_NOTHING = _Encoded(0, None)


def _encode_all(
    root: str,
    jobs: list[_Job],
    reused: dict[tuple[str, str], _Encoded],
    build: BuildOptions,
    progress: Callable[[int, int], None] | None,
) -> Iterator[tuple[_Job, _Encoded]]:
    """Yield every encoding, in an order that depends on nothing but the tree; make what is not reused."""
    new = [job for job in jobs if job.key not in reused]
    total, done = sum(job.file.size for job in new), 0
    pool = ThreadPoolExecutor(build.workers)
    futures: dict[tuple[str, str], Future[_Encoded]] = {}
    try:
        # The longest first, so that none is left over when the others have finished.
        for job in sorted(new, key=lambda job: -job.file.size * COST[job.recipe.name]):
            futures[job.key] = pool.submit(_encode, root, job, build)
        for job in jobs:
            if job.key in reused:
                yield job, reused[job.key]
                continue
            yield job, futures.pop(job.key).result()
            done += job.file.size
            if progress is not None:
                progress(done, total)
    finally:
        pool.shutdown(cancel_futures=True)


def _encode(root: str, job: _Job, build: BuildOptions) -> _Encoded:
    octets = read_checked(root, job.file)
    if not is_text(job.file.name) and seems_incompressible(octets):
        return _Encoded(job.file.size, None)
    encoded = job.recipe.encode(octets)
    return _Encoded(len(encoded), encoded if _is_worth_it(len(encoded), job.file.size, build) else None)


def _is_worth_it(size: int, size_before: int, build: BuildOptions) -> bool:
    return size <= size_before * (1 - build.min_saving)


def _count(report: BuildReport, job: _Job, encoded: _Encoded) -> None:
    coding = report.codings.setdefault(job.recipe.coding, CodingReport())
    coding.encoded += encoded.source is None
    coding.reused += encoded.source is not None
    if encoded.octets is None:
        coding.not_worth_it += 1
    else:
        coding.bytes_before += job.file.size
        coding.bytes_after += encoded.size
