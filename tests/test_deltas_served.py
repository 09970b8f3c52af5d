"""Deltas as they are sent: to whom, with which fields, and the same by every way that an answer can go."""

from __future__ import annotations

import base64
import hashlib
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staticserve import StaticServe
from staticserve.catalogue.resources import Described, make_resource_maker
from staticserve.environs import request_fields
from staticserve.gunicorn.lane import Elsewhere, Lane, Recall, Reply
from staticserve.gunicorn.requests import PlainReader
from staticserve.model import Coded, Resource
from staticserve.options import Options
from staticserve.plan import make_plan
from tests.contract.exchange import Request, Response, exchange_in_validator, exchange_in_webtest, make_environ
from tests.contract.witness import examine
from tests.deltas import BROWSERS, MAGIC, available, deltas_of, deploy, script, sha256, site, style
from tests.django.project import DEFAULTS, make_project

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from staticserve.gunicorn.requests import PlainRequest

BOTH: Final = "Accept-Encoding, Available-Dictionary"
HTTPS: Final = {"wsgi.url_scheme": "https"}
PREFIX: Final = "/static/"


class Site(NamedTuple):
    """Three releases, built: where they are, the newest one's names, and the deltas of the script by what they need."""

    root: Path
    names: dict[str, str]
    deltas: dict[str, bytes]

    @property
    def target(self) -> str:
        """Return where the newest script is."""
        return PREFIX + self.names["js/app.js"]


OLD: Final = script(2)
NEW: Final = script(3)
FIELDS: Final = (("Accept-Encoding", BROWSERS), ("Available-Dictionary", available(OLD)))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    root = tmp_path_factory.mktemp("site")
    for number in (1, 2, 3):
        names = deploy(root, site(number))
    return Site(root, names, deltas_of(root, names["js/app.js"]))


def passed_on(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("299 Passed On", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []


def serve(built: Site, **options: Any) -> StaticServe:
    return StaticServe(passed_on, built.root, PREFIX, **options)


def ask(
    app: StaticServe, target: str, *fields: tuple[str, str], method: str = "GET", environ: dict[str, str] = HTTPS
) -> Response:
    """Ask twice: from the disk and from memory, what may differ is nothing."""
    exchange = exchange_in_validator(app, **environ)
    request = Request(method, target, fields)
    first, second = exchange(request), exchange(request)
    assert first == second
    if method == "GET" and first.status in (200, 206):
        assert first.get("Content-Length") == str(len(first.octets))
    return first


def is_delta(response: Response) -> bool:
    """Return whether an answer is the delta against ``OLD``; if not, it is the ordinary one."""
    if response.get("Content-Encoding") == "dcz":
        assert response.octets.startswith(MAGIC + hashlib.sha256(OLD).digest())
        return True
    assert not response.octets.startswith(MAGIC)
    return False


# The answer


def test_whoever_holds_the_last_release_gets_the_delta(built: Site) -> None:
    app = serve(built)
    for number in (1, 2):
        old = script(number)
        response = ask(app, built.target, FIELDS[0], ("Available-Dictionary", available(old)))
        assert response.status == 200
        assert response.get("Content-Encoding") == "dcz"
        assert response.octets == built.deltas[sha256(old)]
        assert response.get("Vary") == BOTH
        assert response.get("Content-Type") == "text/javascript; charset=utf-8"
        assert response.get("Cache-Control") == "max-age=315360000, public, immutable"
        # It is the next release's dictionary: what it decodes to is.
        assert response.get("Use-As-Dictionary") == 'match="/static/js/app.*.js"'


def test_a_delta_is_a_representation_with_a_strong_tag_of_its_own(built: Site) -> None:
    app = serve(built)
    tags = [
        ask(app, built.target, ("Accept-Encoding", coding), ("Available-Dictionary", available(old))).get("ETag") or ""
        for coding in ("identity", "gzip", "br", "zstd", "dcz")
        for old in ((script(1), script(2)) if coding == "dcz" else (OLD,))
    ]
    assert len(set(tags)) == 6
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


def test_head_has_the_fields_of_get(built: Site) -> None:
    app = serve(built)
    head = ask(app, built.target, *FIELDS, method="HEAD")
    assert head == ask(app, built.target, *FIELDS)._replace(octets=b"")
    assert head.get("Content-Encoding") == "dcz"


def test_the_tag_of_a_delta_makes_a_304_for_who_would_get_it(built: Site) -> None:
    app = serve(built)
    whole = ask(app, built.target, *FIELDS)
    tag = ("If-None-Match", whole.get("ETag") or "")
    response = ask(app, built.target, *FIELDS, tag)
    assert (response.status, response.octets, response.get("ETag")) == (304, b"", whole.get("ETag"))
    assert response.get("Vary") == BOTH
    # "Metadata other than the above" is not sent (RFC 9110, 15.4.5).
    assert response.get("Content-Encoding") is None
    assert response.get("Use-As-Dictionary") is None
    # Whoever would get another representation gets that, whole.
    other = ask(app, built.target, FIELDS[0], tag)
    assert (other.status, other.get("Content-Encoding")) == (200, "br")
    br = ("If-None-Match", other.get("ETag") or "")
    assert ask(app, built.target, *FIELDS, br).status == 200
    assert ask(app, built.target, FIELDS[0], br).status == 304


def test_the_ranges_of_a_delta_join_to_it(built: Site) -> None:
    app = serve(built)
    delta = built.deltas[sha256(OLD)]
    middle = len(delta) // 2
    parts = []
    for asked in (f"bytes=0-{middle - 1}", f"bytes={middle}-"):
        part = ask(app, built.target, *FIELDS, ("Range", asked))
        assert (part.status, part.get("Content-Encoding"), part.get("Vary")) == (206, "dcz", BOTH)
        assert part.get("Use-As-Dictionary") is None
        parts.append(part.octets)
    assert b"".join(parts) == delta
    assert ask(app, built.target, *FIELDS, ("Range", f"bytes={len(delta)}-")).status == 416
    # If-Range holds the tag of what is selected, not of another coding.
    br = ask(app, built.target, FIELDS[0]).get("ETag") or ""
    assert ask(app, built.target, *FIELDS, ("Range", "bytes=0-3"), ("If-Range", br)).octets == delta


def test_every_answer_for_such_a_file_varies_by_both_fields(built: Site) -> None:
    app = serve(built)
    for environ in (HTTPS, {}):
        for fields in (
            (),
            FIELDS[:1],
            FIELDS[1:],
            FIELDS,
            (*FIELDS, ("If-Match", '"x"')),
            (*FIELDS, ("Range", "bytes=99999999-")),
            (("Range", "bytes=0-1"),),
            (("If-None-Match", "*"),),
        ):
            for method in ("GET", "HEAD", "OPTIONS", "POST"):
                response = ask(app, built.target, *fields, method=method, environ=environ)
                assert response.get("Vary") == BOTH, (fields, method)


def test_a_file_that_is_no_dictionary_varies_by_the_coding_alone(built: Site) -> None:
    app = serve(built)
    for name in ("robots.txt", "app.css"):
        response = ask(app, PREFIX + name, *FIELDS)
        assert response.get("Vary") == "Accept-Encoding"
        assert response.get("Use-As-Dictionary") is None
        assert not is_delta(response)


@pytest.mark.parametrize(
    "value",
    [
        *("", ":", "a, b", "x", f"{available(OLD)}, {available(OLD)}", f"{available(script(1))}, {available(OLD)}"),
        *(available(OLD)[:-1], available(OLD).strip(":"), available(OLD).replace("=", ""), sha256(OLD)),
        # Of 32 octets, but of nothing that there is; or of no delta.
        *(available(b""), available(b"another"), available(NEW), f":{base64.b64encode(bytes(32)).decode()}:"),
        # Another URL's content, of this site.
        *(available(style(2)), available(style(3)), available(style(0))),
        "x" * 1_000_000,
        ":" * 46,
        "\xff" * 46,
    ],
    ids=lambda value: repr(value)[:50],
)
def test_any_other_dictionary_gets_the_ordinary_answer(built: Site, value: str) -> None:
    app = serve(built)
    ordinary = ask(app, built.target, FIELDS[0])
    assert ordinary.get("Content-Encoding") == "br"
    assert ask(app, built.target, FIELDS[0], ("Available-Dictionary", value)) == ordinary
    # Also after a delta was sent to somebody.
    assert is_delta(ask(app, built.target, *FIELDS))
    assert ask(app, built.target, FIELDS[0], ("Available-Dictionary", value)) == ordinary


def test_two_lines_of_available_dictionary_are_none(built: Site) -> None:
    app = serve(built)
    assert not is_delta(ask(app, built.target, *FIELDS, FIELDS[1]))


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("*", "br"),
        ("br, *", "br"),
        ("dcb", None),
        ("br, dcb", "br"),
        ("dcz", "dcz"),
        ("DCZ", "dcz"),
        ("br, dcz", "dcz"),
        ("br, dcz;q=0", "br"),
        ("dcz;q=0, *", "br"),
        ("br, dcz;q=0.9", "br"),
        ("br;q=0.8, dcz;q=0.9", "dcz"),
        ("identity, dcz;q=0.9", None),
        ("gzip, dcz;q=x", "gzip"),
    ],
)
def test_a_delta_is_sent_where_its_coding_is_wanted_most(built: Site, accepted: str | None, coding: str | None) -> None:
    named = () if accepted is None else (("Accept-Encoding", accepted),)
    assert ask(serve(built), built.target, *named, FIELDS[1]).get("Content-Encoding") == coding


# Secure contexts


@pytest.mark.parametrize(
    ("environ", "options", "expected"),
    [
        ({"wsgi.url_scheme": "https"}, {}, True),
        ({"wsgi.url_scheme": "http"}, {}, False),
        *(
            ({"wsgi.url_scheme": "http", "HTTP_HOST": host}, {}, True)
            for host in ("localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "demo.localhost")
        ),
        *(
            ({"wsgi.url_scheme": "http", "HTTP_HOST": host}, {}, False)
            for host in ("10.0.0.1", "localhost.example", "", "127.0.0.1.example")
        ),
        # Nobody said that the field is to be believed.
        ({"HTTP_X_FORWARDED_PROTO": "https"}, {}, False),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, {"secure_proxy_ssl_header": ("HTTP_X_FORWARDED_PROTO", "https")}, True),
        ({"HTTP_X_FORWARDED_PROTO": "http"}, {"secure_proxy_ssl_header": ("HTTP_X_FORWARDED_PROTO", "https")}, False),
        ({}, {"secure_proxy_ssl_header": ("HTTP_X_FORWARDED_PROTO", "https")}, False),
        ({"HTTP_X_SSL": "on"}, {"secure_proxy_ssl_header": ("HTTP_X_SSL", "on")}, True),
        # As Django reads it: the first of a list, and against what the server says.
        ({"HTTP_X_SSL": "on, off"}, {"secure_proxy_ssl_header": ("HTTP_X_SSL", "on")}, True),
        ({"HTTP_X_SSL": "off, on"}, {"secure_proxy_ssl_header": ("HTTP_X_SSL", "on")}, False),
        ({"HTTP_X_SSL": "off", **HTTPS}, {"secure_proxy_ssl_header": ("HTTP_X_SSL", "on")}, False),
        (HTTPS, {"secure_proxy_ssl_header": ("HTTP_X_SSL", "on")}, True),
    ],
    ids=str,
)
def test_deltas_and_dictionaries_are_for_secure_contexts_only(
    built: Site, environ: dict[str, str], options: dict[str, Any], *, expected: bool
) -> None:
    app = serve(built, **options)
    response = ask(app, built.target, *FIELDS, environ=environ)
    assert is_delta(response) is expected
    assert (response.get("Use-As-Dictionary") is not None) is expected
    assert response.get("Vary") == BOTH
    # What was sent to others before changes nothing.
    assert is_delta(ask(app, built.target, *FIELDS))
    assert ask(app, built.target, *FIELDS, environ=environ) == response
    ordinary = ask(app, built.target, FIELDS[0], environ=environ)
    assert (ordinary.get("Use-As-Dictionary") is not None) is expected


# Who may read


@pytest.mark.parametrize(
    ("fields", "allows", "expected"),
    [
        ((), True, True),
        ((("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "no-cors")), True, True),
        ((("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")), False, True),
        ((("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")), True, False),
        ((("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors")), True, False),
        ((("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")), True, True),
        ((("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"), ("Origin", "https://o.example")), True, True),
        ((("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"), ("Origin", "https://o.example")), False, False),
        ((("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")), True, False),
        ((("Sec-Fetch-Site", "cross-site"),), True, True),
        # No Sec-Fetch-Site: not a browser that tells (9.3.3, first line).
        ((("Sec-Fetch-Mode", "no-cors"),), True, True),
    ],
    ids=str,
)
def test_a_delta_is_sent_to_who_may_read_it(
    built: Site, fields: tuple[tuple[str, str], ...], *, allows: bool, expected: bool
) -> None:
    app = serve(built, allow_all_origins=allows)
    assert is_delta(ask(app, built.target, *FIELDS, *fields)) is expected
    # The same when it has been sent to another, and is at hand.
    assert is_delta(ask(app, built.target, *FIELDS))
    assert is_delta(ask(app, built.target, *FIELDS, *fields)) is expected


def test_the_origin_that_the_users_function_allows_may_read(built: Site) -> None:
    def allow_one(headers: Any, path: str, url: str) -> None:
        headers["Access-Control-Allow-Origin"] = "https://o.example"

    app = serve(built, allow_all_origins=False, add_headers_function=allow_one)
    cors = (("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"))
    assert is_delta(ask(app, built.target, *FIELDS, *cors, ("Origin", "https://o.example")))
    assert not is_delta(ask(app, built.target, *FIELDS, *cors, ("Origin", "https://other.example")))


# Where there are none


def test_without_the_option_nothing_is_said_or_sent(built: Site) -> None:
    app = serve(built, dictionaries=False)
    response = ask(app, built.target, *FIELDS)
    assert not is_delta(response)
    assert response.get("Vary") == "Accept-Encoding"
    assert response.get("Use-As-Dictionary") is None


def test_a_directory_without_a_store_has_no_deltas(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    names = deploy(tmp_path / "root", site(1))
    for path in (tmp_path / "root" / ".staticserve").iterdir():
        path.unlink() if path.is_file() else path.rmdir()
    app = StaticServe(passed_on, tmp_path / "root", PREFIX)
    response = ask(app, PREFIX + names["js/app.js"], *FIELDS)
    assert response.status == 200
    assert not is_delta(response)
    assert response.get("Use-As-Dictionary") is None


def test_the_first_release_is_offered_as_a_dictionary(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    names = deploy(tmp_path / "root", site(1))
    app = StaticServe(passed_on, tmp_path / "root", PREFIX)
    for coding in ("identity", "gzip", "br", "zstd"):
        response = ask(app, PREFIX + names["app.css"], ("Accept-Encoding", coding))
        assert response.get("Use-As-Dictionary") == 'match="/static/app.*.css"'
        assert response.get("Vary") == BOTH


def test_what_is_of_an_earlier_release_is_sent_as_ever(built: Site, tmp_path: Path) -> None:
    # A page of the second release is open: its files are retained, and are dictionaries as well.
    (tmp_path / "root").mkdir()
    before = deploy(tmp_path / "root", site(2))
    deploy(tmp_path / "root", site(3))
    app = StaticServe(passed_on, tmp_path / "root", PREFIX)
    response = ask(app, PREFIX + before["js/app.js"], *FIELDS)
    assert response.status == 200
    assert not is_delta(response)
    assert response.get("Vary") == BOTH


@pytest.mark.parametrize(("number", "expected"), [(0, 0), (1, 1), (3, 3)])
def test_as_many_deltas_are_made_as_the_options_say(tmp_path: Path, number: int, expected: int) -> None:
    (tmp_path / "root").mkdir()
    for release in (1, 2, 3, 4):
        names = deploy(tmp_path / "root", site(release), deltas=number)
    app = StaticServe(passed_on, tmp_path / "root", PREFIX)
    target = PREFIX + names["js/app.js"]
    answers = [ask(app, target, FIELDS[0], ("Available-Dictionary", available(script(old)))) for old in (1, 2, 3)]
    assert sum(answer.get("Content-Encoding") == "dcz" for answer in answers) == expected


def test_a_small_memory_serves_the_same(built: Site) -> None:
    expected = ask(serve(built), built.target, *FIELDS)
    for memory in (0, 5_000, 12_000):
        assert ask(serve(built, memory=memory), built.target, *FIELDS) == expected
    assert ask(serve(built, memory_per_file=0), built.target, *FIELDS) == expected


def test_what_is_kept_of_clients_words_is_bounded(built: Site) -> None:
    app = serve(built)
    for spaces in range(20):
        for last in "ghij":
            value = available(OLD)[:-3] + last + "=:"
            for padded in (" " * spaces + value, value + " " * spaces, value + ";a=" + "1" * spaces):
                environ = make_environ(
                    Request("GET", built.target, FIELDS[:1]), **HTTPS, HTTP_AVAILABLE_DICTIONARY=padded
                )
                b"".join(app(environ, lambda status, fields, exc_info=None: lambda octets: None))
    found = app.memory.get(built.target)
    assert isinstance(found, Resource)
    assert len(found.ready) <= 4


def test_a_delta_in_memory_is_counted(built: Site) -> None:
    app = serve(built)
    before = app.memory.used
    ask(app, built.target, FIELDS[0])
    with_br = app.memory.used
    ask(app, built.target, *FIELDS)
    assert before < with_br
    assert app.memory.used == with_br + len(built.deltas[sha256(OLD)])


# All ways are one


_OTHER: Final = available(style(2))
_LINES: Final = st.fixed_dictionaries(
    {},
    optional={
        "Accept-Encoding": st.sampled_from([BROWSERS, "dcz", "br, dcz;q=0.5", "dcz;q=0", "br", "*", "gzip, dcz"]),
        "Available-Dictionary": st.sampled_from(
            [available(OLD), available(script(1)), _OTHER, available(NEW), "x", f" {available(OLD)}", ""]
        ),
        "Sec-Fetch-Site": st.sampled_from(["same-origin", "cross-site", "same-site", "none", ""]),
        "Sec-Fetch-Mode": st.sampled_from(["no-cors", "cors", "navigate", "same-origin", ""]),
        "Origin": st.sampled_from(["https://o.example", "null"]),
        "If-None-Match": st.sampled_from(["TAG", '"x"', "*", "W/TAG"]),
        "If-Match": st.sampled_from(["TAG", '"x"']),
        "Range": st.sampled_from(["bytes=0-9", "bytes=-5", "bytes=0-0,2-3", "bytes=999999-", "x"]),
        "If-Range": st.sampled_from(["TAG", '"x"']),
        "If-Modified-Since": st.sampled_from(["Sun, 06 Nov 1994 08:49:37 GMT", "x"]),
        "X-Forwarded-Proto": st.sampled_from(["https", "http"]),
    },
)
_HOSTS: Final = st.sampled_from(["static.example", "localhost:8000", "127.0.0.1", "[::1]:80"])
_FILES: Final = st.sampled_from(["js/app.js", "app.css", "same.css"])
_METHODS: Final = st.sampled_from(["GET", "HEAD"])
_SCHEMES: Final = st.sampled_from(["http", "https"])
_PROXY: Final = ("HTTP_X_FORWARDED_PROTO", "https")


def with_tag(lines: dict[str, str], tag: str) -> dict[str, str]:
    return {name: value.replace("TAG", tag) for name, value in lines.items()}


@given(_FILES, _METHODS, _SCHEMES, _HOSTS, _LINES, st.booleans(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_shortcuts_answer_as_the_plan_does(
    built: Site, logical: str, method: str, scheme: str, host: str, lines: dict[str, str], allows: bool, told: bool
) -> None:
    options: dict[str, Any] = {"allow_all_origins": allows, "secure_proxy_ssl_header": _PROXY if told else None}
    app = serve(built, **options)
    target = PREFIX + built.names[logical]
    plain = ask(app, target, *FIELDS, method="HEAD")
    given_lines = with_tag(lines, plain.get("ETag") or "")
    request = Request(method, target, tuple(given_lines.items()))
    environ = make_environ(request, **{"wsgi.url_scheme": scheme, "HTTP_HOST": host})
    found = app.memory.get(target)
    assert isinstance(found, Resource)
    planned = make_plan(found, method, request_fields(environ), is_secure=app.is_secure(environ))
    warm = exchange_in_validator(app, **HTTPS)
    # What others may have asked before: all of it, and the same but for the conditions.
    for accepted in (BROWSERS, "dcz", "br", given_lines.get("Accept-Encoding", "")):
        for old in (OLD, script(1), style(2)):
            warm(Request("GET", target, (("Accept-Encoding", accepted), ("Available-Dictionary", available(old)))))
    exchange = exchange_in_validator(app, **{"wsgi.url_scheme": scheme, "HTTP_HOST": host})
    for _ in range(2):
        response = exchange(request)
        assert (response.status, list(response.fields)) == (planned.status, list(planned.fields))
        forwarded = given_lines.get("X-Forwarded-Proto") if told else None
        secure = host != "static.example" or (forwarded or scheme) == "https"
        assert secure or response.get("Content-Encoding") != "dcz"
        assert (response.get("Use-As-Dictionary") is not None) == (secure and response.status == 200)


_READER: Final = PlainReader(
    limit_line=4094, limit_fields=100, limit_field_size=8190, scheme_fields=frozenset({"x-forwarded-proto"})
)


def plain(target: str, lines: dict[str, str], method: str, host: str) -> tuple[PlainRequest, bytes]:
    """Return a request as the worker reads it, and the octets that it reads it from."""
    told = "".join(f"{name}: {value}\r\n" for name, value in {"Host": host, **lines}.items())
    head = f"{method} {target} HTTP/1.1\r\n{told}".removesuffix("\r\n").encode("latin-1")
    request = _READER.read(head)
    assert request is not None
    return request, head


def decide(lane: Lane, request: PlainRequest, scheme: str) -> Reply:
    """Return what the client gets in the end, as the worker has it done."""
    reply: Reply | Elsewhere | None = lane.answer(request, scheme)
    if reply is Elsewhere.SLOW:
        reply = lane.answer_slowly(request, scheme)
    assert isinstance(reply, Reply)
    return reply


@given(_FILES, _METHODS, _SCHEMES, _HOSTS, _LINES, st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_lane_answers_as_the_wsgi_adapter_does(
    built: Site, logical: str, method: str, scheme: str, host: str, lines: dict[str, str], told: bool
) -> None:
    options: dict[str, Any] = {"secure_proxy_ssl_header": _PROXY if told else None}
    app = serve(built, **options)
    target = PREFIX + built.names[logical]
    given_lines = with_tag(lines, ask(serve(built), target, *FIELDS, method="HEAD").get("ETag") or "")
    exchange = exchange_in_validator(serve(built, **options), **{"wsgi.url_scheme": scheme, "HTTP_HOST": host})
    expected = exchange(Request(method, target, tuple(given_lines.items())))
    lane, recall = Lane([app]), Recall()
    request, data = plain(target, given_lines, method, host)
    # Cold, from memory, and recalled.
    for _ in range(3):
        recalled = recall.answer(data)
        if recalled is not None:
            head, octets = recalled
            assert (200, fields_in(head), octets) == (expected.status, list(expected.fields), expected.octets)
        reply = decide(lane, request, scheme)
        body = b"".join(piece for piece in reply.pieces if isinstance(piece, bytes))
        assert (reply.status, list(reply.fields), body) == (expected.status, list(expected.fields), expected.octets)
        assert fields_in(reply.lines) == list(expected.fields)
        if reply.status == 200:
            recall.learn(request, data, lane, scheme)


def fields_in(lines: bytes) -> list[tuple[str, str]]:
    """Return field lines as pairs."""
    pairs = (line.partition(": ") for line in lines.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n"))
    return [(name, value) for name, _, value in pairs]


def test_what_the_lane_recalls_is_for_the_same_context(built: Site) -> None:
    lane, recall = Lane([serve(built)]), Recall()
    secure: dict[str, str] = {}
    insecure: dict[str, str] = {}
    for host, seen in (("localhost:8000", secure), ("static.example", insecure)):
        request, data = plain(built.target, {"Accept-Encoding": "br"}, "GET", host)
        # Read, selected, encoded.
        for _ in range(3):
            decide(lane, request, "http")
        recall.learn(request, data, lane, "http")
        recalled = recall.answer(data)
        assert recalled is not None
        seen.update(fields_in(recalled[0]))
    assert secure.pop("Use-As-Dictionary") == 'match="/static/js/app.*.js"'
    assert secure == insecure


def test_the_lane_never_recalls_an_ordinary_answer_for_a_dictionary_or_a_delta_without_one(built: Site) -> None:
    lane, recall = Lane([serve(built)]), Recall()
    ordinary, ordinary_data = plain(built.target, {"Accept-Encoding": BROWSERS}, "GET", "localhost")
    delta, delta_data = plain(built.target, dict(FIELDS), "GET", "localhost")
    for _ in range(3):
        for request, data in ((ordinary, ordinary_data), (delta, delta_data)):
            reply = decide(lane, request, "http")
            coding = dict(reply.fields)["Content-Encoding"]
            assert coding == ("dcz" if request is delta else "br")
            recall.learn(request, data, lane, "http")
            recalled = recall.answer(data)
            assert recalled is None or dict(fields_in(recalled[0]))["Content-Encoding"] == coding


def test_webtests_lint_has_nothing_against_deltas(built: Site) -> None:
    exchange = exchange_in_webtest(serve(built), **HTTPS)
    assert is_delta(exchange(Request("GET", built.target, FIELDS)))


@pytest.mark.parametrize(
    "more",
    [(), (("Range", "bytes=0-9"),), (("If-None-Match", "*"),), (("Range", "bytes=99999-"),), (("If-Match", '"x"'),)],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_httplint_has_nothing_against_deltas(built: Site, more: tuple[tuple[str, str], ...], method: str) -> None:
    request = Request(method, built.target, (*FIELDS, *more))
    for environ in (HTTPS, {}):
        response = exchange_in_validator(serve(built), **environ)(request)
        dated = (("Date", formatdate(usegmt=True)), *response.fields)
        problems = examine(request, response._replace(fields=dated))
        # See UNHEEDED in tests/contract/deviations.py.
        assert [each for each in problems if each.aspect != "STORE_PUBLIC_UNNECESSARY"] == []


# The model


def make_resource(**more: Any) -> Resource:
    coded = (Coded("identity", 5, b"whole", sha256(b"whole")), Coded("br", 3, b"brr", sha256(b"brr")))
    described = Described("/a.js", f"/a.{'0' * 12}.js", coded, 0, True, **more)
    return make_resource_maker(Options())(described)


def test_a_delta_of_more_bytes_than_another_coding_is_not_preferred_to_it() -> None:
    found = make_resource(deltas=(Coded("dcz", 4, b"long", sha256(b"long"), sha256(OLD)),), is_dictionary=True)
    fields = {"accept-encoding": "br, dcz", "available-dictionary": available(OLD)}
    plan = make_plan(found, "GET", fields, is_secure=True)
    assert plan.representation is not None
    assert plan.representation.coding == "br"
    plan = make_plan(found, "GET", {**fields, "accept-encoding": "br;q=0.5, dcz"}, is_secure=True)
    assert plan.representation is not None
    assert plan.representation.coding == "dcz"


def test_a_coding_that_needs_a_dictionary_is_none_of_a_resources_own() -> None:
    coded = (Coded("identity", 5, b"whole", sha256(b"whole")), Coded("dcz", 3, b"dcz", sha256(b"dcz")))
    with pytest.raises(ValueError, match="identity first"):
        make_resource_maker(Options())(Described("/a.js", "/a.js", coded, 0, True))


# Django


@pytest.mark.parametrize("setting", ["middleware", "wsgi"])
def test_django_sends_deltas(setting: str, tmp_path: Path) -> None:
    middleware = ["staticserve.django.middleware.StaticServeMiddleware"] if setting == "middleware" else []
    project = make_project(
        tmp_path,
        MIDDLEWARE=["django.middleware.security.SecurityMiddleware", *middleware],
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
        STORAGES={**DEFAULTS["STORAGES"], "staticfiles": {"BACKEND": "staticserve.django.storage.StaticServeStorage"}},
    )
    source = tmp_path / "shop/static/shop/app.js"
    for content in (OLD, NEW):
        source.write_bytes(content)
        done = project.manage("collectstatic", "--noinput", "--clear")
        assert done.returncode == 0, done.stderr
    make = "from django.core.wsgi import get_wsgi_application as make" if middleware else "from wsgi import application"
    result = project.run(
        f"""
        {make}
        application = make() if {bool(middleware)} else application
        from django.templatetags.static import static
        url = static("shop/app.js")
        fields = dict(accept_encoding={BROWSERS!r}, available_dictionary={available(OLD)!r}, host="testserver")
        result = [
            ask(application, url, scheme="https", **fields),
            ask(application, url, **fields),
            ask(application, url, x_forwarded_proto="https", **fields),
            ask(application, url, **dict(fields, host="localhost:8000")),
            ask(application, url, scheme="https", sec_fetch_site="cross-site", sec_fetch_mode="no-cors", **fields),
            ask(application, url, scheme="https", method="HEAD", **fields),
        ] * 2
        """
    )
    codings = [answer["fields"].get("content-encoding") for answer in result]
    # With the setting, the scheme itself is not what tells it, when the field is there; here it is not.
    assert codings == ["dcz", "br", "dcz", "dcz", "br", "dcz"] * 2
    assert {answer["fields"]["vary"] for answer in result} == {BOTH}
    offers = ["use-as-dictionary" in answer["fields"] for answer in result]
    assert offers == [True, False, True, True, True, True] * 2
    body = result[0]["body"].encode("latin-1")
    assert body.startswith(MAGIC + hashlib.sha256(OLD).digest())
