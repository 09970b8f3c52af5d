"""Gives the files of a plain directory hashed names and a manifest, as ``collectstatic`` does for Django."""

from __future__ import annotations

import hashlib
import json
import posixpath
import shutil
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from staticserve.catalogue.scan import scan_names
from staticserve.errors import BuildError, ManifestError
from staticserve.manifest import MANIFEST_NAME, Manifest, make_manifest, read_manifest
from staticserve.octets import open_regular
from staticserve.placing import written_beside
from staticserve.semantics.hashed_names import parse_hashed_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staticserve.options import Options

_PIECE: Final = 1024 * 1024


def hash_names(root: str, options: Options) -> Manifest:
    """Write each file a second time under its hashed name, and the manifest of them all; return that.

    Files are not changed: what refers to another by its plain name goes on doing so, and finds it. Names that an
    earlier run made are not hashed again. Raises ``BuildError``.
    """
    try:
        earlier = read_manifest(f"{root}/{MANIFEST_NAME}") or Manifest()
        names = set(scan_names(root, options)) - {MANIFEST_NAME}
        paths = {}
        for name in sorted(names - earlier.hashed_names):
            digest = _digest(root, name)
            parsed = parse_hashed_name(name)
            # Of a file that has changed since, or is gone.
            if parsed is not None and parsed.digest == digest:
                continue
            stem, extension = posixpath.splitext(name)
            paths[name] = f"{stem}.{digest}{extension}"
            if paths[name] not in names or _digest(root, paths[name]) != digest:
                _copy(f"{root}/{name}", f"{root}/{paths[name]}")
        return _write_manifest(root, paths)
    except ManifestError as error:
        raise BuildError(error.path, f"{error.reason}; remove it") from error
    except OSError as error:
        raise BuildError(error.filename2 or error.filename or root, error.strerror or str(error)) from error


def _digest(root: str, name: str) -> str:
    with open_regular(f"{root}/{name}") as file:
        md5 = hashlib.md5(usedforsecurity=False)
        for piece in iter(partial(file.read, _PIECE), b""):
            md5.update(piece)
    return md5.hexdigest()[:12]


def _copy(source: str, target: str) -> None:
    # Not a link: whoever writes to the file in place would write to last week's, too.
    with _naming(target), written_beside(target) as temporary:
        shutil.copy2(source, temporary)


@contextmanager
def _naming(target: str) -> Iterator[None]:
    """Have errors name the file that was to be written, not the one beside it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from error


def _write_manifest(root: str, paths: dict[str, str]) -> Manifest:
    # The hash as ManifestFilesMixin makes it, so that equal trees have equal releases whoever hashed them.
    release = hashlib.md5(json.dumps(sorted(paths.items())).encode(), usedforsecurity=False).hexdigest()[:12]
    path = f"{root}/{MANIFEST_NAME}"
    with _naming(path), written_beside(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump({"paths": paths, "version": "1.1", "hash": release}, file)
    return make_manifest(paths, release, path, MANIFEST_NAME)
