"""What the tests of releases share: the processes that build, the slugs of a fortnight, and a table of figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.releases.collecting import start_builders
from tests.releases.deploys import STATICSERVE, WHITENOISE, Bench, Heroku, Release
from tests.releases.site import LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.pool import Pool
    from pathlib import Path

_MARK: Final = "releases: "

Record = Callable[[str, object], None]


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Record:
    """Return a function that records a figure, for the summary and for the report in XML."""
    return lambda what, figure: record_property(f"{_MARK}{what}", str(figure))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that were recorded."""
    reports = [report for outcome in ("passed", "failed", "xfailed") for report in terminalreporter.getreports(outcome)]
    figures = [item for report in reports if report.when == "call" for item in report.user_properties]
    ours = [(name.removeprefix(_MARK), figure) for name, figure in figures if name.startswith(_MARK)]
    if ours:
        terminalreporter.section("releases")
        for name, figure in ours:
            terminalreporter.write_line(f"{name}: {figure}")


@pytest.fixture(scope="session")
def builders() -> Iterator[Pool]:
    """Give the processes that build."""
    with start_builders() as pool:
        yield pool


class Fortnight(NamedTuple):
    """The slugs of every release, A to G, built on Heroku two days apart, and what is left for the next build."""

    slugs: list[Release]
    cache_dir: Path


@pytest.fixture(scope="session")
def ours(builders: Pool, tmp_path_factory: pytest.TempPathFactory) -> Fortnight:
    """Return the slugs with our storage."""
    return _build_slugs(Heroku(Bench(STATICSERVE, builders, tmp_path_factory.mktemp("ours"))))


@pytest.fixture(scope="session")
def theirs(builders: Pool, tmp_path_factory: pytest.TempPathFactory) -> Fortnight:
    """Return the slugs with WhiteNoise's storage."""
    return _build_slugs(Heroku(Bench(WHITENOISE, builders, tmp_path_factory.mktemp("theirs"))))


def _build_slugs(heroku: Heroku) -> Fortnight:
    slugs = []
    for letter in LETTERS:
        heroku.pass_days(2)
        slugs.append(heroku.build(letter))
    return Fortnight(slugs, heroku.cache_dir)
