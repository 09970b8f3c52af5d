"""A directory that is looked at again on every request, for development."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from staticserve.catalogue import Unreleased
from staticserve.catalogue.files import FileReader, is_within
from staticserve.catalogue.index_files import make_name_resolver
from staticserve.catalogue.scan import is_visible
from staticserve.codings import SUFFIXES
from staticserve.manifest import MANIFEST_NAME
from staticserve.octets import FileOctets, identify

if TYPE_CHECKING:
    from staticserve.model import Redirect, Resource
    from staticserve.options import Options

# Enough for any page; a development server need not remember more.
_MOST_KNOWN: Final = 1000


class LiveCatalogue(Unreleased):
    """The files below ``root`` as they are now: added, changed and removed ones are noticed at once."""

    is_live = True
    is_quick = True

    def __init__(self, root: str, options: Options, manifest_name: str | None = MANIFEST_NAME) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._options = options
        self._manifest_name = manifest_name
        self._resolve = make_name_resolver(options)
        # Without the manifest: it may be rewritten at any time. A hashed name is proven by the content.
        self._reader = FileReader(root, options)
        self._known: dict[str, tuple[list[FileOctets], Resource]] = {}

    def may_have(self, name: str) -> bool:
        """Say yes: it would have to look."""
        return True

    def find(self, name: str, url: str) -> Resource | Redirect | None:
        """Return what is called ``name`` now, as ``Catalogue`` has it."""
        found = self._resolve(name, self._exists)
        return self._read(found, url) if isinstance(found, str) else found

    def _read(self, name: str, url: str) -> Resource | None:
        suffixes = [suffix for suffix in SUFFIXES if self._is_file(name + suffix)]
        state = self._state(name, suffixes)
        known_state, resource = self._known.get(name, ([], None))
        if state and state == known_state:
            return resource
        resource = self._reader.read(name, suffixes, url)
        if resource is not None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[name] = (state, resource)
        return resource

    def _state(self, name: str, suffixes: list[str]) -> list[FileOctets]:
        paths = [f"{self._root}/{name}{suffix}" for suffix in ("", *suffixes)]
        try:
            return [identify(path, os.stat(path)) for path in paths]
        except OSError:
            return []

    def _exists(self, name: str) -> bool:
        stem, suffix = os.path.splitext(name)
        return self._is_file(name) and not (suffix in SUFFIXES and (stem == self._manifest_name or self._is_file(stem)))

    def _is_file(self, name: str) -> bool:
        parts = name.split("/")
        if name == self._manifest_name or any(
            part in ("", ".", "..") or (part[0] == "." and not is_visible(part, self._options)) for part in parts
        ):
            return False
        try:
            path = f"{self._root}/{name}"
            return (
                os.path.isfile(path)
                and (self._options.follow_symlinks or is_within(os.path.realpath(path), self._real_root))
                and not self._has_loop(parts[:-1])
            )
        # A NUL, or more characters than a path may have.
        except (OSError, ValueError):
            return False

    def _has_loop(self, directories: list[str]) -> bool:
        """Return whether one of these nested directories is a link to one that it is in."""
        path, real_path = self._root, self._real_root
        above = {real_path}
        for name in directories:
            path = f"{path}/{name}"
            is_link = os.path.islink(path)
            real_path = os.path.realpath(path) if is_link else f"{real_path}/{name}"
            if is_link and real_path in above:
                return True
            above.add(real_path)
        return False
