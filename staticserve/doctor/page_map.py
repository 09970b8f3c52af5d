"""The maps of bytes, by directory and by coding: rectangles that are links to the rows of a table."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from staticserve.doctor.page_files import (
    CODINGS,
    KINDS,
    OTHER,
    find_kind,
    logical_name,
    select_smallest,
    sum_codings,
)
from staticserve.doctor.page_markup import Markup, element, format_bytes, format_count, format_name, format_share, join
from staticserve.doctor.page_tables import make_row, make_table
from staticserve.doctor.page_treemap import Box, Leaf, build_tree, make_groups, sort_children, squarify
from staticserve.semantics.negotiation import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from staticserve.doctor.model import CollectedFile
    from staticserve.doctor.page_files import CodingSum
    from staticserve.doctor.page_treemap import Cell, Group, Node

MAX_ROWS: Final = 20

_WIDE: Final = Box(0, 0, 160, 80)
_FLAT: Final = Box(0, 0, 160, 36)

_COLOURED: Final = {*KINDS, *CODINGS}


def make_directory_map(files: Sequence[CollectedFile]) -> Markup:
    """Return the map by directory, coloured by kind of file, with its key and its table."""
    tree = build_tree(Leaf(logical_name(file), file.bytes, find_kind(file.name)) for file in files)
    ids = {node.name: f"directory-{number}" for number, node in enumerate(sort_children(tree)[:MAX_ROWS], 1)}
    key = _make_key(tree)
    table = _make_directory_table(tree, ids)
    return join([key, _make_map(make_groups(tree), _WIDE, ids, "directories"), table])


def make_coding_map(files: Sequence[CollectedFile]) -> Markup:
    """Return what is kept in each coding: a sentence, the map, and its table."""
    sums = sum_codings(files)
    ids = {f"{each.coding}/": f"coding-{number}" for number, each in enumerate(sums, 1)}
    groups = make_groups(build_tree(_sum_directories(files)))
    for_all, smallest = sum(file.bytes for file in files), sum(select_smallest(file)[1] for file in files)
    sentence = element(
        "p",
        f"All files once are {format_bytes(for_all)}; for a browser that takes every coding they are ",
        element("b", format_bytes(smallest)),
        f", {format_share(smallest, for_all)} of that.",
    )
    return join([sentence, _make_map(groups, _FLAT, ids, "codings"), _make_coding_table(sums, ids)])


def _make_key(tree: Node) -> Markup:
    items = [
        element(
            "li", element("i", class_=f"swatch kind-{kind}"), f"{label} ", element("b", format_bytes(tree.sizes[kind]))
        )
        for kind, label in KINDS.items()
        if tree.sizes.get(kind)
    ]
    return element("ul", *items, class_="key")


def _sum_directories(files: Sequence[CollectedFile]) -> list[Leaf]:
    """Return a leaf for each coding of each directory of the first level."""
    sizes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for file in files:
        top, slash, _ = logical_name(file).partition("/")
        for coding, size in ((IDENTITY, file.bytes), *file.codings.items()):
            sizes[coding, top if slash else "no directory"].append(size)
    return [Leaf(f"{coding}/{top}", sum(each), coding, len(each)) for (coding, top), each in sizes.items()]


def _make_map(groups: Sequence[Group], box: Box, ids: dict[str, str], rest_id: str) -> Markup:
    boxes = squarify([group.size for group in groups], box)
    frames = [_make_frame(*each, box, ids, rest_id) for each in zip(groups, boxes, strict=True)]
    return element("div", *frames, class_="map", style=f"--ratio:{box.width}/{box.height}")


def _make_frame(group: Group, place: Box, whole: Box, ids: dict[str, str], rest_id: str) -> Markup:
    name = "everything else" if group.name is None else format_name(group.name.rstrip("/"))
    facts = f"{format_bytes(group.size)} in {format_count(group.files, 'file')}"
    boxes = squarify([cell.size for cell in group.cells], place)
    cells = [_make_cell(cell, each, place) for cell, each in zip(group.cells, boxes, strict=True)]
    return element(
        "a",
        element("span", element("b", name), " ", format_bytes(group.size), class_="title"),
        element("span", *cells, class_="cells"),
        href=f"#{ids.get(group.name or '', rest_id)}",
        class_="frame",
        style=_style(place, whole),
        aria_label=f"{name}: {facts}",
    )


def _make_cell(cell: Cell, place: Box, whole: Box) -> Markup:
    name = format_name(cell.name)
    facts = f"{format_bytes(cell.size)} in {format_count(cell.files, 'file')}"
    text = element("span", element("span", name), element("small", format_bytes(cell.size)))
    kind = cell.kind if cell.kind in _COLOURED else OTHER
    return element("span", text, class_=f"cell kind-{kind}", style=_style(place, whole), title=f"{name}\n{facts}")


def _style(place: Box, whole: Box) -> str:
    """Return a rectangle in percents of what it is in. On a narrow page the style sheet turns the map around."""
    x, width = 100 * (place.x - whole.x) / whole.width, 100 * place.width / whole.width
    y, height = 100 * (place.y - whole.y) / whole.height, 100 * place.height / whole.height
    return f"--x:{x:.3f};--y:{y:.3f};--w:{width:.3f};--h:{height:.3f}"


def _make_directory_table(tree: Node, ids: dict[str, str]) -> Markup:
    nodes = sort_children(tree)
    rows = [
        make_row(
            element("code", format_name(node.name)),
            f"{node.files:,}",
            format_bytes(node.size),
            format_share(node.size, tree.size),
            id_=ids[node.name],
            share=100 * node.size / tree.size if tree.size else 0,
        )
        for node in nodes[:MAX_ROWS]
    ]
    rest = nodes[MAX_ROWS:]
    if rest:
        files, size = sum(node.files for node in rest), sum(node.size for node in rest)
        share = format_share(size, tree.size)
        rows.append(make_row(f"{len(rest):,} more", f"{files:,}", format_bytes(size), share))
    table = make_table("Bytes by directory", ("Directory", "Files", "Bytes", "Share"), rows)
    return element("div", table, id="directories")


def _make_coding_table(sums: Sequence[CodingSum], ids: dict[str, str]) -> Markup:
    most = max((each.bytes for each in sums), default=0)
    rows = [
        make_row(
            element("code", format_name(each.coding)),
            f"{each.files:,}",
            format_bytes(each.bytes),
            format_share(each.bytes, each.identity_bytes),
            id_=ids[f"{each.coding}/"],
            share=100 * each.bytes / most if most else 0,
        )
        for each in sums
    ]
    table = make_table("Bytes by coding", ("Coding", "Files", "Bytes", "Of identity"), rows)
    return element("div", table, id="codings")
