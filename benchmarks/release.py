"""Part 5: serving from a release store: the start, first and later requests, and the memory of four workers."""

from __future__ import annotations

import os
import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.contenders import PREFIX
from benchmarks.files import make_tree
from benchmarks.inside.environs import ACCEPT_ENCODING
from benchmarks.limits import Limit, judge
from benchmarks.machine import describe_machine
from benchmarks.measures import Measure, Result, Sample, Target, make_samples, summarise
from benchmarks.names import tree_names
from benchmarks.rounds import interleave, run_inside
from benchmarks.servers import ALL_CORES, fetch, free_port, running, workers_seconds
from benchmarks.stores import make_store_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measures import Scale

TITLE: Final = "Release store: start, first requests, and four workers"

MEASURES: Final = (
    Measure("start ms", digits=1),
    Measure("start MB", digits=1),
    Measure("with import MB", digits=1),
    Measure("cold µs", digits=1),
    Measure("hot µs"),
    Measure("4 workers MB", digits=1),
)

_STORE: Final = "staticserve, store"
_MANY: Final = "staticserve, store, 5 × URLs"
_DIRECTORY: Final = "staticserve, directory"
_PEER: Final = "whitenoise"
_TIMES: Final = 5

TARGETS: Final = (Target(_STORE, "4 workers MB", 2),)

_LIMITS: Final = (
    Limit(_STORE, "start ms", 30),
    Limit(_STORE, "start MB", 6),
    Limit(_MANY, "start ms", 40),
    Limit(_STORE, "cold µs", 60),
)
# Of the same speed is what no measurement here can tell apart.
_SAME: Final = 1.05

_WORKERS: Final = 4
_MOST_WEIGHINGS: Final = 3
_ASKED: Final = 400


class Subject(NamedTuple):
    """What is measured: its name in the tables, the contender, and the tree that it serves."""

    name: str
    contender: str
    root: str
    urls: int


def why_not() -> str | None:
    """Return why this part cannot be run, if so."""
    if find_spec("gunicorn.app") is None:
        return "there is no gunicorn; install the dependency group bench"
    return None if os.path.exists("/proc/self/smaps_rollup") else "it reads memory from /proc, which is not here"


def peer_of(subject: str) -> str:
    """Return what a subject is compared with."""
    return _PEER


def measure(scale: Scale) -> Result:
    """Start over the store and over the directory, and ask for files."""
    environment = describe_machine()
    store, directory = make_store_tree(scale.urls), make_tree(scale.urls)
    subjects = (
        Subject(_STORE, "staticserve", store, scale.urls),
        Subject(_DIRECTORY, "staticserve", directory, scale.urls),
        Subject(_PEER, "whitenoise", directory, scale.urls),
        Subject(_MANY, "staticserve", make_store_tree(scale.urls * _TIMES), scale.urls * _TIMES),
    )
    samples: list[Sample] = []
    for subject in subjects:
        # The trees are in the page cache after this: a cold disk is no contender's.
        _run(subject, scale)
    for number, subject in interleave(subjects, scale.rounds):
        samples += make_samples(subject.name, number, _run(subject, scale))
    for number, subject in interleave(subjects, min(scale.rounds, _MOST_WEIGHINGS)):
        samples += make_samples(subject.name, number, {"4 workers MB": _weigh_workers(subject)})
    hot = summarise(samples)[_DIRECTORY, "hot µs"].median
    return Result(
        part="release",
        about=[
            f"{scale.urls:,} URLs (and {scale.urls * _TIMES:,}) of small files; directory, whitenoise: .gz and .br",
            "beside each. Start: the construction with the first answer, in a fresh process; MB: growth of the",
            "resident set. Cold: the median first request of a file, in process, br; hot: of one again.",
            f"{_WORKERS} workers: the proportional set size of a gunicorn with sync workers, without preloading,",
            f"and of its master, after {_ASKED} different files.",
        ],
        notes=judge((*_LIMITS, Limit(_STORE, "hot µs", hot * _SAME)), samples),
        settings={"rounds": scale.rounds, "urls": scale.urls, "requests": scale.requests},
        environment=environment,
        samples=samples,
    )


def _run(subject: Subject, scale: Scale) -> dict[str, float]:
    values: dict[str, float] = run_inside(
        "release", subject.contender, subject.root, str(subject.urls), str(scale.requests)
    )
    return values


def _weigh_workers(subject: Subject) -> float:
    """Return the megabytes that a gunicorn takes, what its processes share counted once."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(_WORKERS)]
    command += ["--log-level", "warning", "--graceful-timeout", "1", "--no-control-socket"]
    command.append(f"benchmarks.served:make({subject.contender!r}, {subject.root!r})")
    with running(command, port, ALL_CORES) as master:
        _wait_until_idle(master)
        for name in _some_names(subject.urls):
            fetch(port, PREFIX + name, {"Accept-Encoding": ACCEPT_ENCODING})
        return sum(_proportional_set(process) for process in (master, *_children(master))) / 1e6


def _some_names(urls: int) -> Iterator[str]:
    step = max(urls // _ASKED, 1)
    yield from (name for number, name in enumerate(tree_names(urls)) if number % step == 0)


def _wait_until_idle(master: int) -> None:
    """Wait until all workers are there and none has had anything to do for a second."""
    before = now = 0.0
    while len(_children(master)) < _WORKERS or not now or now != before:
        time.sleep(1)
        before, now = now, workers_seconds(master)


def _children(process: int) -> list[int]:
    with open(f"/proc/{process}/task/{process}/children") as file:
        return [int(child) for child in file.read().split()]


def _proportional_set(process: int) -> int:
    """Return a process's memory in bytes, of what is shared its part."""
    with open(f"/proc/{process}/smaps_rollup") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
