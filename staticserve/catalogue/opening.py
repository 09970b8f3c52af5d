"""Chooses the catalogue of a directory: its release store, if that describes it, or the directory as it is."""

from __future__ import annotations

import logging
import os
import re
from functools import partial
from typing import TYPE_CHECKING, Final

from staticserve.catalogue import EmptyCatalogue
from staticserve.catalogue.directory import DirectoryCatalogue
from staticserve.catalogue.release import ReleaseCatalogue
from staticserve.errors import StoreError
from staticserve.manifest import MANIFEST_NAME, hash_manifest
from staticserve.octets import open_regular
from staticserve.store import STORE_NAME, StoreReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from staticserve.catalogue import Catalogue
    from staticserve.manifest import Manifest
    from staticserve.options import Options

log = logging.getLogger("staticserve")


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
