"""Which content coding a client takes (RFC 9110, 8.4 and 12.5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.semantics.negotiation import CODINGS, DELTA, parse_accept_encoding, select_coding

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZES: Final = {"identity": 1000, "gzip": 300, "br": 200, "zstd": 250}


def select(value: str | None, sizes: Mapping[str, int] = SIZES) -> str:
    return select_coding(sizes.items(), parse_accept_encoding(value))


@pytest.mark.parametrize("value", [None, "", " ", ",", "deflate", "compress, deflate", "identity"])
def test_a_client_that_names_no_coding_of_ours_gets_identity(value: str | None) -> None:
    assert select(value) == "identity"


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("GZIP", "gzip"),
        ("Br", "br"),
        ("ZStd", "zstd"),
        ("x-gzip", "gzip"),
        ("X-GZip", "gzip"),
        ("deflate, gzip", "gzip"),
        ("gzip,deflate", "gzip"),
        (" gzip \t, \tdeflate ", "gzip"),
        (",, gzip,", "gzip"),
        ("gzip; q=1.0", "gzip"),
        ("gzip \t;\t q=0.5", "gzip"),
        ("gzip;Q=0.5", "gzip"),
    ],
)
def test_codings_are_case_insensitive_tokens_of_a_list(value: str, coding: str) -> None:
    assert select(value) == coding


@pytest.mark.parametrize(
    "value", ["my-gzip", "gzip2", "xgzip", "gzip-x", "g zip", "brotli", "zstandard", "x-br", "not-zstd", "gzip/br"]
)
def test_a_token_that_holds_a_coding_is_not_that_coding(value: str) -> None:
    assert select(value) == "identity"


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        ("gzip;q=0.9, br;q=0.8", "gzip"),
        ("br;q=0.8, gzip;q=0.9", "gzip"),
        ("gzip;q=0.001, br;q=0", "gzip"),
        ("zstd;q=1, br;q=0.999", "zstd"),
        ("zstd, br;q=0.999", "zstd"),
        ("identity;q=1, gzip;q=0.5", "identity"),
        ("identity, br;q=0.9", "identity"),
        ("identity;q=0.5, gzip;q=0.6", "gzip"),
        # An example of 12.5.3.
        ("gzip;q=1.0, identity; q=0.5, *;q=0", "gzip"),
        # Unnamed, identity is acceptable but not asked for.
        ("gzip;q=0.001", "gzip"),
    ],
)
def test_the_highest_weight_wins(value: str, coding: str) -> None:
    assert select(value) == coding


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        ("gzip, br, zstd", "br"),
        ("zstd, gzip", "zstd"),
        ("gzip;q=0.5, zstd;q=0.5", "zstd"),
        ("identity, gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
    ],
)
def test_among_equal_weights_the_fewest_bytes_win(value: str, coding: str) -> None:
    assert select(value) == coding


def test_identity_wins_among_equal_weights_if_it_is_smallest() -> None:
    assert select("gzip, identity", {"identity": 20, "gzip": 40}) == "identity"


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        ("gzip;q=0", "identity"),
        ("gzip;q=0.0", "identity"),
        ("gzip;q=0.000", "identity"),
        ("GZIP; q=0", "identity"),
        ("x-gzip;q=0", "identity"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, *", "zstd"),
        ("br;q=0, zstd;q=0, *", "gzip"),
    ],
)
def test_a_weight_of_nothing_refuses(value: str, coding: str) -> None:
    assert select(value) == coding


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        ("*", "br"),
        ("*;q=0.1", "br"),
        ("gzip, *;q=0.5", "gzip"),
        ("gzip;q=0.5, *", "br"),
        ("gzip, *;q=0", "gzip"),
        ("identity;q=0.5, *;q=0.4", "identity"),
        ("identity;q=0, *", "br"),
    ],
)
def test_an_asterisk_stands_for_the_codings_that_are_not_named(value: str, coding: str) -> None:
    assert select(value) == coding


@pytest.mark.parametrize("value", ["identity;q=0", "*;q=0", "gzip;q=0, *;q=0", "deflate, identity;q=0", "br, *;q=0"])
def test_identity_is_the_last_resort_even_where_it_is_refused(value: str) -> None:
    assert select(value, {"identity": 1000, "gzip": 300}) == "identity"


@pytest.mark.parametrize("weight", ["1.001", "2", "-1", "-0.1", "nan", "inf", "1e9", "x", "0.5x", "0,5"])
def test_a_coding_with_a_malformed_weight_is_dropped(weight: str) -> None:
    assert select(f"br;q={weight}, gzip;q=0.1") == "gzip"


def test_only_what_there_is_is_selected() -> None:
    assert select("br, zstd, gzip;q=0.1", {"identity": 1000, "gzip": 300}) == "gzip"
    assert select("br, zstd", {"identity": 1000, "gzip": 300}) == "identity"


WEIGHTS: Final = st.dictionaries(st.sampled_from([*CODINGS, "*", "deflate"]), st.integers(0, 1000))
AVAILABLE: Final = st.fixed_dictionaries(
    {"identity": st.integers(1, 9)}, optional={coding: st.integers(1, 9) for coding in CODINGS if coding != "identity"}
)


@given(WEIGHTS, AVAILABLE)
def test_the_selected_coding_has_the_highest_weight_and_then_the_fewest_bytes(
    thousandths: dict[str, int], sizes: dict[str, int]
) -> None:
    selected = select(", ".join(f"{coding};q={weight / 1000}" for coding, weight in thousandths.items()), sizes)
    # "*" is no delta: whoever says it need not have the dictionary (RFC 9842, 6.1).
    other = {coding: 0 if coding == DELTA else thousandths.get("*", 0) for coding in sizes}
    weights = {coding: thousandths.get(coding, other[coding]) for coding in sizes}
    acceptable = {coding: weight for coding, weight in weights.items() if weight}
    if not acceptable:
        assert selected == "identity"
    else:
        highest = max(acceptable.values())
        assert weights[selected] == highest
        assert sizes[selected] == min(sizes[coding] for coding in acceptable if acceptable[coding] == highest)


@given(st.lists(st.sampled_from(["gzip;q=0.5", "br", "zstd;q=0.7", "identity;q=0.1", "*;q=0.2"]), unique=True))
def test_the_order_of_the_items_means_nothing(items: list[str]) -> None:
    assert parse_accept_encoding(", ".join(items)) == parse_accept_encoding(",".join(reversed(items)))


FIELD_TEXT: Final = st.text(st.characters(max_codepoint=255), max_size=60)
NEARLY: Final = st.lists(
    st.sampled_from([*CODINGS, *';,=*" \t', "q", "q*", "q*0", "0.5", "1", "utf-8''", "%zz", "\\", "x-gzip", "\xff"]),
    max_size=12,
).map("".join)


@given(FIELD_TEXT | NEARLY, AVAILABLE)
def test_no_field_value_is_an_error(value: str, sizes: dict[str, int]) -> None:
    preference = parse_accept_encoding(value)
    assert len(preference) == len(CODINGS)
    assert select_coding(sizes.items(), preference) in sizes
