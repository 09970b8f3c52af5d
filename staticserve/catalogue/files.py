"""Describes a file and its sidecars, at their first request, as a resource."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import time
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from staticserve.catalogue.resources import Described, make_resource_maker
from staticserve.codings import SUFFIXES, decodes_to
from staticserve.errors import OctetsChangedError
from staticserve.model import Coded
from staticserve.octets import FileOctets, identify, open_octets, open_regular
from staticserve.semantics.hashed_names import parse_hashed_name
from staticserve.semantics.negotiation import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from staticserve.model import Resource
    from staticserve.options import Options

log = logging.getLogger("staticserve")

_PIECE: Final = 256 * 1024

# How often a file that is being written is looked at before it counts as missing, and how long between (seconds).
_ATTEMPTS: Final = 5
_MOMENT: Final = 0.01

# A file, or a directory, that is this old (seconds) is not being written.
_RECENT: Final = 1.0


class FileReader:
    """Turns names below ``root`` into resources. What cannot be read is logged once and is nothing."""

    def __init__(self, root: str, options: Options, proven_names: Collection[str] = ()) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._options = options
        self._proven_names = proven_names
        self._make_resource = make_resource_maker(options)
        self._big: dict[str, _Reading] = {}
        self._reported: set[str] = set()
        self._proven: dict[str, str] = {}
        self._digests: dict[str, str | None] = {}

    def read(self, name: str, suffixes: Sequence[str], url: str, *, may_be_proven: bool = True) -> Resource | None:
        """Return the resource of a file and of those sidecars that hold the same content.

        ``may_be_proven`` says whether the URL has the file's own name, which may prove that it is for ever.
        """
        hashed = parse_hashed_name(name) if may_be_proven else None
        identity = self._read_file(name, with_md5=hashed is not None)
        if identity is None:
            return None
        is_proven = may_be_proven and (
            self._manifest_proves(name, identity.sha256) or (hashed is not None and hashed.digest == identity.digest)
        )
        return self._describe(name, suffixes, url, identity, is_proven=is_proven)

    def read_by_digest(self, name: str, suffixes: Sequence[str], url: str, digest: str) -> Resource | None:
        """Return the resource of a file, as one that is for ever, if its MD5 begins with these 12 hex digits.

        A file is read for its digest once, whatever is asked.
        """
        if name not in self._digests:
            identity = self._read_file(name, with_md5=True)
            self._digests[name] = identity and identity.digest
        if self._digests[name] != digest:
            return None
        identity = self._read_file(name, with_md5=True)
        if identity is None or identity.digest != digest:
            return None
        return self._describe(name, suffixes, url, identity, is_proven=True)

    def _read_file(self, name: str, *, with_md5: bool) -> _Reading | None:
        path = f"{self._root}/{name}"
        try:
            return self._read_within_root(path, with_md5=with_md5)
        except OSError as error:
            self._report(path, f"cannot read {path}: {error.strerror or error}")
        except OctetsChangedError:
            self._report(path, f"cannot read {path}: it changes all the time")
        return None

    def _describe(
        self, name: str, suffixes: Sequence[str], url: str, identity: _Reading, *, is_proven: bool
    ) -> Resource:
        path = f"{self._root}/{name}"
        codings = [Coded(IDENTITY, identity.size, identity.octets, identity.sha256)]
        for suffix in suffixes:
            coded = self._read_sidecar(path + suffix, SUFFIXES[suffix], identity)
            if coded is not None and coded.coding not in {each.coding for each in codings}:
                codings.append(coded)
        return self._make_resource(Described(path, url, codings, identity.mtime, is_proven))

    def _read_within_root(self, path: str, *, with_md5: bool = False) -> _Reading:
        # Asked again at the first request: what was a directory at start may be a link by now.
        if not self._options.follow_symlinks and not is_within(os.path.realpath(path), self._real_root):
            raise OSError("it leads out of the root")
        known = self._big.get(path)
        is_enough = known is not None and (known.digest is not None or not with_md5)
        if known is not None and is_enough and known.place == identify(path, os.stat(path)):
            return known
        reading = _read_settled(path, self._options.memory_per_file, with_md5=with_md5)
        if isinstance(reading.octets, FileOctets):
            self._big[path] = reading
        return reading

    def _read_sidecar(self, path: str, coding: str, identity: _Reading) -> Coded | None:
        if coding not in self._options.codings:
            return None
        try:
            sidecar = self._read_within_root(path)
            if sidecar.size >= identity.size:
                return None
            with _open(sidecar.octets) as file:
                if decodes_to(coding, file, identity.sha256, identity.size):
                    return Coded(coding, sidecar.size, sidecar.octets, sidecar.sha256)
            self._report(path, f"ignored {path}: it does not decode to the file beside it; make it anew")
        except OSError as error:
            self._report(path, f"cannot read {path}: {error.strerror or error}")
        except OctetsChangedError:
            self._report(path, f"cannot read {path}: it changes all the time")
        return None

    def _manifest_proves(self, name: str, sha256: str) -> bool:
        if name not in self._proven_names:
            return False
        # The manifest speaks of the file that it was written with. One that changes under us is another.
        if self._proven.setdefault(name, sha256) == sha256:
            return True
        self._report(name, f"{name} has changed since it was first read; it is served as mutable")
        return False

    def _report(self, key: str, message: str) -> None:
        if key not in self._reported:
            self._reported.add(key)
            log.error("%s", message)


def is_within(real_path: str, real_root: str) -> bool:
    """Return whether a resolved path is a resolved directory or below it."""
    return real_path == real_root or real_path.startswith(real_root.rstrip("/") + "/")


class _Reading(NamedTuple):
    place: FileOctets
    octets: bytes | FileOctets
    size: int
    sha256: str
    digest: str | None
    """The first 12 digits of the MD5, if that was asked for."""
    mtime: float


def _read_settled(path: str, memory_limit: int, *, with_md5: bool) -> _Reading:
    """Read a file that nobody is writing. ``collectstatic`` deletes files and writes them anew, in pieces.

    Raises ``OSError``, or ``OctetsChangedError`` if it does not come to rest.
    """
    for _ in range(_ATTEMPTS):
        try:
            reading = _read(path, memory_limit, with_md5=with_md5)
            if not _is_recent(reading.mtime):
                return reading
            time.sleep(_MOMENT)
            if identify(path, os.stat(path)) == reading.place:
                return reading
        except FileNotFoundError:
            if not _is_recent(os.stat(os.path.dirname(path)).st_mtime):
                raise
            time.sleep(_MOMENT)
        except OctetsChangedError:
            time.sleep(_MOMENT)
    raise OctetsChangedError(path)


def _is_recent(mtime: float) -> bool:
    return abs(time.time() - mtime) < _RECENT


def _read(path: str, memory_limit: int, *, with_md5: bool) -> _Reading:
    with open_regular(path) as file:
        before = identify(path, os.fstat(file.fileno()))
        sha256 = hashlib.sha256()
        md5 = hashlib.md5(usedforsecurity=False) if with_md5 else None
        size, kept = 0, []
        for piece in iter(partial(file.read, _PIECE), b""):
            size += len(piece)
            sha256.update(piece)
            if md5 is not None:
                md5.update(piece)
            if before.size <= memory_limit:
                kept.append(piece)
            if size > before.size:
                break
        status = os.fstat(file.fileno())
        if identify(path, status) != before or size != before.size:
            raise OctetsChangedError(path)
    octets = b"".join(kept) if before.size <= memory_limit else before
    return _Reading(before, octets, size, sha256.hexdigest(), md5.hexdigest()[:12] if md5 else None, status.st_mtime)


def _open(octets: bytes | FileOctets) -> BinaryIO:
    return io.BytesIO(octets) if isinstance(octets, bytes) else open_octets(octets)
