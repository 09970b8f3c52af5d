"""What there is to know of a project before its files are looked at."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from staticserve.doctor.parsed import places_from, settings_from, template_dirs_from
from staticserve.doctor.sources import IGNORED
from staticserve.doctor.storage import Storage, known_storage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from staticserve.doctor.entry import Entry
    from staticserve.doctor.project import Failure, Place, SourceFile
    from staticserve.doctor.settings import Settings
    from staticserve.doctor.settings_source import ParsedSettings


class Known(NamedTuple):
    """What Django, or parsing alone, tells of a project."""

    root: str
    module: str | None
    django: tuple[int, ...]
    settings: Settings
    parsed: ParsedSettings
    storage: Storage
    places: Sequence[Place]
    template_dirs: Sequence[str]
    environment: Mapping[str, str]
    failure: Failure | None = None
    manifest_path: str | None = None
    ignored_patterns: Sequence[str] = IGNORED
    others: Mapping[str, SourceFile] = {}
    """Files of finders that are not Django's."""
    problems: Sequence[str] = ()


def know_by_parsing(
    entry: Entry, parsed: ParsedSettings, failure: Failure | None, django: tuple[int, ...] = ()
) -> Known:
    """Return what parsing alone tells. ``django`` is the version that there is."""
    settings, search = settings_from(parsed, entry.root), [entry.root, *sys.path]
    return Known(
        root=entry.root,
        module=entry.module,
        django=django,
        settings=settings,
        parsed=parsed,
        storage=known_storage(settings.storage),
        places=places_from(settings, entry.root, search),
        template_dirs=template_dirs_from(parsed, settings, entry.root, search),
        environment=dict(os.environ),
        failure=failure,
    )
