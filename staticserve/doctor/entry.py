"""Finds a project from a directory: where manage.py is, and which settings module it names."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING, NamedTuple

from staticserve.doctor.modules import parse_file
from staticserve.doctor.paths import is_foreign

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VARIABLE = "DJANGO_SETTINGS_MODULE"


class Entry(NamedTuple):
    """A project's directory, absolute, and its settings module."""

    root: str
    module: str | None


def find_entry(directory: str, module: str | None, environment: Mapping[str, str]) -> Entry | None:
    """Return the project in a directory, above it, or one level below; nothing if there is none."""
    start = os.path.abspath(directory)
    root = next((each for each in _candidates(start) if os.path.isfile(os.path.join(each, "manage.py"))), None)
    chosen = module or environment.get(_VARIABLE)
    if root is None:
        return Entry(start, chosen) if chosen else None
    return Entry(root, chosen or _named_in(root))


def _candidates(start: str) -> Iterator[str]:
    yield start
    directory = start
    while (above := os.path.dirname(directory)) != directory:
        directory = above
        yield directory
        if os.path.exists(os.path.join(directory, ".git")):
            break
    try:
        names = sorted(os.listdir(start))
    except OSError:
        return
    paths = [os.path.join(start, name) for name in names]
    yield from (path for path in paths if os.path.isdir(path) and not is_foreign(path))


def _named_in(root: str) -> str | None:
    """Return the module that manage.py, or else a wsgi.py, sets as the default."""
    paths = [os.path.join(root, "manage.py")]
    try:
        paths += [os.path.join(root, name, "wsgi.py") for name in sorted(os.listdir(root))]
    except OSError:
        return None
    return next((name for path in paths if os.path.isfile(path) and (name := _module_in(path))), None)


def _module_in(path: str) -> str | None:
    try:
        tree = parse_file(path)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    for node in ast.walk(tree):
        values = node.args if isinstance(node, ast.Call) else []
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            values = [node.targets[0].slice, node.value]
        texts = [each.value for each in values if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if len(texts) == 2 and texts[0] == _VARIABLE:
            return texts[1]
    return None
