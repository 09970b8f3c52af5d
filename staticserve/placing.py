"""Puts files into their places whole: whoever looks there finds the old one or the new one."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def written_beside(target: str) -> Iterator[str]:
    """Yield a path to write to, beside ``target``, which takes its place if all went well.

    It begins with a dot, so that nobody collects or serves it, and no two builds have the same, in whatever container.
    """
    directory, base = os.path.split(target)
    temporary = os.path.join(directory, f".{base[:100]}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        # It is still there after a failure, and after a rename onto the same inode, which does nothing.
        with suppress(OSError):
            os.unlink(temporary)
