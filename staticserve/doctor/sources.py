"""Lists the files that ``collectstatic`` would collect: which directory has them, which win, which are shadowed."""

from __future__ import annotations

import filecmp
import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from staticserve.doctor.model import ShadowedName
from staticserve.doctor.project import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from staticserve.doctor.project import Place

IGNORED: Final = ("CVS", ".*", "*~")
"""What Django's StaticFilesConfig leaves out."""


@dataclass(slots=True)
class Listing:
    """The files of all places, merged in order."""

    found: dict[str, SourceFile] = field(default_factory=dict)
    shadowed: dict[str, tuple[SourceFile, ...]] = field(default_factory=dict)
    hidden: list[tuple[str, int]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def add(self, name: str, file: SourceFile) -> None:
        """Add a file, which wins if it is the first of its name."""
        winner = self.found.setdefault(name, file)
        if winner is not file and winner.path != file.path:
            self.shadowed[name] = (*self.shadowed.get(name, ()), file)


def list_places(places: Sequence[Place], ignored: Sequence[str] = IGNORED) -> Listing:
    """Return the files of these directories. What cannot be read is noted."""
    listing = Listing()
    for number, place in enumerate(places):
        prefix = f"{place.prefix}/" if place.prefix else ""
        if place.exists:
            for name, path, status, is_hidden in walk(place.directory, ignored, listing.unreadable):
                if is_hidden:
                    listing.hidden.append((path, number))
                else:
                    listing.add(prefix + name, SourceFile(path, status.st_size, status.st_mtime, number))
    return listing


def walk(root: str, ignored: Sequence[str], unreadable: list[str]) -> Iterator[tuple[str, str, os.stat_result, bool]]:
    """Yield (name, path, status, whether a pattern leaves it out) of all files below a directory, links followed."""
    waiting: list[tuple[str, str, bool, tuple[str, ...]]] = [("", root, False, (os.path.realpath(root),))]
    while waiting:
        prefix, directory, is_hidden, above = waiting.pop()
        try:
            with os.scandir(directory) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            unreadable.append(f"{directory}: {error.strerror}")
            continue
        for entry in entries:
            hidden = is_hidden or _matches(entry.name, ignored)
            try:
                if entry.is_dir():
                    real = os.path.realpath(entry.path) if entry.is_symlink() else f"{above[-1]}/{entry.name}"
                    # A link to a directory that it is in would lead round for ever.
                    if real not in above:
                        waiting.append((f"{prefix}{entry.name}/", entry.path, hidden, (*above, real)))
                elif entry.is_file():
                    yield prefix + entry.name, entry.path, entry.stat(), hidden
            except OSError as error:
                unreadable.append(f"{entry.path}: {error.strerror}")


def describe_shadowed(name: str, winner: SourceFile, losers: Sequence[SourceFile]) -> ShadowedName:
    """Return what wins and what loses, and whether their contents differ."""
    differs = any(not has_same_content(winner, loser) for loser in losers)
    return ShadowedName(name, winner.path, tuple(loser.path for loser in losers), differs)


def has_same_content(left: SourceFile, right: SourceFile) -> bool:
    """Return whether two files have the same content; a file that cannot be read has none."""
    try:
        return filecmp.cmp(left.path, right.path, shallow=False)
    except OSError:
        return False


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
