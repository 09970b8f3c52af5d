"""Makes the diagnosis of a project: what all rules say of it, and what there is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from staticserve.doctor.asking import find_all, select
from staticserve.doctor.model import CollectedFile, Diagnosis, Source
from staticserve.doctor.rule import without_credentials
from staticserve.doctor.rules import RULES
from staticserve.doctor.sources import describe_shadowed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from staticserve.doctor.finding import Finding
    from staticserve.doctor.project import Project


def diagnose(
    project: Project,
    extra: Iterable[Finding] = (),
    *,
    only: Collection[str] = (),
    ignore: Collection[str] = (),
) -> Diagnosis:
    """Return the diagnosis. ``extra`` are findings of a probe; ``only`` and ``ignore`` are ids, short or whole."""
    found = [*find_all(project, RULES), *extra]
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
        files=_files(project),
        shadowed=tuple(
            describe_shadowed(name, project.found[name], losers) for name, losers in project.shadowed.items()
        ),
        releases=project.releases,
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


def _files(project: Project) -> tuple[CollectedFile, ...]:
    paths = project.manifest.paths if project.manifest is not None else {}
    logical = {hashed: name for name, hashed in paths.items() if hashed != name}
    return tuple(
        CollectedFile(name, size, project.codings.get(name, {}), logical.get(name))
        for name, size in project.collected.items()
    )
