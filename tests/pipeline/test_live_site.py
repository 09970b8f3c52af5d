"""Fetching what a live site has of its releases: what is believed of it, and how long it is waited for."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import random
import ssl
import subprocess
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from staticserve import StaticServe
from staticserve.errors import HistoryError
from staticserve.pipeline.live_site import fetch_history
from staticserve.pipeline.site_connection import FetchLimits
from staticserve.store import ContentRow, ReleaseRow, ResourceRow, Snapshot, StoreReader
from tests.catalogue import LAST_MODIFIED, MTIME, write_files
from tests.pipeline import PICTURE, SCRIPT, STYLE, build, hashed_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Enough for a machine that is not idle, and far from the limits of each test.
PATIENCE: Final = FetchLimits(answer_seconds=30, total_seconds=60)


class Site:
    """A site on a port of its own: what it answers to each path, and what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Handler], None]] = {}
        self.requests: list[tuple[str, Mapping[str, str]]] = []
        self.connections = 0
        self.is_done = threading.Event()
        """Set at the end of the test: whoever sends for ever sends no longer."""
        self.scheme = "http"
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.site = self

    @property
    def url(self) -> str:
        """Return the STATIC_URL."""
        return f"{self.scheme}://localhost:{self.server.server_port}/static/"

    @property
    def asked(self) -> list[str]:
        """Return the names that were asked for, the files in no order."""
        return [path.removeprefix("/static/") for path, _ in self.requests]

    def put(self, name: str, body: bytes, status: int = 200, **fields: str) -> None:
        """Answer this to a name below the STATIC_URL."""

        def answer(handler: Handler) -> None:
            handler.send_response(status)
            for field, value in {"Content-Length": str(len(body)), **fields}.items():
                handler.send_header(field.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)

        self.answers[f"/static/{quote(name)}"] = answer

    def put_raw(self, name: str, *parts: bytes) -> None:
        """Answer these bytes to a name, and the last of them again and again."""

        def answer(handler: Handler) -> None:
            for part in parts[:-1]:
                handler.wfile.write(part)
            while not self.is_done.wait(0.005):
                handler.wfile.write(parts[-1])

        self.answers[f"/static/{quote(name)}"] = answer

    def put_files(self, files: Mapping[str, bytes], **fields: str) -> None:
        """Serve files."""
        for name, content in files.items():
            self.put(name, content, 200, **fields)

    def put_listing(self, *releases: dict[str, Any]) -> None:
        """List releases, the newest first."""
        self.put("staticserve.json", json.dumps({**announce(), "releases": releases}).encode())


class Server(ThreadingHTTPServer):
    site: Site

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that hangs up is no news.
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        assert isinstance(self.server, Server)
        self.site = self.server.site
        self.site.connections += 1

    def do_GET(self) -> None:
        self.site.requests.append((self.path, dict(self.headers)))
        answer = self.site.answers.get(self.path)
        try:
            if answer is None:
                self.send_error(404)
            else:
                answer(self)
        except OSError:
            # The client has had enough.
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(server: ThreadingHTTPServer | Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def open_site() -> Iterator[Site]:
    site = Site()
    with serving(site.server):
        try:
            yield site
        finally:
            site.is_done.set()


@pytest.fixture
def site() -> Iterator[Site]:
    with open_site() as site:
        yield site


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return a function that returns what the log says."""
    caplog.set_level(logging.WARNING, "staticserve")
    return lambda: [record.getMessage() for record in caplog.records]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()[:12]


def announce() -> dict[str, Any]:
    return {"release": "5a1b2c3d4e5f", "built": 1764030000}


def list_release(files: Mapping[str, bytes], **fields: Any) -> dict[str, Any]:
    listed = {name: {"sha256": sha256(content), "size": len(content)} for name, content in files.items()}
    return {**announce(), "superseded": None, "files": listed, **fields}


def row(name: str, built: int, superseded: int | None, files: int) -> ReleaseRow:
    return ReleaseRow(name, built, superseded, files, False, None, None)


def fetch(site: Site, directory: Path, limits: FetchLimits = PATIENCE) -> Snapshot:
    """Fetch from a site, and return what the store then says."""
    fetch_history(site.url, str(directory), limits)
    return read(directory)


def read(directory: Path) -> Snapshot:
    with closing(StoreReader(f"{directory}/store.sqlite3")) as reader:
        return reader.snapshot()


def kept(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (directory / "kept").iterdir()}


FILES: Final = {
    hashed_name("css/app.css", STYLE): STYLE,
    hashed_name("js/app.js", SCRIPT): SCRIPT,
    hashed_name("img/photo.png", PICTURE): PICTURE,
    hashed_name("é %3F #?.txt", b"a name to be quoted\n"): b"a name to be quoted\n",
    hashed_name("empty.txt", b""): b"",
}
FIRST: Final = next(iter(FILES))
OLD: Final = {hashed_name("css/app.css", b"old"): b"old"}


def test_what_a_site_lists_is_fetched_and_makes_a_store(site: Site, tmp_path: Path) -> None:
    site.put_listing(
        list_release(FILES, built=1764030000),
        list_release({}, release="between", built=1764020000, superseded=1764030000),
        list_release(OLD, release="older", built=1764000000, superseded=1764020000),
    )
    site.put_files(FILES, Last_Modified=LAST_MODIFIED)
    site.put_files(OLD)
    snapshot = fetch(site, tmp_path)
    assert snapshot.releases == (
        row("older", 1764000000, 1764020000, 1),
        row("between", 1764020000, 1764030000, 0),
        row("5a1b2c3d4e5f", 1764030000, None, len(FILES)),
    )
    newest = {name: ResourceRow(2, sha256(content), MTIME * 10**9, 0, True) for name, content in FILES.items()}
    older = {name: ResourceRow(0, sha256(content), 0, 0, True) for name, content in OLD.items()}
    assert snapshot.resources == newest | older
    contents = [*FILES.values(), *OLD.values()]
    assert snapshot.contents == {sha256(each): ContentRow(len(each), md5(each), ()) for each in contents}
    assert (snapshot.aliases, snapshot.forgotten) == ({}, {})
    assert kept(tmp_path) == {sha256(each): each for each in contents}


def test_a_site_is_asked_for_nothing_twice_and_for_no_coding(site: Site, tmp_path: Path) -> None:
    site.put_listing(list_release(FILES))
    site.put_files(FILES)
    fetch(site, tmp_path)
    assert sorted(site.asked) == sorted(["staticserve.json", *map(quote, FILES)])
    assert {fields["Accept-Encoding"] for _, fields in site.requests} == {"identity"}


def test_a_url_needs_no_final_slash(site: Site, tmp_path: Path) -> None:
    site.put_listing(list_release(FILES))
    site.put_files(FILES)
    fetch_history(site.url.rstrip("/"), str(tmp_path), PATIENCE)
    assert read(tmp_path).resources.keys() == FILES.keys()


def many_files(count: int) -> dict[str, bytes]:
    return {f"{number:03}.css": b"%d" % number for number in range(count)}


def test_connections_are_few_and_kept(site: Site, tmp_path: Path) -> None:
    files = many_files(60)
    site.put_listing(list_release(files))
    site.put_files(files)
    assert fetch(site, tmp_path).resources.keys() == files.keys()
    # One of the listing, and one of each worker.
    assert site.connections <= 5


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_site_may_close_its_connections(
    site: Site, tmp_path: Path, is_announced: bool, warnings: Callable[[], list[str]]
) -> None:
    files = many_files(20)
    site.put_listing(list_release(files))
    fields = {"Connection": "close"} if is_announced else {}
    for name, content in files.items():
        site.put(name, content, 200, **fields)
        whole = site.answers[f"/static/{name}"]

        def answer(handler: Handler, whole: Callable[[Handler], None] = whole) -> None:
            whole(handler)
            handler.close_connection = True

        site.answers[f"/static/{name}"] = answer
    assert fetch(site, tmp_path).resources.keys() == files.keys()
    assert warnings() == []


def test_one_content_may_have_many_names(site: Site, tmp_path: Path) -> None:
    files = {f"{number}.css": STYLE for number in range(40)}
    site.put_listing(list_release(files))
    site.put_files(files)
    assert fetch(site, tmp_path).resources.keys() == files.keys()
    assert kept(tmp_path) == {sha256(STYLE): STYLE}


@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "Thu, 01 Jan 1960 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +99999999999999999999",
    ],
)
def test_a_time_that_no_file_has_is_none(site: Site, tmp_path: Path, date: str) -> None:
    site.put_listing(list_release({"app.css": STYLE}))
    site.put("app.css", STYLE, Last_Modified=date)
    assert fetch(site, tmp_path).resources["app.css"].mtime_ns == 0


def send_half(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(STYLE)))
    handler.end_headers()
    handler.wfile.write(STYLE[: len(STYLE) // 2])
    handler.close_connection = True


def send_nothing(handler: Handler) -> None:
    handler.close_connection = True


def answering(body: bytes, status: int = 200, **fields: str) -> Callable[[Site], None]:
    return lambda site: site.put("css/app.css", body, status, **fields)


def doing(answer: Callable[[Handler], None]) -> Callable[[Site], None]:
    def put(site: Site) -> None:
        site.answers["/static/css/app.css"] = answer

    return put


def sending(*parts: bytes) -> Callable[[Site], None]:
    return lambda site: site.put_raw("css/app.css", *parts)


OK: Final = b"HTTP/1.1 200 OK\r\n"

SPOILT: Final[dict[str, tuple[Callable[[Site], None], str]]] = {
    "missing": (lambda site: None, "404"),
    "forbidden": (answering(STYLE, 403), "403"),
    "an error": (answering(STYLE, 500), "500"),
    "no content": (answering(b"", 204), "204"),
    "a part": (answering(STYLE, 206), "206"),
    "another": (answering(STYLE.swapcase()), "it is not what its digest says"),
    "smaller": (answering(STYLE[:-1]), "it is not what its digest says"),
    "half": (doing(send_half), "it is not what its digest says"),
    "greater": (answering(STYLE + b"\n"), "it is too large"),
    "greater than it says": (sending(OK + b"\r\n", STYLE), "it is too large"),
    "greater, in chunks": (
        sending(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b"x" * 1024 + b"\r\n"),
        "it is too large",
    ),
    # http.client reads such a chunk to the end of the stream, which has none here.
    "a chunk of a negative size": (
        sending(OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 1024),
        # In the words of its version.
        "",
    ),
    "chunks of no size": (sending(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"x\r\n"), "IncompleteRead"),
    "in a coding": (answering(gzip.compress(STYLE), Content_Encoding="gzip"), "it is coded, with 'gzip'"),
    "in a coding that it is not in": (answering(STYLE, Content_Encoding="br"), "it is coded, with 'br'"),
    "nothing": (doing(send_nothing), "Remote"),
    "no HTTP": (sending(b"220 smtp.example.com ESMTP\r\n", b""), "BadStatusLine"),
    "a line without end": (sending(OK + b"X: ", b"x" * 4096), "LineTooLong"),
    "fields without end": (sending(OK, b"X: y\r\n" * 20), "HTTPException('got more than 100 headers')"),
    "a redirect to nowhere": (answering(b"", 302), "302"),
    "a redirect to another host": (answering(b"", 302, Location="http://127.0.0.1:1/app.css"), "302"),
    "a redirect to another port": (answering(b"", 302, Location="http://localhost:1/app.css"), "302"),
    "a redirect to another scheme": (answering(b"", 302, Location="file:///etc/passwd"), "302"),
    "a redirect to no URL": (answering(b"", 302, Location="http://[/"), "Invalid IPv6 URL"),
    "a redirect to itself": (answering(b"", 302, Location="app.css"), "more than 5 redirects"),
}
"""What may be answered in place of a file, and what is said of it."""


@pytest.mark.parametrize(("spoil", "reason"), SPOILT.values(), ids=SPOILT)
def test_a_file_that_is_not_what_is_listed_is_left_out_with_a_warning(
    site: Site,
    tmp_path: Path,
    spoil: Callable[[Site], None],
    reason: str,
    warnings: Callable[[], list[str]],
) -> None:
    site.put_listing(list_release({"css/app.css": STYLE, **FILES}))
    site.put_files(FILES)
    spoil(site)
    assert fetch(site, tmp_path).resources.keys() == FILES.keys()
    (warning,) = warnings()
    assert warning.startswith(f"1 of 6 files of {site.url} could not be had (first: css/app.css: {reason}")
    assert "the time is up" not in warning
    assert kept(tmp_path) == {sha256(content): content for content in FILES.values()}


def test_a_file_of_another_size_than_listed_is_left_out_whatever_its_digest(site: Site, tmp_path: Path) -> None:
    listed = list_release(FILES)
    listed["files"][FIRST]["size"] += 1
    site.put_listing(listed)
    site.put_files(FILES)
    assert fetch(site, tmp_path).resources.keys() == FILES.keys() - {FIRST}


def test_many_failures_are_one_warning(site: Site, tmp_path: Path, warnings: Callable[[], list[str]]) -> None:
    missing = {f"{number}\n.css": b"" for number in range(50)}
    site.put_listing(list_release({**missing, **FILES}))
    site.put_files(FILES)
    fetch(site, tmp_path)
    assert warnings() == [f"50 of 55 files of {site.url} could not be had (first: 0%0A.css: 404)"]


def fail(url: str, directory: Path, limits: FetchLimits = PATIENCE) -> str:
    """Return why a history cannot be had. Nothing is left that could be taken for one."""
    with pytest.raises(HistoryError) as raised:
        fetch_history(url, str(directory), limits)
    assert raised.value.url == url
    assert not os.path.exists(f"{directory}/store.sqlite3")
    return raised.value.reason


def test_without_any_file_there_is_no_history(site: Site, tmp_path: Path, warnings: Callable[[], list[str]]) -> None:
    site.put_listing(list_release({"a.css": STYLE, "b.css": STYLE}))
    assert fail(site.url, tmp_path) == "none of its 2 files could be had (first: a.css: 404)"
    site.put_listing(list_release({}))
    assert fail(site.url, tmp_path) == "it lists no files"
    site.put_listing()
    assert fail(site.url, tmp_path) == "it lists no files"
    assert warnings() == []


def test_a_directory_that_cannot_be_written_is_said(site: Site, tmp_path: Path) -> None:
    site.put_listing(list_release(FILES))
    site.put_files(FILES)
    (tmp_path / "kept").write_text("a file where a directory should be")
    assert fail(site.url, tmp_path).startswith("it cannot be kept here: ")


def test_a_listing_with_a_wrong_value_is_no_listing(site: Site, tmp_path: Path) -> None:
    site.put_files(FILES)
    site.put_listing(list_release(FILES, built="now"))
    assert fail(site.url, tmp_path) == "staticserve.json: its 'built' cannot be 'now'"
    assert site.asked == ["staticserve.json"]


def test_a_name_that_no_file_of_a_tree_has_makes_a_listing_wrong(site: Site, tmp_path: Path) -> None:
    site.put_files(FILES)
    site.put_listing(list_release({**FILES, "../app.css": b""}))
    reason = "it has a name that no file of a tree has: '../app.css'"
    assert fail(site.url, tmp_path) == f"staticserve.json: {reason}"
    del site.answers["/static/staticserve.json"]
    site.put("staticfiles.json", manifest({**FILES, "../app.css": b""}))
    assert fail(site.url, tmp_path) == f"staticfiles.json: {reason}"
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    "name", ["...", "..css", "a..b/c", ".hidden", "~", "C:", "-", " ", "a/.\n", "a\u202fb", "%2e%2e/x"]
)
def test_a_name_may_be_odd(site: Site, tmp_path: Path, name: str) -> None:
    site.put_listing(list_release({name: STYLE}))
    site.put(name, STYLE)
    assert fetch(site, tmp_path).resources.keys() == {name}


GARBAGE: Final = {
    "empty": b"",
    "cut": json.dumps({"releases": [list_release(FILES)]}).encode()[:-1],
    "deep": b'{"releases": ' + b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "not UTF-8": b'{"releases": "\xff"}',
    "a number of many digits": b'{"releases": ' + b"9" * 10_000 + b"}",
    "random": random.Random(1).randbytes(1000),
}


@pytest.mark.parametrize("name", ["staticserve.json", "staticfiles.json"])
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_no_listing(site: Site, tmp_path: Path, name: str, garbage: bytes) -> None:
    site.put(name, garbage)
    assert fail(site.url, tmp_path).startswith(f"{name}: ")


@pytest.mark.parametrize("name", ["staticserve.json", "staticfiles.json"])
def test_an_error_of_the_site_is_said(site: Site, tmp_path: Path, name: str) -> None:
    site.put(name, b"", 503)
    assert fail(site.url, tmp_path) == f"{name}: 503"


def test_a_listing_in_a_coding_is_none(site: Site, tmp_path: Path) -> None:
    site.put("staticserve.json", gzip.compress(b"{}"), Content_Encoding="gzip")
    assert fail(site.url, tmp_path) == "staticserve.json: it is coded, with 'gzip', which was not asked for"


NOT_THERE: Final[dict[str, tuple[Callable[[Site, str], None], str]]] = {
    "missing": (lambda site, name: None, "404"),
    "forbidden": (lambda site, name: site.put(name, b"", 403), "403"),
    "a page for every path": (lambda site, name: site.put(name, b"<p>", Content_Type="text/html; charset=x"), "a page"),
    "a password wanted": (
        lambda site, name: site.put(name, b"", 302, Location="https://login.example.com/"),
        "302, to 'https://login.example.com/'",
    ),
}


@pytest.mark.parametrize(("put", "told"), NOT_THERE.values(), ids=NOT_THERE)
def test_without_a_listing_the_option_that_makes_one_is_named(
    site: Site, tmp_path: Path, put: Callable[[Site, str], None], told: str
) -> None:
    put(site, "staticserve.json")
    put(site, "staticfiles.json")
    assert fail(site.url, tmp_path) == (
        f"it does not say which files it has (staticserve.json: {told}; staticfiles.json: {told}); staticserve does,"
        ' with the option release_file="files"'
    )


def test_of_what_a_site_says_little_is_repeated(site: Site, tmp_path: Path) -> None:
    site.put("staticserve.json", b"", 302, Location="https://example.com/" + "x" * 10_000)
    site.put_raw("staticfiles.json", b"x" * 10_000 + b"\r\n", b"")
    assert len(fail(site.url, tmp_path)) < 1000
    site.put("staticfiles.json", b"", 404)
    assert len(fail(site.url, tmp_path)) < 1000


def test_a_site_that_only_says_which_release_it_has_lists_nothing(site: Site, tmp_path: Path) -> None:
    site.put("staticserve.json", json.dumps(announce()).encode())
    assert "(staticserve.json: it has no releases; staticfiles.json: 404)" in fail(site.url, tmp_path)


def manifest(files: Mapping[str, bytes], **fields: Any) -> bytes:
    paths = {f"logical of {name}": name for name in files}
    return json.dumps({"version": "1.1", "paths": paths, "hash": "0123456789ab", **fields}).encode()


@pytest.mark.parametrize("put", [put for put, _ in NOT_THERE.values()], ids=NOT_THERE)
def test_without_a_listing_the_manifest_is_one(
    site: Site, tmp_path: Path, put: Callable[[Site, str], None], warnings: Callable[[], list[str]]
) -> None:
    put(site, "staticserve.json")
    site.put("staticfiles.json", manifest(FILES))
    site.put_files(FILES)
    before = int(time.time())
    snapshot = fetch(site, tmp_path)
    (release,) = snapshot.releases
    assert release == row("0123456789ab", release.built, None, len(FILES))
    assert before <= release.built <= time.time()
    assert snapshot.resources == {name: ResourceRow(0, sha256(each), 0, 0, True) for name, each in FILES.items()}
    assert kept(tmp_path) == {sha256(content): content for content in FILES.values()}
    assert warnings() == []


def test_of_a_manifest_only_names_that_prove_their_files_are_believed(
    site: Site, tmp_path: Path, warnings: Callable[[], list[str]]
) -> None:
    bundled, wrong, plain = hashed_name("bundled.js", SCRIPT), "wrong.0123456789ab.css", "plain.css"
    paths = {"a.css": FIRST, bundled: bundled, "w.css": wrong, "p.css": plain}
    site.put("staticfiles.json", manifest({}, paths=paths))
    site.put_files({FIRST: STYLE, bundled: SCRIPT, wrong: STYLE, plain: STYLE})
    assert fetch(site, tmp_path).resources.keys() == {FIRST}
    (warning,) = warnings()
    assert "2 of 3 files" in warning
    assert "(first: plain.css: its name does not prove its content)" in warning
    assert sorted(site.asked[2:]) == sorted([FIRST, wrong])


@pytest.mark.parametrize("paths", [None, [], {"a": 5}, "x"])
def test_a_manifest_with_wrong_paths_is_no_listing(site: Site, tmp_path: Path, paths: Any) -> None:
    site.put("staticfiles.json", manifest({}, paths=paths))
    assert fail(site.url, tmp_path) == "staticfiles.json: its paths are not an object of strings"


def test_files_beyond_their_number_are_left_out_the_oldest_first(
    site: Site, tmp_path: Path, warnings: Callable[[], list[str]]
) -> None:
    site.put_listing(list_release(FILES), list_release(OLD, release="older"))
    site.put_files({**FILES, **OLD})
    assert fetch(site, tmp_path, replace(PATIENCE, files=len(FILES))).resources.keys() == FILES.keys()
    (name,) = OLD
    assert warnings() == [f"1 of 6 files of {site.url} could not be had (first: {name}: it is not of the first 5)"]


@pytest.mark.parametrize("has_length", [True, False])
@pytest.mark.parametrize("is_listed", [True, False])
def test_files_beyond_the_bytes_are_left_out(
    site: Site, tmp_path: Path, is_listed: bool, has_length: bool, warnings: Callable[[], list[str]]
) -> None:
    large = random.Random(2).randbytes(200_000)
    name = hashed_name("large.png", large)
    if is_listed:
        site.put_listing(list_release({FIRST: STYLE, name: large}))
    else:
        site.put("staticfiles.json", manifest({FIRST: STYLE, name: large}))
    site.put(FIRST, STYLE)
    if has_length:
        site.put(name, large)
    else:
        site.put_raw(name, OK + b"\r\n", large)
    assert fetch(site, tmp_path, replace(PATIENCE, total_bytes=100_000)).resources.keys() == {FIRST}
    assert [warning.partition("first: ")[2] for warning in warnings()] == [f"{name}: it is too large)"]


def test_the_bytes_are_of_all_files_together(site: Site, tmp_path: Path) -> None:
    files = {f"{number}.css": bytes([number]) * 10_000 for number in range(30)}
    site.put_listing(list_release(files))
    site.put_files(files)
    fetch(site, tmp_path, replace(PATIENCE, total_bytes=100_000))
    contents = kept(tmp_path).values()
    assert 0 < sum(map(len, contents)) <= 100_000


def test_files_that_come_at_the_same_time_share_the_bytes(site: Site, tmp_path: Path) -> None:
    files = {f"{number}.css": bytes([number]) * 60_000 for number in range(4)}
    site.put_listing(list_release(files))
    barrier = threading.Barrier(4)
    for name, content in files.items():

        def answer(handler: Handler, content: bytes = content) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            barrier.wait(PATIENCE.answer_seconds)
            handler.wfile.write(content)

        site.answers[f"/static/{name}"] = answer
    # Each may have taken too much for any to be whole.
    with suppress(HistoryError):
        fetch(site, tmp_path, replace(PATIENCE, total_bytes=100_000))
    assert sum(map(len, kept(tmp_path).values())) <= 100_000


@pytest.mark.parametrize("name", ["staticserve.json", "staticfiles.json"])
@pytest.mark.parametrize("has_length", [True, False])
def test_a_listing_may_not_be_of_any_size(site: Site, tmp_path: Path, name: str, has_length: bool) -> None:
    if has_length:
        site.put(name, b" " * 10_001)
    else:
        site.put_raw(name, OK + b"\r\n", b" " * 1000)
    limits = replace(PATIENCE, listing_bytes=10_000)
    assert fail(site.url, tmp_path, limits) == f"{name}: it is too large"


DRIPS: Final = {
    "no line ends": (OK + b"X: ", b"x"),
    "no answer comes after what comes before it": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "the content": (OK + b"\r\n", b"x"),
    "the content, of a known length": (OK + b"Content-Length: 9000\r\n\r\n", b"x"),
    "the content, before the connection is closed": (OK + b"Connection: close\r\nContent-Length: 9000\r\n\r\n", b"x"),
    "the size of a chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "a chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n2000\r\n", b"x"),
    "fields after the content": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
}
"""What a server may send again and again, each time before anybody has waited for long."""


@pytest.mark.parametrize("parts", DRIPS.values(), ids=DRIPS)
def test_a_drip_ends_when_the_time_is_up(site: Site, tmp_path: Path, parts: tuple[bytes, bytes]) -> None:
    site.put_raw("staticserve.json", *parts)
    limits = FetchLimits(answer_seconds=60, total_seconds=0.3)
    assert fail(site.url, tmp_path, limits) == "staticserve.json: the time is up"


def test_a_file_that_drips_costs_no_other(site: Site, tmp_path: Path, warnings: Callable[[], list[str]]) -> None:
    site.put_listing(list_release({"css/app.css": STYLE, **FILES}))
    site.put_files(FILES)
    site.put_raw("css/app.css", OK + b"\r\n", b"x")
    limits = FetchLimits(answer_seconds=60, total_seconds=2)
    assert fetch(site, tmp_path, limits).resources.keys() == FILES.keys()
    assert [warning.partition("first: ")[2] for warning in warnings()] == ["css/app.css: the time is up)"]


def test_when_the_time_is_up_nothing_more_is_asked_for(site: Site, tmp_path: Path) -> None:
    files = many_files(50)
    site.put_listing(list_release(files))
    for name in files:
        site.put_raw(name, OK + b"\r\n", b"")
    limits = FetchLimits(answer_seconds=60, total_seconds=1)
    assert fail(site.url, tmp_path, limits) == "none of its 50 files could be had (first: 000.css: the time is up)"
    assert len(site.asked) <= 1 + 4


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_said(site: Site, tmp_path: Path) -> None:
    site.put_raw("staticserve.json", b"")
    limits = FetchLimits(answer_seconds=0.1, total_seconds=60)
    assert fail(site.url, tmp_path, limits) == "staticserve.json: timed out"


def test_a_connection_that_is_refused_is_said(tmp_path: Path) -> None:
    with open_site() as site:
        url = site.url
    assert "refused" in fail(url, tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "", "static", "/static/", "//example.com/static/", "ftp://example.com/", "file:///etc/", "https:///static/",
        "https://:443/static/", "http://[::1/static/", "http://example.com:x/", "http://example.com:99999/",
    ],
)  # fmt: skip
def test_a_url_that_is_no_sites_is_said(tmp_path: Path, url: str) -> None:
    assert fail(url, tmp_path)


def test_a_url_that_no_request_can_have_is_said(site: Site, tmp_path: Path) -> None:
    assert "404" in fail(f"{site.url}a b/é/%20/", tmp_path)
    assert site.asked[0] == "a%20b/%C3%A9/%20/staticserve.json"
    assert fail(f"http://{'x' * 64}.example/", tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:secret@example.com/static/",
        "https://me:secret@example.com:x/static/",
        "https://example.com/static/?token=secret",
    ],
)
def test_a_secret_in_a_url_is_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(HistoryError) as raised:
        fetch_history(url, str(tmp_path))
    assert str(raised.value) == "https://example.com/static/: its URL has more than a host and a path"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["/elsewhere/static/", "//{host}/elsewhere/static/", "http://{host}/elsewhere/static/"]
)
def test_a_redirect_to_the_same_host_is_followed(site: Site, tmp_path: Path, status: int, location: str) -> None:
    location = location.format(host=f"LOCALHOST:{site.server.server_port}")
    site.put_listing(list_release({FIRST: STYLE}))
    site.put(FIRST, STYLE)
    for name in ("staticserve.json", FIRST):
        site.answers[f"/elsewhere/static/{name}"] = site.answers[f"/static/{name}"]
        site.put(name, b"", status, Location=f"{location}{name}")
    assert fetch(site, tmp_path).resources.keys() == {FIRST}
    # The file, too, is fetched from where the listing was found.
    assert [path for path, _ in site.requests] == [
        "/static/staticserve.json", "/elsewhere/static/staticserve.json", f"/elsewhere/static/{FIRST}",
    ]  # fmt: skip


def test_a_redirect_of_one_file_is_followed(site: Site, tmp_path: Path) -> None:
    site.put_listing(list_release({FIRST: STYLE, "b.css": SCRIPT}))
    site.put(FIRST, STYLE)
    site.put("b.css", b"", 302, Location="c d.css?v=1 2")
    site.put("c d.css", SCRIPT)
    site.answers["/static/c%20d.css?v=1%202"] = site.answers.pop("/static/c%20d.css")
    assert fetch(site, tmp_path).resources.keys() == {FIRST, "b.css"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return a certificate for localhost, signed by itself, and its key."""
    directory = tmp_path_factory.mktemp("certificate")
    names = (f"{directory}/certificate.pem", f"{directory}/key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-addext", "keyUsage=digitalSignature,keyCertSign"]
    subprocess.run([*command, "-out", names[0], "-keyout", names[1]], check=True, capture_output=True)
    return names


@pytest.fixture
def safe_site(certificate: tuple[str, str]) -> Iterator[Site]:
    """Give a site with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with open_site() as site:
        site.scheme = "https"
        # The handshake is made by the thread of the connection, so that one that fails fails there.
        site.server.socket = context.wrap_socket(site.server.socket, server_side=True, do_handshake_on_connect=False)
        yield site


def trust(monkeypatch: pytest.MonkeyPatch, certificate: tuple[str, str]) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])


def test_over_tls_a_site_that_is_trusted_is_fetched(
    safe_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: tuple[str, str]
) -> None:
    trust(monkeypatch, certificate)
    safe_site.put_listing(list_release(FILES))
    safe_site.put_files(FILES)
    assert fetch(safe_site, tmp_path).resources.keys() == FILES.keys()


def test_over_tls_a_site_that_is_not_trusted_is_not_asked(safe_site: Site, tmp_path: Path) -> None:
    safe_site.put_listing(list_release(FILES))
    safe_site.put_files(FILES)
    assert "CERTIFICATE_VERIFY_FAILED" in fail(safe_site.url, tmp_path)
    assert safe_site.asked == []


def test_over_tls_another_hosts_certificate_is_not_trusted(
    safe_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: tuple[str, str]
) -> None:
    trust(monkeypatch, certificate)
    assert "CERTIFICATE_VERIFY_FAILED" in fail(safe_site.url.replace("localhost", "127.0.0.1"), tmp_path)
    assert safe_site.asked == []


def test_over_tls_a_drip_ends_when_the_time_is_up(
    safe_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: tuple[str, str]
) -> None:
    trust(monkeypatch, certificate)
    safe_site.put_raw("staticserve.json", OK + b"X: ", b"x")
    limits = FetchLimits(answer_seconds=60, total_seconds=0.5)
    assert fail(safe_site.url, tmp_path, limits) == "staticserve.json: the time is up"


def test_a_handshake_that_is_not_answered_is_waited_for_no_longer_than_said(tmp_path: Path) -> None:
    with open_site() as site:
        # It waits for a request; the client waits for its hello.
        site.scheme = "https"
        limits = FetchLimits(answer_seconds=0.1, total_seconds=60)
        assert fail(site.url, tmp_path, limits)


def test_a_redirect_from_http_to_https_is_followed_and_not_back(
    site: Site, safe_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: tuple[str, str]
) -> None:
    trust(monkeypatch, certificate)
    for each in (site, safe_site):
        each.put_listing(list_release({FIRST: STYLE}))
        each.put(FIRST, STYLE)
    site.put("staticserve.json", b"", 301, Location=f"{safe_site.url}staticserve.json")
    assert fetch(site, tmp_path / "there").resources.keys() == {FIRST}
    assert (site.asked, safe_site.asked) == (["staticserve.json"], ["staticserve.json", FIRST])
    site.put_listing(list_release({FIRST: STYLE}))
    safe_site.put("staticserve.json", b"", 301, Location=f"{site.url}staticserve.json")
    (tmp_path / "back").mkdir()
    assert f"staticserve.json: 301, to '{site.url}staticserve.json'" in fail(safe_site.url, tmp_path / "back")
    assert site.asked == ["staticserve.json"]


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_a_site_that_staticserve_serves_is_fetched(tmp_path: Path, warnings: Callable[[], list[str]]) -> None:
    root = tmp_path / "static"
    paths = {f"logical of {name}": name for name in FILES}
    written = json.dumps({"version": "1.1", "paths": paths, "hash": "5a1b2c3d4e5f"}).encode()
    write_files(root, {**FILES, "staticfiles.json": written})
    build(root)
    listing = json.dumps({**announce(), "releases": [list_release(FILES)]}).encode()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [listing]

    static = StaticServe(application, root, "/static/")
    server = make_server("127.0.0.1", 0, static, handler_class=QuietHandler)
    with serving(server):
        fetch_history(f"http://127.0.0.1:{server.server_port}/static/", str(tmp_path / "history"), PATIENCE)
    snapshot = read(tmp_path / "history")
    assert snapshot.releases == (row("5a1b2c3d4e5f", 1764030000, None, len(FILES)),)
    assert snapshot.resources == {
        name: ResourceRow(0, sha256(content), MTIME * 10**9, 0, True) for name, content in FILES.items()
    }
    assert kept(tmp_path / "history") == {sha256(content): content for content in FILES.values()}
    assert warnings() == []
