"""The content codings that files are stored in (RFC 9110, 8.4.1)."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from typing import TYPE_CHECKING, Final

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.codings import SUFFIXES, decodes_to, zstd

if TYPE_CHECKING:
    from collections.abc import Callable

ENCODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstd().compress,
}
CODINGS: Final = sorted(ENCODERS)

# More than one piece of any decoder, and hard to compress.
LONG: Final = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(30_000))


def decodes(coding: str, coded: bytes, content: bytes) -> bool:
    return decodes_to(coding, io.BytesIO(coded), hashlib.sha256(content).hexdigest(), len(content))


def test_the_suffixes_are_those_of_the_codings_own_tools() -> None:
    assert SUFFIXES == {".gz": "gzip", ".br": "br", ".zst": "zstd", ".zstd": "zstd"}


@pytest.mark.parametrize("coding", CODINGS)
@given(content=st.binary(max_size=2000))
def test_every_coding_decodes_to_identity(coding: str, content: bytes) -> None:
    assert decodes(coding, ENCODERS[coding](content), content)


@pytest.mark.parametrize("content", [b"", b"a", bytes(3_000_000), LONG], ids=["empty", "short", "zeros", "long"])
@pytest.mark.parametrize("coding", CODINGS)
def test_files_of_every_size_decode(coding: str, content: bytes) -> None:
    assert decodes(coding, ENCODERS[coding](content), content)


@pytest.mark.parametrize("coding", CODINGS)
@given(content=st.binary(min_size=1, max_size=300), other=st.binary(max_size=300))
def test_a_coding_of_other_octets_is_told_apart(coding: str, content: bytes, other: bytes) -> None:
    assert decodes(coding, ENCODERS[coding](other), content) is (content == other)


@pytest.mark.parametrize("coding", CODINGS)
@given(content=st.binary(min_size=1, max_size=300), data=st.data())
def test_a_truncated_coding_is_none(coding: str, content: bytes, data: st.DataObject) -> None:
    coded = ENCODERS[coding](content)
    assert not decodes(coding, coded[: data.draw(st.integers(0, len(coded) - 1))], content)


@pytest.mark.parametrize("coding", CODINGS)
@given(content=st.binary(max_size=300), more=st.binary(min_size=1, max_size=20))
def test_octets_after_the_end_make_it_no_coding_of_the_file(coding: str, content: bytes, more: bytes) -> None:
    assert not decodes(coding, ENCODERS[coding](content) + b"\xff" + more, content)


@pytest.mark.parametrize("coding", CODINGS)
@given(octets=st.binary(max_size=300))
def test_no_octets_are_an_error(coding: str, octets: bytes) -> None:
    assert decodes(coding, octets, b"content") in (True, False)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_is_given_up_where_the_file_ends(coding: str) -> None:
    assert not decodes(coding, ENCODERS[coding](bytes(50_000_000)), b"a" * 10)


def test_a_gzip_file_of_several_members_is_one_coding() -> None:
    # RFC 1952, 2.2: "a gzip file consists of a series of members".
    first, second = LONG[:500_000], LONG[500_000:]
    assert decodes("gzip", gzip.compress(first) + gzip.compress(second), LONG)
    assert decodes("gzip", gzip.compress(b"") + gzip.compress(LONG), LONG)
    assert not decodes("gzip", gzip.compress(first) + gzip.compress(second)[:-1], LONG)


@pytest.mark.parametrize("wbits", [zlib.MAX_WBITS, -zlib.MAX_WBITS], ids=["zlib", "deflate"])
def test_gzip_is_not_one_of_its_kindred(wbits: int) -> None:
    assert not decodes("gzip", zlib.compress(b"content", wbits=wbits), b"content")


@pytest.mark.parametrize("coding", CODINGS)
def test_one_coding_is_not_another(coding: str) -> None:
    for other in CODINGS:
        assert decodes(coding, ENCODERS[other](b"content" * 100), b"content" * 100) is (coding == other)
