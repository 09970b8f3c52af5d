"""gunicorns in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

REPOSITORY: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

LANE: Final = "staticserve.gunicorn.StaticWorker"
GTHREAD: Final = "gthread"

# Longer than anything takes, even on a machine with other work. Reached only by what hangs.
PATIENCE: Final = 60.0

_LISTENING: Final = re.compile(r"Listening at: (\S+) ")


def wait_until(claim: Callable[[], object], what: str) -> None:
    """Wait until a claim is true. Raises ``AssertionError`` if it never is."""
    deadline = time.monotonic() + PATIENCE
    while not claim():
        if time.monotonic() > deadline:
            raise AssertionError(f"it never came true: {what}")
        time.sleep(0.02)


class Server:
    """A running gunicorn and its workers, with what they wrote."""

    def __init__(self, process: subprocess.Popen[bytes], log_path: str) -> None:
        self.process = process
        self._log_path = log_path

    @property
    def log(self) -> str:
        """Return what gunicorn wrote on standard error."""
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def addresses(self) -> list[str]:
        """Return where it listens, as it says itself."""
        match = _LISTENING.search(self.log)
        return match[1].split(",") if match else []

    @property
    def port(self) -> int:
        """Return the port of the first address."""
        return int(self.addresses[0].rpartition(":")[2])

    @property
    def workers(self) -> list[int]:
        """Return the process ids of the workers that are there now."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as file:
            return [int(child) for child in file.read().split()]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the master."""
        self.process.send_signal(number)

    def connect(self, timeout: float = PATIENCE) -> socket.socket:
        """Return a new connection to the first address."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def stop(self) -> None:
        """Kill all of it: there is nothing to finish."""
        # Its own session, so its own group: nobody else is in it.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running(
    worker: str,
    files: str,
    log_path: str,
    options: Sequence[str] = (),
    *,
    application: str = "tests.gunicorn.hosted:application",
    bind: Sequence[str] = ("127.0.0.1:0",),
    environ: dict[str, str] | None = None,
    cwd: str = REPOSITORY,
    booted: int = 1,
) -> Iterator[Server]:
    """Run a gunicorn, ready to answer, for as long as the block lasts."""
    command = [sys.executable, "-m", "gunicorn", "--worker-class", worker, "--no-control-socket"]
    command += [part for address in bind for part in ("--bind", address)]
    command += [*options, application]
    path = os.pathsep.join((cwd, REPOSITORY)) if cwd != REPOSITORY else REPOSITORY
    variables = {**os.environ, "PYTHONPATH": path, "LANE_FILES": files, "PYTHONUNBUFFERED": "1", **(environ or {})}
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = Server(process, log_path)
    try:

        def is_ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"gunicorn ended with {process.returncode}:\n{server.log}")
            return bool(server.addresses) and server.log.count("Booting worker with pid") >= booted

        wait_until(is_ready, "gunicorn is ready")
        yield server
    finally:
        if process.poll() is None:
            server.stop()
