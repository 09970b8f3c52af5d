"""Access log lines for what the lane answers, from the same objects as gunicorn's own."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from gunicorn.glogging import Logger
from gunicorn.http import wsgi

if TYPE_CHECKING:
    from staticserve.gunicorn.requests import PlainRequest
    from staticserve.model import Fields


class LoggedRequest:
    """A plain request with the attributes that gunicorn's environ and log are made from."""

    proxy_protocol_info = None
    version = (1, 1)
    body = None
    _expected_100_continue = False

    def __init__(self, request: PlainRequest, scheme: str) -> None:
        request_line, *lines = request.head.decode("latin-1").split("\r\n")
        self.method = request.method
        self.uri = request_line.split(" ")[1]
        self.path, _, self.query = self.uri.partition("?")
        self.fragment = ""
        self.scheme = scheme
        self.headers = [
            (name.upper(), value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines)
        ]

    def should_close(self) -> bool:
        """Return what nobody asks here: whether the connection closes has been decided."""
        return False


class AccessLog:
    """Logs as the worker's logger does, and costs nothing where that logs nothing."""

    def __init__(self, cfg: Any, logger: Any) -> None:
        self._cfg = cfg
        self._logger = logger
        # Another class, statsd's for one, counts requests even if no lines are written.
        self.is_on = type(logger) is not Logger or logger.access_log_enabled

    def log(
        self,
        request: PlainRequest,
        scheme: str,
        connection: Any,
        status: str,
        fields: Fields,
        sent: int,
        started: datetime,
    ) -> None:
        """Log a request that has been answered. ``sent`` counts the octets of the body."""
        logged = LoggedRequest(request, scheme)
        response, environ = wsgi.create(logged, connection.sock, connection.client, connection.server, self._cfg)
        environ["wsgi.multithread"] = True
        response.status = status
        response.headers = list(fields)
        response.sent = sent
        self._logger.access(response, logged, environ, datetime.now() - started)
