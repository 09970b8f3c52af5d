"""The directories that are served, and what a URL path names in them: this release's, an earlier one's, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from staticserve.announce import RELEASE_FILE, describe_release
from staticserve.catalogue.index_files import directory_location, make_redirect_fields
from staticserve.misses import MissLog, find_proven, find_successor, may_be_known, redirect_to
from staticserve.model import Redirect, Resource
from staticserve.semantics.fields import is_field_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from staticserve.catalogue import Catalogue
    from staticserve.memory import Memory
    from staticserve.options import Options


class Mount(NamedTuple):
    """A catalogue and the URL paths that it is served below, each with its final slash."""

    prefixes: tuple[str, ...]
    raw_prefixes: tuple[str, ...]
    """The same in the form of PATH_INFO: UTF-8 read as latin-1."""
    catalogue: Catalogue
    answers_misses: bool


class Stale(NamedTuple):
    """A name of another release, the one that this release has instead, and the path of that."""

    name: str
    successor: str
    path: str


Lookup = tuple[str, int, "Callable[[str], bool] | None"]
"""A prefix in the form of PATH_INFO, its length, and whether a name below it may be there, if that is asked."""


class Mounts:
    """Directories below URL prefixes. What is found in them is kept in ``memory``, by path."""

    def __init__(self, options: Options, memory: Memory) -> None:
        self.prefixes: tuple[str, ...] = ()
        """In the form of PATH_INFO."""
        self._options = options
        self._memory = memory
        self._ready = memory.get
        self._mounts: list[Mount] = []
        self._lookups: list[Lookup] = []
        self._quick_lookups: list[Lookup] = []
        self._redirect_fields = make_redirect_fields(options)
        self._miss_log = MissLog()

    def __iter__(self) -> Iterator[Mount]:
        """Yield the mounts, the one that was added last first: it hides the others."""
        return iter(self._mounts)

    def add(self, prefixes: tuple[str, ...], catalogue: Catalogue, *, answers_misses: bool) -> None:
        """Serve a catalogue below these prefixes, before all others."""
        raw_prefixes = tuple(prefix.encode("utf-8").decode("latin-1") for prefix in prefixes)
        self._mounts.insert(0, Mount(prefixes, raw_prefixes, catalogue, answers_misses))
        # With index files a prefix without its slash leads to the one with it, so that path is ours as well.
        end = None if self._options.index_file is None else -1
        self.prefixes = tuple(prefix[:end] or prefix for mount in self._mounts for prefix in mount.raw_prefixes)
        self._lookups = [
            (prefix[:end] or prefix, len(prefix), None if mount.answers_misses or end else _make_may_have(mount))
            for mount in self._mounts
            for prefix in mount.raw_prefixes
        ]
        # Where asking takes as long as finding, we find.
        owners = [mount for mount in self._mounts for _ in mount.raw_prefixes]
        self._quick_lookups = [
            lookup if mount.catalogue.is_quick else (*lookup[:2], None)
            for lookup, mount in zip(self._lookups, owners, strict=True)
        ]
        # What is in memory may be hidden by the new directory.
        self._memory.clear()

    @property
    def release(self) -> str | None:
        """Return the release that is served: of the first directory that has one, if a field can say it."""
        names = (mount.catalogue.release for mount in self._mounts)
        return next((name for name in names if name is not None and is_field_value(name)), None)

    def match(self, path_info: str, script_name: str | None) -> str | None:
        """Return the path to answer for if it is below one of our prefixes, in the form of PATH_INFO.

        The server may have taken for SCRIPT_NAME what the prefix begins with; then both together are the path.
        """
        if path_info.startswith(self.prefixes):
            return path_info
        if script_name and (whole := script_name + path_info).startswith(self.prefixes):
            return whole
        return None

    def find(self, path: str) -> Resource | Redirect | None:
        """Return what a URL path names. ``path`` is as in PATH_INFO: percent-decoded bytes read as latin-1."""
        found = self._find_own(path)
        return self._find_stale(path) if found is None else found

    def _find_own(self, path: str) -> Resource | Redirect | None:
        """Return what has this name, in this release or in one that is kept."""
        resource = self._ready(path)
        if resource is not None:
            return resource
        url = _decode(path)
        for mount in self._mounts if url is not None else ():
            found = self._find_in(mount, url or "")
            if found is not None:
                if isinstance(found, Resource) and not mount.catalogue.is_live:
                    self._memory.put(path, found)
                return found
        return None

    def find_successor(self, path: str) -> Stale | None:
        """Return what this release has under a name without its hash, if that is there to be served."""
        for mount, prefix, name in self._names(_decode(path) or ""):
            successor = find_successor(mount.catalogue, name)
            if successor is not None:
                found = (prefix + successor).encode().decode("latin-1")
                if isinstance(self._find_own(found), Resource):
                    return Stale(name, successor, found)
        return None

    def may_have(self, path: str) -> bool:
        """Return whether a path is ours to answer, as far as can be said without reading a file."""
        return _may_have(self._lookups, path)

    def may_have_quickly(self, path: str) -> bool:
        """Return the same, where that takes less time than to find out; else that it may be."""
        return _may_have(self._quick_lookups, path)

    def answers_misses(self, path: str) -> bool:
        """Return whether a path that names nothing is answered with our 404, not by the application."""
        return any(mount.answers_misses and path.startswith(mount.raw_prefixes) for mount in self._mounts)

    def note_miss(self, path: str) -> None:
        """Log that a path names nothing, if it seems to be of another release."""
        url = _decode(path)
        if url is not None:
            self._miss_log.note([(mount.catalogue, name) for mount, _, name in self._names(url)], url)

    def _find_in(self, mount: Mount, url: str) -> Resource | Redirect | None:
        for prefix in mount.prefixes:
            if url.startswith(prefix):
                name = url[len(prefix) :]
                if name == RELEASE_FILE and self._options.release_file:
                    announced = describe_release(mount.catalogue, url, self._options)
                    if announced is not None:
                        return announced
                found = mount.catalogue.find(name, url)
                if found is not None:
                    return found
            elif url == prefix[:-1] and self._options.index_file is not None:
                index = mount.catalogue.find("", prefix)
                if isinstance(index, Resource):
                    return Redirect(directory_location(url.rpartition("/")[2]), self._redirect_fields)
        return None

    def _find_stale(self, path: str) -> Resource | Redirect | None:
        """Return what the ladder has for a name of another release, but for what must not be stored."""
        url = _decode(path) or ""
        for mount, _, name in self._names(url):
            proven = find_proven(mount.catalogue, name, url)
            if proven is not None:
                self._memory.put(path, proven)
                return proven
        stale = self.find_successor(path) if self._options.stale == "redirect" else None
        return None if stale is None else redirect_to(stale.name, stale.successor, self._options)

    def _names(self, url: str) -> Iterator[tuple[Mount, str, str]]:
        """Yield each directory that a URL path may be of, with the prefix and the name below that."""
        for mount in self._mounts:
            for prefix in mount.prefixes:
                if url.startswith(prefix):
                    yield mount, prefix, url[len(prefix) :]


def _may_have(lookups: list[Lookup], path: str) -> bool:
    # Names are in Unicode, and this is in latin-1.
    if not path.isascii():
        return True
    for prefix, size, may_have in lookups:
        if path.startswith(prefix) and (may_have is None or may_have(path[size:])):
            return True
    return False


def _make_may_have(mount: Mount) -> Callable[[str], bool]:
    catalogue = mount.catalogue
    may_have = catalogue.may_have

    def may_have_or_resolve(name: str) -> bool:
        # Few URLs of applications have a dot.
        return may_have(name) or ("." in name and (name == RELEASE_FILE or may_be_known(catalogue, name)))

    return may_have_or_resolve


def _decode(path: str) -> str | None:
    """Return a path in Unicode, from the form of PATH_INFO."""
    if path.isascii():
        return path
    try:
        return path.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None
