"""Byte ranges (RFC 9110, 14)."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.semantics.ranges import ByteRange, content_range, parse_range, unsatisfied_range

# The size in the examples of 14.1.2.
SIZE: Final = 10_000


@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        ("bytes=0-499", [(0, 500)]),
        ("bytes=500-999", [(500, 1000)]),
        ("bytes=-500", [(9500, 10_000)]),
        ("bytes=9500-", [(9500, 10_000)]),
        ("bytes=0-0,-1", [(0, 1), (9999, 10_000)]),
        ("bytes= 0-999, 4500-5499, -1000", [(0, 1000), (4500, 5500), (9000, 10_000)]),
        ("bytes=500-600,601-999", [(500, 1000)]),
        ("bytes=500-700,601-999", [(500, 1000)]),
    ],
)
def test_the_examples_of_the_rfc_mean_what_it_says(value: str, ranges: list[ByteRange]) -> None:
    assert parse_range(value, SIZE) == ranges


@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=9999-9999", [(9999, 10_000)]),
        ("bytes=-1", [(9999, 10_000)]),
        ("bytes=0-", [(0, 10_000)]),
        ("bytes=9999-", [(9999, 10_000)]),
        ("bytes=00-000", [(0, 1)]),
        ("BYTES=0-0", [(0, 1)]),
        ("Bytes=0-0", [(0, 1)]),
        (" \tbytes=0-0", [(0, 1)]),
        ("bytes=0-0 \t", [(0, 1)]),
        ("bytes=,0-0,,", [(0, 1)]),
    ],
)
def test_every_spelling_of_one_range_is_understood(value: str, ranges: list[ByteRange]) -> None:
    assert parse_range(value, SIZE) == ranges


@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        # "If the last-pos value is ... greater than or equal to the current length ..., the byte range is
        # interpreted as the remainder of the representation" (14.1.2).
        ("bytes=0-10000", [(0, 10_000)]),
        ("bytes=9999-10000", [(9999, 10_000)]),
        ("bytes=0-99999999999999999999999999999999", [(0, 10_000)]),
        pytest.param("bytes=1-" + "9" * 10_000, [(1, 10_000)], id="huge-last-pos"),
        # "If the selected representation is shorter than the specified suffix-length, the entire representation
        # is used."
        ("bytes=-10000", [(0, 10_000)]),
        ("bytes=-10001", [(0, 10_000)]),
        pytest.param("bytes=-" + "9" * 10_000, [(0, 10_000)], id="huge-suffix-length"),
        pytest.param("bytes=" + "0" * 100 + "5-" + "0" * 100 + "5", [(5, 6)], id="zeros-in-front"),
    ],
)
def test_what_is_past_the_end_is_cut_off(value: str, ranges: list[ByteRange]) -> None:
    assert parse_range(value, SIZE) == ranges


@pytest.mark.parametrize(
    "value",
    [
        "bytes=-0",
        "bytes=-000",
        "bytes=10000-",
        "bytes=10000-10000",
        "bytes=10000-20000",
        "bytes=99999999999999999999999999-",
        pytest.param("bytes=" + "9" * 10_000 + "-", id="huge-first-pos"),
        "bytes=-0, -0, 10000-",
    ],
)
def test_what_is_all_past_the_end_or_empty_is_unsatisfiable(value: str) -> None:
    assert parse_range(value, SIZE) == []


@pytest.mark.parametrize("value", ["bytes=0-0, 10000-", "bytes=-0, 0-0", "bytes=20000-30000,0-0,-0"])
def test_one_satisfiable_range_makes_a_set_satisfiable(value: str) -> None:
    assert parse_range(value, SIZE) == [(0, 1)]


@pytest.mark.parametrize(
    "value",
    [
        *("", "bytes", "bytes=", "bytes=,", "bytes= ", "bytes=-", "bytes=--", "bytes=--1", "bytes=1--2", "bytes=0"),
        *("bytes 0-1", "bytes:0-1", "bytes =0-1", "byte=0-1", "=0-1", "0-1", "bytes=bytes=0-1", "bytes=0-1;2-3"),
        # "An int-range is invalid if the last-pos value is present and less than first-pos" (14.1.1).
        *("bytes=5-4", "bytes=0-0,5-4", "bytes=5-4,0-0"),
        # Digits are 0 to 9, and nothing stands between them.
        *("bytes=+0-1", "bytes=0-+1", "bytes=0-1_0", "bytes=0 - 1", "bytes=0- 1", "bytes=- 1", "bytes=0x0-1"),
        *("bytes=1.0-2", "bytes=a-b", "bytes=0-b", "bytes=\u0660-\u0661", "bytes=\xb2-", "bytes=\uff10-\uff11"),
        *("bytes=0-1\n", "bytes=0-1\r\n", "bytes=0-1\x00", "byte\u017f=0-1", "bytes=0-1\xa0"),
    ],
)
def test_a_malformed_value_is_ignored(value: str) -> None:
    assert parse_range(value, SIZE) is None


@pytest.mark.parametrize("value", ["items=0-5", "seconds=0-1", "none", "none=0-1", "x-bytes=0-1"])
def test_another_unit_is_ignored(value: str) -> None:
    assert parse_range(value, SIZE) is None


@pytest.mark.parametrize("value", ["bytes=0-0", "bytes=-1", "bytes=0-", "bytes=-0", "bytes=0-0,5-"])
def test_an_empty_file_ignores_the_field(value: str) -> None:
    assert parse_range(value, 0) is None


@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        ("bytes=0-9,10-19", [(0, 20)]),
        ("bytes=10-19,0-9", [(0, 20)]),
        ("bytes=0-9,5-14,14-20", [(0, 21)]),
        ("bytes=0-99,10-19", [(0, 100)]),
        ("bytes=0-0,0-0,0-0", [(0, 1)]),
        ("bytes=0-,-1", [(0, 10_000)]),
        ("bytes=0-9,11-19", [(0, 10), (11, 20)]),
        # "... in the same order that the corresponding range-spec appeared ..., excluding those that were deemed
        # unsatisfiable or that were coalesced" (15.3.7.2).
        ("bytes=-1,0-0", [(9999, 10_000), (0, 1)]),
        ("bytes=500-599,0-99,600-699", [(500, 700), (0, 100)]),
    ],
)
def test_overlapping_and_adjacent_ranges_are_merged_in_the_place_of_the_first(
    value: str, ranges: list[ByteRange]
) -> None:
    assert parse_range(value, SIZE) == ranges


def test_fifty_ranges_are_answered_and_one_more_is_ignored() -> None:
    specs = [f"{start}-{start}" for start in range(0, 102, 2)]
    assert parse_range("bytes=" + ",".join(specs[:50]), SIZE) == [(start, start + 1) for start in range(0, 100, 2)]
    assert parse_range("bytes=" + ",".join(specs), SIZE) is None


def test_content_range_is_written_as_in_the_examples_of_the_rfc() -> None:
    # 14.4: "bytes 42-1233/1234" and "bytes */1234".
    assert content_range((42, 1234), 1234) == "bytes 42-1233/1234"
    assert unsatisfied_range(1234) == "bytes */1234"


SPECS: Final = st.one_of(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda ends: (min(ends), max(ends))),
    st.tuples(st.integers(0, 60), st.none()),
    st.tuples(st.none(), st.integers(0, 60)),
)


@given(st.lists(SPECS, min_size=1, max_size=8), st.integers(1, 50))
def test_the_ranges_hold_exactly_the_octets_that_were_asked_for(
    specs: list[tuple[int | None, int | None]], size: int
) -> None:
    value = ",".join(f"{'' if first is None else first}-{'' if last is None else last}" for first, last in specs)
    positions = range(size)
    asked: set[int] = set()
    for first, last in specs:
        if first is None:
            asked.update(positions[max(size - (last or 0), 0) :])
        else:
            asked.update(positions[first : None if last is None else last + 1])
    ranges = parse_range(f"bytes={value}", size)
    assert ranges is not None
    found = [position for start, stop in ranges for position in positions[start:stop]]
    assert sorted(found) == sorted(asked)
    assert all(0 <= start < stop <= size for start, stop in ranges)
    # None touches another one.
    assert not {stop for _, stop in ranges} & {start for start, _ in ranges}


@given(st.binary(min_size=1, max_size=200), st.lists(st.integers(1, 199), max_size=6))
def test_the_ranges_of_a_file_join_to_the_file(content: bytes, cuts: list[int]) -> None:
    edges = sorted({0, *(cut for cut in cuts if cut < len(content)), len(content)})
    joined = b""
    for first, following in pairwise(edges):
        ranges = parse_range(f"bytes={first}-{following - 1}", len(content))
        assert ranges is not None
        joined += b"".join(content[start:stop] for start, stop in ranges)
    assert joined == content


@given(
    st.text(max_size=40)
    | st.text("0123456789-, \t", max_size=60).map("bytes={}".format)
    | st.lists(st.sampled_from(["bytes", "=", "-", ",", "0", "9" * 30, "\u0664", "_", "+"]), max_size=9).map("".join),
    st.integers(0, 2**70),
)
def test_no_field_value_is_an_error(value: str, size: int) -> None:
    ranges = parse_range(value, size)
    assert ranges is None or all(0 <= start < stop <= size for start, stop in ranges)
