"""The lists on the page: the largest files, the shadowed ones, and the releases that are held."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from staticserve.doctor.page_files import logical_name, select_smallest
from staticserve.doctor.page_flow import shorten_path
from staticserve.doctor.page_markup import Markup, element, format_bytes, format_count, format_name, format_share
from staticserve.semantics.negotiation import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from staticserve.doctor.model import CollectedFile, HeldRelease, ShadowedName

MAX_LARGEST: Final = 20
MAX_SHADOWED: Final = 40
MAX_LOSERS: Final = 4
MAX_RELEASES: Final = 30


def make_table(label: str, heads: Sequence[str], rows: Iterable[Markup]) -> Markup:
    """Return a table of which all columns but the first are numbers."""
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    return element("table", element("thead", head), element("tbody", *rows), aria_label=label)


def make_row(name: str, *numbers: str, id_: str | None = None, share: float = 0) -> Markup:
    """Return a row with its name, behind which ``share`` percents of the width are filled."""
    first = element("th", name, scope="row", style=f"--w:{share:.1f}")
    return element("tr", first, *(element("td", number) for number in numbers), id=id_)


def make_largest(files: Sequence[CollectedFile]) -> Markup:
    """Return the table of the files that have most bytes."""
    largest = heapq.nlargest(MAX_LARGEST, files, key=lambda file: file.bytes)
    most = largest[0].bytes if largest else 0
    rows = [_make_file(file, most) for file in largest]
    return make_table("The largest files", ("File", "As it is", "At its smallest"), rows)


def make_shadowed(shadowed: Sequence[ShadowedName], root: str) -> Markup:
    """Return the list of names that several directories have, first those where it makes a difference."""
    ordered = sorted(shadowed, key=lambda each: not each.differs)
    items = [_make_shadowed(each, root) for each in ordered[:MAX_SHADOWED]]
    if len(shadowed) > MAX_SHADOWED:
        items.append(element("li", f"and {format_count(len(shadowed) - MAX_SHADOWED, 'more name')}", class_="more"))
    return element("ul", *items, class_="shadowed")


def make_releases(releases: Sequence[HeldRelease]) -> Markup:
    """Return the table of releases."""
    rows = [_make_release(release) for release in releases[:MAX_RELEASES]]
    if len(releases) > MAX_RELEASES:
        rest = releases[MAX_RELEASES:]
        size = format_bytes(sum(release.bytes for release in rest))
        rows.append(make_row(f"{len(rest):,} more", "", f"{sum(release.files for release in rest):,}", size))
    return make_table("Releases held", ("Release", "Built", "Files", "Bytes"), rows)


def _make_file(file: CollectedFile, most: int) -> Markup:
    name = element("code", format_name(logical_name(file)))
    coding, size = select_smallest(file)
    smallest = "–" if coding == IDENTITY else f"{format_bytes(size)} {coding} ({format_share(size, file.bytes)})"
    return make_row(name, format_bytes(file.bytes), smallest, share=100 * file.bytes / most if most else 0)


def _make_shadowed(shadowed: ShadowedName, root: str) -> Markup:
    state = "contents differ" if shadowed.differs else "same contents"
    lost = [
        element("p", element("s", element("code", shorten_path(path, root))), class_="lost")
        for path in shadowed.losers[:MAX_LOSERS]
    ]
    if len(shadowed.losers) > MAX_LOSERS:
        lost.append(element("p", f"and {len(shadowed.losers) - MAX_LOSERS:,} more", class_="more"))
    return element(
        "li",
        element("b", element("code", format_name(shadowed.name))),
        element("span", state, class_="badge warning" if shadowed.differs else "badge"),
        element("p", element("code", shorten_path(shadowed.winner, root)), class_="won"),
        *lost,
    )


def _make_release(release: HeldRelease) -> Markup:
    name = element("code", format_name(release.name[:12]))
    current = element("span", "current", class_="badge fine") if release.is_current else Markup()
    built = "–" if release.built is None else format_name(release.built[:16]).replace("T", " ")
    first = element("span", name, " ", current)
    return make_row(first, built, f"{release.files:,}", format_bytes(release.bytes))
