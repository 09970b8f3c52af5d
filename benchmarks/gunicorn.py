"""Part 3: the style sheet from gunicorn over loopback, one worker, with nginx as the limit."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.contenders import NAMES, PEER, PREFIX, installed_version, nginx
from benchmarks.files import CSS_NAME, make_css_root
from benchmarks.inside.environs import ACCEPT_ENCODING
from benchmarks.load import CONNECTIONS, Load, put_load, wrk_version
from benchmarks.machine import describe_machine
from benchmarks.measures import Measure, Result, Sample, Target, make_samples
from benchmarks.rounds import interleave
from benchmarks.servers import ALL_CORES, fetch, free_port, on_cores, running, workers_seconds

if TYPE_CHECKING:
    from benchmarks.measures import Scale

TITLE: Final = "gunicorn: one worker, loopback, br chosen"

MEASURES: Final = (
    Measure("requests/s", "more", digits=0),
    Measure("CPU µs", digits=1),
    Measure("p50 ms"),
    Measure("p99 ms"),
)

_THREADS: Final = 4
_GTHREAD: Final = ("--worker-class", "gthread", "--threads", str(_THREADS))
_ONE_CORE: Final = "gthread, 1 core"
# Where threads may run on two cores they fight for the interpreter's lock, and the more often they let go of it (to
# open, to send), the more: whitenoise takes 510 µs of processor time for a request on two idle cores, and 160 on one.
# A container may have either, so both are measured.
_WORKERS: Final = {"sync": ("--worker-class", "sync"), "gthread": _GTHREAD, _ONE_CORE: _GTHREAD}
# Ours alone: the same answers from the worker's event loop.
_OWN_WORKER: Final = ("staticserve.gunicorn", "StaticWorker")

TARGETS: Final = tuple(Target(f"staticserve, {worker}", "requests/s", 1.4) for worker in ("gthread", _ONE_CORE))

_URL_PATH: Final = PREFIX + CSS_NAME
_FIELDS: Final = {"Accept-Encoding": ACCEPT_ENCODING}


class Server(NamedTuple):
    """A server to measure: what it is called in the tables, and the command that runs it."""

    subject: str
    command: list[str]
    port: int
    is_pinned: bool = False
    """Whether it has one core, and wrk the others."""
    process: int = 0


def why_not() -> str | None:
    """Return why this part cannot be run, if so."""
    if wrk_version() is None:
        return "there is no wrk; Debian and Ubuntu have it as the package wrk"
    if find_spec("gunicorn.app") is None:
        return "there is no gunicorn; install the dependency group bench"
    return None if os.path.exists("/proc/self/stat") else "it reads the processor time from /proc, which is not here"


def peer_of(subject: str) -> str:
    """Return what a subject is compared with: WhiteNoise on the same worker, or else on gthread."""
    worker = subject.partition(", ")[2]
    return f"{PEER}, {worker if worker in _WORKERS else 'gthread'}"


def measure(scale: Scale) -> Result:
    """Start every contender on every worker, and put load on one after the other."""
    environment = describe_machine()
    environment["versions"] |= {
        "gunicorn": installed_version("gunicorn"),
        "nginx": nginx.version(),
        "wrk": wrk_version(),
    }
    samples: list[Sample] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        root = os.path.join(directory, "root")
        os.mkdir(root)
        make_css_root(root)
        servers = [
            server._replace(process=stack.enter_context(running(server.command, server.port, _cores(server)[0])))
            for server in _make_servers(root, directory)
        ]
        for server in servers:
            notes += _note_differences(server, root)
            _load(server, scale.seconds / 4)
        for number, server in interleave(servers, scale.rounds):
            values, errors = _measure_server(server, scale.seconds)
            samples += make_samples(server.subject, number, values)
            if errors:
                notes.append(f"{server.subject}: {errors:,} errors in round {number + 1}")
    if environment["versions"]["nginx"] is None:
        notes.append("there is no nginx here")
    return Result(
        part="gunicorn",
        about=[
            f"wrk, one thread, {CONNECTIONS} connections, keep-alive (sync has none: a connection for each request);",
            f"gthread has {_THREADS} threads, on any core, or all of them on one and wrk on the others. CPU: user and",
            "system time of the worker for one request. Ratios: to whitenoise on the same worker; of nginx and",
            "StaticWorker, to whitenoise on gthread.",
        ],
        notes=notes,
        settings={"rounds": scale.rounds, "seconds": scale.seconds, "connections": CONNECTIONS, "threads": _THREADS},
        environment=environment,
        samples=samples,
    )


def _make_servers(root: str, directory: str) -> list[Server]:
    workers = [
        (name, worker, arguments)
        for worker, arguments in _WORKERS.items()
        for name in NAMES
        if worker != _ONE_CORE or len(ALL_CORES) > 1
    ]
    module, worker_class = _OWN_WORKER
    if find_spec(module) is not None:
        workers.append(("staticserve", worker_class, ("--worker-class", f"{module}.{worker_class}")))
    servers = []
    for name, worker, arguments in workers:
        port = free_port()
        servers.append(
            Server(f"{name}, {worker}", _gunicorn_command(name, root, port, arguments), port, worker == _ONE_CORE)
        )
    if nginx.version() is not None:
        port = free_port()
        servers.append(Server(nginx.NAME, nginx.make_command(root, directory, port), port))
    return servers


def _gunicorn_command(name: str, root: str, port: int, arguments: tuple[str, ...]) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--log-level", "warning", "--graceful-timeout", "1"]
    # All the servers of a user would take the same socket to be controlled by.
    options.append("--no-control-socket")
    return [sys.executable, "-m", "gunicorn", *options, *arguments, f"benchmarks.served:make({name!r}, {root!r})"]


def _measure_server(server: Server, seconds: float) -> tuple[dict[str, float], int]:
    """Return the value of each measure, and the number of errors."""
    before = workers_seconds(server.process)
    load = _load(server, seconds)
    processor = workers_seconds(server.process) - before
    values = {
        "requests/s": load.requests / load.duration * 1e6,
        "CPU µs": processor / load.requests * 1e6,
        "p50 ms": load.p50 / 1e3,
        "p99 ms": load.p99 / 1e3,
    }
    return values, load.errors


def _note_differences(server: Server, root: str) -> list[str]:
    with open(os.path.join(root, CSS_NAME + ".br"), "rb") as file:
        wanted = (200, "br", file.read())
    status, coding, content = fetch(server.port, _URL_PATH, _FIELDS)
    if (status, coding, content) == wanted:
        return []
    return [f"{server.subject} answers with {status}, {coding}, {len(content):,} bytes"]


def _load(server: Server, seconds: float) -> Load:
    with on_cores(_cores(server)[1]):
        return put_load(f"http://127.0.0.1:{server.port}{_URL_PATH}", _FIELDS, seconds)


def _cores(server: Server) -> tuple[frozenset[int], frozenset[int]]:
    """Return the cores that the server may run on, and those for the load."""
    if not server.is_pinned:
        return ALL_CORES, ALL_CORES
    one = frozenset({min(ALL_CORES)})
    return one, ALL_CORES - one
