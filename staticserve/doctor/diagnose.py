"""Asks all rules about a project, and sorts what they say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from staticserve.doctor.findings import RULES
from staticserve.doctor.model import ERROR, TOPICS, WARNING, CollectedFile, Diagnosis, Finding, Source
from staticserve.doctor.rule import without_credentials
from staticserve.doctor.sources import describe_shadowed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from staticserve.doctor.project import Project
    from staticserve.doctor.rule import Rule

_BROKEN_RULE: Final = "staticserve.W049"


def diagnose(
    project: Project,
    extra: Iterable[Finding] = (),
    *,
    only: Collection[str] = (),
    ignore: Collection[str] = (),
    codings: Mapping[str, Mapping[str, int]] | None = None,
) -> Diagnosis:
    """Return the diagnosis. ``extra`` are findings of a probe; ``only`` and ``ignore`` are ids, short or whole."""
    found = [*find_all(project), *extra]
    settings = project.settings
    return Diagnosis(
        name=project.module.partition(".")[0] if project.module else os.path.basename(project.root),
        root=project.root,
        static_url=None if settings.static_url is None else without_credentials(settings.static_url),
        static_root=settings.static_root,
        debug=settings.debug if settings.knows("DEBUG") else None,
        storage=settings.storage,
        server=project.server,
        sources=_sources(project),
        findings=select(found, only, {*ignore, *settings.silenced}),
        files=_files(project, codings or {}),
        shadowed=tuple(
            describe_shadowed(name, project.found[name], losers) for name, losers in project.shadowed.items()
        ),
        releases=project.releases,
    )


def find_all(project: Project, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """Return what the rules find."""
    found: list[Finding] = []
    for rule in rules:
        try:
            found += rule.find(project)
        # Somebody's project has what no rule expects: that is no reason to say nothing at all.
        except Exception as error:
            found.append(_broken(rule, error))
    return found


def select(found: Iterable[Finding], only: Collection[str], ignore: Collection[str]) -> tuple[Finding, ...]:
    """Return the findings that are asked for: errors first, then by topic and id."""
    wanted = [each for each in found if (not only or _is_named(each, only)) and not _is_named(each, ignore)]
    severities = (ERROR, WARNING)
    order = {topic: number for number, topic in enumerate(TOPICS)}
    return tuple(sorted(wanted, key=lambda each: (severities.index(each.severity), order[each.topic], each.id[-3:])))


def _is_named(finding: Finding, ids: Collection[str]) -> bool:
    return finding.id in ids or finding.id.partition(".")[2] in ids


def _broken(rule: Rule, error: Exception) -> Finding:
    return Finding(
        id=_BROKEN_RULE,
        severity=WARNING,
        topic=rule.topic,
        message=f"The doctor could not look for {rule.id} ({type(error).__name__}).",
        why="What is wrong there is not said.",
        cure="Please report it, with the project's settings but their secrets.",
    )


def _sources(project: Project) -> tuple[Source, ...]:
    counts = [[0, 0] for _ in project.places]
    for file in project.found.values():
        counts[file.owner][0] += 1
        counts[file.owner][1] += file.size
    return tuple(
        Source(place.directory, place.app, files, size)
        for place, (files, size) in zip(project.places, counts, strict=True)
    )


def _files(project: Project, codings: Mapping[str, Mapping[str, int]]) -> tuple[CollectedFile, ...]:
    paths = project.manifest.paths if project.manifest is not None else {}
    logical = {hashed: name for name, hashed in paths.items() if hashed != name}
    return tuple(
        CollectedFile(name, size, codings.get(name, {}), logical.get(name)) for name, size in project.collected.items()
    )
