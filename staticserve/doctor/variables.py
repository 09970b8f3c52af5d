"""Environment variables that settings cannot do without, found without running these."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from staticserve.doctor.literals import dotted_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class RequiredVariable(NamedTuple):
    """A line that needs an environment variable and has no default for it."""

    name: str
    file: str
    line: int


def find_required(node: ast.stmt, path: str, aliases: Mapping[str, str]) -> Iterator[RequiredVariable]:
    """Yield the variables that a statement needs. ``aliases`` tells what the names are that its module imports."""
    for each in ast.walk(node):
        name = _name(each, aliases)
        if name is not None and isinstance(each, ast.expr):
            yield RequiredVariable(name, path, each.lineno)


def _name(node: ast.AST, aliases: Mapping[str, str]) -> str | None:
    """Return the name of the environment variable that an expression cannot do without."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        owner = dotted_name(node.value)
        if owner == "os.environ" or aliases.get(owner) == "os.environ":
            return _constant(node.slice)
    if isinstance(node, ast.Call) and len(node.args) == 1 and not any(each.arg == "default" for each in node.keywords):
        owner = dotted_name(node.func)
        if aliases.get(owner) == "decouple.config" or owner.split(".")[0] == "env":
            return _constant(node.args[0])
    return None


def _constant(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
