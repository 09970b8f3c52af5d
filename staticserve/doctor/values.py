"""Values of settings, whatever they hold: what is not of the form that a setting has counts as nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def as_list(value: object) -> list[Any]:
    """Return a setting that is a list or a tuple as a list; an empty one for what is none."""
    return list(value) if isinstance(value, list | tuple) else []


def as_texts(value: object) -> tuple[str, ...]:
    """Return the strings in a setting that is a list."""
    return tuple(each for each in as_list(value) if isinstance(each, str))


def as_text(value: object) -> str | None:
    """Return a setting as it is shown; nothing if it is unset."""
    return None if value is None else str(value)


def as_path(value: object, root: str) -> str | None:
    """Return a setting that is a path, absolute; nothing if it is none."""
    return os.path.abspath(os.path.join(root, value)) if isinstance(value, str | Path) and str(value) else None


def as_dirs(value: object, root: str) -> tuple[tuple[str, str], ...]:
    """Return (prefix, absolute path) of a setting like STATICFILES_DIRS, which has paths and pairs."""
    pairs = [each if isinstance(each, list | tuple) and len(each) == 2 else ("", each) for each in as_list(value)]
    found = [(str(prefix), as_path(path, root)) for prefix, path in pairs]
    return tuple((prefix, path) for prefix, path in found if path is not None)
