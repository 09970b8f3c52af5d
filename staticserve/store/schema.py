"""The store's tables, and what is read from and written to them."""

from __future__ import annotations

import zlib
from typing import Final, NamedTuple

STORE_DIRECTORY: Final = ".staticserve"
"""Where a static root keeps its release store: never served."""

STORE_NAME: Final = f"{STORE_DIRECTORY}/store.sqlite3"

KEPT_DIRECTORY: Final = "kept"
"""Where, beside the store, contents are that have no coding: each in a file called by its SHA-256."""

# "stat", which tells this file from other SQLite files, and the number of the schema below.
APPLICATION_ID: Final = 0x73746174
VERSION: Final = 2

SCHEMA: Final = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};

-- The octets of compressed representations, each once. "id" is made of their SHA-256, so that no index is needed.
CREATE TABLE blob (id INTEGER PRIMARY KEY, octets BLOB NOT NULL);

-- What files hold, each content once. "codings" has a line for each that was made (see Encoding): a request reads them
-- all at once.
CREATE TABLE content (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    md5 TEXT NOT NULL,
    codings TEXT NOT NULL,
    seal INTEGER NOT NULL
);

-- One collected tree; the newest has the highest id. "name" is its manifest's hash. "built", and "superseded" by the
-- next, are in seconds since 1970.
CREATE TABLE release (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    built INTEGER NOT NULL,
    superseded INTEGER,
    files INTEGER NOT NULL,
    follows_symlinks INTEGER NOT NULL,
    manifest TEXT,
    manifest_hash TEXT,
    seal INTEGER NOT NULL
);

-- Every file of the newest release, and the proven names that it no longer has, each with the last release that had it.
CREATE TABLE resource (
    name TEXT PRIMARY KEY,
    release INTEGER NOT NULL REFERENCES release,
    content INTEGER NOT NULL REFERENCES content,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    is_proven INTEGER NOT NULL,
    seal INTEGER NOT NULL
) WITHOUT ROWID;

-- From a logical name to the hashed one that the newest release has for it.
CREATE TABLE alias (name TEXT PRIMARY KEY, hashed TEXT NOT NULL, seal INTEGER NOT NULL) WITHOUT ROWID;

-- Names that were kept once and are no longer, with the release that had them: a log line can say so.
CREATE TABLE forgotten (name TEXT PRIMARY KEY, release TEXT NOT NULL, seal INTEGER NOT NULL) WITHOUT ROWID;
"""


class Encoding(NamedTuple):
    """A content in one coding, made by a recipe. Without a SHA-256 (hexadecimal) it was not worth keeping."""

    coding: str
    recipe: str
    size: int
    sha256: str | None
    dictionary: str | None = None
    """Of a delta: the SHA-256 (hexadecimal) of the content that it is made against."""


class ContentRow(NamedTuple):
    """What is written of a content: its size in bytes, the first 12 hex digits of its MD5, and its encodings."""

    size: int
    md5: str
    encodings: tuple[Encoding, ...]


class ResourceRow(NamedTuple):
    """What is written of a file: its content's SHA-256 (hexadecimal), its times, and whether its name is proven."""

    release: int
    """The place of its release in the snapshot."""
    sha256: str
    mtime_ns: int
    ctime_ns: int
    is_proven: bool


class ReleaseRow(NamedTuple):
    """What is written of a release.

    ``name`` is the manifest's hash, ``built`` and ``superseded`` are in seconds since 1970, ``files`` is how many it
    had, ``manifest`` the manifest's name in the tree.
    """

    name: str
    built: int
    superseded: int | None
    files: int
    follows_symlinks: bool
    manifest: str | None
    manifest_hash: str | None


class Snapshot(NamedTuple):
    """All that a store says, but for the octets of its blobs."""

    releases: tuple[ReleaseRow, ...]
    """The oldest first."""
    resources: dict[str, ResourceRow]
    """By name."""
    contents: dict[str, ContentRow]
    """By SHA-256 (hexadecimal)."""
    aliases: dict[str, str]
    """The hashed name of each logical one, in the newest release."""
    forgotten: dict[str, str]
    """The names that were kept once, each with the name of the release that had it."""


class Record(NamedTuple):
    """What the store knows of a name: the content as it was at the build, and the codings of that."""

    release: int
    sha256: str
    size: int
    md5: str
    mtime_ns: int
    ctime_ns: int
    is_proven: bool
    encodings: tuple[Encoding, ...]


def make_seal(*values: object) -> int:
    """Return a checksum of what a row says: it is for accidents, and looked at on a file's first request.

    It also tells a value of the wrong kind, which SQLite keeps as it keeps any other.
    """
    return zlib.crc32(repr(values).encode())


def blob_id(sha256: str) -> int:
    """Return the id of the octets with this SHA-256 (hexadecimal): its first 63 bits."""
    return int(sha256[:16], 16) >> 1


def format_encodings(encodings: tuple[Encoding, ...]) -> str:
    """Return the text that a content's row has for its encodings."""
    lines = []
    for coding, recipe, size, sha256, dictionary in encodings:
        lines.append(" ".join([coding, recipe, str(size), sha256 or "-", *([dictionary] if dictionary else [])]))
    return "\n".join(lines)


def parse_encodings(text: str) -> tuple[Encoding, ...]:
    """Return the encodings in a content's row. Raises ``ValueError``."""
    encodings = []
    for line in text.splitlines():
        coding, recipe, size, sha256, *dictionary = line.split(" ")
        encodings.append(Encoding(coding, recipe, int(size), None if sha256 == "-" else sha256, *dictionary))
    return tuple(encodings)
