"""Byte ranges (RFC 9110, 14)."""

from __future__ import annotations

import re
from typing import Final

# ranges-specifier = range-unit "=" range-set
# int-range        = first-pos "-" [ last-pos ]
# suffix-range     = "-" suffix-length                     ; each 1*DIGIT, in ASCII
# The first alternative, a single range, is what players and download managers send: it is resolved at once.
_SPECIFIER: Final = re.compile(r"[ \t]*bytes=(([0-9]{1,18})-([0-9]{0,18})|[0-9, \t-]*)", re.IGNORECASE | re.ASCII)
_RANGE: Final = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)

# "Servers ... ought to ignore, coalesce, or reject egregious range requests, such as ... many small ranges"
# (14.2). Browsers ask for one; readers of PDF files for a few dozen.
_MOST_RANGES: Final = 50

# Longer numbers are past the end of any file, and Python refuses to read very long ones.
_MOST_DIGITS: Final = 19


ByteRange = tuple[int, int]
"""Bytes ``start`` up to, not including, ``stop`` of a representation. Plain: a named one costs 0.2 µs to make."""


def parse_range(value: str, size: int) -> list[ByteRange] | None:
    """Return the satisfiable ranges that a Range field value asks of a representation of ``size`` bytes.

    Overlapping and adjacent ones are merged, in the place of the first. An empty list: nothing is satisfiable
    (416). ``None``: the field is to be ignored, because of its unit, its syntax or its excess.
    """
    specifier = _SPECIFIER.fullmatch(value)
    # An empty file has no byte to point at; the whole of it is the helpful answer.
    if specifier is None or size == 0:
        return None
    range_set, first, last = specifier.groups()
    if first is not None:
        start, stop = int(first), size
        if last:
            stop = int(last) + 1
            if stop <= start:
                return None
            if stop > size:
                stop = size
        return [(start, stop)] if start < stop else []
    specs = [item.strip(" \t") for item in range_set.split(",")]
    specs = [spec for spec in specs if spec]
    if not specs or len(specs) > _MOST_RANGES:
        return None
    found = []
    for spec in specs:
        match = _RANGE.fullmatch(spec)
        asked = match and _resolve(match[1], match[2], size)
        if not asked:
            return None
        if asked[0] < asked[1]:
            found.append(asked)
    return _merge(found)


def content_range(byte_range: ByteRange, size: int) -> str:
    """Return a Content-Range field value (14.4)."""
    return f"bytes {byte_range[0]}-{byte_range[1] - 1}/{size}"


def unsatisfied_range(size: int) -> str:
    """Return the Content-Range field value of a 416."""
    return f"bytes */{size}"


def _resolve(first: str, last: str, size: int) -> ByteRange | None:
    if len(first) > _MOST_DIGITS or len(last) > _MOST_DIGITS:
        first, last = _shorten(first), _shorten(last)
    if not last:
        return (int(first), size) if first else None
    end = int(last) + 1
    if not first:
        return (size - end + 1 if end <= size else 0, size)
    start = int(first)
    # "An int-range is invalid if the last-pos value is present and less than first-pos" (14.1.1).
    if start >= end:
        return None
    return (start, end if end < size else size)


def _shorten(digits: str) -> str:
    significant = digits.lstrip("0") or digits[:1]
    return significant if len(significant) <= _MOST_DIGITS else "9" * _MOST_DIGITS


def _merge(ranges: list[ByteRange]) -> list[ByteRange]:
    # "A server ... SHOULD send the parts in the same order that the corresponding range-spec appeared in the
    # received Range header field, excluding those ranges that ... were coalesced" (15.3.7.2).
    merged: list[tuple[int, ByteRange]] = []
    for place, (start, stop) in sorted(enumerate(ranges), key=lambda item: item[1]):
        if merged and start <= merged[-1][1][1]:
            earlier, (last_start, last_stop) = merged[-1]
            merged[-1] = (min(earlier, place), (last_start, max(last_stop, stop)))
        else:
            merged.append((place, (start, stop)))
    return [byte_range for _, byte_range in sorted(merged)]
