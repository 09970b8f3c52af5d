"""Servers as processes: started, asked whether they answer rightly, weighed, and stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final

from benchmarks.rounds import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PATIENCE: Final = 20
_TICK: Final = os.sysconf("SC_CLK_TCK")

ALL_CORES: Final = frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset({0})
"""The cores that this process may run on."""


@contextmanager
def running(command: Sequence[str], port: int, cores: frozenset[int]) -> Iterator[int]:
    """Run a server on some cores until the block is left. Gives its process id once it takes connections."""
    with tempfile.TemporaryFile() as log:
        with on_cores(cores):
            process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)
        try:
            _wait_for(process, port)
            yield process.pid
        except ConnectionError:
            log.seek(0)
            print(log.read().decode(errors="replace"), file=sys.stderr)
            raise
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """Confine the processes that are started in the block to some cores."""
    if cores == ALL_CORES:
        yield
        return
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, ALL_CORES)


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def fetch(port: int, path: str, fields: Mapping[str, str]) -> tuple[int, str, bytes]:
    """Return the status, content coding and content that a server answers with."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", path, headers=dict(fields))
        response = connection.getresponse()
        return response.status, response.headers.get("Content-Encoding", "identity"), response.read()
    finally:
        connection.close()


def workers_seconds(master: int) -> float:
    """Return the processor time, user and system, that a server's workers have taken."""
    return sum(_process_seconds(worker) for worker in _children(master))


def tree_seconds(process: int) -> float:
    """Return the processor time, user and system, of a server and all that it started and has not buried."""
    return sum(_process_seconds(each) for each in _tree(process))


def find_worker(process: int) -> int:
    """Return the process of a server that does the work: its only child, or itself if it has none."""
    return next(iter(_children(process)), process)


def resident_megabytes(process: int) -> float:
    """Return the memory that a process has for itself and shares, in MB."""
    with open(f"/proc/{process}/status") as file:
        kilobytes = next(line.split()[1] for line in file if line.startswith("VmRSS:"))
    return int(kilobytes) * 1024 / 1e6


def count_descriptors(process: int) -> int:
    """Return how many descriptors a process has open."""
    return len(os.listdir(f"/proc/{process}/fd"))


def confine(process: int, cores: frozenset[int]) -> None:
    """Let a server, and all that it started, run on some cores only."""
    for each in _tree(process):
        for thread in os.listdir(f"/proc/{each}/task"):
            os.sched_setaffinity(int(thread), cores)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise ConnectionError(f"{' '.join(process.args[:3])} … does not answer")  # type: ignore[index,arg-type]


def _tree(process: int) -> Iterator[int]:
    yield process
    for child in _children(process):
        yield from _tree(child)


def _children(process: int) -> list[int]:
    children: list[int] = []
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/children") as file:
            children += map(int, file.read().split())
    return children


def _process_seconds(process: int) -> float:
    with open(f"/proc/{process}/stat") as file:
        # The second item is the name in brackets, which may have spaces.
        items = file.read().rpartition(")")[2].split()
    user, system = items[11:13]
    return (int(user) + int(system)) / _TICK
