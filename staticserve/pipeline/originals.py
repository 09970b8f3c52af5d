"""Octets that no coding has and that later releases may need: which they are, and that they are kept."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from staticserve.pipeline.kept import (
    has_kept,
    has_links,
    is_linked,
    keep_content,
    kept_path,
    list_kept,
    remove_kept,
)
from staticserve.pipeline.releases import without_names
from staticserve.store import STORE_DIRECTORY

if TYPE_CHECKING:
    from staticserve.pipeline.history import Histories
    from staticserve.store import ContentRow, Encoding, Snapshot

log = logging.getLogger("staticserve")


def find_originals(snapshot: Snapshot) -> set[str]:
    """Return the contents that later releases may need and that no coding has, by their SHA-256."""
    proven = {row.sha256 for row in snapshot.resources.values() if row.is_proven}
    return {sha256 for sha256 in proven if not _is_coded(snapshot.contents[sha256])}


def _is_coded(content: ContentRow) -> bool:
    return any(encoding.sha256 is not None and encoding.dictionary is None for encoding in content.encodings)


def without_lost(whole: Snapshot, current: Snapshot, histories: Histories) -> Snapshot:
    """Return the snapshot without the names of earlier releases whose octets no history can give."""
    contents, lost = dict(current.contents), set()
    for sha256, content in whole.contents.items():
        if sha256 not in current.contents:
            contents[sha256] = content._replace(encodings=_find_smallest(content, histories))
            if not _is_coded(contents[sha256]) and histories.find_kept(sha256) is None:
                lost.add(sha256)
    names = [name for name, row in whole.resources.items() if row.sha256 in lost]
    if names:
        log.warning("%d files of earlier releases are damaged or missing: %s, for one", len(names), names[0])
    return without_names(whole._replace(contents=contents), names)


def _find_smallest(content: ContentRow, histories: Histories) -> tuple[Encoding, ...]:
    """Return the smallest coding of a content that can be read, Brotli nearly always, and no other.

    Nearly every browser takes that, and others get it decoded. All three codings of five releases of a site would be as
    much as the newest release with the admin's files.
    """
    whole = [each for each in content.encodings if each.sha256 is not None and each.dictionary is None]
    kept = sorted(whole, key=lambda each: each.size)
    return next(((each,) for each in kept if histories.can_read(each)), ())


def keep_originals(root: str, whole: Snapshot, histories: Histories) -> Snapshot:
    """Keep the originals beside the store of the tree ``root``; return the snapshot as it is then.

    What cannot be kept is missing in later releases, which a warning says.
    """
    directory = f"{root}/{STORE_DIRECTORY}"
    newest = len(whole.releases) - 1
    in_tree = {
        row.sha256: name
        for name, row in whole.resources.items()
        if row.release == newest and os.path.exists(f"{root}/{name}")
    }
    originals, inodes = find_originals(whole), set()
    for sha256 in sorted(originals):
        name = in_tree.get(sha256)
        # The tree has just been read, so a link to one of its files need not be.
        if name is not None and is_linked(directory, sha256, f"{root}/{name}"):
            continue
        if has_kept(directory, sha256):
            continue
        if name is not None and keep_content(directory, sha256, f"{root}/{name}"):
            inodes.add(_inode(kept_path(directory, sha256)))
            continue
        kept = histories.find_kept(sha256)
        if kept is None or not keep_content(directory, sha256, kept, as_copy=True):
            log.warning("%s could not be kept for later releases", name or sha256)
    # What is not a link, of releases that do not stay, goes when the store is written.
    unlinked = {sha256 for sha256 in list_kept(directory) - originals if has_links(directory, sha256)}
    inodes |= {_inode(kept_path(directory, sha256)) for sha256 in unlinked}
    remove_kept(directory, unlinked)
    return _with_new_ctimes(root, whole, inodes)


def _inode(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _with_new_ctimes(root: str, whole: Snapshot, inodes: set[tuple[int, int] | None]) -> Snapshot:
    """Return the snapshot with new times of the files with these inodes: a link more or less changes the ctime."""
    resources = dict(whole.resources)
    newest = len(whole.releases) - 1
    for name, row in whole.resources.items() if inodes else ():
        if row.release != newest:
            continue
        try:
            status = os.stat(f"{root}/{name}")
        except OSError:
            continue
        # Not of one that has been replaced since it was read.
        if (status.st_dev, status.st_ino) in inodes and status.st_mtime_ns == row.mtime_ns:
            resources[name] = row._replace(ctime_ns=status.st_ctime_ns)
    return whole._replace(resources=resources)
