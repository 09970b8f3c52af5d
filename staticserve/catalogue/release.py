"""The releases in a store, and the tree that it was built from: nothing is read until it is asked for."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from staticserve.catalogue.contents import StoredContents
from staticserve.catalogue.index_files import make_name_resolver
from staticserve.catalogue.late import LateFiles
from staticserve.catalogue.listing import list_releases
from staticserve.catalogue.live import LiveCatalogue
from staticserve.catalogue.resources import Described, make_resource_maker
from staticserve.catalogue.scan import is_visible
from staticserve.errors import StoreError
from staticserve.model import Redirect, Resource
from staticserve.semantics.dictionaries import LEAST_BYTES, MOST_BYTES
from staticserve.semantics.hashed_names import parse_hashed_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from staticserve.catalogue import Catalogue
    from staticserve.options import Options
    from staticserve.store import Record, StoreReader

log = logging.getLogger("staticserve")

T = TypeVar("T")


class ReleaseCatalogue:
    """The newest release in a store. If the store turns out to be damaged, the directory takes its place."""

    is_live = False
    is_quick = False

    def __init__(
        self, root: str, reader: StoreReader, options: Options, make_directory: Callable[[], Catalogue]
    ) -> None:
        self._root = root
        self._reader = reader
        self._options = options
        self._make_directory = make_directory
        self._directory: Catalogue | None = None
        self._lock = Lock()
        self._resolve = make_name_resolver(options)
        self._make_resource = make_resource_maker(options)
        self._contents = StoredContents(root, reader, options, self._give_up)
        self._late = LateFiles(LiveCatalogue(root, options), reader, always=options.late_files)

    @property
    def release(self) -> str | None:
        """Return the name of the newest release."""
        return self._ask(lambda: self._reader.release().row.name, lambda directory: directory.release)

    def may_have(self, name: str) -> bool:
        """Return whether the store has such a name, or something else might."""
        if self._directory is not None:
            return self._directory.may_have(name)
        if self._late.may_be_there():
            return True
        try:
            return self._resolve(name, self._has) is not None
        except StoreError:
            return True

    def find(self, name: str, url: str) -> Resource | Redirect | None:
        """Return what is called ``name``, as ``Catalogue`` has it."""
        if self._directory is None:
            try:
                return self._find(name, url)
            except StoreError as error:
                self._give_up(error)
        assert self._directory is not None
        return self._directory.find(name, url)

    def find_by_digest(self, name: str, digest: str, url: str) -> Resource | None:
        """Return the file ``name`` of the newest release if its MD5 begins with these 12 hex digits."""
        return self._ask(
            lambda: self._find_by_digest(name, digest, url),
            lambda directory: directory.find_by_digest(name, digest, url),
        )

    def find_alias(self, name: str) -> str | None:
        """Return the hashed name that a logical one has in the newest release."""
        return self._ask(lambda: self._reader.find_alias(name), lambda directory: directory.find_alias(name))

    def find_forgotten(self, name: str) -> str | None:
        """Return the name of the release that had a file which is no longer kept."""
        return self._ask(lambda: self._reader.find_forgotten(name), lambda directory: None)

    def list_releases(self) -> list[dict[str, Any]]:
        """Return what other builds need to keep these releases, the newest first, as JSON has it."""
        return self._ask(lambda: list_releases(self._reader.snapshot()), lambda directory: [])

    def _ask(self, ask: Callable[[], T], ask_directory: Callable[[Catalogue], T]) -> T:
        if self._directory is None:
            try:
                return ask()
            except StoreError as error:
                self._give_up(error)
        assert self._directory is not None
        return ask_directory(self._directory)

    def _has(self, name: str) -> bool:
        return self._reader.has(name) or self._reader.find_alias(name) is not None

    def _find(self, name: str, url: str) -> Resource | Redirect | None:
        found: str | Redirect | None = name
        if self._options.index_file is not None:
            found = self._resolve(name, self._has)
        if isinstance(found, Redirect):
            return found
        if found is None or not self._is_visible(found):
            return self._late.find(name, url)
        record = self._reader.find(found)
        if record is not None:
            return self._describe(found, url, record)
        # The original was deleted, which some storages do when they have hashed it: its content is there.
        hashed = self._reader.find_alias(found)
        record = None if hashed is None else self._reader.find(hashed)
        if hashed is None or record is None:
            return self._late.find(name, url)
        return self._describe(hashed, url, record._replace(is_proven=False))

    def _find_by_digest(self, name: str, digest: str, url: str) -> Resource | None:
        if self._reader.find_digest(name) != digest or not self._is_visible(name):
            return None
        record = self._reader.find(name)
        if record is None or record.md5 != digest:
            return None
        found = self._describe(name, url, record._replace(is_proven=True))
        # It may have been changed since the build.
        return found if found is not None and found.codings[0].sha256 == record.sha256 else None

    def _describe(self, name: str, url: str, record: Record) -> Resource | None:
        identity = self._contents.find_identity(name, url, record)
        if identity is None or isinstance(identity, Resource):
            return identity
        codings, deltas = self._contents.list_codings(identity, record)
        is_dictionary = (
            self._options.dictionaries
            and record.is_proven
            and len(codings) > 1
            and LEAST_BYTES <= record.size <= MOST_BYTES
            and parse_hashed_name(name) is not None
        )
        return self._make_resource(
            Described(
                path=f"{self._root}/{name}",
                url=url,
                codings=codings,
                mtime=record.mtime_ns / 1e9,
                is_proven=record.is_proven,
                deltas=deltas if is_dictionary else (),
                is_dictionary=is_dictionary,
            )
        )

    def _give_up(self, error: StoreError) -> None:
        with self._lock:
            if self._directory is None:
                log.error("%s; the directory is served instead until it is built again", error)
                self._directory = self._make_directory()

    def _is_visible(self, name: str) -> bool:
        if "/." not in name and not name.startswith("."):
            return True
        return all(is_visible(part, self._options) for part in name.split("/") if part[:1] == ".")
