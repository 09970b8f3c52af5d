"""Names that carry the hash of what they name, as Django's manifest storage makes them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# HashedFilesMixin.hashed_name: root + "." + the first 12 hex digits of the MD5 + the last extension. A name
# without an extension ends with the digits.
_HASHED: Final = re.compile(r"(?P<root>.*[^/])\.(?P<digest>[0-9a-f]{12})(?P<extension>\.[^./]*)?", re.DOTALL)


class HashedName(NamedTuple):
    """``css/app.3f2a….css`` taken apart: ``logical`` is ``css/app.css``, ``digest`` its 12 hex digits."""

    logical: str
    digest: str


def parse_hashed_name(name: str) -> HashedName | None:
    """Return the parts of a name of Django's hashed form. A look-alike (a date, say) has it too: prove it."""
    match = _HASHED.fullmatch(name)
    if match is None:
        return None
    return HashedName(match["root"] + (match["extension"] or ""), match["digest"])
