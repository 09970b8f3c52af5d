"""The first lines of a response, which gunicorn writes for itself: status, Server, Date, Connection."""

from __future__ import annotations

import time

from gunicorn.http.wsgi import SERVER
from gunicorn.util import http_date

from staticserve.wsgi import STATUS_LINES


class Starts:
    """Makes them once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._made: dict[tuple[int, bool], bytes] = {}

    def start(self, status: int, closes: bool) -> bytes:
        """Return the lines for a status; ``closes`` says whether the connection ends with the response."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._made.clear()
        start = self._made.get((status, closes))
        if start is None:
            text = (
                f"HTTP/1.1 {STATUS_LINES[status]}\r\nServer: {SERVER}\r\nDate: {http_date(second)}\r\n"
                f"Connection: {'close' if closes else 'keep-alive'}\r\n"
            )
            start = self._made[status, closes] = text.encode("latin-1")
        return start
