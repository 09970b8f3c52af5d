"""What is plain, measured by gunicorn's own parser: never more than that accepts, and never otherwise."""

from __future__ import annotations

from random import Random
from typing import Final

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import NoMoreData
from gunicorn.http.parser import RequestParser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from staticserve.gunicorn.requests import PlainReader, PlainRequest, may_become_plain
from tests.gunicorn.streams import make_stream

_PEER: Final = ("127.0.0.1", 1)
_SCHEME_FIELDS: Final = frozenset({"x-forwarded-proto", "x-forwarded-ssl", "x-forwarded-protocol"})
_DEFAULTS: Final = (4094, 100, 8190)

_HEAD: Final = b"GET /static/app.css HTTP/1.1\r\nHost: h"


def make_reader(line: int = 4094, fields: int = 100, size: int = 8190) -> PlainReader:
    return PlainReader(limit_line=line, limit_fields=fields, limit_field_size=size, scheme_fields=_SCHEME_FIELDS)


def make_cfg(line: int = 4094, fields: int = 100, size: int = 8190) -> Config:
    cfg = Config()
    cfg.set("limit_request_line", line)
    cfg.set("limit_request_fields", fields)
    cfg.set("limit_request_field_size", size)
    return cfg


@pytest.mark.parametrize(
    "head",
    [
        _HEAD,
        b"HEAD /static/app.css HTTP/1.1\r\nhost: h",
        b"GET /static/app.css?v=1&x=%20 HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nAccept-Encoding: gzip, br",
        _HEAD + b"\r\nConnection: close",
        _HEAD + b"\r\nConnection:\tKeep-Alive ",
        _HEAD + b"\r\nCookie: caf\xe9=1\r\nCookie: b",
        _HEAD + b"\r\nX-Forwarded-Proto: https",
        _HEAD + b'\r\nIf-None-Match: "x"\r\nRange: bytes=0-1',
    ],
)
def test_what_browsers_send_is_plain(head: bytes) -> None:
    assert make_reader().read(head) is not None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\n" + _HEAD,
        _HEAD + b"\r\n",
        b"GET /static/app.css HTTP/1.1",
        b"GET /static/app.css HTTP/1.0\r\nHost: h",
        b"GET /static/app.css HTTP/1.1 \r\nHost: h",
        b"GET  /static/app.css HTTP/1.1\r\nHost: h",
        b"GET //static/app.css HTTP/1.1\r\nHost: h",
        b"GET http://h/static/app.css HTTP/1.1\r\nHost: h",
        b"GET * HTTP/1.1\r\nHost: h",
        b"GET /static/app.css#x HTTP/1.1\r\nHost: h",
        b"GET /static/\xe9 HTTP/1.1\r\nHost: h",
        b"GET /static/\x7f HTTP/1.1\r\nHost: h",
        b"get /static/app.css HTTP/1.1\r\nHost: h",
        b"POST /static/app.css HTTP/1.1\r\nHost: h",
        b"GET /static/app.css HTTP/1.1\nHost: h",
        _HEAD + b"\nX: 1",
        _HEAD + b"\rX: 1",
        _HEAD + b"\r\n folded",
        _HEAD + b"\r\nX: a\x00b",
        _HEAD + b"\r\nX: a\x7fb",
        _HEAD + b"\r\nX : 1",
        _HEAD + b"\r\n: 1",
        _HEAD + b"\r\nX",
        _HEAD + b"\r\nX_Y: 1",
        _HEAD + b"\r\nX\xe9: 1",
        _HEAD + b"\r\nHost: h",
        _HEAD + b"\r\nContent-Length: 0",
        _HEAD + b"\r\ntransfer-encoding: chunked",
        _HEAD + b"\r\nUpgrade: websocket",
        _HEAD + b"\r\nExpect: 100-continue",
        _HEAD + b"\r\nConnection: Upgrade",
        _HEAD + b"\r\nConnection: close, x",
        _HEAD + b"\r\nConnection: close\r\nConnection: close",
        _HEAD + b"\r\nRange: bytes=0-1\r\nRange: bytes=0-1",
        _HEAD + b"\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on",
        _HEAD + b"\r\nX: " + b"x" * 8190,
    ],
)
def test_what_is_in_any_way_unusual_is_not_plain(head: bytes) -> None:
    assert make_reader().read(head) is None


_BYTES: Final = st.one_of(
    st.sampled_from([b"\r\n", b"\r", b"\n", b" ", b":", b"\t", b"\x00", b"\xff", b"_", b"%41", b"#", b"?", b"//"]),
    st.binary(min_size=1, max_size=3),
)
_LINES: Final = st.lists(
    st.sampled_from(
        [
            *(b"Host: h", b"Host:", b"Accept: */*", b"Connection: close", b"Connection: Keep-Alive", b"X-A: \t b \t"),
            *(b'If-None-Match: "x"', b"Range: bytes=0-1", b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off"),
            *(b"Cookie: \xe9", b"Content-Length: 0", b"A_B: 1", b"Expect: x", b"X-Long: " + b"x" * 60),
        ]
    ),
    max_size=7,
)


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """Make heads that are plain, or were until something happened to them."""
    line = b"%s %s HTTP/1.1" % (
        draw(st.sampled_from([b"GET", b"HEAD", b"POST"])),
        b"/"
        + draw(
            st.sampled_from([b"static/app.css", b"static/%61?x=%62?y", b"", b"a;b/[c]\\{d}|^`", b"%", b"?#", b'?"'])
        ),
    )
    head = b"\r\n".join([line, *draw(_LINES)])
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(head)))
        head = head[:place] + draw(_BYTES) + head[place + draw(st.integers(0, 2)) :]
    return head


@given(heads(), st.sampled_from([_DEFAULTS, (40, 3, 50), (30, 100, 8190), (0, 0, 0), (8190, 1, 100)]))
@settings(max_examples=600, deadline=None)
def test_gunicorn_reads_every_plain_request_the_same_way(head: bytes, limits: tuple[int, int, int]) -> None:
    plain = make_reader(*limits).read(head)
    if plain is not None:
        _check_against_gunicorn(plain, head, make_cfg(*limits))


def test_gunicorn_reads_every_plain_request_of_the_differential_test_the_same_way() -> None:
    random, cfg, reader = Random(27), make_cfg(), make_reader()
    count = 0
    for _ in range(2000):
        for head in b"".join(make_stream(random, cfg).parts).split(b"\r\n\r\n"):
            plain = reader.read(head)
            if plain is not None:
                count += 1
                _check_against_gunicorn(plain, head, cfg)
    assert count > 1000


def _check_against_gunicorn(plain: PlainRequest, head: bytes, cfg: Config) -> None:
    request = next(RequestParser(cfg, iter([head + b"\r\n\r\n"]), _PEER))
    assert plain.method == request.method
    assert plain.path == request.path
    assert plain.query == request.query
    assert plain.closes == request.should_close()
    assert request.version == (1, 1)
    assert request.fragment == ""
    assert not request.body.read()
    assert not request._expected_100_continue
    values: dict[str, list[str]] = {}
    for name, value in request.headers:
        values.setdefault(name.lower(), []).append(value)
    assert {name: [value] for name, value in plain.fields.items()} == {name: values[name] for name in plain.fields}
    assert not {"content-length", "transfer-encoding", "upgrade", "expect"} & values.keys()


@given(heads())
@example(_HEAD)
@settings(max_examples=300, deadline=None)
def test_every_beginning_of_a_plain_request_may_become_one(head: bytes) -> None:
    reader = make_reader()
    if reader.read(head) is not None:
        whole = head + b"\r\n\r\n"
        for place in range(1, len(whole)):
            assert may_become_plain(whole[:place], reader.limit_head), whole[:place]


@given(heads(), st.data())
@settings(max_examples=600, deadline=None)
def test_nothing_waits_that_gunicorn_has_an_answer_to(head: bytes, data: st.DataObject) -> None:
    part = (head + b"\r\n\r\n")[: data.draw(st.integers(1, len(head) + 4))]
    limits = data.draw(st.sampled_from([_DEFAULTS, (40, 3, 50), (30, 100, 8190), (0, 0, 0)]))
    if b"\r\n\r\n" not in part and may_become_plain(part, make_reader(*limits).limit_head):
        with pytest.raises(NoMoreData):
            next(RequestParser(make_cfg(*limits), iter([part]), _PEER))


@given(st.binary(max_size=200))
def test_nothing_raises(data: bytes) -> None:
    make_reader().read(data)
    may_become_plain(data, 8190)


def test_names_are_remembered_within_bounds() -> None:
    reader = make_reader()
    for number in range(5000):
        assert reader.read(_HEAD + b"\r\nX-%d: 1" % number) is not None
    assert len(reader._names) <= 2000
