"""``StaticWorker``: a gthread worker with a lane for static requests."""

from __future__ import annotations

import errno
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gunicorn.workers.gthread import ThreadWorker

from staticserve.gunicorn.access import AccessLog
from staticserve.gunicorn.connections import Connection, FileSlice, Output
from staticserve.gunicorn.insides import is_known_gunicorn, reason_to_step_aside
from staticserve.gunicorn.lane import Elsewhere, Lane, Recall, Reply
from staticserve.gunicorn.requests import PlainReader, PlainRequest, may_become_plain
from staticserve.gunicorn.schemes import Schemes
from staticserve.gunicorn.starts import Starts
from staticserve.gunicorn.upkeep import Upkeep
from staticserve.wsgi import STATUS_LINES, live_instances

if TYPE_CHECKING:
    import socket

_READ: Final = 64 * 1024

_END: Final = b"\r\n\r\n"

# How long no connection is accepted after there was no descriptor for one (seconds).
_ACCEPT_PAUSE: Final = 1.0
_MOST_ACCEPTED: Final = 8
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
        self._files = ThreadPoolExecutor(1, thread_name_prefix="staticserve")
        self._upkeep = Upkeep(self, self.on_client_socket_readable, self._on_writable)

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
            conn = Connection(self.cfg, sock, client, self._server_of(listener), self._upkeep.linger)
            # The request is often there already, and then nothing has to be watched.
            self._answer_readable(conn, sock)
            if self.nr_conns >= self.worker_connections:
                return

    def _explain_no_connection(self, error: OSError) -> None:
        if error.errno in _NO_RESOURCES:
            self.log.warning("No connection can be accepted for a moment: %s", error)
            self._accept_again = time.monotonic() + _ACCEPT_PAUSE
            self.set_accept_enabled(False)
            self._upkeep.shed_idle()
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
                    self._upkeep.expect_request(conn)
                return
            except OSError:
                data = b""
            recalled = self._recall.answer(data)
            if (
                recalled is not None
                and not conn.early
                and self.alive
                and self.nr + 1 < self.max_requests
                and self._upkeep.has_room
            ):
                self._send_again(conn, client, *recalled)
            else:
                self._read(conn, data)
        except Exception:
            self._upkeep.complain()
            self._upkeep.close(conn)

    def murder_pending(self) -> None:
        """Close the connections whose time is up: those that gunicorn knows, and the lane's."""
        super().murder_pending()
        if self._lane is None:
            return
        self._upkeep.expire(is_ending=not self.alive)

    def run(self) -> None:
        """Run until the worker is told to stop."""
        super().run()
        if self._lane is not None:
            self._files.shutdown(wait=False)

    # Reading

    def _read(self, conn: Connection, data: bytes) -> None:
        if not data:
            self._upkeep.close(conn)
            return
        if conn.early:
            data = conn.early + data
            conn.early = b""
        if data.endswith(_END):
            self._answer(conn, data)
        elif _END not in data and may_become_plain(data, self._reader.limit_head):
            conn.early = data
            self._upkeep.expect_request(conn)
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
            self._upkeep.unwatch(conn)
            self._upkeep.leave_queue(conn)
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
            self._upkeep.complain()
            reply = None
        if reply is None:
            self._enqueue(conn, data)
            return
        try:
            self._send(conn, [(request, reply, scheme)], started)
        except Exception:
            self._upkeep.complain()
            self._upkeep.close(conn)

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
            self._upkeep.close(conn)
            return
        conn.closes = False
        if sent == len(start) + len(lines) + len(octets):
            self._upkeep.keep(conn)
        else:
            output = Output([start, lines, octets], None, None)
            output.skip(sent)
            self._upkeep.expect_room(conn, output)

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
            self._upkeep.close(conn)
            return
        if is_done:
            output.finish()
            self._keep_or_end(conn)
        else:
            self._upkeep.expect_room(conn, output)

    def _on_writable(self, conn: Connection, client: socket.socket) -> None:
        try:
            self._go_on_writing(conn)
        except OSError:
            self._upkeep.close(conn)
        except Exception:
            self._upkeep.complain()
            self._upkeep.close(conn)

    def _go_on_writing(self, conn: Connection) -> None:
        output = conn.output
        assert output is not None
        if not output.write(conn.sock):
            self._upkeep.put_off(conn)
            return
        conn.output = None
        output.finish()
        self._upkeep.watch(conn)
        self._keep_or_end(conn)

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

    def _may_keep(self, conn: Connection) -> bool:
        return self.alive and self._upkeep.may_keep(conn)

    def _keep_or_end(self, conn: Connection) -> None:
        if conn.closes:
            self._upkeep.end(conn)
        else:
            self._upkeep.keep(conn)

    # Handing over

    def _hand_over(self, conn: Connection, data: bytes) -> None:
        """Let gunicorn have a connection, with the bytes that were read of it."""
        self._upkeep.unwatch(conn)
        self._upkeep.leave_queue(conn)
        self._enqueue(conn, data)

    def _enqueue(self, conn: Connection, data: bytes) -> None:
        conn.early = data
        conn.data_ready = True
        self.enqueue_req(conn)


# Nothing is logged, so nobody asks when it began.
_NEVER: Final = datetime.min
