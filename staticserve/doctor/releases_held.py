"""What the release store of a static root holds. The only module here that knows the store."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from staticserve.doctor.model import HeldRelease
from staticserve.errors import StoreError
from staticserve.pipeline.releases import count_names, held_bytes
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
    snapshot = reader.snapshot()
    newest = len(snapshot.releases) - 1
    counts, sizes = count_names(snapshot), held_bytes(snapshot)
    # Of the newest, what browsers see: its files as they are.
    own = [row.sha256 for row in snapshot.resources.values() if row.release == newest]
    sizes[newest] = sum(snapshot.contents[sha256].size for sha256 in own)
    held = [
        HeldRelease(
            row.name,
            counts[place],
            sizes[place],
            datetime.fromtimestamp(row.built, UTC).isoformat(),
            is_current=place == newest,
        )
        for place, row in enumerate(snapshot.releases)
    ]
    name = snapshot.releases[newest].name
    problem = f"it is of release {name}, the manifest of {release}" if release and name != release else None
    codings = {
        name: {each.coding: each.size for each in snapshot.contents[row.sha256].encodings if each.sha256 is not None}
        for name, row in snapshot.resources.items()
        if row.release == newest
    }
    return Held(True, tuple(held[::-1]), {name: sizes for name, sizes in codings.items() if sizes}, problem)
