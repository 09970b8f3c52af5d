"""A request, an answer, and how one becomes the other: on a socket, counted, or in process."""

from __future__ import annotations

import io
import re
import socket
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple
from urllib.parse import unquote_to_bytes
from wsgiref.validate import validator

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

with warnings.catch_warnings():
    # WebOb imports cgi, which is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    import webtest

# Longer than any answer takes; reached only by a server that hangs.
TIMEOUT: Final = 10.0

_STATUS_LINE: Final = re.compile(r"HTTP/1\.([01]) ([0-9]{3}) ([\t\x20-\x7e]*)")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Request(NamedTuple):
    """A request. ``target`` and the field values are latin-1 text that is sent as it is."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...] = ()
    content: bytes = b""


class Response(NamedTuple):
    """An answer. ``octets`` is what came after the head, before any of it is believed to be content."""

    status: int
    fields: tuple[tuple[str, str], ...]
    octets: bytes
    phrase: str = ""
    is_complete: bool = True
    """Whether the connection ended in order; only a socket can tell otherwise."""

    def all(self, name: str) -> list[str]:
        """Return the values of all field lines of a name, in order."""
        return [value for each, value in self.fields if each.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        """Return a field's value, its lines joined (RFC 9110, 5.3), or nothing."""
        values = self.all(name)
        return ", ".join(values) if values else None


Exchange = Callable[[Request], Response]


class MalformedError(Exception):
    """Says that what a server sent is not HTTP/1.1."""


def format_request(request: Request, *, closes: bool = True) -> bytes:
    """Return a request as octets. Without ``closes`` the connection may be used again."""
    fields = [("Host", "static.example"), ("User-Agent", "contract"), *request.fields]
    if request.content or request.method in ("POST", "PUT", "PATCH"):
        fields.append(("Content-Length", str(len(request.content))))
    if closes:
        fields.append(("Connection", "close"))
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    # What is not latin-1 goes out as UTF-8, as any client would.
    head = b"\r\n".join(_encode(line) for line in lines)
    return head + b"\r\n\r\n" + request.content


def parse_head(head: bytes) -> Response:
    """Return the status and fields of an answer. Raises ``MalformedError``."""
    first, *lines = head.decode("latin-1").split("\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise MalformedError(f"not a status line: {first!r}")
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or _TOKEN.fullmatch(name) is None or "\r" in value or "\n" in value or "\0" in value:
            raise MalformedError(f"not a field line: {line!r}")
        fields.append((name, value.strip(" \t")))
    return Response(int(match[2]), tuple(fields), b"", match[3])


def exchange_on_socket(port: int) -> Exchange:
    """Return a function that asks a server on its own connection and counts every octet until the end of it."""

    def exchange(request: Request) -> Response:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
            connection.sendall(format_request(request))
            received = bytearray()
            is_complete = True
            try:
                while piece := connection.recv(256 * 1024):
                    received += piece
            except ConnectionResetError:
                # A server that closes with a request's content unread resets; what it sent before is here.
                is_complete = False
        head, end, octets = bytes(received).partition(b"\r\n\r\n")
        if not end:
            raise MalformedError(f"the head does not end: {head[:200]!r}")
        return parse_head(head)._replace(octets=octets, is_complete=is_complete)

    return exchange


class Connection:
    """One connection for several requests: each answer is as long as its head says, and no longer.

    A server may close it whenever an answer is complete; then there is another.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._file: BinaryIO | None = None
        self._socket: socket.socket | None = None
        self._is_fresh = True
        self.kept = 0
        """How many requests went out on a connection that had carried one before."""

    def exchange(self, request: Request) -> Response:
        """Send a request and read the answer. Raises ``MalformedError`` if the octets between two are not none."""
        octets = format_request(request, closes=False)
        head = self._send(octets)
        if not head and not self._is_fresh:
            self.close()
            head = self._send(octets)
        assert self._file is not None
        self.kept += not self._is_fresh
        self._is_fresh = False
        while not head.endswith(b"\r\n\r\n"):
            line = self._file.readline()
            if not line:
                raise MalformedError(f"the connection ended within a head: {head[:200]!r}")
            head += line
        response = parse_head(head.removesuffix(b"\r\n\r\n"))
        if request.method != "HEAD" and response.status not in (204, 304):
            length = response.get("Content-Length")
            if length is None:
                raise MalformedError("there is no length on a connection that is kept")
            response = response._replace(octets=self._file.read(int(length)))
        if "close" in (response.get("Connection") or "").lower() or head.startswith(b"HTTP/1.0"):
            rest = self._file.read()
            self.close()
            if rest:
                raise MalformedError(f"more octets than were promised: {rest[:200]!r}")
        return response

    def close(self) -> None:
        """Close it."""
        if self._file is not None and self._socket is not None:
            self._file.close()
            self._socket.close()
        self._file = self._socket = None

    def _send(self, octets: bytes) -> bytes:
        """Send octets and return the first line of what comes back, or nothing if the connection was closed."""
        if self._socket is None:
            self._is_fresh = True
            self._socket = socket.create_connection(("127.0.0.1", self._port), TIMEOUT)
            self._file = self._socket.makefile("rb")
        assert self._file is not None
        try:
            self._socket.sendall(octets)
            return self._file.readline()
        except (BrokenPipeError, ConnectionResetError):
            return b""


def _encode(line: str) -> bytes:
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode("utf-8")


class _Response(webtest.TestResponse):  # type: ignore[misc]  # WebTest has no types
    def decode_content(self) -> None:
        """Leave the content coded: it is what we test, and WebTest knows no br."""


class _Request(webtest.TestRequest):  # type: ignore[misc]  # WebTest has no types
    ResponseClass = _Response


def make_environ(request: Request, **more: Any) -> WSGIEnvironment:
    """Return a request as PEP 3333 has it; ``more`` wins."""
    path, _, query = request.target.partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(_encode(path)).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "static.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.content),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "HTTP_HOST": "static.example",
        **more,
    }
    if request.content or request.method in ("POST", "PUT", "PATCH"):
        environ["CONTENT_LENGTH"] = str(len(request.content))
    for name, value in request.fields:
        key = f"HTTP_{name.upper().replace('-', '_')}"
        text = _encode(value.strip(" \t")).decode("latin-1")
        environ[key] = f"{environ[key]}, {text}" if key in environ else text
    return environ


def exchange_in_webtest(application: WSGIApplication, **environ: Any) -> Exchange:
    """Return a function that asks an application through ``webtest.TestApp`` and its lint."""
    app = webtest.TestApp(application, lint=True)
    app.RequestClass = _Request

    def exchange(request: Request) -> Response:
        answer = app.do_request(_Request(make_environ(request, **environ)), status="*", expect_errors=True)
        assert not answer.errors
        return Response(answer.status_int, tuple(answer.headerlist), answer.body)

    return exchange


def exchange_in_validator(application: WSGIApplication, **environ: Any) -> Exchange:
    """Return a function that asks an application through ``wsgiref.validate``."""
    validated = validator(application)

    def exchange(request: Request) -> Response:
        answers: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, fields: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[..., object]:
            answers.append((status, fields))
            return lambda octets: None

        body = validated(make_environ(request, **environ), start_response)
        try:
            octets = b"".join(body)
        finally:
            # The validator says that there is one.
            body.close()  # type: ignore[attr-defined]
        [(status, fields)] = answers
        return Response(int(status[:3]), tuple(fields), octets, status[4:])

    return exchange
