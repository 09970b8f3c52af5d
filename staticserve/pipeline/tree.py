"""Reads a collected tree whole: what each file holds, by digest."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.errors import BuildError
from staticserve.octets import identify, open_regular
from staticserve.semantics.hashed_names import parse_hashed_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_PIECE: Final = 1024 * 1024


class TreeFile(NamedTuple):
    """A file of the tree: its name, size in bytes, times, inode, and digests (hexadecimal)."""

    name: str
    size: int
    mtime_ns: int
    ctime_ns: int
    device: int
    inode: int
    sha256: str
    md5: str
    """The first 12 digits, which are what a hashed name has."""

    @property
    def is_md5_proven(self) -> bool:
        """Return whether the name has the digits of this content."""
        hashed = parse_hashed_name(self.name)
        return hashed is not None and hashed.digest == self.md5


def read_tree(root: str, names: Iterable[str], workers: int) -> list[TreeFile]:
    """Return the files, in the order of their names. Raises ``BuildError`` for one that cannot be read."""
    by_inode: dict[tuple[int, ...], list[str]] = {}
    for name in sorted(names):
        by_inode.setdefault(_identify(f"{root}/{name}"), []).append(name)
    # A thread takes each n-th: a future for each file would cost more than most files do.
    groups = list(by_inode.values())
    with ThreadPoolExecutor(workers) as pool:
        parts = pool.map(partial(_read_groups, root), [groups[place::workers] for place in range(workers)])
    return sorted((file for part in parts for file in part), key=lambda file: file.name)


def _identify(path: str) -> tuple[int, ...]:
    try:
        status = os.stat(path)
    except OSError as error:
        raise BuildError(path, f"cannot be read: {error.strerror}") from error
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _read_groups(root: str, groups: list[list[str]]) -> list[TreeFile]:
    """Return the files of each group, whose names are all of one inode. That is read once."""
    files = []
    for names in groups:
        file = _read_file(root, names[0])
        files += [file._replace(name=name) for name in names]
    return files


def read_checked(path: str, sha256: str) -> bytes:
    """Return a file's octets. Raises ``BuildError`` if they do not have this SHA-256 (hexadecimal) any more."""
    try:
        with open_regular(path) as opened:
            octets = opened.read()
    except OSError as error:
        raise BuildError(path, f"cannot be read: {error.strerror or error}") from error
    if hashlib.sha256(octets).hexdigest() != sha256:
        raise BuildError(path, _CHANGED)
    return octets


_CHANGED: Final = "it changed while the build was reading it; build again when nothing writes to the tree"


def _read_file(root: str, name: str) -> TreeFile:
    path = f"{root}/{name}"
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    try:
        with open_regular(path) as file:
            before = os.fstat(file.fileno())
            for piece in iter(partial(file.read, _PIECE), b""):
                sha256.update(piece)
                md5.update(piece)
            after = os.fstat(file.fileno())
    except OSError as error:
        raise BuildError(path, f"cannot be read: {error.strerror or error}") from error
    # Not by the ctime: another build may have linked it meanwhile.
    if identify(path, before)._replace(ctime_ns=0) != identify(path, after)._replace(ctime_ns=0):
        raise BuildError(path, _CHANGED)
    return TreeFile(
        name=name,
        size=after.st_size,
        mtime_ns=after.st_mtime_ns,
        ctime_ns=after.st_ctime_ns,
        device=after.st_dev,
        inode=after.st_ino,
        sha256=sha256.hexdigest(),
        md5=md5.hexdigest()[:12],
    )
