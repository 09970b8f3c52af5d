"""Asks a live site over HTTP, within limits: of time, of bytes, and of where a redirect may lead."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Lock, Timer, get_ident
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from staticserve.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

MOST_TOLD: Final = 200
"""How many characters of a site's own words are repeated."""

_PORTS: Final = {"http": 80, "https": 443}
_FIELDS: Final = {"Accept-Encoding": "identity", "User-Agent": "staticserve"}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5
_CHUNK: Final = 64 * 1024

# RFC 3986, 3.3: what a path may have, and what is percent-encoded already.
_PATH: Final = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """Limits what a live site may take of a build's time and room. What is beyond is left out."""

    answer_seconds: float = 10
    """How long to wait for anything to come. An answer that comes byte by byte may take until all time is up."""
    total_seconds: float = 120
    files: int = 20_000
    total_bytes: int = 200 * 1000 * 1000
    """Of all answers together."""
    listing_bytes: int = 32 * 1024 * 1024


class Answer(NamedTuple):
    """Says what a site has answered."""

    url: str
    """Where it came from, after redirects."""
    status: int
    fields: Message
    octets: bytes
    """Of a 200."""


@contextlib.contextmanager
def open_site(url: str, limits: FetchLimits) -> Iterator[Site]:
    """Give a site to fetch from, until its time is up."""
    site = Site(url, limits)
    timer = Timer(limits.total_seconds, site.hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield site
    finally:
        timer.cancel()
        site.close()


class Site:
    """Asks a live site, and gives its answers. Each thread has a connection, and keeps it."""

    def __init__(self, url: str, limits: FetchLimits) -> None:
        self.url = url
        self.limits = limits
        self._base = _make_base(url)
        self._deadline = time.monotonic() + limits.total_seconds
        self._bytes_left = limits.total_bytes
        self._lock = Lock()
        # Made once: to read the system's certificates takes longer than to fetch a file.
        self._context = ssl.create_default_context()
        self._lines: dict[int, _Line] = {}

    def move(self, url: str, name: str) -> None:
        """Fetch from where a name was found from now on: a redirect for each file would double the requests."""
        if url.endswith(f"/{name}"):
            self._base = url.removesuffix(name)

    def get(self, name: str, most: int | None = None) -> Answer:
        """Return the answer for a name, of at most so many bytes. Raises ``HistoryError`` if there is none."""
        try:
            return self._follow(f"{self._base}{quote(name)}", most)
        except (OSError, HTTPException, ValueError) as error:
            self._drop()
            # Some have a message of the server's making; of those the repr, which has no line ends.
            why = repr(error) if isinstance(error, HTTPException) else str(error)
            is_late = time.monotonic() >= self._deadline
            raise HistoryError(
                self.url, f"{quote(name)}: {'the time is up' if is_late else why[:MOST_TOLD]}"
            ) from error

    def hang_up(self) -> None:
        """Make whatever waits for the site wait no longer."""
        for line in self._lines.copy().values():
            with contextlib.suppress(OSError):
                # Not SSLSocket's own, which takes the TLS away from under the thread that is reading.
                socket.socket.shutdown(line.socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connections."""
        for line in self._lines.values():
            line.connection.close()

    def _follow(self, url: str, most: int | None) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._ask(url, most)
            target = _find_target(answer)
            if target is None:
                return answer
            url = target
        raise ValueError(f"more than {_MOST_REDIRECTS} redirects")

    def _ask(self, url: str, most: int | None) -> Answer:
        with self._send(urlsplit(url)) as response:
            if response.status == HTTPStatus.OK:
                return Answer(url, response.status, response.headers, self._read(response, most))
            self._drop()
            return Answer(url, response.status, response.headers, b"")

    def _send(self, parts: SplitResult) -> HTTPResponse:
        connection, is_used = self._connect(_origin(parts))
        target = quote(parts.path, _PATH) + (f"?{quote(parts.query, _PATH + '?')}" if parts.query else "")
        try:
            connection.request("GET", target, headers=_FIELDS)
            return connection.getresponse()
        except ConnectionError:
            # "A client … MAY automatically retry" (RFC 9110, 9.2.2): a server closes a connection that is idle.
            self._drop()
            if not is_used:
                raise
        return self._send(parts)

    def _connect(self, origin: _Origin) -> tuple[HTTPConnection, bool]:
        """Return this thread's connection to an origin, and whether it has been used before."""
        patience = self._patience()
        line = self._lines.get(get_ident())
        if line is not None and line.origin == origin and line.connection.sock is not None:
            return line.connection, True
        self._drop()
        scheme, host, port = origin
        connection = (
            HTTPSConnection(host, port, timeout=patience, context=self._context)
            if scheme == "https"
            else HTTPConnection(host, port, timeout=patience)
        )
        connection.connect()
        self._lines[get_ident()] = _Line(origin, connection, connection.sock)
        # Whoever hung up before this line was there did not see it.
        self._patience()
        return connection, False

    def _read(self, response: HTTPResponse, most: int | None) -> bytes:
        coding = response.headers.get("Content-Encoding", "identity")
        if coding.lower() != "identity":
            raise ValueError(f"it is coded, with {coding!r}, which was not asked for")
        allowed = self._bytes_left if most is None else min(most, self._bytes_left)
        if (response.length or 0) > allowed:
            raise ValueError("it is too large")
        octets, buffer = bytearray(), bytearray(_CHUNK)
        # Not read(), which for a chunk of "-1" bytes reads until there is no memory left.
        while size := response.readinto(buffer):
            octets += memoryview(buffer)[:size]
            with self._lock:
                self._bytes_left -= size
            if len(octets) > allowed or self._bytes_left < 0:
                raise ValueError("it is too large")
        # The end may have been our hanging up.
        self._patience()
        return bytes(octets)

    def _drop(self) -> None:
        line = self._lines.pop(get_ident(), None)
        if line is not None:
            line.connection.close()

    def _patience(self) -> float:
        """Return how long to wait, in seconds. Raises ``TimeoutError`` when all time is up."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self.limits.answer_seconds)


_Origin = tuple[str, str, int]
"""Scheme, host and port."""


class _Line(NamedTuple):
    """A connection, and its socket: http.client forgets that while it reads a last answer from it."""

    origin: _Origin
    connection: HTTPConnection
    socket: socket.socket


def _make_base(url: str) -> str:
    """Return what goes before a name. Raises ``HistoryError`` if the URL cannot be a site's."""
    try:
        parts = urlsplit(url)
        if parts.username is not None or parts.query or parts.fragment:
            # What may be a password is not for the log.
            url = f"{parts.scheme}://{parts.hostname}{parts.path}"
            raise ValueError("its URL has more than a host and a path")
        if parts.scheme not in _PORTS or not _origin(parts)[1]:
            raise ValueError("it is no http or https URL")
    except ValueError as error:
        raise HistoryError(url, str(error)) from error
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def _origin(parts: SplitResult) -> _Origin:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def _find_target(answer: Answer) -> str | None:
    """Return where an answer redirects to, if that is the same host, and not less safe."""
    location = answer.fields.get("Location")
    if answer.status not in _REDIRECTS or location is None:
        return None
    target = urljoin(answer.url, location)
    here, there = urlsplit(answer.url), urlsplit(target)
    if there.scheme not in _PORTS:
        return None
    is_safer = (here.scheme, there.scheme) == ("http", "https") and here.hostname == there.hostname
    return target if is_safer or _origin(here) == _origin(there) else None
