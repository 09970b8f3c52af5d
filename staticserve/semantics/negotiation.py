"""Which content coding a client takes (RFC 9110, 8.4 and 12.5.3)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from collections.abc import Iterable

IDENTITY: Final = "identity"
DELTA: Final = "dcz"
"""Dictionary-Compressed Zstandard (RFC 9842, 5): a delta, for whoever holds what it was made against."""

WHOLE_CODINGS: Final = ("gzip", "br", "zstd")
"""Those that a client needs nothing else to decode."""

CODINGS: Final = (IDENTITY, *WHOLE_CODINGS, DELTA)

_PLACES: Final = {coding: place for place, coding in enumerate(CODINGS)}

# A recipient SHOULD consider "x-gzip" to be equivalent to "gzip" (8.4.1.3).
_ALIASES: Final = {"x-gzip": "gzip"}

Preference = tuple[int, ...]
"""A rank for each of ``CODINGS``, in their order. The highest is wanted most; 0 is not acceptable.

Ranks, not weights: ``gzip;q=0.8, br;q=0.9`` and ``gzip;q=0.1, br`` ask for the same thing, and the few hundred
orders there are make a key for tables that a client cannot grow without bound.
"""

IDENTITY_ONLY: Final[Preference] = (1, 0, 0, 0, 0)


# Browsers send a handful of values, so nearly every request finds its answer here; 512 of them are some 100 kB.
@lru_cache(maxsize=512)
def parse_accept_encoding(value: str | None) -> Preference:
    """Return what an Accept-Encoding field value asks for; ``None`` when the request has no such field.

    Without the field any coding would do (12.5.3, rule 1), but whoever does not send it may be unable to decode
    one, so it means identity here. Items with a weight that is no number are dropped.
    """
    if not value:
        return IDENTITY_ONLY
    weights: dict[str, float] = {}
    for token, weight in parse_accept_header(value):
        coding = token.lower()
        coding = _ALIASES.get(coding, coding)
        weights[coding] = max(weight, weights.get(coding, 0.0))
    # "If the representation has no content coding, then it is acceptable by default unless specifically
    # excluded": unnamed, identity is wanted less than anything named, so its weight is that of a refusal, and
    # select_coding never drops it.
    any_other = weights.get("*", 0.0)
    # Whoever says "*" need not have the dictionary that it takes to decode this one.
    weights.setdefault(DELTA, 0.0)
    wanted = [weights.get(coding, any_other) for coding in CODINGS]
    order = sorted({0.0, *wanted})
    return tuple(order.index(weight) for weight in wanted)


def rank(coding: str, preference: Preference) -> int:
    """Return how much a client wants a coding."""
    return preference[_PLACES[coding]]


def select_coding(available: Iterable[tuple[str, int]], preference: Preference) -> str:
    """Return the coding to send, from pairs of a coding and its size in bytes. Identity must be among them.

    The highest rank wins, then the fewest bytes. Identity is the last resort even where the client refused it:
    "if none of the available are acceptable, the origin server can send a response without any content coding"
    (12.5.3) serves a static file better than a 406.
    """
    selected, best = IDENTITY, (0, 0)
    for coding, size in available:
        rank = preference[_PLACES[coding]]
        if rank and (rank, -size) > best:
            selected, best = coding, (rank, -size)
    return selected
