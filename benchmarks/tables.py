"""A part's result as tables: plain text that is Markdown, too."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from benchmarks.measures import Summaries, ratio, summarise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measures import Result
    from benchmarks.parts import Part


_WIDTH: Final = 100


def render_result(part: Part, result: Result) -> str:
    """Return all there is to say about a part's result."""
    summaries = summarise(result["samples"])
    sections = (
        [f"## {part.TITLE}"],
        _render_environment(result),
        wrap(" ".join(result["about"]), _WIDTH),
        ["Medians, and half of the distance between the extremes:", "", *_render_medians(part, summaries)],
        [
            "Times better than whitenoise, if no other peer is named (ratios of medians):",
            "",
            *_render_ratios(part, summaries),
        ],
        ["Targets:", "", *_render_targets(part, summaries)],
        [f"- {note}" for note in (*_note_neighbours(result), *result["notes"])],
    )
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _render_environment(result: Result) -> list[str]:
    about, settings = result["environment"], result["settings"]
    versions = [f"{name} {version}" for name, version in about["versions"].items() if version is not None]
    text = (
        f"{about['date']}: {about['python']}, {about['cores']} cores ({about['processor']}), {about['system']}, "
        f"load before {about['load before']}. {', '.join(versions)}. "
        f"{', '.join(f'{name}: {value:,}' for name, value in settings.items())}."
    )
    return wrap(text, _WIDTH)


def _note_neighbours(result: Result) -> list[str]:
    load, cores = result["environment"]["load before"], result["environment"]["cores"]
    # The part before this one leaves a load of 1 at most.
    return [f"the machine was not quiet: its load was {load} before"] if load > 0.75 * cores else []


def _render_medians(part: Part, summaries: Summaries) -> list[str]:
    def cell(subject: str, measure: str, digits: int) -> str:
        summary = summaries.get((subject, measure))
        return "–" if summary is None else f"{summary.median:,.{digits}f} ±{summary.spread:.0%}"

    rows = [
        [subject, *(cell(subject, measure.name, measure.digits) for measure in part.MEASURES)]
        for subject in _subjects(summaries)
    ]
    return list(_render_table(["", *(measure.name for measure in part.MEASURES)], rows))


def _render_ratios(part: Part, summaries: Summaries) -> list[str]:
    rows = [
        [subject, *(_times(ratio(summaries, measure, subject, part.peer_of(subject))) for measure in part.MEASURES)]
        for subject in _subjects(summaries)
    ]
    return list(_render_table(["", *(measure.name for measure in part.MEASURES)], rows))


def _render_targets(part: Part, summaries: Summaries) -> list[str]:
    measures = {measure.name: measure for measure in part.MEASURES}
    rows = []
    for target in part.TARGETS:
        peer = target.peer or part.peer_of(target.subject)
        reached = ratio(summaries, measures[target.measure], target.subject, peer)
        verdict = "not measured" if reached is None else "met" if reached >= target.factor else "MISSED"
        beside = f" (beside {target.peer})" if target.peer else ""
        rows.append([f"{target.subject}: {target.measure}{beside}", _times(target.factor), _times(reached), verdict])
    return list(_render_table(["", "wanted", "measured", ""], rows))


def _render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    yield _render_row(head, widths)
    yield "|".join(("", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""))
    for row in rows:
        yield _render_row(row, widths)


def _render_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return " | ".join((f"| {first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others))) + " |"


def _subjects(summaries: Summaries) -> list[str]:
    return list(dict.fromkeys(subject for subject, _ in summaries))


def _times(factor: float | None) -> str:
    if factor is None:
        return "–"
    return f"{factor:,.0f}×" if factor >= 100 else f"{factor:.2f}×"
