"""Works out the value of an expression in a settings module without running it."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return False


UNKNOWN: Final = _Unknown()
"""What cannot be said without running the code."""


def evaluate(node: ast.expr, names: Mapping[str, Any], environment: Mapping[str, str]) -> Any:
    """Return the value of an expression, or ``UNKNOWN``. ``names`` are the variables set so far."""
    try:
        return _Evaluation(names, environment).value(node)
    # Whatever the code would raise; RecursionError for a sum of a thousand parts.
    except Exception:
        return UNKNOWN


class _Evaluation:
    def __init__(self, names: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self._names = names
        self._environment = environment

    def value(self, node: ast.expr) -> Any:
        """Return the value of a node. May raise anything."""
        how: Callable[[Any], Any] | None = getattr(self, f"_{type(node).__name__}", None)
        return UNKNOWN if how is None else how(node)

    def _Constant(self, node: ast.Constant) -> Any:
        return node.value

    def _Name(self, node: ast.Name) -> Any:
        return self._names.get(node.id, UNKNOWN)

    def _JoinedStr(self, node: ast.JoinedStr) -> Any:
        parts = [self.value(part) for part in node.values]
        return UNKNOWN if UNKNOWN in parts else "".join(map(str, parts))

    def _FormattedValue(self, node: ast.FormattedValue) -> Any:
        return self.value(node.value) if node.format_spec is None and node.conversion == -1 else UNKNOWN

    def _List(self, node: ast.List | ast.Tuple) -> Any:
        items: list[Any] = []
        for each in node.elts:
            if isinstance(each, ast.Starred):
                items += self.value(each.value)
            else:
                items.append(self.value(each))
        return items

    _Tuple = _List

    def _Dict(self, node: ast.Dict) -> Any:
        pairs = [(UNKNOWN if key is None else self.value(key), self.value(each)) for key, each in _items(node)]
        return UNKNOWN if any(key is UNKNOWN for key, _ in pairs) else dict(pairs)

    def _BinOp(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if left is UNKNOWN or right is UNKNOWN:
            return UNKNOWN
        if isinstance(node.op, ast.Div) and isinstance(left, Path):
            return left / right
        if isinstance(node.op, ast.Add):
            return left + right
        return UNKNOWN

    def _BoolOp(self, node: ast.BoolOp) -> Any:
        wanted = isinstance(node.op, ast.Or)
        value: Any = UNKNOWN
        for each in node.values:
            value = self.value(each)
            if value is UNKNOWN or bool(value) is wanted:
                return value
        return value

    def _UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        return UNKNOWN if value is UNKNOWN or not isinstance(node.op, ast.Not) else not value

    def _Compare(self, node: ast.Compare) -> Any:
        left, right = self.value(node.left), self.value(node.comparators[0])
        how = _COMPARISONS.get(type(node.ops[0]))
        if len(node.ops) > 1 or how is None or left is UNKNOWN or right is UNKNOWN:
            return UNKNOWN
        return how(left, right)

    def _IfExp(self, node: ast.IfExp) -> Any:
        test = self.value(node.test)
        return UNKNOWN if test is UNKNOWN else self.value(node.body if test else node.orelse)

    def _Subscript(self, node: ast.Subscript) -> Any:
        if dotted_name(node.value).endswith("environ"):
            return self._environment.get(self.value(node.slice), UNKNOWN)
        owner, key = self.value(node.value), self.value(node.slice)
        return UNKNOWN if owner is UNKNOWN or key is UNKNOWN else owner[key]

    def _Attribute(self, node: ast.Attribute) -> Any:
        owner = self.value(node.value)
        return getattr(owner, node.attr) if isinstance(owner, Path) and node.attr in _PATH_PARTS else UNKNOWN

    def _Call(self, node: ast.Call) -> Any:
        name = dotted_name(node.func)
        last = node.func.attr if isinstance(node.func, ast.Attribute) else name
        given = [self.value(each) for each in node.args]
        if UNKNOWN in given:
            return UNKNOWN
        if name.endswith(("environ.get", "getenv")):
            return self._environment.get(*given)
        if isinstance(node.func, ast.Attribute) and last in _METHODS:
            owner = self.value(node.func.value)
            if owner is not UNKNOWN:
                return _METHODS[last](owner, *given)
        how = _FUNCTIONS.get(name if name in _FUNCTIONS else last if name.startswith(("os.path", "pathlib")) else "")
        return UNKNOWN if how is None else how(*given)


def dotted_name(node: ast.expr) -> str:
    """Return ``a.b.c`` for an expression of that form; empty for another."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted_name(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def add(left: Any, right: Any) -> Any:
    """Return what ``+=`` makes of two lists or two strings; ``UNKNOWN`` of anything else."""
    both_lists = isinstance(left, list) and isinstance(right, list)
    return left + right if both_lists or (isinstance(left, str) and isinstance(right, str)) else UNKNOWN


def change_list(owner: Any, method: str, given: list[Any]) -> Any:
    """Return the list that ``append``, ``extend`` or ``insert`` makes of another."""
    if not isinstance(owner, list):
        return UNKNOWN
    if method == "append":
        return [*owner, *given]
    if method == "extend":
        return [*owner, *given[0]] if isinstance(given[0], list) else UNKNOWN
    place, each = given
    return [*owner[:place], each, *owner[place:]] if isinstance(place, int) else UNKNOWN


def _items(node: ast.Dict) -> list[tuple[ast.expr | None, ast.expr]]:
    return list(zip(node.keys, node.values, strict=True))


_PATH_PARTS: Final = frozenset({"parent", "name", "parents", "stem"})

_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: lambda left, right: left is right,
    ast.IsNot: lambda left, right: left is not right,
}

_METHODS: Final[dict[str, Callable[..., Any]]] = {
    "resolve": lambda path: Path(os.path.realpath(path)),
    "absolute": lambda path: Path(os.path.abspath(path)),
    "joinpath": lambda path, *parts: Path(path).joinpath(*parts),
    "as_posix": lambda path: Path(path).as_posix(),
    "lower": lambda text: text.lower(),
    "strip": lambda text, *characters: text.strip(*characters),
    "rstrip": lambda text, *characters: text.rstrip(*characters),
    "split": lambda text, *separator: text.split(*separator),
}

_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "Path": Path,
    "str": str,
    "bool": bool,
    "int": int,
    "list": list,
    "tuple": list,
    "join": os.path.join,
    "dirname": os.path.dirname,
    "abspath": os.path.abspath,
    "realpath": os.path.realpath,
    "normpath": os.path.normpath,
}
