"""What a live site says that it has: releases, and files with what proves them. Octets in, a listing out."""

from __future__ import annotations

import hashlib
import json
import re
import reprlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from staticserve.manifest import MANIFEST_NAME, parse_manifest
from staticserve.pipeline.releases import is_plain_name
from staticserve.semantics.hashed_names import parse_hashed_name
from staticserve.store import ReleaseRow

if TYPE_CHECKING:
    from collections.abc import Callable

LISTING_NAME: Final = "staticserve.json"
"""The name below the STATIC_URL at which staticserve lists its releases."""

# Beyond, JSON's numbers are not exact, and soon after no database has room for them.
_MOST: Final = 2**53


class ListedFile(NamedTuple):
    """Says of a file what is listed."""

    name: str
    release: int
    """The place of its release in the listing."""
    size: int | None
    """In bytes; nothing if it is not said."""
    digest: str
    """Its SHA-256, the first 12 digits of its MD5, or nothing: all hexadecimal, so that one is never another."""


class Listing(NamedTuple):
    """Lists the releases of a site, and their files."""

    releases: list[ReleaseRow]
    """The oldest first."""
    files: list[ListedFile]
    """Those of the newest release first. A name is there once."""


def parse_listing(octets: bytes) -> Listing | None:
    """Return what a release file lists; nothing if it only says which release there is.

    Raises ``ValueError``, or ``RecursionError`` if it nests too deep.
    """
    stored = json.loads(octets)
    if not isinstance(stored, dict):
        raise ValueError("it is not an object")
    if "releases" not in stored:
        return None
    given = _get(stored, "releases", _is_list)[::-1]
    releases = [_parse_release(each) for each in given]
    if len({row.name for row in releases}) < len(releases):
        raise ValueError("it has a release twice")
    files: dict[str, ListedFile] = {}
    for place in reversed(range(len(given))):
        for name, each in given[place]["files"].items():
            file = ListedFile(_check_name(name), place, _get(each, "size", _is_count), _get(each, "sha256", _is_sha256))
            files.setdefault(name, file)
    return Listing(releases, list(files.values()))


def parse_manifest_listing(octets: bytes, built: int) -> Listing:
    """Return what Django's manifest lists: one release, whose names prove their files.

    When it was built (in seconds since 1970) the manifest does not say. Raises ``ManifestError`` and ``ValueError``.
    """
    manifest = parse_manifest(octets.decode(), MANIFEST_NAME)
    files = []
    for name in sorted(manifest.hashed_names):
        hashed = parse_hashed_name(_check_name(name))
        files.append(ListedFile(name, 0, None, "" if hashed is None else hashed.digest))
    names = "\n".join(file.name for file in files)
    made = hashlib.md5(names.encode(), usedforsecurity=False).hexdigest()[:12]
    release = manifest.release if _is_word(manifest.release) else made
    return Listing([ReleaseRow(release, built, None, len(files), False, None, None)], files)


def _parse_release(given: object) -> ReleaseRow:
    return ReleaseRow(
        name=_get(given, "release", _is_word),
        built=_get(given, "built", _is_count),
        superseded=_get(given, "superseded", _is_count_or_nothing),
        files=len(_get(given, "files", _is_object)),
        follows_symlinks=False,
        manifest=None,
        manifest_hash=None,
    )


def _check_name(name: str) -> str:
    if not is_plain_name(name):
        raise ValueError(f"it has a name that no file of a tree has: {reprlib.repr(name)}")
    return name


def _get(given: object, key: str, is_right: Callable[[object], bool]) -> Any:
    if not isinstance(given, dict):
        raise ValueError(f"{reprlib.repr(given)} is not an object")
    value = given.get(key)
    if not is_right(value):
        raise ValueError(f"its {key!r} cannot be {reprlib.repr(value)}")
    return value


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST


def _is_count_or_nothing(value: object) -> bool:
    return value is None or _is_count(value)


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None
