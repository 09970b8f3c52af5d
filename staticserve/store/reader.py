"""Reads a store."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import stat
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from staticserve.errors import StoreError
from staticserve.store.schema import (
    APPLICATION_ID,
    VERSION,
    ContentRow,
    Record,
    ReleaseRow,
    ResourceRow,
    Snapshot,
    blob_id,
    make_seal,
    parse_encodings,
)

if TYPE_CHECKING:
    from staticserve.store.schema import Encoding

_FIND: Final = """
SELECT release, content.sha256, mtime_ns, ctime_ns, is_proven, resource.seal, size, md5, codings, content.seal
FROM resource JOIN content ON content.id = resource.content WHERE name = ?
"""

# Kilobytes of the store that a process may keep: enough for the names of some 40,000 files, so that a flood of names
# that are not there soon costs no system call.
_CACHE: Final = 8192


class Release(NamedTuple):
    """A release in the store, with its number."""

    id: int
    row: ReleaseRow


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
        self._inode = 0

    def release(self) -> Release:
        """Return the newest release."""
        release = self._release
        if release is None or self._process != os.getpid():
            releases = self._read_releases(1)
            if not releases:
                raise StoreError(self.path, "it has no release")
            self._release = release = releases[0]
        return release

    def releases(self) -> list[Release]:
        """Return every release, the newest first."""
        return self._read_releases(-1)

    def is_superseded(self) -> bool:
        """Return whether another store has taken the place of the one that is open."""
        try:
            inode = os.stat(self.path).st_ino
        except OSError:
            return False
        return self._connection is not None and inode != self._inode

    def find(self, name: str) -> Record | None:
        """Return what the newest release has under a name, or an earlier one that is kept."""
        rows = self._query(_FIND, name)
        if not rows:
            return None
        release, sha256, mtime_ns, ctime_ns, is_proven, seal, size, md5, codings, content_seal = rows[0]
        self._check_seal(seal, name, release, sha256, mtime_ns, ctime_ns, is_proven)
        self._check_seal(content_seal, sha256, size, md5, codings)
        encodings = self._parse(codings)
        return Record(release, sha256.hex(), size, md5, mtime_ns, ctime_ns, is_proven == 1, encodings)

    def find_digest(self, name: str) -> str | None:
        """Return the first 12 hex digits of a file's MD5. Whoever goes by them asks ``find``, which checks the rows."""
        sql = "SELECT md5 FROM resource JOIN content ON content.id = resource.content WHERE name = ?"
        rows = self._query(sql, name)
        return rows[0][0] if rows else None

    def has(self, name: str) -> bool:
        """Return whether there is a name in the newest release, or in an earlier one that is kept."""
        return bool(self._query("SELECT 1 FROM resource WHERE name = ?", name))

    def find_alias(self, name: str) -> str | None:
        """Return the hashed name that a logical one has in the newest release."""
        return self._find_text("SELECT hashed, seal FROM alias WHERE name = ?", name)

    def find_forgotten(self, name: str) -> str | None:
        """Return the name of the release that had a name, if that was kept once and is no longer."""
        return self._find_text("SELECT release, seal FROM forgotten WHERE name = ?", name)

    def sample(self) -> list[str]:
        """Return a few names of the newest release, for a look at whether they are there."""
        release = self.release().id
        sql = "SELECT name FROM resource WHERE release = ? ORDER BY name"
        first = self._query(f"{sql} LIMIT 4", release)
        last = self._query(f"{sql} DESC LIMIT 4", release)
        return [name for (name,) in (*first, *last)]

    def read_blob(self, sha256: str) -> bytes:
        """Return the octets with this SHA-256 (hexadecimal), checked."""
        rows = self._query("SELECT octets FROM blob WHERE id = ?", blob_id(sha256))
        octets = rows[0][0] if rows else b""
        if not isinstance(octets, bytes) or hashlib.sha256(octets).hexdigest() != sha256:
            raise StoreError(self.path, f"blob {sha256} is damaged")
        return octets

    def whole_blobs(self) -> set[str]:
        """Return the SHA-256 (hexadecimal) of every blob that is where that says, and whole."""
        found, last = set(), -1
        while rows := self._query("SELECT id, octets FROM blob WHERE id > ? ORDER BY id LIMIT 256", last):
            for last, octets in rows:
                sha256 = hashlib.sha256(octets).hexdigest() if isinstance(octets, bytes) else ""
                if sha256 and blob_id(sha256) == last:
                    found.add(sha256)
        return found

    def snapshot(self) -> Snapshot:
        """Return all that the store says, but for the octets of its blobs."""
        releases = self.releases()[::-1]
        numbers = {release.id: number for number, release in enumerate(releases)}
        return Snapshot(
            releases=tuple(release.row for release in releases),
            resources=self._read_resources(numbers),
            contents=self._read_contents(),
            aliases=self._read_texts("SELECT name, hashed, seal FROM alias"),
            forgotten=self._read_texts("SELECT name, release, seal FROM forgotten"),
        )

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

    def _read_resources(self, numbers: dict[int, int]) -> dict[str, ResourceRow]:
        rows = self._query(
            "SELECT name, release, content.sha256, mtime_ns, ctime_ns, is_proven, resource.seal"
            " FROM resource JOIN content ON content.id = resource.content"
        )
        found = {}
        for name, release, sha256, mtime_ns, ctime_ns, is_proven, seal in rows:
            self._check_seal(seal, name, release, sha256, mtime_ns, ctime_ns, is_proven)
            if release not in numbers:
                raise StoreError(self.path, f"{name} is of a release that it does not have")
            found[name] = ResourceRow(numbers[release], sha256.hex(), mtime_ns, ctime_ns, is_proven == 1)
        return found

    def _read_contents(self) -> dict[str, ContentRow]:
        found = {}
        for sha256, size, md5, codings, seal in self._query("SELECT sha256, size, md5, codings, seal FROM content"):
            self._check_seal(seal, sha256, size, md5, codings)
            found[sha256.hex()] = ContentRow(size, md5, self._parse(codings))
        return found

    def _read_releases(self, limit: int) -> list[Release]:
        rows = self._query(
            "SELECT id, name, built, superseded, files, follows_symlinks, manifest, manifest_hash, seal FROM release"
            " ORDER BY id DESC LIMIT ?",
            limit,
        )
        releases = []
        for number, *values, seal in rows:
            self._check_seal(seal, number, *values)
            name, built, superseded, files, follows_symlinks, manifest, manifest_hash = values
            row = ReleaseRow(name, built, superseded, files, follows_symlinks == 1, manifest, manifest_hash)
            releases.append(Release(number, row))
        return releases

    def _find_text(self, sql: str, name: str) -> str | None:
        rows = self._query(sql, name)
        if not rows:
            return None
        text, seal = rows[0]
        self._check_seal(seal, name, text)
        return text  # type: ignore[no-any-return]  # sealed, so it is as it was written

    def _read_texts(self, sql: str) -> dict[str, str]:
        found = {}
        for name, text, seal in self._query(sql):
            self._check_seal(seal, name, text)
            found[name] = text
        return found

    def _check_seal(self, seal: object, *values: object) -> None:
        # What a blob holds is known by its digest, and what a row says by this.
        if seal != make_seal(*values):
            raise StoreError(self.path, "it is damaged: a row is not what was written")

    def _parse(self, codings: str) -> tuple[Encoding, ...]:
        # What is sealed is as it was written, but not everybody who writes is us.
        try:
            return parse_encodings(codings)
        except (AttributeError, ValueError) as error:
            raise StoreError(self.path, f"it has encodings that cannot be read: {codings!r}") from error

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
            self._inode = os.stat(self.path).st_ino
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
        connection.execute(f"PRAGMA cache_size = -{_CACHE}")
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
