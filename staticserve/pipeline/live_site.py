"""Fetches what a live site has of its releases: as its listing says, and each file proven by a digest."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from calendar import timegm
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from staticserve.errors import HistoryError, ManifestError, StoreError
from staticserve.manifest import MANIFEST_NAME
from staticserve.pipeline.kept import kept_path
from staticserve.pipeline.site_connection import MOST_TOLD, FetchLimits, open_site
from staticserve.pipeline.site_listing import LISTING_NAME, parse_listing, parse_manifest_listing
from staticserve.placing import written_beside
from staticserve.store import STORE_NAME, ContentRow, ResourceRow, Snapshot, StoreWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message

    from staticserve.pipeline.site_connection import Answer, Site
    from staticserve.pipeline.site_listing import ListedFile, Listing
    from staticserve.store import ReleaseRow

log = logging.getLogger("staticserve")

_LIMITS: Final = FetchLimits()

# As many as a browser would open to one host, or fewer: a site that serves its visitors has something else to do.
_WORKERS: Final = 4


def fetch_history(url: str, directory: str, limits: FetchLimits = _LIMITS) -> None:
    """Fetch what a live site has of its releases into ``directory``, as a store and kept contents.

    ``url`` is the site's STATIC_URL. What cannot be had of it, or is not what its digest says, is left out with a
    warning. Raises ``HistoryError`` if that is everything.
    """
    try:
        with open_site(url, limits) as site:
            listing = _fetch_listing(site)
            results = _fetch_files(site, listing.files, directory)
        found = [result for result in results if isinstance(result, _Fetched)]
        _tell_failures(url, [result for result in results if isinstance(result, str)], len(listing.files))
        with StoreWriter(f"{directory}/{os.path.basename(STORE_NAME)}") as writer:
            writer.add(_make_snapshot(listing.releases, found))
    except (OSError, StoreError) as error:
        raise HistoryError(url, f"it cannot be kept here: {error}") from error


def _fetch_listing(site: Site) -> Listing:
    absences = []
    parsers: dict[str, Callable[[bytes], Listing | None]] = {
        LISTING_NAME: parse_listing,
        MANIFEST_NAME: partial(parse_manifest_listing, built=int(time.time())),
    }
    for name, parse in parsers.items():
        answer = site.get(name, site.limits.listing_bytes)
        absence = _why_absent(answer)
        if absence is None:
            site.move(answer.url, name)
            listing = _read_listing(site.url, name, parse, answer.octets)
            if listing is not None:
                return listing
            absence = "it has no releases"
        elif answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise HistoryError(site.url, f"{name}: {absence}")
        absences.append(f"{name}: {absence}")
    told = "; ".join(absences)
    raise HistoryError(
        site.url, f'it does not say which files it has ({told}); staticserve does, with the option release_file="files"'
    )


def _why_absent(answer: Answer) -> str | None:
    """Return what was answered in place of a listing, or nothing if it may be one."""
    if answer.status != HTTPStatus.OK:
        location = answer.fields.get("Location")
        return str(answer.status) + (f", to {location[:MOST_TOLD]!r}" if location else "")
    # What an application answers that has a page for every path, or asks for a password.
    return "a page" if answer.fields.get_content_type() == "text/html" else None


def _read_listing(url: str, name: str, parse: Callable[[bytes], Listing | None], octets: bytes) -> Listing | None:
    try:
        return parse(octets)
    except (ManifestError, ValueError, RecursionError) as error:
        why = error.reason if isinstance(error, ManifestError) else error
        raise HistoryError(url, f"{name}: {why}") from error


class _Fetched(NamedTuple):
    """A file that is kept."""

    name: str
    resource: ResourceRow
    content: ContentRow


def _fetch_files(site: Site, files: list[ListedFile], directory: str) -> list[_Fetched | str]:
    """Keep the contents of files. Return for each what it is, or why it cannot be had."""
    most = site.limits.files
    os.makedirs(os.path.dirname(kept_path(directory, "")), exist_ok=True)

    def fetch(file: ListedFile) -> _Fetched | str:
        try:
            return _fetch_file(site, file, directory)
        except HistoryError as error:
            return error.reason

    with ThreadPoolExecutor(_WORKERS) as pool:
        results = list(pool.map(fetch, files[:most]))
    return results + [f"{quote(file.name)}: it is not of the first {most}" for file in files[most:]]


def _fetch_file(site: Site, file: ListedFile, directory: str) -> _Fetched:
    shown = quote(file.name)
    if not file.digest:
        raise HistoryError(site.url, f"{shown}: its name does not prove its content")
    answer = site.get(file.name, file.size)
    if answer.status != HTTPStatus.OK:
        raise HistoryError(site.url, f"{shown}: {answer.status}")
    octets = answer.octets
    sha256 = hashlib.sha256(octets).hexdigest()
    md5 = hashlib.md5(octets, usedforsecurity=False).hexdigest()[:12]
    if file.digest not in (sha256, md5) or file.size not in (len(octets), None):
        raise HistoryError(site.url, f"{shown}: it is not what its digest says")
    _keep(kept_path(directory, sha256), octets)
    resource = ResourceRow(file.release, sha256, _parse_mtime(answer.fields), 0, True)
    return _Fetched(file.name, resource, ContentRow(len(octets), md5, ()))


def _keep(path: str, octets: bytes) -> None:
    # Two names may have one content, and come at the same time.
    with written_beside(path) as temporary, open(temporary, "wb") as file:
        file.write(octets)


def _parse_mtime(fields: Message) -> int:
    """Return the time of Last-Modified in nanoseconds since 1970; 0 without one, or one that no file has."""
    try:
        mtime_ns = timegm(parsedate_to_datetime(fields.get("Last-Modified", "")).utctimetuple()) * 10**9
    # OverflowError: a year of many digits, say.
    except (ValueError, OverflowError):
        return 0
    return mtime_ns if 0 <= mtime_ns < 2**63 else 0


def _tell_failures(url: str, failures: list[str], count: int) -> None:
    if not count:
        raise HistoryError(url, "it lists no files")
    if len(failures) == count:
        raise HistoryError(url, f"none of its {count} files could be had (first: {failures[0]})")
    if failures:
        log.warning("%d of %d files of %s could not be had (first: %s)", len(failures), count, url, failures[0])


def _make_snapshot(releases: list[ReleaseRow], found: list[_Fetched]) -> Snapshot:
    resources = {each.name: each.resource for each in found}
    contents = {each.resource.sha256: each.content for each in found}
    return Snapshot(tuple(releases), resources, contents, {}, {})
