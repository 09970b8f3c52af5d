"""Tells which releases a store holds, and drops those that need not stay."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from staticserve.pipeline.kept import list_kept, remove_kept
from staticserve.pipeline.originals import find_originals
from staticserve.pipeline.releases import count_names, held_bytes, prune, select_kept
from staticserve.pipeline.report import size_text
from staticserve.store import STORE_DIRECTORY, STORE_NAME, StoreReader, StoreWriter

if TYPE_CHECKING:
    from staticserve.pipeline.releases import RetentionRules
    from staticserve.store import Snapshot


class HeldRelease(NamedTuple):
    """A release in a store. Times are in seconds since 1970.

    ``names`` and ``bytes`` are what is held for it and for nothing newer; ``stays`` says whether the next prune would
    leave it.
    """

    release: str
    built: int
    superseded: int | None
    files: int
    names: int
    bytes: int
    stays: bool

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return self._asdict()


def list_held(root: str, rules: RetentionRules, now: int) -> list[HeldRelease]:
    """Return the releases in the store of the tree ``root``, the newest first. Raises ``StoreError``."""
    with closing(StoreReader(f"{root}/{STORE_NAME}")) as reader:
        snapshot = reader.snapshot()
    return [
        HeldRelease(row.name, row.built, row.superseded, row.files, names, size, stays)
        for row, names, size, stays in zip(
            snapshot.releases,
            count_names(snapshot),
            held_bytes(snapshot),
            select_kept(snapshot, rules, now),
            strict=True,
        )
    ][::-1]


def prune_store(root: str, rules: RetentionRules, now: int) -> None:
    """Drop from the store of the tree ``root`` the releases that need not stay. Raises ``StoreError``."""
    directory, path = f"{root}/{STORE_DIRECTORY}", f"{root}/{STORE_NAME}"
    with closing(StoreReader(path)) as reader:
        snapshot = reader.snapshot()
        left = prune(snapshot, rules, now)
        if left != snapshot:
            with StoreWriter(path) as writer:
                _copy(reader, writer, left)
    # Not what the newest release has in the tree: a link less would change the file's ctime.
    remove_kept(directory, list_kept(directory) - find_originals(left) - _newest_contents(left))


def _newest_contents(snapshot: Snapshot) -> set[str]:
    newest = len(snapshot.releases) - 1
    return {row.sha256 for row in snapshot.resources.values() if row.release == newest}


def _copy(reader: StoreReader, writer: StoreWriter, snapshot: Snapshot) -> None:
    for content in snapshot.contents.values():
        for encoding in content.encodings:
            if encoding.sha256 is not None:
                writer.add_blob(reader.read_blob(encoding.sha256))
    writer.add(snapshot)


def describe_held(held: list[HeldRelease], now: int) -> list[str]:
    """Return a table for people, a line for each release below the heads."""
    rows = [("release", "built", "superseded", "files", "held for it", "next prune")]
    for each in held:
        superseded = "" if each.superseded is None else _ago(now - each.superseded)
        what = "is newest" if each.superseded is None else "stays" if each.stays else "goes"
        amount = f"{each.names} files, {size_text(each.bytes)}"
        rows.append((each.release, _ago(now - each.built), superseded, str(each.files), amount, what))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _ago(seconds: int) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = seconds // length
        if count > 0:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
