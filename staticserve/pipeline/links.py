"""Lets equal files of the tree share their blocks, by hard links."""

from __future__ import annotations

import contextlib
import os
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from staticserve.pipeline.tree import TreeFile


def link_equal_files(root: str, files: list[TreeFile]) -> tuple[list[TreeFile], int]:
    """Return the files as they are afterwards, and how many bytes were freed.

    The manifest storage leaves each file twice, under its own and its hashed name, and most of the pairs are
    equal. The newest of equal files stays, so that none becomes older than its source, which ``collectstatic``
    would copy again. Where the file system has no hard links, nothing happens.
    """
    linked = {file.name: file for file in files}
    freed = 0
    by_content = sorted((file for file in files if file.size), key=_content)
    for _, group in groupby(by_content, key=_content):
        kept, *others = sorted(group, key=lambda file: (-file.mtime_ns, file.name))
        for other in others:
            if other.device != kept.device:
                continue
            if other.inode == kept.inode or _replace_by_link(f"{root}/{kept.name}", f"{root}/{other.name}"):
                freed += 0 if other.inode == kept.inode else other.size
                linked[other.name] = other._replace(mtime_ns=kept.mtime_ns, inode=kept.inode)
    return [linked[file.name] for file in files], freed


def _content(file: TreeFile) -> tuple[str, int]:
    return file.sha256, file.size


def _replace_by_link(kept: str, other: str) -> bool:
    # A link that is followed stays one: what it points to may be outside.
    if os.path.islink(kept) or os.path.islink(other):
        return False
    kept_status, other_status = os.stat(kept), os.stat(other)
    if (kept_status.st_mode, kept_status.st_uid, kept_status.st_gid) != (
        other_status.st_mode,
        other_status.st_uid,
        other_status.st_gid,
    ):
        return False
    directory, name = os.path.split(other)
    temporary = f"{directory}/.{name[:100]}.{os.getpid()}.tmp"
    try:
        os.link(kept, temporary)
        # Whoever reads the tree meanwhile finds one or the other, and they are equal.
        os.replace(temporary, other)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        return False
    return True
