"""Clients on raw sockets, many at once in one thread, that send a stream and keep every octet that comes back."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.gunicorn.servers import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.gunicorn.streams import Stream

PROBES: Final = (
    b"GET /page?probe HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /static/one.txt HTTP/1.1\r\nHost: h\r\n\r\n",
)
"""What is asked afterwards, to see whether the connection is open: of the application, and of the lane."""

UNANSWERED: Final = b"[nothing more came]"
"""What stands at the end of an outcome if a server left the client waiting."""

_DATE: Final = re.compile(rb"\r\nDate: [^\r\n]*")
_LENGTH: Final = re.compile(rb"\r\nContent-Length: ([0-9]+)\r\n", re.IGNORECASE)

# Between two parts of a stream the others have this many turns, so that the server has time to see the first.
_TURNS_BETWEEN_PARTS: Final = 2


class Outcome(NamedTuple):
    """What a server did with a stream: all octets but dates, and whether it answered a probe afterwards."""

    octets: bytes
    is_open: bool


def measure_responses(octets: bytes | bytearray, methods: Iterable[str]) -> int:
    """Return how many final responses are complete. ``methods`` are the requests', in order."""
    place = complete = 0
    waiting = deque(methods)
    while True:
        end = octets.find(b"\r\n\r\n", place)
        if end < 0:
            return complete
        head = octets[place : end + 2]
        status = head[9:12]
        stop = end + 4
        if status.startswith(b"1"):
            place = stop
            continue
        method = waiting.popleft() if waiting else "GET"
        if method != "HEAD" and status not in (b"204", b"304"):
            length = _LENGTH.search(head)
            if length is not None:
                stop += int(length[1])
            elif b"\r\nTransfer-Encoding: chunked" in head:
                last = octets.find(b"0\r\n\r\n", stop)
                while last > 0 and octets[last - 2 : last] != b"\r\n":
                    last = octets.find(b"0\r\n\r\n", last + 1)
                stop = last + 5 if last >= 0 else len(octets) + 1
            else:
                stop = len(octets) + 1
        if stop > len(octets):
            return complete
        complete += 1
        place = stop


class _Client:
    """One connection: sends the parts, waits for the answers, asks the probe or ends, and reads until it is over."""

    def __init__(self, port: int, stream: Stream, number: int) -> None:
        self.stream = stream
        self.number = number
        self.received = bytearray()
        self.outcome: Outcome | None = None
        self.is_counted = False
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.deadline = time.monotonic() + PATIENCE
        self._parts = deque(stream.parts)
        self._wait = 0
        self._has_probed = self._has_ended = False
        self._probe = PROBES[number % len(PROBES)]

    def advance(self) -> None:
        """Send what is next, if it is time."""
        if self.outcome is not None:
            return
        if self._wait:
            self._wait -= 1
            return
        if self._parts:
            self._send(self._parts.popleft())
            self._wait = _TURNS_BETWEEN_PARTS
        elif self.stream.ends != "closed" and not (self._has_probed or self._has_ended):
            if measure_responses(self.received, self.stream.methods) < len(self.stream.methods):
                return
            if self.stream.ends == "open":
                self._has_probed = True
                self._send(self._probe)
            elif self.stream.rest:
                self._has_ended = True
                self._send(self.stream.rest)
                self._shut()
            else:
                self._has_ended = True
                self._shut()
        if time.monotonic() > self.deadline:
            self.finish(is_open=True, note=UNANSWERED)

    def read(self) -> None:
        """Take what came."""
        try:
            piece = self.sock.recv(256 * 1024)
        except BlockingIOError:
            return
        except OSError:
            # Reset; what came before is here.
            piece = b""
        self.received += piece
        if not piece:
            self.finish(is_open=False)
        elif self._has_probed:
            methods = (*self.stream.methods, "GET")
            if measure_responses(self.received, methods) >= len(methods):
                self.finish(is_open=True)

    def finish(self, *, is_open: bool, note: bytes = b"") -> None:
        """End it."""
        self.outcome = Outcome(_DATE.sub(b"", bytes(self.received)) + note, is_open)

    def _send(self, part: bytes) -> None:
        try:
            sent = self.sock.send(part)
        except BlockingIOError:
            sent = 0
        except OSError:
            # Closed meanwhile; reading will say so.
            self._parts.clear()
            return
        if sent < len(part):
            self._parts.appendleft(part[sent:])

    def _shut(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return


def exchange_all(
    ports: tuple[int, ...], streams: Iterable[Stream], in_flight: int = 24
) -> Iterator[tuple[Stream, int, tuple[Outcome, ...]]]:
    """Send each stream to each server and yield it, its number, and the outcomes, when all are there."""
    source = enumerate(streams)
    groups: list[list[_Client]] = []
    is_exhausted = False
    selector = selectors.DefaultSelector()
    try:
        while True:
            while not is_exhausted and len(groups) < in_flight:
                following = next(source, None)
                if following is None:
                    is_exhausted = True
                    break
                groups.append([])
                for port in ports:
                    groups[-1].append(_Client(port, following[1], following[0]))
                    selector.register(groups[-1][-1].sock, selectors.EVENT_READ, groups[-1][-1])
            if not groups:
                return
            for group in groups:
                for client in group:
                    client.advance()
            for key, _ in selector.select(0.001):
                key.data.read()
            remaining = []
            for group in groups:
                for client in group:
                    if client.outcome is not None and not client.is_counted:
                        client.is_counted = True
                        selector.unregister(client.sock)
                        client.sock.close()
                outcomes = [client.outcome for client in group if client.outcome is not None]
                if len(outcomes) == len(group):
                    yield group[0].stream, group[0].number, tuple(outcomes)
                else:
                    remaining.append(group)
            groups = remaining
    finally:
        selector.close()
        for group in groups:
            for client in group:
                client.sock.close()
