"""A connection as the lane sees it: what has been read of it and not answered, and what is still to be written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

from gunicorn.workers.gthread import TConn

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

# How much one connection may write before the others have their turn (bytes).
_TURN = 1024 * 1024


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's connection, with bytes that were read before its parser existed.

    ``linger`` closes a connection whose last response has been written, without waiting for the client.
    """

    def __init__(self, cfg: Any, sock: Any, client: Any, server: Any, linger: Callable[[Connection], None]) -> None:
        super().__init__(cfg, sock, client, server)
        self.early = b""
        self.output: Output | None = None
        self.closes = False
        self.is_watched = False
        self.drained = 0
        self._linger = linger

    def init(self) -> None:
        """Prepare for gunicorn's parser, which then reads what was read already first."""
        super().init()
        if self.early:
            early, self.early = self.early, b""
            self.parser.unreader.unread(early)

    def close(self, graceful: bool = False) -> None:
        """Close; ``graceful`` leaves the client time to read the last response (RFC 9112, 9.6)."""
        if graceful:
            self._linger(self)
        else:
            super().close()


class FileSlice:
    """Bytes of an open file, sent by the kernel."""

    def __init__(self, file: BinaryIO, start: int, stop: int) -> None:
        self.file = file
        self.start = start
        self.stop = stop


class Output:
    """What is still to be written to a socket, in order.

    ``after`` is told how much of each piece was sent, when all is written or it is given up; the file is closed
    then, too.
    """

    def __init__(
        self,
        pieces: list[bytes | FileSlice],
        file: BinaryIO | None,
        after: Callable[[list[int]], None] | None,
    ) -> None:
        self._pieces: list[bytes | FileSlice] = pieces
        self._sent = [0] * len(pieces)
        self._place = 0
        self._file = file
        self._after = after

    def write_at_once(self, sock: socket.socket) -> bool:
        """Write all of it with one call, if that is possible; return whether it was. Raises ``OSError``."""
        if self._file is not None:
            return False
        try:
            return self.skip(sock.sendmsg(self._pieces))  # type: ignore[arg-type]  # without a file all are bytes
        except (BlockingIOError, InterruptedError):
            return False

    def skip(self, left: int) -> bool:
        """Count so many bytes as sent; return whether those were all."""
        for place, piece in enumerate(self._pieces):
            size = len(piece)  # type: ignore[arg-type]  # as above
            self._sent[place] = min(left, size)
            if left < size:
                self._place = place
                return False
            left -= size
        return True

    def write(self, sock: socket.socket) -> bool:
        """Write what the socket takes now, within a turn; return whether that was all. Raises ``OSError``."""
        turn = 0
        while self._place < len(self._pieces):
            if turn >= _TURN:
                return False
            piece, sent = self._pieces[self._place], self._sent[self._place]
            size = piece.stop - piece.start if isinstance(piece, FileSlice) else len(piece)
            if sent == size:
                self._place += 1
                continue
            try:
                if isinstance(piece, FileSlice):
                    count = os.sendfile(sock.fileno(), piece.file.fileno(), piece.start + sent, min(size - sent, _TURN))
                    if not count:
                        # Ending the connection is the only way left to say that these are not all.
                        raise OSError("the file was truncated while it was sent")
                else:
                    count = sock.send(memoryview(piece)[sent:])
            except (BlockingIOError, InterruptedError):
                return False
            self._sent[self._place] += count
            turn += count
        return True

    def finish(self) -> None:
        """Close the file and tell what was sent."""
        if self._file is not None:
            self._file.close()
        if self._after is not None:
            self._after(self._sent)
