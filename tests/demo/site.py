"""A copy of the demo, served by the real gunicorn."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = Path(__file__).parents[2] / "demo"


class Demo(NamedTuple):
    """A running demo: its URL without the final slash, and its directory."""

    url: str
    directory: Path

    @property
    def static_url(self) -> str:
        """Return what the URL of every static file begins with."""
        return f"{self.url}/static/"

    def manifest(self) -> dict[str, str]:
        """Return the hashed names by the logical ones."""
        content = json.loads((self.directory / "staticfiles" / "staticfiles.json").read_text())
        paths: dict[str, str] = content["paths"]
        return paths

    def size(self, name: str) -> int:
        """Return how many bytes the collected file of a logical name has."""
        return (self.directory / "staticfiles" / self.manifest()[name]).stat().st_size


@contextmanager
def run_demo(home: Path) -> Iterator[Demo]:
    """Collect the files of a copy below ``home``, and start gunicorn in it as one does by hand."""
    directory = home / "demo"
    shutil.copytree(DEMO, directory, ignore=shutil.ignore_patterns("staticfiles", "__pycache__", "db.sqlite3*"))
    # Whoever has pressed the button there is at a later release.
    shutil.rmtree(directory / "deploys" / "generated" / "deploys", ignore_errors=True)
    port = find_free_port()
    environment = os.environ | {"PORT": str(port), "HOME": str(home), "DATABASE_PATH": str(home / "db.sqlite3")}
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput"]
    subprocess.run(collect, cwd=directory, env=environment, check=True, capture_output=True)
    log_path = home / "gunicorn.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"], cwd=directory, env=environment, stdout=log, stderr=log
        )
        try:
            wait_for_port(port, process, log_path)
            yield Demo(f"http://127.0.0.1:{port}", directory)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    said = log_path.read_text()
    assert not re.search("WARNING|ERROR|CRITICAL|Traceback", said), said


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], log_path: Path) -> None:
    """Return once somebody listens on the port; raise with the log if that takes half a minute."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.05)
    raise RuntimeError(f"gunicorn did not start: {log_path.read_text()}")
