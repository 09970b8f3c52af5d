"""How long an answer may be kept, and when it was made (RFC 9111; RFC 8246; RFC 9110, 8.8.2)."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from staticserve.semantics.caching import cache_control, last_modified

NOW = 4_102_444_800.0  # 1 January 2100


@pytest.mark.parametrize(
    ("max_age", "value"),
    [(60, "max-age=60, public"), (0, "max-age=0, public"), (31_536_000, "max-age=31536000, public"), (None, None)],
)
def test_what_may_change_is_kept_for_as_long_as_the_user_says(max_age: int | None, value: str | None) -> None:
    assert cache_control(max_age, is_immutable=False) == value


@pytest.mark.parametrize("max_age", [60, 0, None])
def test_what_is_immutable_is_kept_for_ten_years_whatever_the_user_says_of_the_rest(max_age: int | None) -> None:
    assert cache_control(max_age, is_immutable=True) == "max-age=315360000, public, immutable"


@pytest.mark.parametrize(
    ("mtime", "value"),
    [
        # The example of RFC 9110, 5.6.7.
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (784_111_777.999, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (2_147_483_648, "Tue, 19 Jan 2038 03:14:08 GMT"),
        (315_619_201, "Wed, 02 Jan 1980 00:00:01 GMT"),
    ],
)
def test_a_time_is_written_as_an_imf_fixdate(mtime: float, value: str) -> None:
    assert last_modified(mtime, NOW) == value


@pytest.mark.parametrize("mtime", [-1, 0, 1, 315_532_800, 315_532_801, 315_619_200])
def test_a_time_of_a_reproducible_build_is_not_believed(mtime: float) -> None:
    assert last_modified(mtime, NOW) is None


IMF_FIXDATE: Final = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT"
)


# File systems hold times of which no HTTP date can speak: its year has four digits.
@given(st.floats(-(2**62), 2**62))
@example(253_402_300_800.0)
@example(2.0**40)
def test_no_time_of_a_file_is_an_error(mtime: float) -> None:
    value = last_modified(mtime, NOW)
    assert value is None or IMF_FIXDATE.fullmatch(value)


def test_a_time_to_come_is_not_told() -> None:
    assert last_modified(784_111_777, 784_111_776.5) is None
    assert last_modified(784_111_777, 784_111_777.0) == "Sun, 06 Nov 1994 08:49:37 GMT"
