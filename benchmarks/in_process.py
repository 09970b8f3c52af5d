"""Part 1: requests of one style sheet, in process: what a contender itself costs, whatever the server."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any, Final

from benchmarks.contenders import NAMES
from benchmarks.files import CSS_NAME, CSS_SIZE, make_css_root
from benchmarks.machine import describe_machine
from benchmarks.measures import Measure, Result, Sample, Target, make_samples
from benchmarks.rounds import interleave, run_inside

if TYPE_CHECKING:
    from benchmarks.measures import Scale

TITLE: Final = "In process: µs per request, body consumed and closed"

MEASURES: Final = tuple(Measure(case) for case in ("200", "304", "range", "HEAD", "miss", "miss below"))

TARGETS: Final = (
    Target("staticserve", "200", 10),
    Target("staticserve", "range", 4),
    Target("staticserve", "304", 1.5),
    Target("staticserve", "miss", 1),
)

_ABOUT: Final = [
    f"A style sheet of {CSS_SIZE:,} bytes with .gz and .br beside it; Accept-Encoding: gzip, deflate, br, zstd.",
    "304: If-None-Match with the contender's own tag. Range: bytes=100-1099. Miss: outside of the prefix, and below",
    "it; either is passed on to a least application, which is in the figure. Processor time.",
]


def why_not() -> str | None:
    """Return why this part cannot be run, if so."""
    return None


def peer_of(subject: str) -> str:
    """Return what a subject is compared with."""
    return "whitenoise"


def measure(scale: Scale) -> Result:
    """Time every case of every contender."""
    environment = describe_machine()
    samples: list[Sample] = []
    notes: dict[str, None] = {}
    with tempfile.TemporaryDirectory() as root:
        expected = _expect_answers(make_css_root(root))
        for number, name in interleave(NAMES, scale.rounds):
            measured = run_inside("requests", name, root, str(scale.requests))
            samples += make_samples(name, number, measured["microseconds"])
            notes |= dict.fromkeys(_note_differences(name, measured["answers"], expected))
    return Result(
        part="in_process",
        about=_ABOUT,
        notes=list(notes),
        settings={"rounds": scale.rounds, "requests": scale.requests},
        environment=environment,
        samples=samples,
    )


def _expect_answers(root: str) -> dict[str, dict[str, Any]]:
    """Return what is to be answered to each case. Another answer is not the same work."""
    coded = {"coding": "br"}
    missed = {"status": 200, "coding": "identity", "octets": 1}
    return {
        "200": {**coded, "status": 200, "octets": os.path.getsize(os.path.join(root, CSS_NAME + ".br"))},
        "304": {"status": 304, "octets": 0},
        "range": {**coded, "status": 206, "octets": 1000},
        "HEAD": {**coded, "status": 200, "octets": 0},
        "miss": missed,
        "miss below": missed,
    }


def _note_differences(name: str, answers: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]) -> list[str]:
    return [
        f"{name} answers {case} with {answer['status']}, {answer['coding']}, {answer['octets']:,} bytes"
        for case, answer in answers.items()
        if not expected[case].items() <= answer.items()
    ]
