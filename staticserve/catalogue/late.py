"""Files that came after the build of a release store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from staticserve.catalogue.live import LiveCatalogue
    from staticserve.model import Redirect, Resource
    from staticserve.store import StoreReader

_BETWEEN_LOOKS: Final = 1.0  # seconds

# How many names that are not there are remembered, and for how long (seconds).
_MOST_MISSING: Final = 4096
_MISSING_FOR: Final = 5.0


class LateFiles:
    """Looks for files that came after the build, if that is asked for or when the next release is there.

    When another store has taken the place of the one that is read, new workers print the new release's URLs, and old
    connections still lead here, for seconds at least. What is not there is remembered, so that a flood costs nothing.
    """

    def __init__(self, live: LiveCatalogue, reader: StoreReader, *, always: bool) -> None:
        self._live = live
        self._reader = reader
        self._are_looked_for = always
        self._look_again = 0.0
        self._missing: dict[str, float] = {}

    def may_be_there(self) -> bool:
        """Return whether the tree may have what the store has not. Once a second is enough to know it."""
        now = time.monotonic()
        if not self._are_looked_for and now >= self._look_again:
            self._look_again = now + _BETWEEN_LOOKS
            self._are_looked_for = self._reader.is_superseded()
        return self._are_looked_for

    def find(self, name: str, url: str) -> Resource | Redirect | None:
        """Return what is called ``name`` now, as ``Catalogue`` has it."""
        if not self.may_be_there():
            return None
        now = time.monotonic()
        if self._missing.get(name, 0.0) > now:
            return None
        found = self._live.find(name, url)
        if found is None:
            if len(self._missing) >= _MOST_MISSING:
                self._missing.clear()
            self._missing[name] = now + _MISSING_FOR
        return found
