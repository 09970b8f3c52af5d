"""What the static files storage does, in plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PLAIN_STORAGE: Final = "django.contrib.staticfiles.storage.StaticFilesStorage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What the static files storage does, as far as the findings must know."""

    hashes: bool = False
    """Whether it has a manifest of hashed names."""
    is_strict: bool = True
    """Whether a name that is not in the manifest is an error."""
    names_are_md5: bool = True
    """Whether a hashed name has the MD5 of its own file."""
    misses_maps: bool = False
    """Whether a source map that is not there is only warned about."""
    judges_references: bool = False
    """Whether it checks references itself, all at once, and takes cycles."""
    ignores_comments: bool = False
    """Whether it leaves what is in comments and strings alone."""
    rewrites_imports: bool = False
    problem: str | None = None
    """Why there is no such storage."""


def known_storage(backend: str | None) -> Storage:
    """Return what is known of a storage by its name alone."""
    name = backend or PLAIN_STORAGE
    is_enhanced, is_ours = "enhanced" in name.lower(), name.startswith("staticserve.")
    return Storage(
        hashes=is_ours or ("Manifest" in name and not name.startswith("storages.")),
        names_are_md5=not is_enhanced,
        misses_maps=is_ours,
        judges_references=is_enhanced,
    )
