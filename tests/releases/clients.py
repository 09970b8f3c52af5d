"""Browsers that hold a page of a release: what they ask for, and whether what they get is what that release had."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urljoin

from tests.contract.exchange import Request
from tests.pipeline import ACCEPTED, FOREVER, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from tests.contract.exchange import Response
    from tests.releases.deploys import Release, Worker

PREFIX: Final = "/static/"

RIGHT: Final = "right"
"""The bytes that the release had, and for ever if the name is hashed."""
BRIEF: Final = "right, but not for ever"
REDIRECTED: Final = "redirected"
"""To a current name, by an answer that nobody may keep; what is there is what that name stands for."""
TOO_EARLY: Final = "too early"
"""A 404 by a worker of an older release, for a file that no release that it knows had under any name."""
MISSING: Final = "404"
WRONG: Final = "wrong bytes"
UNFIT: Final = "unfit"
"""Anything else: a 500, or a part or a 304 that is not what was asked for."""


class Site:
    """All that was ever deployed: what each hashed name stands for, and what plain names have stood for."""

    def __init__(self, releases: Iterable[Release] = ()) -> None:
        self.pages: dict[str, str] = {}
        self.names: dict[str, frozenset[str]] = {}
        """The hashed names of each release."""
        self.contents: dict[str, bytes] = {}
        self.logical: dict[str, str] = {}
        self.plain: dict[str, set[bytes]] = {}
        for release in releases:
            self.add(release)

    def add(self, release: Release) -> None:
        """Take in what a release has. A hashed name can stand for one content only."""
        collected = release.collected
        self.pages[release.letter] = collected.page
        self.names[release.letter] = frozenset(collected.hashed.values())
        for logical, hashed in collected.hashed.items():
            content = collected.contents[hashed]
            assert self.contents.setdefault(hashed, content) == content
            self.logical[hashed] = logical
            self.plain.setdefault(logical, set()).add(collected.contents[logical])


@dataclass
class Tally:
    """What became of the requests of all clients of a scenario."""

    outcomes: Counter[str] = field(default_factory=Counter)
    conditions: int = 0
    """How often a client that takes Brotli, or no coding, asked whether what it has is still it."""
    revalidated: int = 0
    """How many of these were told so. Others may get another coding when the release has become an earlier one."""
    storable_misses: int = 0
    """How many 404s a shared cache may keep."""
    problems: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add another's numbers."""
        self.outcomes += other.outcomes
        self.revalidated += other.revalidated
        self.conditions += other.conditions
        self.storable_misses += other.storable_misses
        self.problems += other.problems

    def __str__(self) -> str:
        """Return the numbers, for people."""
        counts = ", ".join(f"{self.outcomes[name]:,} {name}" for name in _SHOWN if self.outcomes[name])
        return f"{self.outcomes.total():,} requests: {counts or 'none'}"


_SHOWN: Final = (RIGHT, BRIEF, REDIRECTED, TOO_EARLY, MISSING, WRONG, UNFIT)


class _Answered(NamedTuple):
    """What a GET came to, after redirects: the URL of that, and its content."""

    outcome: str
    url: str
    response: Response
    content: bytes


@dataclass
class Client:
    """A browser that got its page from a release, and asks for what the page refers to."""

    site: Site
    letter: str
    tally: Tally
    random: Random
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    """The tag that came with each URL and Accept-Encoding."""

    def load(self, *workers: Worker) -> set[str]:
        """Ask for what the page refers to, and for what that refers to; chance says which worker answers each time.

        Return the URLs that were referred to.
        """
        waiting = _find_references("/", self.site.pages[self.letter].encode())
        seen = set(waiting)
        while waiting:
            answered = self._get(workers, waiting.pop(), self.random.choice(ACCEPTED))
            if answered.outcome in (RIGHT, BRIEF, REDIRECTED):
                found = [url for url in _find_references(answered.url, answered.content) if url not in seen]
                waiting += found
                seen.update(found)
        return seen

    def examine(self, worker: Worker) -> None:
        """Ask for every file of the page's release in every coding, and for parts, with and without conditions."""
        for name in sorted(self.site.names[self.letter]):
            for accepted in ACCEPTED:
                answered = self._get((worker,), PREFIX + name, accepted)
                if answered.outcome in (RIGHT, BRIEF) and answered.response.status == 200:
                    self._ask_again(worker, PREFIX + name, accepted, answered.response)

    def _ask_again(self, worker: Worker, url: str, accepted: str, whole: Response) -> None:
        tag = whole.get("ETag") or ""
        known = self.tags.setdefault((url, accepted), tag)
        answer = self._ask(worker, "GET", url, accepted, ("If-None-Match", known))
        if not accepted or "br" in accepted:
            self.tally.conditions += 1
            self.tally.revalidated += answer.status == 304
        is_unchanged = answer.status == 304 and not answer.octets and answer.get("ETag") == known
        is_new = answer.status == 200 and known != tag and answer.octets == whole.octets
        self._count(url, answer, is_unchanged or is_new)

        answer = self._ask(worker, "HEAD", url, accepted)
        self._count(url, answer, answer._replace(octets=whole.octets) == whole and not answer.octets)

        size = len(whole.octets)
        start = self.random.randrange(size)
        stop = self.random.randint(start + 1, size)
        asked = ("Range", f"bytes={start}-{stop - 1}")
        for condition, is_met in ((None, True), (tag, True), ('"another"', False)):
            fields = (asked,) if condition is None else (asked, ("If-Range", condition))
            answer = self._ask(worker, "GET", url, accepted, *fields)
            if is_met:
                is_right = answer.status == 206 and answer.octets == whole.octets[start:stop]
                is_right = is_right and answer.get("Content-Range") == f"bytes {start}-{stop - 1}/{size}"
            else:
                is_right = answer.status == 200 and answer.octets == whole.octets
            self._count(url, answer, is_right)

    def _get(self, workers: Sequence[Worker], url: str, accepted: str) -> _Answered:
        """Get a URL, with the redirects that a browser would follow, and count what it comes to."""
        worker = self.random.choice(workers)
        response = self._ask(worker, "GET", url, accepted)
        answered = self._judge(worker, url, response)
        if response.status == 302:
            target = urljoin(url, response.get("Location") or "")
            is_stale = response.get("Cache-Control") == "no-store" and target != url
            worker = self.random.choice(workers)
            answered = self._judge(worker, target, self._ask(worker, "GET", target, accepted))
            is_same = self.site.logical.get(_name(target)) == self.site.logical[_name(url)]
            if not (is_stale and is_same):
                answered = answered._replace(outcome=UNFIT)
            elif answered.outcome in (RIGHT, BRIEF):
                answered = answered._replace(outcome=REDIRECTED)
        self.tally.outcomes[answered.outcome] += 1
        if answered.outcome in (MISSING, WRONG, UNFIT):
            self._note(url, answered.response, worker)
        return answered

    def _judge(self, worker: Worker, url: str, response: Response) -> _Answered:
        name, content = _name(url), b""
        if response.status == 404:
            if response.get("Cache-Control") != "no-store":
                self.tally.storable_misses += 1
            is_known = name in worker.had or self.site.logical.get(name) in worker.has
            return _Answered(MISSING if is_known else TOO_EARLY, url, response, content)
        if response.status != 200 or response.get("Content-Length") != str(len(response.octets)):
            return _Answered(UNFIT, url, response, content)
        content = decode(response.get("Content-Encoding"), response.octets)
        is_for_ever = response.get("Cache-Control") == FOREVER
        if name in self.site.contents:
            is_right = content == self.site.contents[name]
            outcome = (RIGHT if is_for_ever else BRIEF) if is_right else WRONG
        else:
            outcome = RIGHT if content in self.site.plain.get(name, ()) and not is_for_ever else WRONG
        return _Answered(outcome, url, response, content)

    def _ask(self, worker: Worker, method: str, url: str, accepted: str, *fields: tuple[str, str]) -> Response:
        return worker.exchange(Request(method, url, (("Accept-Encoding", accepted), *fields)))

    def _count(self, url: str, response: Response, is_right: bool) -> None:
        self.tally.outcomes[RIGHT if is_right else UNFIT] += 1
        if not is_right:
            self._note(url, response)

    def _note(self, url: str, response: Response, worker: Worker | None = None) -> None:
        if len(self.tally.problems) < 10:
            by = "" if worker is None else f" by a worker of {worker.letter}"
            fields = dict(response.fields)
            self.tally.problems.append(f"{url} of {self.letter}{by}: {response.status} {fields}")


# In a page, a style sheet and a script.
_REFERENCES: Final = re.compile(rb"""(?:(?:href|src)=["']|url\(["']?|import\(["'])([^"')]+)""")


def _find_references(url: str, content: bytes) -> list[str]:
    """Return the URLs that a page, a style sheet or a script refers to."""
    if url.endswith((".png", ".woff2")):
        return []
    return [urljoin(url, reference.decode()) for reference in _REFERENCES.findall(content)]


def _name(url: str) -> str:
    return url.removeprefix(PREFIX)
