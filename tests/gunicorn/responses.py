"""One client and the responses that it reads, strictly."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.gunicorn.servers import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from tests.gunicorn.servers import Server


class Response(NamedTuple):
    """A response; the names of its fields are in lower case. ``body`` is shorter than it was said if it was cut off."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def is_whole(self) -> bool:
        """Return whether all octets of the body came."""
        return len(self.body) == int(self.fields["content-length"])

    @property
    def may_go_on(self) -> bool:
        """Return whether the server said that the connection stays open."""
        return self.fields["connection"] == "keep-alive"


class Client:
    """A connection that asks and reads what is answered."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._received = bytearray()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.sock.close()

    def get(self, target: str, *lines: str) -> Response:
        """Ask for a target and return the response."""
        self.send(target, *lines)
        return self.read()

    def send(self, target: str, *lines: str, method: str = "GET") -> None:
        """Ask for a target."""
        self.sock.sendall(make_request(target, *lines, method=method))

    def read(self, *, has_body: bool = True) -> Response:
        """Return the next response. Raises ``EOFError`` if the connection ends before the end of its head."""
        while b"\r\n\r\n" not in self._received:
            if not self.receive():
                raise EOFError(bytes(self._received))
        head, _, rest = bytes(self._received).partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        fields = {name.lower(): value for name, value in pairs}
        assert len(fields) == len(pairs), "a field came twice"
        assert "transfer-encoding" not in fields, "it is not said how long the body is"
        status = int(status_line.removeprefix("HTTP/1.1 ")[:3])
        size = int(fields.get("content-length", "0")) if has_body and status not in (204, 304) else 0
        self._received = bytearray(rest)
        while len(self._received) < size and self.receive():
            pass
        body = bytes(self._received[:size])
        del self._received[:size]
        return Response(status, fields, body)

    def receive(self, most: int = 256 * 1024) -> int:
        """Take what came, for ``read``; return how many octets, zero at the end."""
        try:
            piece = self.sock.recv(most)
        except ConnectionResetError:
            piece = b""
        self._received += piece
        return len(piece)

    def ends(self) -> bool:
        """Return whether nothing more comes but the end, waiting for it."""
        return not self._received and self.receive() == 0

    def reset(self) -> None:
        """Leave without a goodbye: the other side gets an RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.sock.close()


def make_request(target: str, *lines: str, method: str = "GET") -> bytes:
    """Return the octets of a request."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: h", *lines, "", ""]).encode("latin-1")


def get(server: Server, target: str, *lines: str) -> Response:
    """Ask on a connection of its own."""
    with Client(server.connect()) as client:
        return client.get(target, *lines)


@contextmanager
def asleep(server: Server, threads: int = 1) -> Iterator[None]:
    """Keep as many threads of a worker in a view that sleeps, so that who needs one waits for longer than the test."""
    sleepers = [Client(server.connect()) for _ in range(threads)]
    for sleeper in sleepers:
        # All that is on the way to a thread later is behind this: the pool is a queue.
        sleeper.send("/sleep")
    try:
        yield
    finally:
        for sleeper in sleepers:
            sleeper.sock.close()


def slow_reader(server: Server, target: str) -> Client:
    """Return a client that has asked, whose small buffer takes little, and that has read the first octets only."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(PATIENCE)
    sock.connect(("127.0.0.1", server.port))
    client = Client(sock)
    client.send(target)
    assert client.receive(1024)
    return client
