"""How long an answer may be kept, and when it was made (RFC 9111; RFC 8246; RFC 9110, 8.8.2)."""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache
from typing import Final

# Ten years, as nginx says for "expires max".
FOREVER: Final = 315_360_000

# What archives write who know no time: ZIP cannot say less than 1 January 1980 (which is a day around it
# somewhere on earth), and reproducible builds write 0 or that.
_UNBELIEVABLE: Final = 315_532_800 + 86_400

# An HTTP date has four digits for the year.
_YEAR_10000: Final = 253_402_300_800


def cache_control(max_age: int | None, *, is_immutable: bool) -> str | None:
    """Return a Cache-Control field value. ``max_age`` is in seconds; ``None`` leaves the field out."""
    if is_immutable:
        return f"max-age={FOREVER}, public, immutable"
    if max_age is None:
        return None
    return f"max-age={max_age}, public"


def last_modified(mtime: float, now: float) -> str | None:
    """Return a Last-Modified field value for seconds since 1970, or nothing if they are not to be believed.

    "An origin server with a clock MUST NOT generate a Last-Modified date that is later than the server's time of
    message origination" (RFC 9110, 8.8.2.1).
    """
    if not _UNBELIEVABLE < mtime <= min(now, _YEAR_10000 - 1):
        return None
    return _format_date(int(mtime))


# The files of one build are of a few seconds.
@lru_cache(maxsize=64)
def _format_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
