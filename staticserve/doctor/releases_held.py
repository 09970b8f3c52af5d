"""What the release store of a static root holds. The only module here that knows the store."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from staticserve.doctor.model import HeldRelease
from staticserve.errors import StoreError
from staticserve.store import STORE_NAME, StoreReader

if TYPE_CHECKING:
    from collections.abc import Mapping


class Held(NamedTuple):
    """The releases, the newest first, and by name of a file the bytes of its codings."""

    has_store: bool = False
    releases: tuple[HeldRelease, ...] = ()
    codings: Mapping[str, Mapping[str, int]] = {}
    problem: str | None = None


def read_held(static_root: str, release: str) -> Held:
    """Return what the store holds. ``release`` is the manifest's hash: a store of another one is not used."""
    path = os.path.join(static_root, *STORE_NAME.split("/"))
    if not os.path.exists(path):
        return Held()
    reader = StoreReader(path)
    try:
        return _read(reader, release)
    except StoreError as error:
        return Held(has_store=True, problem=error.reason)
    finally:
        reader.close()


def _read(reader: StoreReader, release: str) -> Held:
    current = reader.release()
    files = reader.resources()
    sizes: dict[str, dict[str, int]] = {}
    for content, coding, _, size, blob in reader.representations():
        if blob is not None:
            sizes.setdefault(content, {})[coding] = size
    built = datetime.fromtimestamp(current.built, UTC).isoformat()
    held = HeldRelease(current.row.name, len(files), sum(row.size for row in files.values()), built, is_current=True)
    name = current.row.name
    problem = f"it is of release {name}, the manifest of {release}" if release and name and name != release else None
    codings = {name: sizes[row.sha256] for name, row in files.items() if row.sha256 in sizes}
    return Held(True, (held,), codings, problem)
