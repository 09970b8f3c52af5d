"""Findings in what style sheets and scripts refer to, on which collectstatic fails, or which it spoils."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from staticserve.doctor.findings.templates import nearest
from staticserve.doctor.links import find_cycles
from staticserve.doctor.rule import Rule, Seen, show, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staticserve.doctor.links import Link
    from staticserve.doctor.project import Project

_MAX_SHOWN: Final = 20


def _broken_links(project: Project) -> Iterator[Seen]:
    if not project.storage.hashes or project.storage.judges_references:
        return
    for name, link in islice(_broken(project), _MAX_SHOWN):
        yield Seen(
            f"{name} refers to {show(link.written)}: there is no {link.target}.",
            _cure(project, link),
            project.found[name].path,
            link.line,
        )


def _broken(project: Project) -> Iterator[tuple[str, Link]]:
    for name, links in project.links.items():
        for link in links:
            is_there = link.target in project.found or link.target in project.collected
            if is_there or (link.is_map and project.storage.misses_maps) or _is_directory(project, link.target):
                continue
            yield name, link


def _cure(project: Project, link: Link) -> str:
    if link.is_map:
        return (
            "Add the source map, or delete the line with sourceMappingURL; or use "
            "staticserve.django.storage.StaticServeStorage, which only warns."
        )
    near = nearest(link.target, project.found)
    return f"Add the file, or correct the reference{'' if near is None else f': there is {near}'}."


def _is_directory(project: Project, target: str) -> bool:
    return any(name.startswith(f"{target}/") for name in project.found)


def _cycles(project: Project) -> Iterator[Seen]:
    if not project.storage.hashes or project.storage.judges_references:
        return
    graph = {
        name: {link.target for link in links if link.target in project.links} for name, links in project.links.items()
    }
    for group in find_cycles(graph):
        yield Seen(
            f"{' → '.join([*group, group[0]]) if len(group) < 3 else some(group)} refer to each other in a circle.",
            "Take one of the references out: what both need goes into a third file. Or use "
            "django-manifeststaticfiles-enhanced, which hashes a circle as one.",
            project.found[group[0]].path,
        )


def _lost_uris(project: Project) -> Iterator[Seen]:
    for name, count in list(project.lost_uris.items())[:_MAX_SHOWN]:
        yield Seen(
            f"collectstatic changed {count} data URIs in {name}.",
            "Put the SVG into a file of its own; or use Django 6.1, or django-manifeststaticfiles-enhanced.",
            project.collected_path(name),
        )


RULES: Final = (
    Rule(
        "E015",
        "collecting",
        "a reference leads nowhere",
        'collectstatic fails: "The file … could not be found", one file at a time.',
        _broken_links,
    ),
    Rule(
        "E016",
        "collecting",
        "files refer to each other in a circle",
        'collectstatic fails: "Max post-process passes exceeded."',
        _cycles,
    ),
    Rule(
        "W038",
        "collecting",
        "data URIs were changed",
        "Icons in style sheets vanish in production only: Django up to 6.0 rewrites url(%23id) inside them.",
        _lost_uris,
    ),
)
