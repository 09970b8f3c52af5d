"""Contents that no coding makes smaller, images and fonts, kept for later releases: by digest, beside the store.

Of the newest release they are hard links to the files of the tree, which take no room; they are there so that the next
build finds them, also when the tree was cleared before it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import time
from typing import TYPE_CHECKING, Final

from staticserve.octets import open_regular
from staticserve.placing import written_beside
from staticserve.store import KEPT_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Collection


def kept_path(directory: str, sha256: str) -> str:
    """Return where a content is kept below the directory of a store."""
    return f"{directory}/{KEPT_DIRECTORY}/{sha256}"


def has_kept(directory: str, sha256: str) -> bool:
    """Return whether a content is kept, whole."""
    try:
        return _hash_file(kept_path(directory, sha256)) == sha256
    except OSError:
        return False


def is_linked(directory: str, sha256: str, path: str) -> bool:
    """Return whether a content is kept as a link to the file ``path``."""
    try:
        return os.path.samefile(kept_path(directory, sha256), path)
    except OSError:
        return False


def has_links(directory: str, sha256: str) -> bool:
    """Return whether the file that is kept has other names: a file of the tree, mostly."""
    try:
        return os.lstat(kept_path(directory, sha256)).st_nlink > 1
    except OSError:
        return False


def keep_content(directory: str, sha256: str, source: str, *, as_copy: bool = False) -> bool:
    """Keep the content of the file ``source``; return whether that is there and is what it should be.

    By a hard link, where there are any; as a copy, if what happens to the file must not happen to it.
    """
    target = kept_path(directory, sha256)
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with written_beside(target) as temporary:
            if as_copy or not _link(source, temporary):
                shutil.copyfile(source, temporary)
            if _hash_file(temporary) != sha256:
                raise OSError(errno.EIO, "it is not what it should be", source)
    except OSError:
        return False
    return True


def _link(source: str, target: str) -> bool:
    try:
        # Not of a symbolic link: of what it leads to.
        os.link(os.path.realpath(source), target)
    except OSError:
        return False
    return True


def _hash_file(path: str) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_kept(directory: str) -> set[str]:
    """Return the digests of the contents that are kept, whole or not."""
    try:
        names = os.listdir(f"{directory}/{KEPT_DIRECTORY}")
    except OSError:
        return set()
    # The directory may be one that a user has named, with files of his own in it.
    return {name for name in names if _DIGEST.fullmatch(name)}


_DIGEST: Final = re.compile("[0-9a-f]{64}")


def remove_kept(directory: str, digests: Collection[str]) -> None:
    """Remove contents that are kept for no release any more, and what builds have left that were killed."""
    for sha256 in digests:
        with contextlib.suppress(OSError):
            os.unlink(kept_path(directory, sha256))
    before = time.time() - _LEFTOVER_AGE
    with contextlib.suppress(OSError), os.scandir(f"{directory}/{KEPT_DIRECTORY}") as entries:
        for entry in entries:
            # By its ctime: a link has its file's mtime, which is old from the start.
            if _LEFTOVER.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_ctime < before:
                os.unlink(entry.path)


_LEFTOVER: Final = re.compile(r"\.?[0-9a-f]{64}\.[0-9a-f-]+\.tmp")
# Seconds: longer than any build.
_LEFTOVER_AGE: Final = 3600
