"""Reads a store."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import stat
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from staticserve.errors import StoreError
from staticserve.store.schema import (
    APPLICATION_ID,
    VERSION,
    Record,
    Release,
    ReleaseRow,
    ResourceRow,
    StoredBlob,
    make_seal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIND: Final = """
SELECT content.sha256, content.size, resource.mtime_ns, resource.ctime_ns, resource.is_proven, resource.seal,
       representation.coding, representation.recipe, representation.size, representation.seal,
       representation.sha256, representation.blob
FROM resource
JOIN content ON content.id = resource.content
LEFT JOIN representation ON representation.content = content.id AND representation.blob IS NOT NULL
WHERE resource.release = ? AND resource.name = ?
"""


class StoreReader:
    """Reads a store. Opens it when it is first asked, in each process anew; threads share it.

    Every method raises ``StoreError`` when the file is not a whole store.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._release: Release | None = None

    def release(self) -> Release:
        """Return the newest release."""
        release = self._release
        if release is None or self._process != os.getpid():
            rows = self._query(
                "SELECT id, built, name, follows_symlinks, manifest, manifest_hash, seal FROM release"
                " ORDER BY id DESC LIMIT 1"
            )
            if not rows:
                raise StoreError(self.path, "it has no release")
            number, built, *values, seal = rows[0]
            self._check_seal(seal, built, *values)
            name, follows_symlinks, manifest, manifest_hash = values
            row = ReleaseRow(name, bool(follows_symlinks), manifest, manifest_hash)
            self._release = release = Release(number, built, row)
        return release

    def find(self, name: str) -> Record | None:
        """Return what the newest release has under a name."""
        rows = self._query(_FIND, self.release().id, name)
        if not rows:
            return None
        sha256, size, mtime_ns, ctime_ns, is_proven, seal = rows[0][:6]
        self._check((sha256, size, mtime_ns, ctime_ns, is_proven), (bytes, int, int, int, int))
        self._check_seal(seal, name, sha256.hex(), size, mtime_ns, ctime_ns, is_proven)
        blobs = tuple(self._stored(sha256.hex(), size, *row[6:]) for row in rows if row[6] is not None)
        return Record(sha256.hex(), size, mtime_ns, ctime_ns, bool(is_proven), blobs)

    def has(self, name: str) -> bool:
        """Return whether the newest release has a name."""
        return bool(self._query("SELECT 1 FROM resource WHERE release = ? AND name = ?", self.release().id, name))

    def sample(self) -> list[str]:
        """Return a few names of the newest release, for a look at whether they are there."""
        release = self.release().id
        first = self._query("SELECT name FROM resource WHERE release = ? ORDER BY name LIMIT 4", release)
        last = self._query("SELECT name FROM resource WHERE release = ? ORDER BY name DESC LIMIT 4", release)
        return [name for (name,) in (*first, *last)]

    def read_blob(self, blob: StoredBlob) -> bytes:
        """Return a representation's octets, checked against their digest."""
        rows = self._query("SELECT octets FROM blob WHERE id = ?", blob.id)
        octets = rows[0][0] if rows else b""
        if (
            not isinstance(octets, bytes)
            or hashlib.sha256(octets).hexdigest() != blob.sha256
            or len(octets) != blob.size
        ):
            raise StoreError(self.path, f"blob {blob.sha256} is damaged")
        return octets

    def names(self) -> Iterator[tuple[str, Record]]:
        """Yield every name of the newest release with its record, sorted."""
        for name in sorted(self.resources()):
            record = self.find(name)
            if record is not None:
                yield name, record

    def resources(self) -> dict[str, ResourceRow]:
        """Return the newest release's files by name."""
        rows = self._query(
            "SELECT name, content.sha256, content.size, mtime_ns, ctime_ns, is_proven, seal"
            " FROM resource JOIN content ON content.id = resource.content WHERE release = ?",
            self.release().id,
        )
        found = {}
        for name, sha256, size, mtime_ns, ctime_ns, is_proven, seal in rows:
            self._check((name, sha256), (str, bytes))
            self._check_seal(seal, name, sha256.hex(), size, mtime_ns, ctime_ns, is_proven)
            found[name] = ResourceRow(sha256.hex(), size, mtime_ns, ctime_ns, bool(is_proven))
        return found

    def representations(self) -> Iterator[tuple[str, str, str, int, StoredBlob | None]]:
        """Yield (SHA-256 of the content, coding, recipe, size, blob) for all that was ever encoded and is kept."""
        rows = self._query(
            "SELECT content.sha256, content.size, coding, recipe, representation.size, seal, representation.sha256,"
            " blob FROM representation JOIN content ON content.id = representation.content"
        )
        for sha256, content_size, *row in rows:
            self._check((sha256, content_size), (bytes, int))
            stored = self._stored(sha256.hex(), content_size, *row)
            yield sha256.hex(), row[0], row[1], stored.size, None if row[5] is None else stored

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None
            self._release = None

    def __del__(self) -> None:
        """Close the file: from Python 3.13 on one that is left open is warned about."""
        with contextlib.suppress(sqlite3.Error):
            self.close()

    def _stored(
        self, content: str, content_size: int, coding: Any, recipe: Any, size: Any, seal: Any, sha256: Any, number: Any
    ) -> StoredBlob:
        self._check((coding, recipe, size), (str, str, int))
        if number is not None:
            self._check((sha256, number), (bytes, int))
        blob = "" if number is None else sha256.hex()
        self._check_seal(seal, content, content_size, coding, recipe, size, blob)
        return StoredBlob(coding, size, blob, number or 0)

    def _check_seal(self, seal: object, *values: object) -> None:
        # What a blob holds is known by its digest, and what a row says by this.
        if seal != make_seal(*values):
            raise StoreError(self.path, "it is damaged: a row is not what was written")

    def _check(self, values: tuple[Any, ...], kinds: tuple[type, ...]) -> None:
        # SQLite keeps whatever it is given, so a damaged page may hold a value of any kind.
        if tuple(map(type, values)) != kinds:
            raise StoreError(self.path, "it is damaged: it has a value of the wrong kind")

    def _query(self, sql: str, *parameters: Any) -> list[Any]:
        try:
            with self._lock:
                return self._connect().execute(sql, parameters).fetchall()
        # OverflowError and UnicodeError: a name that no database can hold is in none.
        except (OverflowError, UnicodeError):
            return []
        except (OSError, sqlite3.Error) as error:
            raise StoreError(self.path, str(error)) from error

    def _connect(self) -> sqlite3.Connection:
        # "Under Unix, you should not carry an open SQLite database across a fork() system call" (sqlite.org).
        process = os.getpid()
        if self._connection is None or self._process != process:
            self._connection = _open_for_reading(self.path)
            self._process = process
            self._release = None
        return self._connection


def _open_for_reading(path: str) -> sqlite3.Connection:
    # SQLite would wait for a FIFO's writer.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise StoreError(path, "it is not a regular file")
    # "immutable": it is never changed in place, so no locks are needed and a read-only file system will do.
    uri = f"file:{_quote(os.path.abspath(path))}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
    try:
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except BaseException:
        connection.close()
        raise
    if application_id != APPLICATION_ID or version != VERSION:
        connection.close()
        raise StoreError(path, f"it is not a store of version {VERSION}")
    return connection


def _quote(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
