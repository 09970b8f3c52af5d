"""``staticfiles.json``: which hashed name stands for which logical one, as ``collectstatic`` wrote it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from staticserve.errors import ManifestError
from staticserve.octets import open_regular

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST_NAME: Final = "staticfiles.json"

# ManifestFilesMixin.load_manifest reads these.
_VERSIONS: Final = ("1.0", "1.1")


@dataclass(frozen=True)
class Manifest:
    """The names of one release: logical name → the name under which it was written.

    ``release`` is the manifest's own hash (12 hex digits; empty in version 1.0). ``name`` is the manifest's file
    name within the static root, which is not served; ``None`` if it is kept elsewhere.
    """

    paths: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    release: str = ""
    name: str | None = MANIFEST_NAME

    @cached_property
    def hashed_names(self) -> frozenset[str]:
        """Return the names that prove their content. Where key and value are equal, somebody else made the name."""
        return frozenset(hashed for logical, hashed in self.paths.items() if hashed != logical)


def parse_manifest(text: str, path: str, name: str | None = MANIFEST_NAME) -> Manifest:
    """Return the manifest in a JSON text. ``path`` is for the message of the ``ManifestError`` it may raise."""
    try:
        stored = json.loads(text)
    # RecursionError: it nests too deep.
    except (ValueError, RecursionError) as error:
        raise ManifestError(path, f"not JSON ({error})") from error
    if not isinstance(stored, dict) or stored.get("version") not in _VERSIONS:
        raise ManifestError(path, "not a staticfiles manifest of version 1.0 or 1.1")
    return make_manifest(stored.get("paths"), stored.get("hash", ""), path, name)


def make_manifest(paths: object, release: object, path: str, name: str | None) -> Manifest:
    """Return a manifest of these values if they have its shape. Raises ``ManifestError``, which names ``path``."""
    if not isinstance(paths, dict) or not all(isinstance(text, str) for item in paths.items() for text in item):
        raise ManifestError(path, "its paths are not an object of strings")
    return Manifest(MappingProxyType(paths), release if isinstance(release, str) else "", name)


def hash_manifest(root: str, name: str | None) -> str | None:
    """Return a hash for a manifest that has none of its own: of its bytes. Nothing if there is no manifest."""
    try:
        with open_regular(f"{root}/{name}") as file:
            return f"sha256:{hashlib.sha256(file.read()).hexdigest()}"
    except OSError:
        return None


def read_manifest(path: str, name: str | None = MANIFEST_NAME) -> Manifest | None:
    """Return the manifest in a file, or nothing if there is no such file. Raises ``ManifestError``."""
    try:
        with open_regular(path) as file:
            return parse_manifest(file.read().decode(), path, name)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(path, f"not readable ({error})") from error
