"""Servers that have static files without WSGI, or beside it: what they are called and the commands that run them."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.contenders import PREFIX, installed_version, nginx
from benchmarks.load import CONNECTIONS
from benchmarks.servers import ALL_CORES, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS: Final = 4

STATIC_WORKER: Final = ("--worker-class", "staticserve.gunicorn.StaticWorker", "--threads", str(THREADS))
GTHREAD: Final = ("--worker-class", "gthread", "--threads", str(THREADS))
SYNC: Final = ("--worker-class", "sync")

_BIN: Final = os.path.dirname(sys.executable)


class Host(NamedTuple):
    """A server with one worker."""

    name: str
    command: list[str]
    port: int
    keeps: bool = True
    """Whether it is asked on connections that are kept."""
    closes: bool = True
    """Whether it is asked on a connection for each request."""
    is_silent: bool = False
    """Whether it does not say that it closes, which wrk counts as errors."""
    process: int = 0


@contextmanager
def started(host: Host) -> Iterator[Host]:
    """Run a server until the block is left."""
    with running(host.command, host.port, ALL_CORES) as process:
        yield host._replace(process=process)


def make_gunicorn(name: str, options: tuple[str, ...], application: str) -> Host:
    """Return gunicorn with an application, which is an expression of ``benchmarks.served``."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    # All the servers of a user would take the same socket to be controlled by.
    command += ["--log-level", "warning", "--graceful-timeout", "1", "--no-control-socket"]
    return Host(name, [*command, *options, f"benchmarks.served:{application}"], port)


def make_nginx(root: str, directory: str) -> list[Host]:
    """Return nginx, if it is here."""
    if nginx.version() is None:
        return []
    directory = os.path.join(directory, f"nginx-{free_port()}")
    os.mkdir(directory)
    port = free_port()
    return [Host(nginx.NAME, nginx.make_command(root, directory, port), port)]


def make_granian(root: str) -> list[Host]:
    """Return granian with its own static mount, if it is here. It has no sidecars."""
    if find_spec("granian") is None:
        return []
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--log-level", "error", "benchmarks.contenders:application"]
    command += ["--static-path-route", PREFIX.rstrip("/"), "--static-path-mount", root]
    return [Host("granian", command, port)]


def make_uwsgi(root: str) -> list[Host]:
    """Return uWSGI with ``--static-map``, if it is here: once for connections that are kept, once for those that close.

    Where it keeps connections, each takes a thread, so it has as many as there are; and it does not close when asked.
    """
    program = shutil.which("uwsgi", path=os.pathsep.join((_BIN, os.environ.get("PATH", ""))))
    if program is None:
        return []
    kept, closed = free_port(), free_port()
    options = ["--master", "--processes", "1", "--disable-logging", "--die-on-term", "--need-app"]
    options += ["--static-map", f"{PREFIX.rstrip('/')}={root}", "--static-gzip-all", "--tcp-nodelay"]
    options += ["--virtualenv", sys.prefix, "--wsgi", "benchmarks.contenders"]
    keeping = ["--http11-socket", f"127.0.0.1:{kept}", "--threads", str(CONNECTIONS)]
    return [
        Host("uWSGI", [program, *keeping, *options], kept, closes=False),
        Host("uWSGI", [program, "--http-socket", f"127.0.0.1:{closed}", *options], closed, keeps=False, is_silent=True),
    ]


def describe_versions() -> dict[str, str | None]:
    """Return the versions of the servers; nothing for one that is not here."""
    modules = {"gunicorn": "gunicorn", "granian": "granian"}
    versions = {name: installed_version(name) if find_spec(module) else None for name, module in modules.items()}
    uwsgi = installed_version("uWSGI") if os.path.exists(os.path.join(_BIN, "uwsgi")) else None
    return {**versions, "uWSGI": uwsgi, nginx.NAME: nginx.version()}
