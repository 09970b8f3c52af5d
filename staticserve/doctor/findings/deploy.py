"""Findings in what is around the project: Procfile and repository."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from staticserve.doctor.rule import Rule, Seen, show, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staticserve.doctor.project import Project


def _another_project(project: Project) -> Iterator[Seen]:
    if not project.deploy or project.repository is None:
        return
    own = os.path.relpath(os.path.join(project.root, "manage.py"), project.repository)
    kept = [path for path in project.manage_files if not _is_ignored(path, project.deployment.get(".slugignore", ""))]
    shallowest = [path for path in kept if path.count("/") == min(each.count("/") for each in kept)]
    if kept and (own not in shallowest or len(shallowest) > 1):
        yield Seen(
            f"The build takes the manage.py nearest to the repository's root: {some(shallowest)}; this one is {own}.",
            f"echo /{os.path.dirname(next(each for each in kept if each != own)) or 'DIRECTORY'} >> .slugignore",
            os.path.join(project.repository, shallowest[0]),
        )


def _slug_lacks_files(project: Project) -> Iterator[Seen]:
    patterns = project.deployment.get(".slugignore", "")
    if not project.deploy or not patterns:
        return
    for place in project.places:
        path = os.path.relpath(place.directory, project.repository or project.root)
        if place.is_projects and not path.startswith("..") and _is_ignored(path, patterns):
            yield Seen(
                f".slugignore takes {show(path)}, which has static files, out of the build.",
                f"Take the line that matches {path} out of .slugignore.",
                os.path.join(project.repository or project.root, ".slugignore"),
            )


def _is_ignored(path: str, patterns: str) -> bool:
    """Return whether a line of .slugignore matches a path or a directory above it."""
    parts = path.split("/")
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    for line in patterns.splitlines():
        pattern = line.strip().rstrip("/")
        if not pattern or pattern.startswith("#"):
            continue
        anchored = pattern.lstrip("/")
        if any(fnmatchcase(each, anchored) for each in above):
            return True
        if "/" not in pattern and any(fnmatchcase(part, pattern) for part in parts):
            return True
    return False


def _runserver(project: Project) -> Iterator[Seen]:
    for number, line in enumerate(project.deployment.get("Procfile", "").splitlines(), 1):
        if project.deploy and line.startswith("web:") and "runserver" in line:
            yield Seen(
                "The Procfile starts Django's development server.",
                f"web: gunicorn {(project.settings.wsgi_application or 'mysite.wsgi').removesuffix('.application')}",
                os.path.join(project.root, "Procfile"),
                number,
            )


RULES: Final = (
    Rule(
        "W040",
        "deploy",
        "the build may take another project",
        "collectstatic runs for that one, and this one has no files.",
        _another_project,
    ),
    Rule(
        "W047",
        "deploy",
        ".slugignore takes static files out",
        "The build does not have them, so they are not collected.",
        _slug_lacks_files,
    ),
    Rule(
        "W048",
        "deploy",
        "runserver in production",
        "It is one process, for development; with DEBUG=False it serves no static files.",
        _runserver,
    ),
)
