"""Reads the collected tree: its names, the manifest, and whether both still hold."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.codings import SUFFIXES
from staticserve.doctor.links import Link, LinkReader, changed_data_uris
from staticserve.doctor.sources import walk
from staticserve.doctor.texts import read_text
from staticserve.errors import ManifestError
from staticserve.manifest import Manifest, read_manifest
from staticserve.semantics.hashed_names import parse_hashed_name
from staticserve.store import STORE_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from staticserve.doctor.project import SourceFile

MAX_HASHED_BYTES: Final = 256 * 1024 * 1024
"""So much is read to compare contents with names: a third of a second."""

_LINKING: Final = (".css", ".js")


class Tree(NamedTuple):
    """Names below STATIC_ROOT with their bytes, and of those the bytes of codings that stand beside them."""

    sizes: dict[str, int]
    codings: dict[str, dict[str, int]]


class ManifestFile(NamedTuple):
    """The manifest as it was found, and where it was looked for."""

    manifest: Manifest | None = None
    problem: str | None = None
    written: float | None = None


def read_tree(static_root: str | None, unreadable: list[str]) -> Tree:
    """Return what is collected. Files that are codings of others are counted with those."""
    sizes: dict[str, int] = {}
    if static_root is not None and os.path.isdir(static_root):
        for name, _, status, is_hidden in walk(static_root, (STORE_DIRECTORY,), unreadable):
            if not is_hidden:
                sizes[name] = status.st_size
    codings: dict[str, dict[str, int]] = {}
    for name in [name for name in sizes if name.endswith(tuple(SUFFIXES))]:
        stem, dot, ending = name.rpartition(".")
        if stem in sizes:
            codings.setdefault(stem, {})[SUFFIXES[dot + ending]] = sizes.pop(name)
    return Tree(sizes, codings)


def read_manifest_file(path: str | None) -> ManifestFile:
    """Return the manifest in a file."""
    if path is None:
        return ManifestFile()
    try:
        manifest = read_manifest(path)
        written = os.stat(path).st_mtime if manifest is not None else None
    except ManifestError as error:
        return ManifestFile(problem=error.reason)
    except OSError:
        return ManifestFile()
    return ManifestFile(manifest, None, written)


def find_changed(static_root: str, manifest: Manifest, sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Return the hashed names whose files have another MD5 than the name says, as far as the budget goes."""
    changed, left = [], MAX_HASHED_BYTES
    for name in sorted(manifest.hashed_names):
        hashed = parse_hashed_name(name)
        size = sizes.get(name)
        if hashed is None or size is None or size > left:
            continue
        left -= size
        digest = _md5(os.path.join(static_root, name))
        if digest is not None and not digest.startswith(hashed.digest):
            changed.append(name)
    return tuple(changed)


def read_links(
    found: Mapping[str, SourceFile], reader: LinkReader, unreadable: list[str]
) -> tuple[dict[str, tuple[Link, ...]], dict[str, str]]:
    """Return what the style sheets and scripts among the sources refer to, and the texts that have data URIs."""
    links: dict[str, tuple[Link, ...]] = {}
    texts: dict[str, str] = {}
    for name, file in found.items():
        if name.endswith(_LINKING):
            text = read_text(file.path, unreadable)
            if text is not None:
                links[name] = tuple(reader.read(name, text))
                if name.endswith(".css") and "data:" in text:
                    texts[name] = text
    return links, texts


def find_lost_uris(static_root: str, manifest: Manifest, texts: Mapping[str, str]) -> dict[str, int]:
    """Return the collected style sheets whose data URIs are not those of their sources."""
    lost = {}
    for name, original in texts.items():
        hashed = manifest.paths.get(name)
        collected = read_text(os.path.join(static_root, hashed), []) if hashed is not None else None
        # The original beside it tells what was collected; the source may be newer.
        beside = read_text(os.path.join(static_root, name), [])
        if collected is not None and hashed is not None:
            count = changed_data_uris(original if beside is None else beside, collected)
            if count:
                lost[hashed] = count
    return lost


def _md5(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError:
        return None
