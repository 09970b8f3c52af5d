"""Files, and a real server with a client like ``requests``. Lies beside WhiteNoise's tests as ``tests/utils.py``."""

from __future__ import annotations

import gzip
import os
from http.client import HTTPConnection
from threading import Thread
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urljoin
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import shift_path_info

import brotli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from email.message import Message

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Longer than any answer takes; reached only by a server that hangs.
_TIMEOUT: Final = 10.0

_DECODERS: Final[Mapping[str | None, Callable[[bytes], bytes]]] = {
    None: bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}


class Files:
    """A directory in ``files/``, and of each name given: ``…_path``, ``…_url`` and ``…_content``."""

    def __init__(self, directory: str, **names: str) -> None:
        self.directory = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files", directory)
        for key, name in names.items():
            with open(os.path.join(self.directory, name), "rb") as file:
                content = file.read()
            vars(self).update(
                {f"{key}_path": name, f"{key}_url": f"/{AppServer.PREFIX}/{name}", f"{key}_content": content}
            )


class Response(NamedTuple):
    """An answer under the names that it has in ``requests``, whose ``content`` is decoded, too."""

    url: str
    status_code: int
    headers: Message
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class AppServer:
    """An application below ``/PREFIX`` on a port of its own, and a client that asks it."""

    PREFIX = "subdir"

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._server = make_server("127.0.0.1", 0, self._answer, handler_class=_QuietHandler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def get(self, url: str, headers: Mapping[str, str | None] | None = None, allow_redirects: bool = True) -> Response:
        return self.request("get", url, headers, allow_redirects)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str | None] | None = None,
        allow_redirects: bool = True,
    ) -> Response:
        """Return the answer, or where it leads. A field that is ``None`` is not sent."""
        response = self._exchange(method.upper(), url, {"Accept-Encoding": "gzip, deflate", **(headers or {})})
        location = response.headers["Location"]
        if location is None or not allow_redirects:
            return response
        return self.request(method, urljoin(url, location), headers)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _exchange(self, method: str, url: str, fields: Mapping[str, str | None]) -> Response:
        connection = HTTPConnection("127.0.0.1", self._server.server_port, timeout=_TIMEOUT)
        try:
            connection.putrequest(method, quote(url, safe="/%?&=:"), skip_accept_encoding=True)
            for name, value in fields.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        decode = _DECODERS[answer.headers["Content-Encoding"] if content else None]
        return Response(url, answer.status, answer.headers, decode(content))

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if shift_path_info(environ) == self.PREFIX:
            return self._application(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"This is not below the prefix.\n"]


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: pytest's output is read."""
