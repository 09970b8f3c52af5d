"""Runs parts of the benchmark, prints their tables, keeps their results and draws the chart."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile

from benchmarks.chart import draw_chart
from benchmarks.kept import DIRECTORY, read_result, write_result
from benchmarks.measures import FULL, QUICK, Scale
from benchmarks.parts import PARTS
from benchmarks.tables import render_result

REPORT = "report"


def main() -> None:
    """Read the command line, and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)} (default: all), or {REPORT}: what is kept")
    parser.add_argument("--quick", action="store_true", help="a smoke run: a few requests, nothing is kept")
    parser.add_argument("--rounds", type=int, help=f"how often each contender has its turn (default: {FULL.rounds})")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.parts if name not in (*PARTS, REPORT)]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are: {', '.join((*PARTS, REPORT))}")
    scale = QUICK if arguments.quick else FULL
    if arguments.rounds is not None:
        scale = scale._replace(rounds=max(arguments.rounds, 1))
    if REPORT in arguments.parts:
        report(tuple(PARTS), DIRECTORY)
        return
    parts = arguments.parts or tuple(PARTS)
    if arguments.quick:
        with tempfile.TemporaryDirectory() as directory:
            run(parts, scale, directory)
    else:
        os.makedirs(DIRECTORY, exist_ok=True)
        run(parts, scale, DIRECTORY)


def run(parts: tuple[str, ...], scale: Scale, directory: str) -> None:
    """Measure parts, keep the results in a directory, and report."""
    measured = []
    for name in parts:
        reason = PARTS[name].why_not()
        if reason is not None:
            print(f"{name} is skipped: {reason}", file=sys.stderr)
            continue
        print(f"{name} …", file=sys.stderr)
        write_result(PARTS[name].measure(scale), directory)
        measured.append(name)
    report(tuple(measured), directory)


def report(parts: tuple[str, ...], directory: str) -> None:
    """Print the tables of parts, and draw the chart of all the results in a directory."""
    for name in parts:
        result = read_result(name, directory)
        if result is not None:
            print(render_result(PARTS[name], result))
    kept = (read_result(name, directory) for name in PARTS)
    with open(os.path.join(directory, "chart.svg"), "w", encoding="utf-8") as file:
        file.write(draw_chart([result for result in kept if result is not None]))


if __name__ == "__main__":
    main()
