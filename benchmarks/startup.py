"""Part 2: what a worker's start over a large tree takes, in a fresh process for each sample."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from benchmarks.contenders import NAMES
from benchmarks.files import make_tree
from benchmarks.machine import describe_machine
from benchmarks.measures import Measure, Result, Sample, Target, make_samples
from benchmarks.rounds import interleave, run_inside

if TYPE_CHECKING:
    from benchmarks.measures import Scale

TITLE: Final = "Start-up: a fresh process over a large tree"

MEASURES: Final = (
    Measure("start s", digits=3),
    Measure("start MB", digits=1),
    Measure("with import s", digits=3),
    Measure("with import MB", digits=1),
    Measure("first GET µs", digits=1),
    Measure("MB after", digits=1),
)

TARGETS: Final = (
    Target("staticserve", "start s", 3),
    Target("staticserve", "start MB", 4),
    Target("staticserve", "with import s", 3),
    Target("staticserve", "with import MB", 4),
)


def why_not() -> str | None:
    """Return why this part cannot be run, if so."""
    return None if os.path.exists("/proc/self/statm") else "it reads a process's memory from /proc, which is not here"


def peer_of(subject: str) -> str:
    """Return what a subject is compared with."""
    return "whitenoise"


def measure(scale: Scale) -> Result:
    """Start every contender, and ask it for each file once."""
    environment = describe_machine()
    root = make_tree(scale.urls)
    samples: list[Sample] = []
    # The tree is in the page cache after this one: a cold disk is no contender's.
    run_inside("startup", NAMES[0], root, str(scale.urls))
    for number, name in interleave(NAMES, scale.rounds):
        samples += make_samples(name, number, run_inside("startup", name, root, str(scale.urls)))
    return Result(
        part="startup",
        about=[
            f"{scale.urls:,} URLs, each with .gz and .br: {scale.urls * 3:,} small files in nested directories.",
            "Start: the construction; with import: what the contender imports, too. MB: growth of the resident set.",
            "First GET: the mean over a first GET of every URL; MB after: the growth by then, with the import.",
            "werkzeug reads nothing at its start, and looks at the disk for every request.",
        ],
        notes=[],
        settings={"rounds": scale.rounds, "urls": scale.urls},
        environment=environment,
        samples=samples,
    )
