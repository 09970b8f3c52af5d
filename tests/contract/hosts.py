"""The servers that hold the contract, each a process of its own, started when it is first asked for."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest

from tests.contract.exchange import exchange_on_socket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.contract.tree import Tree

_REPOSITORY: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_APPLICATION: Final = "tests.contract.hosted:application"

# Starting takes a second on an idle machine; this is for one that is not.
_PATIENCE: Final = 60.0


def _python(*arguments: str) -> Callable[[int], list[str]]:
    return lambda port: [sys.executable, "-m", *(argument.format(port=port) for argument in arguments)]


def _gunicorn(worker: str, *more: str) -> Callable[[int], list[str]]:
    options = ("--no-control-socket", "--worker-class", worker, *more)
    return _python("gunicorn", "--bind", "127.0.0.1:{port}", *options, _APPLICATION)


def _uwsgi(port: int) -> list[str]:
    command = shutil.which("uwsgi", path=os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", ""))))
    options = ("--http-socket", f"127.0.0.1:{port}", "--module", _APPLICATION, "--virtualenv", sys.prefix)
    # By default a request may have 4 KiB, and a client that does not read stops the only thread.
    more = ("--need-app", "--die-on-term", "--master", "--buffer-size", "32768", "--threads", "4")
    return [str(command), *options, *more, "--pythonpath", _REPOSITORY]


COMMANDS: Final[dict[str, Callable[[int], list[str]]]] = {
    "gunicorn-sync": _gunicorn("sync"),
    "gunicorn-gthread": _gunicorn("gthread", "--threads", "4"),
    "gunicorn-gevent": _gunicorn("gevent"),
    "gunicorn-lane": _gunicorn("staticserve.gunicorn.StaticWorker", "--threads", "4"),
    "waitress": _python("waitress", "--listen", "127.0.0.1:{port}", _APPLICATION),
    "uwsgi": _uwsgi,
    "granian": _python(
        *("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}"),
        *("--blocking-threads", "4", _APPLICATION),
    ),
    "cheroot": _python("cheroot", "--bind", "127.0.0.1:{port}", _APPLICATION),
    "werkzeug": _python("tests.contract.launch", "werkzeug", "{port}"),
    "wsgiref": _python("tests.contract.launch", "wsgiref", "{port}"),
}
"""The command of each server, from the port that it is to listen on."""

_NEEDS: Final = {"gunicorn-gevent": "gevent", "wsgiref": None, "uwsgi": None}


class Process:
    """A server in a process of its own, with what it wrote."""

    def __init__(self, command: Sequence[str], port: int, log_path: str, environ: dict[str, str]) -> None:
        self.port = port
        self.exchange = exchange_on_socket(port)
        self._log_path = log_path
        with open(log_path, "wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=_REPOSITORY,
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """Return the number of the process that was started."""
        return self._process.pid

    @property
    def log(self) -> str:
        """Return what the server wrote."""
        with open(self._log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self) -> None:
        """Kill the process and those that it started: it has nothing to finish."""
        # Its own session, so its own group: nobody else is in it.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with {self._process.returncode}:\n{self.log}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"the server did not listen on {self.port}:\n{self.log}")


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_host(name: str, tree: Tree) -> Process:
    """Start a server on a tree. Skips the test if the server is not installed."""
    needed = _NEEDS.get(name, name.partition("-")[0])
    if needed is not None and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    port = find_free_port()
    command = COMMANDS[name](port)
    if shutil.which(command[0]) is None:
        pytest.skip(f"{name} is not installed")
    return Process(command, port, f"{tree.root}/{name}.log", {"CONTRACT_TREE": tree.root, "PYTHONUNBUFFERED": "1"})
