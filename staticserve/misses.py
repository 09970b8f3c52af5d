"""What a URL gets that this release does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from staticserve.model import Plan
from staticserve.plan import NOSNIFF
from staticserve.semantics.fields import without

if TYPE_CHECKING:
    from staticserve.model import Fields

_TEXT: Final = b"Not found\n"


def plan_miss(method: str, fields: Fields = ()) -> Plan:
    """Return the 404. ``fields`` are the user's own.

    Text, because a browser must not be given a page as a script; ``no-store``, because a shared cache that keeps
    the 404 of one moment of a deploy keeps the site broken for hours.
    """
    miss_fields = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(_TEXT))),
        ("Cache-Control", "no-store"),
        NOSNIFF,
        *without(fields, "content-type", "content-length", "cache-control", "x-content-type-options"),
    )
    return Plan(404, miss_fields, content=b"" if method == "HEAD" else _TEXT)
