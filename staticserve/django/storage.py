"""Static files storages that end ``collectstatic`` with the build of the release store."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage

from staticserve.django.conf import read_configuration
from staticserve.django.static import name_within
from staticserve.errors import BuildError, StoreError
from staticserve.manifest import Manifest
from staticserve.pipeline.build import build_store
from staticserve.placing import written_beside
from staticserve.store import STORE_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("staticserve")

# What these storages have as class attributes, and Django takes from no OPTIONS.
_ATTRIBUTES = (
    "keep_intermediate_files",
    "keep_only_hashed",
    "manifest_name",
    "manifest_strict",
    "max_post_process_passes",
    "support_js_module_import_aggregation",
)


# A mixin's superclass is whatever it is put before: here, any storage with a manifest.
_Base: Any = object


class StaticServeMixin(_Base):  # type: ignore[misc]  # see above
    """Put this before a manifest storage of your own: ``class Mine(StaticServeMixin, TheirStorage)``.

    ``collectstatic`` then builds the store when all names are hashed. A missing source map is a warning, not the
    end of the build. The class attributes that change what Django's storage does may be given as OPTIONS.
    """

    keep_only_hashed = False
    """Whether originals are deleted when they have been hashed. Who asks for one gets the hashed one's content."""

    def __init__(self, *args: Any, **options: Any) -> None:
        for name in _ATTRIBUTES:
            if name in options:
                setattr(self, name, options.pop(name))
        self._replaced: set[str] | None = None
        super().__init__(*args, **options)

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool | Exception]]:
        """Hash the names as the other storage does, then build the store."""
        if dry_run:
            return
        failed = False
        self._replaced = set()
        try:
            for name, hashed_name, processed in super().post_process(paths, dry_run=False, **options):
                failed = failed or isinstance(processed, Exception)
                yield name, hashed_name, processed
        finally:
            replaced, self._replaced = self._replaced, None
            for name in replaced:
                self.delete(name)
        if not failed:
            if self.keep_only_hashed:
                self._delete_originals()
            manifest = Manifest(self.hashed_files, self.manifest_hash, name_within(self.location, self))
            try:
                report = build_store(self.location, manifest, read_configuration().build)
            except (BuildError, StoreError) as error:
                yield error.path, None, error
            else:
                log.info("%s", report.summary())

    def _delete_originals(self) -> None:
        for name, hashed_name in self.hashed_files.items():
            if hashed_name != name and self.exists(hashed_name):
                self.delete(name)

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        """Return the hashed name. A source map that is not there keeps its own, with a warning."""
        try:
            hashed: str = super().hashed_name(name, content, filename)
        except ValueError:
            if content is not None or not name.strip().endswith(".map"):
                raise
            log.warning("the source map %s is not there; the reference to it is left as it is", name)
            return name
        return hashed

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return directories and files, without the store: ``collectstatic --clear`` leaves it alone."""
        directories, files = super().listdir(path)
        if os.path.normpath(self.path(path)) == os.path.normpath(self.location):
            directories = [name for name in directories if name != STORE_DIRECTORY]
        return directories, files

    # Post-processing deletes each style sheet and script before it writes it anew, mostly as it was. A live site
    # serves this directory: so a file stays until its successor takes its place whole.

    def delete(self, name: str) -> None:
        """Delete a file; while post-processing, as soon as it is clear that none follows."""
        if self._replaced is None:
            super().delete(name)
        else:
            self._replaced.add(name)

    def exists(self, name: str) -> bool:
        """Return whether there is a file that has not been deleted."""
        return name not in (self._replaced or ()) and super().exists(name)

    def _save(self, name: str, content: Any) -> str:
        if self._replaced is not None and self._has(name, content):
            self._replaced.discard(name)
            return name
        with written_beside(self.path(name)) as temporary:
            super()._save(os.path.join(os.path.dirname(name), os.path.basename(temporary)), content)
        if self._replaced is not None:
            self._replaced.discard(name)
        return name

    def _has(self, name: str, content: Any) -> bool:
        """Return whether there is a file with this content. Post-processing writes most of them as they were."""
        path = self.path(name)
        with suppress(OSError):
            if os.path.getsize(path) == content.size:
                content.seek(0)
                with open(path, "rb") as file:
                    is_same: bool = file.read() == content.read()
                content.seek(0)
                return is_same
        return False


class StaticServeStorage(StaticServeMixin, ManifestStaticFilesStorage):  # type: ignore[misc]  # the stubs disagree
    """Django's manifest storage, with a release store."""
