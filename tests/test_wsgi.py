"""``StaticServe``, driven in process."""

from __future__ import annotations

import gc
import gzip
import hashlib
import inspect
import os
import random
import re
import warnings
from itertools import combinations, pairwise
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple
from urllib.parse import urljoin
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whitenoise import WhiteNoise

from staticserve import ConfigurationError, StaticServe
from staticserve.options import OPTION_NAMES
from staticserve.plan import REQUEST_FIELDS
from tests.catalogue import LAST_MODIFIED, MTIME, replace_file, sidecars, write_files

with warnings.catch_warnings():
    # WebOb imports cgi, which is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from webtest import TestApp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from wsgiref.headers import Headers

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTENT: Final = b"body { color: red }\n" * 100
# More than is kept in memory, and no two pieces of it equal.
BIG: Final = b"".join(number.to_bytes(8, "big") for number in range(200_000))
FOREVER: Final = "max-age=315360000, public, immutable"


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer what is not a static file."""
    start_response("200 OK", [("Content-Type", "text/html"), ("X-From", "application")])
    return [b"application"]


class Answer(NamedTuple):
    """What a server would have got."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def field(self, name: str) -> str | None:
        """Return a field's value. None of ours is ever there twice."""
        values = [value for field, value in self.fields if field.lower() == name.lower()]
        assert len(values) <= 1, values
        return values[0] if values else None


def make_environ(path: str, method: str, fields: Mapping[str, str], more: Mapping[str, Any]) -> WSGIEnvironment:
    environ: WSGIEnvironment = {"REQUEST_METHOD": method, "PATH_INFO": path}
    environ.update({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields.items()})
    environ.update(more)
    return environ


def start(app: StaticServe, environ: WSGIEnvironment) -> tuple[int, list[tuple[str, str]], Iterable[bytes]]:
    """Return the status, the fields and the body that is still to be read and closed."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, fields: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        started.append((status, fields))
        return lambda octets: None

    body = app(environ, start_response)
    ((status, fields),) = started
    return int(status[:3]), fields, body


def call(
    app: StaticServe, path: str, method: str = "GET", fields: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    """Do what a server does, without any of its checks."""
    status, answer_fields, body = start(app, make_environ(path, method, fields or {}, more))
    try:
        pieces = list(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    assert all(type(piece) is bytes for piece in pieces)
    return Answer(status, answer_fields, b"".join(pieces))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    write_files(
        root,
        {
            **sidecars("app.css", CONTENT),
            **dict.fromkeys(("empty.txt", "css/empty.css"), b""),
            f"app.{hashlib.md5(CONTENT).hexdigest()[:12]}.css": CONTENT,
            "film.mp4": BIG,
            "docs/index.html": b"<p>docs",
            "index.html": b"<p>root",
            "\u00e9.txt": b"name",
        },
    )
    return root


# Construction


def test_every_keyword_of_whitenoise_is_one_of_ours() -> None:
    theirs = set(inspect.signature(WhiteNoise.__init__).parameters) - {"self"}
    assert theirs <= {"application", "root", "prefix", *OPTION_NAMES}


def test_whitenoises_call_works_as_it_is_written(root: Path) -> None:
    def add_headers_function(headers: Headers, path: str, url: str) -> None:
        headers["X-Path"] = os.path.relpath(path, root)
        headers["X-Url"] = url

    app = StaticServe(
        application,
        root=str(root),
        prefix="static/",
        max_age=600,
        charset="latin-1",
        index_file=True,
        allow_all_origins=False,
        mimetypes={".css": "text/x-own"},
        add_headers_function=add_headers_function,
        immutable_file_test=r"empty",
    )
    answer = TestApp(app).get("/static/app.css")
    assert answer.headers["Content-Type"] == "text/x-own; charset=latin-1"
    assert answer.headers["Cache-Control"] == "max-age=600, public"
    assert answer.headers["X-Path"] == "app.css"
    assert answer.headers["X-Url"] == "/static/app.css"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert TestApp(app).get("/static/docs/").body == b"<p>docs"
    assert TestApp(app).get("/static/css/empty.css").headers["Cache-Control"] == FOREVER


def test_a_wrong_option_is_an_error_that_names_the_right_one(root: Path) -> None:
    options: dict[str, Any] = {"maxage": 60}
    with pytest.raises(ConfigurationError, match=r"StaticServe\(\): .*'maxage'.*'max_age'"):
        StaticServe(application, root=root, **options)


@pytest.mark.parametrize("prefix", ["static", "/static", "static/", "/static/", "//static//"])
def test_a_prefix_is_one_however_its_slashes_are_written(root: Path, prefix: str) -> None:
    app = StaticServe(application, root=root, prefix=prefix)
    assert call(app, "/static/app.css").body == CONTENT
    assert call(app, "/staticapp.css").field("X-From") == "application"
    assert call(app, "/app.css").field("X-From") == "application"


@pytest.mark.parametrize("prefix", [None, "", "/"])
def test_without_a_prefix_the_root_is_served_at_the_root(root: Path, prefix: str | None) -> None:
    app = StaticServe(application, root=root, prefix=prefix)
    assert call(app, "/app.css").body == CONTENT
    assert call(app, "/missing").field("X-From") == "application"
    assert call(app, "/").field("X-From") == "application"


def test_a_prefix_that_is_not_ascii_is_served(root: Path) -> None:
    app = StaticServe(application, root=root, prefix="/d\u00e9p\u00f4t/")
    assert TestApp(app).get("/d%C3%A9p%C3%B4t/%C3%A9.txt").body == b"name"


def test_a_missing_root_is_logged_and_the_application_runs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = StaticServe(application, root=tmp_path / "missing", prefix="static")
    assert str(tmp_path / "missing") in caplog.text
    assert call(app, "/static/app.css").field("X-From") == "application"


@pytest.mark.parametrize("manifest", [b"", b"{", b"\xff", b"[]", b'{"version": "9", "paths": {}}'])
def test_a_damaged_manifest_is_logged_and_the_files_are_served(
    root: Path, manifest: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    write_files(root, {"staticfiles.json": manifest})
    app = StaticServe(application, root=root)
    assert "staticfiles.json" in caplog.text
    assert call(app, "/app.css").body == CONTENT
    assert call(app, "/staticfiles.json").field("X-From") == "application"


@pytest.mark.parametrize("autorefresh", [False, True])
def test_a_tree_with_what_cannot_be_served_boots(root: Path, autorefresh: bool) -> None:
    (root / "broken.css").symlink_to("missing.css")
    (root / "loop").symlink_to("loop")
    (root / "css" / "up").symlink_to("..")
    os.mkfifo(root / "fifo")
    app = StaticServe(application, root=root, autorefresh=autorefresh)
    assert call(app, "/app.css").body == CONTENT
    for path in ("/broken.css", "/loop", "/loop/app.css", "/fifo"):
        assert call(app, path).field("X-From") == "application"


# Several roots


def test_where_two_directories_have_a_name_the_later_ones_is_served(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/x.txt": b"a", "a/only-a.txt": b"a", "b/x.txt": b"b", "c/y.txt": b"c"})
    app = StaticServe(application, root=tmp_path / "a", prefix="/static/")
    app.add_files(str(tmp_path / "b"), prefix="static")
    app.add_files(tmp_path / "c", "/more/")
    assert call(app, "/static/x.txt").body == b"b"
    assert call(app, "/static/only-a.txt").body == b"a"
    assert call(app, "/more/y.txt").body == b"c"
    assert call(app, "/static/y.txt").field("X-From") == "application"


def test_a_prefix_below_another_falls_back_to_it(tmp_path: Path) -> None:
    write_files(tmp_path, {"site/static/x.txt": b"site", "site/static/y.txt": b"site", "static/x.txt": b"static"})
    app = StaticServe(application, root=tmp_path / "site")
    app.add_files(tmp_path / "static", prefix="/static/")
    assert call(app, "/static/x.txt").body == b"static"
    assert call(app, "/static/y.txt").body == b"site"


def test_a_directory_that_is_added_after_the_first_request_is_the_later_one(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/x.txt": b"a", "b/x.txt": b"b"})
    app = StaticServe(application, root=tmp_path / "a")
    assert call(app, "/x.txt").body == b"a"
    app.add_files(tmp_path / "b")
    assert call(app, "/x.txt").body == b"b"


# Misses


def test_a_miss_is_passed_to_the_application(root: Path) -> None:
    app = StaticServe(application, root=root, prefix="static")
    assert call(app, "/static/missing.css").field("X-From") == "application"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_miss_is_answered_where_the_option_says_so(root: Path, method: str) -> None:
    app = StaticServe(application, root=root, prefix="static", misses="answer")
    # The CDN that keeps the 404 of one moment of a deploy keeps the site broken for hours.
    answer = call(app, "/static/app.0123456789ab.css", method)
    assert answer.status == 404
    assert answer.field("Cache-Control") == "no-store"
    assert answer.field("Content-Type") == "text/plain; charset=utf-8"
    assert (answer.body == b"") is (method == "HEAD")
    for path in ("/", "/static", "/statics/x", "/other"):
        assert call(app, path, method).field("X-From") == "application"


def test_without_an_application_all_else_is_a_miss(root: Path) -> None:
    app = TestApp(StaticServe(root=root, prefix="static"))
    assert app.get("/static/app.css").body == CONTENT
    for path in ("/", "/other", "/static/missing.css"):
        answer = app.get(path, status=404)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert app.head(path, status=404).body == b""


def test_an_application_that_is_empty_is_an_application(root: Path) -> None:
    class Router(dict[str, object]):
        """A mapping of routes, which is false while it has none."""

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return application(environ, start_response)

    assert call(StaticServe(Router(), root=root), "/missing").field("X-From") == "application"


def test_the_application_gets_the_request_as_it_came(root: Path) -> None:
    seen: list[WSGIEnvironment] = []

    def witness(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(dict(environ))
        return application(environ, start_response)

    environ = make_environ("/static/missing", "POST", {"range": "x"}, {"SCRIPT_NAME": "/a", "QUERY_STRING": "b=c"})
    start(StaticServe(witness, root=root, prefix="static"), dict(environ))
    assert seen == [environ]


# Where the path is


@pytest.mark.parametrize(
    ("script_name", "path_info"),
    [("", "/static/app.css"), ("/app", "/static/app.css"), ("/static", "/app.css"), ("/sta", "tic/app.css")],
)
def test_the_prefix_is_found_in_the_path_or_in_script_name_and_path(
    root: Path, script_name: str, path_info: str
) -> None:
    app = StaticServe(application, root=root, prefix="/static/")
    for _ in range(2):
        assert call(app, path_info, SCRIPT_NAME=script_name).body == CONTENT


def test_a_prefix_below_the_script_name_is_served(root: Path) -> None:
    app = StaticServe(application, root=root, prefix="/app/static/")
    assert call(app, "/static/app.css", SCRIPT_NAME="/app").body == CONTENT
    assert call(app, "/static/app.css", SCRIPT_NAME="/other").field("X-From") == "application"
    assert call(app, "/static/app.css").field("X-From") == "application"


def test_an_environ_without_a_path_is_the_applications(root: Path) -> None:
    app = StaticServe(application, root=root, prefix="static")
    assert start(app, {"REQUEST_METHOD": "GET"})[1][-1] == ("X-From", "application")


def test_path_info_is_utf_8_read_as_latin_1(root: Path) -> None:
    app = StaticServe(application, root=root)
    assert TestApp(app).get("/%C3%A9.txt").body == b"name"
    # Latin-1 itself is not UTF-8.
    assert call(app, "/\xe9.txt").field("X-From") == "application"


# Index files


@pytest.mark.parametrize("autorefresh", [False, True])
@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/static/docs", "/static/docs/"),
        ("/static/docs/index.html", "/static/docs/"),
        ("/static/index.html", "/static/"),
        ("/static", "/static/"),
    ],
)
@pytest.mark.parametrize(("script_name", "query"), [("", ""), ("", "page=2&x=%C3%A9"), ("/app", "a=b")])
def test_a_directory_without_its_slash_and_its_index_file_lead_to_it(
    root: Path, path: str, target: str, script_name: str, query: str, autorefresh: bool
) -> None:
    app = TestApp(StaticServe(application, root=root, prefix="static", index_file=True, autorefresh=autorefresh))
    url = f"http://localhost{script_name}{path}" + (f"?{query}" if query else "")
    answer = app.get(f"{path}?{query}", extra_environ={"SCRIPT_NAME": script_name}, status=302)
    location = answer.headers["Location"]
    assert not location.startswith(("/", "http"))
    assert urljoin(url, location) == f"http://localhost{script_name}{target}" + (f"?{query}" if query else "")
    assert answer.headers["Content-Length"] == "0"


def test_the_directory_is_its_index_file(root: Path) -> None:
    app = TestApp(StaticServe(application, root=root, prefix="static", index_file=True))
    assert app.get("/static/docs/").body == b"<p>docs"
    assert app.get("/static/").body == b"<p>root"
    assert app.get("/static/").headers["Content-Type"] == "text/html; charset=utf-8"
    assert app.get("/static/css/").headers["X-From"] == "application"


def test_the_bare_root_of_a_mounted_site_leads_to_the_mount(root: Path) -> None:
    # A server that has mounted us at /app sends an empty PATH_INFO for it.
    app = StaticServe(application, root=root, index_file=True)
    answer = call(app, "", SCRIPT_NAME="/app")
    if answer.status == 302:
        assert urljoin("http://localhost/app", answer.field("Location") or "") == "http://localhost/app/"
    else:
        assert answer.body in (b"<p>root", b"application")


def test_without_the_option_a_directory_is_a_miss(root: Path) -> None:
    app = StaticServe(application, root=root, prefix="static")
    for path in ("/static", "/static/", "/static/docs", "/static/docs/"):
        assert call(app, path).field("X-From") == "application"
    assert call(app, "/static/docs/index.html").body == b"<p>docs"


# Fields


def test_a_file_has_the_fields_of_its_kind(root: Path) -> None:
    answer = call(StaticServe(application, root=root), "/app.css")
    assert dict(answer.fields) == {
        "Content-Length": str(len(CONTENT)),
        "Content-Type": "text/css; charset=utf-8",
        "ETag": f'"{hashlib.sha256(CONTENT).hexdigest()[:32]}"',
        "Last-Modified": LAST_MODIFIED,
        "Accept-Ranges": "bytes",
        "Cache-Control": "max-age=60, public",
        "Access-Control-Allow-Origin": "*",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }


@pytest.mark.parametrize(
    ("request_fields", "status"),
    [
        ({}, 200),
        ({"range": "bytes=0-0"}, 206),
        ({"if-none-match": "*"}, 304),
        ({"if-match": '"other"'}, 412),
        ({"range": "bytes=-0"}, 416),
    ],
)
def test_the_cors_field_and_the_users_fields_are_in_every_answer(
    root: Path, request_fields: dict[str, str], status: int
) -> None:
    app = StaticServe(application, root=root, fields={"X-Own": "1"})
    for path in ("/app.css", "/film.mp4"):
        answer = call(app, path, fields=request_fields)
        assert answer.status == status
        assert answer.field("Access-Control-Allow-Origin") == "*"
        assert answer.field("X-Own") == "1"
        assert answer.field("X-Content-Type-Options") == "nosniff"


def test_a_field_list_that_is_changed_by_others_is_not_ours(root: Path) -> None:
    app = StaticServe(application, root=root, misses="answer")
    for request_fields in ({}, {"range": "bytes=0-0"}, {"if-none-match": "*"}, {"if-match": '"x"'}):
        for path in ("/app.css", "/missing"):
            first = call(app, path, fields=request_fields)
            expected = list(first.fields)
            first.fields.append(("Connection", "close"))
            assert call(app, path, fields=request_fields).fields == expected


def test_another_method_is_405_with_a_length(root: Path) -> None:
    answer = call(StaticServe(application, root=root), "/app.css", "POST")
    assert (answer.status, answer.field("Content-Length"), answer.body) == (405, "0", b"")
    assert answer.field("Allow") == "GET, HEAD, OPTIONS"


def test_a_name_of_an_older_release_is_served_and_one_of_this_release_is_immutable(root: Path) -> None:
    write_files(
        root,
        {
            "staticfiles.json": b'{"version": "1.1", "hash": "", "paths": {"new.css": "new.aaaaaaaaaaaa.css"}}',
            "new.aaaaaaaaaaaa.css": b"new",
            "old.bbbbbbbbbbbb.css": b"old",
            "report.202611241200.pdf": b"a date is no digest",
        },
    )
    app = StaticServe(application, root=root)
    assert call(app, "/new.aaaaaaaaaaaa.css").field("Cache-Control") == FOREVER
    assert call(app, "/old.bbbbbbbbbbbb.css").body == b"old"
    assert call(app, "/old.bbbbbbbbbbbb.css").field("Cache-Control") == "max-age=60, public"
    assert call(app, "/report.202611241200.pdf").field("Cache-Control") == "max-age=60, public"
    assert call(app, f"/app.{hashlib.md5(CONTENT).hexdigest()[:12]}.css").field("Cache-Control") == FOREVER


def test_a_tag_is_of_the_content_not_of_the_time(root: Path) -> None:
    first = call(StaticServe(application, root=root), "/docs/index.html").field("ETag")
    os.utime(root / "docs/index.html", (MTIME + 5, MTIME + 5))
    assert call(StaticServe(application, root=root), "/docs/index.html").field("ETag") == first
    # The next deploy: the same size and time, other bytes. A peer answers 304 here.
    write_files(root, {"docs/index.html": b"<p>DOCS"})
    fields = {"if-none-match": first or ""}
    assert call(StaticServe(application, root=root), "/docs/index.html", fields=fields).body == b"<p>DOCS"


def test_every_coding_has_its_own_tag_and_decodes_to_the_file(root: Path) -> None:
    app = StaticServe(application, root=root)
    answers = {
        coding: call(app, "/app.css", fields={"accept-encoding": coding}) for coding in ("gzip", "br", "zstd", "x")
    }
    assert len({answer.field("ETag") for answer in answers.values()}) == 4
    assert {coding: answer.field("Content-Encoding") for coding, answer in answers.items()} == {
        **{coding: coding for coding in ("gzip", "br", "zstd")},
        "x": None,
    }
    assert gzip.decompress(answers["gzip"].body) == answers["x"].body == CONTENT
    for suffix, coding in ((".br", "br"), (".zst", "zstd")):
        assert answers[coding].body == (root / f"app.css{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        ("gzip;q=0", None),
        ("GZIP", "gzip"),
        ("my-gzip", None),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("gzip;q=0.5, br;q=1", "br"),
    ],
)
def test_what_the_peers_search_for_is_parsed(root: Path, accept_encoding: str, coding: str | None) -> None:
    answer = call(StaticServe(application, root=root), "/app.css", fields={"accept-encoding": accept_encoding})
    assert answer.field("Content-Encoding") == coding


def test_a_stale_sidecar_is_never_sent(root: Path) -> None:
    write_files(root, {"app.css": CONTENT.swapcase()})
    app = StaticServe(application, root=root)
    answer = call(app, "/app.css", fields={"accept-encoding": "gzip, br, zstd"})
    assert (answer.field("Content-Encoding"), answer.body) == (None, CONTENT.swapcase())


def test_hidden_files_the_manifest_sidecars_and_links_out_are_not_served(root: Path) -> None:
    write_files(
        root, {".env": b"secret", "staticfiles.json": b"{}", ".git/config": b"secret", ".well-known/x": b"known"}
    )
    write_files(root.parent, {"secret.txt": b"secret"})
    (root / "out.txt").symlink_to("../secret.txt")
    (root / "out").symlink_to("..")
    for autorefresh in (False, True):
        app = StaticServe(application, root=root, autorefresh=autorefresh)
        for path in ("/.env", "/staticfiles.json", "/.git/config", "/out.txt", "/out/secret.txt", "/app.css.gz"):
            assert call(app, path).field("X-From") == "application"
        assert call(app, "/.well-known/x").body == b"known"
        allowed = StaticServe(application, root=root, autorefresh=autorefresh, dotfiles=True, follow_symlinks=True)
        assert call(allowed, "/.env").body == b"secret"
        assert call(allowed, "/out.txt").body == b"secret"


# Octets, and files that change


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the name of an open file is asked of Linux")
def test_a_file_wrapper_gets_whole_big_files_and_nothing_else(root: Path) -> None:
    wrapped: list[tuple[str, int]] = []

    def file_wrapper(file: BinaryIO, size: int) -> Iterable[bytes]:
        wrapped.append((os.path.basename(str(os.readlink(f"/proc/self/fd/{file.fileno()}"))), file.tell()))
        return FileWrapper(file, size)

    more: dict[str, Any] = {"wsgi.file_wrapper": file_wrapper}
    app = StaticServe(application, root=root)
    for _ in range(2):
        assert call(app, "/film.mp4", **more).body == BIG
        assert call(app, "/film.mp4", fields={"range": "bytes=5-9"}, **more).body == BIG[5:10]
        assert call(app, "/film.mp4", "HEAD", **more).body == b""
        assert call(app, "/film.mp4", fields={"if-none-match": "*"}, **more).body == b""
        assert call(app, "/app.css", **more).body == CONTENT
    assert wrapped == [("film.mp4", 0)] * 2


def test_a_big_file_that_is_replaced_is_sent_with_its_new_length(root: Path) -> None:
    app = StaticServe(application, root=root)
    first = call(app, "/film.mp4")
    replace_file(root / "film.mp4", BIG[:1_200_000].swapcase())
    for method, body in (("HEAD", b""), ("GET", BIG[:1_200_000].swapcase())):
        answer = call(app, "/film.mp4", method)
        assert (answer.status, answer.body) == (200, body)
        assert answer.field("Content-Length") == "1200000"
        assert answer.field("ETag") != first.field("ETag")
    stale = {"if-none-match": first.field("ETag") or ""}
    assert call(app, "/film.mp4", fields=stale).status == 200


@pytest.mark.parametrize("fields", [{}, {"range": "bytes=1500000-"}, {"if-none-match": "*"}, {"if-match": "*"}])
def test_a_big_file_that_is_truncated_is_noticed_before_the_status(root: Path, fields: dict[str, str]) -> None:
    app = StaticServe(application, root=root)
    call(app, "/film.mp4")
    os.truncate(root / "film.mp4", 1000)
    answer = call(app, "/film.mp4", fields=fields)
    if answer.status == 200:
        assert (answer.field("Content-Length"), answer.body) == ("1000", BIG[:1000])
    elif answer.status == 416:
        assert answer.field("Content-Range") == "bytes */1000"
    else:
        assert answer.status == 304
        assert answer.field("ETag") == f'"{hashlib.sha256(BIG[:1000]).hexdigest()[:32]}"'


@pytest.mark.parametrize("fields", [{}, {"range": "bytes=0-0"}, {"if-none-match": "*"}, {"range": "bytes=0-1,5-6"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_big_file_that_is_deleted_is_a_miss(root: Path, method: str, fields: dict[str, str]) -> None:
    passing, answering = (StaticServe(application, root=root, misses=misses) for misses in ("pass", "answer"))
    for app in (passing, answering):
        call(app, "/film.mp4")
    (root / "film.mp4").unlink()
    assert call(passing, "/film.mp4", method, fields).field("X-From") == "application"
    assert call(answering, "/film.mp4", method, fields).status == 404


def test_a_small_file_that_changes_is_sent_whole_or_not_at_all(root: Path) -> None:
    app = StaticServe(application, root=root)
    call(app, "/app.css")
    replace_file(root / "app.css", CONTENT + b"more")
    for step in range(2):
        for accept_encoding in ("", "gzip", "br", "zstd"):
            answer = call(app, "/app.css", fields={"accept-encoding": accept_encoding})
            if answer.status == 200 and answer.field("X-From") is None:
                assert answer.field("ETag") == f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
                assert answer.field("Content-Length") == str(len(answer.body))
        if not step:
            (root / "app.css").unlink()


def test_a_file_that_is_truncated_while_it_is_sent_ends_the_connection(root: Path) -> None:
    app = StaticServe(application, root=root)
    _, _, body = start(app, make_environ("/film.mp4", "GET", {}, {}))
    pieces = iter(body)
    sent = [next(pieces)]
    os.truncate(root / "film.mp4", 100_000)
    with pytest.raises(OSError, match="truncated"):
        sent.extend(pieces)
    assert b"".join(sent) == BIG[:100_000]
    body.close()  # type: ignore[attr-defined]  # PEP 3333: "if the iterable has a close method"


def test_a_file_that_grows_or_is_replaced_while_it_is_sent_is_sent_as_it_was(root: Path) -> None:
    app = StaticServe(application, root=root)
    _, fields, body = start(app, make_environ("/film.mp4", "GET", {}, {}))
    with open(root / "film.mp4", "ab") as file:
        file.write(b"more")
    replace_file(root / "film.mp4", b"another")
    assert dict(fields)["Content-Length"] == str(len(BIG))
    assert b"".join(body) == BIG
    body.close()  # type: ignore[attr-defined]  # PEP 3333: "if the iterable has a close method"


def test_threads_that_send_one_file_do_not_share_it(root: Path) -> None:
    app = StaticServe(application, root=root)
    wrong: list[int] = []

    def work(thread: int) -> None:
        for number in range(10):
            first = (thread * 7919 + number * 104_729) % len(BIG)
            body = call(app, "/film.mp4", fields={"range": f"bytes={first}-"}).body
            if body != BIG[first:]:
                wrong.append(first)

    threads = [Thread(target=work, args=(thread,)) for thread in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_no_file_descriptor_is_left_open(root: Path) -> None:
    apps = [StaticServe(application, root=root, autorefresh=autorefresh) for autorefresh in (False, True)]
    requests: list[dict[str, str]] = [
        *({}, {"range": "bytes=0-0"}, {"range": "bytes=0-0,9-9"}, {"range": "bytes=-0"}, {"if-none-match": "*"}),
        *({"if-match": '"x"'}, {"accept-encoding": "br"}),
    ]

    def ask_everything() -> None:
        for app in apps:
            for fields in requests:
                for method in ("GET", "HEAD", "OPTIONS", "POST"):
                    for path in ("/film.mp4", "/app.css", "/docs/index.html", "/missing"):
                        call(app, path, method, fields)
            # A client that goes away before the first or a later piece.
            for pieces in (0, 1):
                _, _, body = start(app, make_environ("/film.mp4", "GET", {}, {}))
                for _, _piece in zip(range(pieces), body, strict=False):
                    pass
                body.close()  # type: ignore[attr-defined]  # PEP 3333: "if the iterable has a close method"

    ask_everything()
    gc.collect()
    before = len(os.listdir("/dev/fd"))
    ask_everything()
    assert len(os.listdir("/dev/fd")) == before


# Memory


@pytest.mark.parametrize("memory", [0, 1, 5000, 50_000])
def test_little_memory_changes_no_answer_and_is_never_exceeded(root: Path, memory: int) -> None:
    files = {f"many/{number}.txt": str(number).encode() * number * 10 for number in range(100)}
    write_files(root, files)
    app = StaticServe(application, root=root, memory=memory)
    for name, content in [*files.items(), *files.items()]:
        assert call(app, f"/{name}").body == content
        assert app.memory.used <= memory
    for accept_encoding in ("gzip", "br"):
        answer = call(app, "/app.css", fields={"accept-encoding": accept_encoding})
        assert answer.field("Content-Encoding") == accept_encoding


def test_an_option_keeps_files_on_the_disk(root: Path) -> None:
    app = StaticServe(application, root=root, memory_per_file=0)
    for _ in range(2):
        assert call(app, "/app.css", fields={"accept-encoding": "gzip"}).body == (root / "app.css.gz").read_bytes()
        assert call(app, "/empty.txt").body == b""
    assert app.memory.used < 10_000


# Development


def test_files_that_come_change_and_go_are_noticed_under_autorefresh(root: Path) -> None:
    app = StaticServe(application, root=root, autorefresh=True)
    assert call(app, "/new.txt").field("X-From") == "application"
    write_files(root, {"new.txt": b"first"})
    assert call(app, "/new.txt").body == b"first"
    replace_file(root / "new.txt", b"again")
    os.utime(root / "new.txt", (MTIME, MTIME))
    assert call(app, "/new.txt").body == b"again"
    (root / "new.txt").unlink()
    assert call(app, "/new.txt").field("X-From") == "application"


# Properties


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> StaticServe:
    """Return an application whose files stay as they are, each asked for once in every coding."""
    root = tmp_path_factory.mktemp("served")
    write_files(
        root,
        {
            **sidecars("app.css", CONTENT),
            **sidecars("big.bin", BIG),
            "empty.txt": b"",
            "one": b"1",
            "d/index.html": b"d",
        },
    )
    app = StaticServe(application, root=root, prefix="static", index_file=True)
    for path in PATHS:
        for accept_encoding in ("", "gzip", "br", "zstd"):
            call(app, path, fields={"accept-encoding": accept_encoding})
    return app


PATHS: Final = ["/static/app.css", "/static/big.bin", "/static/empty.txt", "/static/one", "/static/d/", "/static/d"]


def tag(octets: bytes) -> str:
    return f'"{hashlib.sha256(octets).hexdigest()[:32]}"'


TAG_OF: Final = [
    tag(CONTENT),
    *(tag(octets) for octets in sidecars("x", CONTENT).values()),
    tag(b""),
    tag(b"1"),
    tag(BIG),
]
TAGS: Final = st.sampled_from(TAG_OF) | st.sampled_from(
    ["*", '"other"', "", "\xff", f'"x", {TAG_OF[0]}', f"W/{TAG_OF[0]}"]
)
DATES: Final = st.sampled_from(
    [LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:36 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "yesterday"]
)
RANGE: Final = st.sampled_from(
    [
        "bytes=0-0",
        "bytes=-1",
        "bytes=1-",
        "bytes=0-0,5-5,-1",
        "bytes=-0",
        "bytes=99999999-",
        "x",
        "bytes=5-4",
        "bytes=0-",
    ]
)
FIELDS: Final = st.fixed_dictionaries(
    {},
    optional={
        "accept-encoding": st.sampled_from(["gzip", "br", "zstd, br", "gzip;q=0", "*", "identity", "", ";"]),
        "if-match": TAGS,
        "if-none-match": TAGS,
        "if-modified-since": DATES,
        "if-unmodified-since": DATES,
        "if-range": TAGS | DATES,
        "range": RANGE,
        "access-control-request-method": st.just("GET"),
    },
)


def assert_general_path_agrees(app: StaticServe, path: str, method: str, fields: Mapping[str, str]) -> None:
    answer = app.answer(path, method, fields)
    assert answer is not None
    plan, body = answer
    assert call(app, path, method, fields) == (plan.status, list(plan.fields), b"".join(body)), (path, method, fields)
    if hasattr(body, "close"):
        body.close()


@given(st.sampled_from(PATHS), st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "get"]), FIELDS)
def test_the_shortcuts_decide_what_the_general_path_decides(
    served: StaticServe, path: str, method: str, fields: dict[str, str]
) -> None:
    assert fields.keys() <= set(REQUEST_FIELDS)
    assert_general_path_agrees(served, path, method, fields)


@pytest.mark.parametrize("accept_encoding", ["", "br"])
def test_the_shortcuts_decide_what_the_general_path_decides_for_every_pair_of_fields(
    served: StaticServe, accept_encoding: str
) -> None:
    octets = call(served, PATHS[0], fields={"accept-encoding": accept_encoding}).body
    tags = [tag(octets), f"W/{tag(octets)}", f'"x", {tag(octets)}', '"other"', "*", ""]
    dates = [LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:38 GMT", "yesterday"]
    values = {
        **dict.fromkeys(("if-match", "if-none-match"), tags),
        **dict.fromkeys(("if-modified-since", "if-unmodified-since"), dates),
        "if-range": [*tags, *dates],
        "range": ["bytes=0-0", "bytes=0-0,5-5", "bytes=-0", "bytes=5-4", "x", ""],
    }
    lines = [(name, value) for name, each in values.items() for value in each]
    for pair in combinations(lines, 2):
        assert_general_path_agrees(served, PATHS[0], "GET", {"accept-encoding": accept_encoding, **dict(pair)})


@given(st.sampled_from(PATHS), FIELDS)
def test_the_first_request_is_answered_like_the_next(served: StaticServe, path: str, fields: dict[str, str]) -> None:
    warm = call(served, path, "GET", fields)
    served.memory.drop(path)
    assert call(served, path, "GET", fields) == warm
    assert call(served, path, "GET", fields) == warm


@given(st.sampled_from(PATHS), st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]), FIELDS)
def test_the_content_length_is_the_number_of_octets_sent(
    served: StaticServe, path: str, method: str, fields: dict[str, str]
) -> None:
    answer = call(served, path, method, fields)
    length = answer.field("Content-Length")
    if answer.status in (204, 304):
        assert (length, answer.body) == (None, b"")
    else:
        assert length is not None
        assert len(answer.body) == (0 if method == "HEAD" else int(length))


@given(st.sampled_from(PATHS), FIELDS)
def test_a_head_has_the_fields_of_a_get(served: StaticServe, path: str, fields: dict[str, str]) -> None:
    # "GET is the only method for which range handling is defined" (14.2).
    get = call(served, path, "GET", {name: value for name, value in fields.items() if name != "range"})
    head = call(served, path, "HEAD", fields)
    assert (head.status, head.fields, head.body) == (get.status, get.fields, b"")


@given(st.sampled_from(PATHS[:2]), FIELDS)
def test_a_304_has_no_body_and_no_metadata_of_one(served: StaticServe, path: str, fields: dict[str, str]) -> None:
    answer = call(served, path, "GET", {**fields, "if-none-match": "*", "if-match": "*"})
    assert answer.status == 304
    assert answer.body == b""
    for name in ("Content-Type", "Content-Length", "Content-Encoding", "Last-Modified"):
        assert answer.field(name) is None
    for name in ("ETag", "Vary", "Cache-Control", "Access-Control-Allow-Origin"):
        assert answer.field(name) is not None


@settings(max_examples=25)
@given(
    st.sampled_from([("/static/app.css", CONTENT), ("/static/big.bin", BIG)]),
    st.lists(st.integers(1, len(BIG) - 1), max_size=6),
)
def test_the_ranges_of_a_file_join_to_the_file(served: StaticServe, file: tuple[str, bytes], cuts: list[int]) -> None:
    path, content = file
    edges = sorted({0, *(cut % len(content) for cut in cuts), len(content)})
    joined = b""
    for first, following in pairwise(edges):
        answer = call(served, path, fields={"range": f"bytes={first}-{following - 1}"})
        assert answer.status == 206
        assert answer.field("Content-Range") == f"bytes {first}-{following - 1}/{len(content)}"
        joined += answer.body
    assert joined == content


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", [*PATHS, "/static/missing", "/"])
def test_wsgirefs_validator_finds_nothing(served: StaticServe, path: str, method: str) -> None:
    checked: Any = validator(served)
    requests: list[dict[str, str]] = [
        *({}, {"range": "bytes=0-0"}, {"range": "bytes=0-0,5-5"}, {"if-none-match": "*"}, {"range": "bytes=-0"}),
        *({"if-match": '"x"'}, {"accept-encoding": "br"}),
    ]
    for fields in requests:
        environ = make_environ(path, method, fields, {"QUERY_STRING": "", "SCRIPT_NAME": ""})
        setup_testing_defaults(environ)
        call(checked, environ.pop("PATH_INFO"), method, fields, **environ)


# Hostile requests


HOSTILE_PATHS: Final = [
    *(
        "/static/../secret.txt",
        "/static/..",
        "/static/./app.css",
        "/static//app.css",
        "/static/app.css/",
        "//static/app.css",
    ),
    *(
        "/static/..\\secret.txt",
        "/static/\\..\\secret.txt",
        "/static/css\\..\\..\\secret.txt",
        "/static/%2e%2e/secret.txt",
    ),
    *(
        "/static/\x00",
        "/static/app.css\x00",
        "/static/app.css\x00.png",
        "/static/\xff\xfe",
        "/static/\xc0\xae\xc0\xae/x",
    ),
    *("/static/" + "a" * 10_000, "/static/" + "../" * 3000 + "etc/passwd", "/static/" + "d/" * 5000, "/static/\ud800"),
    *(
        "/static//etc/passwd",
        "/static/C:/x",
        "/static/app.css\n",
        "/static/ app.css",
        "/static/~root",
        "/static/\u2044",
    ),
]


@pytest.mark.parametrize("path", HOSTILE_PATHS, ids=lambda path: ascii(path)[:40])
@pytest.mark.parametrize(
    "options", [{}, {"autorefresh": True}, {"index_file": True}, {"follow_symlinks": True}], ids=str
)
def test_a_path_that_is_no_name_is_a_miss(root: Path, path: str, options: dict[str, Any]) -> None:
    write_files(root.parent, {"secret.txt": b"secret"})
    app = StaticServe(application, root=root, prefix="static", misses="answer", **options)
    answer = call(app, path)
    assert answer.status == 404 or answer.field("X-From") == "application"


CANARY: Final = b"CANARY"
SEGMENTS: Final = [
    *(
        "app.css",
        "css",
        "x.css",
        "docs",
        "index.html",
        "big.bin",
        "out",
        "out.txt",
        "loop",
        "fifo",
        "broken",
        "",
        "",
        "..",
    ),
    *(
        "..",
        "..",
        ".",
        "secret.txt",
        "root",
        "root-secret",
        ".env",
        ".git",
        "config",
        "staticfiles.json",
        ".staticserve",
    ),
    *(
        "store.sqlite3",
        ".well-known",
        "\x00",
        "\\",
        "..\\",
        "\xff",
        "\xc0\xae\xc0\xae",
        "\xc3\xa9.txt",
        "%2e%2e",
        "%00",
    ),
    *(
        "a" * 255,
        "a" * 256,
        "a" * 5000,
        "C:",
        "~",
        "app.css.gz",
        "app.css.br",
        "app.css ",
        "*",
        "?",
        "#",
        "\n",
        "\r\n",
        ";x",
    ),
    *("etc", "passwd", "proc", "self", "environ", "app.0123456789ab.css", "\u0141", "\ud800", "\xed\xa0\x80"),
]
PREFIXES: Final = ["/static/"] * 8 + ["/static", "/", "", "//static/", "/STATIC/", "/static//", "/more/", "/static/../"]
FOUND: Final = [
    "/static/app.css",
    "/static/big.bin",
    "/static/docs/",
    "/static/docs",
    "/more/x.css",
    "/static/\xc3\xa9.txt",
]
METHODS: Final = ["GET"] * 12 + ["HEAD", "HEAD", "OPTIONS", "POST", "", "get", "BREW", "\xff"]
SCRIPT_NAMES: Final = ["", "", "", "/static", "/static/", "/app", "/..", "/static/..", "\xff", "static"]
VALUES: Final = [
    *("gzip", "br;q=0.5", "*;q=0", "gzip;q=nan", "identity;q=0", ";q=1,,", "gzip;q*=utf-8''0", 'x="', "bytes=0-0"),
    *(
        "bytes=-1",
        "bytes=" + "9" * 5000 + "-",
        "bytes=" + "0-0," * 2000,
        "bytes=\xb2-",
        "bytes=1-0",
        "bytes=-0",
        "bytes=5-,-5",
    ),
    *(
        "*",
        '"',
        "W/",
        '"x", W/"y"',
        '"' * 3000,
        LAST_MODIFIED,
        "Fri, 31 Dec 9999 23:59:59 -2300",
        "Mon, 01 Jan 0001 00:00:00",
    ),
    *(
        "Sun, 06 Nov 1994 08:49:37 +999999",
        "0",
        "",
        " ",
        "\t",
        "\x00",
        "\xff" * 100,
        "a\r\nX-Injected: 1",
        "\x7f",
        "1e400",
    ),
    *(tag(CONTENT), f"W/{tag(CONTENT)}", tag(BIG), "GET", "x-own, range"),
]
TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def make_hostile(source: random.Random) -> WSGIEnvironment:
    path = source.choice(PREFIXES) + "/".join(source.choices(SEGMENTS, k=source.choice((1, 1, 2, 2, 3, 4, 12))))
    kind = source.randrange(10)
    if kind < 3:
        path = source.choice(FOUND)
    elif kind == 3:
        path += "".join(map(chr, source.choices(range(256), k=source.randrange(20))))
    names = source.sample(REQUEST_FIELDS, source.choice((0, 1, 1, 2, 3, 9)))
    fields = {name: source.choice(VALUES) for name in names}
    if names and not source.randrange(4):
        fields[names[0]] = "".join(map(chr, source.choices(range(256), k=source.randrange(40))))
    more = {"SCRIPT_NAME": source.choice(SCRIPT_NAMES), "QUERY_STRING": source.choice(VALUES)}
    return make_environ(path, source.choice(METHODS), fields, more)


@pytest.mark.parametrize("autorefresh", [False, True], ids=["directory", "live"])
def test_no_hostile_request_is_an_error_or_sees_anything_outside(tmp_path: Path, autorefresh: bool) -> None:
    root = tmp_path / "root"
    write_files(tmp_path, dict.fromkeys(("secret.txt", "root-secret/secret.txt", "x.css", "app.css"), CANARY))
    write_files(
        root,
        {
            **dict.fromkeys((".env", ".git/config", "staticfiles.json", ".staticserve/secret.txt", "css/.env"), CANARY),
            **sidecars("app.css", CONTENT),
            "css/x.css": b"x",
            "docs/index.html": b"docs",
            "\u00e9.txt": b"name",
            "big.bin": BIG,
        },
    )
    (root / "out.txt").symlink_to("../secret.txt")
    (root / "out").symlink_to("../root-secret")
    (root / "broken").symlink_to("missing")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "fifo")
    app = StaticServe(
        application, root=root, prefix="static", misses="answer", index_file=True, autorefresh=autorefresh
    )
    app.add_files(root / "css", prefix="more")
    source = random.Random(9110)
    statuses: dict[int, int] = {}
    for _ in range(25_000):
        environ = make_hostile(source)
        status, fields, body = start(app, environ)
        content = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        statuses[status] = statuses.get(status, 0) + 1
        assert status < 500, environ
        assert CANARY not in content, environ
        for name, value in fields:
            assert TOKEN.fullmatch(name), environ
            assert value.isprintable(), environ
    # Enough of them asked for something that there is.
    assert {200, 204, 206, 302, 304, 404, 405, 412, 416} <= statuses.keys()
