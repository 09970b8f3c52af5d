"""What there is to serve: from a URL path within a prefix to its resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from staticserve.model import Redirect, Resource


class Catalogue(Protocol):
    """Finds resources by name. A name is a URL path without its prefix: ``css/app.css``."""

    is_live: bool
    """Whether every request must ask anew."""
    is_quick: bool
    """Whether ``may_have`` takes less time than ``find``."""

    @property
    def release(self) -> str | None:
        """Return the name of the release, if it has one."""

    def may_have(self, name: str) -> bool:
        """Return whether ``find`` is worth asking, without reading a file."""

    def find(self, name: str, url: str) -> Resource | Redirect | None:
        """Return what is called ``name``; ``url`` is the whole path, for the user's own functions. Never raises."""

    # What follows is asked about names that this release does not have (see misses).

    def find_by_digest(self, name: str, digest: str, url: str) -> Resource | None:
        """Return the file ``name``, as one that is for ever, if its MD5 begins with these 12 hex digits."""

    def find_alias(self, name: str) -> str | None:
        """Return the hashed name of a logical one."""

    def find_forgotten(self, name: str) -> str | None:
        """Return the name of the release that had a file which is no longer kept, if that is known."""

    def list_releases(self) -> list[dict[str, Any]]:
        """Return what other builds need to keep these releases, as JSON has it; the newest first."""


class Unreleased:
    """What a catalogue without releases says of them: nothing."""

    release: str | None = None

    def find_by_digest(self, name: str, digest: str, url: str) -> Resource | None:
        """Find nothing."""
        return None

    def find_alias(self, name: str) -> str | None:
        """Find nothing."""
        return None

    def find_forgotten(self, name: str) -> str | None:
        """Find nothing."""
        return None

    def list_releases(self) -> list[dict[str, Any]]:
        """List nothing."""
        return []


class EmptyCatalogue(Unreleased):
    """Stands in for a directory that cannot be read."""

    is_live = False
    is_quick = True

    def may_have(self, name: str) -> bool:
        """Have nothing."""
        return False

    def find(self, name: str, url: str) -> None:
        """Find nothing."""
