"""What the servers of these tests import: static files below ``/static/``, and a page that asks for them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from typing import TYPE_CHECKING

from staticserve import StaticServe
from staticserve.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ROOT = os.environ["DELTAS_ROOT"]


def _read_page() -> bytes:
    """Return the page of the newest release: both files with the hash that the browser must find (SRI, 3.3)."""
    with open(f"{_ROOT}/{MANIFEST_NAME}", encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    told = {}
    for logical in ("app.css", "js/app.js"):
        with open(f"{_ROOT}/{paths[logical]}", "rb") as file:
            digest = base64.b64encode(hashlib.sha384(file.read()).digest()).decode()
        told[logical] = f'="/static/{paths[logical]}" integrity="sha384-{digest}"'
    page = (
        "<!doctype html><title>Deltas</title><link rel=icon href='data:,'>"
        f"<link rel=stylesheet href{told['app.css']}><script src{told['js/app.js']}></script>"
    )
    return page.encode()


_PAGE = _read_page()


def _answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    fields = [("Content-Type", "text/html"), ("Content-Length", str(len(_PAGE))), ("Cache-Control", "no-store")]
    start_response("200 OK", fields)
    # What was asked, for whoever wants to know what reached the server.
    print(environ["PATH_INFO"], file=sys.stderr, flush=True)
    return [_PAGE]


# A name that no server knows by itself.
application = StaticServe(_answer, _ROOT, "/static/", secure_proxy_ssl_header=("HTTP_X_SCHEME", "https"))
