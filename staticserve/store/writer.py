"""Writes a store, and moves it into place."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final, Self

from staticserve.errors import StoreError
from staticserve.store.schema import SCHEMA, blob_id, format_encodings, make_seal

if TYPE_CHECKING:
    from types import TracebackType

    from staticserve.store.schema import ContentRow, ReleaseRow, Snapshot


class StoreWriter:
    """Writes a store beside ``path`` and, if all went well, moves it into place. Use it in a ``with``.

    Raises ``StoreError``, which says what is wrong (a full disk, say); the store that was there is left as it was.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._temporary = f"{path}.{os.getpid()}-{os.urandom(4).hex()}.tmp"
        self._blobs: set[str] = set()

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

    def add_blob(self, octets: bytes) -> str:
        """Add the octets of a representation; return their SHA-256 (hexadecimal)."""
        sha256 = hashlib.sha256(octets).hexdigest()
        if sha256 not in self._blobs:
            self._insert("INSERT INTO blob VALUES (?, ?)", blob_id(sha256), octets)
            self._blobs.add(sha256)
        return sha256

    def has_blob(self, sha256: str) -> bool:
        """Return whether the octets with this SHA-256 (hexadecimal) have been added."""
        return sha256 in self._blobs

    def add(self, snapshot: Snapshot) -> None:
        """Add all that a store says. The blobs that its contents have must be there."""
        # SQLite numbers rows from 1; so do we.
        for number, release_row in enumerate(snapshot.releases, 1):
            self._add_release(number, release_row)
        contents = {sha256: self._add_content(sha256, row) for sha256, row in snapshot.contents.items()}
        for name, row in snapshot.resources.items():
            release, sha256 = row.release + 1, bytes.fromhex(row.sha256)
            values = (row.mtime_ns, row.ctime_ns, int(row.is_proven))
            seal = make_seal(name, release, sha256, *values)
            sql = "INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?)"
            self._insert(sql, name, release, contents[row.sha256], *values, seal)
        for name, hashed in snapshot.aliases.items():
            self._insert("INSERT INTO alias VALUES (?, ?, ?)", name, hashed, make_seal(name, hashed))
        for name, release_name in snapshot.forgotten.items():
            self._insert("INSERT INTO forgotten VALUES (?, ?, ?)", name, release_name, make_seal(name, release_name))

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

    def _add_release(self, number: int, row: ReleaseRow) -> None:
        values = (*row[:4], int(row.follows_symlinks), row.manifest, row.manifest_hash)
        sql = "INSERT INTO release VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self._insert(sql, number, *values, make_seal(number, *values))

    def _add_content(self, sha256: str, row: ContentRow) -> int:
        values = (bytes.fromhex(sha256), row.size, row.md5, format_encodings(row.encodings))
        sql = "INSERT INTO content (sha256, size, md5, codings, seal) VALUES (?, ?, ?, ?, ?)"
        return self._insert(sql, *values, make_seal(*values))

    def _insert(self, sql: str, *parameters: Any) -> int:
        try:
            return self._connection.execute(sql, parameters).lastrowid or 0
        # OverflowError and UnicodeError: what no database can hold.
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
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
