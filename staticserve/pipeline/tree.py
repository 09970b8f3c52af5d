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
    is_md5_proven: bool
    """Whether the 12 hex digits in its name are the MD5 of its content."""


def read_tree(root: str, names: Iterable[str], workers: int) -> list[TreeFile]:
    """Return the files, in the order of their names. Raises ``BuildError`` for one that cannot be read."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(partial(_read_file, root), sorted(names)))


def read_checked(root: str, file: TreeFile) -> bytes:
    """Return a file's octets. Raises ``BuildError`` if they are not what they were when the tree was read."""
    path = f"{root}/{file.name}"
    try:
        with open_regular(path) as opened:
            octets = opened.read()
    except OSError as error:
        raise BuildError(path, f"cannot be read: {error.strerror or error}") from error
    if hashlib.sha256(octets).hexdigest() != file.sha256:
        raise BuildError(path, _CHANGED)
    return octets


_CHANGED: Final = "it changed while the build was reading it; build again when nothing writes to the tree"


def _read_file(root: str, name: str) -> TreeFile:
    path = f"{root}/{name}"
    hashed = parse_hashed_name(name)
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    try:
        with open_regular(path) as file:
            before = os.fstat(file.fileno())
            for piece in iter(partial(file.read, _PIECE), b""):
                sha256.update(piece)
                if hashed is not None:
                    md5.update(piece)
            after = os.fstat(file.fileno())
    except OSError as error:
        raise BuildError(path, f"cannot be read: {error.strerror or error}") from error
    if identify(path, before) != identify(path, after):
        raise BuildError(path, _CHANGED)
    return TreeFile(
        name=name,
        size=after.st_size,
        mtime_ns=after.st_mtime_ns,
        ctime_ns=after.st_ctime_ns,
        device=after.st_dev,
        inode=after.st_ino,
        sha256=sha256.hexdigest(),
        is_md5_proven=hashed is not None and md5.hexdigest().startswith(hashed.digest),
    )
