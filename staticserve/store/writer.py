"""Writes a store, and moves it into place."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final, Self

from staticserve.errors import StoreError
from staticserve.store.schema import SCHEMA, ReleaseRow, ResourceRow, make_seal

if TYPE_CHECKING:
    from types import TracebackType


class StoreWriter:
    """Writes a store beside ``path`` and, if all went well, moves it into place. Use it in a ``with``.

    Raises ``StoreError``, which says what is wrong (a full disk, say); the store that was there is left as it was.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._temporary = f"{path}.{os.getpid()}-{os.urandom(4).hex()}.tmp"
        self._blobs: dict[str, int] = {}
        self._contents: dict[str, int] = {}

    def __enter__(self) -> Self:
        """Begin a new store."""
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            remove_leftovers(self.path)
            self._connection = sqlite3.connect(self._temporary, isolation_level=None)
            # Nothing but the move makes it the store: until then it may be torn, and is thrown away if it is.
            self._connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {SCHEMA}; BEGIN;")
        except (OSError, sqlite3.Error) as error:
            self._discard()
            raise StoreError(self.path, f"cannot write it: {error}") from error
        return self

    def add_release(self, row: ReleaseRow, built: int) -> int:
        """Begin a release; return its number. ``built`` is in seconds since 1970."""
        values = (row.name, int(row.follows_symlinks), row.manifest, row.manifest_hash)
        sql = (
            "INSERT INTO release (built, name, follows_symlinks, manifest, manifest_hash, seal)"
            " VALUES (?, ?, ?, ?, ?, ?)"
        )
        return self._insert(sql, built, *values, make_seal(built, *values))

    def add_resource(self, release: int, name: str, row: ResourceRow) -> None:
        """Add a file of a release."""
        values = (row.mtime_ns, row.ctime_ns, int(row.is_proven))
        seal = make_seal(name, row.sha256, row.size, *values)
        sql = "INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._insert(sql, release, name, self._content(row.sha256, row.size), *values, seal)

    def add_representation(
        self, content_sha256: str, content_size: int, coding: str, recipe: str, size: int, octets: bytes | None
    ) -> None:
        """Add a coding of a content; without octets, that it is not worth keeping."""
        blob, sha256 = (None, "") if octets is None else self._blob(octets)
        content = self._content(content_sha256, content_size)
        seal = make_seal(content_sha256, content_size, coding, recipe, size, sha256)
        sql = "INSERT INTO representation VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._insert(sql, content, coding, recipe, size, bytes.fromhex(sha256), blob, seal)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Move the new store into place, or throw it away."""
        if error is not None:
            self._discard()
            return
        try:
            self._connection.execute("COMMIT")
            self._connection.close()
            _synchronise(self._temporary)
            os.replace(self._temporary, self.path)
            _synchronise(os.path.dirname(self.path))
        except (OSError, sqlite3.Error) as failure:
            self._discard()
            raise StoreError(self.path, f"cannot write it: {failure}") from failure

    def _content(self, sha256: str, size: int) -> int:
        if sha256 not in self._contents:
            sql = "INSERT INTO content (sha256, size) VALUES (?, ?)"
            self._contents[sha256] = self._insert(sql, bytes.fromhex(sha256), size)
        return self._contents[sha256]

    def _blob(self, octets: bytes) -> tuple[int, str]:
        sha256 = hashlib.sha256(octets).hexdigest()
        if sha256 not in self._blobs:
            sql = "INSERT INTO blob (sha256, octets) VALUES (?, ?)"
            self._blobs[sha256] = self._insert(sql, bytes.fromhex(sha256), octets)
        return self._blobs[sha256], sha256

    def _insert(self, sql: str, *parameters: Any) -> int:
        try:
            return self._connection.execute(sql, parameters).lastrowid or 0
        except sqlite3.Error as error:
            raise StoreError(self.path, f"cannot write it: {error}") from error

    def _discard(self) -> None:
        with contextlib.suppress(AttributeError, sqlite3.Error):
            self._connection.close()
        with contextlib.suppress(OSError):
            os.unlink(self._temporary)


# Half-written stores of builds that were killed. An hour is longer than any build and shorter than a disk's patience.
_LEFTOVER_AGE: Final = 3600


def remove_leftovers(path: str) -> None:
    """Remove what builds of the store ``path`` have left behind that were killed."""
    directory, name = os.path.split(path)
    with os.scandir(directory) as entries:
        leftovers = [entry for entry in entries if entry.name.startswith(f"{name}.") and entry.name.endswith(".tmp")]
    now = time.time()
    for entry in leftovers:
        with contextlib.suppress(OSError):
            if entry.stat().st_mtime < now - _LEFTOVER_AGE:
                os.unlink(entry.path)


def _synchronise(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
