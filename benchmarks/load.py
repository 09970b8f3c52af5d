"""Load from wrk: many connections, one request after the other on each."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTIONS: Final = 16

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


def put_load(url: str, fields: Mapping[str, str], seconds: float) -> Load:
    """Request a URL over and over, and return what came of it. Whole seconds, one at least: wrk knows no others."""
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{max(round(seconds), 1)}s"]
    command += ["--script", _REPORT]
    for name, value in fields.items():
        command += ["--header", f"{name}: {value}"]
    done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    return Load(**json.loads(done.stdout.strip().splitlines()[-1]))
