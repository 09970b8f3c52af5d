"""Asks a server for every file of the manifest and for pages' own links, and judges the answers.

How a request is made is another's: in process (``staticserve.django.probe``) or over the network (``site``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urljoin

from staticserve.codings import SUFFIXES, decode
from staticserve.doctor.finding import ERROR, WARNING, Finding
from staticserve.doctor.findings.probing import TELLS
from staticserve.doctor.rule import clean, some
from staticserve.semantics.media_types import make_media_types

if TYPE_CHECKING:
    from concurrent.futures import Executor

NEVER_THERE: Final = "staticserve-doctor.0123456789ab.css"
"""A name that no release has."""

_ACCEPTED: Final = "br, zstd, gzip"

_YEAR: Final = 365 * 24 * 3600

_MUCH_TEXT: Final = 4096

_LINK: Final = re.compile(r"""\b(?:src|href)\s*=\s*["']([^"'\s<>]+)["']""", re.I)


class Answer(NamedTuple):
    """What came back. Names of fields are in lower case."""

    status: int
    fields: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Return the type without its parameters."""
        return self.fields.get("content-type", "").partition(";")[0].strip().lower()


Ask = Callable[[str, Mapping[str, str]], Answer]


@dataclass(frozen=True, slots=True)
class Targets:
    """What to ask for: files below ``static_url`` by logical name, and pages."""

    static_url: str
    names: Sequence[tuple[str, str]]
    """(logical, hashed)."""
    pages: Sequence[str]


@dataclass(slots=True)
class Troubles:
    """What went wrong, by the finding's number: the names it went wrong for, with what was seen."""

    seen: dict[str, list[str]] = field(default_factory=dict)
    asked: int = 0
    found: int = 0
    page_links_found: int = 0

    def add(self, number: str, what: str) -> None:
        """Add one."""
        self.seen.setdefault(number, []).append(what)


def probe(targets: Targets, ask: Ask, executor: Executor | None = None) -> Troubles:
    """Ask for everything and return what is wrong."""
    troubles = Troubles()
    type_of = make_media_types({}, "")
    apply: Callable[..., Iterable[object]] = map if executor is None else executor.map

    def probe_one(pair: tuple[str, str]) -> None:
        _probe_file(targets.static_url, *pair, type_of(pair[1]), ask, troubles)

    for _ in apply(probe_one, targets.names):
        pass
    _probe_miss(targets.static_url, ask, troubles)
    for page in targets.pages:
        _probe_page(page, targets.static_url, ask, troubles)
    if 0 < troubles.found < troubles.asked and "W032" in troubles.seen and len(troubles.seen["W032"]) < troubles.found:
        # Some are compressed: then the server decides by size or kind.
        del troubles.seen["W032"]
    return troubles


def make_findings(troubles: Troubles) -> list[Finding]:
    """Return a finding for each kind of trouble."""
    return [_make_finding(number, seen) for number, seen in sorted(troubles.seen.items())]


def _make_finding(number: str, seen: Sequence[str]) -> Finding:
    tell = TELLS[number]
    return Finding(
        id=f"staticserve.{number}",
        severity=ERROR if number[0] == "E" else WARNING,
        topic="serving",
        message=clean(f"{tell.message} ({len(seen)}): {some(seen)}."),
        why=tell.why,
        cure=tell.cure,
    )


def _probe_file(static_url: str, logical: str, hashed: str, media_type: str, ask: Ask, troubles: Troubles) -> None:
    url = static_url + quote(hashed)
    answer = ask(url, {})
    troubles.asked += 1
    if answer.status != 200:
        number = "E013" if answer.media_type == "text/html" else "E050"
        troubles.add(number, f"{hashed} ({answer.status}, {answer.media_type or 'no type'})")
        return
    troubles.found += 1
    if answer.media_type != media_type and answer.media_type not in _ALSO_RIGHT.get(media_type, ()):
        troubles.add(
            "E013" if answer.media_type == "text/html" else "W030",
            f"{hashed} ({answer.media_type or 'no type'}, not {media_type})",
        )
        if answer.media_type == "text/html":
            return
    _judge_length(hashed, answer, troubles)
    if hashed != logical and not _is_long_lived(answer.fields.get("cache-control", "")):
        troubles.add("W053", f"{hashed} ({answer.fields.get('cache-control', 'no Cache-Control')})")
    _probe_tag(url, hashed, answer, ask, troubles)
    _probe_codings(url, hashed, answer, ask, troubles)


def _judge_length(name: str, answer: Answer, troubles: Troubles) -> None:
    said = answer.fields.get("content-length")
    if said is not None and said != str(len(answer.body)):
        troubles.add("E051", f"{name} (Content-Length {said}, {len(answer.body)} bytes)")


def _probe_tag(url: str, name: str, answer: Answer, ask: Ask, troubles: Troubles) -> None:
    tag, date = answer.fields.get("etag"), answer.fields.get("last-modified")
    if tag is None and date is None:
        troubles.add("W052", f"{name} (neither ETag nor Last-Modified)")
        return
    condition = {"If-None-Match": tag} if tag is not None else {"If-Modified-Since": date or ""}
    again = ask(url, condition)
    if again.status != 304:
        troubles.add("W052", f"{name} ({again.status} instead of 304)")


def _probe_codings(url: str, name: str, identity: Answer, ask: Ask, troubles: Troubles) -> None:
    answer = ask(url, {"Accept-Encoding": _ACCEPTED})
    coding = answer.fields.get("content-encoding", "identity")
    if coding == "identity":
        if identity.media_type.startswith("text/") and len(identity.body) > _MUCH_TEXT:
            troubles.add("W032", name)
        return
    _judge_length(name, answer, troubles)
    if not _decodes(coding, answer.body, identity.body):
        troubles.add("E051", f"{name} ({coding} does not decode to the file)")
    if "accept-encoding" not in answer.fields.get("vary", "").lower():
        troubles.add("W055", name)


def _decodes(coding: str, encoded: bytes, wanted: bytes) -> bool:
    return coding in SUFFIXES.values() and decode(coding, encoded, hashlib.sha256(wanted).hexdigest()) is not None


def _probe_miss(static_url: str, ask: Ask, troubles: Troubles) -> None:
    answer = ask(static_url + NEVER_THERE, {})
    if answer.status == 404 and "no-store" not in answer.fields.get("cache-control", ""):
        troubles.add("W023", f"404 with {answer.fields.get('cache-control', 'no Cache-Control')}")


def _probe_page(page: str, static_url: str, ask: Ask, troubles: Troubles) -> None:
    answer = ask(page, {})
    if answer.status >= 500:
        troubles.add("E054", f"{page} ({answer.status})")
    if answer.status != 200 or answer.media_type != "text/html":
        return
    links = [urljoin(page, link) for link in _LINK.findall(answer.body.decode("utf-8", "replace"))]
    for link in dict.fromkeys(each.partition("#")[0] for each in links if each.startswith(static_url)):
        found = ask(link, {})
        if found.status == 200:
            troubles.page_links_found += 1
        else:
            troubles.add("E054", f"{link} on {page} ({found.status})")


def _is_long_lived(cache_control: str) -> bool:
    age = re.search(r"max-age=(\d+)", cache_control)
    return "immutable" in cache_control or (age is not None and int(age[1]) >= _YEAR)


_ALSO_RIGHT: Final = {
    "text/javascript": ("application/javascript", "application/x-javascript"),
    "text/xml": ("application/xml",),
    "image/vnd.microsoft.icon": ("image/x-icon",),
    "application/vnd.ms-fontobject": ("application/octet-stream",),
    "font/woff": ("application/font-woff", "application/octet-stream"),
    "font/woff2": ("application/font-woff2", "application/octet-stream"),
    "font/ttf": ("application/font-sfnt", "application/x-font-ttf", "application/octet-stream"),
    "font/otf": ("application/font-sfnt", "application/vnd.ms-opentype", "application/octet-stream"),
    "application/json": ("text/plain", "application/octet-stream"),
    "text/markdown": ("text/plain", "application/octet-stream"),
    "application/octet-stream": ("text/plain",),
}
"""Other servers' types that browsers take as well."""
