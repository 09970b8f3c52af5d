"""``make_plan``: a table of (request, status, fields), from RFC 9110, 15."""

from __future__ import annotations

import hashlib
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.content import open_body
from staticserve.model import Coded, Plan, Redirect, Representation, Resource
from staticserve.plan import REQUEST_FIELDS, make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT: Final = bytes(range(256)) * 40
SIZE: Final = len(CONTENT)
CODED: Final = {"identity": CONTENT, "gzip": b"in gzip " * 200, "br": b"in br " * 100}
MODIFIED: Final = "Sun, 06 Nov 1994 08:49:37 GMT"
BEFORE: Final = "Sun, 06 Nov 1994 08:49:36 GMT"
AFTER: Final = "Sun, 06 Nov 1994 08:49:38 GMT"
TAG: Final = '"tag-of-identity"'
GZIP_TAG: Final = '"tag-of-gzip"'
OTHER_TAG: Final = '"another"'

SHARED: Final = (("Cache-Control", "max-age=60, public"), ("Access-Control-Allow-Origin", "*"))
VARY: Final = ("Vary", "Accept-Encoding")
NOSNIFF: Final = ("X-Content-Type-Options", "nosniff")
RANGES: Final = ("Accept-Ranges", "bytes")


def make_representation(coding: str, octets: bytes) -> Representation:
    etag = ("ETag", f'"tag-of-{coding}"')
    part_fields = (
        ("Content-Type", "text/css; charset=utf-8"),
        *((("Content-Encoding", coding),) if coding != "identity" else ()),
        etag,
        ("Last-Modified", MODIFIED),
        RANGES,
        *SHARED,
        VARY,
        NOSNIFF,
    )
    return Representation(
        coding=coding,
        size=len(octets),
        etag=etag[1],
        octets=octets,
        fields=(("Content-Length", str(len(octets))), *part_fields),
        part_fields=part_fields,
        not_modified_fields=(etag, RANGES, *SHARED, VARY, NOSNIFF),
        heads={},
    )


def represent(coded: Coded) -> Representation:
    assert isinstance(coded.octets, bytes)
    return make_representation(coded.coding, coded.octets)


def make_coded(coding: str, octets: bytes) -> Coded:
    return Coded(coding, len(octets), octets, hashlib.sha256(octets).hexdigest())


RESOURCE: Final = Resource(
    codings=tuple(make_coded(coding, octets) for coding, octets in CODED.items()),
    make_representation=represent,
    content_type="text/css; charset=utf-8",
    last_modified=MODIFIED,
    common_fields=(SHARED[1], VARY, NOSNIFF),
    allow_all_origins=True,
)
PRIVATE: Final = Resource(
    codings=RESOURCE.codings[:1],
    make_representation=represent,
    content_type=RESOURCE.content_type,
    last_modified=None,
    common_fields=(NOSNIFF,),
    allow_all_origins=False,
)
REDIRECT: Final = Redirect("./docs/", (("Cache-Control", "max-age=60, public"), NOSNIFF))


def body_of(plan: Plan) -> bytes:
    return b"".join(open_body(plan, None))


def fields_of(plan: Plan) -> dict[str, str]:
    """Return a plan's fields, of which none may be there twice."""
    fields = dict(plan.fields)
    assert len(fields) == len(plan.fields)
    return fields


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 200),
        ({"accept-encoding": "gzip"}, 200),
        # Preconditions, in the order of 13.2.2.
        ({"if-match": TAG}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": OTHER_TAG}, 412),
        ({"if-match": f"W/{TAG}"}, 412),
        ({"if-match": OTHER_TAG, "if-none-match": TAG}, 412),
        ({"if-match": TAG, "if-unmodified-since": BEFORE}, 200),
        ({"if-unmodified-since": MODIFIED}, 200),
        ({"if-unmodified-since": BEFORE}, 412),
        ({"if-unmodified-since": BEFORE, "if-none-match": TAG}, 412),
        ({"if-none-match": TAG}, 304),
        ({"if-none-match": f"W/{TAG}"}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": f"{OTHER_TAG}, {TAG}"}, 304),
        ({"if-none-match": OTHER_TAG}, 200),
        ({"if-none-match": OTHER_TAG, "if-modified-since": MODIFIED}, 200),
        ({"if-none-match": TAG, "if-modified-since": BEFORE}, 304),
        ({"if-modified-since": MODIFIED}, 304),
        ({"if-modified-since": AFTER}, 304),
        ({"if-modified-since": BEFORE}, 200),
        ({"if-modified-since": "yesterday"}, 200),
        # A tag is one of the selected representation's, not of another coding's.
        ({"accept-encoding": "gzip", "if-none-match": GZIP_TAG}, 304),
        ({"accept-encoding": "gzip", "if-none-match": TAG}, 200),
        ({"if-none-match": GZIP_TAG}, 200),
        ({"accept-encoding": "gzip", "if-match": TAG}, 412),
        # Ranges
        ({"range": "bytes=0-0"}, 206),
        ({"range": "bytes=-1"}, 206),
        ({"range": "bytes=0-"}, 206),
        ({"range": "bytes=0-0,-1"}, 206),
        ({"range": "bytes=-0"}, 416),
        ({"range": f"bytes={SIZE}-"}, 416),
        ({"range": "bytes=5-4"}, 200),
        ({"range": "items=0-1"}, 200),
        ({"range": "bytes=0-9,10-19"}, 206),
        ({"accept-encoding": "gzip", "range": f"bytes={len(CODED['gzip'])}-"}, 416),
        # "A precondition that is false ends the request before its Range": step 5 comes last.
        ({"range": "bytes=0-0", "if-none-match": TAG}, 304),
        ({"range": "bytes=0-0", "if-match": OTHER_TAG}, 412),
        ({"range": "bytes=-0", "if-modified-since": MODIFIED}, 304),
        ({"range": "bytes=0-0", "if-none-match": OTHER_TAG}, 206),
        ({"range": "bytes=0-0", "if-range": TAG}, 206),
        ({"range": "bytes=0-0", "if-range": MODIFIED}, 206),
        ({"range": "bytes=0-0", "if-range": f"W/{TAG}"}, 200),
        ({"range": "bytes=0-0", "if-range": OTHER_TAG}, 200),
        ({"range": "bytes=0-0", "if-range": AFTER}, 200),
        ({"range": "bytes=0-0", "if-range": GZIP_TAG}, 200),
        ({"range": "bytes=0-0", "if-range": GZIP_TAG, "accept-encoding": "gzip"}, 206),
        ({"range": f"bytes={SIZE}-", "if-range": OTHER_TAG}, 200),
        ({"if-range": OTHER_TAG}, 200),
    ],
)
def test_the_fields_of_a_get_decide_the_status(fields: Mapping[str, str], status: int) -> None:
    assert make_plan(RESOURCE, "GET", fields).status == status


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("GET", 200),
        ("HEAD", 200),
        ("OPTIONS", 204),
        *((method, 405) for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "BREW", "")),
        # "The method token is case-sensitive" (9.1).
        ("get", 405),
    ],
)
def test_the_method_decides_the_status(method: str, status: int) -> None:
    assert make_plan(RESOURCE, method, {}).status == status


@pytest.mark.parametrize(
    ("accept_encoding", "coding"), [(None, "identity"), ("gzip", "gzip"), ("gzip, br", "br"), ("gzip;q=0", "identity")]
)
def test_a_200_has_the_fields_and_octets_of_the_selected_representation(
    accept_encoding: str | None, coding: str
) -> None:
    plan = make_plan(RESOURCE, "GET", {} if accept_encoding is None else {"accept-encoding": accept_encoding})
    expected = {
        "Content-Length": str(len(CODED[coding])),
        "Content-Type": "text/css; charset=utf-8",
        "ETag": f'"tag-of-{coding}"',
        "Last-Modified": MODIFIED,
        "Accept-Ranges": "bytes",
        **dict(SHARED),
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if coding != "identity":
        expected["Content-Encoding"] = coding
    assert fields_of(plan) == expected
    assert body_of(plan) == CODED[coding]


def test_a_304_has_what_updates_a_cache_and_no_body() -> None:
    plan = make_plan(RESOURCE, "GET", {"if-none-match": TAG})
    assert fields_of(plan) == {
        "ETag": TAG,
        "Accept-Ranges": "bytes",
        **dict(SHARED),
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    assert body_of(plan) == b""


def test_a_206_has_the_fields_of_the_representation_and_its_range() -> None:
    plan = make_plan(RESOURCE, "GET", {"range": "bytes=256-511", "accept-encoding": "gzip"})
    assert fields_of(plan) == {
        "Content-Length": "256",
        "Content-Range": "bytes 256-511/1600",
        "Content-Type": "text/css; charset=utf-8",
        "Content-Encoding": "gzip",
        "ETag": GZIP_TAG,
        "Last-Modified": MODIFIED,
        "Accept-Ranges": "bytes",
        **dict(SHARED),
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    assert body_of(plan) == CODED["gzip"][256:512]


def test_several_ranges_are_the_parts_of_a_multipart_body() -> None:
    plan = make_plan(RESOURCE, "GET", {"range": "bytes=-2, 0-0, 100-199"})
    fields, body = fields_of(plan), body_of(plan)
    assert plan.status == 206
    # "... MUST NOT generate a Content-Range header field in the HTTP header section" (15.3.7.2).
    assert "Content-Range" not in fields
    assert fields["Content-Length"] == str(len(body))
    assert fields["ETag"] == TAG
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {fields['Content-Type']}\r\n\r\n".encode() + body)
    assert message.get_content_type() == "multipart/byteranges"
    parts = list(message.iter_parts())
    assert [part["Content-Range"] for part in parts] == [
        f"bytes {SIZE - 2}-{SIZE - 1}/{SIZE}",
        f"bytes 0-0/{SIZE}",
        f"bytes 100-199/{SIZE}",
    ]
    assert body.count(b"\r\nContent-Type: text/css; charset=utf-8\r\n") == 3
    boundary = fields["Content-Type"].partition("boundary=")[2].encode()
    sent = [section.partition(b"\r\n\r\n")[2] for section in body.split(b"\r\n--" + boundary)[1:-1]]
    assert sent == [CONTENT[-2:], CONTENT[:1], CONTENT[100:200]]
    assert body.endswith(b"\r\n--" + boundary + b"--\r\n")


def test_ranges_that_take_more_bytes_than_the_file_are_answered_with_the_file() -> None:
    specs = ",".join(f"{start}-{start + 9}" for start in range(0, 1200, 40))
    plan = make_plan(RESOURCE, "GET", {"range": f"bytes={specs}", "accept-encoding": "br"})
    assert (plan.status, body_of(plan)) == (200, CODED["br"])


def test_a_416_says_how_long_the_file_is() -> None:
    plan = make_plan(RESOURCE, "GET", {"range": "bytes=-0"})
    assert fields_of(plan) == {
        "Content-Range": f"bytes */{SIZE}",
        "Access-Control-Allow-Origin": "*",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": "0",
    }
    assert body_of(plan) == b""


def test_a_range_of_an_empty_file_is_ignored() -> None:
    empty = Resource((make_coded("identity", b""),), represent, "text/css", None, (), allow_all_origins=False)
    plan = make_plan(empty, "GET", {"range": "bytes=0-0"})
    assert (plan.status, fields_of(plan)["Content-Length"], body_of(plan)) == (200, "0", b"")


def test_a_412_has_a_length_and_no_body() -> None:
    plan = make_plan(RESOURCE, "GET", {"if-match": OTHER_TAG})
    assert fields_of(plan)["Content-Length"] == "0"
    assert fields_of(plan)["Vary"] == "Accept-Encoding"
    assert "ETag" not in fields_of(plan)
    assert body_of(plan) == b""


def test_a_405_says_what_is_allowed_and_has_a_length() -> None:
    plan = make_plan(RESOURCE, "POST", {})
    assert fields_of(plan)["Allow"] == "GET, HEAD, OPTIONS"
    assert fields_of(plan)["Content-Length"] == "0"
    assert body_of(plan) == b""


@pytest.mark.parametrize("found", [RESOURCE, PRIVATE, REDIRECT])
def test_options_says_what_is_allowed_and_has_no_length(found: Resource | Redirect) -> None:
    plan = make_plan(found, "OPTIONS", {})
    assert plan.status == 204
    assert fields_of(plan)["Allow"] == "GET, HEAD, OPTIONS"
    # "A server MUST NOT send a Content-Length header field in any response with a status code of ... 204" (8.6).
    assert "Content-Length" not in fields_of(plan)
    assert "Access-Control-Allow-Methods" not in fields_of(plan)
    assert body_of(plan) == b""


def test_a_preflight_is_allowed_what_it_asks_for() -> None:
    fields = {"access-control-request-method": "GET", "access-control-request-headers": "range, x-own"}
    answer = fields_of(make_plan(RESOURCE, "OPTIONS", fields))
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert answer["Access-Control-Allow-Headers"] == "range, x-own"


def test_a_preflight_is_allowed_nothing_where_other_origins_are_not() -> None:
    fields = {"access-control-request-method": "GET", "access-control-request-headers": "range"}
    assert not any(name.startswith("Access-Control") for name in fields_of(make_plan(PRIVATE, "OPTIONS", fields)))


@pytest.mark.parametrize("asked", ["x\r\nSet-Cookie: a=b", "x\x00", "\xff", ""])
def test_a_preflight_puts_nothing_into_the_answer_that_no_field_can_hold(asked: str) -> None:
    fields = {"access-control-request-method": "GET", "access-control-request-headers": asked}
    assert "Access-Control-Allow-Headers" not in fields_of(make_plan(RESOURCE, "OPTIONS", fields))


@pytest.mark.parametrize(
    ("query", "location"),
    [("", "./docs/"), ("page=2", "./docs/?page=2"), ("a=%C3%A9&b=/?", "./docs/?a=%C3%A9&b=/?")],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_redirect_keeps_the_query(method: str, query: str, location: str) -> None:
    plan = make_plan(REDIRECT, method, {}, query)
    assert plan.status == 302
    assert fields_of(plan)["Location"] == location
    assert fields_of(plan)["Content-Length"] == "0"


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ("a\r\nSet-Cookie: a=b", "./docs/?a%0D%0ASet-Cookie:%20a=b"),
        ("a\n", "./docs/?a%0A"),
        ("\x00", "./docs/?%00"),
        ("\x7f", "./docs/?%7F"),
        ("\xe9=1", "./docs/?%E9=1"),
    ],
)
def test_a_redirect_encodes_what_no_url_may_hold(query: str, location: str) -> None:
    assert fields_of(make_plan(REDIRECT, "GET", {}, query))["Location"] == location


def test_other_methods_are_not_redirected() -> None:
    assert make_plan(REDIRECT, "POST", {}, "a=b").status == 405


TAGS: Final = st.sampled_from([TAG, GZIP_TAG, OTHER_TAG, f"W/{TAG}", "*", f"{OTHER_TAG}, {TAG}", "", "\xff"])
DATES: Final = st.sampled_from([MODIFIED, BEFORE, AFTER, "yesterday", "Sunday, 06-Nov-94 08:49:37 GMT"])
RANGE: Final = st.sampled_from(
    ["bytes=0-0", "bytes=-1", "bytes=5-", "bytes=0-0,100-200,-1", "bytes=-0", "bytes=99999-", "x", "bytes=5-4"]
)
FIELDS: Final = st.fixed_dictionaries(
    {},
    optional={
        "accept-encoding": st.sampled_from(["gzip", "br", "gzip, br", "gzip;q=0", "*", "identity;q=0", "zstd", ";"]),
        "if-match": TAGS,
        "if-none-match": TAGS,
        "if-modified-since": DATES,
        "if-unmodified-since": DATES,
        "if-range": TAGS | DATES,
        "range": RANGE,
        "access-control-request-method": st.just("GET"),
    },
)
FOUND: Final = st.sampled_from([RESOURCE, PRIVATE, REDIRECT])


@given(FOUND, st.sampled_from(["GET", "HEAD", "OPTIONS", "POST"]), FIELDS)
def test_the_content_length_is_the_number_of_octets(
    found: Resource | Redirect, method: str, fields: dict[str, str]
) -> None:
    plan = make_plan(found, method, fields)
    body = body_of(plan)
    if plan.status in (204, 304):
        assert "Content-Length" not in fields_of(plan)
        assert body == b""
    elif method == "HEAD":
        assert body == b""
    else:
        assert fields_of(plan)["Content-Length"] == str(len(body))


@given(FOUND, FIELDS)
def test_a_head_has_the_status_and_fields_of_a_get_without_range(
    found: Resource | Redirect, fields: dict[str, str]
) -> None:
    head = make_plan(found, "HEAD", fields)
    get = make_plan(found, "GET", {name: value for name, value in fields.items() if name != "range"})
    assert (head.status, head.fields) == (get.status, get.fields)


@given(FIELDS)
def test_what_has_several_representations_varies_in_every_answer(fields: dict[str, str]) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        assert fields_of(make_plan(RESOURCE, method, fields))["Vary"] == "Accept-Encoding"


@given(
    FOUND,
    st.sampled_from(["GET", "HEAD", "OPTIONS"]) | st.text(max_size=8),
    st.dictionaries(
        st.sampled_from(REQUEST_FIELDS),
        st.text(st.characters(max_codepoint=255), max_size=30),
    ),
    st.text(st.characters(max_codepoint=255), max_size=30),
)
def test_no_request_is_an_error(found: Resource | Redirect, method: str, fields: dict[str, str], query: str) -> None:
    plan = make_plan(found, method, fields, query)
    assert plan.status in (200, 204, 206, 302, 304, 405, 412, 416)
    assert all(name.isascii() and value.isprintable() for name, value in plan.fields)
