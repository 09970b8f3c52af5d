"""Collecting static files: a real ``collectstatic``, in a process whose time and memory are taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.rounds import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence


class Collection(NamedTuple):
    """What a run took: seconds by the clock, seconds of processor time (user and system), and bytes at its peak."""

    seconds: float
    processor: float
    peak: int


def collect(storage: str, sources: Sequence[str], root: str, ignored: Sequence[str]) -> Collection:
    """Collect the admin's files and those of ``sources`` to ``root``, without what matches an ignored pattern."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.inside.settings",
        "BENCHMARK_STORAGE": storage,
        "BENCHMARK_STATIC_ROOT": root,
        "BENCHMARK_STATICFILES_DIRS": json.dumps(list(sources)),
    }
    command = [sys.executable, "-m", "django", "collectstatic", "--noinput", "--verbosity", "0"]
    command += [f"--ignore={pattern}" for pattern in ignored]
    with tempfile.TemporaryFile() as log:
        started = perf_counter()
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
        # Not process.wait(): only this tells what the process took, with its threads and the processes it started.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            print(log.read().decode(errors="replace"), file=sys.stderr)
            raise subprocess.CalledProcessError(process.returncode, command)
    return Collection(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def disk_bytes(root: str) -> int:
    """Return the bytes of the blocks that the files below a directory take; what is linked twice counts once."""
    blocks: dict[tuple[int, int], int] = {}
    for directory, _, names in os.walk(root):
        for name in names:
            status = os.lstat(os.path.join(directory, name))
            blocks[status.st_dev, status.st_ino] = status.st_blocks
    return sum(blocks.values()) * 512
