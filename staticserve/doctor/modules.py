"""Finds and parses modules without importing them."""

from __future__ import annotations

import ast
import os
import tokenize
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def find_module(name: str, search: Sequence[str]) -> str | None:
    """Return the file of a module, found without importing what it is in."""
    for directory in search:
        path = os.path.join(directory, *name.split("."))
        for candidate in (f"{path}.py", os.path.join(path, "__init__.py")):
            if os.path.isfile(candidate):
                return candidate
    return None


def parse_file(path: str) -> ast.Module:
    """Return the tree of a Python file. Raises ``OSError``, ``SyntaxError`` or ``ValueError``."""
    with tokenize.open(path) as file:
        return parse_text(file.read())


def parse_text(text: str) -> ast.Module:
    """Return the tree of Python code. Warns of nothing: a warning would show the line. Raises as ``parse_file``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)
