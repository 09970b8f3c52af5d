"""A directory, read once at start: the names are in memory, everything else waits for a file's first request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from staticserve.bundlers import read_bundled
from staticserve.catalogue import Unreleased
from staticserve.catalogue.files import FileReader
from staticserve.catalogue.index_files import make_name_resolver
from staticserve.catalogue.scan import scan_names
from staticserve.manifest import Manifest

if TYPE_CHECKING:
    from staticserve.model import Redirect, Resource
    from staticserve.options import Options


class DirectoryCatalogue(Unreleased):
    """The files below ``root`` as they were at start. ``manifest`` proves which names are for ever.

    Raises ``OSError`` if ``root`` cannot be read.
    """

    is_live = False
    is_quick = True

    def __init__(self, root: str, options: Options, manifest: Manifest | None = None) -> None:
        manifest = manifest or Manifest()
        self._sidecars = scan_names(root, options)
        if manifest.name is not None:
            self._sidecars.pop(manifest.name, None)
        self._files = len(self._sidecars)
        bundled = read_bundled(root, self._sidecars)
        # The same objects as in the table of files, so that a name is in memory once.
        own = {name: name for name in self._sidecars}
        self._aliases = {
            own.get(logical, logical): own[hashed]
            for logical, hashed in (*bundled.aliases.items(), *manifest.paths.items())
            if hashed in own and hashed != logical
        }
        # Logical names whose file was deleted, which some storages do when they have hashed it.
        self._renamed = {name: hashed for name, hashed in self._aliases.items() if name not in own}
        self._sidecars |= {name: self._sidecars[hashed] for name, hashed in self._renamed.items()}
        self.may_have = self._sidecars.__contains__
        self.release = manifest.release or None
        self._resolve = make_name_resolver(options)
        self._reader = FileReader(root, options, manifest.hashed_names | bundled.names)

    def find(self, name: str, url: str) -> Resource | Redirect | None:
        """Return what is called ``name``, as ``Catalogue`` has it."""
        found = self._resolve(name, self._sidecars.__contains__)
        if not isinstance(found, str):
            return found
        hashed = self._renamed.get(found)
        if hashed is not None:
            return self._reader.read(hashed, self._sidecars[hashed], url, may_be_proven=False)
        return self._reader.read(found, self._sidecars[found], url)

    def find_by_digest(self, name: str, digest: str, url: str) -> Resource | None:
        """Return the file ``name``, as one that is for ever, if its MD5 begins with these 12 hex digits."""
        if name not in self._sidecars or name in self._renamed:
            return None
        return self._reader.read_by_digest(name, self._sidecars[name], url, digest)

    def find_alias(self, name: str) -> str | None:
        """Return the hashed name that a logical one has."""
        return self._aliases.get(name)

    def __len__(self) -> int:
        """Return how many files there are."""
        return self._files
