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
        self._lock = Lock()
        self.get = self._resources.get

    def put(self, path: str, resource: Resource) -> None:
        """Keep a resource, if it fits at all."""
        weight = _weigh(resource)
        if weight > self.limit:
            return
        with self._lock:
            self._remove(path)
            while self.used + weight > self.limit:
                self._remove(next(iter(self._resources)))
            self._resources[path] = resource
            self.used += weight

    def keep_octets(self, path: str, resource: Resource, loaded: Representation) -> None:
        """Keep octets that were deferred and have been read, if the resource is here and they fit."""
        size = loaded.size
        with self._lock:
            if self.get(path) is not resource or loaded.coding in resource.loaded:
                return
            if _weigh(resource) + size > self.limit:
                return
            # To the end of the queue, so that making room does not remove it.
            self._resources[path] = self._resources.pop(path)
            while self.used + size > self.limit:
                self._remove(next(iter(self._resources)))
            resource.loaded[loaded.coding] = loaded
            self.used += size

    def drop(self, path: str) -> None:
        """Forget a resource, because its file is not what it was."""
        with self._lock:
            self._remove(path)

    def clear(self) -> None:
        """Forget every resource."""
        with self._lock:
            self._resources.clear()
            self.used = 0

    def _remove(self, path: str) -> None:
        resource = self._resources.pop(path, None)
        if resource is not None:
            self.used -= _weigh(resource)


def _weigh(resource: Resource) -> int:
    return resource.bytes_in_memory + _OVERHEAD
