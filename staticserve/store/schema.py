"""The store's tables, and what is read from and written to them."""

from __future__ import annotations

import zlib
from typing import Final, NamedTuple

STORE_DIRECTORY: Final = ".staticserve"
"""Where a static root keeps its release store: never served."""

STORE_NAME: Final = f"{STORE_DIRECTORY}/store.sqlite3"

# "stat", which tells this file from other SQLite files, and the number of the schema below.
APPLICATION_ID: Final = 0x73746174
VERSION: Final = 1

SCHEMA: Final = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};

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


def make_seal(*values: object) -> int:
    """Return a checksum of what a row says: it is for accidents, and looked at on a file's first request."""
    return zlib.crc32(repr(values).encode())
