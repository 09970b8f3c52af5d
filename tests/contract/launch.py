"""Runs one of the two servers that have no command of their own: ``python -m tests.contract.launch NAME PORT``."""

from __future__ import annotations

import sys
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIServer, make_server

from werkzeug.serving import run_simple

from tests.contract.hosted import application

if TYPE_CHECKING:
    from collections.abc import Callable


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    """As Django's runserver has it, so that a client who does not read keeps nobody else waiting."""

    daemon_threads = True


def _run_wsgiref(port: int) -> None:
    make_server("127.0.0.1", port, application, server_class=_ThreadingServer).serve_forever()


def _run_werkzeug(port: int) -> None:
    run_simple("127.0.0.1", port, application, threaded=True)


_RUN: Final[dict[str, Callable[[int], None]]] = {"wsgiref": _run_wsgiref, "werkzeug": _run_werkzeug}


if __name__ == "__main__":
    _RUN[sys.argv[1]](int(sys.argv[2]))
