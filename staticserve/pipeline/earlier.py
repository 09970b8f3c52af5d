"""What earlier builds have made: the store in the tree, or the copy of it that is kept between builds."""

from __future__ import annotations

import contextlib
import filecmp
import logging
import os
import shutil
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.errors import StoreError
from staticserve.store import STORE_NAME, StoreReader

if TYPE_CHECKING:
    from staticserve.store import StoredBlob

log = logging.getLogger("staticserve")

_CACHED_NAME: Final = "store.sqlite3"


class Made(NamedTuple):
    """An encoding that was made before. Without a blob it was not worth keeping."""

    recipe: str
    size: int
    blob: StoredBlob | None
    reader: StoreReader

    def read(self) -> bytes | None:
        """Return the octets. Raises ``StoreError`` if they are damaged."""
        return None if self.blob is None else self.reader.read_blob(self.blob)


def open_earlier(root: str, cache_dir: str | None) -> list[StoreReader]:
    """Return the stores that earlier builds have left. Whoever asks closes them."""
    paths = [f"{root}/{STORE_NAME}"]
    if cache_dir is not None:
        paths.append(os.path.join(cache_dir, _CACHED_NAME))
    return [StoreReader(path) for path in paths if os.path.exists(path)]


def read_earlier(readers: list[StoreReader]) -> dict[tuple[str, str], Made]:
    """Return what was made before, by SHA-256 of the content and coding. A damaged store counts as none."""
    made: dict[tuple[str, str], Made] = {}
    for reader in readers:
        try:
            for sha256, coding, recipe, size, blob in reader.representations():
                made.setdefault((sha256, coding), Made(recipe, size, blob, reader))
        except StoreError as error:
            log.warning("%s; what only it has is encoded again", error)
    return made


def find_cache_dir(given: str | None) -> str | None:
    """Return the directory in which to keep the store between builds: the given one, or that of a Heroku build.

    Heroku's buildpack exports these three, and saves what is in CACHE_DIR. A config variable may shadow one, so
    all must be there, and the directory be ours to write to.
    """
    if given is not None:
        return given
    build_dir, cache_dir, env_dir = (os.environ.get(name) for name in ("BUILD_DIR", "CACHE_DIR", "ENV_DIR"))
    if build_dir and env_dir and cache_dir and os.path.isdir(cache_dir) and os.access(cache_dir, os.W_OK):
        return os.path.join(cache_dir, "staticserve")
    return None


def keep_copy(root: str, cache_dir: str) -> None:
    """Copy the store to where the next build looks for it. A failure costs only that build's time."""
    target = os.path.join(cache_dir, _CACHED_NAME)
    with contextlib.suppress(OSError):
        if filecmp.cmp(f"{root}/{STORE_NAME}", target, shallow=False):
            return
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        os.makedirs(cache_dir, exist_ok=True)
        shutil.copyfile(f"{root}/{STORE_NAME}", temporary)
        os.replace(temporary, target)
    except OSError as error:
        log.warning("the store could not be kept for the next build: %s", error)
        with contextlib.suppress(OSError):
            os.unlink(temporary)
