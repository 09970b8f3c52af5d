"""Preconditions (RFC 9110, 13)."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.semantics.conditional import (
    Outcome,
    evaluate,
    if_match,
    if_modified_since,
    if_none_match,
    if_range,
    if_unmodified_since,
)

ETAG: Final = '"xyzzy"'

# One moment in the three forms of 5.6.7, and the moments around it.
MODIFIED: Final = "Sun, 06 Nov 1994 08:49:37 GMT"
RFC_850: Final = "Sunday, 06-Nov-94 08:49:37 GMT"
ASCTIME: Final = "Sun Nov  6 08:49:37 1994"
BEFORE: Final = "Sun, 06 Nov 1994 08:49:36 GMT"
AFTER: Final = "Sun, 06 Nov 1994 08:49:38 GMT"

UNREADABLE: Final = [
    "",
    "yesterday",
    "0",
    "784111777",
    "1994-11-06T08:49:37Z",
    "Sun, 99 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 25:49:37 GMT",
    "Sun, 06 Nov 99999 08:49:37 GMT",
    "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    '"xyzzy"',
    "\xff",
    # An HTTP date is in GMT (5.6.7). The last of these moments is beyond the years that there are.
    "Sun, 06 Nov 1994 09:49:37 +0100",
    "Sun, 06 Nov 1994 03:49:37 EST",
    "Fri, 31 Dec 9999 23:59:59 -2300",
]


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ('"xyzzy"', True),
        ('"r2d2xxxx", "xyzzy", "c3piozzzz"', True),
        ('"r2d2xxxx","xyzzy"', True),
        (', "xyzzy" ,', True),
        ("*", True),
        (" * ", True),
        ('"r2d2xxxx"', False),
        ('"XYZZY"', False),
        ('"xyzz"', False),
        ('"a, xyzzy, b"', False),
        ('"r2d2xxxx", "c3piozzzz"', False),
        # "Strong comparison: two entity tags are equivalent if both are not weak" (8.8.3.2).
        ('W/"xyzzy"', False),
        ('W/"xyzzy", "xyzzy"', True),
    ],
)
def test_if_match_compares_strongly(value: str, meaning: bool) -> None:
    assert if_match({"if-match": value}, ETAG) is meaning


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ('"xyzzy"', False),
        ('W/"xyzzy"', False),
        ('"r2d2xxxx", "xyzzy", "c3piozzzz"', False),
        ('W/"r2d2xxxx", W/"xyzzy", W/"c3piozzzz"', False),
        ('"r2d2xxxx",W/"xyzzy"', False),
        ('"a,b", "xyzzy"', False),
        ('"a\\", "xyzzy"', False),
        ("*", False),
        ("\t*", False),
        (' "xyzzy" ', False),
        ('"r2d2xxxx"', True),
        ('"XYZZY"', True),
        ('W/"r2d2xxxx"', True),
        ('"a,xyzzy,b"', True),
        ('"a, xyzzy"', True),
        ('""', True),
    ],
)
def test_if_none_match_compares_weakly(value: str, meaning: bool) -> None:
    assert if_none_match({"if-none-match": value}, ETAG) is meaning


@pytest.mark.parametrize(
    ("tag", "meaning"),
    [('"a, b"', False), ('"a", "b"', True), ('"x", "a, b"', False), ('W/"a, b", "x"', False), ('"a', True)],
)
def test_a_comma_inside_a_tag_is_part_of_it(tag: str, meaning: bool) -> None:
    assert if_none_match({"if-none-match": tag}, '"a, b"') is meaning


@pytest.mark.parametrize(
    ("value", "meaning"),
    [(MODIFIED, True), (RFC_850, True), (ASCTIME, True), (AFTER, True), (BEFORE, False)],
)
def test_a_date_says_whether_the_file_is_no_newer_in_each_of_three_forms(value: str, meaning: bool) -> None:
    assert if_unmodified_since({"if-unmodified-since": value}, MODIFIED) is meaning
    assert if_modified_since({"if-modified-since": value}, MODIFIED) is not meaning


@pytest.mark.parametrize("value", UNREADABLE)
def test_an_unreadable_date_says_nothing(value: str) -> None:
    assert if_unmodified_since({"if-unmodified-since": value}, MODIFIED) is None
    assert if_modified_since({"if-modified-since": value}, MODIFIED) is None


def test_a_date_says_nothing_of_a_file_without_one() -> None:
    assert if_unmodified_since({"if-unmodified-since": BEFORE}, None) is None
    assert if_modified_since({"if-modified-since": AFTER}, None) is None


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ('"xyzzy"', True),
        (' "xyzzy"\t', True),
        (MODIFIED, True),
        # "A client MUST NOT generate an If-Range header field containing an entity tag that is marked as weak".
        ('W/"xyzzy"', False),
        ('"r2d2xxxx"', False),
        # One tag or one date, never a list or an asterisk.
        ('"xyzzy", "r2d2xxxx"', False),
        ("*", False),
        # "... if the HTTP-date validator provided exactly matches"
        (BEFORE, False),
        (AFTER, False),
        ("", False),
        ("yesterday", False),
    ],
)
def test_if_range_wants_the_strong_tag_or_exactly_the_date(value: str, meaning: bool) -> None:
    assert if_range({"if-range": value}, ETAG, MODIFIED) is meaning


def test_if_range_with_a_date_is_false_for_a_file_without_one() -> None:
    assert if_range({"if-range": MODIFIED}, ETAG, None) is False


def test_absent_fields_say_nothing() -> None:
    assert if_match({}, ETAG) is None
    assert if_unmodified_since({}, MODIFIED) is None
    assert if_none_match({}, ETAG) is None
    assert if_modified_since({}, MODIFIED) is None
    assert if_range({}, ETAG, MODIFIED) is None


# A value of each field for what it can say. True: "the condition is true", in the words of 13.1.
Says = bool | None
FIELDS: Final[dict[str, dict[Says, str]]] = {
    "if-match": {True: '"xyzzy"', False: '"r2d2xxxx"'},
    "if-unmodified-since": {True: MODIFIED, False: BEFORE},
    "if-none-match": {True: '"r2d2xxxx"', False: '"xyzzy"'},
    "if-modified-since": {True: BEFORE, False: MODIFIED},
}
ANY: Final[tuple[Says, ...]] = (True, False, None)
NOT_FALSE: Final[tuple[Says, ...]] = (True, None)

# 13.2.2, step by step: what If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since say → what to do.
PRECEDENCE: Final[list[tuple[tuple[tuple[Says, ...], ...], Outcome]]] = [
    (((False,), ANY, ANY, ANY), Outcome.FAILED),
    (((None,), (False,), ANY, ANY), Outcome.FAILED),
    (((True,), ANY, (False,), ANY), Outcome.NOT_MODIFIED),
    (((None,), NOT_FALSE, (False,), ANY), Outcome.NOT_MODIFIED),
    (((True,), ANY, (None,), (False,)), Outcome.NOT_MODIFIED),
    (((None,), NOT_FALSE, (None,), (False,)), Outcome.NOT_MODIFIED),
    (((True,), ANY, (True,), ANY), Outcome.PROCEED),
    (((None,), NOT_FALSE, (True,), ANY), Outcome.PROCEED),
    (((True,), ANY, (None,), NOT_FALSE), Outcome.PROCEED),
    (((None,), NOT_FALSE, (None,), NOT_FALSE), Outcome.PROCEED),
]
CASES: Final = [(says, outcome) for pattern, outcome in PRECEDENCE for says in product(*pattern)]


def test_the_table_of_precedence_has_every_case_once() -> None:
    assert sorted(map(str, (says for says, _ in CASES))) == sorted(map(str, product(ANY, repeat=len(FIELDS))))


@pytest.mark.parametrize(("says", "outcome"), CASES)
def test_preconditions_are_evaluated_in_their_order(says: tuple[Says, ...], outcome: Outcome) -> None:
    fields = {name: FIELDS[name][said] for name, said in zip(FIELDS, says, strict=True) if said is not None}
    assert evaluate(fields, ETAG, MODIFIED) is outcome


TEXT: Final = st.text(st.characters(max_codepoint=255), max_size=40)
TAGS: Final = st.lists(st.sampled_from([ETAG, 'W/"xyzzy"', "*", ",", " ", '"', "W/", "x"]), max_size=8).map("".join)
DATES: Final = st.builds(
    "{}, {:02} {} {:04} {:02}:{:02}:{:02} {}".format,
    st.sampled_from(["Sun", "Mon", "?"]),
    st.integers(0, 32),
    st.sampled_from(["Jan", "Feb", "Nov", "Dec"]),
    st.integers(0, 12_000),
    st.integers(0, 25),
    st.integers(0, 61),
    st.integers(0, 61),
    st.sampled_from(["GMT", "-0000", "+2359", "-2359", "+9999", "-9999", "EST", "", "+99999999999"]),
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys([*FIELDS, "if-range"], TEXT | TAGS | DATES)),
    st.sampled_from([MODIFIED, None]),
)
def test_no_field_value_is_an_error(fields: dict[str, str], last_modified: str | None) -> None:
    assert evaluate(fields, ETAG, last_modified) in Outcome
    assert if_range(fields, ETAG, last_modified) in (True, False, None)
