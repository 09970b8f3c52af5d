"""``StaticWorker``: a gthread worker with a lane for static requests."""

from __future__ import annotations

import errno
import selectors
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

from staticserve.gunicorn.access import AccessLog
from staticserve.gunicorn.connections import Connection, FileSlice, Output
from staticserve.gunicorn.insides import is_known_gunicorn, reason_to_step_aside
from staticserve.gunicorn.lane import Elsewhere, Lane, Recall, Reply
from staticserve.gunicorn.queues import DeadlineQueue
from staticserve.gunicorn.requests import PlainReader, PlainRequest, may_become_plain
from staticserve.gunicorn.schemes import Schemes
from staticserve.gunicorn.starts import Starts
from staticserve.wsgi import STATUS_LINES, live_instances

_READ: Final = 64 * 1024

_END: Final = b"\r\n\r\n"

# How long (seconds): a new connection may say nothing, as in gthread before its keep-alive time; a client may
# take nothing of a response; and a closed connection waits for the client's own close, as in gunicorn.
_FIRST_BYTES: Final = 5.0
_STALLED: Final = 30.0
_LINGER: Final = 2.0

# How much of a closed connection is read (bytes), as in gunicorn.
_MOST_DRAINED: Final = 64 * 1024

# How long no connection is accepted after there was no descriptor for one (seconds).
_ACCEPT_PAUSE: Final = 1.0
_MOST_ACCEPTED: Final = 8
_MOST_SHED: Final = 8
_NO_RESOURCES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

# Requests in a row that came in one piece. More, or more bytes of answers, are gunicorn's.
_MOST_PIPELINED: Final = 32
_MOST_PIPELINED_BYTES: Final = 1024 * 1024


# A request, the reply to it, and the URL's scheme.
_Answered = tuple[PlainRequest, Reply, str]


class StaticWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Answers plain static requests on the event loop; every other byte is gunicorn's, as if nothing had been tried.

    Use it with ``gunicorn -k staticserve.gunicorn.StaticWorker``. It finds every ``StaticServe`` of the
    application. Where it cannot stand beside gunicorn's configuration, it says so once and is a plain gthread.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.alive: bool
        self._lane: Lane | None = None
        self._accept_again = 0.0
        self._servers: dict[Any, Any] = {}

    def load_wsgi(self) -> None:
        """Load the application, then look for what there is to serve."""
        super().load_wsgi()
        reason = reason_to_step_aside(self.cfg) if is_known_gunicorn() else "this gunicorn is not known"
        statics = live_instances()
        if reason is None and not statics:
            reason = "the application has no StaticServe"
        if reason is not None:
            self.log.warning("StaticWorker is a plain gthread worker: %s", reason)
            return
        self._lane = Lane(statics)
        self._access_log = AccessLog(self.cfg, self.log)
        self._schemes = Schemes(self.cfg)
        self._starts = Starts()
        self._reader = PlainReader(
            limit_line=self.cfg.limit_request_line,
            limit_fields=self.cfg.limit_request_fields,
            limit_field_size=self.cfg.limit_request_field_size,
            scheme_fields=self._schemes.fields.union(*(static.scheme_fields for static in statics)),
        )
        self._recall = Recall()
        # gunicorn's configuration takes its time to say anything.
        self._keepalive = self.cfg.keepalive
        self._most_kept = self.max_keepalived if self._keepalive else 0
        self._files = ThreadPoolExecutor(1, thread_name_prefix="staticserve")
        self.keepalived_conns = DeadlineQueue()
        self.pending_conns = DeadlineQueue()
        self._writing = DeadlineQueue()
        self._lingering = DeadlineQueue()

    # What gunicorn's event loop calls.

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or not; not while there are no descriptors for them."""
        if enabled and time.monotonic() < self._accept_again:
            return
        super().set_accept_enabled(enabled)

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection to the event loop, where an idle client costs no thread."""
        if self._lane is None:
            super().accept(listener)
            return
        # Several at a time, so that they share a turn of the loop; not all, so that other workers have some.
        for _ in range(_MOST_ACCEPTED):
            try:
                sock, client = listener.accept()
            except OSError as error:
                self._explain_no_connection(error)
                return
            self.nr_conns += 1
            conn = Connection(self.cfg, sock, client, self._server_of(listener), self._linger)
            conn.timeout = time.monotonic() + _FIRST_BYTES + self._keepalive
            # The request is often there already, and then nothing has to be watched.
            self._answer_readable(conn, sock)
            if self.nr_conns >= self.worker_connections:
                return

    def _explain_no_connection(self, error: OSError) -> None:
        if error.errno in _NO_RESOURCES:
            self.log.warning("No connection can be accepted for a moment: %s", error)
            self._accept_again = time.monotonic() + _ACCEPT_PAUSE
            self.set_accept_enabled(False)
            self._shed_idle()
        elif error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
            self.log.warning("A connection could not be accepted: %s", error)

    def _server_of(self, listener: Any) -> Any:
        try:
            return self._servers[listener]
        except KeyError:
            return self._servers.setdefault(listener, listener.getsockname())

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """Answer what a connection sent, or hand it to gunicorn."""
        if self._lane is None:
            super().on_client_socket_readable(conn, client)
            return
        conn.is_watched = True
        self._answer_readable(conn, client)

    def _answer_readable(self, conn: Connection, client: socket.socket) -> None:
        try:
            # gunicorn may have read ahead: what is on the socket comes after that.
            if conn.parser is not None and conn.parser.unreader.buf.getvalue():
                self._hand_over(conn, b"")
                return
            try:
                data = client.recv(_READ)
            except (BlockingIOError, InterruptedError):
                if not conn.is_watched:
                    self.pending_conns.append(conn)
                    self._watch(conn)
                return
            except OSError:
                data = b""
            recalled = self._recall.answer(data)
            if (
                recalled is not None
                and not conn.early
                and self.alive
                and self.nr + 1 < self.max_requests
                and len(self.keepalived_conns) < self._most_kept
            ):
                self._send_again(conn, client, *recalled)
            else:
                self._read(conn, data)
        except Exception:
            self._complain()
            self._close(conn)

    def murder_pending(self) -> None:
        """Close the connections whose time is up: those that gunicorn knows, and the lane's."""
        super().murder_pending()
        if self._lane is None:
            return
        now = time.monotonic()
        if not self.alive:
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, now + _LINGER)
        for queue in (self._writing, self._lingering):
            while queue and queue[0].timeout <= now:
                self._close(queue[0])

    def run(self) -> None:
        """Run until the worker is told to stop."""
        super().run()
        if self._lane is not None:
            self._files.shutdown(wait=False)

    # Reading

    def _read(self, conn: Connection, data: bytes) -> None:
        if not data:
            self._close(conn)
            return
        if conn.early:
            data = conn.early + data
            conn.early = b""
        if data.endswith(_END):
            self._answer(conn, data)
        elif _END not in data and may_become_plain(data, self._reader.limit_head):
            conn.early = data
            self._leave_queue(conn)
            conn.timeout = time.monotonic() + _FIRST_BYTES + self._keepalive
            self.pending_conns.append(conn)
            self._watch(conn)
        else:
            self._hand_over(conn, data)

    def _answer(self, conn: Connection, data: bytes) -> None:
        assert self._lane is not None
        started = datetime.now() if self._access_log.is_on else _NEVER
        heads = data[: -len(_END)].split(_END)
        if len(heads) > 1:
            self._answer_pipelined(conn, data, heads, started)
            return
        request = self._reader.read(heads[0])
        if request is None:
            self._hand_over(conn, data)
            return
        scheme = self._schemes.scheme(request.fields, conn.client)
        reply = self._lane.answer(request, scheme)
        if isinstance(reply, Reply):
            if reply.status == 200 and not request.closes and not self._access_log.is_on:
                self._recall.learn(request, data, self._lane, scheme)
            self._send(conn, [(request, reply, scheme)], started)
        elif reply is Elsewhere.SLOW:
            self._unwatch(conn)
            self._leave_queue(conn)
            future = self._files.submit(self._lane.answer_slowly, request, scheme)
            finish = partial(self._finish_slowly, conn, data, request, scheme, started)
            future.add_done_callback(lambda done: self.method_queue.defer(finish, done))
        else:
            self._hand_over(conn, data)

    def _answer_pipelined(self, conn: Connection, data: bytes, heads: list[bytes], started: datetime) -> None:
        assert self._lane is not None
        answered: list[_Answered] = []
        size = 0
        for head in heads[: _MOST_PIPELINED + 1]:
            request = self._reader.read(head)
            if request is None or request.closes or len(answered) == _MOST_PIPELINED:
                break
            scheme = self._schemes.scheme(request.fields, conn.client)
            reply = self._lane.answer(request, scheme)
            if not isinstance(reply, Reply):
                break
            size += sum(len(piece) for piece in reply.pieces if isinstance(piece, bytes))
            answered.append((request, reply, scheme))
        # All or nothing: two writers on one connection would have to take turns.
        if (
            len(answered) < len(heads)
            or size > _MOST_PIPELINED_BYTES
            or self.nr + len(heads) >= self.max_requests
            or not self._may_keep(conn)
        ):
            self._hand_over(conn, data)
        else:
            self._send(conn, answered, started)

    def _finish_slowly(
        self,
        conn: Connection,
        data: bytes,
        request: PlainRequest,
        scheme: str,
        started: datetime,
        done: Future[Reply | None],
    ) -> None:
        try:
            reply = done.result()
        except Exception:
            self._complain()
            reply = None
        if reply is None:
            self._enqueue(conn, data)
            return
        conn.timeout = time.monotonic() + self._keepalive
        try:
            self._send(conn, [(request, reply, scheme)], started)
        except Exception:
            self._complain()
            self._close(conn)

    # Writing

    def _send_again(self, conn: Connection, sock: socket.socket, lines: bytes, octets: bytes) -> None:
        """Send a 200 on a connection that is kept: what nearly every request comes to, in the fewest steps."""
        self.nr += 1
        start = self._starts.start(200, False)
        try:
            sent = sock.sendmsg((start, lines, octets))
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._close(conn)
            return
        conn.closes = False
        if sent == len(start) + len(lines) + len(octets):
            conn.timeout = time.monotonic() + self._keepalive
            if conn not in self.keepalived_conns:
                self._leave_queue(conn)
                self.keepalived_conns.append(conn)
                if not conn.is_watched:
                    self._watch(conn)
        else:
            output = Output([start, lines, octets], None, None)
            output.skip(sent)
            self._wait_for_room(conn, output)

    def _send(self, conn: Connection, answered: list[_Answered], started: datetime) -> None:
        self.nr += len(answered)
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        conn.closes = answered[-1][0].closes or not self._may_keep(conn)
        pieces: list[bytes | FileSlice] = []
        for place, (_, reply, _) in enumerate(answered, 1):
            pieces.append(self._starts.start(reply.status, conn.closes and place == len(answered)) + reply.lines)
            pieces += reply.pieces
        after = partial(self._log, conn, answered, started) if self._access_log.is_on else None
        output = Output(pieces, answered[-1][1].file, after)
        try:
            is_done = output.write_at_once(conn.sock) or output.write(conn.sock)
        except OSError:
            conn.output = output
            self._close(conn)
            return
        if is_done:
            output.finish()
            self._keep_or_close(conn)
        else:
            self._wait_for_room(conn, output)

    def _wait_for_room(self, conn: Connection, output: Output) -> None:
        conn.output = output
        self._leave_queue(conn)
        conn.timeout = time.monotonic() + _STALLED
        self._writing.append(conn)
        self._watch(conn, selectors.EVENT_WRITE)

    def _on_writable(self, conn: Connection, client: socket.socket) -> None:
        try:
            self._go_on_writing(conn)
        except OSError:
            self._close(conn)
        except Exception:
            self._complain()
            self._close(conn)

    def _go_on_writing(self, conn: Connection) -> None:
        output = conn.output
        assert output is not None
        if not output.write(conn.sock):
            conn.timeout = time.monotonic() + _STALLED
            return
        conn.output = None
        output.finish()
        self._watch(conn)
        self._keep_or_close(conn)

    def _log(
        self,
        conn: Connection,
        answered: list[_Answered],
        started: datetime,
        pieces_sent: list[int],
    ) -> None:
        for request, reply, scheme in answered:
            # gunicorn does not count what it sends by sendfile.
            counts = not reply.is_whole_file or self.cfg.sendfile is False
            sent = sum(pieces_sent[1 : 1 + len(reply.pieces)]) if counts else 0
            del pieces_sent[: 1 + len(reply.pieces)]
            status = STATUS_LINES[reply.status]
            self._access_log.log(request, scheme, conn, status, reply.fields, sent, started)

    # Connections

    def _may_keep(self, conn: Connection) -> bool:
        others = len(self.keepalived_conns) - (conn in self.keepalived_conns)
        return self.alive and others < self._most_kept

    def _keep_or_close(self, conn: Connection) -> None:
        conn.timeout = time.monotonic() + self._keepalive
        if conn.closes:
            self._unwatch(conn)
            self._leave_queue(conn)
            self.nr_conns -= 1
            conn.close(graceful=True)
        elif conn not in self.keepalived_conns:
            self._leave_queue(conn)
            self.keepalived_conns.append(conn)
            if not conn.is_watched:
                self._watch(conn)

    def _complain(self) -> None:
        # A logger may be what has failed, and the loop must go on.
        with suppress(Exception):
            self.log.exception("Error in the static lane")

    def _watch(self, conn: Connection, event: int = selectors.EVENT_READ) -> None:
        """Have the event loop say when a connection can be read from, or written to."""
        on_event = self._on_writable if event == selectors.EVENT_WRITE else self.on_client_socket_readable
        change = self.poller.modify if conn.is_watched else self.poller.register
        change(conn.sock, event, partial(on_event, conn))
        conn.is_watched = True

    def _unwatch(self, conn: Connection) -> None:
        if conn.is_watched:
            self.poller.unregister(conn.sock)
            conn.is_watched = False

    def _hand_over(self, conn: Connection, data: bytes) -> None:
        """Let gunicorn have a connection, with the bytes that were read of it."""
        self._unwatch(conn)
        self._leave_queue(conn)
        self._enqueue(conn, data)

    def _enqueue(self, conn: Connection, data: bytes) -> None:
        conn.early = data
        conn.data_ready = True
        self.enqueue_req(conn)

    def _leave_queue(self, conn: Connection) -> None:
        for queue in (self.keepalived_conns, self.pending_conns, self._writing, self._lingering):
            if conn in queue:
                queue.remove(conn)

    def _shed_idle(self) -> None:
        """Close the connections that have said nothing for the longest, so that files can be opened."""
        for _ in range(_MOST_SHED):
            queue = self.pending_conns or self.keepalived_conns
            if queue:
                self._close(queue[0])

    def _close(self, conn: Connection) -> None:
        with suppress(KeyError, ValueError, OSError):
            self.poller.unregister(conn.sock)
        self._leave_queue(conn)
        output, conn.output = conn.output, None
        self.nr_conns -= 1
        conn.close()
        if output is not None:
            try:
                output.finish()
            except Exception:
                self._complain()

    def _linger(self, conn: Connection) -> None:
        """Close our side, and the connection when the client has closed its own or a moment has passed.

        gunicorn waits for that where it stands, on the event loop, for up to two seconds.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError, KeyError):
            conn.close()
            return
        # Whoever closed it has taken it off the count; its descriptor is still there.
        self.nr_conns += 1
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
            self._close(conn)


# Nothing is logged, so nobody asks when it began.
_NEVER: Final = datetime.min
