"""The release store: one SQLite file that has everything a server needs to know of a release and those before it.

It is written whole and moved into place, never changed: a reader sees one release or another, and keeps the one
that it has opened. All paths in it are relative.
"""

from staticserve.store.reader import Release, StoreReader
from staticserve.store.schema import (
    KEPT_DIRECTORY,
    STORE_DIRECTORY,
    STORE_NAME,
    ContentRow,
    Encoding,
    Record,
    ReleaseRow,
    ResourceRow,
    Snapshot,
)
from staticserve.store.writer import StoreWriter, remove_leftovers

__all__ = [
    "KEPT_DIRECTORY",
    "STORE_DIRECTORY",
    "STORE_NAME",
    "ContentRow",
    "Encoding",
    "Record",
    "Release",
    "ReleaseRow",
    "ResourceRow",
    "Snapshot",
    "StoreReader",
    "StoreWriter",
    "remove_leftovers",
]
