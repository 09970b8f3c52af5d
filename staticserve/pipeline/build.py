"""Builds a release store: reads the tree, encodes what is new, keeps what is needed of earlier releases, writes."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import time
from functools import partial
from typing import TYPE_CHECKING

from staticserve.bundlers import read_bundled
from staticserve.catalogue.scan import scan_names
from staticserve.errors import BuildError
from staticserve.manifest import hash_manifest
from staticserve.pipeline.deltas import make_deltas, pair_contents, reuse_deltas
from staticserve.pipeline.encoding import encode_all, make_jobs, reuse_encodings
from staticserve.pipeline.history import find_cache_dir, keep_copy, open_histories
from staticserve.pipeline.kept import list_kept, remove_kept
from staticserve.pipeline.links import link_equal_files
from staticserve.pipeline.options import BuildOptions
from staticserve.pipeline.originals import find_originals, keep_originals, without_lost
from staticserve.pipeline.releases import join_histories, prune, succeed
from staticserve.pipeline.report import BuildReport
from staticserve.pipeline.tree import read_checked, read_tree
from staticserve.store import (
    STORE_DIRECTORY,
    STORE_NAME,
    ContentRow,
    ReleaseRow,
    ResourceRow,
    Snapshot,
    StoreWriter,
    remove_leftovers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from staticserve.manifest import Manifest
    from staticserve.pipeline.deltas import DeltaJob
    from staticserve.pipeline.encoding import Job
    from staticserve.pipeline.history import Histories, Key
    from staticserve.pipeline.tree import TreeFile
    from staticserve.store import Encoding


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
    with _without_collector():
        return _build(root, manifest, build or BuildOptions(), progress)


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Spare a build the search for cycles: it makes many tuples and none of those. A tenth of a warm build's time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _build(
    root: str, manifest: Manifest, build: BuildOptions, progress: Callable[[int, int], None] | None
) -> BuildReport:
    started, now = time.monotonic(), int(time.time())
    try:
        names = scan_names(root, build.options)
    except OSError as error:
        raise BuildError(root, f"cannot be read: {error.strerror}") from error
    files = read_tree(root, (name for name in names if name != manifest.name), build.workers)
    report = BuildReport(files=len(files), bytes=sum(file.size for file in files))
    if build.hard_links:
        files, report.bytes_linked = link_equal_files(root, files)
    current = _describe_tree(root, files, manifest, build, now)
    report.release, report.contents = current.releases[-1].name, len(current.contents)
    cache_dir = find_cache_dir(build.cache_dir)
    with open_histories(root, cache_dir, build.history, current) as histories:
        history = join_histories([each.snapshot for each in histories])
        whole = prune(succeed(current, history, now), build.retention, now)
        whole = without_lost(whole, current, histories)
        jobs = make_jobs(root, whole, current, histories, build)
        whole = _write(root, whole, jobs, histories, build, report, progress)
    originals, directory = find_originals(whole), f"{root}/{STORE_DIRECTORY}"
    remove_kept(directory, list_kept(directory) - originals)
    if cache_dir is not None:
        keep_copy(root, cache_dir, originals)
    report.count_releases(whole)
    report.store_bytes = os.path.getsize(f"{root}/{STORE_NAME}")
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _describe_tree(root: str, files: list[TreeFile], manifest: Manifest, build: BuildOptions, now: int) -> Snapshot:
    """Return the snapshot of the tree alone, with nothing encoded."""
    names = {file.name for file in files}
    bundled = read_bundled(root, names)
    proven = manifest.hashed_names | bundled.names
    release = ReleaseRow(
        name=manifest.release or _name_release(files),
        built=now,
        superseded=None,
        files=len(files),
        follows_symlinks=build.options.follow_symlinks,
        manifest=manifest.name,
        manifest_hash=manifest.release or hash_manifest(root, manifest.name),
    )
    resources = {
        file.name: ResourceRow(0, file.sha256, file.mtime_ns, file.ctime_ns, file.is_md5_proven or file.name in proven)
        for file in files
    }
    contents = {file.sha256: ContentRow(file.size, file.md5, ()) for file in files}
    hashed = {logical: name for logical, name in manifest.paths.items() if name in names and name != logical}
    return Snapshot((release,), resources, contents, {**bundled.aliases, **hashed}, {})


def _name_release(files: list[TreeFile]) -> str:
    """Return a name for a release whose manifest has no hash, in the form of those that have."""
    told = "".join(f"{file.name}\0{file.sha256}\n" for file in files)
    return hashlib.md5(told.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()[:12]


def _write(
    root: str,
    whole: Snapshot,
    jobs: list[Job],
    histories: Histories,
    build: BuildOptions,
    report: BuildReport,
    progress: Callable[[int, int], None] | None,
) -> Snapshot:
    """Encode what is new and write the store, unless it is there already; return all that it says."""
    path = f"{root}/{STORE_NAME}"
    pairs = pair_contents(whole, build.deltas)
    made = reuse_encodings(jobs, histories, build)
    for job in jobs:
        if job.key in made:
            report.count(job.recipe.coding, job.size, made[job.key], is_new=False)
    final = None
    if all(job.key in made for job in jobs):
        deltas = reuse_deltas(pairs, _with_encodings(whole, jobs, made), histories)
        if len(deltas) == len(pairs):
            final = keep_originals(root, _with_encodings(whole, [*jobs, *pairs], made | deltas), histories)
            if any(history.reader.path == path and history.snapshot == final for history in histories):
                _count_deltas(report, whole, deltas, is_new=False)
                remove_leftovers(path)
                return final
    with StoreWriter(path) as writer:
        new = [job for job in jobs if job.key not in made]
        for job, (encoding, octets) in encode_all(new, build, progress):
            if octets is not None:
                writer.add_blob(octets)
            made[job.key] = encoding
            report.count(job.recipe.coding, job.size, encoding, is_new=True)
        made |= _add_deltas(root, writer, pairs, _with_encodings(whole, jobs, made), histories, build, report)
        final = final or keep_originals(root, _with_encodings(whole, [*jobs, *pairs], made), histories)
        _add_reused(writer, final, histories)
        writer.add(final)
    return final


def _add_deltas(
    root: str,
    writer: StoreWriter,
    pairs: list[DeltaJob],
    encoded: Snapshot,
    histories: Histories,
    build: BuildOptions,
    report: BuildReport,
) -> dict[Key, Encoding]:
    """Make the deltas that are new, add them, and return all."""
    made = reuse_deltas(pairs, encoded, histories)
    _count_deltas(report, encoded, made, is_new=False)
    newest = len(encoded.releases) - 1
    in_tree = {row.sha256: f"{root}/{name}" for name, row in encoded.resources.items() if row.release == newest}
    new = [pair for pair in pairs if pair.key not in made]
    for pair, encoding, octets in make_deltas(new, encoded, partial(_read_content, in_tree, histories), build.workers):
        if octets is not None:
            writer.add_blob(octets)
        made[pair.key] = encoding
        _count_deltas(report, encoded, {pair.key: encoding}, is_new=True)
    return made


def _add_reused(writer: StoreWriter, final: Snapshot, histories: Histories) -> None:
    """Add the octets that earlier builds have made."""
    for content in final.contents.values():
        for encoding in content.encodings:
            if encoding.sha256 is not None and not writer.has_blob(encoding.sha256):
                writer.add_blob(histories.read_blob(encoding.sha256))


def _count_deltas(report: BuildReport, whole: Snapshot, deltas: dict[Key, Encoding], *, is_new: bool) -> None:
    for (sha256, *_), encoding in deltas.items():
        report.count(encoding.coding, whole.contents[sha256].size, encoding, is_new=is_new)


def _read_content(in_tree: dict[str, str], histories: Histories, sha256: str) -> bytes | None:
    """Return a content's octets from the tree, or from what earlier builds have left."""
    path = in_tree.get(sha256)
    if path is not None and os.path.exists(path):
        return read_checked(path, sha256)
    return histories.read_content(sha256)


def _with_encodings(whole: Snapshot, jobs: Sequence[Job | DeltaJob], made: dict[Key, Encoding]) -> Snapshot:
    encodings: dict[str, tuple[Encoding, ...]] = {}
    for job in jobs:
        if job.key in made:
            encodings[job.sha256] = (*encodings.get(job.sha256, ()), made[job.key])
    contents = {
        sha256: content._replace(encodings=encodings.get(sha256, content.encodings))
        for sha256, content in whole.contents.items()
    }
    return whole._replace(contents=contents)
