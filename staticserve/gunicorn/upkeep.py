"""The upkeep of a worker's connections: what each waits for and until when, and how it ends."""

from __future__ import annotations

import selectors
import socket
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from staticserve.gunicorn.queues import DeadlineQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from staticserve.gunicorn.connections import Connection, Output

    OnEvent = Callable[[Connection, socket.socket], None]

# How long (seconds): a new connection may say nothing, as in gthread before its keep-alive time; a client may
# take nothing of a response; and a closed connection waits for the client's own close, as in gunicorn.
_FIRST_BYTES: Final = 5.0
_STALLED: Final = 30.0
_LINGER: Final = 2.0

# How much of a closed connection is read (bytes), as in gunicorn.
_MOST_DRAINED: Final = 64 * 1024

_MOST_SHED: Final = 8


class Upkeep:
    """Knows of each connection of a gunicorn worker what it waits for.

    The worker's own counts and two of its queues are shared with gunicorn, which empties those as well.
    """

    def __init__(self, worker: Any, on_readable: OnEvent, on_writable: OnEvent) -> None:
        self._worker = worker
        self._on_readable = on_readable
        self._on_writable = on_writable
        # gunicorn's configuration takes its time to say anything.
        self._keepalive = worker.cfg.keepalive
        self._most_kept = worker.max_keepalived if self._keepalive else 0
        self._kept = worker.keepalived_conns = DeadlineQueue()
        self._pending = worker.pending_conns = DeadlineQueue()
        self._writing = DeadlineQueue()
        self._lingering = DeadlineQueue()

    # What a connection waits for.

    def expect_request(self, conn: Connection) -> None:
        """Wait for a connection's first bytes, or for the rest of them."""
        self.leave_queue(conn)
        conn.timeout = time.monotonic() + _FIRST_BYTES + self._keepalive
        self._pending.append(conn)
        self.watch(conn)

    def expect_room(self, conn: Connection, output: Output) -> None:
        """Wait until a client takes more of what is written to it."""
        conn.output = output
        self.leave_queue(conn)
        self.put_off(conn)
        self._writing.append(conn)
        self.watch(conn, selectors.EVENT_WRITE)

    def put_off(self, conn: Connection) -> None:
        """Give a client that has taken something of a response its time anew."""
        conn.timeout = time.monotonic() + _STALLED

    def keep(self, conn: Connection) -> None:
        """Wait for a connection's next request."""
        conn.timeout = time.monotonic() + self._keepalive
        if conn not in self._kept:
            self.leave_queue(conn)
            self._kept.append(conn)
            if not conn.is_watched:
                self.watch(conn)

    def may_keep(self, conn: Connection) -> bool:
        """Return whether there is room for a connection among those that are kept."""
        return len(self._kept) - (conn in self._kept) < self._most_kept

    @property
    def has_room(self) -> bool:
        """Return whether there is room for any connection among those that are kept."""
        return len(self._kept) < self._most_kept

    def leave_queue(self, conn: Connection) -> None:
        """Take a connection out of whatever it waits in."""
        for queue in (self._kept, self._pending, self._writing, self._lingering):
            if conn in queue:
                queue.remove(conn)

    def watch(self, conn: Connection, event: int = selectors.EVENT_READ) -> None:
        """Have the event loop say when a connection can be read from, or written to."""
        on_event = self._on_writable if event == selectors.EVENT_WRITE else self._on_readable
        change = self._worker.poller.modify if conn.is_watched else self._worker.poller.register
        change(conn.sock, event, partial(on_event, conn))
        conn.is_watched = True

    def unwatch(self, conn: Connection) -> None:
        """Leave a connection to somebody else."""
        if conn.is_watched:
            self._worker.poller.unregister(conn.sock)
            conn.is_watched = False

    # How it ends.

    def expire(self, *, is_ending: bool) -> None:
        """Close the connections whose time is up; gunicorn closes some itself. If all is ending, that is soon."""
        now = time.monotonic()
        if is_ending:
            for conn in self._pending:
                conn.timeout = min(conn.timeout, now + _LINGER)
        for queue in (self._writing, self._lingering):
            while queue and queue[0].timeout <= now:
                self.close(queue[0])

    def shed_idle(self) -> None:
        """Close the connections that have said nothing for the longest, so that files can be opened."""
        for _ in range(_MOST_SHED):
            queue = self._pending or self._kept
            if queue:
                self.close(queue[0])

    def end(self, conn: Connection) -> None:
        """Close a connection whose answer is written: the client may still be reading."""
        self.unwatch(conn)
        self.leave_queue(conn)
        self._worker.nr_conns -= 1
        conn.close(graceful=True)

    def close(self, conn: Connection) -> None:
        """Close a connection at once."""
        with suppress(KeyError, ValueError, OSError):
            self._worker.poller.unregister(conn.sock)
        self.leave_queue(conn)
        output, conn.output = conn.output, None
        self._worker.nr_conns -= 1
        conn.close()
        if output is not None:
            try:
                output.finish()
            except Exception:
                self.complain()

    def linger(self, conn: Connection) -> None:
        """Close our side, and the connection when the client has closed its own or a moment has passed.

        gunicorn waits for that where it stands, on the event loop, for up to two seconds.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self._worker.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError, KeyError):
            conn.close()
            return
        # Whoever closed it has taken it off the count; its descriptor is still there.
        self._worker.nr_conns += 1
        conn.timeout = time.monotonic() + _LINGER
        self._lingering.append(conn)

    def _drain(self, conn: Connection, client: socket.socket) -> None:
        try:
            data = client.recv(4096)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        conn.drained += len(data)
        if not data or conn.drained > _MOST_DRAINED:
            self.close(conn)

    def complain(self) -> None:
        """Log what has failed. A logger may be what has, and the loop must go on."""
        with suppress(Exception):
            self._worker.log.exception("Error in the static lane")
