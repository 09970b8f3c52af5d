"""Connections in the order of their deadlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class DeadlineQueue:
    """Stands in for gunicorn's deque of connections, and takes one out of the middle without a search.

    A connection has a ``timeout``, in seconds of the monotonic clock, and those of one queue have the same time from
    their last use. One that is used again only gets a later ``timeout``; where it belongs then is looked at when it
    comes to the front, so that a request on a kept connection costs the queue nothing.
    """

    def __init__(self) -> None:
        self._queued_for: dict[Any, float] = {}

    def append(self, connection: Any) -> None:
        """Queue a connection behind all others."""
        self._queued_for[connection] = connection.timeout

    def remove(self, connection: Any) -> None:
        """Take a connection out. Raises ``ValueError`` if it is not there, like a deque."""
        try:
            del self._queued_for[connection]
        except KeyError:
            raise ValueError("the connection is not queued") from None

    def popleft(self) -> Any:
        """Take out the connection that times out first. Raises ``IndexError`` if there is none."""
        connection = self[0]
        del self._queued_for[connection]
        return connection

    def __getitem__(self, index: int) -> Any:
        """Return the connection that times out first, which is the only one anybody asks for."""
        if index != 0:
            raise IndexError(index)
        while self._queued_for:
            connection = next(iter(self._queued_for))
            if connection.timeout <= self._queued_for[connection]:
                return connection
            del self._queued_for[connection]
            self._queued_for[connection] = connection.timeout
        raise IndexError(index)

    def __contains__(self, connection: object) -> bool:
        """Return whether a connection is queued."""
        return connection in self._queued_for

    def __iter__(self) -> Iterator[Any]:
        """Return all connections, in no order that is promised."""
        return iter(list(self._queued_for))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._queued_for)
