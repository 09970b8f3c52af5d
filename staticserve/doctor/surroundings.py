"""Reads what is around a project: the repository, deployment files, and configurations of other servers."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from staticserve.doctor.paths import is_foreign, is_within
from staticserve.doctor.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEPLOYMENT_FILES: Final = ("Procfile", ".slugignore", "app.json", "heroku.yml")

_DEPTH: Final = 3
"""So deep Heroku's buildpack looks for manage.py."""

_FRONTS: Final = (".conf", ".nginx", ".vhost", ".template")
_FRONT_NAMES: Final = ("Caddyfile", "nginx", "app.yaml")

_SECONDS: Final = 5


def find_repository(root: str) -> str | None:
    """Return the git repository that a directory is in."""
    directory = os.path.realpath(root)
    while not os.path.exists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return None
        directory = above
    return directory


def read_deployment(*directories: str | None) -> dict[str, str]:
    """Return the texts of the files that say how a project is deployed; the first directory's win."""
    texts: dict[str, str] = {}
    for directory in directories:
        for name in DEPLOYMENT_FILES:
            path = os.path.join(directory or "", name)
            if directory and name not in texts and os.path.isfile(path):
                texts[name] = read_text(path, []) or ""
    return texts


def find_manage_files(repository: str) -> tuple[str, ...]:
    """Return every manage.py as deep as a build looks, the shallowest first."""
    found = [path for path, name in _files(repository) if name == "manage.py"]
    return tuple(
        sorted((os.path.relpath(path, repository) for path in found), key=lambda path: (path.count("/"), path))
    )


def find_fronts(directory: str, static_path: str) -> tuple[str, ...]:
    """Return the configurations of web servers, near the root, that speak of the static path."""
    if static_path == "/":
        return ()
    found = []
    for path, name in _files(directory):
        if name.endswith(_FRONTS) or name in _FRONT_NAMES or f"{os.sep}.ebextensions{os.sep}" in path:
            text = read_text(path, [])
            if text is not None and static_path.rstrip("/") in text:
                found.append(path)
    return tuple(found)


def find_ignored(directories: Sequence[str], repository: str | None) -> tuple[str, ...]:
    """Return the directories that git does not take along: those without a file, and those that it ignores."""
    if repository is None:
        return ()
    within = [path for path in directories if os.path.isdir(path) and is_within(path, repository)]
    empty = [path for path in within if not any(files for _, _, files in os.walk(path))]
    return tuple(dict.fromkeys([*empty, *_git_ignores(within, repository)]))


def _git_ignores(paths: Sequence[str], repository: str) -> list[str]:
    git = shutil.which("git")
    if git is None or not paths:
        return []
    # A repository may name a program to run as its monitor: not by us.
    command = [git, "-C", repository, "-c", "core.fsmonitor=false", "check-ignore", "-z", "--", *paths]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603  # no shell
    except (OSError, subprocess.SubprocessError):
        return []
    named = set(done.stdout.decode("utf-8", "surrogateescape").split("\0"))
    return [path for path in paths if path in named]


def _files(root: str) -> Iterator[tuple[str, str]]:
    """Yield (path, name) of the files within the first levels, without packages and virtual environments."""
    for directory, names, files in os.walk(root):
        depth = os.path.relpath(directory, root).count(os.sep) + (directory != root)
        kept = [name for name in names if name == ".ebextensions" or not is_foreign(os.path.join(directory, name))]
        names[:] = sorted(kept) if depth < _DEPTH - 1 else []
        yield from ((os.path.join(directory, name), name) for name in sorted(files))
