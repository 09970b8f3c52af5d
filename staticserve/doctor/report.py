"""Prints a diagnosis: for people on a terminal, or as JSON."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import TYPE_CHECKING, Final, TextIO

from staticserve.doctor.finding import ERROR, TOPICS, WARNING
from staticserve.doctor.rule import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from staticserve.doctor.explain import Line
    from staticserve.doctor.finding import Finding
    from staticserve.doctor.model import Diagnosis

_TITLES: Final = {
    "settings": "Settings",
    "files": "Files",
    "templates": "Templates and code",
    "collecting": "Collecting",
    "serving": "Serving",
    "deploy": "Deploying",
}
_STYLES: Final = {ERROR: "bold red", WARNING: "yellow"}

_READABLE: Final = 100
"""Columns; longer lines are hard to read."""


def print_json(diagnosis: Diagnosis, out: TextIO) -> None:
    """Print the findings as a list of objects."""
    out.write(json.dumps([finding.as_dict() for finding in diagnosis.findings], indent=2) + "\n")


def print_report(diagnosis: Diagnosis, out: TextIO) -> None:
    """Print the findings in groups, errors first; in colour on a terminal."""
    console = _open_console(out)
    for severity in (ERROR, WARNING):
        for topic in TOPICS:
            found = [each for each in diagnosis.findings if each.severity == severity and each.topic == topic]
            if found:
                console.print(f"{_TITLES[topic]}: {severity}s", style="bold")
                for finding in found:
                    _print_finding(console, finding)
                console.print()
    console.print(summary(diagnosis), style="bold" if diagnosis.findings else "green", markup=False)


def print_lines(lines: Sequence[Line], out: TextIO) -> None:
    """Print labelled lines, one below the other."""
    from rich.text import Text

    console = _open_console(out)
    for label, text in lines:
        console.print(Text(f"{label:>17}  ", style="bold") + Text(clean(text)), soft_wrap=True)


def summary(diagnosis: Diagnosis) -> str:
    """Return one line that says how a project is."""
    errors, warnings = diagnosis.count(ERROR), diagnosis.count(WARNING)
    if not diagnosis.findings:
        files = sum(source.files for source in diagnosis.sources)
        return f"{diagnosis.name}: nothing wrong is found ({_count(files, 'static file')})."
    return f"{diagnosis.name}: {_count(errors, 'error')}, {_count(warnings, 'warning')}."


def _open_console(out: TextIO) -> Console:
    from rich.console import Console

    # rich would take the width of the terminal that there is, although the output goes elsewhere.
    return Console(file=out, highlight=False, width=shutil.get_terminal_size().columns)


def _print_finding(console: Console, finding: Finding) -> None:
    from rich.text import Text

    head = Text(f"{finding.id}", style=_STYLES[finding.severity])
    if finding.file is not None:
        head.append(f"  {finding.file}" + (f":{finding.line}" if finding.line else ""), style="dim")
    console.print(Text("  ") + head, soft_wrap=True)
    for text, style in ((finding.message, ""), (finding.why, "dim")):
        for line in textwrap.wrap(text, min(console.width, _READABLE) - 4, break_long_words=False):
            console.print(Text(f"    {line}", style=style), soft_wrap=True)
    for line in finding.cure.splitlines():
        # What is there to be pasted is not to be broken.
        console.print(Text(f"      {line}", style="cyan"), soft_wrap=True)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
