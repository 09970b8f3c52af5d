"""What stays of earlier releases, and for how long: snapshots in, a snapshot out, nothing read or written."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from staticserve.bundlers import logical_names
from staticserve.semantics.hashed_names import parse_hashed_name
from staticserve.store import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from staticserve.store import ContentRow, ReleaseRow, ResourceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """How long earlier releases stay: what one of the first two would keep stays, unless the third is passed."""

    keep_releases: int = 3
    """How many stay whatever their age. A page can be open for longer than a quiet project's fortnight."""
    keep_for: int = 14 * 86400
    """For how many seconds one stays after the next was built. By age, because a promoted pipeline ships the builds
    of another stage, of which there may be many."""
    keep_bytes: int = 200 * 1000 * 1000
    """How many bytes earlier releases may take in all. (A Heroku slug may have 500 MB.)"""


RETENTION_NAMES: Final = tuple(each.name for each in fields(RetentionRules))

# Enough to say of any page that is still open somewhere which release it is of.
_MOST_FORGOTTEN: Final = 2000

# PATH_MAX on Linux.
_LONGEST: Final = 4096
_ODD: Final = frozenset("\0\\")

# Django's own, which every project has that has the admin: they tell no project from another.
_EVERYBODYS: Final = ("admin/", "gis/")


def join_histories(histories: Sequence[Snapshot]) -> Snapshot:
    """Return what several stores know together; where two say different things of a name, the newer release's."""
    rows: dict[str, ReleaseRow] = {}
    for history in histories:
        for row in history.releases:
            known = rows.get(row.name)
            if known is None or _knows_more(row, known):
                rows[row.name] = row
    releases = sorted(rows.values(), key=_age)
    places = {row.name: place for place, row in enumerate(releases)}
    resources: dict[str, ResourceRow] = {}
    contents: dict[str, ContentRow] = {}
    forgotten: dict[str, str] = {}
    for history in histories:
        for name, resource in history.resources.items():
            release = places[history.releases[resource.release].name]
            if name not in resources or release > resources[name].release:
                resources[name] = resource._replace(release=release)
        for sha256, content in history.contents.items():
            # What one has damaged or not made, another may have.
            first = contents.get(sha256, content).encodings
            encodings = (*first, *(each for each in content.encodings if each not in first))
            contents[sha256] = content._replace(encodings=encodings)
        forgotten |= history.forgotten
    return Snapshot(tuple(releases), resources, contents, {}, forgotten)


def _knows_more(row: ReleaseRow, other: ReleaseRow) -> bool:
    """Return whether one history of a release goes on where the other ends: it was built again, or superseded."""
    return (row.built, row.superseded is not None, row.superseded or 0) > (
        other.built,
        other.superseded is not None,
        other.superseded or 0,
    )


def _age(row: ReleaseRow) -> tuple[float, int]:
    return (float("inf") if row.superseded is None else row.superseded, row.built)


def succeed(current: Snapshot, history: Snapshot, now: int) -> Snapshot:
    """Return the snapshot of a new release, ``current``, with the proven names of those before it.

    A release that is built again, as after a rollback, is the newest again. If it was the newest, it is the same.
    """
    (row,) = current.releases
    newest = history.releases[-1] if history.releases else None
    if newest is not None and newest.superseded is None and newest.name == row.name:
        row = row._replace(built=newest.built)
    earlier = [
        each if each.superseded is not None else each._replace(superseded=now)
        for each in history.releases
        if each.name != row.name
    ]
    own = len(earlier)
    places = {row.name: own} | {each.name: place for place, each in enumerate(earlier)}
    resources = {
        name: resource._replace(release=places[history.releases[resource.release].name])
        for name, resource in history.resources.items()
        if resource.is_proven and name not in current.resources
    }
    kept = {resource.sha256 for resource in resources.values()}
    for name, resource in current.resources.items():
        # What was proven once is, although the manifest that did has been superseded and the file has stayed.
        known = history.resources.get(name)
        is_proven = resource.is_proven or (known is not None and known.is_proven and known.sha256 == resource.sha256)
        resources[name] = resource._replace(release=own, is_proven=is_proven)
    contents = {sha256: content for sha256, content in history.contents.items() if sha256 in kept} | current.contents
    forgotten = {name: release for name, release in history.forgotten.items() if name not in resources}
    return Snapshot((*earlier, row), resources, contents, current.aliases, forgotten)


def held_bytes(snapshot: Snapshot) -> list[int]:
    """Return for each release the bytes that are there for nothing newer."""
    owners: dict[str, int] = {}
    for resource in snapshot.resources.values():
        owners[resource.sha256] = max(resource.release, owners.get(resource.sha256, 0))
    held = [0] * len(snapshot.releases)
    for sha256, release in owners.items():
        held[release] += _size(snapshot.contents[sha256])
    return held


def _size(content: ContentRow) -> int:
    # Deltas are the newest release's alone.
    kept = [each.size for each in content.encodings if each.sha256 is not None and each.dictionary is None]
    # Without a coding it is kept as it is.
    return sum(kept) if kept else content.size


def count_names(snapshot: Snapshot) -> list[int]:
    """Return for each release how many names are there for nothing newer."""
    counts = [0] * len(snapshot.releases)
    for resource in snapshot.resources.values():
        counts[resource.release] += 1
    return counts


def select_kept(snapshot: Snapshot, rules: RetentionRules, now: int) -> list[bool]:
    """Return for each release whether it stays. The newest always does."""
    own = len(snapshot.releases) - 1
    held = held_bytes(snapshot)
    kept = [False] * own + [True]
    taken = 0
    for place in range(own - 1, -1, -1):
        superseded = snapshot.releases[place].superseded
        is_young = superseded is not None and now - superseded < rules.keep_for
        taken += held[place]
        if taken > rules.keep_bytes:
            break
        kept[place] = is_young or own - place <= rules.keep_releases
    return kept


def prune(snapshot: Snapshot, rules: RetentionRules, now: int) -> Snapshot:
    """Return the snapshot without the releases that do not stay. ``now`` is in seconds since 1970."""
    kept = select_kept(snapshot, rules, now)
    places = {place: number for number, place in enumerate(place for place, stays in enumerate(kept) if stays)}
    resources = {
        name: resource._replace(release=places[resource.release])
        for name, resource in snapshot.resources.items()
        if resource.release in places
    }
    dropped = {
        name: snapshot.releases[resource.release].name
        for name, resource in snapshot.resources.items()
        if resource.release not in places
    }
    return _without_unused(
        Snapshot(
            releases=tuple(snapshot.releases[place] for place in places),
            resources=resources,
            contents=snapshot.contents,
            aliases=snapshot.aliases,
            forgotten=dict([*dropped.items(), *snapshot.forgotten.items()][:_MOST_FORGOTTEN]),
        )
    )


def why_foreign(current: Snapshot, history: Snapshot) -> str | None:
    """Return why a history cannot be this project's, or nothing."""
    # The names of a tree are those of files.
    for name in history.resources.keys() - current.resources.keys():
        if not is_plain_name(name):
            return f"it has a name that no file of a tree has: {name!r}"
    # Mostly it is, and this is the short way to know it.
    if any(name in history.resources for name in current.resources if not name.startswith(_EVERYBODYS)):
        return None
    own, theirs = _own_names(current), _own_names(history)
    if own and theirs and not own & theirs:
        return f"it is of another project: it has no file of this one (but {min(theirs)!r}, for one)"
    return None


def is_plain_name(name: str) -> bool:
    """Return whether a file of a tree may have the name: it leads nowhere else, and a path has room for it."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return False
    parts = name.split("/")
    return size < _LONGEST and not any(part in ("", ".", "..") for part in parts) and not _ODD.intersection(name)


def _own_names(snapshot: Snapshot) -> set[str]:
    """Return the logical names of a snapshot that not every project has."""
    names = set(snapshot.aliases)
    for name in snapshot.resources:
        hashed = parse_hashed_name(name)
        names |= {name, *([] if hashed is None else [hashed.logical]), *logical_names(name)}
    return {name for name in names if not name.startswith(_EVERYBODYS)}


def without_names(snapshot: Snapshot, names: Collection[str]) -> Snapshot:
    """Return the snapshot without these names."""
    if not names:
        return snapshot
    resources = {name: row for name, row in snapshot.resources.items() if name not in names}
    return _without_unused(snapshot._replace(resources=resources))


def _without_unused(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot without contents that no name has."""
    used = {resource.sha256 for resource in snapshot.resources.values()}
    contents = {sha256: content for sha256, content in snapshot.contents.items() if sha256 in used}
    return snapshot._replace(contents=contents)
