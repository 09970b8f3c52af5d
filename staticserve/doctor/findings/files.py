"""Findings in the sources: files that hide each other, and files that nobody will collect."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Final

from staticserve.doctor.findings.places import where
from staticserve.doctor.rule import Rule, Seen, show, some
from staticserve.doctor.sources import has_same_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staticserve.doctor.project import Place, Project, SourceFile

_MAX_SHOWN: Final = 20

_MANY_FILES: Final = 20_000
_SLUG_BYTES: Final = 500 * 1024 * 1024

_WEB: Final = (".css", ".js", ".mjs", ".svg", ".png", ".jpg", ".webp", ".woff2", ".txt")


def _collisions(project: Project) -> Iterator[Seen]:
    for name, loser in islice(_losers(project), _MAX_SHOWN):
        yield _collision(project, name, project.found[name], loser)


def _losers(project: Project) -> Iterator[tuple[str, SourceFile]]:
    for name, losers in project.shadowed.items():
        winner = project.found[name]
        for loser in losers:
            if not _is_meant(project, winner, loser) and not has_same_content(winner, loser):
                yield name, loser


def _collision(project: Project, name: str, winner: SourceFile, loser: SourceFile) -> Seen:
    first, second = project.places[winner.owner], project.places[loser.owner]
    asked = f"{_said(project, first)} is asked before {_said(project, second)}"
    app = second.app
    if app is not None and second.is_projects:
        label = app.rpartition(".")[2]
        cure = f"Move it to {label}/static/{label}/ and write {{% static '{label}/{os.path.basename(name)}' %}}."
    elif app is not None and first.app is not None:
        cure = f"If the second is the one you want, put {show(app)} before {show(first.app)} in INSTALLED_APPS."
    else:
        cure = "Rename one of them, or put the directory that shall win first."
    return Seen(
        f"{name} is there twice, with different contents: {project.relative(winner.path)} wins, "
        f"{project.relative(loser.path)} is never served ({asked}).",
        cure,
        loser.path,
    )


def _said(project: Project, place: Place) -> str:
    return place.app or f"{project.relative(place.directory)} (STATICFILES_DIRS)"


def _is_meant(project: Project, winner: SourceFile, loser: SourceFile) -> bool:
    """Return whether a file hides another as Django documents it: a project a package's, a package Django's."""
    return _rank(project.places[winner.owner]) > _rank(project.places[loser.owner])


def _rank(place: Place) -> int:
    if place.is_projects:
        return 2
    return 0 if (place.app or "").startswith("django.contrib.") else 1


def _missing_directories(project: Project) -> Iterator[Seen]:
    place = where(project, "STATICFILES_DIRS")
    for each in project.places:
        if each.app is None and not each.exists:
            yield Seen(
                f"{show(project.relative(each.directory))} in STATICFILES_DIRS does not exist.",
                f"mkdir -p {project.relative(each.directory)} && touch {project.relative(each.directory)}/.gitkeep",
                *place,
            )
    if project.is_deployed:
        for path in project.ignored:
            yield Seen(
                f"{show(project.relative(path))} in STATICFILES_DIRS is not in git (empty, or ignored), "
                "so a deployed copy does not have it.",
                f"git add -f {project.relative(path)}  # after a file is in it; or build it before collectstatic",
                *place,
            )


def _dotfiles(project: Project) -> Iterator[Seen]:
    wanted = [path for path, owner in project.hidden if project.places[owner].is_projects and _is_for_the_web(path)]
    if wanted:
        yield Seen(
            f"collectstatic leaves out what begins with a dot: {some(map(project.relative, wanted))}.",
            "from django.contrib.staticfiles.apps import StaticFilesConfig\n\n\n"
            "class Static(StaticFilesConfig):  # put its path in INSTALLED_APPS instead of the app\n"
            '    ignore_patterns = ["CVS", "*~"]',
            wanted[0],
        )


def _is_for_the_web(path: str) -> bool:
    if f"{os.sep}.well-known{os.sep}" in path:
        return True
    name = os.path.basename(path)
    return name[0] == "." and name.endswith(_WEB) and "rc." not in name and name not in _WEB


def _too_much(project: Project) -> Iterator[Seen]:
    modules = [name for name in project.found if "node_modules/" in name]
    size = sum(file.size for file in project.found.values())
    if modules:
        yield Seen(
            f"{len(modules):,} of {len(project.found):,} static files are from node_modules.",
            "List the directories that pages need (node_modules/bootstrap/dist) in STATICFILES_DIRS, or build "
            "bundles; or: collectstatic --ignore node_modules",
            project.found[modules[0]].path,
        )
    elif len(project.found) > _MANY_FILES or size > _SLUG_BYTES:
        yield Seen(
            f"There are {len(project.found):,} static files with {size / 1e6:,.0f} MB.",
            "Leave out what no page needs: collectstatic --ignore PATTERN; large media belong in a bucket.",
        )


def _unreadable(project: Project) -> Iterator[Seen]:
    for each in project.unreadable[:_MAX_SHOWN]:
        path, _, reason = each.rpartition(": ")
        yield Seen(
            f"{project.relative(path)} cannot be read ({reason}).", f"chmod -R u+rX {project.relative(path)}", path
        )


RULES: Final = (
    Rule(
        "W012",
        "files",
        "two files have one name",
        "Only the first is collected; the page gets a style or script of another app.",
        _collisions,
    ),
    Rule(
        "W017",
        "files",
        "a directory of STATICFILES_DIRS is missing",
        "Its files are not collected; git keeps no empty directories, so this shows only in the deployed copy.",
        _missing_directories,
    ),
    Rule(
        "W029",
        "files",
        "dotfiles are not collected",
        "Their URLs are 404; /.well-known/ is what clients and authorities ask for.",
        _dotfiles,
    ),
    Rule("W033", "files", "there is too much", "Builds and starts are slow, and memory runs short.", _too_much),
    Rule("W044", "files", "something cannot be read", "collectstatic fails there, or leaves it out.", _unreadable),
)
