"""The application behind the servers of these tests: static files in several ways, and views that differ in theirs."""

from __future__ import annotations

import gzip
import os
import random
import time
from typing import TYPE_CHECKING, Final

from staticserve import StaticServe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CSS: Final = b"body { margin: 0; color: #123456; }\n" * 40
SCRIPT: Final = b"console.log('static');\n" * 20
# More than memory_per_file below, so it is sent from disk; and more than the sockets' buffers take.
LARGE: Final = random.Random(4).randbytes(24_000)
HUGE: Final = random.Random(5).randbytes(10 * 1024 * 1024)

MODIFIED: Final = 1_709_634_030
LAST_MODIFIED: Final = "Tue, 05 Mar 2024 10:20:30 GMT"

_FILES: Final[dict[str, bytes]] = {
    "static/app.css": CSS,
    "static/app.css.gz": gzip.compress(CSS, mtime=0),
    "static/js/app.js": SCRIPT,
    "static/empty.txt": b"",
    "static/one.txt": b"1",
    "static/large.bin": LARGE,
    "static/naïve café.txt": SCRIPT,
    "assets/index.html": b"<!doctype html><title>Assets</title>\n",
    "assets/docs/index.html": b"<!doctype html><title>Docs</title>\n",
    "assets/logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>\n",
}

_VISIBLE_KEYS: Final = (
    *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "RAW_URI", "SERVER_PROTOCOL", "SERVER_NAME"),
    *("CONTENT_TYPE", "CONTENT_LENGTH", "wsgi.url_scheme", "wsgi.multithread", "wsgi.input_terminated"),
)


def write_files(root: str, *, huge: bool = False) -> None:
    """Write the files that are served below a directory."""
    for name, octets in (*_FILES.items(), *([("static/huge.bin", HUGE)] if huge else [])):
        path = f"{root}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(octets)
        os.utime(path, (MODIFIED, MODIFIED))


def make_application(root: str) -> WSGIApplication:
    """Return the views, behind ``/static/``, which passes on what it has not, and ``/assets/``, which answers."""
    application: WSGIApplication = answer
    application = StaticServe(
        application, root=f"{root}/assets", prefix="/assets/", index_file=True, misses="answer", fields={"X-Own": "yes"}
    )
    return StaticServe(application, root=f"{root}/static", prefix="/static/", memory_per_file=8192)


def make_wrapped(root: str) -> WSGIApplication:
    """Return the same, behind a middleware that knows nothing of it."""
    application = make_application(root)

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wrapped"] = True
        return application(environ, start_response)

    return middleware


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the path says; by default tell what the request was, without reading its content."""
    view = _VIEWS.get(environ["PATH_INFO"], _tell)
    return view(environ, start_response)


def _tell(environ: WSGIEnvironment, start_response: StartResponse, content: str = "unread") -> Iterable[bytes]:
    seen = {key: environ.get(key) for key in _VISIBLE_KEYS}
    seen |= {key: value for key, value in environ.items() if key.startswith("HTTP_")}
    lines = [f"{key}={value!r}" for key, value in sorted(seen.items())]
    text = "\n".join((*lines, f"content={content}", "")).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]


def _tell_with_content(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return _tell(environ, start_response, repr(environ["wsgi.input"].read()))


def _send_chunks(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"one", b"", b"two", b"three" * 100]


def _send_nothing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 No Content", [])
    return []


def _fail(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise ValueError("as it was asked to")


def _sleep(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    # A slow view; the test that asks for it stops it by ending the server.
    time.sleep(60)
    return _tell(environ, start_response)


_VIEWS: Final[dict[str, Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]]] = {
    "/read": _tell_with_content,
    "/chunks": _send_chunks,
    "/nothing": _send_nothing,
    "/fail": _fail,
    "/sleep": _sleep,
}
