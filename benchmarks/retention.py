"""Part 7: what earlier releases cost: their files against the newest one's, misses, and the size of the store."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from typing import TYPE_CHECKING, Final

import django.contrib.admin

from benchmarks.limits import Limit, judge
from benchmarks.machine import describe_machine
from benchmarks.measures import Measure, Result, Sample, Target, make_samples, summarise
from benchmarks.rounds import run_inside
from staticserve.options import Options
from staticserve.pipeline.build import build_store
from staticserve.pipeline.hashing import hash_names
from staticserve.store import STORE_DIRECTORY

if TYPE_CHECKING:
    from benchmarks.measures import Scale

TITLE: Final = "Releases: what the files of earlier ones cost"

MEASURES: Final = (
    Measure("cold µs", digits=1),
    Measure("hot µs"),
    Measure("store MB"),
)

_CURRENT: Final = "the newest release"
_RETAINED: Final = "an earlier release"
_DELTA: Final = "a delta"
_MADE_UP: Final = "a made-up hash"
_STALE: Final = "a made-up hash of a file there is"

TARGETS: Final[tuple[Target, ...]] = ()
_RELEASES: Final = 5
_MOST_ROOM: Final = 1.3
# Of the same speed is what no measurement here can tell apart.
_SAME: Final = 1.05


def why_not() -> str | None:
    """Return why this part cannot be run, if so."""
    return None


def peer_of(subject: str) -> str:
    """Return what a subject is compared with."""
    return _CURRENT


def measure(scale: Scale) -> Result:
    """Make releases of a site, ask for the files of the newest and of earlier ones, and for what never was."""
    environment = describe_machine()
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as root:
        sizes = [_release(root, number) for number in range(_RELEASES)]
        for number in range(scale.rounds):
            measured: dict[str, dict[str, float]] = run_inside("retention", root, str(scale.requests))
            for subject, values in measured.items():
                samples += make_samples(subject, number, values)
    samples += make_samples(_CURRENT, 0, {"store MB": sizes[0] / 1e6})
    samples += make_samples(_RETAINED, 0, {"store MB": sizes[-1] / 1e6})
    summaries = summarise(samples)
    cold, hot = (summaries[_CURRENT, name].median for name in ("cold µs", "hot µs"))
    limits = (
        Limit(_RETAINED, "cold µs", cold * _SAME),
        Limit(_RETAINED, "hot µs", hot * _SAME),
        Limit(_DELTA, "hot µs", hot * _SAME),
        Limit(_MADE_UP, "hot µs", 30),
        Limit(_STALE, "hot µs", 30),
        Limit(_RETAINED, "store MB", sizes[0] / 1e6 * _MOST_ROOM),
    )
    return Result(
        part="retention",
        about=[
            f"{_RELEASES} releases of Django's admin and a site with a style sheet and a script that change each time;",
            "the tree is cleared between. Cold: the median first request of a file, in process, br; hot: of one again.",
            "Hashes that never were: each a new one, answered with a redirect where the file is there by another hash,",
            "else with a 404. Store: of the first release alone, and of all.",
        ],
        notes=judge(limits, samples),
        settings={"rounds": scale.rounds, "requests": scale.requests},
        environment=environment,
        samples=samples,
    )


def _release(root: str, number: int) -> int:
    """Collect and build a release; return the bytes that its store takes, without links to the tree's files."""
    for name in os.listdir(root):
        if name != STORE_DIRECTORY:
            shutil.rmtree(os.path.join(root, name)) if os.path.isdir(f"{root}/{name}") else os.unlink(f"{root}/{name}")
    source = os.path.join(os.path.dirname(django.contrib.admin.__file__), "static")
    shutil.copytree(source, root, dirs_exist_ok=True)
    _write_changing(root, number)
    build_store(root, hash_names(root, Options()))
    return sum(
        status.st_size
        for directory, _, names in os.walk(f"{root}/{STORE_DIRECTORY}")
        for status in (os.stat(os.path.join(directory, name)) for name in names)
        # One that is linked is in the tree.
        if status.st_nlink == 1
    )


def _write_changing(root: str, number: int) -> None:
    """Write a style sheet and a script, of the size of a small site's, that differ a little in each release."""
    chance = random.Random(9110)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(400)]
    os.makedirs(f"{root}/site", exist_ok=True)
    for name, lines, form in (("site.css", 600, ".{} {{ {}: {}px }}\n"), ("site.js", 1200, "const {} = {}({});\n")):
        with open(f"{root}/site/{name}", "w", encoding="utf-8") as file:
            file.write(f"/* release {number} */\n")
            for _ in range(lines):
                file.write(form.format(chance.choice(words), chance.choice(words), chance.randrange(1000)))
