"""Where the octets are of what a release store knows: in the tree, in its blobs, or kept beside it."""

from __future__ import annotations

import hashlib
import logging
import os
from functools import partial
from typing import TYPE_CHECKING

from staticserve.catalogue.files import FileReader
from staticserve.codings import SUFFIXES, decode
from staticserve.errors import OctetsChangedError, StoreError
from staticserve.model import Coded
from staticserve.octets import DeferredOctets, identify, open_regular
from staticserve.semantics.negotiation import IDENTITY
from staticserve.store import KEPT_DIRECTORY, STORE_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from staticserve.model import Resource
    from staticserve.octets import Octets
    from staticserve.options import Options
    from staticserve.store import Record, StoreReader

log = logging.getLogger("staticserve")


class StoredContents:
    """Finds the octets of records. ``give_up`` is told when a blob turns out to be damaged."""

    def __init__(self, root: str, reader: StoreReader, options: Options, give_up: Callable[[StoreError], None]) -> None:
        self._root = root
        self._reader = reader
        self._options = options
        self._give_up = give_up
        # For what is not as it was built: no manifest speaks for that.
        self._files = FileReader(root, options)
        self._reported: set[str] = set()

    def find_identity(self, name: str, url: str, record: Record) -> Octets | Resource | None:
        """Return where a file's octets are, nothing if they are lost; the resource that it is now, if it has changed.

        Raises ``StoreError``.
        """
        path = f"{self._root}/{name}"
        status = _stat(path) if record.release == self._reader.release().id else None
        if status is None:
            # Of an earlier release, or deleted, or about to be written anew by the next collectstatic.
            beside = self._find_beside(record)
            if beside is None:
                self._report(name, "is lost: neither the tree nor the store has it; build again")
            return beside
        if _is_as_built(status, record) and not self._may_leave_root():
            return self._place(path, status, record)
        found = self._files.read(name, (), url)
        if found is None or found.codings[0].sha256 != record.sha256:
            self._report(name, "is not what it was at the build: it is served as it is now; build again")
            return found
        return self._place(path, os.stat(path), record)

    def list_codings(self, identity: Octets, record: Record) -> tuple[list[Coded], list[Coded]]:
        """Return the codings of a content, identity first, and its deltas."""
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
        return codings, deltas

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

    def _report(self, name: str, what: str) -> None:
        if name not in self._reported:
            self._reported.add(name)
            log.error("%s %s", name, what)

    def _may_leave_root(self) -> bool:
        return self._reader.release().row.follows_symlinks and not self._options.follow_symlinks


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
