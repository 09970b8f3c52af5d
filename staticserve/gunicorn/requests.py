"""Recognises plain requests in bytes. Pure: whatever is in any way unusual is not plain, and gunicorn's to parse.

A plain request is a GET or HEAD of HTTP/1.1 with an origin-form target, one Host and no body, which every parser
reads the same way (RFC 9112). This is not a parser of HTTP: it has no errors, only a yes or a no.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.plan import REQUEST_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

# What may stand in a head beside CRLF: visible characters, obs-text, space and tab (RFC 9110, 5.5).
_HEAD_BYTES: Final = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])

_TARGET_BYTES: Final = bytes(range(0x20, 0x7F))

# request-line = method SP request-target SP HTTP-version. One slash: gunicorn reads "//" its own way. "#" is in no
# request-target, and urllib cuts there.
_REQUEST_LINE: Final = re.compile(rb"(GET|HEAD) (/(?!/)[!\"$-~]*) HTTP/1\.1")

_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^`|~0-9A-Za-z]+")  # without "_", which gunicorn treats by policy

# Fields that say something about the message, the connection or the way here. A request with one is not plain.
_UNUSUAL: Final = frozenset(
    {
        *(b"content-length", b"content-type", b"expect", b"proxy-connection", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade", b"http2-settings"),
    }
)

_KNOWN: Final = {name.encode(): name for name in REQUEST_FIELDS}

_HOST: Final = "host"
_CONNECTION: Final = "connection"

_MOST_NAMES: Final = 2000
_MOST_BLOCKS: Final = 512


class PlainRequest(NamedTuple):
    """A plain request: ``path`` as it was sent, percent-encoded; ``fields`` are those that a plan or a scheme needs.

    ``closes`` says that the client wants the connection closed. ``head`` is what it was read from.
    """

    method: str
    path: str
    query: str
    fields: Mapping[str, str]
    closes: bool
    head: bytes


class PlainReader:
    """Reads plain requests within gunicorn's limits.

    ``scheme_fields`` are the lower-case names that gunicorn or Django may take the URL's scheme from. One of them
    is handed on in ``fields``; two could contradict each other, so then the request is not plain.
    """

    def __init__(
        self, *, limit_line: int, limit_fields: int, limit_field_size: int, scheme_fields: frozenset[str]
    ) -> None:
        # Zero means no limit for the line, and gunicorn's own for the others; then ours is as good.
        self.limit_head = min(limit for limit in (limit_line, limit_field_size, 8190) if limit > 0)
        self._limit_fields = limit_fields if 0 < limit_fields < 100 else 100
        self._scheme_fields = scheme_fields
        # Field names as they are written, and what they mean here: a name of ours, "" for those that mean
        # nothing, None for those that make a request unusual. Clients use a few dozen.
        self._names: dict[bytes, str | None] = {}
        # A client sends the same lines with each of the requests that a page takes.
        self._blocks: dict[bytes, tuple[dict[str, str], bool]] = {}

    def read(self, head: bytes) -> PlainRequest | None:
        """Return the request in a head, without its final CRLF CRLF; nothing if it is not plain."""
        if len(head) > self.limit_head:
            return None
        line, _, block = head.partition(b"\r\n")
        match = _REQUEST_LINE.fullmatch(line)
        if match is None:
            return None
        known = self._blocks.get(block)
        if known is None:
            fields = self._read_fields(block)
            if fields is None:
                return None
            closes = fields.pop(_CONNECTION, "") == "close"
            if len(self._blocks) >= _MOST_BLOCKS:
                self._blocks.clear()
            self._blocks[block] = known = (fields, closes)
        method, target = match.groups()
        path, _, query = target.partition(b"?")
        return PlainRequest(method.decode("ascii"), path.decode("ascii"), query.decode("ascii"), *known, head)

    def _read_fields(self, block: bytes) -> dict[str, str] | None:
        lines = block.split(b"\r\n")
        # Every CR and LF stands in a CRLF, and nothing else is invisible.
        if len(block.translate(None, _HEAD_BYTES)) != 2 * (len(lines) - 1) or len(lines) > self._limit_fields:
            return None
        names = self._names
        fields: dict[str, str] = {}
        schemes = 0
        for line in lines:
            raw_name, colon, value = line.partition(b":")
            if not colon:
                return None
            try:
                name = names[raw_name]
            except KeyError:
                name = self._learn(raw_name)
            if name:
                # Repeated lines are one list; joining them is gunicorn's business.
                if name in fields:
                    return None
                text = value.strip(b" \t").decode("latin-1")
                if name == _CONNECTION:
                    text = text.lower()
                    if text not in ("close", "keep-alive"):
                        return None
                elif name in self._scheme_fields:
                    schemes += 1
                fields[name] = text
            elif name is None:
                return None
        return fields if _HOST in fields and schemes <= 1 else None

    def _learn(self, raw_name: bytes) -> str | None:
        lowered = raw_name.lower()
        meaning: str | None
        if _TOKEN.fullmatch(raw_name) is None or lowered in _UNUSUAL:
            meaning = None
        else:
            text = lowered.decode("ascii")
            known = text in (_HOST, _CONNECTION) or text in self._scheme_fields or lowered in _KNOWN
            meaning = text if known else ""
        if len(self._names) < _MOST_NAMES:
            self._names[raw_name] = meaning
        return meaning


def may_become_plain(data: bytes, limit: int) -> bool:
    """Return whether bytes without the end of a head can still grow into a plain request.

    If not, waiting for more would be wrong: gunicorn may have an answer to them already.
    """
    if len(data) > limit:
        return False
    line, end, rest = data.partition(b"\r\n")
    if end:
        return _REQUEST_LINE.fullmatch(line) is not None and rest.count(b"\n") == rest.count(b"\r\n")
    line = line.removesuffix(b"\r")
    method, space, target = line.partition(b" ")
    if not space:
        return b"GET".startswith(method) or b"HEAD".startswith(method)
    return method in (b"GET", b"HEAD") and not target.translate(None, _TARGET_BYTES) and target.count(b" ") <= 1
