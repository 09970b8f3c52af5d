"""The fields of Compression Dictionary Transport: expected values are RFC 9842's and RFC 9651's."""

from __future__ import annotations

import base64
import hashlib
import re
import tracemalloc
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.semantics.dictionaries import (
    delta_header,
    is_readable,
    is_secure_context,
    parse_available_dictionary,
    use_as_dictionary,
)
from staticserve.semantics.negotiation import (
    CODINGS,
    DELTA,
    WHOLE_CODINGS,
    parse_accept_encoding,
    rank,
    select_coding,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

# The example of RFC 9842, 2.2.
EXAMPLE: Final = ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:"
EXAMPLE_DIGEST: Final = "a591a6d40bf420404a011733cfb7b190d62c65bf0bcda32b57b277d9ad9f146e"


def test_the_example_of_the_rfc_is_the_digest_that_it_says() -> None:
    # "Hello World", as the RFC's authors made it.
    assert hashlib.sha256(b"Hello World").hexdigest() == EXAMPLE_DIGEST
    assert parse_available_dictionary(EXAMPLE) == EXAMPLE_DIGEST


@given(st.binary(min_size=32, max_size=32))
def test_every_digest_is_read(digest: bytes) -> None:
    assert parse_available_dictionary(f":{base64.b64encode(digest).decode()}:") == digest.hex()


_BASE64: Final = EXAMPLE.strip(":")


@pytest.mark.parametrize(
    "value",
    [
        *("", ":", "::", ":=:", " ", "a", "?1", "1", '"text"', "()", "(:AAAA:)"),
        # Not a byte sequence, or not only one.
        *(_BASE64, f":{_BASE64}", f"{_BASE64}:", f'"{_BASE64}"', f"::{_BASE64}::", f"a={EXAMPLE}", f"({EXAMPLE})"),
        # Fields that were repeated are joined to a list, which is not an item.
        *(
            f"{EXAMPLE}, {EXAMPLE}",
            f"{EXAMPLE},{EXAMPLE}",
            "a, b",
            f"{EXAMPLE},",
            f",{EXAMPLE}",
            f"{EXAMPLE} {EXAMPLE}",
        ),
        # Of another length than SHA-256.
        *(f":{base64.b64encode(bytes(size)).decode()}:" for size in (1, 16, 20, 31, 33, 48, 64)),
        # Base64url, no padding, hexadecimal, white space inside.
        *(":" + _BASE64.replace("/", "_").replace("0I", "-_") + ":", f":{_BASE64[:-1]}:", f":{EXAMPLE_DIGEST}:"),
        *(f": {_BASE64}:", f":{_BASE64} :", EXAMPLE.replace("Z", " "), EXAMPLE.replace("pZ", "p\n"), f":{_BASE64}=:"),
        *(f"{EXAMPLE}\n", f"{EXAMPLE}\0", f"\xa0{EXAMPLE}", EXAMPLE.replace("p", "\xe9", 1), "\xff" * 46),
        # Digits that are letters in some script, and none in base64.
        ":" + "\u0661" * 43 + "=:",
        *(f"{EXAMPLE[:20]}={EXAMPLE[21:]}", "====" * 11, ":" + "=" * 44 + ":"),
        *("A" * 1_000_000, ":" + "A" * 1_000_000 + "=:", " " * 1_000_000 + EXAMPLE, EXAMPLE + " " * 1_000_000),
    ],
    ids=lambda value: repr(value[:60]),
)
def test_what_is_no_digest_says_nothing(value: str) -> None:
    assert parse_available_dictionary(value) is None


@pytest.mark.parametrize("value", [f"{EXAMPLE};a", f"{EXAMPLE};a=1", f"{EXAMPLE}; a=:AAAA:"])
def test_parameters_are_not_known_to_the_field(value: str) -> None:
    # RFC 9842 defines none; the ordinary answer is always allowed.
    assert parse_available_dictionary(value) in (None, EXAMPLE_DIGEST)


_NEARLY: Final = st.lists(
    st.sampled_from([EXAMPLE, _BASE64, ":", "=", ",", " ", ";a=1", "A" * 43, "\t", "\xff", "\u20ac", "+/", "-_"]),
    max_size=6,
).map("".join)


@given(st.text(max_size=80) | _NEARLY)
def test_no_available_dictionary_is_an_error(value: str) -> None:
    found = parse_available_dictionary(value)
    assert found is None or base64.b64encode(bytes.fromhex(found)).decode()[:42] in value


def test_huge_values_are_not_kept() -> None:
    tracemalloc.start()
    try:
        for number in range(8):
            assert parse_available_dictionary("x" * 1_000_000 + str(number)) is None
            assert not is_secure_context("http", "x" * 1_000_000 + str(number))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


def test_a_delta_begins_with_a_skippable_frame_that_holds_the_digest() -> None:
    # "a fixed 40-byte header": magic number 0x184D2A5E and length 32, each in little endian, and the digest (5).
    magic = (0x184D2A5E).to_bytes(4, "little") + (32).to_bytes(4, "little")
    assert delta_header(EXAMPLE_DIGEST) == magic + bytes.fromhex(EXAMPLE_DIGEST)
    assert len(delta_header(EXAMPLE_DIGEST)) == 40


HASH: Final = "0123456789ab"


@pytest.mark.parametrize(
    ("url", "value"),
    [
        (f"/static/app.{HASH}.css", 'match="/static/app.*.css"'),
        (f"/static/js/app.min.{HASH}.js", 'match="/static/js/app.min.*.js"'),
        (f"/app.{HASH}", 'match="/app.*"'),
        (f"/a b.{HASH}.js", 'match="/a%20b.*.js"'),
        # An escape is a backslash, which a string of structured fields escapes once more (RFC 9651, 3.3.3).
        (f"/a:b.{HASH}.js", 'match="/a%3Ab.*.js"'),
        # As Django prints it.
        (f"/a+b.{HASH}.js", 'match="/a%2Bb.*.js"'),
        (f"/a*b.{HASH}.js", r'match="/a\\*b.*.js"'),
        (f"/a(b).{HASH}.js", r'match="/a\\(b\\).*.js"'),
        (f"/a?b.{HASH}.js", 'match="/a%3Fb.*.js"'),
        (f"/\u00e9.{HASH}.js", 'match="/%C3%A9.*.js"'),
        (f"/100%.{HASH}.css", 'match="/100%25.*.css"'),
    ],
)
def test_a_dictionary_is_for_its_name_with_any_hash(url: str, value: str) -> None:
    assert use_as_dictionary(url) == value


@pytest.mark.parametrize(
    "url", ["/static/app.css", "/", "", "/app.0123456789AB.css", "/app.0123456789a.css", "/.0123456789ab.css"]
)
def test_what_has_no_hash_in_its_name_is_no_dictionary(url: str) -> None:
    assert use_as_dictionary(url) is None


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_the_field_is_a_string_of_structured_fields(name: str) -> None:
    value = use_as_dictionary(f"/{name}.{HASH}.js")
    if value is None:
        return
    # DQUOTE *( unescaped / "%" / bs-escaped ) DQUOTE
    match = re.fullmatch(r'match="((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"', value)
    assert match is not None
    # Without the escapes of the string and of the pattern, it is the path.
    pattern = re.sub(r"\\(.)", r"\1", match[1])
    assert re.sub(r"\\(.)", r"\1", pattern) == quote(f"/{name}.*.js", safe="/~!*()'")


@pytest.mark.parametrize(
    ("scheme", "host", "expected"),
    [
        ("https", "example.com", True),
        ("https", "", True),
        ("http", "example.com", False),
        ("http", "", False),
        ("", "", False),
        ("HTTP", "example.com:443", False),
        # "Potentially trustworthy" (Secure Contexts, 3.1): 127.0.0.0/8, ::1, localhost and what ends so.
        ("http", "127.0.0.1", True),
        ("http", "127.0.0.1:8000", True),
        ("http", "127.255.1.9:80", True),
        ("http", "localhost", True),
        ("http", "LocalHost:8000", True),
        ("http", "app.localhost:3000", True),
        ("http", "[::1]", True),
        ("http", "[::1]:8000", True),
        ("http", "localhost.example.com", False),
        ("http", "notlocalhost", False),
        ("http", "127.0.0.1.example.com", False),
        ("http", "127.0.0.1.nip.io:80", False),
        ("http", "127.1", False),
        ("http", "1127.0.0.1", False),
        ("http", "10.0.0.1", False),
        ("http", "0.0.0.0", False),
        ("http", "192.168.0.1:8000", False),
        ("http", "[::]", False),
        ("http", "[::2]:80", False),
        ("http", "[::1].example.com", False),
        ("http", "example.com:80, localhost", False),
        ("http", "example.com@localhost.evil", False),
        ("http", "\xff", False),
        ("http", "localhost\n.evil", False),
        ("http", "x" * 100_000, False),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_context_is_secure_by_https_or_on_the_machine_itself(scheme: str, host: str, *, expected: bool) -> None:
    assert is_secure_context(scheme, host) is expected


@given(st.sampled_from(["http", "https", "wss", ""]), st.text(max_size=40))
def test_no_host_is_an_error(scheme: str, host: str) -> None:
    assert is_secure_context(scheme, host) in (True, False)


def _sent(site: str | None = None, mode: str | None = None, origin: str | None = None) -> dict[str, str]:
    fields = {"sec-fetch-site": site, "sec-fetch-mode": mode, "origin": origin}
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize(
    ("fields", "allow_origin", "expected"),
    [
        # "If there is no "Sec-Fetch-Site" request header, return TRUE" (9.3.3, and so on in its order).
        (_sent(), None, True),
        (_sent(mode="no-cors"), None, True),
        (_sent(mode="cors"), None, True),
        (_sent(mode="cors", origin="https://o.example"), None, True),
        (_sent(mode="websocket"), "*", True),
        # "If the value of the "Sec-Fetch-Site" request header is "same-origin", return TRUE."
        (_sent("same-origin"), None, True),
        (_sent("same-origin", "no-cors"), None, True),
        (_sent("same-origin", "cors", "https://o.example"), None, True),
        # "If there is no "Sec-Fetch-Mode" request header, return TRUE."
        (_sent("cross-site"), None, True),
        (_sent("same-site"), None, True),
        # "If the value of the "Sec-Fetch-Mode" request header is "navigate" or "same-origin", return TRUE."
        (_sent("cross-site", "navigate"), None, True),
        (_sent("none", "navigate"), None, True),
        (_sent("cross-site", "same-origin"), None, True),
        # cors: "If the response does not include an "Access-Control-Allow-Origin" response header, return FALSE."
        (_sent("cross-site", "cors", "https://o.example"), None, False),
        (_sent("cross-site", "cors", "https://o.example"), "", False),
        # "If the request does not include an "Origin" request header, return FALSE."
        (_sent("cross-site", "cors"), "*", False),
        # "… is "*", return TRUE"; "… matches the value of the "Origin" request header, return TRUE."
        (_sent("cross-site", "cors", "https://o.example"), "*", True),
        (_sent("same-site", "cors", "https://o.example"), "https://o.example", True),
        (_sent("cross-site", "cors", "https://o.example"), "https://other.example", False),
        (_sent("cross-site", "cors", "null"), "https://other.example", False),
        # "return FALSE."
        (_sent("cross-site", "no-cors"), "*", False),
        (_sent("same-site", "no-cors"), "*", False),
        (_sent("none", "no-cors"), "*", False),
        (_sent("cross-site", "no-cors", "https://o.example"), "*", False),
        (_sent("cross-site", "websocket", "https://o.example"), "*", False),
        (_sent("cross-site", ""), "*", False),
        (_sent("", "no-cors"), "*", False),
        (_sent("same-origin, cross-site", "no-cors"), "*", False),
    ],
    ids=str,
)
def test_an_answer_is_readable_as_the_rfc_decides(
    fields: Mapping[str, str], allow_origin: str | None, *, expected: bool
) -> None:
    assert is_readable(fields, allow_origin) is expected


SIZES: Final = {"identity": 1000, "gzip": 300, "br": 200, "zstd": 250, "dcz": 20}


def select(value: str | None, sizes: Mapping[str, int] = SIZES) -> str:
    return select_coding(sizes.items(), parse_accept_encoding(value))


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        ("dcz", "dcz"),
        ("DCZ", "dcz"),
        ("gzip, deflate, br, zstd, dcb, dcz", "dcz"),
        ("dcz;q=0.5", "dcz"),
        ("dcz;q=0.001", "dcz"),
        ("br;q=0.5, dcz;q=0.5", "dcz"),
        ("br;q=0.4, dcz;q=0.5", "dcz"),
        ("dcz;q=0", "identity"),
        ("dcz;q=0.000, br", "br"),
        ("br, dcz;q=0", "br"),
        ("br, dcz;q=0.9", "br"),
        ("gzip, dcz;q=0.999", "gzip"),
        ("identity, dcz;q=0.9", "identity"),
        ("*, dcz;q=0", "br"),
        ("br, dcz;q=x", "br"),
    ],
)
def test_a_delta_is_one_more_coding_where_it_is_named(value: str, coding: str) -> None:
    assert select(value) == coding


@pytest.mark.parametrize(
    "value", ["*", "*;q=0.5", "gzip;q=0.1, *", "br, *", "dcb, *", "dc, *", "zstd, *;q=1", "identity;q=0, *"]
)
def test_an_asterisk_is_never_a_delta(value: str) -> None:
    assert rank(DELTA, parse_accept_encoding(value)) == 0
    assert select(value) != "dcz"
    assert select(value, {"identity": 1000, "dcz": 20}) == "identity"


@pytest.mark.parametrize(
    "value", [None, "", "identity", "gzip", "dcb", "br, dcb", "dczx", "x-dcz", "dc z", "dictionary"]
)
def test_nothing_else_names_a_delta(value: str | None) -> None:
    assert rank(DELTA, parse_accept_encoding(value)) == 0


_TOKENS: Final = st.lists(
    st.sampled_from(["gzip", "br;q=0.5", "zstd;q=0.7", "identity;q=0.1", "*;q=0.2", "gzip;q=0", "*;q=0", "deflate"]),
    max_size=5,
    unique=True,
)


@given(_TOKENS, st.sampled_from(["", ", dcz", ", dcz;q=0", ", dcz;q=0.3"]))
def test_whole_codings_are_selected_as_if_there_were_no_deltas(items: list[str], named: str) -> None:
    whole = {coding: size for coding, size in SIZES.items() if coding != "dcz"}
    value = ", ".join(items)
    assert select(value + named, whole) == select(value, whole)


@given(_TOKENS)
def test_a_delta_that_is_not_named_is_never_selected(items: list[str]) -> None:
    assert select(", ".join(items)) != "dcz"


def test_the_codings_that_need_nothing_else_are_not_deltas() -> None:
    assert DELTA not in WHOLE_CODINGS
    assert set(CODINGS) == {"identity", *WHOLE_CODINGS, DELTA}
