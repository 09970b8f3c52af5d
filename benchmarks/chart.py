"""The results as a chart: bars in an SVG that needs no background of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from xml.sax.saxutils import escape

from benchmarks.measures import Summaries, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measures import Result


class Panel(NamedTuple):
    """The bars of one measure."""

    part: str
    measure: str
    title: str
    digits: int
    subjects: tuple[tuple[str, str], ...]
    """Subjects, with what they are called in this panel."""


class Place(NamedTuple):
    """Where a panel is, in pixels."""

    left: int
    top: int


_WSGI: Final = tuple((name, name) for name in ("staticserve", "whitenoise", "servestatic"))
_GUNICORN: Final = (
    *(("staticserve, StaticWorker", "StaticWorker"), ("staticserve, gthread", "staticserve")),
    *(("whitenoise, gthread", "whitenoise"), ("servestatic, gthread", "servestatic"), ("nginx", "nginx")),
)
_SERVERS: Final = tuple(
    (f"24 KB, keep-alive: {subject}", name)
    for subject, name in (
        *(("staticserve, StaticWorker", "StaticWorker"), ("whitenoise, gthread", "whitenoise")),
        *(("granian", "granian"), ("uWSGI", "uWSGI"), ("nginx", "nginx")),
    )
)
_PANELS: Final = (
    Panel("in_process", "200", "24 KB CSS, br, in process: µs", 1, _WSGI),
    Panel("in_process", "304", "304 by entity tag, in process: µs", 1, _WSGI),
    Panel("in_process", "range", "1,000-byte range, in process: µs", 1, _WSGI),
    Panel("startup", "with import s", "Import and start, 20,000 URLs: seconds", 2, _WSGI),
    Panel("startup", "with import MB", "Memory of that: MB", 1, _WSGI),
    Panel("gunicorn", "requests/s", "gunicorn, gthread: requests/s (more is better)", 0, _GUNICORN),
    Panel("lane", "CPU µs", "24 KB CSS, one worker, all its processor time: µs", 1, _SERVERS),
)

# The text's contrast is more than 4 to 1, the bars' at least 3 to 1, with GitHub's white and its dark background alike:
# an image cannot ask for the page's theme, only for the system's.
_TEXT: Final = "#737b86"
_OURS: Final = "#2f7df0"
_OTHERS: Final = "#8d96a0"

_COLUMNS: Final = 2
_PANEL_WIDTH: Final = 420
_ROW: Final = 22
_NAME_WIDTH: Final = 104
_BAR_WIDTH: Final = 230
_HEAD: Final = 26
_GAP: Final = 22


def draw_chart(results: Sequence[Result]) -> str:
    """Return an SVG of the medians, without the panels that there are no results for."""
    summaries = {result["part"]: summarise(result["samples"]) for result in results}
    panels = [panel for panel in _PANELS if _values(panel, summaries.get(panel.part, {}))]
    drawn: list[str] = []
    top = 4
    for at in range(0, len(panels), _COLUMNS):
        row = panels[at : at + _COLUMNS]
        for column, panel in enumerate(row):
            drawn += _draw_panel(panel, summaries[panel.part], Place(column * _PANEL_WIDTH, top))
        top += _HEAD + _GAP + _ROW * max(len(_values(panel, summaries[panel.part])) for panel in row)
    width = _COLUMNS * _PANEL_WIDTH
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}"'
            ' role="img" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"'
            f' font-size="13" fill="{_TEXT}">',
            "<title>staticserve beside its peers: medians; less is better unless it is said otherwise</title>",
            *drawn,
            "</svg>\n",
        )
    )


def _values(panel: Panel, summaries: Summaries) -> list[tuple[str, float]]:
    found = ((name, summaries.get((subject, panel.measure))) for subject, name in panel.subjects)
    return [(name, summary.median) for name, summary in found if summary is not None]


def _draw_panel(panel: Panel, summaries: Summaries, place: Place) -> list[str]:
    values = _values(panel, summaries)
    longest = max(value for _, value in values) or 1
    ours = {name for subject, name in panel.subjects if "staticserve" in subject}
    drawn = [f'<text x="{place.left}" y="{place.top + 14}" font-weight="600">{escape(panel.title)}</text>']
    for at, (name, value) in enumerate(values):
        left, top = place.left + _NAME_WIDTH, place.top + _HEAD + at * _ROW
        # A bar of less than two pixels would not be seen.
        length = max(value / longest * _BAR_WIDTH, 2)
        colour, weight = (_OURS, "600") if name in ours else (_OTHERS, "400")
        drawn += (
            f'<text x="{left - 8}" y="{top + 13}" text-anchor="end" font-weight="{weight}">{escape(name)}</text>',
            f'<rect x="{left}" y="{top + 2}" width="{length:.1f}" height="{_ROW - 7}" rx="2" fill="{colour}"/>',
            f'<text x="{left + length + 6:.1f}" y="{top + 13}" font-weight="{weight}">{value:,.{panel.digits}f}</text>',
        )
    return drawn
