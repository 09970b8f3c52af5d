"""What is asked of gunicorn's workers and their peers, scene by scene: hits, sleeping views, views, a crowd, a log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.contenders import PREFIX
from benchmarks.files import CSS_NAME, PICTURES
from benchmarks.hosts import (
    GTHREAD,
    STATIC_WORKER,
    SYNC,
    THREADS,
    Host,
    make_granian,
    make_gunicorn,
    make_nginx,
    make_uwsgi,
    started,
)
from benchmarks.inside.environs import ACCEPT_ENCODING
from benchmarks.load import put_load, under_load
from benchmarks.measures import Sample, make_samples
from benchmarks.rounds import PROJECT, interleave
from benchmarks.served import SLEEP
from benchmarks.servers import (
    ALL_CORES,
    confine,
    count_descriptors,
    fetch,
    find_worker,
    on_cores,
    resident_megabytes,
    tree_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measures import Scale

LANE: Final = "staticserve, StaticWorker"
PLAIN: Final = "staticserve, gthread"
PEER: Final = "whitenoise, gthread"
ROOTED: Final = ", also at /"

KEPT: Final = "keep-alive"
CLOSED: Final = "close"
ONE_CORE: Final = "1 core"
CSS: Final = "24 KB"
ASLEEP: Final = "views asleep"
VIEW: Final = "view"
LOG: Final = "24 KB, access log"

IDLE: Final = 1000
SLOW: Final = 200
CROWD: Final = f"24 KB, {IDLE:,} idle and {SLOW} slow"
ALONE: Final = "24 KB, no crowd"

_SIZES: Final = {"1 KB": PICTURES["1 KB"], CSS: CSS_NAME, "200 KB": PICTURES["200 KB"], "10 MB": PICTURES["10 MB"]}
_CSS_PATH: Final = PREFIX + CSS_NAME
_VIEW_PATH: Final = "/polls/1/"
_FIELDS: Final = {"Accept-Encoding": ACCEPT_ENCODING}
_ONE_CORE: Final = frozenset({min(ALL_CORES)})

# Of clients of the sleeping view: as many wait as sleep.
_SLEEPERS: Final = 2 * THREADS

# A crowd is no use to a server that drops it: gunicorn keeps 1,000 connections for 2 seconds if nobody says otherwise.
_FOR_CROWDS: Final = ("--worker-connections", "4000", "--keep-alive", "75")


class Outcome(NamedTuple):
    """What a scene came to."""

    samples: list[Sample]
    notes: list[str]


class Turn(NamedTuple):
    """What is put on a server at once, and what that is called."""

    case: str
    host: Host
    path: str
    closes: bool = False
    is_pinned: bool = False
    """Whether the server has one core, and wrk the others."""

    @property
    def subject(self) -> str:
        """What the tables call it."""
        return f"{self.case}: {self.host.name}"


def measure_hits(root: str, directory: str, scale: Scale) -> Outcome:
    """Ask every server for files of each size, on connections that are kept and on those that are not."""
    whitenoise = f"make('whitenoise', {root!r})"
    hosts = [
        make_gunicorn(LANE, STATIC_WORKER, f"make('staticserve', {root!r})"),
        make_gunicorn(PLAIN, GTHREAD, f"make('staticserve', {root!r})"),
        make_gunicorn("whitenoise, sync", SYNC, whitenoise)._replace(keeps=False),
        make_gunicorn(PEER, GTHREAD, whitenoise),
        *make_granian(root),
        *make_uwsgi(root),
        *make_nginx(root, directory),
    ]
    # There are so many turns that each has a third of the time.
    scale = scale._replace(rounds=max(scale.rounds // 3, 1), seconds=scale.seconds / 3)
    with ExitStack() as stack:
        hosts = [stack.enter_context(started(host)) for host in hosts]
        notes = [note for host in hosts for note in _note_differences(host, root)]
        turns = [turn for host in hosts for turn in _make_hits(host)]
        # The tables have them in the order of the warm-up: by what was asked for, not by who was asked.
        cases = list(dict.fromkeys(turn.case for turn in turns))
        outcome = _take_turns(sorted(turns, key=lambda turn: cases.index(turn.case)), scale)
    return Outcome(outcome.samples, [*dict.fromkeys(notes), *outcome.notes])


def _make_hits(host: Host) -> Iterator[Turn]:
    for size, name in _SIZES.items():
        if host.keeps:
            yield Turn(f"{size}, {KEPT}", host, PREFIX + name)
        if host.closes:
            yield Turn(f"{size}, {CLOSED}", host, PREFIX + name, closes=True)
    if host.keeps and len(ALL_CORES) > 1:
        yield Turn(f"{CSS}, {KEPT}, {ONE_CORE}", host, _CSS_PATH, is_pinned=True)


def measure_asleep(root: str, scale: Scale) -> Outcome:
    """Ask for the style sheet while every thread sleeps in a view."""
    samples: list[Sample] = []
    notes: list[str] = []
    with ExitStack() as stack:
        hosts = [
            stack.enter_context(started(make_gunicorn(name, options, f"make_sleepy({contender!r}, {root!r})")))
            for name, options, contender in ((LANE, STATIC_WORKER, "staticserve"), (PEER, GTHREAD, "whitenoise"))
        ]
        for number, host in interleave(hosts, max(scale.rounds // 4, 1)):
            url = f"http://127.0.0.1:{host.port}"
            with under_load(url + SLEEP, _SLEEPERS):
                # Until all the threads are.
                time.sleep(0.2)
                load = put_load(url + _CSS_PATH, _FIELDS, scale.seconds + 1)
            subject = f"{ASLEEP}: {host.name}"
            if load.requests:
                values = {"requests/s": load.requests / load.duration * 1e6}
                samples += make_samples(subject, number, {**values, "p50 ms": load.p50 / 1e3, "p99 ms": load.p99 / 1e3})
            else:
                notes.append(f"{subject}: no answer in {scale.seconds + 1:g} s of round {number + 1}")
    return Outcome(samples, notes)


def measure_views(root: str, scale: Scale) -> Outcome:
    """Ask for a small view, with staticserve below its prefix and with files at "/", too."""
    applications = {"": f"make('staticserve', {root!r})", ROOTED: f"make_rooted({root!r})"}
    with ExitStack() as stack:
        hosts = [
            stack.enter_context(started(make_gunicorn(name + placement, options, application)))
            for placement, application in applications.items()
            for name, options in ((PLAIN, GTHREAD), (LANE, STATIC_WORKER))
        ]
        turns = [
            Turn(f"{VIEW}, {connection}", host, _VIEW_PATH, connection == CLOSED, len(ALL_CORES) > 1)
            for connection in (KEPT, CLOSED)
            for host in hosts
        ]
        # A difference of a twentieth is found by many rounds rather than long ones.
        return _take_turns(turns, scale._replace(seconds=scale.seconds / 6))


def measure_crowd(root: str, directory: str, scale: Scale) -> Outcome:
    """Ask for the style sheet beside a crowd of idle and slow clients, and weigh the worker."""
    samples: list[Sample] = []
    notes: list[str] = []
    hosts = [
        make_gunicorn(LANE, (*STATIC_WORKER, *_FOR_CROWDS), f"make('staticserve', {root!r})"),
        make_gunicorn(PEER, (*GTHREAD, *_FOR_CROWDS), f"make('whitenoise', {root!r})"),
        *make_nginx(root, directory),
    ]
    for number, host in interleave(hosts, max(scale.rounds // 4, 1)):
        with started(host) as running:
            turn = Turn(ALONE, running, _CSS_PATH)
            values, _ = _measure_turn(turn, scale.seconds / 3)
            samples += make_samples(turn.subject, number, {**values, **_weigh(running)})
            turn = Turn(CROWD, running, _CSS_PATH)
            with _crowd(running.port) as left:
                values, _ = _measure_turn(turn, scale.seconds / 2)
                samples += make_samples(turn.subject, number, {**values, **_weigh(running)})
            if left != {"idle": IDLE, "slow": SLOW}:
                notes.append(
                    f"{turn.subject}: {left['idle']} idle and {left['slow']} slow clients were left at the end"
                )
            if not values["requests/s"]:
                notes.append(f"{turn.subject}: no answer in {scale.seconds / 2:g} s of round {number + 1}")
    return Outcome(samples, notes)


def measure_log(root: str, directory: str, scale: Scale) -> Outcome:
    """Ask for the style sheet while each request is written to an access log."""
    workers = ((LANE, STATIC_WORKER, "staticserve"), (PLAIN, GTHREAD, "staticserve"), (PEER, GTHREAD, "whitenoise"))
    with ExitStack() as stack:
        hosts = []
        for number, (name, options, contender) in enumerate(workers):
            log = ("--access-logfile", os.path.join(directory, f"access-{number}.log"))
            host = make_gunicorn(name, (*options, *log), f"make({contender!r}, {root!r})")
            hosts.append(stack.enter_context(started(host)))
        turns = [Turn(LOG, host, _CSS_PATH) for host in hosts]
        return _take_turns(turns, scale._replace(rounds=max(scale.rounds // 3, 1), seconds=scale.seconds / 3))


def _take_turns(turns: list[Turn], scale: Scale) -> Outcome:
    samples: list[Sample] = []
    errors = dict.fromkeys((turn.subject for turn in turns), 0)
    for turn in turns:
        _measure_turn(turn, min(scale.seconds / 5, 0.1))
    for number, turn in interleave(turns, scale.rounds):
        values, failed = _measure_turn(turn, scale.seconds)
        samples += make_samples(turn.subject, number, values)
        errors[turn.subject] += 0 if turn.host.is_silent else failed
    return Outcome(samples, [f"{subject}: {count:,} errors" for subject, count in errors.items() if count])


def _measure_turn(turn: Turn, seconds: float) -> tuple[dict[str, float], int]:
    """Return the value of each measure, and the number of errors."""
    fields = {**_FIELDS, "Connection": "close"} if turn.closes else _FIELDS
    host = turn.host
    if turn.is_pinned:
        confine(host.process, _ONE_CORE)
    before = tree_seconds(host.process)
    with on_cores(ALL_CORES - _ONE_CORE if turn.is_pinned else ALL_CORES):
        load = put_load(f"http://127.0.0.1:{host.port}{turn.path}", fields, seconds)
    processor = tree_seconds(host.process) - before
    if turn.is_pinned:
        confine(host.process, ALL_CORES)
    values = {"requests/s": load.requests / load.duration * 1e6}
    if load.requests:
        values |= {
            "CPU µs": processor / load.requests * 1e6,
            "p50 ms": load.p50 / 1e3,
            "p99 ms": load.p99 / 1e3,
        }
    return values, load.errors


def _weigh(host: Host) -> dict[str, float]:
    worker = find_worker(host.process)
    return {"RSS MB": resident_megabytes(worker), "fds": count_descriptors(worker)}


@contextmanager
def _crowd(port: int) -> Iterator[dict[str, int]]:
    """Have a crowd until the block is left. What is given says then how many were left of it."""
    left: dict[str, int] = {}
    paths = PREFIX + PICTURES["1 KB"], PREFIX + PICTURES["10 MB"]
    command = [sys.executable, "-m", "benchmarks.inside.crowd", str(port), paths[0], str(IDLE), paths[1], str(SLOW)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield left
        report, _ = process.communicate()
        left |= json.loads(report)


def _note_differences(host: Host, root: str) -> Iterator[str]:
    """Yield what a server answers otherwise than with the file, or its sidecar."""
    for size, name in _SIZES.items():
        suffix, coding = (".br", "br") if name == CSS_NAME else ("", "identity")
        with open(os.path.join(root, name + suffix), "rb") as file:
            wanted = (200, coding, file.read())
        status, coding, content = fetch(host.port, PREFIX + name, _FIELDS)
        if (status, coding, content) != wanted:
            yield f"{host.name} answers for {size} with {status}, {coding}, {len(content):,} bytes"
