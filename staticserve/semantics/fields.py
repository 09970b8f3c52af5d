"""What the name and the value of a field may hold (RFC 9110, 5.1 and 5.5), and which fields are not a user's to set."""

from __future__ import annotations

import re
from typing import Final

# token = 1*tchar
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)

RESERVED: Final = frozenset(
    {
        *("accept-ranges", "content-encoding", "content-length", "content-range", "etag", "last-modified", "status"),
        *("connection", "date", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
"""What we answer for ourselves, and the fields of a connection, which are the server's (PEP 3333)."""


def is_field_name(name: object) -> bool:
    """Return whether this can be a field's name."""
    return isinstance(name, str) and _TOKEN.fullmatch(name) is not None


def is_field_value(value: object) -> bool:
    """Return whether this can be a field's value: no line break, which would begin another field, and latin-1."""
    if not isinstance(value, str) or not value.isprintable():
        return False
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def without(fields: tuple[tuple[str, str], ...], *names: str) -> tuple[tuple[str, str], ...]:
    """Return the fields but for those with these lower-case names."""
    return tuple(field for field in fields if field[0].lower() not in names)
