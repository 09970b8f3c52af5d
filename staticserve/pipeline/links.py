"""Lets equal files of the tree share their blocks, by hard links."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING

from staticserve.placing import written_beside

if TYPE_CHECKING:
    from staticserve.pipeline.tree import TreeFile


def link_equal_files(root: str, files: list[TreeFile]) -> tuple[list[TreeFile], int]:
    """Return the files as they are afterwards, and how many bytes were freed.

    The manifest storage leaves each file twice, under its own and its hashed name, and most of the pairs are
    equal. The newest of equal files stays, so that none becomes older than its source, which ``collectstatic``
    would copy again. Where the file system has no hard links, nothing happens.
    """
    linked = {file.name: file for file in files}
    real_root = os.path.realpath(root)
    freed = 0
    by_content = sorted((file for file in files if file.size), key=_content)
    for _, group in groupby(by_content, key=_content):
        kept, *others = sorted(group, key=lambda file: (-file.mtime_ns, file.name))
        inodes = {(kept.device, kept.inode)}
        changed = []
        for other in others:
            if (other.device, other.inode) == (kept.device, kept.inode) or other.device != kept.device:
                continue
            # Not what links lead to: that may be outside.
            if not all(os.path.realpath(f"{root}/{name}") == f"{real_root}/{name}" for name in (kept.name, other.name)):
                continue
            if _replace_by_link(f"{root}/{kept.name}", f"{root}/{other.name}"):
                freed += 0 if (other.device, other.inode) in inodes else other.size
                inodes.add((other.device, other.inode))
                changed.append(other)
        if changed:
            # A new link changes the inode's ctime, which all its names share.
            ctime_ns = os.stat(f"{root}/{kept.name}").st_ctime_ns
            names = {file.name for file in changed}
            for file in (kept, *others):
                if file.name in names or (file.device, file.inode) == (kept.device, kept.inode):
                    linked[file.name] = file._replace(mtime_ns=kept.mtime_ns, ctime_ns=ctime_ns, inode=kept.inode)
    return [linked[file.name] for file in files], freed


def _content(file: TreeFile) -> tuple[str, int]:
    return file.sha256, file.size


def _replace_by_link(kept: str, other: str) -> bool:
    kept_status, other_status = os.stat(kept), os.stat(other)
    if (kept_status.st_mode, kept_status.st_uid, kept_status.st_gid) != (
        other_status.st_mode,
        other_status.st_uid,
        other_status.st_gid,
    ):
        return False
    try:
        # Whoever reads the tree meanwhile finds one or the other, and they are equal.
        with written_beside(other) as temporary:
            os.link(kept, temporary)
    except OSError:
        return False
    return True
