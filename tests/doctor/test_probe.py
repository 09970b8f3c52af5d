"""``--probe`` drives the project's application, ``--url`` a live site."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.doctor.projects import Project, ids, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path / "project")
    project.collect()
    return project


def wrap(project: Project, code: str) -> None:
    """Put a WSGI middleware around the project's application, which has ``serve_static`` within."""
    path = project.path / "wsgi.py"
    path.write_text(path.read_text().replace("application = ", "inner = ") + code)


PAGE_FOR_EVERYTHING = """
def application(environ, start_response):
    if environ["PATH_INFO"].startswith("/static/"):
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<!doctype html>"]
    return inner(environ, start_response)
"""

WITHOUT_TAGS = """
def application(environ, start_response):
    environ.pop("HTTP_IF_NONE_MATCH", None)
    def start(status, fields, exc_info=None):
        return start_response(status, [each for each in fields if each[0] not in ("ETag", "Last-Modified")])
    return inner(environ, start)
"""

SHORT_LIVED = """
def application(environ, start_response):
    def start(status, fields, exc_info=None):
        kept = [each for each in fields if each[0] != "Cache-Control"]
        return start_response(status, [*kept, ("Cache-Control", "no-cache" if status[:3] == "200" else "no-store")])
    return inner(environ, start)
"""

CACHED_MISSES = """
def application(environ, start_response):
    def start(status, fields, exc_info=None):
        kept = [each for each in fields if each[0] != "Cache-Control" or status[:3] != "404"]
        return start_response(status, kept)
    return inner(environ, start)
"""

CUT = """
def application(environ, start_response):
    body = b"".join(inner(environ, start_response))
    return [body[:-1]]
"""

BROKEN = """
raise RuntimeError("the-secret-of-the-tests")
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("application = inner", []),
        (PAGE_FOR_EVERYTHING, ["E013"]),
        (WITHOUT_TAGS, ["W052"]),
        (SHORT_LIVED, ["W053"]),
        (CACHED_MISSES, ["W023"]),
        (CUT, ["E051"]),
        (BROKEN, ["E056"]),
    ],
)
def test_answers_are_judged(project: Project, code: str, expected: list[str]) -> None:
    wrap(project, code)
    found = project.doctor("--probe")
    assert ids(found) == expected, found


def test_a_manifest_value_that_is_not_served_is_said(project: Project) -> None:
    # One with references: its original has other bytes, so nothing is there to be proven.
    project.hashed("shop/a.css").unlink()
    found = project.doctor("--probe", "--only", "E050,E013,W022")
    assert ids(found) == ["E050", "W022"]


def test_where_nothing_serves_that_alone_is_said(project: Project) -> None:
    project.unwrap()
    found = project.doctor("--probe", "--ignore", "W023")
    assert ids(found) == ["E006", "E054"]


def test_a_page_that_fails_is_said(project: Project) -> None:
    project.write("shop/templates/shop/index.html", "{% load static %}{% static 'shop/gone.css' %}")
    assert ids(project.doctor("--probe")) == ["E002", "E054"]


def test_it_judges_production_whatever_debug_is(project: Project) -> None:
    project.settings("DEBUG = True\n")
    assert project.doctor("--probe", "--deploy", "--ignore", "W023") == []


class OtherRelease(BaseHTTPRequestHandler):
    """A server with files of another release, and a page that links to them."""

    def do_GET(self) -> None:
        pages = {
            "/": ("text/html", b'<link href="/static/shop/a.000000000000.css">'),
            "/static/shop/a.000000000000.css": ("text/css", b"a {}"),
        }
        found = pages.get(self.path)
        self.send_response(200 if found else 404)
        media_type, body = found or ("text/html", b"<h1>Not found</h1>")
        self.send_header("Content-Type", media_type)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def running(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_live_site_with_another_release_is_told_from_one_without_files(project: Project) -> None:
    with running(OtherRelease) as url:
        found = project.doctor("--url", url)
    assert ids(found) == ["W034"]
    assert "shop/main." in found[0]["message"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense", "ftp://127.0.0.1/", "http://[bad"])
def test_a_site_that_cannot_be_asked_is_a_finding(project: Project, url: str) -> None:
    assert ids(project.doctor("--url", url)) == ["E056"]
