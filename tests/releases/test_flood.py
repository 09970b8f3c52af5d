"""Somebody asks for hashes that he has made up: that costs no memory, no line in the log, and no look at the disk."""

from __future__ import annotations

import gc
import logging
import os
import random
import sys
import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from staticserve import StaticServe
from tests.releases.collecting import run_apart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.pool import Pool

    from tests.releases.conftest import Fortnight, Record

REQUESTS: Final = 20_000
# Until SQLite has the pages that it needs, and Python its caches.
WARM_UP: Final = 1_000

# What looks at files: every one of these is told to an audit hook. What os.stat does is not.
_EVENTS: Final = frozenset({"open", "os.listdir", "os.scandir", "sqlite3.connect", "sqlite3.connect/handle"})


class Figures(NamedTuple):
    """What a flood has cost."""

    statuses: dict[int, int]
    lines: list[str]
    memory_growth: int
    """Bytes that Python had more in the end than after the warm-up."""
    table_growth: int
    """Bytes by which what is kept of resources has grown."""
    file_events: list[str]
    stats: int
    reads: int | None
    """System calls that read, as Linux counts them."""


def make_names(rng: random.Random) -> Iterator[str]:
    """Yield names as a hostile client makes them up: of files that there are, of none, and of no form at all."""
    logical = ("shop/app.css", "shop/app.js", "shop/img/logo.png", "shop/gone.css", "shop/promo.js", "nowhere/none.css")
    digits, letters = "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    while True:
        stem, extension = os.path.splitext(rng.choice(logical))
        word = "".join(rng.choices(letters, k=8))
        yield f"{stem}.{''.join(rng.choices(digits, k=12))}{extension}"
        yield f"{stem}-{word}{extension}"
        yield f"{word}.{''.join(rng.choices(digits, k=20))}.js"
        yield f"{word}/{word}{extension}"
        yield f"shop/../{word}/..%2f{stem}.{''.join(rng.choices(digits, k=12))}{extension}"
        yield f"caf\u00e9-{word}.{''.join(rng.choices(digits, k=12))}.css".encode().decode("latin-1")
        yield f"{word}\xff\0{word}.{''.join(rng.choices(digits, k=12))}.css"
        yield f"{word * 300}.{''.join(rng.choices(digits, k=12))}.css"


def flood(root: str, options: dict[str, Any]) -> Figures:
    """Ask a worker for made-up names. In a process of its own, because an audit hook cannot be removed."""
    lines = _note_lines()
    static = StaticServe(_answer_404, root, "static", **options)
    names = make_names(random.Random(1))
    events, stats = _note_events(), _note_stats()
    _ask_for(static, names, WARM_UP)
    tracemalloc.start()
    _ask_for(static, names, WARM_UP)
    seen = len(events), len(stats)
    before = _measure(static)
    statuses = _ask_for(static, names, REQUESTS)
    after = _measure(static)
    tracemalloc.stop()
    return Figures(
        statuses=statuses,
        lines=lines,
        memory_growth=after.memory - before.memory,
        table_growth=after.table - before.table,
        file_events=[event for event in events[seen[0] :] if event not in _OF_MEASURING],
        stats=len(stats) - seen[1],
        reads=None if before.reads is None or after.reads is None else after.reads - before.reads,
    )


class _Measured(NamedTuple):
    memory: int
    table: int
    reads: int | None


_IO: Final = "/proc/self/io"
_OF_MEASURING: Final = (f"open {_IO!r}",)


def _measure(static: StaticServe) -> _Measured:
    # What is in a cycle is nobody's, and goes when there is enough of it.
    gc.collect()
    return _Measured(tracemalloc.get_traced_memory()[0], static.memory.used, _count_reads())


def _count_reads() -> int | None:
    try:
        with open(_IO, "rb", buffering=0) as file:
            return int(file.read().split(b"syscr: ")[1].split()[0])
    except (OSError, IndexError):
        return None


def _note_lines() -> list[str]:
    """Have every line of the log noted in the list that is returned."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]  # one use
    logging.getLogger("staticserve").addHandler(handler)
    return lines


def _note_events() -> list[str]:
    """Have every look at a file that Python tells of noted in the list that is returned."""
    events: list[str] = []

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS:
            events.append(f"{event} {arguments[0]!r}")

    sys.addaudithook(note)
    return events


def _note_stats() -> list[object]:
    """Have every call of ``os.stat`` and ``os.lstat`` noted in the list that is returned."""
    noted: list[object] = []
    for name in ("stat", "lstat"):
        call = getattr(os, name)

        def note(path: Any, *arguments: Any, call: Any = call, **options: Any) -> Any:
            noted.append(path)
            return call(path, *arguments, **options)

        setattr(os, name, note)
    return noted


def _ask_for(static: StaticServe, names: Iterator[str], count: int) -> dict[int, int]:
    """Ask for so many names; return how often there was which status."""
    statuses: Counter[int] = Counter()
    for _ in range(count):
        statuses[_ask(static, f"/static/{next(names)}")] += 1
    return dict(statuses)


def _answer_404(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return []


def _ask(static: StaticServe, path: str) -> int:
    statuses: list[str] = []

    def start_response(status: str, fields: list[tuple[str, str]], exc_info: object = None) -> Any:
        statuses.append(status)

    b"".join(static({"REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": ""}, start_response))
    return int(statuses[0][:3])


@pytest.mark.parametrize(
    ("options", "statuses"),
    [
        ({"misses": "answer"}, {302, 404}),
        ({"misses": "pass", "stale": "serve"}, {200, 404}),
    ],
    ids=["redirect", "serve"],
)
def test_made_up_hashes_cost_nothing(
    options: dict[str, Any],
    statuses: set[int],
    builders: Pool,
    ours: Fortnight,
    record: Record,
    request: pytest.FixtureRequest,
) -> None:
    figures = run_apart(builders, flood, ours.slugs[-1].root, options)
    record(
        f"flood of {REQUESTS:,} made-up names, {request.node.callspec.id}",
        f"{len(figures.lines)} lines, {figures.memory_growth:,} bytes more, {len(figures.file_events)} files opened,"
        f" {figures.stats} looked at, {figures.reads} reads",
    )

    assert figures.statuses.keys() == statuses
    assert sum(figures.statuses.values()) == REQUESTS
    assert len(figures.lines) <= 2
    assert figures.file_events == []
    # Once a second it is looked whether the next release's store is there, however many ask.
    assert figures.stats < REQUESTS / 100
    assert figures.table_growth == 0
    assert figures.memory_growth < 32 * 1024
    assert figures.reads is None or figures.reads < REQUESTS / 100
