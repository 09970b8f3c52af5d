"""Octets, and the places where they are: in memory or in a file that is still the same one."""

from __future__ import annotations

import errno
import os
import stat
import time
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from staticserve.errors import OctetsChangedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO


class FileOctets(NamedTuple):
    """A file's octets: its path, and by what it is known to be the same file still. ``size`` is in bytes."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    """Nobody can set it: a file with the size, the time and the inode of another has another one."""
    inode: int


class DeferredOctets(NamedTuple):
    """Octets that are read when they are first sent.

    ``read`` raises ``OctetsChangedError`` if they are no longer there.
    """

    read: Callable[[], bytes]


Octets = bytes | FileOctets | DeferredOctets


def identify(path: str, status: os.stat_result) -> FileOctets:
    """Return a file's octets as a place."""
    return FileOctets(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def open_regular(path: str) -> FileIO:
    """Open a regular file for reading. Raises ``OSError``, also for what is not a regular file."""
    descriptor = _open(path)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return open(descriptor, "rb", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is not a regular file", path)


# How often, and after how long each time (seconds), a file is opened again for which there was no descriptor: a file
# is not missing because of that, and other connections end all the time.
_ATTEMPTS: Final = 10
_MOMENT: Final = 0.02
_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


def _open(path: str) -> int:
    for attempt in range(_ATTEMPTS):
        try:
            # Opening a FIFO would wait for its writer.
            return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno not in _NO_DESCRIPTORS or attempt == _ATTEMPTS - 1:
                raise
        time.sleep(_MOMENT)
    raise AssertionError


def open_octets(octets: FileOctets) -> BinaryIO:
    """Open the file that was described. Raises ``OctetsChangedError`` if there is another one, or none."""
    try:
        file = open_regular(octets.path)
    except OSError as error:
        raise OctetsChangedError(octets.path) from error
    if identify(octets.path, os.fstat(file.fileno())) != octets:
        file.close()
        raise OctetsChangedError(octets.path)
    return file


def check_octets(octets: FileOctets) -> None:
    """Raise ``OctetsChangedError`` unless the file is the one that was described."""
    try:
        found = identify(octets.path, os.stat(octets.path))
    except OSError as error:
        raise OctetsChangedError(octets.path) from error
    if found != octets:
        raise OctetsChangedError(octets.path)
