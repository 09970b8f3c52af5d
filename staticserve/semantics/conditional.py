"""Preconditions (RFC 9110, 13). Each function is named after the field it evaluates and returns what it says:
true, false, or ``None`` when it has nothing to say."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from werkzeug.http import parse_date, parse_etags

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(Enum):
    """What the preconditions of a request demand."""

    PROCEED = 200
    NOT_MODIFIED = 304
    FAILED = 412


def evaluate(fields: Mapping[str, str], etag: str, last_modified: str | None) -> Outcome:
    """Return what a GET or HEAD with these fields (lower-case names) demands, in the order of 13.2.2.

    ``etag`` is the selected representation's strong tag with its quotes, ``last_modified`` an HTTP date.
    """
    matches = if_match(fields, etag)
    if matches is None:
        matches = if_unmodified_since(fields, last_modified)
    if matches is False:
        return Outcome.FAILED
    wanted = if_none_match(fields, etag)
    if wanted is None:
        wanted = if_modified_since(fields, last_modified)
    return Outcome.NOT_MODIFIED if wanted is False else Outcome.PROCEED


def if_match(fields: Mapping[str, str], etag: str) -> bool | None:
    """Return whether the client's copy is this one. "An origin server MUST use the strong comparison" (13.1.1)."""
    value = fields.get("if-match")
    if value is None:
        return None
    tags = parse_etags(value.strip(" \t"))
    return tags.star_tag or (etag in value and tags.is_strong(_opaque(etag)))


def if_unmodified_since(fields: Mapping[str, str], last_modified: str | None) -> bool | None:
    """Return whether the file is no newer than the date (13.1.4)."""
    return _not_newer(fields.get("if-unmodified-since"), last_modified)


def if_none_match(fields: Mapping[str, str], etag: str) -> bool | None:
    """Return whether the client lacks this copy. "A recipient MUST use the weak comparison" (13.1.2)."""
    value = fields.get("if-none-match")
    if value is None:
        return None
    # What nearly every revalidation sends. A list, which might hold this very text inside a tag, is parsed.
    if value == etag:
        return False
    tags = parse_etags(value.strip(" \t"))
    # werkzeug also reads tags without quotation marks, which are none (8.8.3).
    return not (tags.star_tag or (etag in value and tags.contains_weak(_opaque(etag))))


def if_modified_since(fields: Mapping[str, str], last_modified: str | None) -> bool | None:
    """Return whether the file is newer than the date (13.1.3)."""
    not_newer = _not_newer(fields.get("if-modified-since"), last_modified)
    return None if not_newer is None else not not_newer


def if_range(fields: Mapping[str, str], etag: str, last_modified: str | None) -> bool | None:
    """Return whether the Range may be applied: a strong tag that is equal, or exactly the date (13.1.5)."""
    value = fields.get("if-range")
    if value is None:
        return None
    value = value.strip(" \t")
    return value in (etag, last_modified)


def _not_newer(value: str | None, last_modified: str | None) -> bool | None:
    # "A recipient MUST ignore the field if the resource does not have a modification date available", or if
    # the value is not a valid HTTP date.
    if value is None or last_modified is None:
        return None
    if value == last_modified:
        return True
    try:
        given, ours = parse_date(value), parse_date(last_modified)
    # werkzeug lets it through: a year of many digits.
    except OverflowError:
        return None
    # "A recipient MUST ignore the field if the received field value is not a valid HTTP-date", which is in GMT.
    if given is None or ours is None or given.utcoffset():
        return None
    return ours <= given


def _opaque(etag: str) -> str:
    return etag.strip('"')
