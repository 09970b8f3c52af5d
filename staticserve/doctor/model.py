"""What the doctor found out: ``Diagnosis``, of plain values, for the terminal, for JSON and for the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from staticserve.doctor.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Source:
    """A directory that ``collectstatic`` asks, in the order in which it asks them."""

    directory: str
    """Absolute."""
    app: str | None
    """The app's name (``django.contrib.admin``); nothing for an entry of STATICFILES_DIRS."""
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class CollectedFile:
    """A file below STATIC_ROOT, and how many bytes each of its codings has."""

    name: str
    """Relative to STATIC_ROOT, with slashes."""
    bytes: int
    codings: Mapping[str, int] = field(default_factory=dict)
    """``gzip``, ``br``, ``zstd`` → bytes; those that there are. Empty: it is only sent as it is."""
    logical: str | None = None
    """If this is a hashed name in the manifest: the name that it stands for."""


@dataclass(frozen=True, slots=True)
class ShadowedName:
    """A name that several sources have: one file wins, the others are never served."""

    name: str
    winner: str
    """Absolute path of the file that is collected."""
    losers: tuple[str, ...]
    """Absolute paths of the others, in the order in which the finders have them."""
    differs: bool
    """Whether any of them has other content than the winner."""


@dataclass(frozen=True, slots=True)
class HeldRelease:
    """A release of which the store has the files."""

    name: str
    """The manifest's hash: twelve hex digits, or longer."""
    files: int
    bytes: int
    """Of its own files, as they are, not encoded."""
    built: str | None = None
    """When, as ISO 8601, in UTC; nothing if the store does not say."""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that the doctor found out about a project. ``findings`` are in the order to show them, errors first."""

    name: str
    """The project's: its settings module, or its directory's name if there is none."""
    root: str
    """The project's directory, absolute."""
    static_url: str | None = None
    """As written in the settings; nothing if unknown or unset."""
    static_root: str | None = None
    """Absolute; nothing if unknown or unset."""
    debug: bool | None = None
    storage: str | None = None
    """The dotted path of the backend of STORAGES["staticfiles"]."""
    server: str | None = None
    """What answers static URLs in production: ``staticserve``, ``whitenoise`` …; nothing if nothing does."""
    sources: tuple[Source, ...] = ()
    findings: tuple[Finding, ...] = ()
    files: tuple[CollectedFile, ...] = ()
    shadowed: tuple[ShadowedName, ...] = ()
    releases: tuple[HeldRelease, ...] = ()

    def count(self, severity: Severity) -> int:
        """Return how many findings have a severity."""
        return sum(finding.severity == severity for finding in self.findings)
