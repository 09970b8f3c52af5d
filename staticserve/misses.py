"""What a URL gets that this release does not have: the ladder, from its own bytes down to a 404.

1. A retained file of an earlier release is found by its name, as any other (see ``catalogue/release``).
2. An unhashed file whose MD5 is the hash that is asked for: those are the bytes.
3. What this release has under that name without its hash: other bytes, so nobody may keep them.
4. A 404.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

from staticserve.bundlers import logical_names
from staticserve.model import Plan, Redirect
from staticserve.plan import NOSNIFF
from staticserve.semantics.fields import without
from staticserve.semantics.hashed_names import parse_hashed_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from staticserve.model import Fields, Resource
    from staticserve.options import Options

log = logging.getLogger("staticserve")

_TEXT: Final = b"Not found\n"

NO_STORE: Final = ("Cache-Control", "no-store")


class Shelf(Protocol):
    """What the ladder asks of a catalogue."""

    def may_have(self, name: str) -> bool:
        """Return whether there is such a name."""

    def find_by_digest(self, name: str, digest: str, url: str) -> Resource | None:
        """Return the file ``name`` if its MD5 begins with these 12 hex digits."""

    def find_alias(self, name: str) -> str | None:
        """Return the hashed name of a logical one."""

    def find_forgotten(self, name: str) -> str | None:
        """Return the name of the release that had a file which is no longer kept."""


def find_proven(shelf: Shelf, name: str, url: str) -> Resource | None:
    """Return the unhashed file whose digest ``name`` has: a file that was collected, and whose name was not hashed."""
    hashed = parse_hashed_name(name)
    return None if hashed is None else shelf.find_by_digest(hashed.logical, hashed.digest, url)


def find_successor(shelf: Shelf, name: str) -> str | None:
    """Return the name that this release has for what another release called ``name``."""
    for logical in _logical_names(name):
        successor = shelf.find_alias(logical)
        # Its own, if the file has vanished meanwhile.
        if successor is not None and successor != name:
            return successor
    return None


def may_be_known(shelf: Shelf, name: str) -> bool:
    """Return whether the ladder may have something for a name, without reading a file."""
    hashed = parse_hashed_name(name)
    return (hashed is not None and shelf.may_have(hashed.logical)) or find_successor(shelf, name) is not None


def _logical_names(name: str) -> list[str]:
    hashed = parse_hashed_name(name)
    return ([] if hashed is None else [hashed.logical]) + logical_names(name)


def redirect_to(name: str, successor: str, options: Options) -> Redirect:
    """Return the redirect from a name to its successor, which no cache may keep."""
    fields: Fields = tuple(options.fields.items())
    if options.allow_all_origins and "access-control-allow-origin" not in {name.lower() for name, _ in fields}:
        fields = (("Access-Control-Allow-Origin", "*"), *fields)
    fields = without(fields, "cache-control", "x-content-type-options", "content-type")
    return Redirect(quote(_relative_reference(name, successor)), (*fields, NO_STORE, NOSNIFF))


def _relative_reference(name: str, other: str) -> str:
    """Return what leads from one name to another. (``posixpath.relpath`` asks for the working directory.)"""
    above, parts = name.split("/")[:-1], other.split("/")
    common = 0
    while common < len(above) and common < len(parts) - 1 and above[common] == parts[common]:
        common += 1
    # "./": a first segment with a colon would be read as a scheme (RFC 3986, 4.2).
    return ("../" * (len(above) - common) or "./") + "/".join(parts[common:])


def without_storing(plan: Plan) -> Plan:
    """Return a plan for another release's bytes: nobody may keep the answer."""
    return plan._replace(fields=(*without(plan.fields, "cache-control"), NO_STORE))


def plan_miss(method: str, fields: Fields = ()) -> Plan:
    """Return the 404. ``fields`` are the user's own.

    Text, because a browser must not be given a page as a script; ``no-store``, because a shared cache that keeps
    the 404 of one moment of a deploy keeps the site broken for hours.
    """
    miss_fields = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(_TEXT))),
        NO_STORE,
        NOSNIFF,
        *without(fields, "content-type", "content-length", "cache-control", "x-content-type-options"),
    )
    return Plan(404, miss_fields, content=b"" if method == "HEAD" else _TEXT)


# Seconds. Whoever asks for hashes that he made up must not fill the disk with what we say of them.
_BETWEEN_LINES: Final = 60.0

# How many characters of a URL are repeated.
_LONGEST_TOLD: Final = 200


class MissLog:
    """Says in the log that a file of another release was asked for: one line a minute, with the number of others."""

    def __init__(self) -> None:
        self._next = 0.0
        self._others = 0

    def note(self, asked: Sequence[tuple[Shelf, str]], url: str) -> None:
        """Note that a URL has nothing: it was ``asked`` for as these names. One without a hash is of no release."""
        if not any(_logical_names(name) for _, name in asked):
            return
        now = time.monotonic()
        if now < self._next:
            self._others += 1
            return
        self._next = now + _BETWEEN_LINES
        others, self._others = self._others, 0
        found = (shelf.find_forgotten(name) for shelf, name in asked)
        release = next((release for release in found if release is not None), None)
        which = "an unknown release" if release is None else f"release {release}, which is no longer kept"
        more = f"; {others} more such misses since the last line" if others else ""
        log.warning("no file %r: it is of %s%s", url[:_LONGEST_TOLD], which, more)
