"""What a part measures, what it wants, and what it got: plain data, kept as JSON."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Scale(NamedTuple):
    """How much is done."""

    rounds: int
    requests: int
    """In process, for each case, contender and round."""
    urls: int
    seconds: float
    """Of load, for each server and round."""


FULL = Scale(rounds=9, requests=10_000, urls=20_000, seconds=3)
QUICK = Scale(rounds=2, requests=300, urls=200, seconds=0.5)


class Measure(NamedTuple):
    """Something that is measured of every subject."""

    name: str
    better: Literal["less", "more"] = "less"
    digits: int = 2


class Target(NamedTuple):
    """How many times better than the peer a subject is to be; than the one that the part names, if none is said."""

    subject: str
    measure: str
    factor: float
    peer: str | None = None


class Sample(TypedDict):
    """One measurement."""

    subject: str
    measure: str
    round: int
    value: float


class Result(TypedDict):
    """A part's outcome. There are no paths or host names in it."""

    part: str
    about: list[str]
    """Sentences: what was done, and with what."""
    notes: list[str]
    """What was not as expected."""
    settings: dict[str, Any]
    environment: dict[str, Any]
    samples: list[Sample]


class Summary(NamedTuple):
    """The samples of one measure of one subject."""

    median: float
    lowest: float
    highest: float

    @property
    def spread(self) -> float:
        """Half the distance between the extremes, as a part of the median."""
        return (self.highest - self.lowest) / 2 / self.median if self.median else 0.0


Summaries = dict[tuple[str, str], Summary]
"""By subject and measure, in the order in which they were measured first."""


def make_samples(subject: str, round_number: int, values: Mapping[str, float]) -> list[Sample]:
    """Return a sample of each measure in ``values``."""
    return [
        Sample(subject=subject, measure=measure, round=round_number, value=value) for measure, value in values.items()
    ]


def summarise(samples: Iterable[Sample]) -> Summaries:
    """Return the summary of each subject's measures."""
    values: dict[tuple[str, str], list[float]] = {}
    for sample in samples:
        values.setdefault((sample["subject"], sample["measure"]), []).append(sample["value"])
    return {key: Summary(median(each), min(each), max(each)) for key, each in values.items()}


def ratio(summaries: Summaries, measure: Measure, subject: str, peer: str) -> float | None:
    """Return how many times better than the peer's a subject's median is, or nothing if that cannot be said."""
    mine, theirs = summaries.get((subject, measure.name)), summaries.get((peer, measure.name))
    if mine is None or theirs is None:
        return None
    over, under = (mine, theirs) if measure.better == "more" else (theirs, mine)
    return over.median / under.median if under.median > 0 else None
