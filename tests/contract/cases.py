"""The contract as a table: request line and fields → status, fields and octets of the answer.

What an answer with a given status always has is in ``rules``; a case says what is special about it. In a field
value of a request ``{identity}``, ``{gzip}``, ``{br}``, ``{zstd}`` stand for the entity tag of the case's file in
that coding, ``{opaque}`` for identity's without its quotes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from tests.contract import tree
from tests.contract.tree import FILES, LAST_MODIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Fields = tuple[tuple[str, str], ...]
Range = tuple[int, int]

APP: Final = "static/css/app.css"
DIGITS: Final = "static/digits.txt"
BIG: Final = "static/big.bin"
BIG_JSON: Final = "static/big.json"
BIG_SVG: Final = "static/big.svg"
BROWSER: Final = "gzip, deflate, br, zstd"
ALLOW: Final = "GET, HEAD, OPTIONS"


class Case(NamedTuple):
    """One row. ``rule`` says what it holds; ``file`` and ``coding`` what representation was selected."""

    rule: str
    status: int
    target: str
    fields: Fields = ()
    method: str = "GET"
    file: str = ""
    coding: str = "identity"
    ranges: tuple[Range, ...] = ()
    """The byte ranges that are sent, first and last position as in the field, in their order."""
    expected: Mapping[str, str | None] = {}
    """Fields of the answer beyond the rules of its status; ``None`` for one that must be absent."""
    content: bytes = b""
    """The request's."""

    @property
    def sends_range(self) -> bool:
        """Return whether the request has a Range field."""
        return any(name == "Range" for name, _ in self.fields)


def url_of(file: str) -> str:
    """Return the URL path that a file is served at."""
    if file.startswith("pages/"):
        file = file.removesuffix("index.html")
    return "/" + quote(file)


def _of(file: str, rule: str, status: int, *fields: tuple[str, str], **more: Any) -> Case:
    return Case(rule, status, url_of(file), fields, file=file)._replace(**more)


# Every file is served whole, and as what it is [8.3, RFC 9111, 8246]

WHOLE: Final = [_of(file.path, f"{file.path} is served whole", 200) for file in FILES]

# Selecting a representation [12.5.3, 12.5.5]: the file, Accept-Encoding field values, what is selected

_SELECTIONS: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    (APP, ("",), "identity"),
    (APP, ("gzip",), "gzip"),
    (APP, ("br",), "br"),
    (APP, ("zstd",), "zstd"),
    # Tokens are case-insensitive (8.4.1), and x-gzip is gzip (8.4.1.3).
    (APP, ("GZIP",), "gzip"),
    (APP, ("Br",), "br"),
    (APP, ("x-gzip",), "gzip"),
    (APP, ("X-GZIP;q=0.5",), "gzip"),
    # Tokens, not substrings.
    (APP, ("my-gzip",), "identity"),
    (APP, ("gzipped, brotli, zstandard",), "identity"),
    (APP, ("xbr, br2, libbr",), "identity"),
    (APP, ("deflate, compress",), "identity"),
    # Equal weights: fewest bytes.
    (APP, (BROWSER,), "br"),
    (APP, ("gzip, zstd",), "zstd"),
    (APP, ("gzip;q=0.5, br;q=0.5, zstd;q=0.5",), "br"),
    ("static/gzip-is-smallest.txt", (BROWSER,), "gzip"),
    (APP, ("identity, gzip",), "gzip"),
    # A higher weight wins, however small the difference.
    (APP, ("gzip, br;q=0.5, zstd;q=0.1",), "gzip"),
    (APP, ("br;q=0.998, zstd;q=0.999",), "zstd"),
    (APP, ("br;q=0.9, zstd",), "zstd"),
    (APP, ("identity, gzip;q=0.5",), "identity"),
    (APP, ("identity;q=0.5, gzip;q=0.4, br;q=0.3",), "identity"),
    (APP, ("gzip;q=0.001",), "gzip"),
    (APP, ("gzip;q=1.000, br;q=0.999",), "gzip"),
    # "A weight of 0 means 'not acceptable'" (12.4.2), in each of its spellings.
    (APP, ("gzip;q=0",), "identity"),
    (APP, ("gzip;q=0.000",), "identity"),
    (APP, ("gzip;q=0.",), "identity"),
    (APP, ("br;q=0, gzip",), "gzip"),
    (APP, ("gzip;Q=0",), "identity"),
    (APP, ("gzip ; q=0 ,\tbr\t;\tq=0.5",), "br"),
    # "*" matches any coding that is not named.
    (APP, ("*",), "br"),
    (APP, ("br;q=0, *",), "zstd"),
    (APP, ("gzip, *;q=0.5",), "gzip"),
    (APP, ("*;q=0, zstd;q=0.1",), "zstd"),
    # Identity is the last resort, refused or not.
    (APP, ("*;q=0",), "identity"),
    (APP, ("identity;q=0",), "identity"),
    (APP, ("identity;q=0, deflate",), "identity"),
    (APP, ("identity;q=0, gzip;q=0.1",), "gzip"),
    # An item with a malformed weight is dropped; the others stand.
    (APP, ("br;q=high, gzip",), "gzip"),
    # "A recipient MUST parse and ignore a reasonable number of empty list elements" (5.6.1).
    (APP, (",, gzip ,,",), "gzip"),
    # Several field lines are one list (5.2).
    (APP, ("gzip;q=0", "br"), "br"),
    (APP, ("gzip", "br;q=0"), "gzip"),
    (APP, ("deflate", "zstd"), "zstd"),
    # What there is.
    ("static/js/app.js", (BROWSER,), "gzip"),
    ("static/js/app.js", ("br, zstd",), "identity"),
    ("static/alternative.css", (BROWSER,), "zstd"),
    (DIGITS, (BROWSER,), "identity"),
    ("static/empty.txt", (BROWSER,), "identity"),
    ("static/types/archive.tar.gz", (BROWSER,), "identity"),
    (tree.HASHED_CSS, (BROWSER,), "br"),
    # A stale or damaged sidecar is never sent.
    ("static/stale.css", (BROWSER,), "identity"),
    ("static/corrupt.css", (BROWSER,), "identity"),
    # From disk, and from memory where the file itself is on disk.
    (BIG_JSON, ("gzip",), "gzip"),
    (BIG_JSON, (BROWSER,), "br"),
    (BIG_SVG, (BROWSER,), "zstd"),
    (BIG_SVG, ("gzip",), "gzip"),
    # The folders with other options.
    ("hooked/app.css", (BROWSER,), "br"),
    ("bare/app.css", (BROWSER,), "br"),
)


def _select(file: str, values: tuple[str, ...], coding: str) -> Case:
    fields = tuple(("Accept-Encoding", value) for value in values)
    return _of(file, f"Accept-Encoding {' & '.join(values)!r} selects {coding} of {file}", 200, *fields, coding=coding)


SELECTION: Final = [_select(*row) for row in _SELECTIONS]

# Preconditions [13.2.2]: file, coding, fields, status. The coding is asked for with Accept-Encoding.

_EARLIER: Final = "Tue, 05 Mar 2024 10:20:29 GMT"
_LATER: Final = "Tue, 05 Mar 2024 10:20:31 GMT"
_LAST_MODIFIED_RFC850: Final = "Tuesday, 05-Mar-24 10:20:30 GMT"
_LAST_MODIFIED_ASCTIME: Final = "Tue Mar  5 10:20:30 2024"
_EARLIER_RFC850: Final = "Tuesday, 05-Mar-24 10:20:29 GMT"
_EARLIER_ASCTIME: Final = "Tue Mar  5 10:20:29 2024"
_UNDATED: Final = "static/undated.txt"

_PRECONDITIONS: Final[tuple[tuple[str, str, Fields, int], ...]] = (
    # If-None-Match: weak comparison; lists; "*".
    (APP, "identity", (("If-None-Match", "{identity}"),), 304),
    (APP, "gzip", (("If-None-Match", "{gzip}"),), 304),
    (APP, "br", (("If-None-Match", "{br}"),), 304),
    (APP, "zstd", (("If-None-Match", "{zstd}"),), 304),
    (APP, "gzip", (("If-None-Match", "{identity}"),), 200),
    (APP, "gzip", (("If-None-Match", "{br}"),), 200),
    (APP, "identity", (("If-None-Match", "{gzip}"),), 200),
    (APP, "gzip", (("If-None-Match", "W/{gzip}"),), 304),
    (APP, "gzip", (("If-None-Match", '"another", {gzip}, "third"'),), 304),
    (APP, "gzip", (("If-None-Match", '"another",W/{gzip}'),), 304),
    (APP, "gzip", (("If-None-Match", "{identity}, {br}, {gzip}"),), 304),
    (APP, "gzip", (("If-None-Match", '"another"'), ("If-None-Match", "{gzip}")), 304),
    (DIGITS, "identity", (("If-None-Match", "*"),), 304),
    (DIGITS, "identity", (("If-None-Match", "  {identity}\t"),), 304),
    (DIGITS, "identity", (("If-None-Match", '"with, comma", {identity}'),), 304),
    (DIGITS, "identity", (("If-None-Match", '"with, {opaque}, comma"'),), 200),
    (DIGITS, "identity", (("If-None-Match", '"{opaque}-gzip"'),), 200),
    (DIGITS, "identity", (("If-None-Match", '"another"'),), 200),
    (DIGITS, "identity", (("If-None-Match", '""'),), 200),
    (DIGITS, "identity", (("If-None-Match", ""),), 200),
    ("static/empty.txt", "identity", (("If-None-Match", "{identity}"),), 304),
    (BIG, "identity", (("If-None-Match", "{identity}"),), 304),
    (BIG_JSON, "gzip", (("If-None-Match", "{gzip}"),), 304),
    (tree.HASHED_CSS, "br", (("If-None-Match", "{br}"),), 304),
    ("hooked/app.css", "br", (("If-None-Match", "{br}"),), 304),
    ("hooked/app.v12.css", "identity", (("If-None-Match", "{identity}"),), 304),
    ("bare/app.css", "br", (("If-None-Match", "{br}"),), 304),
    # If-Modified-Since: three date formats; ignored when unreadable, or when If-None-Match is there.
    (DIGITS, "identity", (("If-Modified-Since", LAST_MODIFIED),), 304),
    (DIGITS, "identity", (("If-Modified-Since", _LATER),), 304),
    (DIGITS, "identity", (("If-Modified-Since", _EARLIER),), 200),
    (DIGITS, "identity", (("If-Modified-Since", _LAST_MODIFIED_RFC850),), 304),
    (DIGITS, "identity", (("If-Modified-Since", _LAST_MODIFIED_ASCTIME),), 304),
    (DIGITS, "identity", (("If-Modified-Since", _EARLIER_RFC850),), 200),
    (DIGITS, "identity", (("If-Modified-Since", _EARLIER_ASCTIME),), 200),
    (DIGITS, "identity", (("If-Modified-Since", "yesterday"),), 200),
    (DIGITS, "identity", (("If-Modified-Since", ""),), 200),
    (DIGITS, "identity", (("If-Modified-Since", "Tue, 99 Mar 2024 99:99:99 GMT"),), 200),
    (DIGITS, "identity", (("If-Modified-Since", "99999999999999999999"),), 200),
    (DIGITS, "identity", (("If-None-Match", '"another"'), ("If-Modified-Since", _LATER)), 200),
    (DIGITS, "identity", (("If-None-Match", "{identity}"), ("If-Modified-Since", _EARLIER)), 304),
    (_UNDATED, "identity", (("If-Modified-Since", _LATER),), 200),
    (APP, "gzip", (("If-Modified-Since", LAST_MODIFIED),), 304),
    (BIG, "identity", (("If-Modified-Since", LAST_MODIFIED),), 304),
    # If-Match: strong comparison; lists; "*".
    (DIGITS, "identity", (("If-Match", "{identity}"),), 200),
    (DIGITS, "identity", (("If-Match", '"another", {identity}'),), 200),
    (DIGITS, "identity", (("If-Match", "*"),), 200),
    (DIGITS, "identity", (("If-Match", "W/{identity}"),), 412),
    (DIGITS, "identity", (("If-Match", '"another"'),), 412),
    (APP, "gzip", (("If-Match", "{gzip}"),), 200),
    (APP, "gzip", (("If-Match", "{identity}"),), 412),
    (BIG, "identity", (("If-Match", '"another"'),), 412),
    ("hooked/app.css", "br", (("If-Match", '"another"'),), 412),
    # If-Unmodified-Since, where there is no If-Match.
    (DIGITS, "identity", (("If-Unmodified-Since", LAST_MODIFIED),), 200),
    (DIGITS, "identity", (("If-Unmodified-Since", _LATER),), 200),
    (DIGITS, "identity", (("If-Unmodified-Since", _EARLIER),), 412),
    (DIGITS, "identity", (("If-Unmodified-Since", _LAST_MODIFIED_RFC850),), 200),
    (DIGITS, "identity", (("If-Unmodified-Since", _EARLIER_ASCTIME),), 412),
    (DIGITS, "identity", (("If-Unmodified-Since", "yesterday"),), 200),
    (DIGITS, "identity", (("If-Match", "{identity}"), ("If-Unmodified-Since", _EARLIER)), 200),
    (_UNDATED, "identity", (("If-Unmodified-Since", "Tue, 01 Jan 1980 00:00:00 GMT"),), 200),
    # The order: what guards a change first, then what saves a transfer, the range last.
    (DIGITS, "identity", (("If-Match", '"another"'), ("If-None-Match", "{identity}")), 412),
    (DIGITS, "identity", (("If-Match", "{identity}"), ("If-None-Match", "{identity}")), 304),
    (DIGITS, "identity", (("If-Unmodified-Since", _EARLIER), ("If-None-Match", "{identity}")), 412),
    (DIGITS, "identity", (("If-Unmodified-Since", LAST_MODIFIED), ("If-Modified-Since", LAST_MODIFIED)), 304),
    (DIGITS, "identity", (("If-Match", '"another"'), ("Range", "bytes=0-9")), 412),
    (DIGITS, "identity", (("If-None-Match", "{identity}"), ("Range", "bytes=0-9")), 304),
    (DIGITS, "identity", (("If-Modified-Since", LAST_MODIFIED), ("Range", "bytes=0-9")), 304),
    (DIGITS, "identity", (("If-None-Match", "{identity}"), ("Range", "bytes=5000-")), 304),
    (DIGITS, "identity", (("If-Match", '"another"'), ("Range", "bytes=5000-")), 412),
)


def _condition(file: str, coding: str, fields: Fields, status: int) -> Case:
    said = " & ".join(f"{name}: {value}" for name, value in fields)
    asked = () if coding == "identity" else (("Accept-Encoding", coding),)
    return _of(file, f"{said} on {coding} of {file} is {status}", status, *asked, *fields, coding=coding)


PRECONDITIONS: Final = [_condition(*row) for row in _PRECONDITIONS]

# Ranges [14]

_SIZE: Final = 1000
_BIG_SIZE: Final = len(tree.BIG)

# The Range field value on the file of 1,000 digits, and the positions that are sent.
_SATISFIABLE: Final[tuple[tuple[str, tuple[Range, ...]], ...]] = (
    ("bytes=0-0", ((0, 0),)),
    ("bytes=0-99", ((0, 99),)),
    ("bytes=500-", ((500, 999),)),
    ("bytes=999-", ((999, 999),)),
    ("bytes=999-999", ((999, 999),)),
    ("bytes=-1", ((999, 999),)),
    ("bytes=-100", ((900, 999),)),
    ("bytes=0-", ((0, 999),)),
    ("bytes=0-999", ((0, 999),)),
    # "If the last-pos value is ... greater than or equal to the current length, the byte range is interpreted as
    # the remainder"; "if the representation is shorter than the specified suffix-length, the entire
    # representation is used" (14.1.2). Numbers have no largest one.
    ("bytes=990-1000", ((990, 999),)),
    ("bytes=990-99999999999999999999999999", ((990, 999),)),
    ("bytes=-1000", ((0, 999),)),
    ("bytes=-5000", ((0, 999),)),
    ("bytes=-99999999999999999999999999", ((0, 999),)),
    ("bytes=00000000000000000000000000000-0000000000000000000000000009", ((0, 9),)),
    # "Range units are case-insensitive" is said of names of units (14.1).
    ("Bytes=0-9", ((0, 9),)),
    ("BYTES=-9", ((991, 999),)),
    # Lists: optional whitespace, empty elements.
    ("bytes=0-9, 500-509", ((0, 9), (500, 509))),
    ("bytes=0-9,500-509", ((0, 9), (500, 509))),
    ("bytes=0-9 ,\t500-509", ((0, 9), (500, 509))),
    ("bytes=,0-9,,500-509,", ((0, 9), (500, 509))),
    ("bytes=0-0,-1", ((0, 0), (999, 999))),
    ("bytes=0-0,500-500,-1", ((0, 0), (500, 500), (999, 999))),
    # "... in the same order that the corresponding range-spec appeared" (15.3.7.2).
    ("bytes=500-509,0-9", ((500, 509), (0, 9))),
    ("bytes=-10,0-9", ((990, 999), (0, 9))),
    # Overlapping and adjacent ones are coalesced.
    ("bytes=0-10,5-20", ((0, 20),)),
    ("bytes=0-9,10-19", ((0, 19),)),
    ("bytes=10-19,0-9", ((0, 19),)),
    ("bytes=0-9,0-9,0-9", ((0, 9),)),
    ("bytes=0-,0-,0-,0-", ((0, 999),)),
    ("bytes=0-9,500-509,5-14", ((0, 14), (500, 509))),
    ("bytes=500-509,0-9,510-519", ((500, 519), (0, 9))),
    # What is satisfiable of a set is sent.
    ("bytes=0-9,5000-", ((0, 9),)),
    ("bytes=5000-6000,-10", ((990, 999),)),
    ("bytes=0-9,-0", ((0, 9),)),
)

# "A server ... cannot satisfy": past the end, or a suffix of no bytes.
_UNSATISFIABLE: Final = (
    "bytes=1000-",
    "bytes=1000-1000",
    "bytes=5000-6000",
    "bytes=-0",
    "bytes=-00",
    "bytes=99999999999999999999999999-",
    "bytes=99999999999999999999999999-99999999999999999999999999",
    "bytes=1000-,2000-3000,-0",
)

# "A server ... MAY ignore the Range header field" (14.2) and MUST with a unit it does not know or bad syntax.
_IGNORED: Final = (
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=,",
    "bytes 0-9",
    "bytes:0-9",
    "bytes=abc",
    "bytes=9",
    "bytes=9-0",
    "bytes=--9",
    "bytes=0--9",
    "bytes=0-9-",
    "bytes=0-9-20",
    "bytes=0-9x",
    "bytes=0x0-0x9",
    "bytes=+0-9",
    "bytes=0-+9",
    "bytes=1_0-2_0",
    "bytes=1 0-2 0",
    "bytes=0 - 9",
    "bytes=0-\xb2",
    "bytes=0-\u0669",
    "bytes=0.0-9.0",
    "bytes=0-9;5-6",
    "bytes=0-9,abc",
    "bytes=0-9,9-0",
    "bytes=bytes=0-9",
    "lines=0-9",
    "xbytes=0-9",
    "none",
    "seconds=0-9, bytes=0-9",
    # More octets, with what is between the parts, than the whole has.
    "bytes=0-899,950-999",
    # Fifty ranges are the most.
    "bytes=" + ",".join(f"{first}-{first}" for first in range(0, 102, 2)),
)

# On the file of 3 MiB, which is served from disk: across the pieces of 64 KiB, up to the end, several.
_OF_BIG: Final[tuple[tuple[str, tuple[Range, ...]], ...]] = (
    ("bytes=0-0", ((0, 0),)),
    ("bytes=-1", ((_BIG_SIZE - 1, _BIG_SIZE - 1),)),
    ("bytes=65535-65536", ((65_535, 65_536),)),
    ("bytes=100000-1400000", ((100_000, 1_400_000),)),
    ("bytes=1-", ((1, _BIG_SIZE - 1),)),
    ("bytes=0-", ((0, _BIG_SIZE - 1),)),
    (f"bytes={_BIG_SIZE - 1}-", ((_BIG_SIZE - 1, _BIG_SIZE - 1),)),
    ("bytes=2000000-2000009,5-9,1000000-1999999", ((1_000_000, 2_000_009), (5, 9))),
    ("bytes=3000000-3000009,5-9,1000000-1099999", ((3_000_000, 3_000_009), (5, 9), (1_000_000, 1_099_999))),
    (
        "bytes=" + ",".join(f"{first}-{first + 9}" for first in range(0, 50_000, 1000)),
        tuple((first, first + 9) for first in range(0, 50_000, 1000)),
    ),
)


def _ranged(file: str, value: str, ranges: tuple[Range, ...], coding: str = "identity") -> Case:
    asked = () if coding == "identity" else (("Accept-Encoding", coding),)
    rule = f"Range {_shorten(value)} on {coding} of {file} is 206"
    return _of(file, rule, 206, *asked, ("Range", value), coding=coding, ranges=ranges)


def _unsatisfiable(file: str, value: str, coding: str = "identity") -> Case:
    asked = () if coding == "identity" else (("Accept-Encoding", coding),)
    rule = f"Range {_shorten(value)} on {coding} of {file} is 416"
    return _of(file, rule, 416, *asked, ("Range", value), coding=coding)


def _if_range(value: str, status: int, coding: str = "identity", file: str = APP, asked: str = "bytes=0-9") -> Case:
    fields = (("Accept-Encoding", coding), ("If-Range", value), ("Range", asked))
    ranges = ((0, 9),) if status == 206 else ()
    rule = f"If-Range {value} on {coding} of {file} with {asked} is {status}"
    return _of(file, rule, status, *fields, coding=coding, ranges=ranges)


def _shorten(value: str) -> str:
    return repr(value if len(value) < 100 else f"{value[:40]}... of {value.count(',') + 1}")


RANGES: Final = [
    *(_ranged(DIGITS, value, ranges) for value, ranges in _SATISFIABLE),
    *(_unsatisfiable(DIGITS, value) for value in _UNSATISFIABLE),
    *(_of(DIGITS, f"Range {_shorten(value)} is ignored", 200, ("Range", value)) for value in _IGNORED),
    *(_ranged(BIG, value, ranges) for value, ranges in _OF_BIG),
    _unsatisfiable(BIG, f"bytes={_BIG_SIZE}-"),
    _of(BIG, "more than fifty ranges are the whole file", 200, ("Range", "bytes=" + ",".join(["0-0,9-9"] * 26))),
    _ranged("static/one.txt", "bytes=0-0", ((0, 0),)),
    _ranged("static/one.txt", "bytes=-1", ((0, 0),)),
    _unsatisfiable("static/one.txt", "bytes=1-"),
    # The range is of the selected, encoded representation.
    _ranged(APP, "bytes=0-9", ((0, 9),), "gzip"),
    _ranged(APP, "bytes=0-9", ((0, 9),), "br"),
    _ranged(APP, "bytes=10-19", ((10, 19),), "zstd"),
    _ranged(APP, "bytes=0-9,1000-1009", ((0, 9), (1000, 1009)), "gzip"),
    _ranged(APP, "bytes=20000-20009", ((20_000, 20_009),)),
    _unsatisfiable(APP, "bytes=20000-20009", "gzip"),
    _ranged(BIG_JSON, "bytes=100000-1300000", ((100_000, 1_300_000),), "gzip"),
    _ranged(BIG_JSON, "bytes=1000000-1000009,0-9", ((1_000_000, 1_000_009), (0, 9)), "br"),
    _ranged(BIG_SVG, "bytes=1000-1999", ((1000, 1999),), "zstd"),
    _ranged("hooked/app.css", "bytes=0-9", ((0, 9),), "br"),
    _unsatisfiable("hooked/app.css", "bytes=99999-", "br"),
    _ranged("bare/app.css", "bytes=0-9", ((0, 9),), "br"),
    _unsatisfiable("bare/app.css", "bytes=99999-", "br"),
    _ranged(tree.HASHED_CSS, "bytes=0-9", ((0, 9),), "gzip"),
    # An empty file has no byte to ask for.
    *(
        _of("static/empty.txt", f"Range {value} on an empty file is ignored", 200, ("Range", value))
        for value in ("bytes=0-0", "bytes=0-", "bytes=-1", "bytes=-0", "bytes=5-9")
    ),
    # If-Range: the strong tag or exactly the date; else the whole file, satisfiable or not (13.1.5).
    _if_range("{identity}", 206),
    _if_range("{gzip}", 206, "gzip"),
    _if_range("{identity}", 200, "gzip"),
    _if_range("{gzip}", 200),
    _if_range("W/{identity}", 200),
    _if_range('"another"', 200),
    _if_range("*", 200),
    _if_range("{identity}, {gzip}", 200),
    _if_range("", 200),
    _if_range(LAST_MODIFIED, 206),
    _if_range(LAST_MODIFIED, 206, "gzip"),
    _if_range(_EARLIER, 200),
    _if_range(_LATER, 200),
    _if_range("yesterday", 200),
    _if_range('"another"', 200, asked="bytes=99999-"),
    _if_range("{identity}", 206, file=BIG),
    _if_range('"another"', 200, file=BIG),
    _if_range("Tue, 01 Jan 1980 00:00:00 GMT", 200, file=_UNDATED),
    _of(DIGITS, "If-Range without Range says nothing", 200, ("If-Range", "{identity}")),
    # All conditions met: the range.
    _of(
        DIGITS,
        "a range is sent when every precondition is met",
        206,
        ("If-Match", "{identity}"),
        ("If-None-Match", '"another"'),
        ("If-Range", "{identity}"),
        ("Range", "bytes=0-9"),
        ranges=((0, 9),),
    ),
    # "A server MUST ignore a Range header field received with a request method ... for which range handling is
    # not defined. For this specification, GET is the only method" (14.2).
    *(
        _of(file, f"Range {value} is ignored with HEAD of {file}", 200, ("Range", value), method="HEAD")
        for file in (DIGITS, BIG)
        for value in ("bytes=0-9", "bytes=99999999-", "bytes=0-9,20-29")
    ),
]

# Methods [9], and the CORS protocol's preflight

_NO_PREFLIGHT: Final = {"Access-Control-Allow-Methods": None, "Access-Control-Allow-Headers": None}
_PREFLIGHT: Final = (("Origin", "https://example.org"), ("Access-Control-Request-Method", "GET"))
_PREFLIGHT_FIELDS: Final = (*_PREFLIGHT, ("Access-Control-Request-Headers", "range,x-requested-with"))

METHODS: Final = [
    *(
        _of(APP, f"{method} with {len(content)} bytes is not allowed", 405, method=method, content=content)
        for method, content in (
            ("POST", b""),
            ("POST", b"name=value"),
            ("PUT", b"content"),
            ("DELETE", b""),
            ("PATCH", b"content"),
            ("BREW", b""),
            ("get", b""),
        )
    ),
    _of(APP, "preconditions are nothing to a method that is not allowed", 405, ("If-Match", '"x"'), method="POST"),
    _of(APP, "a range is nothing to a method that is not allowed", 405, ("Range", "bytes=0-9"), method="PUT"),
    _of(BIG, "POST to a big file is not allowed", 405, method="POST"),
    _of("hooked/app.css", "the user's fields are on a 405", 405, method="POST"),
    _of(APP, "OPTIONS says what is allowed", 204, method="OPTIONS", expected=_NO_PREFLIGHT),
    _of(BIG, "OPTIONS of a big file says what is allowed", 204, method="OPTIONS", expected=_NO_PREFLIGHT),
    _of(
        APP,
        "a preflight is told the methods",
        204,
        *_PREFLIGHT,
        method="OPTIONS",
        expected={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": ALLOW,
            "Access-Control-Allow-Headers": None,
        },
    ),
    _of(
        APP,
        "a preflight is told the fields",
        204,
        *_PREFLIGHT_FIELDS,
        method="OPTIONS",
        expected={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": ALLOW,
            "Access-Control-Allow-Headers": "range,x-requested-with",
        },
    ),
    _of(
        "bare/app.css",
        "a preflight is told nothing where other origins are not allowed",
        204,
        *_PREFLIGHT_FIELDS,
        method="OPTIONS",
        expected={"Access-Control-Allow-Origin": None, **_NO_PREFLIGHT},
    ),
    _of("hooked/app.css", "the user's fields are on an OPTIONS answer", 204, method="OPTIONS"),
]

# Paths

# All below /static/, all of them misses.
_MISSES: Final = (
    # Nothing of that name.
    "nothing.css",
    "",
    "css",
    "css/",
    "css/app.css/",
    "css/app.css/more",
    "CSS/APP.CSS",
    "css/app",
    "css/app.css;v=1",
    "css/app.css%20",
    "css/app.css%3Fv=1",
    "~root",
    "*",
    "%F0%9F%92%A9.txt",
    # Another release's: hashed names, and this one has nothing without the hash.
    "css/gone.0123456789ab.css",
    "css/app.0123456789ab.js",
    "0123456789ab.css",
    # Neither a word nor a version nor a date is a hash.
    "css/app.elements.css",
    "css/app.1234567.css",
    "css/app.20261124.css",
    # A sidecar's own URL.
    "css/app.css.gz",
    "css/app.css.br",
    "css/app.css.zst",
    "alternative.css.zstd",
    "stale.css.gz",
    # Segments that mean something to a file system.
    "../static/css/app.css",
    "./css/app.css",
    "css/./app.css",
    "css/../css/app.css",
    "css/../../outside/secret.txt",
    "../outside/secret.txt",
    "%2e%2e/outside/secret.txt",
    "%2E%2E%2Foutside%2Fsecret.txt",
    "..%2foutside%2fsecret.txt",
    "....//....//outside/secret.txt",
    "..%c0%afoutside/secret.txt",
    "%c0%ae%c0%ae/outside/secret.txt",
    "%252e%252e/outside/secret.txt",
    "../../../../../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/css/app.css",
    "css//app.css",
    "//etc/passwd",
    "%2Fetc%2Fpasswd",
    "css%5capp.css",
    "..%5coutside%5csecret.txt",
    "c:%5cwindows%5cwin.ini",
    # Octets that are in no name.
    "%00",
    "css/app.css%00",
    "css/app.css%00.html",
    "%00css/app.css",
    "%ff%fe",
    "%c3",
    "na%EFve%20caf%E9.txt",
    "%ed%a0%80.txt",
    "css/app.css%0d%0aX-Injected:%20yes",
    "css/app.css%0aX-Injected:%20yes",
    "%01%02%7f",
    # Not served.
    ".hidden",
    ".git/config",
    "css/.htaccess",
    ".staticserve/store.sqlite3",
    "staticfiles.json",
    "staticfiles.json.gz",
    "leak.txt",
    "leak/secret.txt",
    "broken.txt",
    "fifo.txt",
    "loop/css/app.css",
)

_ELSEWHERE: Final = {"X-Application": "answered"}
_FOUND: Final = f"/{DIGITS}"


def _miss(name: str) -> Case:
    return Case(f"/static/{name} is a miss", 404, f"/static/{name}")


PATHS: Final = [
    *(_miss(name) for name in _MISSES),
    Case("a path of 3,000 characters is a miss", 404, "/static/" + "x" * 3000),
    Case("a path of 10,000 characters is a miss", 404, "/static/" + "x" * 10_000),
    Case("a path of 1,000 directories up is a miss", 404, "/static/" + "../" * 1000),
    Case("a miss is a miss with every method", 404, "/static/nothing.css", method="POST"),
    Case("a miss has no preconditions", 404, "/static/nothing.css", (("If-None-Match", "*"),)),
    Case("a miss has no ranges", 404, "/static/nothing.css", (("Range", "bytes=0-9"),)),
    Case("a miss carries the user's fields", 404, "/hooked/nothing.css", expected={"X-Own": "yes"}),
    Case("a query names nothing", 200, f"{_FOUND}?v=2&x=%00", file=DIGITS),
    Case("an empty query names nothing", 200, f"{_FOUND}?", file=DIGITS),
    Case("percent-encoding what need not be is the same path", 200, "/static/%64igits%2Etxt", file=DIGITS),
    Case("the prefix may be percent-encoded, too", 200, "/%73tatic/digits.txt", file=DIGITS),
    Case("percent-encoding is in either case of letter", 200, "/static/na%c3%afve%20caf%C3%A9.txt")._replace(
        file="static/naïve café.txt"
    ),
    Case("a link within the root is served", 200, "/static/link.txt", file=DIGITS),
    Case("what is not below a prefix is the application's", 200, "/elsewhere", expected=_ELSEWHERE),
    Case("a prefix ends with its slash", 200, "/staticfiles", expected=_ELSEWHERE),
    Case("the prefix itself is not below itself", 200, "/static", expected=_ELSEWHERE),
    Case("the application answers other methods, too", 200, "/elsewhere", method="POST", expected=_ELSEWHERE),
]

# Index files: the target of the redirect as the client resolves it (RFC 3986, 5.2)


def _redirect(target: str, to: str, *fields: tuple[str, str]) -> Case:
    on = "".join(f" with {name}" for name, _ in fields)
    return Case(f"{target}{on} leads to {to}", 302, target, fields, expected={"Location": to})


# Another release's: a hashed name that this one does not have, and what it has instead. What is asked for are other
# bytes, so nobody may keep the answer.

CURRENT_CSS: Final = url_of(tree.HASHED_CSS)
STALE_CSS: Final = "/static/css/app.0123456789ab.css"
STALE_JS: Final = "/static/js/library.0123456789ab.js"
_UNKEPT: Final = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}


def _stale(target: str, to: str, *fields: tuple[str, str]) -> Case:
    return _redirect(target, to, *fields)._replace(expected={"Location": to, **_UNKEPT})


STALE: Final = [
    _stale(STALE_CSS, CURRENT_CSS),
    _stale(f"{STALE_CSS}?v=2&x=%00", f"{CURRENT_CSS}?v=2&x=%00"),
    _stale(STALE_CSS, CURRENT_CSS, ("Range", "bytes=0-9")),
    _stale(STALE_CSS, CURRENT_CSS, ("If-None-Match", "*")),
    _stale(STALE_JS, "/static/js/library-Xy12Zw.js"),
    Case("a redirect to what is current is not posted to", 405, STALE_CSS, method="POST"),
]

INDEX_FILES: Final = [
    _ranged("pages/index.html", "bytes=0-9", ((0, 9),)),
    _of("pages/docs/index.html", "an index file has preconditions", 304, ("If-None-Match", "{identity}")),
    _redirect("/pages", "/pages/"),
    _redirect("/pages?x=1&y=%20", "/pages/?x=1&y=%20"),
    _redirect("/pages/index.html", "/pages/"),
    _redirect("/pages/docs", "/pages/docs/"),
    _redirect("/pages/docs?x=1", "/pages/docs/?x=1"),
    _redirect("/pages/docs/index.html", "/pages/docs/"),
    _redirect("/pages/docs/index.html?x=1", "/pages/docs/?x=1"),
    _redirect("/pages/a:b%20c", "/pages/a:b%20c/"),
    _redirect("/pages/docs", "/pages/docs/", ("Range", "bytes=0-9")),
    _redirect("/pages/docs", "/pages/docs/", ("If-None-Match", "*")),
    Case("a redirect is not posted to", 405, "/pages/docs", method="POST"),
    Case("/pages/nothing/ is a miss", 404, "/pages/nothing/"),
    Case("/pages//docs is a miss", 404, "/pages//docs"),
    Case("/pages//example.org/ is a miss", 404, "/pages//example.org/%2e%2e"),
    Case("/pages/../pages/docs is a miss", 404, "/pages/../pages/docs"),
]


def _with_heads(cases: Iterable[Case]) -> list[Case]:
    """Return the cases and, for each GET without a Range, the same with HEAD: the same fields and no body (9.3.2)."""
    both = []
    for case in cases:
        both.append(case)
        if case.method == "GET" and not case.sends_range:
            both.append(case._replace(method="HEAD", rule=f"HEAD: {case.rule}"))
    return both


CASES: Final = _with_heads([*WHOLE, *SELECTION, *PRECONDITIONS, *RANGES, *METHODS, *PATHS, *STALE, *INDEX_FILES])
