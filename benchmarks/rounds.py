"""Rounds in which every subject has its turn, and the processes that the turns are taken in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")

PROJECT: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def interleave(subjects: Sequence[T], rounds: int) -> Iterator[tuple[int, T]]:
    """Return each round's number with each subject, another one first in every round."""
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        first = number % len(subjects)
        for subject in (*subjects[first:], *subjects[:first]):
            yield number, subject


def run_inside(module: str, *arguments: str) -> Any:
    """Run a module of ``inside`` in a fresh process, and return what it printed."""
    command = [sys.executable, "-m", f"benchmarks.inside.{module}", *arguments]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)
