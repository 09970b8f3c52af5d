"""What a subject's median is to stay below, whatever its peers do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from benchmarks.measures import summarise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.measures import Sample


class Limit(NamedTuple):
    """The most that a measure of a subject is to be."""

    subject: str
    measure: str
    most: float


def judge(limits: Iterable[Limit], samples: Sequence[Sample]) -> list[str]:
    """Return a line for each limit: what was measured, and whether it is kept."""
    summaries = summarise(samples)
    lines = []
    for limit in limits:
        summary = summaries.get((limit.subject, limit.measure))
        if summary is not None:
            verdict = "met" if summary.median <= limit.most else "MISSED"
            measured = f"{limit.subject}: {limit.measure} {summary.median:,.4g}"
            lines.append(f"{measured}, wanted at most {limit.most:,.4g}: {verdict}")
    return lines
