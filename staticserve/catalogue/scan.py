"""Reads a directory tree's names, and which of them are codings of others."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.catalogue.files import is_within
from staticserve.codings import SUFFIXES
from staticserve.store import STORE_DIRECTORY

if TYPE_CHECKING:
    from staticserve.options import Options

log = logging.getLogger("staticserve")

_SUFFIXES: Final = tuple(SUFFIXES)
_NO_SUFFIXES: Final[tuple[str, ...]] = ()


class _Directory(NamedTuple):
    prefix: str
    path: str
    real_paths: tuple[str, ...]
    """Of this directory and of those above it: a link to one of them is a loop."""


def scan_names(root: str, options: Options) -> dict[str, tuple[str, ...]]:
    """Return the names of the files below ``root``, each with the suffixes of its sidecars.

    Reads directories and nothing else. What cannot be served is left out with one log line each, so that a broken
    link never keeps a site from starting. Raises ``OSError`` if ``root`` itself cannot be read.
    """
    index: dict[str, tuple[str, ...]] = {}
    real_root = os.path.realpath(root)
    waiting = [_Directory("", root, (real_root,))]
    _add_names(index, "", _list_files(waiting.pop(), options, real_root, waiting))
    while waiting:
        directory = waiting.pop()
        try:
            names = _list_files(directory, options, real_root, waiting)
        except OSError as error:
            log.warning("skipped %s: %s", directory.path, error.strerror)
        else:
            _add_names(index, directory.prefix, names)
    return index


def is_visible(name: str, options: Options) -> bool:
    """Return whether a name that begins with a dot is served."""
    # .well-known is there to be asked for (RFC 8615).
    return name == ".well-known" or (options.dotfiles and name != STORE_DIRECTORY)


def _list_files(directory: _Directory, options: Options, real_root: str, waiting: list[_Directory]) -> set[str]:
    names = set()
    with os.scandir(directory.path) as entries:
        for entry in entries:
            name = entry.name
            if name[0] == "." and not is_visible(name, options):
                continue
            if not name.isascii() and not _is_utf8(name):
                log.warning("skipped %r: its name is not UTF-8", entry.path)
                continue
            try:
                real_path = _resolve_link(entry, directory, options, real_root)
                if real_path is None:
                    continue
                if entry.is_file():
                    names.add(name)
                elif entry.is_dir():
                    chain = (*directory.real_paths, real_path)
                    waiting.append(_Directory(f"{directory.prefix}{name}/", entry.path, chain))
                else:
                    log.warning("skipped %s: not a regular file", entry.path)
            except OSError as error:
                log.warning("skipped %s: %s", entry.path, error.strerror)
    return names


def _resolve_link(entry: os.DirEntry[str], directory: _Directory, options: Options, real_root: str) -> str | None:
    """Return where an entry really is, or nothing for a link that is not followed."""
    if not entry.is_symlink():
        return f"{directory.real_paths[-1]}/{entry.name}"
    real_path = os.path.realpath(entry.path, strict=True)
    if not options.follow_symlinks and not is_within(real_path, real_root):
        log.warning("skipped %s: a link that leaves the root (follow_symlinks allows it)", entry.path)
    elif real_path in directory.real_paths:
        log.warning("skipped %s: a link to a directory that it is in", entry.path)
    else:
        return real_path
    return None


def _add_names(index: dict[str, tuple[str, ...]], prefix: str, names: set[str]) -> None:
    sidecars: dict[str, list[str]] = {}
    for name in names:
        if name.endswith(_SUFFIXES):
            stem, dot, suffix = name.rpartition(".")
            if stem in names:
                sidecars.setdefault(stem, []).append(dot + suffix)
                continue
        index[prefix + name] = _NO_SUFFIXES
    for stem, suffixes in sidecars.items():
        # A sidecar's own sidecar has no name to stand beside.
        if prefix + stem in index:
            index[prefix + stem] = _SHARED.setdefault(shared := tuple(sorted(suffixes)), shared)


# Tens of thousands of files have the same two or three sidecars.
_SHARED: Final[dict[tuple[str, ...], tuple[str, ...]]] = {}


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
