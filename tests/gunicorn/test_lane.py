"""What the lane answers at once, what it reads first, and what is not its own; the same as over WSGI, always."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staticserve import StaticServe
from staticserve.gunicorn.connections import FileSlice
from staticserve.gunicorn.lane import Elsewhere, Lane, Reply
from staticserve.gunicorn.requests import PlainReader, PlainRequest
from tests.gunicorn.application import CSS, LARGE, LAST_MODIFIED, write_files
from tests.gunicorn.responses import make_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from staticserve.model import Fields

_READER: Final = PlainReader(
    limit_line=4094, limit_fields=100, limit_field_size=8190, scheme_fields=frozenset({"x-forwarded-proto"})
)


def ask(target: str, *lines: str, method: str = "GET") -> PlainRequest:
    request = _READER.read(make_request(target, *lines, method=method).removesuffix(b"\r\n\r\n"))
    assert request is not None
    return request


def passed_on(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("299 Passed On", [])
    return []


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("files")
    write_files(str(path))
    return str(path)


def make_statics(files: str) -> list[StaticServe]:
    """Return what a Lane is made from: the outermost first."""
    inner = StaticServe(passed_on, root=f"{files}/assets", prefix="/assets/", index_file=True, misses="answer")
    return [StaticServe(inner, root=f"{files}/static", prefix="/static/", memory_per_file=8192), inner]


def body_of(reply: Reply) -> bytes:
    octets = b""
    for piece in reply.pieces:
        if isinstance(piece, FileSlice):
            piece.file.seek(piece.start)
            octets += piece.file.read(piece.stop - piece.start)
        else:
            octets += piece
    if reply.file is not None:
        reply.file.close()
    return octets


def decide(lane: Lane, request: PlainRequest) -> Reply | None:
    """Return what the client gets in the end, as the worker has it done."""
    reply = lane.answer(request, "http")
    if reply is Elsewhere.SLOW:
        return lane.answer_slowly(request, "http")
    return reply if isinstance(reply, Reply) else None


def warm(lane: Lane, request: PlainRequest) -> None:
    """Have all read that is kept in memory."""
    reply = lane.answer_slowly(request, "http")
    if reply is not None:
        body_of(reply)


@pytest.mark.parametrize(
    ("request_", "first", "second"),
    [
        (ask("/static/app.css"), Elsewhere.SLOW, 200),
        (ask("/static/app.css", method="HEAD"), Elsewhere.SLOW, 200),
        (ask("/static/large.bin"), Elsewhere.SLOW, Elsewhere.SLOW),
        (ask("/static/large.bin", method="HEAD"), Elsewhere.SLOW, Elsewhere.SLOW),
        (ask("/static/missing.css"), Elsewhere.NOT_OURS, Elsewhere.NOT_OURS),
        (ask("/static/"), Elsewhere.NOT_OURS, Elsewhere.NOT_OURS),
        (ask("/static"), Elsewhere.NOT_OURS, Elsewhere.NOT_OURS),
        (ask("/page"), Elsewhere.NOT_OURS, Elsewhere.NOT_OURS),
        (ask("/assets/missing"), Elsewhere.SLOW, Elsewhere.SLOW),
        (ask("/assets/"), Elsewhere.SLOW, 200),
        (ask("/static/%61pp.css"), Elsewhere.SLOW, 200),
        (ask("/static/%2E%2e/static/app.css"), Elsewhere.NOT_OURS, Elsewhere.NOT_OURS),
    ],
    ids=lambda each: f"{each.method} {each.path}" if isinstance(each, PlainRequest) else str(each),
)
def test_what_is_in_memory_is_answered_at_once(
    request_: PlainRequest, first: int | Elsewhere, second: int | Elsewhere, files: str
) -> None:
    lane = Lane(make_statics(files))
    for expected in (first, second):
        reply = lane.answer(request_, "http")
        assert (reply.status if isinstance(reply, Reply) else reply) == expected
        warm(lane, request_)


@pytest.mark.parametrize(
    ("lines", "status", "body"),
    [
        ((), 200, CSS),
        (("Range: bytes=0-9",), 206, CSS[:10]),
        (("Range: bytes=-1",), 206, CSS[-1:]),
        (("Range: bytes=99999-",), 416, None),
        (("Range: lines=1-2",), 200, CSS),
        (("If-None-Match: *",), 304, b""),
        (('If-Match: "x"',), 412, None),
        ((f"If-Modified-Since: {LAST_MODIFIED}",), 304, b""),
        (("If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT",), 412, None),
        (('If-Range: "x"', "Range: bytes=0-9"), 200, CSS),
    ],
)
def test_preconditions_and_ranges_mean_what_rfc_9110_says(
    lines: tuple[str, ...], status: int, body: bytes | None, files: str
) -> None:
    lane = Lane(make_statics(files))
    for _ in range(2):
        reply = decide(lane, ask("/static/app.css", *lines))
        assert reply is not None
        assert reply.status == status
        assert body is None or body_of(reply) == body


def test_a_large_file_is_sent_by_the_kernel_from_its_place(files: str) -> None:
    lane = Lane(make_statics(files))
    whole = decide(lane, ask("/static/large.bin"))
    part = decide(lane, ask("/static/large.bin", "Range: bytes=10-19"))
    assert whole is not None
    assert part is not None
    assert whole.is_whole_file
    assert not part.is_whole_file
    for reply, octets in ((whole, LARGE), (part, LARGE[10:20])):
        assert reply.file is not None
        assert [type(piece) for piece in reply.pieces if piece] == [FileSlice]
        assert body_of(reply) == octets
        assert reply.file.closed


def test_with_several_the_outermost_answers_and_what_it_has_not_is_the_next_ones(tmp_path: Path) -> None:
    for name, octets in (("outer/a.txt", b"outer"), ("inner/a.txt", b"inner"), ("inner/b.txt", b"inner")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(octets)
    inner = StaticServe(passed_on, root=tmp_path / "inner", prefix="/static/")
    lane = Lane([StaticServe(inner, root=tmp_path / "outer", prefix="/static/"), inner])
    for _ in range(2):
        replies = [decide(lane, ask(target)) for target in ("/static/a.txt", "/static/b.txt", "/static/c.txt")]
        assert [reply and body_of(reply) for reply in replies] == [b"outer", b"inner", None]


def test_who_serves_the_root_does_not_read_for_requests_of_the_application(tmp_path: Path) -> None:
    (tmp_path / "robots.txt").write_bytes(b"User-agent: *\n")
    lane = Lane([StaticServe(passed_on, root=tmp_path)])
    for target in ("/", "/page", "/page/", "/robots", "/robots.txt/", "/p%C3%A4ge?x=/robots.txt"):
        if target.isascii() and "%" not in target:
            assert lane.answer(ask(target), "http") is Elsewhere.NOT_OURS, target
    assert lane.answer(ask("/robots.txt"), "http") is Elsewhere.SLOW


@pytest.mark.parametrize(
    ("target", "is_ours"),
    [
        ("/app/static/app.css", True),
        ("/app/static/missing.css", False),
        ("/static/app.css", False),
        ("/%61pp/static/app.css", False),
    ],
)
def test_the_script_name_is_taken_off(target: str, is_ours: bool, files: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPT_NAME", "/app")
    lane = Lane(make_statics(files))
    for _ in range(2):
        assert (decide(lane, ask(target)) is not None) == is_ours


class _Told:
    """A transport that adds what it is told by a field, and has the application answer what is not secure."""

    scheme_field: str | None = "x-forwarded-proto"

    def added_fields(self, environ: Mapping[str, Any]) -> Fields | None:
        """Return one field for https, and nothing otherwise."""
        is_secure = environ.get("HTTP_X_FORWARDED_PROTO") == "https" and environ["PATH_INFO"].startswith("/")
        return (("Strict-Transport-Security", "max-age=60"), ("etag", "never twice")) if is_secure else None


def test_the_transport_decides_who_answers_and_adds_its_fields(files: str) -> None:
    statics = make_statics(files)
    statics[0].transport = _Told()
    lane = Lane(statics)
    for _ in range(2):
        assert decide(lane, ask("/static/app.css")) is None
        assert lane.answer_slowly(ask("/static/app.css"), "http") is None
        reply = decide(lane, ask("/static/app.css", "X-Forwarded-Proto: https"))
        assert reply is not None
        assert reply.fields.count(("Strict-Transport-Security", "max-age=60")) == 1
        assert [name.lower() for name, _ in reply.fields].count("etag") == 1
        assert b"\r\nStrict-Transport-Security: max-age=60\r\n" in reply.lines


def test_who_is_not_outermost_answers_nothing_early(files: str) -> None:
    statics = make_statics(files)
    lane = Lane(statics)
    assert decide(lane, ask("/static/app.css")) is not None
    statics[0].may_answer_early = False
    assert lane.answer(ask("/static/app.css"), "http") is Elsewhere.NOT_OURS
    assert lane.answer_slowly(ask("/static/app.css"), "http") is None


_LINES: Final = st.lists(
    st.sampled_from(
        [
            *("Accept-Encoding: gzip", "Accept-Encoding: gzip;q=0, identity", "Accept-Encoding: br;q=x"),
            *('If-None-Match: "x"', "If-None-Match: *", 'If-Match: "x"', "If-Match: *"),
            *(f"If-Modified-Since: {LAST_MODIFIED}", f"If-Unmodified-Since: {LAST_MODIFIED}"),
            *("Range: bytes=0-9", "Range: bytes=-1", "Range: bytes=0-0,4-5", "Range: bytes=99999-", "Range: x=1-2"),
            *('If-Range: "x"', f"If-Range: {LAST_MODIFIED}", "Origin: http://o", "Accept-Encoding:"),
        ]
    ),
    max_size=4,
    unique_by=lambda line: line.partition(":")[0],
)
_TARGETS: Final = st.sampled_from(
    [
        *("/static/app.css", "/static/app.css?v=1", "/static/js/app.js", "/static/empty.txt", "/static/large.bin"),
        *("/static/na%C3%AFve%20caf%C3%A9.txt", "/static/na%EFve", "/static/missing", "/static/%", "/page"),
        *("/assets", "/assets/", "/assets/docs", "/assets/docs?x=y", "/assets/docs/", "/assets/missing", "/"),
    ]
)


@given(_TARGETS, st.sampled_from(["GET", "HEAD"]), _LINES, st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_lane_answers_as_the_wsgi_adapter_does(
    files: str, target: str, method: str, lines: list[str], is_warm: bool
) -> None:
    statics = make_statics(files)
    lane = Lane(statics)
    request = ask(target, *lines, method=method)
    if is_warm:
        warm(lane, request._replace(method="GET", fields={}))
        warm(lane, request._replace(method="GET"))
    reply = decide(lane, request)
    status, fields, body = _over_wsgi(statics[0], request)
    if reply is None:
        assert status == 299
        return
    assert (reply.status, list(reply.fields), body_of(reply)) == (status, fields, body)
    encoded = "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    assert reply.lines == encoded.encode("latin-1")


def _over_wsgi(static: StaticServe, request: PlainRequest) -> tuple[int, list[tuple[str, str]], bytes]:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"REQUEST_METHOD": request.method, "QUERY_STRING": request.query, "SCRIPT_NAME": ""}
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.fields.items()}
    environ["PATH_INFO"] = unquote_to_bytes(request.path).decode("latin-1")
    seen: list[Any] = []

    def start_response(status: str, fields: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        seen[:] = [int(status[:3]), fields]

    body = static(environ, start_response)
    try:
        octets = b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()
    return seen[0], seen[1], octets
