"""The release store: one SQLite file that has everything a server needs to know of a release.

It is written whole and moved into place, never changed: a reader sees one release or another, and keeps the one
that it has opened. All paths in it are relative.
"""

from staticserve.store.reader import StoreReader
from staticserve.store.schema import (
    STORE_DIRECTORY,
    STORE_NAME,
    Record,
    Release,
    ReleaseRow,
    ResourceRow,
    StoredBlob,
)
from staticserve.store.writer import StoreWriter, remove_leftovers

__all__ = [
    "STORE_DIRECTORY",
    "STORE_NAME",
    "Record",
    "Release",
    "ReleaseRow",
    "ResourceRow",
    "StoreReader",
    "StoreWriter",
    "StoredBlob",
    "remove_leftovers",
]
