"""Makes requests to a live site: few at a time, with limits to time and bytes."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from staticserve.doctor.probe import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAMES: Final = 200
WORKERS: Final = 4

_SECONDS: Final = 10
_DEADLINE: Final = 60
_MAX_BYTES: Final = 16 * 1024 * 1024


class Site:
    """Asks a site over kept connections, one for each thread and host. Follows no redirect."""

    def __init__(self) -> None:
        self._end = time.monotonic() + _DEADLINE
        self._local = threading.local()

    def ask(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Return the answer to a GET. Raises ``OSError``, when time is up as well."""
        if time.monotonic() > self._end:
            raise TimeoutError(f"more than {_DEADLINE} seconds")
        split = urlsplit(url)
        target = split._replace(scheme="", netloc="", fragment="").geturl() or "/"
        try:
            return self._ask(split.scheme, split.netloc.rpartition("@")[2], target, fields)
        # The server may have closed a connection that was kept.
        except (ConnectionError, http.client.HTTPException):
            self._connections().pop(split.netloc, None)
            try:
                return self._ask(split.scheme, split.netloc.rpartition("@")[2], target, fields)
            except http.client.HTTPException as error:
                raise OSError(type(error).__name__) from error

    def _ask(self, scheme: str, host: str, target: str, fields: Mapping[str, str]) -> Answer:
        connection = self._connections().get(host)
        if connection is None:
            if scheme == "https":
                connection = http.client.HTTPSConnection(host, timeout=_SECONDS, context=ssl.create_default_context())
            else:
                connection = http.client.HTTPConnection(host, timeout=_SECONDS)
            self._connections()[host] = connection
        connection.request("GET", target, headers={"User-Agent": "staticserve-doctor", "Accept": "*/*", **fields})
        response = connection.getresponse()
        body = response.read(_MAX_BYTES + 1)
        if len(body) > _MAX_BYTES:
            connection.close()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, body)

    def _connections(self) -> dict[str, http.client.HTTPConnection]:
        found: dict[str, http.client.HTTPConnection] | None = getattr(self._local, "connections", None)
        if found is None:
            found = self._local.connections = {}
        return found
