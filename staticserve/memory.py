"""The bounded table of resources that are ready to be sent."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from staticserve.model import Representation, Resource

# What a resource takes beside its octets: measured at 2–3 kB with three codings.
_OVERHEAD: Final = 3072


class Memory:
    """Keeps resources by URL path, up to ``limit`` bytes; what came first goes first.

    First in, first out needs no bookkeeping when something is found, which is what happens most; what is still
    asked for comes back with the next request. Looking up takes no lock.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._resources: dict[str, Resource] = {}
        self._weights: dict[str, int] = {}
        self._lock = Lock()
        self.get = self._resources.get

    def put(self, path: str, resource: Resource) -> None:
        """Keep a resource, if it fits at all."""
        weight = resource.bytes_in_memory + _OVERHEAD
        if weight > self.limit:
            return
        with self._lock:
            self._remove(path)
            self._make_room(weight)
            self._add(path, resource, weight)

    def keep_octets(self, path: str, resource: Resource, loaded: Representation) -> None:
        """Keep octets that were deferred and have been read, if the resource is here and they fit."""
        with self._lock:
            key = (loaded.coding, loaded.dictionary)
            if self.get(path) is not resource or isinstance(resource.made[key].octets, bytes):
                return
            weight = self._weights[path] + loaded.size
            if weight > self.limit:
                return
            # To the end of the queue, so that making room does not remove it.
            self._remove(path)
            self._make_room(weight)
            resource.made[key] = loaded
            self._add(path, resource, weight)

    def drop(self, path: str) -> None:
        """Forget a resource, because its file is not what it was."""
        with self._lock:
            self._remove(path)

    def clear(self) -> None:
        """Forget every resource."""
        with self._lock:
            self._resources.clear()
            self._weights.clear()
            self.used = 0

    def _add(self, path: str, resource: Resource, weight: int) -> None:
        self._resources[path] = resource
        self._weights[path] = weight
        self.used += weight

    def _remove(self, path: str) -> None:
        if self._resources.pop(path, None) is not None:
            self.used -= self._weights.pop(path)

    def _make_room(self, weight: int) -> None:
        while self.used + weight > self.limit:
            self._remove(next(iter(self._resources)))
