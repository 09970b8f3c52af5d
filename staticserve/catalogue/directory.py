"""A directory, read once at start: the names are in memory, everything else waits for a file's first request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from staticserve.catalogue.files import FileReader
from staticserve.catalogue.index_files import make_name_resolver
from staticserve.catalogue.scan import scan_names
from staticserve.manifest import Manifest

if TYPE_CHECKING:
    from staticserve.model import Redirect, Resource
    from staticserve.options import Options


class DirectoryCatalogue:
    """The files below ``root`` as they were at start. ``manifest`` proves which names are for ever.

    Raises ``OSError`` if ``root`` cannot be read.
    """

    is_live = False

    def __init__(self, root: str, options: Options, manifest: Manifest | None = None) -> None:
        manifest = manifest or Manifest()
        self._sidecars = scan_names(root, options)
        if manifest.name is not None:
            self._sidecars.pop(manifest.name, None)
        self.may_have = self._sidecars.__contains__
        self._resolve = make_name_resolver(options)
        self._reader = FileReader(root, options, manifest)

    def find(self, name: str, url: str) -> Resource | Redirect | None:
        """Return what is called ``name``, as ``Catalogue`` has it."""
        found = self._resolve(name, self._sidecars.__contains__)
        if isinstance(found, str):
            return self._reader.read(found, self._sidecars[found], url)
        return found

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self._sidecars)
