"""A worker that has answered thousands of requests has no more files open than before."""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest

from tests.contract.cases import BIG, CASES
from tests.contract.exchange import Connection, Request, format_request
from tests.contract.rules import make_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.hosts import Process
    from tests.contract.rules import Tags
    from tests.contract.tree import Tree

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="there is no /proc to look into")

_ROUNDS: Final = 4
_ABORTED: Final = 300

# Until the worker has noticed that its clients are gone.
_PATIENCE: Final = 20.0


@pytest.mark.parametrize("host", ["gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent", "gunicorn-lane"])
def test_a_worker_leaks_no_descriptors(
    host: str, host_of: Callable[[str], tuple[Process, Tree]], tags_of: Callable[[str], Tags]
) -> None:
    process, tree = host_of(host)
    requests = [make_request(case, tags_of(case.file)) for case in CASES if len(case.target) < 4000]
    [worker] = _find_children(process.pid)
    # Once each first, so that what is opened once is open already.
    _ask(process.port, requests)
    _abort_downloads(process.port, 10)
    before = _settle(worker, tree, at_most=sys.maxsize)
    for _ in range(_ROUNDS):
        _ask(process.port, requests)
        _abort_downloads(process.port, _ABORTED // _ROUNDS)
    after = _settle(worker, tree, at_most=len(before))
    assert [target for target in after if target.startswith(tree.root + "/static")] == []
    assert len(after) <= len(before), (before, after)


def _ask(port: int, requests: list[Request]) -> None:
    connection = Connection(port)
    for request in requests:
        connection.exchange(request)
    connection.close()


def _abort_downloads(port: int, times: int) -> None:
    """Ask for a big file, whole or in ranges, and leave when its beginning is there."""
    for number in range(times):
        fields = ((), (("Range", "bytes=1-"),), (("Range", "bytes=0-9,100000-2999999"),))[number % 3]
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(format_request(Request("GET", f"/{BIG}", fields)))
            assert connection.recv(1000).startswith(b"HTTP/1.1 20")


def _find_children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def _settle(pid: int, tree: Tree, at_most: int) -> list[str]:
    """Return what is open in a process, once that is no file that is served and no more than so many, if ever."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = sorted(_list_descriptors(pid))
        served = [target for target in found if target.startswith(f"{tree.root}/static")]
        if (len(found) <= at_most and not served) or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _list_descriptors(pid: int) -> list[str]:
    targets = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            targets.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        # Closed since it was listed.
        except FileNotFoundError:
            continue
    return targets
