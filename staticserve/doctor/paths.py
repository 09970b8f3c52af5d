"""Whose a path is: the project's own, a package's, or somebody else's."""

from __future__ import annotations

import os
from typing import Final

_PACKAGES: Final = frozenset({"site-packages", "dist-packages", "node_modules"})

_SKIPPED_DIRECTORIES: Final = frozenset({"node_modules", "site-packages", "__pycache__", "migrations", "tests", "test"})


def is_same(left: str, right: str) -> bool:
    """Return whether two paths lead to one place."""
    return os.path.realpath(left) == os.path.realpath(right)


def is_within(path: str, directory: str) -> bool:
    """Return whether a path is below a directory, and not that itself."""
    return os.path.realpath(path).startswith(os.path.realpath(directory).rstrip(os.sep) + os.sep)


def is_projects(path: str, root: str) -> bool:
    """Return whether a path is of the project's own code, and not of an installed package."""
    if not is_within(path, root):
        return False
    real_root = os.path.realpath(root)
    parts = os.path.relpath(os.path.realpath(path), real_root).split(os.sep)
    return not _PACKAGES & set(parts) and not _is_environment(os.path.join(real_root, parts[0]))


def is_foreign(directory: str) -> bool:
    """Return whether a directory below the project has other people's code: packages, or a virtual environment."""
    name = os.path.basename(directory)
    return name in _SKIPPED_DIRECTORIES or name[:1] == "." or _is_environment(directory)


def _is_environment(directory: str) -> bool:
    return os.path.exists(os.path.join(directory, "pyvenv.cfg"))
