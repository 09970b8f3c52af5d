"""Vite's, webpack's, esbuild's and Parcel's manifests: which names carry a hash of their content, and which hash."""

from __future__ import annotations

import json
import logging
import os
import re
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from staticserve.octets import open_regular

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Set

log = logging.getLogger("staticserve")

# Vite ≤ 4, webpack-manifest-plugin and Rollup's plugins; webpack-assets-manifest; create-react-app;
# webpack-bundle-tracker (django-webpack-loader); esbuild's metafile has no name of its own; Parcel's reporters.
_MANIFESTS: Final = frozenset(
    {"manifest.json", "assets-manifest.json", "asset-manifest.json", "webpack-stats.json", "meta.json"}
    | {"metafile.json", "esbuild-meta.json", "parcel-manifest.json"}
)
_OF_VITE: Final = ".vite/manifest.json"

# A manifest's size in bytes; how many are read, and in how many directories Vite's is looked for, shallow ones first.
_MAXIMUM: Final = 16 << 20
_MOST: Final = 1000

# A separator, and what may be a hash between it and a dot: hex digits (webpack, Parcel, Vite ≤ 4), or base64url or
# base32 (Vite, Rollup, esbuild) in which digits and cases mix as in no word: "elements", "Version2" and "production"
# are none. Of random names of Vite's, 0.8 % look too much like one. A date is none either.
_HASH: Final = re.compile(
    r"(?<=.)[-._](?=[\w-]{8,64}+\.[^.])(?!(?:19|20)\d{6}\.)"
    r"(?=([0-9a-f]+(?=\.)|(?=[\w-]*?(?:[a-z\d][A-Z]|\d[A-Za-z]|[A-Z]{2}))[\w-]+))",
    re.ASCII,
)
# A hash that is one by itself: it has a digit and a letter, or esbuild's form.
_EVIDENT: Final = re.compile(
    r"(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{8,64}|[A-Z2-7]{8}|(?=[^A-Za-z]*[A-Za-z])(?=\D*\d)[\w-]{8}", re.ASCII
)
# webpack calls a chunk that has no name by a number; its manifests then have the file's name on both sides.
_NUMBERED: Final = re.compile(r"\d+[-._][0-9a-f]{8,64}(?:\.chunk)?\.(?:js|css)", re.ASCII)

# The longest name that a file can have (NAME_MAX), and the most directories of a listed path that are looked at.
_LONGEST: Final = 255
_DEEPEST: Final = 16

# These keep the name of the script beside them when a comment changes and the script does not: measured with webpack
# 5.112 and esbuild 0.28.
_BESIDE: Final = (".LICENSE.txt", ".LEGAL.txt")


class Bundled(NamedTuple):
    """What bundlers' manifests say of the files in a static root.

    ``names`` are immutable: each carries a hash of its content. ``aliases``: a name without its hash → the current
    name, where exactly one has it and no file has the plain name.
    """

    names: frozenset[str]
    aliases: Mapping[str, str]


NOTHING_BUNDLED: Final = Bundled(frozenset(), MappingProxyType({}))


def read_bundled(root: str, names: Collection[str]) -> Bundled:
    """Return what the manifests below ``root`` prove of its files ``names``. Never raises; what is unusable is logged.

    A name is proven if a manifest lists it, and what precedes its hash is the name of what it was made of. Where that
    has another name, the hash must be evident. A file whose source has the whole name, hash included, was copied.
    """
    manifests = [*_find_manifests(root, names)]
    files = frozenset(names) if manifests else frozenset()
    sources: dict[str, set[str]] = {}
    for manifest in manifests:
        prefixes = _prefixes(manifest)
        for listed, logical in _list_files(_load_manifest(f"{root}/{manifest}")):
            name = _find_listed(listed, prefixes, files)
            if name is not None:
                sources.setdefault(name, set()).update(*map(_stems, logical))
    plain = {name: found for name, stems in sources.items() if (found := _remove_hash(name, stems)) is not None}
    plain = {name: found for name, found in plain.items() if name.removesuffix(".map") in plain}
    count = Counter(plain.values())
    aliases = {alias: name for name, alias in plain.items() if count[alias] == 1 and alias not in files}
    return Bundled(frozenset(plain), MappingProxyType(aliases))


def logical_names(name: str) -> list[str]:
    """Return what ``name`` may be without a bundler's hash, likeliest first: ``a/foo-BRBmoGS9.js`` → ``a/foo.js``."""
    directory, slash, base = name.rpartition("/")
    if len(base) > _LONGEST:
        return []
    # Of hashes with the same end the shortest: 8 digits are everybody's default, and a stem has words of its own.
    ends = {match.end(1): match.start() for match in _HASH.finditer(base)}
    return [f"{directory}{slash}{base[:start]}{base[end:]}" for end, start in reversed(ends.items())]


def _find_manifests(root: str, names: Collection[str]) -> Iterator[str]:
    found = {name for name in names if name.endswith(".json") and name[name.rfind("/") + 1 :] in _MANIFESTS}
    yield from sorted(found, key=_depth)[:_MOST]
    directories = {""}
    for directory in {name.rpartition("/")[0] for name in names}:
        while directory not in directories:
            directories.add(directory)
            directory = directory.rpartition("/")[0]
    for directory in sorted(directories, key=_depth)[:_MOST]:
        # A scan leaves out what begins with a dot.
        manifest = f"{directory}/{_OF_VITE}".lstrip("/")
        if manifest not in found and os.path.exists(f"{root}/{manifest}"):
            yield manifest


def _depth(name: str) -> tuple[int, str]:
    return name.count("/"), name


def _load_manifest(path: str) -> dict[str, Any]:
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > _MAXIMUM:
                raise ValueError("it is too large")
            stored = json.loads(file.read())
    # RecursionError: it nests too deep.
    except (OSError, ValueError, RecursionError) as error:
        log.warning("the bundler's manifest %r is left out: %s", path, error)
        return {}
    return stored if isinstance(stored, dict) else {}


# A file as a manifest has it, and the names of what it was made of; neither need be a string.
_Listed = tuple[Any, tuple[Any, ...]]


def _list_files(stored: dict[str, Any]) -> Iterator[_Listed]:
    """Yield what a manifest lists. One that is something else, a web application's, say, lists nothing of use."""
    if outputs := _dict(stored.get("outputs")):
        yield from _list_outputs(outputs)
        return
    if chunks := _dict(stored.get("chunks")):
        listed = _list_stats(_dict(stored.get("assets")), chunks)
    else:
        listed = _list_entries(_dict(stored.get("files")) or stored)
    # Nor do the hashes of webpack 5.112 and Vite 7.3 cover the source map, as esbuild's does: measured.
    yield from (item for item in listed if not str(item[0]).endswith(".map"))


def _list_entries(entries: dict[str, Any]) -> Iterator[_Listed]:
    """Yield from Vite's ``{key: {file, src, name, css, assets}}``, webpack's ``{key: file}`` and ``{key: {src}}``."""
    for key, entry in entries.items():
        if isinstance(entry, dict) and "file" in entry:
            names = entry.get("src"), entry.get("name")
            yield entry["file"], (key, *names)
            yield from ((style, names) for style in _list(entry.get("css")))
            yield from ((asset, ()) for asset in _list(entry.get("assets")))
        else:
            yield entry.get("src") if isinstance(entry, dict) else entry, (key,)


def _list_stats(assets: dict[str, Any], chunks: dict[str, Any]) -> Iterator[_Listed]:
    """Yield from webpack-bundle-tracker's two objects. Before its 1.0, the chunks had the assets' objects in them."""
    for chunk, files in chunks.items():
        for file in _list(files):
            asset = _dict(file) or _dict(assets.get(str(file)))
            yield asset.get("publicPath") or asset.get("path") or file, (chunk,)
    for name, asset in assets.items():
        yield _dict(asset).get("publicPath") or name, (_dict(asset).get("sourceFilename"),)


def _list_outputs(outputs: dict[str, Any]) -> Iterator[_Listed]:
    """Yield from an esbuild metafile's outputs."""
    for path, output in outputs.items():
        entry = _dict(output).get("entryPoint")
        yield path, (entry, *_dict(_dict(output).get("inputs")))
        yield _dict(output).get("cssBundle"), (entry,)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _prefixes(manifest: str) -> list[str]:
    """Return ``a/b/``, ``a/`` and the empty string for ``a/b/manifest.json``."""
    parts = manifest.split("/")
    return ["".join(f"{part}/" for part in parts[:length]) for length in reversed(range(len(parts)))]


def _find_listed(listed: Any, prefixes: list[str], files: Set[str]) -> str | None:
    """Return the file that is meant by a path, a URL, or a path from a directory that is not known.

    It is the one that ends with the most of it, below the manifest's directory or else the nearest one around it.
    """
    if not isinstance(listed, str) or listed.endswith(_BESIDE):
        return None
    parts = listed.partition("?")[0].partition("#")[0].rsplit("/", _DEEPEST)[-_DEEPEST:]
    if len(parts[-1]) > _LONGEST or not _HASH.search(parts[-1]):
        return None
    ends = ["/".join(parts[start:]) for start in range(len(parts))]
    return next((prefix + end for prefix in prefixes for end in ends if prefix + end in files), None)


def _stems(logical: Any) -> tuple[str, ...]:
    base = logical[logical.rfind("/") + 1 :] if isinstance(logical, str) else ""
    return (base, base.rpartition(".")[0])


def _remove_hash(name: str, stems: Set[str]) -> str | None:
    """Return ``name`` without its hash, or nothing if that is not proven by the names of what it was made of."""
    directory, slash, base = name.rpartition("/")
    if _NUMBERED.fullmatch(base):
        stems = frozenset()
    if base in stems or base.rpartition(".")[0] in stems:
        return None
    evident = None
    for match in reversed([*_HASH.finditer(base)]):
        stem, rest = base[: match.start()], base[match.end(1) :]
        if f"{stem}{match[0]}{match[1]}" in stems:
            return None
        if stem in stems or f"{stem}{rest}" in stems:
            return f"{directory}{slash}{stem}{rest}"
        if evident is None and _EVIDENT.fullmatch(match[1]):
            evident = f"{directory}{slash}{stem}{rest}"
    return evident
