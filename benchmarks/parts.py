"""The parts of the benchmark, and what each has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from benchmarks import build, deltas, gunicorn, in_process, lane, release, retention, startup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.measures import Measure, Result, Scale, Target


class Part(Protocol):
    """A part's module."""

    @property
    def TITLE(self) -> str:
        """What the tables are headed with."""

    @property
    def MEASURES(self) -> tuple[Measure, ...]:
        """The tables' columns."""

    @property
    def TARGETS(self) -> tuple[Target, ...]:
        """What staticserve is to reach."""

    def why_not(self) -> str | None:
        """Return why this part cannot be run, if so."""

    def peer_of(self, subject: str) -> str:
        """Return what a subject is compared with."""

    def measure(self, scale: Scale) -> Result:
        """Measure."""


PARTS: Final[Mapping[str, Part]] = {
    "in_process": in_process,
    "startup": startup,
    "gunicorn": gunicorn,
    "build": build,
    "release": release,
    "lane": lane,
    "retention": retention,
    "deltas": deltas,
}
