"""A release store and the tree that it was built from: nothing is read until it is asked for."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import time
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from staticserve.catalogue import EmptyCatalogue
from staticserve.catalogue.directory import DirectoryCatalogue
from staticserve.catalogue.files import FileReader
from staticserve.catalogue.index_files import make_name_resolver
from staticserve.catalogue.listing import list_releases
from staticserve.catalogue.live import LiveCatalogue
from staticserve.catalogue.resources import Described, make_resource_maker
from staticserve.catalogue.scan import is_visible
from staticserve.codings import SUFFIXES, decode
from staticserve.errors import OctetsChangedError, StoreError
from staticserve.manifest import MANIFEST_NAME, Manifest, hash_manifest
from staticserve.model import Coded, Redirect
from staticserve.octets import DeferredOctets, identify, open_regular
from staticserve.semantics.dictionaries import LEAST_BYTES, MOST_BYTES
from staticserve.semantics.hashed_names import parse_hashed_name
from staticserve.semantics.negotiation import IDENTITY
from staticserve.store import KEPT_DIRECTORY, STORE_DIRECTORY, STORE_NAME, StoreReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from staticserve.catalogue import Catalogue
    from staticserve.model import Resource
    from staticserve.octets import Octets
    from staticserve.options import Options
    from staticserve.store import Record

log = logging.getLogger("staticserve")

T = TypeVar("T")


def open_catalogue(root: str, options: Options, read_manifest: Callable[[], Manifest], cure: str = "") -> Catalogue:
    """Return the catalogue of a release store if ``root`` has one that describes it, else of the directory.

    ``cure`` is added to the log line that says that the directory cannot be read.
    """
    make_directory = partial(_make_directory, root, options, read_manifest, cure)
    path = f"{root}/{STORE_NAME}"
    if not os.path.exists(path):
        return make_directory()
    reader = StoreReader(path)
    try:
        _check_describes(root, reader)
    except StoreError as error:
        log.error("%s; the directory is served instead until it is built again", error)
        return make_directory()
    finally:
        # Whoever asks next may be another process, to which an open database must not be handed.
        reader.close()
    return ReleaseCatalogue(root, reader, options, make_directory)


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
        # For what is not as it was built: no manifest speaks for that.
        self._files = FileReader(root, options)
        self._late = _LateFiles(LiveCatalogue(root, options))
        self._look_again = 0.0
        self._is_superseded = options.late_files
        self._reported: set[str] = set()

    @property
    def release(self) -> str | None:
        """Return the name of the newest release."""
        return self._ask(lambda: self._reader.release().row.name, lambda directory: directory.release)

    def may_have(self, name: str) -> bool:
        """Return whether the store has such a name, or something else might."""
        if self._directory is not None:
            return self._directory.may_have(name)
        if self._may_be_late():
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
            return self._find_late(name, url)
        record = self._reader.find(found)
        if record is not None:
            return self._describe(found, url, record)
        # The original was deleted, which some storages do when they have hashed it: its content is there.
        hashed = self._reader.find_alias(found)
        record = None if hashed is None else self._reader.find(hashed)
        if hashed is None or record is None:
            return self._find_late(name, url)
        return self._describe(hashed, url, record._replace(is_proven=False))

    def _find_late(self, name: str, url: str) -> Resource | Redirect | None:
        """Return a file that came after the build, if that is asked for or the next release is there already."""
        return self._late.find(name, url) if self._may_be_late() else None

    def _may_be_late(self) -> bool:
        """Return whether the tree may have what this store has not.

        When another store has taken its place, new workers print the new release's URLs, and old connections still
        lead here, for seconds at least. Once a second is enough to know it.
        """
        now = time.monotonic()
        if not self._is_superseded and now >= self._look_again:
            self._look_again = now + _BETWEEN_LOOKS
            self._is_superseded = self._reader.is_superseded()
        return self._is_superseded

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
        path = f"{self._root}/{name}"
        status = _stat(path) if record.release == self._reader.release().id else None
        identity: Octets | None
        if status is None:
            # Of an earlier release, or deleted, or about to be written anew by the next collectstatic.
            identity = self._find_beside(record)
            if identity is None:
                self._report(name, "is lost: neither the tree nor the store has it; build again")
                return None
        elif _is_as_built(status, record) and not self._may_leave_root():
            identity = self._place(path, status, record)
        else:
            found = self._files.read(name, (), url)
            if found is None or found.codings[0].sha256 != record.sha256:
                self._report(name, "is not what it was at the build: it is served as it is now; build again")
                return found
            identity = self._place(path, os.stat(path), record)
        codings = [Coded(IDENTITY, record.size, identity, record.sha256)]
        deltas = []
        for coding, _, size, sha256, dictionary in record.encodings:
            if sha256 is None:
                continue
            octets = DeferredOctets(partial(self._read_blob, sha256))
            if dictionary is not None:
                deltas.append(Coded(coding, size, octets, sha256, dictionary))
            elif coding in self._options.codings:
                codings.append(Coded(coding, size, octets, sha256))
        is_dictionary = (
            self._options.dictionaries
            and record.is_proven
            and len(codings) > 1
            and LEAST_BYTES <= record.size <= MOST_BYTES
            and parse_hashed_name(name) is not None
        )
        return self._make_resource(
            Described(
                path=path,
                url=url,
                codings=codings,
                mtime=record.mtime_ns / 1e9,
                is_proven=record.is_proven,
                deltas=deltas if is_dictionary else (),
                is_dictionary=is_dictionary,
            )
        )

    def _place(self, path: str, status: os.stat_result, record: Record) -> Octets:
        if record.size > self._options.memory_per_file:
            return identify(path, status)
        return DeferredOctets(partial(_read_tree, path, record.sha256))

    def _find_beside(self, record: Record) -> Octets | None:
        """Return the octets of a content that the tree does not have: from one of its codings, or as it is kept."""
        for name in SUFFIXES.values():
            for coding, _, _, sha256, _ in record.encodings:
                if coding == name and sha256 is not None:
                    return DeferredOctets(partial(self._decode_blob, coding, sha256, record.sha256))
        path = f"{self._root}/{STORE_DIRECTORY}/{KEPT_DIRECTORY}/{record.sha256}"
        try:
            if record.size <= self._options.memory_per_file:
                return _read_tree(path, record.sha256)
            # Too large to be checked each time that it is sent.
            with open_regular(path) as file:
                is_whole = hashlib.file_digest(file, "sha256").hexdigest() == record.sha256
                return identify(path, os.fstat(file.fileno())) if is_whole else None
        except (OSError, OctetsChangedError):
            return None

    def _decode_blob(self, coding: str, sha256: str, content_sha256: str) -> bytes:
        octets = decode(coding, self._read_blob(sha256), content_sha256)
        if octets is None:
            error = StoreError(self._reader.path, f"blob {sha256} does not decode to its content")
            self._give_up(error)
            raise OctetsChangedError(self._reader.path) from error
        return octets

    def _read_blob(self, sha256: str) -> bytes:
        try:
            return self._reader.read_blob(sha256)
        except StoreError as error:
            self._give_up(error)
            raise OctetsChangedError(self._reader.path) from error

    def _give_up(self, error: StoreError) -> None:
        with self._lock:
            if self._directory is None:
                log.error("%s; the directory is served instead until it is built again", error)
                self._directory = self._make_directory()

    def _report(self, name: str, what: str) -> None:
        if name not in self._reported:
            self._reported.add(name)
            log.error("%s %s", name, what)

    def _may_leave_root(self) -> bool:
        return self._reader.release().row.follows_symlinks and not self._options.follow_symlinks

    def _is_visible(self, name: str) -> bool:
        if "/." not in name and not name.startswith("."):
            return True
        return all(is_visible(part, self._options) for part in name.split("/") if part[:1] == ".")


class _LateFiles:
    """Looks for files that came after the build. What is not there is remembered, so that a flood costs nothing."""

    def __init__(self, live: LiveCatalogue) -> None:
        self._live = live
        self._missing: dict[str, float] = {}

    def find(self, name: str, url: str) -> Resource | Redirect | None:
        now = time.monotonic()
        if self._missing.get(name, 0.0) > now:
            return None
        found = self._live.find(name, url)
        if found is None:
            if len(self._missing) >= _MOST_MISSING:
                self._missing.clear()
            self._missing[name] = now + _MISSING_FOR
        return found


_BETWEEN_LOOKS: Final = 1.0  # seconds

_MOST_MISSING: Final = 4096
_MISSING_FOR: Final = 5.0  # seconds


def _make_directory(
    root: str, options: Options, read_manifest: Callable[[], Manifest], cure: str
) -> DirectoryCatalogue | EmptyCatalogue:
    try:
        return DirectoryCatalogue(root, options, read_manifest())
    except OSError as error:
        log.error("cannot read %s (%s): nothing is served from it%s", root, error.strerror, cure)
        return EmptyCatalogue()


# Django writes the hash last.
_MANIFEST_TAIL: Final = 256
_MANIFEST_HASH: Final = re.compile(rb'"hash":\s*"([0-9a-f]*)"')


def _check_describes(root: str, reader: StoreReader) -> None:
    """Raise ``StoreError`` if a store is plainly not of this tree: of an older collection, or of another project.

    A few reads, whatever the number of files. A single file that differs is noticed when it is asked for.
    """
    release = reader.release().row
    if release.manifest_hash is None:
        if os.path.exists(f"{root}/{MANIFEST_NAME}"):
            raise StoreError(reader.path, f"it is older than {MANIFEST_NAME}")
    elif release.manifest is not None:
        if release.manifest_hash.startswith("sha256:"):
            found = hash_manifest(root, release.manifest)
        else:
            found = _read_manifest_hash(f"{root}/{release.manifest}")
        if found is not None and found != release.manifest_hash:
            raise StoreError(reader.path, f"it is not of the release that {release.manifest} is of")
    sample = reader.sample()
    if sample and not any(os.path.exists(f"{root}/{name}") for name in sample):
        raise StoreError(reader.path, f"it is of another tree (there is no {sample[0]} here)")


def _read_manifest_hash(path: str) -> str | None:
    try:
        with open_regular(path) as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _MANIFEST_TAIL, 0))
            match = _MANIFEST_HASH.search(file.read(_MANIFEST_TAIL))
    except OSError:
        return None
    return match[1].decode() if match else None


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _is_as_built(status: os.stat_result, record: Record) -> bool:
    # Nobody can set the ctime, so with all three equal nothing has been written since. A tree that was copied has
    # others: there a file is read before the first word is said about it.
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns) == (record.size, record.mtime_ns, record.ctime_ns)


def _read_tree(path: str, sha256: str) -> bytes:
    try:
        with open_regular(path) as file:
            octets = file.read()
    except OSError as error:
        raise OctetsChangedError(path) from error
    if hashlib.sha256(octets).hexdigest() != sha256:
        raise OctetsChangedError(path)
    return octets
