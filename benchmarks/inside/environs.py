"""WSGI environs, and taking an answer as a server does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from wsgiref.util import FileWrapper

from benchmarks.contenders import PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ACCEPT_ENCODING: Final = "gzip, deflate, br, zstd"
"""What Chromium and Firefox send."""


class Answer(NamedTuple):
    """What an application answered. The names of the fields are in lower case."""

    status: int
    fields: dict[str, str]
    octets: int


def make_environ(name: str) -> dict[str, Any]:
    """Return the environ of a browser's GET for a file."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": PREFIX + name,
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "HTTP_ACCEPT": "text/css,*/*;q=0.1",
        "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.5",
        "HTTP_ACCEPT_ENCODING": ACCEPT_ENCODING,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.file_wrapper": FileWrapper,
    }


def ask(application: WSGIApplication, environ: dict[str, Any]) -> Answer:
    """Have a request answered, and take the answer as a server would."""
    started: list[Any] = []

    def start_response(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = status, fields

    body = application(environ, start_response)
    octets = sum(len(piece) for piece in body)
    if hasattr(body, "close"):
        body.close()
    status, fields = started
    return Answer(int(status[:3]), {name.lower(): value for name, value in fields}, octets)
