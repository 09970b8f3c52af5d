"""Finds what earlier builds have left: in the tree, in the copy that is kept between builds, or where the user says."""

from __future__ import annotations

import contextlib
import filecmp
import logging
import os
import shutil
from functools import cached_property
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.codings import decode
from staticserve.errors import HistoryError, StoreError
from staticserve.pipeline.kept import has_kept, keep_content, kept_path, list_kept, remove_kept
from staticserve.pipeline.live_site import fetch_history
from staticserve.pipeline.releases import why_foreign
from staticserve.pipeline.tree import read_checked
from staticserve.placing import written_beside
from staticserve.store import STORE_DIRECTORY, Snapshot, StoreReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from staticserve.store import Encoding

log = logging.getLogger("staticserve")

_FILE_NAME: Final = "store.sqlite3"


Key = tuple[str, str, str | None]
"""What tells an encoding from others: a content's SHA-256, the coding, and the dictionary of a delta."""


class History(NamedTuple):
    """A store that an earlier build has left, and the directory that it is in."""

    directory: str
    reader: StoreReader
    snapshot: Snapshot


class Histories(tuple[History, ...]):
    """The histories that a build has, the tree's own first."""

    def read_blob(self, sha256: str) -> bytes:
        """Return the octets of a coding, from the first that has them whole. Raises ``StoreError`` if none has."""
        failure: StoreError | None = None
        for history in self:
            try:
                return history.reader.read_blob(sha256)
            except StoreError as error:
                failure = error
        assert failure is not None
        raise failure

    def can_read(self, encoding: Encoding) -> bool:
        """Return whether an encoding is there, and whole."""
        if encoding.sha256 is None:
            return False
        if encoding.sha256 in self._whole_blobs:
            return True
        try:
            self.read_blob(encoding.sha256)
        except StoreError:
            return False
        return True

    @cached_property
    def _whole_blobs(self) -> set[str]:
        """All that can be read at once. Of a damaged store each must be tried for itself."""
        found: set[str] = set()
        for history in self:
            with contextlib.suppress(StoreError):
                found |= history.reader.whole_blobs()
        return found

    @cached_property
    def encodings(self) -> dict[Key, Encoding]:
        """What was made before."""
        found: dict[Key, Encoding] = {}
        for history in self:
            for sha256, content in history.snapshot.contents.items():
                for encoding in content.encodings:
                    found.setdefault((sha256, encoding.coding, encoding.dictionary), encoding)
        return found

    def read_content(self, sha256: str) -> bytes | None:
        """Return a content's octets, decoded or as they are kept; nothing if none of them has it whole."""
        for history in self:
            content = history.snapshot.contents.get(sha256)
            for encoding in content.encodings if content is not None else ():
                if encoding.dictionary is None and self.can_read(encoding) and encoding.sha256 is not None:
                    octets = decode(encoding.coding, self.read_blob(encoding.sha256), sha256)
                    if octets is not None:
                        return octets
        path = self.find_kept(sha256)
        return None if path is None else read_checked(path, sha256)

    def find_kept(self, sha256: str) -> str | None:
        """Return the path at which one of them keeps a content as it is."""
        for history in self:
            if has_kept(history.directory, sha256):
                return kept_path(history.directory, sha256)
        return None


@contextlib.contextmanager
def open_histories(root: str, cache_dir: str | None, given: Iterable[str], current: Snapshot) -> Iterator[Histories]:
    """Give the histories there are for a tree whose release is ``current``.

    ``given`` are paths, and URLs of live sites. A history that cannot be read, or is another project's, is left out
    with a warning: no build fails for that.
    """
    with contextlib.ExitStack() as stack:
        found = [_open(stack, f"{root}/{STORE_DIRECTORY}")]
        if cache_dir is not None:
            found.append(_open(stack, cache_dir))
        found += [_open_given(stack, place) for place in given]
        yield Histories(history for history in found if history is not None and _is_ours(history, current))


def _open(stack: contextlib.ExitStack, directory: str) -> History | None:
    if not os.path.exists(f"{directory}/{_FILE_NAME}"):
        return None
    reader = StoreReader(f"{directory}/{_FILE_NAME}")
    stack.callback(reader.close)
    try:
        return History(directory, reader, reader.snapshot())
    except StoreError as error:
        log.warning("%s; what only it has is made again, or missing", error)
        return None


def _open_given(stack: contextlib.ExitStack, place: str) -> History | None:
    if place.startswith(("https://", "http://")):
        directory = stack.enter_context(TemporaryDirectory(prefix="staticserve-"))
        try:
            fetch_history(place, directory)
        except HistoryError as error:
            log.warning("%s; the build goes on without it", error)
            return None
        return _open(stack, directory)
    # A static root, what is in one, or a copy that is kept between builds.
    for directory in (f"{place}/{STORE_DIRECTORY}", place):
        if os.path.exists(f"{directory}/{_FILE_NAME}"):
            return _open(stack, directory)
    log.warning("there is no store in the history %s; the build goes on without it", place)
    return None


def _is_ours(history: History, current: Snapshot) -> bool:
    why = why_foreign(current, history.snapshot)
    if why is not None:
        log.warning("the history %s is left out: %s", history.reader.path, why)
    return why is None


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


def keep_copy(root: str, cache_dir: str, originals: set[str]) -> None:
    """Copy the store, and the contents beside it, to where the next build looks for them.

    ``originals`` are those contents, by SHA-256 (hexadecimal). A failure costs the next build time, and history.
    """
    source = f"{root}/{STORE_DIRECTORY}"
    try:
        os.makedirs(cache_dir, exist_ok=True)
        for sha256 in originals:
            if not has_kept(cache_dir, sha256):
                keep_content(cache_dir, sha256, kept_path(source, sha256), as_copy=True)
        _copy_changed(f"{source}/{_FILE_NAME}", f"{cache_dir}/{_FILE_NAME}")
        remove_kept(cache_dir, list_kept(cache_dir) - originals)
    except OSError as error:
        log.warning("the store could not be kept for the next build: %s", error)


def _copy_changed(source: str, target: str) -> None:
    with contextlib.suppress(OSError):
        if filecmp.cmp(source, target, shallow=False):
            return
    with written_beside(target) as temporary:
        shutil.copyfile(source, temporary)
