"""The application that the contract is held by: one mount for each folder, with the options that make it differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from staticserve import StaticServe

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.headers import Headers

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def make_application(root: str, *, autorefresh: bool = False) -> WSGIApplication:
    """Return the application that serves the tree in ``root``."""
    application: WSGIApplication = answer
    application = StaticServe(
        application,
        root=f"{root}/bare",
        prefix="/bare/",
        misses="answer",
        autorefresh=autorefresh,
        allow_all_origins=False,
        max_age=None,
        charset="",
    )
    application = StaticServe(
        application,
        root=f"{root}/hooked",
        prefix="/hooked/",
        misses="answer",
        autorefresh=autorefresh,
        fields={"X-Own": "yes"},
        add_headers_function=add_headers,
        immutable_file_test=r"\.v[0-9]+\.",
        mimetypes={".tpl": "text/x-template"},
    )
    application = StaticServe(
        application,
        root=f"{root}/pages",
        prefix="/pages/",
        misses="answer",
        autorefresh=autorefresh,
        index_file=True,
    )
    return StaticServe(application, root=f"{root}/static", prefix="/static/", misses="answer", autorefresh=autorefresh)


def add_headers(headers: Headers, path: str, url: str) -> None:
    """Set fields, as a user's hook does."""
    headers["Vary"] = "Origin"
    headers["X-Hook"] = "called"


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer what is not static."""
    text = b"from the application\n"
    fields = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(text))),
        ("Cache-Control", "no-store"),
        ("X-Application", "answered"),
    ]
    start_response("200 OK", fields)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [text]
