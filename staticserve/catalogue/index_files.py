"""Index files: ``/docs/`` is answered by ``/docs/index.html``, and its other spellings lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from staticserve.model import Redirect
from staticserve.plan import NOSNIFF
from staticserve.semantics.caching import cache_control
from staticserve.semantics.fields import without

if TYPE_CHECKING:
    from collections.abc import Callable

    from staticserve.model import Fields
    from staticserve.options import Options


def make_name_resolver(options: Options) -> Callable[[str, Callable[[str], bool]], str | Redirect | None]:
    """Return the function that turns an asked name into the name of a file, under the option ``index_file``.

    That function takes the name and a test for whether a file exists. It returns a name, a redirect or nothing.
    """
    if options.index_file is None:
        return lambda name, exists: name if exists(name) else None
    index_file = options.index_file
    fields = make_redirect_fields(options)

    def resolve(name: str, exists: Callable[[str], bool]) -> str | Redirect | None:
        base = name.rpartition("/")[2]
        if not base:
            return name + index_file if exists(name + index_file) else None
        if exists(name):
            return Redirect("./", fields) if base == index_file else name
        if exists(f"{name}/{index_file}"):
            return Redirect(directory_location(base), fields)
        return None

    return resolve


def make_redirect_fields(options: Options) -> Fields:
    """Return the fields of a redirect under these options, but for its Location."""
    life = cache_control(options.max_age, is_immutable=False)
    given = dict(options.fields)
    if life is not None and "cache-control" not in {name.lower() for name in given}:
        given["Cache-Control"] = life
    return (*without(tuple(given.items()), "x-content-type-options", "content-type"), NOSNIFF)


def directory_location(base: str) -> str:
    """Return the relative reference from a path without its final slash to the one with it.

    With a leading ``./``: "a path segment that contains a colon character cannot be used as the first segment of
    a relative-path reference" (RFC 3986, 4.2).
    """
    return f"./{quote(base)}/"
