"""Load from wrk: many connections, one request after the other on each."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONNECTIONS: Final = 16

# It is stopped before (seconds).
_LONG: Final = 600

# wrk does not record an answer that takes longer (seconds).
_SLOWEST: Final = 10

_REPORT: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrk_report.lua")


class Load(NamedTuple):
    """What wrk saw. Times are in microseconds."""

    requests: int
    duration: int
    p50: int
    p99: int
    errors: int


def wrk_version() -> str | None:
    """Return the version of wrk, or nothing if there is none."""
    if shutil.which("wrk") is None:
        return None
    found = re.search(r"wrk\s+(?:\w+/)?(\S+)", subprocess.run(["wrk", "-v"], capture_output=True, text=True).stdout)
    return found[1] if found else "unknown"


def put_load(url: str, fields: Mapping[str, str], seconds: float, connections: int = CONNECTIONS) -> Load:
    """Request a URL over and over, and return what came of it."""
    with subprocess.Popen(_make_command(url, fields, connections), stdout=subprocess.PIPE, text=True) as process:
        # wrk knows whole seconds only, so it is interrupted, and then reports as if it had been told to end here.
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.send_signal(signal.SIGINT)
        report, _ = process.communicate()
    return Load(**json.loads(report.strip().splitlines()[-1]))


@contextmanager
def under_load(url: str, connections: int) -> Iterator[None]:
    """Request a URL over and over until the block is left."""
    process = subprocess.Popen(_make_command(url, {}, connections), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _make_command(url: str, fields: Mapping[str, str], connections: int) -> list[str]:
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{_LONG}s"]
    command += ["--timeout", f"{_SLOWEST}s", "--script", _REPORT]
    for name, value in fields.items():
        command += ["--header", f"{name}: {value}"]
    return [*command, url]
