"""Gives the files of a plain directory hashed names and a manifest, as ``collectstatic`` does for Django."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from staticserve.catalogue.scan import scan_names
from staticserve.errors import BuildError, ManifestError
from staticserve.manifest import MANIFEST_NAME, Manifest, make_manifest, read_manifest

if TYPE_CHECKING:
    from staticserve.options import Options


def hash_names(root: str, options: Options) -> Manifest:
    """Write each file a second time under its hashed name, and the manifest of them all; return that.

    Files are not changed: what refers to another by its plain name goes on doing so, and finds it. Names that an
    earlier run made are not hashed again. Raises ``BuildError``.
    """
    try:
        earlier = read_manifest(f"{root}/{MANIFEST_NAME}") or Manifest()
        names = set(scan_names(root, options)) - earlier.hashed_names - {MANIFEST_NAME}
        paths = {name: _write_hashed(root, name) for name in sorted(names)}
        return _write_manifest(root, paths)
    except ManifestError as error:
        raise BuildError(error.path, f"{error.reason}; remove it") from error
    except OSError as error:
        raise BuildError(error.filename or root, error.strerror or str(error)) from error


def _write_hashed(root: str, name: str) -> str:
    with open(f"{root}/{name}", "rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()[:12]
    stem, extension = posixpath.splitext(name)
    hashed = f"{stem}.{digest}{extension}"
    temporary = f"{root}/{posixpath.dirname(hashed)}/.{posixpath.basename(hashed)[:100]}.{os.getpid()}.tmp"
    with suppress(FileNotFoundError):
        os.unlink(temporary)
    try:
        os.link(f"{root}/{name}", temporary, follow_symlinks=True)
    except OSError:
        shutil.copy2(f"{root}/{name}", temporary)
    os.replace(temporary, f"{root}/{hashed}")
    return hashed


def _write_manifest(root: str, paths: dict[str, str]) -> Manifest:
    # The hash as ManifestFilesMixin makes it, so that equal trees have equal releases whoever hashed them.
    release = hashlib.md5(json.dumps(sorted(paths.items())).encode(), usedforsecurity=False).hexdigest()[:12]
    path = f"{root}/{MANIFEST_NAME}"
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump({"paths": paths, "version": "1.1", "hash": release}, file)
    os.replace(temporary, path)
    return make_manifest(paths, release, path, MANIFEST_NAME)
