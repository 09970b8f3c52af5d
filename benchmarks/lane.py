"""Part 6: gunicorn's StaticWorker beside other workers, and beside servers that have static files of their own."""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from benchmarks import scenes
from benchmarks.files import make_css_root, make_pictures
from benchmarks.hosts import THREADS, describe_versions
from benchmarks.limits import Limit, judge
from benchmarks.load import CONNECTIONS, wrk_version
from benchmarks.machine import describe_machine
from benchmarks.measures import Measure, Result, Target
from benchmarks.scenes import CLOSED, CSS, KEPT, LANE, PEER, PLAIN, ROOTED, VIEW

if TYPE_CHECKING:
    from benchmarks.measures import Scale

TITLE: Final = "The static lane: StaticWorker, its peers, and servers with static files of their own"

MEASURES: Final = (
    Measure("requests/s", "more", digits=0),
    Measure("CPU µs", digits=1),
    Measure("p50 ms"),
    Measure("p99 ms"),
    Measure("RSS MB", digits=1),
    Measure("fds", digits=0),
)

_CSS: Final = f"{CSS}, {KEPT}"
_NGINX: Final = f"{_CSS}: nginx"

TARGETS: Final = (
    Target(f"{_CSS}: {LANE}", "requests/s", 12),
    Target(f"{_CSS}: {LANE}", "CPU µs", 12),
    Target(f"{_CSS}: {LANE}", "requests/s", 0.7, peer=_NGINX),
    *(
        Target(f"{VIEW}, {connection}: {LANE}{placement}", "requests/s", 0.95)
        for connection in (KEPT, CLOSED)
        for placement in ("", ROOTED)
    ),
)

_LIMITS: Final = (Limit(f"{scenes.ASLEEP}: {LANE}", "p99 ms", 25),)


def why_not() -> str | None:
    """Return why this part cannot be run, if so."""
    if wrk_version() is None:
        return "there is no wrk; Debian and Ubuntu have it as the package wrk"
    if find_spec("gunicorn.app") is None:
        return "there is no gunicorn; install the dependency group bench"
    return None if os.path.exists("/proc/self/stat") else "it reads the processor time from /proc, which is not here"


def peer_of(subject: str) -> str:
    """Return what a subject is compared with: for views gthread, for files WhiteNoise on it."""
    case, _, host = subject.partition(": ")
    if case.startswith(VIEW + ","):
        return f"{case}: {host.replace(LANE, PLAIN)}"
    return f"{case}: {PEER}"


def measure(scale: Scale) -> Result:
    """Play the scenes one after the other."""
    environment = describe_machine()
    environment["versions"] |= {**describe_versions(), "wrk": wrk_version()}
    with tempfile.TemporaryDirectory() as directory:
        root = os.path.join(directory, "root")
        os.mkdir(root)
        make_pictures(make_css_root(root))
        outcomes = [
            scenes.measure_hits(root, directory, scale),
            scenes.measure_asleep(root, scale),
            scenes.measure_views(root, scale),
            scenes.measure_crowd(root, directory, scale),
            scenes.measure_log(root, directory, scale),
        ]
    samples = [sample for outcome in outcomes for sample in outcome.samples]
    versions = environment["versions"]
    missing = [f"there is no {name} here" for name, version in versions.items() if version is None]
    return Result(
        part="lane",
        about=[
            f"wrk, one thread, {CONNECTIONS} connections; one worker each, with {THREADS} threads, on any core, or on",
            "one of them and wrk on the others (1 core, and the views). CPU: user and system time of all the server's",
            "processes for one request. The 24 KB are CSS that br makes 3.5, the other files pictures. uWSGI has as",
            "many threads as there are connections where those are kept; granian knows no sidecars and sends all of",
            "the CSS.",
            f"{scenes.ASLEEP}: {THREADS} threads in views of a second. Ratios: to WhiteNoise on gthread, of views to",
            "staticserve on gthread.",
        ],
        notes=[
            *judge(_LIMITS, samples),
            *(note for outcome in outcomes for note in outcome.notes),
            *missing,
        ],
        settings={
            "rounds": scale.rounds,
            "seconds": scale.seconds,
            "connections": CONNECTIONS,
            "threads": THREADS,
            "idle": scenes.IDLE,
            "slow": scenes.SLOW,
        },
        environment=environment,
        samples=samples,
    )
