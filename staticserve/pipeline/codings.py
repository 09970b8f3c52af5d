"""Which files are worth encoding, and the recipes by which they are."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from staticserve.codings import zstd
from staticserve.semantics.media_types import MEDIA_TYPES, UNKNOWN, make_media_types

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class Recipe(NamedTuple):
    """A way to encode: the coding, a name that changes when its output would, and the function."""

    coding: str
    name: str
    encode: Callable[[bytes], bytes]


def _gzip(level: int) -> Recipe:
    # No name and no time in the header: equal files give equal octets.
    return Recipe("gzip", f"gzip{level}", lambda data: zlib.compress(data, level, wbits=31))


def _br(quality: int, window: int) -> Recipe:
    def encode(data: bytes) -> bytes:
        import brotli

        octets: bytes = brotli.compress(data, quality=quality, lgwin=window)
        return octets

    return Recipe("br", f"br{quality}w{window}", encode)


# Browsers decode windows of up to 8 MiB (RFC 9659).
_LARGEST_WINDOW: Final = 23


def _zstd(level: int) -> Recipe:
    def encode(data: bytes) -> bytes:
        module: Any = zstd()
        parameter = module.CompressionParameter
        window = max(10, min(_LARGEST_WINDOW, (len(data) - 1).bit_length()))
        options = {parameter.compression_level: level, parameter.window_log: window}
        octets: bytes = module.compress(data, options=options)
        return octets

    return Recipe("zstd", f"zstd{level}", encode)


RECIPES: Final = (_br(11, 22), _zstd(9), _gzip(9))
"""For what browsers download.

Whoever takes zstd takes br as well, and gets that: on 2,796 files br 11 was larger than zstd 19 once, by two bytes. So
zstd gets level 9, which takes a twentieth of the time of 19 and is 8 % larger.
"""

RECIPES_WITHOUT_BR: Final = (_zstd(19), _gzip(9))
"""For the same where Brotli is not made."""

CHEAP_RECIPES: Final = (_br(9, 22), _zstd(9), _gzip(6))
"""For what pages do not load, and for very large files: source maps, which are half the bytes of a tree with bundles
in it; modules for Node; originals whose hashed copy is another, because references in it were rewritten."""

COST: Final = {
    "br11w22": 1.5,
    "zstd19": 0.4,
    "gzip9": 0.06,
    "br9w22": 0.13,
    "zstd9": 0.02,
    "gzip6": 0.03,
}
"""Roughly how long each takes for a megabyte (seconds), so that the long ones are begun first."""

_COMPRESSED: Final = ("image/", "video/", "audio/", "font/woff")
_COMPRESSIBLE: Final = frozenset(
    {"image/svg+xml", "image/bmp", "image/vnd.microsoft.icon", "image/tiff", "audio/wav", "audio/midi"}
)
_ARCHIVES: Final = frozenset(
    {
        *(MEDIA_TYPES[suffix] for suffix in (".7z", ".apk", ".bz2", ".dmg", ".gz", ".jar", ".rar", ".xz", ".zip")),
        *(MEDIA_TYPES[suffix] for suffix in (".docx", ".epub", ".odp", ".ods", ".odt", ".pptx", ".xlsx", ".zst")),
        *(MEDIA_TYPES[suffix] for suffix in (".3mf", ".usdz", ".parquet", ".pmtiles")),
    }
)

_content_type_of: Final = make_media_types({}, "")


# Beyond this the best recipes would take minutes a file.
_LARGEST_FOR_BEST: Final = 32 * 1024 * 1024


def recipes_for(names: Collection[str], size: int, codings: Collection[str], *, is_sought: bool = True) -> list[Recipe]:
    """Return the recipes of these codings for a content of ``size`` bytes that has these names.

    ``is_sought`` says whether pages ask for it. None for what is empty or compressed already.
    """
    if not size:
        return []
    types = [_content_type_of(name) for name in names]
    if not any(_may_shrink(name, media_type) for name, media_type in zip(names, types, strict=True)):
        return []
    if size > _LARGEST_FOR_BEST or not is_sought or all(name.endswith(_UNSOUGHT) for name in names):
        recipes: tuple[Recipe, ...] = CHEAP_RECIPES
    else:
        recipes = RECIPES if "br" in codings else RECIPES_WITHOUT_BR
    return [recipe for recipe in recipes if recipe.coding in codings]


# For developer tools, and for Node: no page loads them.
_UNSOUGHT: Final = (".map", ".cjs")


def _may_shrink(name: str, media_type: str) -> bool:
    if media_type in _COMPRESSIBLE:
        return True
    if media_type == UNKNOWN and name.endswith(".br"):
        return False
    return media_type not in _ARCHIVES and not media_type.startswith(_COMPRESSED)


def is_text(name: str) -> bool:
    """Return whether a file's type says that it is text, which needs no trial."""
    media_type = _content_type_of(name)
    return media_type.startswith("text/") or media_type in _TEXT


_TEXT: Final = frozenset({"application/json", "image/svg+xml", "application/xhtml+xml", "application/manifest+json"})


def seems_incompressible(data: bytes) -> bool:
    """Return whether a quick try saves nothing, for types that tell nothing. Looks at the first 256 KiB.

    Small files are tried in earnest: that takes no time, and what is too short for zlib may not be for Brotli.
    """
    sample = data[: 256 * 1024]
    return len(sample) > 4096 and len(zlib.compress(sample, 1)) > len(sample) * 0.97
