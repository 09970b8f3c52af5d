"""Makes resources: from what was read of a file and its codings to ready field lines."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from staticserve.catalogue.resources import Described, make_resource_maker
from staticserve.model import Coded
from tests.catalogue import DEFAULTS, LAST_MODIFIED, MTIME

if TYPE_CHECKING:
    from wsgiref.headers import Headers

    from staticserve.model import Fields, Resource
    from staticserve.options import Options

CONTENT: Final = b"body { color: red }" * 20
GZIP: Final = gzip.compress(CONTENT, mtime=0)
FOREVER: Final = "max-age=315360000, public, immutable"


def coded(coding: str, octets: bytes) -> Coded:
    return Coded(coding, len(octets), octets, hashlib.sha256(octets).hexdigest())


SINGLE: Final = Described("/srv/app.css", "/static/app.css", [coded("identity", CONTENT)], MTIME, is_proven=False)
SEVERAL: Final = SINGLE._replace(codings=[coded("identity", CONTENT), coded("gzip", GZIP)])


def make(described: Described = SINGLE, options: Options = DEFAULTS) -> Resource:
    return make_resource_maker(options)(described)


def fields_of(fields: Fields) -> dict[str, str]:
    """Return fields as a dict, of which none may be there twice."""
    assert len({name.lower() for name, _ in fields}) == len(fields)
    return dict(fields)


def test_a_200_has_these_fields() -> None:
    (representation,) = make().representations
    assert fields_of(representation.fields) == {
        "Content-Length": "380",
        "Content-Type": "text/css; charset=utf-8",
        "ETag": f'"{hashlib.sha256(CONTENT).hexdigest()[:32]}"',
        "Last-Modified": LAST_MODIFIED,
        "Accept-Ranges": "bytes",
        "Cache-Control": "max-age=60, public",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }


def test_a_coded_one_has_its_own_length_and_tag_and_names_its_coding() -> None:
    identity, coded_one = make(SEVERAL).representations
    fields, identity_fields = fields_of(coded_one.fields), fields_of(identity.fields)
    assert fields["Content-Encoding"] == "gzip"
    assert fields["Content-Length"] == str(len(GZIP))
    # "Content codings are a property of the representation data, so a strong entity tag for a content-encoded
    # representation has to be distinct from the entity tag of an unencoded representation" (8.8.3.3).
    assert fields["ETag"] != identity_fields["ETag"]
    assert {fields["Vary"], identity_fields["Vary"]} == {"Accept-Encoding"}
    assert fields.keys() - identity_fields.keys() == {"Content-Encoding"}


def test_one_representation_alone_does_not_vary() -> None:
    assert "Vary" not in fields_of(make().representations[0].fields)


def test_equal_bytes_have_equal_tags_whatever_the_name_and_time() -> None:
    other = SINGLE._replace(path="/other/machine/app.css", url="/x/app.css", mtime=MTIME + 86_400)
    assert make(other).representations[0].etag == make().representations[0].etag


def test_other_bytes_of_the_same_size_and_time_have_another_tag() -> None:
    other = SINGLE._replace(codings=[coded("identity", CONTENT.swapcase())])
    assert make(other).representations[0].etag != make().representations[0].etag


def test_a_304_has_what_a_cache_updates_and_no_metadata() -> None:
    # RFC 9110, 15.4.5: Content-Location, Date, ETag, Vary, Cache-Control, Expires.
    coded_one = make(SEVERAL).representations[1]
    assert fields_of(coded_one.not_modified_fields) == {
        "ETag": coded_one.etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "max-age=60, public",
        "Access-Control-Allow-Origin": "*",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }


def test_an_unbelievable_time_is_left_out() -> None:
    resource = make(SINGLE._replace(mtime=315_532_800))
    assert resource.last_modified is None
    assert "Last-Modified" not in fields_of(resource.representations[0].fields)


def test_what_is_proven_is_immutable_whatever_the_options_say() -> None:
    for options in (DEFAULTS, replace(DEFAULTS, max_age=None)):
        resource = make(SINGLE._replace(is_proven=True), options)
        assert fields_of(resource.representations[0].fields)["Cache-Control"] == FOREVER


@pytest.mark.parametrize(("max_age", "value"), [(60, "max-age=60, public"), (0, "max-age=0, public"), (None, None)])
def test_the_rest_is_kept_as_the_option_says(max_age: int | None, value: str | None) -> None:
    fields = fields_of(make(options=replace(DEFAULTS, max_age=max_age)).representations[0].fields)
    assert fields.get("Cache-Control") == value


@pytest.mark.parametrize(("answer", "value"), [(True, FOREVER), (1, FOREVER), (False, "max-age=60, public")])
def test_the_users_own_test_says_what_is_immutable(answer: Any, value: str) -> None:
    asked: list[tuple[str, str]] = []

    def immutable_file_test(path: str, url: str) -> Any:
        asked.append((path, url))
        return answer

    resource = make(options=replace(DEFAULTS, immutable_file_test=immutable_file_test))
    assert fields_of(resource.representations[0].fields)["Cache-Control"] == value
    assert asked == [("/srv/app.css", "/static/app.css")]


def test_a_users_test_that_fails_is_logged_and_proves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def immutable_file_test(path: str, url: str) -> bool:
        raise LookupError(path, url)

    resource = make(options=replace(DEFAULTS, immutable_file_test=immutable_file_test))
    assert fields_of(resource.representations[0].fields)["Cache-Control"] == "max-age=60, public"
    assert len(caplog.records) == 1


def test_other_origins_are_allowed_unless_an_option_forbids_them() -> None:
    assert "Access-Control-Allow-Origin" not in fields_of(
        make(options=replace(DEFAULTS, allow_all_origins=False)).representations[0].fields
    )


def every_answer(resource: Resource) -> list[dict[str, str]]:
    """Return the fields of each kind of answer: 200, 206, 304 and those without a representation."""
    answers = [fields_of(resource.common_fields)]
    for each in resource.representations:
        answers += map(fields_of, (each.fields, each.part_fields, each.not_modified_fields))
    return answers


def test_the_users_fields_are_in_every_answer() -> None:
    options = replace(DEFAULTS, fields={"Cross-Origin-Resource-Policy": "cross-origin", "X-Own": "1"})
    for fields in every_answer(make(SEVERAL, options)):
        assert fields["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert fields["X-Own"] == "1"
        assert fields["Access-Control-Allow-Origin"] == "*"
        assert fields["X-Content-Type-Options"] == "nosniff"


def set_by_user(name: str, value: Any) -> Options:
    def add_headers_function(headers: Headers, path: str, url: str) -> None:
        headers[name] = value

    return replace(DEFAULTS, add_headers_function=add_headers_function)


def test_the_users_function_sets_fields_in_every_answer() -> None:
    for fields in every_answer(make(SEVERAL, set_by_user("X-Own", "1"))):
        assert fields["X-Own"] == "1"


def test_the_users_function_knows_the_file_and_the_url() -> None:
    asked: list[tuple[str, str, str | None]] = []

    def add_headers_function(headers: Headers, path: str, url: str) -> None:
        asked.append((path, url, headers["Content-Type"]))

    make(options=replace(DEFAULTS, add_headers_function=add_headers_function))
    assert asked == [("/srv/app.css", "/static/app.css", "text/css; charset=utf-8")]


@pytest.mark.parametrize(
    ("name", "value"),
    [("Content-Type", "text/x-own"), ("cache-control", "no-cache"), ("Access-Control-Allow-Origin", "https://a.test")],
)
def test_the_users_function_wins_over_our_value(name: str, value: str) -> None:
    fields = fields_of(make(options=set_by_user(name, value)).representations[0].fields)
    assert [each for field, each in fields.items() if field.lower() == name.lower()] == [value]


def test_the_users_media_type_is_the_resources() -> None:
    assert make(options=set_by_user("Content-Type", "text/x-own")).content_type == "text/x-own"


def test_the_users_function_can_take_a_field_away() -> None:
    def add_headers_function(headers: Headers, path: str, url: str) -> None:
        del headers["Cache-Control"]
        del headers["Content-Type"]
        del headers["X-Content-Type-Options"]

    fields = fields_of(
        make(options=replace(DEFAULTS, add_headers_function=add_headers_function)).representations[0].fields
    )
    assert "Cache-Control" not in fields
    # A browser must not guess.
    assert fields["Content-Type"] == "text/css; charset=utf-8"
    assert fields["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("value", "single", "several"),
    [
        ("Origin", "Origin", "Origin, Accept-Encoding"),
        ("Origin, Cookie", "Origin, Cookie", "Origin, Cookie, Accept-Encoding"),
        ("accept-encoding", "accept-encoding", "accept-encoding"),
        ("Origin , ACCEPT-ENCODING", "Origin, ACCEPT-ENCODING", "Origin, ACCEPT-ENCODING"),
        ("*", "*", "*"),
    ],
)
@pytest.mark.parametrize("how", ["function", "fields"])
def test_the_users_vary_is_kept_and_joined(how: str, value: str, single: str, several: str) -> None:
    options = set_by_user("Vary", value) if how == "function" else replace(DEFAULTS, fields={"Vary": value})
    assert {fields["Vary"] for fields in every_answer(make(SINGLE, options))} == {single}
    assert {fields["Vary"] for fields in every_answer(make(SEVERAL, options))} == {several}


def test_several_vary_lines_of_the_user_are_one() -> None:
    def add_headers_function(headers: Headers, path: str, url: str) -> None:
        headers.add_header("Vary", "Origin")
        headers.add_header("Vary", "Cookie")

    options = replace(DEFAULTS, add_headers_function=add_headers_function)
    assert fields_of(make(SEVERAL, options).common_fields)["Vary"] == "Origin, Cookie, Accept-Encoding"


@pytest.mark.parametrize(
    "name",
    [
        *("Content-Length", "ETag", "Last-Modified", "Content-Encoding", "content-range", "Accept-Ranges", "Date"),
        *("Connection", "Transfer-Encoding", "Upgrade", "Trailer", "Keep-Alive", "Status"),
    ],
)
def test_what_we_and_the_server_answer_for_is_not_the_users_to_set(name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert every_answer(make(SEVERAL, set_by_user(name, "1"))) == every_answer(make(SEVERAL))
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Own", "a\r\nSet-Cookie: b"),
        ("X-Own", "a\nb"),
        ("X-Own", "\x00"),
        ("X-Own", "\u0141"),
        # RFC 9110, 5.1: field-name = token
        ("X Own", "1"),
        ("X-Own:", "1"),
        ("", "1"),
        ("X-Own\r\nSet-Cookie", "1"),
        ("\xe9", "1"),
    ],
)
def test_a_field_that_cannot_be_sent_is_left_out(name: str, value: str, caplog: pytest.LogCaptureFixture) -> None:
    assert every_answer(make(SEVERAL, set_by_user(name, value))) == every_answer(make(SEVERAL))
    assert len(caplog.records) == 1


@pytest.mark.parametrize("value", [None, 1, b"1", LookupError])
def test_a_users_function_that_fails_is_logged_and_leaves_the_fields_as_they_were(
    value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def add_headers_function(headers: Headers, path: str, url: str) -> None:
        headers["Cache-Control"] = "no-cache"
        if value is LookupError:
            raise LookupError
        headers["X-Own"] = value

    options = replace(DEFAULTS, add_headers_function=add_headers_function)
    assert every_answer(make(SEVERAL, options)) == every_answer(make(SEVERAL))
    assert len(caplog.records) == 1


def test_the_users_media_types_and_charset_are_used() -> None:
    options = replace(DEFAULTS, mimetypes={".css": "text/x-own"}, charset="latin-1")
    assert make(options=options).content_type == "text/x-own; charset=latin-1"


@pytest.mark.parametrize(
    "codings", [[], ["gzip"], ["gzip", "identity"], ["identity", "gzip", "gzip"], ["identity", "x"]]
)
def test_a_resource_has_identity_first_and_each_coding_once(codings: list[str]) -> None:
    with pytest.raises(ValueError, match="identity first"):
        make(SINGLE._replace(codings=[coded(coding, coding.encode()) for coding in codings]))
