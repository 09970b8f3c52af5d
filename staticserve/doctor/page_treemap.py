"""The map of bytes: a tree of names, cut where it gets too fine, and laid out in rectangles.

The layout is "squarified": Bruls, Huizing and van Wijk, Squarified Treemaps, 2000.
"""

from __future__ import annotations

import heapq
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.doctor.page_markup import format_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_GROUPS: Final = 12
"""So many directories of the first level have a frame of their own."""

MAX_CELLS: Final = 90
"""So many rectangles can still be told apart, and bound the size of the page."""

_FINEST: Final = 0.004
"""Of all bytes. What is smaller is drawn together with its neighbours."""

_NOTHING: Final = 1e-9


class Box(NamedTuple):
    """A rectangle, from the upper left corner."""

    x: float
    y: float
    width: float
    height: float


class Leaf(NamedTuple):
    """A file, or what stands for some: its name with slashes, its bytes, and the kind that it is coloured by."""

    name: str
    size: int
    kind: str
    files: int = 1


@dataclass(slots=True)
class Node:
    """A directory, whose name ends with a slash, or a file: how many bytes and files are at and below it."""

    name: str
    size: int = 0
    files: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes by kind."""
    children: dict[str, Node] = field(default_factory=dict)

    def add(self, leaf: Leaf) -> None:
        """Count a leaf that is below."""
        self.size += leaf.size
        self.files += leaf.files
        self.sizes[leaf.kind] = self.sizes.get(leaf.kind, 0) + leaf.size

    @property
    def kind(self) -> str:
        """Return the kind that most bytes are of."""
        return max(self.sizes, key=lambda kind: self.sizes[kind])


@dataclass(frozen=True, slots=True)
class Cell:
    """What is drawn as one rectangle: a file, a directory as a whole, or several small ones together."""

    name: str
    size: int
    files: int
    kind: str


@dataclass(frozen=True, slots=True)
class Group:
    """What is drawn in one frame, and its cells from the largest to the smallest."""

    name: str | None
    """Of the directory; nothing for what has no frame of its own."""
    size: int
    files: int
    cells: tuple[Cell, ...]


def build_tree(leaves: Iterable[Leaf]) -> Node:
    """Return the tree of the leaves' names."""
    root = Node("")
    for leaf in leaves:
        node = root
        node.add(leaf)
        for part in re.findall("[^/]*/|[^/]+", leaf.name):
            node = node.children.setdefault(part, Node(part))
            node.add(leaf)
    return root


def make_groups(root: Node, *, max_groups: int = MAX_GROUPS, max_cells: int = MAX_CELLS) -> list[Group]:
    """Return what to draw of a tree: its largest directories, each divided where there is most to see."""
    children = [child for child in sort_children(root) if child.size]
    framed = [child for child in children if child.children][:max_groups]
    finest = root.size * _FINEST
    groups = [
        Group(child.name, child.size, child.files, cells)
        for child, cells in zip(framed, _divide(framed, finest, max_cells), strict=True)
    ]
    names = {child.name for child in framed}
    rest = [child for child in children if child.name not in names]
    if rest:
        cells = _make_cells([(each.name, each) for each in rest], finest, max_groups)
        groups.append(Group(None, sum(each.size for each in rest), sum(each.files for each in rest), cells))
    return sorted(groups, key=lambda group: -group.size)


def sort_children(node: Node) -> list[Node]:
    """Return what is in a directory, the largest first."""
    return sorted(node.children.values(), key=lambda child: (-child.size, child.name))


def squarify(sizes: Sequence[float], box: Box) -> list[Box]:
    """Return a rectangle for each size (largest first) that together fill the box."""
    total = sum(sizes)
    # What is too small for floating point numbers to be laid out gets no area.
    areas = [size * box.width * box.height / total for size in sizes if size > total * _NOTHING]
    boxes: list[Box] = []
    while len(boxes) < len(areas):
        row = _next_row(areas[len(boxes) :], min(box.width, box.height))
        placed, box = _place_row(row, box)
        boxes += placed
    return boxes + [Box(box.x, box.y, 0, 0)] * (len(sizes) - len(boxes))


def _divide(nodes: list[Node], finest: float, max_cells: int) -> list[tuple[Cell, ...]]:
    """Return the cells of each directory: whatever is the largest is divided, until there are enough."""
    parts: list[list[tuple[str, Node]]] = [[] for _ in nodes]
    order = itertools.count()
    queue = [(-node.size, next(order), index, "", node) for index, node in enumerate(nodes)]
    heapq.heapify(queue)
    count = len(queue)
    while queue:
        _, _, index, prefix, node = heapq.heappop(queue)
        shown = [child for child in node.children.values() if child.size >= finest]
        if not shown or count + len(shown) > max_cells:
            parts[index].append((prefix or node.name, node))
            continue
        # The node goes; what is shown comes, and one for the rest of it.
        count += len(shown)
        for child in shown:
            heapq.heappush(queue, (-child.size, next(order), index, prefix + child.name, child))
        parts[index] += [(child.name, child) for child in node.children.values() if 0 < child.size < finest]
    return [_make_cells(each, finest, max_cells) for each in parts]


def _make_cells(parts: list[tuple[str, Node]], finest: float, max_cells: int) -> tuple[Cell, ...]:
    """Return a cell for each part, and one for all that are too small or too many."""
    parts = sorted(parts, key=lambda part: -part[1].size)
    shown = [part for part in parts[:max_cells] if part[1].size >= finest]
    cells = [Cell(name, node.size, node.files, node.kind) for name, node in shown]
    rest = Node("")
    for _, node in parts[len(shown) :]:
        for kind, size in node.sizes.items():
            rest.add(Leaf("", size, kind, 0))
        rest.files += node.files
    if rest.size:
        cells.append(Cell(format_count(rest.files, "small file"), rest.size, rest.files, rest.kind))
    return tuple(sorted(cells, key=lambda cell: -cell.size))


def _next_row(areas: Sequence[float], side: float) -> Sequence[float]:
    """Return the first areas: as many as make the worst rectangle along the side no worse."""
    count, worst = 1, _worst_ratio(areas[:1], side)
    while count < len(areas):
        ratio = _worst_ratio(areas[: count + 1], side)
        if ratio > worst:
            break
        count, worst = count + 1, ratio
    return areas[:count]


def _worst_ratio(row: Sequence[float], side: float) -> float:
    total = sum(row)
    return max(side**2 * row[0] / total**2, total**2 / (side**2 * row[-1]))


def _place_row(row: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """Return the rectangles of a row along the box's shorter side, and what is left of the box."""
    total = sum(row)
    placed = []
    if box.width >= box.height:
        thickness = total / box.height
        y = box.y
        for area in row:
            placed.append(Box(box.x, y, thickness, area / thickness))
            y += area / thickness
        return placed, Box(box.x + thickness, box.y, max(box.width - thickness, 0.0), box.height)
    thickness = total / box.width
    x = box.x
    for area in row:
        placed.append(Box(x, box.y, area / thickness, thickness))
        x += area / thickness
    return placed, Box(box.x, box.y + thickness, box.width, max(box.height - thickness, 0.0))
