"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from typing import Any

from benchmarks.contenders import NAMES, load


def describe_machine() -> dict[str, Any]:
    """Return the machine, Python and the contenders' versions; nothing that tells whose machine it is."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 2),
        "versions": {contender.NAME: contender.version() for contender in map(load, NAMES)},
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            found = re.search(r"^model name\s*:\s*(.+)$", file.read(), re.MULTILINE)
    except OSError:
        return "unknown"
    return found[1] if found else "unknown"
