"""What the fields of Compression Dictionary Transport mean (RFC 9842): deltas against a response that a client has."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from staticserve.semantics.hashed_names import parse_hashed_name

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of a file or a dictionary. A browser decodes windows of at least 8 MiB (RFC 9842, 5), and all of both must fit."""

LEAST_BYTES: Final = 1024
"""Of a file or a dictionary. Below that a delta saves less than its field lines take."""

# "The stream header": a skippable frame of Zstandard's, with the dictionary's SHA-256 in it.
_DCZ_MAGIC: Final = b"\x5e\x2a\x4d\x18\x20\x00\x00\x00"

# sf-binary of 32 bytes (RFC 9651, 3.3.5).
_BYTE_SEQUENCE: Final = re.compile(r":([A-Za-z0-9+/]{43}=):")
_LENGTH: Final = 46


def delta_header(dictionary_sha256: str) -> bytes:
    """Return what a delta begins with: ``dictionary_sha256`` is hexadecimal."""
    return _DCZ_MAGIC + bytes.fromhex(dictionary_sha256)


def parse_available_dictionary(value: str) -> str | None:
    """Return the SHA-256 (hexadecimal) in an Available-Dictionary field value, or nothing if it holds none.

    Each digest has one form: no spaces, which servers strip, and no bits of padding that are set.
    """
    return _parse_byte_sequence(value) if len(value) == _LENGTH else None


# Clients hold a few releases' files each.
@lru_cache(maxsize=1024)
def _parse_byte_sequence(value: str) -> str | None:
    match = _BYTE_SEQUENCE.fullmatch(value)
    digest = base64.b64decode(match[1]) if match is not None else b""
    return digest.hex() if match is not None and base64.b64encode(digest).decode() == match[1] else None


def use_as_dictionary(url: str) -> str | None:
    """Return the Use-As-Dictionary field value for a URL path with a hashed name: for that name with any hash.

    Nothing if the name is not of Django's hashed form. The path is as Django prints it, percent-encoded; what a URL
    pattern has other meanings for is escaped.
    """
    hashed = parse_hashed_name(url)
    if hashed is None:
        return None
    before, _, after = url.rpartition(f".{hashed.digest}")
    pattern = f"{_escape(before)}.*{_escape(after)}"
    # sf-string (RFC 9651, 3.3.3).
    return 'match="{}"'.format(pattern.replace("\\", "\\\\").replace('"', '\\"'))


def _escape(path: str) -> str:
    return re.sub(r"[{}():?*+\\]", r"\\\g<0>", quote(path, safe="/~!*()'"))


def is_secure_context(scheme: str, host: str) -> bool:
    """Return whether a request came by https or from the machine itself, which browsers trust as much.

    "Compression Dictionary Transport MUST only be used in secure contexts" (8).
    """
    return scheme == "https" or (len(host) <= _LONGEST_HOST and _is_loopback(host))


# Of a name (RFC 1035, 2.3.4), and a port.
_LONGEST_HOST: Final = 255 + 6


@lru_cache(maxsize=64)
def _is_loopback(host: str) -> bool:
    name = _PORT.sub("", host.lower())
    return name in ("localhost", "[::1]") or name.endswith(".localhost") or _LOOPBACK.fullmatch(name) is not None


_PORT: Final = re.compile(r":[0-9]*\Z")
_LOOPBACK: Final = re.compile(r"127(\.[0-9]{1,3}){3}")


def is_readable(fields: Mapping[str, str], allow_origin: str | None) -> bool:
    """Return whether who asks may read the answer: only then may a delta be sent, whose size tells of the dictionary.

    ``allow_origin`` is the answer's Access-Control-Allow-Origin. The order of questions is the RFC's (9.3.3).
    """
    if fields.get("sec-fetch-site") in (None, "same-origin"):
        return True
    mode = fields.get("sec-fetch-mode")
    if mode is None or mode in ("navigate", "same-origin"):
        return True
    origin = fields.get("origin")
    return mode == "cors" and origin is not None and allow_origin in ("*", origin)
