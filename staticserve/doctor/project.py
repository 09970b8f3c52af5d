"""What the doctor looks at: a project as it was found, in plain values. Whoever gathers them has done the reading."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from staticserve.doctor.settings_source import ParsedSettings
from staticserve.doctor.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from staticserve.doctor.links import Link
    from staticserve.doctor.model import HeldRelease
    from staticserve.doctor.settings import Settings
    from staticserve.manifest import Manifest


class SourceFile(NamedTuple):
    """A file that ``collectstatic`` would collect; ``owner`` is the place of its directory in ``Project.places``."""

    path: str
    size: int
    mtime: float
    owner: int


@dataclass(frozen=True, slots=True)
class Place:
    """A directory that a finder asks: for STATICFILES_DIRS ``app`` is nothing, and there may be a prefix."""

    directory: str
    app: str | None = None
    prefix: str = ""
    is_projects: bool = True
    """Whether it is part of the project, not of an installed package."""
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """A static file that is named in a template or in code, and where."""

    name: str
    file: str
    line: int


class Failure(NamedTuple):
    """Why the project could not be loaded. ``reason`` has no value of a setting in it."""

    what: str
    reason: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project as it was found. Without Django, or when settings do not import, parts of it are empty."""

    root: str
    """The directory of manage.py, absolute."""
    module: str | None = None
    django: tuple[int, ...] = ()
    """Django's version; empty if it is not installed."""
    settings: Settings
    parsed: ParsedSettings = field(default_factory=ParsedSettings)
    storage: Storage = field(default_factory=Storage)
    failure: Failure | None = None
    deploy: bool = False
    """Whether it is judged as deployed, whatever DEBUG is here."""
    environment: Mapping[str, str] = field(default_factory=dict)

    places: tuple[Place, ...] = ()
    found: Mapping[str, SourceFile] = field(default_factory=dict)
    """By name: the file that wins."""
    shadowed: Mapping[str, tuple[SourceFile, ...]] = field(default_factory=dict)
    """By name: the files that lose, in order."""
    hidden: tuple[tuple[str, int], ...] = ()
    """(path, place) of the files that the default patterns leave out."""
    unreadable: tuple[str, ...] = ()
    """What could not be read, with the reason."""

    manifest: Manifest | None = None
    manifest_path: str | None = None
    manifest_problem: str | None = None
    manifest_time: float | None = None
    """When it was written, in seconds since 1970."""
    collected: Mapping[str, int] = field(default_factory=dict)
    """By name below STATIC_ROOT: bytes."""
    deployed_time: float | None = None
    """When the project's code was put here: manage.py's time."""
    changed: tuple[str, ...] = ()
    """Collected files whose content is no longer what their hashed name says."""
    links: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    """By name of a style sheet or script among the sources: what it refers to."""
    lost_uris: Mapping[str, int] = field(default_factory=dict)
    """By name of a collected style sheet: how many data URIs were changed in it."""
    codings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By name of a collected file: coding → bytes, of the codings that are beside it or in the store."""
    releases: tuple[HeldRelease, ...] = ()
    store_problem: str | None = None
    has_store: bool = False

    references: tuple[Reference, ...] = ()
    hard_coded: tuple[Reference, ...] = ()
    """URLs below STATIC_URL that are written out."""
    error_page: tuple[Reference, ...] = ()
    """What ``500.html`` names."""
    servers: tuple[Reference, ...] = ()
    """What serves static files in this process, and where that is said."""
    fronts: tuple[str, ...] = ()
    """Configurations of web servers that have the static path."""
    guessed_types: Mapping[str, str | None] = field(default_factory=dict)
    """By ending of a file's name: what the machine's table says."""
    deployment: Mapping[str, str] = field(default_factory=dict)
    """By name, the texts of Procfile, .slugignore, app.json and heroku.yml."""
    manage_files: tuple[str, ...] = ()
    """Every manage.py that a build would find, relative to the repository, shallowest first."""
    repository: str | None = None
    ignored: tuple[str, ...] = ()
    """Directories of STATICFILES_DIRS that git does not take along."""

    @property
    def is_deployed(self) -> bool:
        """Return whether what holds with DEBUG=False holds."""
        return self.deploy or (self.settings.knows("DEBUG") and not self.settings.debug)

    @property
    def lacks_manifest(self) -> bool:
        """Return whether hashed names are wanted and there is no manifest that has them, not even a broken one."""
        return self.storage.hashes and self.manifest is None and self.manifest_problem is None

    @property
    def server(self) -> str | None:
        """Return what serves static files in this process; nothing if nothing does."""
        return self.servers[0].name if self.servers else None

    def relative(self, path: str) -> str:
        """Return a path as it is shown: relative to the project where it is below it."""
        below = os.path.relpath(path, self.root)
        return path if below.startswith("..") else below

    def collected_path(self, name: str) -> str:
        """Return the path of a name below STATIC_ROOT."""
        return os.path.join(self.settings.static_root or "", name)
