"""What there is to serve: from a URL path within a prefix to its resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from staticserve.model import Redirect, Resource


class Catalogue(Protocol):
    """Finds resources by name. A name is a URL path without its prefix: ``css/app.css``."""

    is_live: bool
    """Whether every request must ask anew."""

    def may_have(self, name: str) -> bool:
        """Return whether ``find`` is worth asking, without reading a file."""

    def find(self, name: str, url: str) -> Resource | Redirect | None:
        """Return what is called ``name``; ``url`` is the whole path, for the user's own functions. Never raises."""


class EmptyCatalogue:
    """Stands in for a directory that cannot be read."""

    is_live = False

    def may_have(self, name: str) -> bool:
        """Have nothing."""
        return False

    def find(self, name: str, url: str) -> None:
        """Find nothing."""
