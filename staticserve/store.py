"""The release store: one SQLite file that has everything a server needs to know of a release.

It is written whole and moved into place, never changed: a reader sees one release or another, and keeps the one
that it has opened. All paths in it are relative.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import stat
import time
import zlib
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from staticserve.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

STORE_DIRECTORY: Final = ".staticserve"
"""Where a static root keeps its release store: never served."""

STORE_NAME: Final = f"{STORE_DIRECTORY}/store.sqlite3"

# "stat", which tells this file from other SQLite files, and the number of the schema below.
_APPLICATION_ID: Final = 0x73746174
_VERSION: Final = 1

_SCHEMA: Final = f"""
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};

-- The octets of compressed representations, each once, known by their SHA-256.
CREATE TABLE blob (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, octets BLOB NOT NULL);

-- What files hold, each content once. Its octets are in the tree.
CREATE TABLE content (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, size INTEGER NOT NULL);

-- A content in one coding, made by a recipe. Without a blob it was made and was not worth keeping. It has the blob's
-- digest as well, so that looking at it reads no page of a blob.
CREATE TABLE representation (
    content INTEGER NOT NULL REFERENCES content,
    coding TEXT NOT NULL,
    recipe TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    blob INTEGER REFERENCES blob,
    seal INTEGER NOT NULL,
    PRIMARY KEY (content, coding)
) WITHOUT ROWID;

-- One collected tree. "name" is its manifest's hash, "built" seconds since 1970.
CREATE TABLE release (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    built INTEGER NOT NULL,
    follows_symlinks INTEGER NOT NULL,
    manifest TEXT,
    manifest_hash TEXT,
    seal INTEGER NOT NULL
);

CREATE TABLE resource (
    release INTEGER NOT NULL REFERENCES release,
    name TEXT NOT NULL,
    content INTEGER NOT NULL REFERENCES content,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    is_proven INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    PRIMARY KEY (release, name)
) WITHOUT ROWID;
"""

_FIND: Final = """
SELECT content.sha256, content.size, resource.mtime_ns, resource.ctime_ns, resource.is_proven, resource.seal,
       representation.coding, representation.recipe, representation.size, representation.seal,
       representation.sha256, representation.blob
FROM resource
JOIN content ON content.id = resource.content
LEFT JOIN representation ON representation.content = content.id AND representation.blob IS NOT NULL
WHERE resource.release = ? AND resource.name = ?
"""


class StoredBlob(NamedTuple):
    """A compressed representation in the store: what it is, and where. ``sha256`` is hexadecimal."""

    coding: str
    size: int
    sha256: str
    id: int


class Record(NamedTuple):
    """What the store knows of a file: its content as it was at the build, and the codings of that."""

    sha256: str
    size: int
    mtime_ns: int
    ctime_ns: int
    is_proven: bool
    blobs: tuple[StoredBlob, ...]


class ResourceRow(NamedTuple):
    """What is written of a file: its content by digest (hexadecimal) and size, its times, and whether it is proven."""

    sha256: str
    size: int
    mtime_ns: int
    ctime_ns: int
    is_proven: bool


class ReleaseRow(NamedTuple):
    """What is written of a release. ``name`` is the manifest's hash, ``manifest`` the manifest's name in the tree."""

    name: str
    follows_symlinks: bool
    manifest: str | None
    manifest_hash: str | None


class Release(NamedTuple):
    """A release in the store; ``built`` in seconds since 1970."""

    id: int
    built: int
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
        if seal != _seal(*values):
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
            self._connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}; BEGIN;")
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
        return self._insert(sql, built, *values, _seal(built, *values))

    def add_resource(self, release: int, name: str, row: ResourceRow) -> None:
        """Add a file of a release."""
        values = (row.mtime_ns, row.ctime_ns, int(row.is_proven))
        seal = _seal(name, row.sha256, row.size, *values)
        sql = "INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._insert(sql, release, name, self._content(row.sha256, row.size), *values, seal)

    def add_representation(
        self, content_sha256: str, content_size: int, coding: str, recipe: str, size: int, octets: bytes | None
    ) -> None:
        """Add a coding of a content; without octets, that it is not worth keeping."""
        blob, sha256 = (None, "") if octets is None else self._blob(octets)
        content = self._content(content_sha256, content_size)
        seal = _seal(content_sha256, content_size, coding, recipe, size, sha256)
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


def _seal(*values: object) -> int:
    """Return a checksum of what a row says: it is for accidents, and looked at on a file's first request."""
    return zlib.crc32(repr(values).encode())


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
    if application_id != _APPLICATION_ID or version != _VERSION:
        connection.close()
        raise StoreError(path, f"it is not a store of version {_VERSION}")
    return connection


def _quote(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


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
