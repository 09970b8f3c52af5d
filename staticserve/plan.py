"""Decides what to answer: the one place that chooses a status (RFC 9110, 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from staticserve.model import Field, Fields, Part, Plan, Redirect, Representation, Resource
from staticserve.semantics import conditional, ranges
from staticserve.semantics.dictionaries import is_readable, parse_available_dictionary
from staticserve.semantics.negotiation import parse_accept_encoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from staticserve.semantics.ranges import ByteRange

ALLOW: Final = "GET, HEAD, OPTIONS"

CONDITIONS: Final = (
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "range",
    "if-range",
    "access-control-request-method",
    "access-control-request-headers",
    "available-dictionary",
)
"""The fields of a request without which a GET for what is in memory is a 200, in the coding that is preferred."""

REQUEST_FIELDS: Final = ("accept-encoding", *CONDITIONS, "sec-fetch-site", "sec-fetch-mode", "origin")
"""The fields of a request that a plan depends on."""

# pchar, "/" and "?" (RFC 3986, 3.4), and the "%" of what is encoded already.
_QUERY_CHARACTERS: Final = "!$%&'()*+,-./:;=?@_~"

NOSNIFF: Final[Field] = ("X-Content-Type-Options", "nosniff")
EMPTY: Final[Fields] = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0"))


def make_plan(
    found: Resource | Redirect, method: str, fields: Mapping[str, str], query: str = "", *, is_secure: bool = False
) -> Plan:
    """Return the answer to a request for ``found``.

    ``fields`` maps lower-case names to values. ``query`` is the URL's, which a redirect keeps. ``is_secure`` says
    whether the request came in a secure context, where dictionaries may be used.
    """
    if method not in ("GET", "HEAD"):
        return _plan_other_method(found, method, fields)
    if isinstance(found, Redirect):
        # Octets that a URL has no room for are percent-encoded, as the client should have done.
        kept = f"?{quote(query, _QUERY_CHARACTERS, encoding='latin-1')}" if query else ""
        return Plan(302, (("Location", found.location + kept), *found.fields, *EMPTY))
    selected = _select(found, fields, is_secure=is_secure)
    outcome = conditional.evaluate(fields, selected.etag, found.last_modified)
    if outcome is conditional.Outcome.NOT_MODIFIED:
        return Plan(304, selected.not_modified_fields, selected)
    if outcome is conditional.Outcome.FAILED:
        return Plan(412, (*found.common_fields, *EMPTY), selected)
    # "A server MUST ignore a Range header field received with a request method that is unrecognized or for which
    # range handling is not defined. For this specification, GET is the only method" (14.2).
    if method == "HEAD":
        return Plan(200, selected.ok_fields(is_secure=is_secure), selected)
    asked = fields.get("range")
    if asked is None or conditional.if_range(fields, selected.etag, found.last_modified) is False:
        return Plan(200, selected.ok_fields(is_secure=is_secure), selected, sends_octets=True)
    return plan_range(found, selected, asked, is_secure=is_secure)


def _select(resource: Resource, fields: Mapping[str, str], *, is_secure: bool) -> Representation:
    preference = parse_accept_encoding(fields.get("accept-encoding"))
    available = fields.get("available-dictionary") if resource.deltas and is_secure else None
    if available is not None:
        dictionary = parse_available_dictionary(available)
        allow_origin = next((value for name, value in resource.common_fields if name.lower() == _ALLOW_ORIGIN), None)
        if dictionary is not None and is_readable(fields, allow_origin):
            delta = resource.select_delta(preference, dictionary)
            if delta is not None:
                if isinstance(delta.octets, bytes):
                    resource.ready[preference, available] = delta
                return delta
    return resource.select(preference)


_ALLOW_ORIGIN: Final = "access-control-allow-origin"


def plan_range(resource: Resource, selected: Representation, value: str, *, is_secure: bool = False) -> Plan:
    """Return the answer to a GET of ``selected`` with this Range field value, its preconditions being met."""
    asked = ranges.parse_range(value, selected.size)
    plan = None
    if asked is not None:
        if len(asked) == 1:
            return _plan_single_range(selected, asked[0])
        if not asked:
            unsatisfied = ("Content-Range", ranges.unsatisfied_range(selected.size))
            return Plan(416, (unsatisfied, *resource.common_fields, *EMPTY), selected)
        plan = _plan_multipart(resource, selected, asked)
    return plan or Plan(200, selected.ok_fields(is_secure=is_secure), selected, sends_octets=True)


def _plan_other_method(found: Resource | Redirect, method: str, fields: Mapping[str, str]) -> Plan:
    common = found.common_fields if isinstance(found, Resource) else found.fields
    if method != "OPTIONS":
        return Plan(405, (("Allow", ALLOW), *common, *EMPTY))
    # "A server MUST NOT send a Content-Length header field in any response with a status code of ... 204" (8.6).
    preflight: Fields = ()
    if isinstance(found, Resource) and found.allow_all_origins and "access-control-request-method" in fields:
        asked = fields.get("access-control-request-headers")
        preflight = (
            ("Access-Control-Allow-Methods", ALLOW),
            # Static files have no secrets to guard: whichever fields the page wants to send, it may.
            *((("Access-Control-Allow-Headers", asked),) if asked and _is_visible(asked) else ()),
            ("Access-Control-Max-Age", "86400"),
        )
    return Plan(204, (("Allow", ALLOW), *common, *preflight))


def _plan_single_range(selected: Representation, asked: ByteRange) -> Plan:
    start, stop = asked
    fields = (
        ("Content-Length", str(stop - start)),
        ("Content-Range", f"bytes {start}-{stop - 1}/{selected.size}"),
        *selected.part_fields,
    )
    return Plan(206, fields, selected, ((asked, b"", b""),), True)


def _plan_multipart(resource: Resource, selected: Representation, asked: list[ByteRange]) -> Plan | None:
    # The tag is a digest of the content, so the content cannot hold it as a delimiter.
    boundary = selected.etag.strip('"')
    parts: list[Part] = []
    length = 0
    for byte_range in asked:
        preamble = (
            f"\r\n--{boundary}\r\nContent-Type: {resource.content_type}\r\n"
            f"Content-Range: {ranges.content_range(byte_range, selected.size)}\r\n\r\n"
        ).encode("latin-1")
        epilogue = b"" if byte_range is not asked[-1] else f"\r\n--{boundary}--\r\n".encode("latin-1")
        parts.append((byte_range, preamble, epilogue))
        length += len(preamble) + byte_range[1] - byte_range[0] + len(epilogue)
    if length > selected.size:
        return None
    fields = (
        # "A server MUST NOT generate a Content-Range header field in the HTTP header section of a multiple part
        # response" (15.3.7.2).
        ("Content-Type", f"multipart/byteranges; boundary={boundary}"),
        *(field for field in selected.part_fields if field[0] != "Content-Type"),
        ("Content-Length", str(length)),
    )
    return Plan(206, fields, selected, tuple(parts), True)


def _is_visible(value: str) -> bool:
    return value.isascii() and value.isprintable()
