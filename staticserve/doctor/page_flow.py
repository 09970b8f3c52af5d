"""The picture of a project's own flow: directories, STATIC_ROOT and URLs, with the findings where they arise."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.doctor.page_files import find_kind, logical_name, sum_codings
from staticserve.doctor.page_findings import make_badges
from staticserve.doctor.page_markup import Markup, breakable, element, format_bytes, format_count, format_name
from staticserve.semantics.negotiation import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from staticserve.doctor.finding import Finding
    from staticserve.doctor.model import CollectedFile, Diagnosis, Source

MAX_SOURCES: Final = 8
"""Directories with a finding are shown in any case, as far as there are not many."""

_MAX_FOUND_SOURCES: Final = 30

_ROOT: Final = "root"

_PLACES: Final = {
    "settings": "settings",
    "files": "files",
    "templates": "pages",
    "collecting": "collecting",
    "serving": "serving",
    "deploy": "deploy",
}
"""A finding's topic → where in the picture it is shown, if its file says nothing better."""


class _Placed(NamedTuple):
    places: dict[str, list[Finding]]
    sources: dict[str, list[Finding]]

    def badges(self, place: str) -> Markup:
        return make_badges(self.places.get(place, ()))


def make_flow(diagnosis: Diagnosis, distinct: Sequence[CollectedFile]) -> Markup:
    """Return the picture. ``distinct`` are the files without their hashed twins."""
    placed = _place_findings(diagnosis)
    way = element(
        "ol",
        _make_sources(diagnosis, placed),
        _make_step(
            "collectstatic", breakable((diagnosis.storage or "").rpartition(".")[2]), placed.badges("collecting")
        ),
        _make_root(diagnosis, distinct, placed),
        _make_server(diagnosis, placed),
        _make_urls(diagnosis, distinct, placed),
        class_="way",
    )
    parts = [_make_settings(diagnosis, placed), way]
    if "deploy" in placed.places:
        parts.append(element("div", element("b", "Deployment"), placed.badges("deploy"), class_="strip"))
    return element("div", *parts, class_="flow")


def shorten_path(path: str, root: str) -> str:
    """Return a path as one would say it: from the project's directory, or from where packages are."""
    pure = PurePath(path)
    if pure.is_relative_to(root):
        return format_name(pure.relative_to(root).as_posix())
    head, packages, tail = pure.as_posix().rpartition("/site-packages/")
    return format_name("…" + packages + tail if head else path)


def _place_findings(diagnosis: Diagnosis) -> _Placed:
    placed = _Placed({}, {})
    directories = {source.directory for source in diagnosis.sources}
    for finding in diagnosis.findings:
        path = PurePath(diagnosis.root, finding.file or "/")
        around = [str(path), *map(str, path.parents)]
        # The innermost first: an app may be below a directory of STATICFILES_DIRS.
        source = next((each for each in around if each in directories), None)
        is_about_a_file = finding.file is not None and finding.topic in ("files", "collecting")
        if is_about_a_file and diagnosis.static_root in around:
            placed.places.setdefault(_ROOT, []).append(finding)
        elif is_about_a_file and source is not None:
            placed.sources.setdefault(source, []).append(finding)
        else:
            placed.places.setdefault(_PLACES[finding.topic], []).append(finding)
    return placed


def _make_settings(diagnosis: Diagnosis, placed: _Placed) -> Markup:
    debug = "unknown" if diagnosis.debug is None else str(diagnosis.debug)
    facts = element("span", "DEBUG = ", element("b", debug), class_="fact")
    return element("div", element("b", "Settings"), facts, placed.badges("settings"), class_="strip")


def _make_sources(diagnosis: Diagnosis, placed: _Placed) -> Markup:
    shown, hidden = _select_sources(diagnosis.sources, placed)
    most = max((source.bytes for source in diagnosis.sources), default=0)
    items = [_make_source(number, source, most, diagnosis.root, placed) for number, source in shown]
    if hidden:
        text = f"and {len(hidden):,} more, with {format_count(sum(each.files for each in hidden), 'file')}, "
        items.append(element("li", text + format_bytes(sum(each.bytes for each in hidden)), class_="more"))
    cards = element("ol", *items) if items else element("p", "No directory is known.", class_="missing")
    title = element("h3", "Your files")
    return element("li", title, cards, placed.badges("files"), class_="place sources")


def _select_sources(sources: Sequence[Source], placed: _Placed) -> tuple[list[tuple[int, Source]], list[Source]]:
    """Return what is shown, with its number in the finders' order, and what is not."""
    found = [source.directory for source in sources if source.directory in placed.sources][:_MAX_FOUND_SOURCES]
    largest = sorted(sources, key=lambda source: -source.bytes)[:MAX_SOURCES]
    directories = {*found, *(source.directory for source in largest)}
    shown = [(number, source) for number, source in enumerate(sources, 1) if source.directory in directories]
    return shown, [source for source in sources if source.directory not in directories]


def _make_source(number: int, source: Source, most: int, root: str, placed: _Placed) -> Markup:
    path = shorten_path(source.directory, root)
    share = 100 * source.bytes / most if most else 0
    return element(
        "li",
        element("span", str(number), class_="number", title="the order in which they are asked"),
        element("b", element("code", path if source.app is None else breakable(source.app))),
        element("span", format_count(source.files, "file"), ", ", format_bytes(source.bytes), class_="size"),
        Markup() if source.app is not None else element("small", "STATICFILES_DIRS"),
        element("i", class_="bar", style=f"--w:{share:.1f}"),
        make_badges(placed.sources.get(source.directory, ())),
        class_="source" if source.files else "source empty",
        title=path,
    )


def _make_step(name: str, note: str, badges: Markup, *, is_missing: bool = False) -> Markup:
    label = element("b", element("code", name) if name == "collectstatic" else name)
    arrow = element("span", class_="arrow", aria_hidden="true")
    parts = (label, element("small", note), arrow, badges)
    return element("li", *parts, class_="step missing" if is_missing else "step")


def _make_root(diagnosis: Diagnosis, distinct: Sequence[CollectedFile], placed: _Placed) -> Markup:
    parts = [element("h3", "STATIC_ROOT")]
    if diagnosis.static_root is None:
        parts.append(element("p", "is not set", class_="missing"))
    else:
        parts.append(element("p", element("code", shorten_path(diagnosis.static_root, diagnosis.root)), class_="where"))
        parts += _describe_files(diagnosis, distinct)
    return element("li", *parts, placed.badges(_ROOT), class_="place root")


def _describe_files(diagnosis: Diagnosis, distinct: Sequence[CollectedFile]) -> list[Markup]:
    if not distinct:
        return [element("p", "No file has been collected.", class_="missing")]
    hashed = sum(file.logical is not None for file in distinct)
    size = sum(file.bytes for file in distinct)
    facts = [
        element("li", element("b", format_count(len(distinct), "file")), ", ", format_bytes(size)),
        element("li", "all with a hashed name" if hashed == len(distinct) else f"{hashed:,} with a hashed name"),
    ]
    codings = [each.coding for each in sum_codings(distinct) if each.coding != IDENTITY]
    facts.append(element("li", "encoded: " + ", ".join(codings) if codings else "nothing is compressed"))
    if diagnosis.releases:
        facts.append(element("li", format_count(len(diagnosis.releases), "release"), " held"))
    return [element("ul", *facts, class_="facts")]


def _make_server(diagnosis: Diagnosis, placed: _Placed) -> Markup:
    badges = placed.badges("serving")
    if diagnosis.server is None:
        return _make_step("nobody", "serves it with DEBUG off", badges, is_missing=True)
    return _make_step(format_name(diagnosis.server), "serves", badges)


def _make_urls(diagnosis: Diagnosis, distinct: Sequence[CollectedFile], placed: _Placed) -> Markup:
    parts = [element("h3", "STATIC_URL")]
    if not diagnosis.static_url:
        parts.append(element("p", "is not set", class_="missing"))
    else:
        parts.append(element("p", element("code", format_name(diagnosis.static_url)), class_="where"))
        parts += _make_example(diagnosis.static_url, distinct)
    return element("li", *parts, placed.badges("pages"), class_="place urls")


def _make_example(static_url: str, distinct: Sequence[CollectedFile]) -> list[Markup]:
    """Return how a page asks for a file, a style sheet if there is one with a hashed name."""
    hashed = [file for file in distinct if file.logical is not None]
    styles = [file for file in hashed if find_kind(file.name) == "style"]
    file = next(iter([*styles, *hashed, *distinct]), None)
    if file is None:
        return []
    tag = f"{{% static '{format_name(logical_name(file))}' %}}"
    url = format_name(static_url + file.name)
    return [
        element("p", "A page says", element("code", tag), class_="example"),
        element("p", "a browser asks for", element("code", url), class_="example"),
    ]
