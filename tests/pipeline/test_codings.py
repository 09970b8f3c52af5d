"""Recipes: which files are tried, how hard, and whether what comes out is a coding of what went in."""

from __future__ import annotations

import gzip
import random
import shutil
import subprocess
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import brotli
import pytest

from staticserve.pipeline.codings import (
    CHEAP_RECIPES,
    COST,
    RECIPES,
    RECIPES_WITHOUT_BR,
    recipes_for,
    seems_incompressible,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from staticserve.pipeline.codings import Recipe

# RFC 9659: "decoders of the zstd coding must support windows of up to 8 MB, and encoders not use larger ones".
LARGEST_WINDOW: Final = 1 << 23

CODINGS: Final = ("br", "zstd", "gzip")
BY_CODING: Final = {recipe.coding: recipe for recipe in RECIPES}
CHEAP_BY_CODING: Final = {recipe.coding: recipe for recipe in CHEAP_RECIPES}

BEST: Final = {"br": "br11w22", "zstd": "zstd9", "gzip": "gzip9"}
CHEAP: Final = {"br": "br9w22", "zstd": "zstd9", "gzip": "gzip6"}

_WORDS: Final = [b"%06x" % random.Random(number).getrandbits(24) for number in range(500)]


def text(size: int) -> bytes:
    """Return something that compresses as text does."""
    rng = random.Random(size)
    return b" ".join(rng.choices(_WORDS, k=size // 7 + 1))[:size]


def recipe_names(recipes: list[Recipe]) -> dict[str, str]:
    return {recipe.coding: recipe.name for recipe in recipes}


@pytest.mark.parametrize(
    "name",
    [
        *("a.css", "a.js", "a.mjs", "a.html", "a.svg", "a.json", "a.xml", "a.txt", "a.wasm", "a.webmanifest"),
        *("a.ttf", "a.otf", "a.eot", "favicon.ico", "a.bmp", "a.wav", "README", "a.unknown", "LICENSE", "a.pdf"),
    ],
)
def test_what_may_shrink_gets_the_best_recipes(name: str) -> None:
    assert recipe_names(recipes_for([name], 1000, CODINGS)) == BEST


@pytest.mark.parametrize(
    "name",
    [
        *("a.png", "a.jpg", "a.jpeg", "a.gif", "a.webp", "a.avif", "a.woff", "a.woff2", "a.mp4", "a.webm", "a.mp3"),
        *("a.ogg", "a.zip", "a.gz", "a.tar.gz", "a.br", "a.zst", "a.bz2", "a.xz", "a.7z", "a.jar", "a.docx", "a.epub"),
        *("A.PNG", "img/a.401b30e3b8b5.png"),
    ],
)
def test_what_is_compressed_already_is_not_tried(name: str) -> None:
    assert recipes_for([name], 1000, CODINGS) == []


def test_what_is_empty_is_not_tried() -> None:
    assert recipes_for(["a.css"], 0, CODINGS) == []


@pytest.mark.parametrize("names", [["a.js.map"], ["a.css.map", "a.css.401b30e3b8b5.map"]])
def test_source_maps_get_the_cheap_recipes(names: list[str]) -> None:
    assert recipe_names(recipes_for(names, 1000, CODINGS)) == CHEAP


def test_very_large_files_get_the_cheap_recipes() -> None:
    assert recipe_names(recipes_for(["a.json"], 32 * 1024 * 1024, CODINGS)) == BEST
    assert recipe_names(recipes_for(["a.json"], 32 * 1024 * 1024 + 1, CODINGS)) == CHEAP


@pytest.mark.parametrize("names", [["a.png", "a.txt"], ["a.js.map", "a.json"]])
def test_a_content_with_several_names_gets_the_best_that_one_of_them_gets(names: list[str]) -> None:
    assert recipe_names(recipes_for(names, 1000, CODINGS)) == BEST
    assert recipe_names(recipes_for(names[::-1], 1000, CODINGS)) == BEST


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (random.Random(1).randbytes(10_000), True),
        (zlib.compress(text(100_000)), True),
        (text(10_000), False),
        (text(300_000) + random.Random(1).randbytes(300_000), False),
    ],
    ids=["random", "compressed", "text", "text at first"],
)
def test_what_shrinks_no_more_is_known_by_a_quick_try(data: bytes, expected: bool) -> None:
    assert seems_incompressible(data) == expected


# --- What the recipes make


def _decode_gzip(octets: bytes) -> bytes:
    # RFC 1952, 2.3.1: flags 0 are no name, MTIME 0 is no time.
    assert octets[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
    return gzip.decompress(octets)


def _decode_br(octets: bytes) -> bytes:
    decoded: bytes = brotli.decompress(octets)
    return decoded


def _decode_zstd(octets: bytes) -> bytes:
    """Decode as the zstd command does; without options it takes windows of up to 8 MiB, as browsers do."""
    command = shutil.which("zstd")
    if command is None:
        pytest.skip("the zstd command is not installed")
    return subprocess.run([command, "-dc", "-M8MiB"], input=octets, capture_output=True, check=True, timeout=60).stdout


DECODERS: Final[dict[str, Callable[[bytes], bytes]]] = {"gzip": _decode_gzip, "br": _decode_br, "zstd": _decode_zstd}

CONTENTS: Final = {
    "one byte": b"a",
    "short": b"body{}",
    "1 KiB": text(1024),
    "1 KiB and a byte": text(1025),
    "zeros": bytes(100_000),
    "text": text(200_000),
    "random": random.Random(1).randbytes(100_000),
    "more than a window": (text(50_000) * 190)[: LARGEST_WINDOW + 1],
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("recipe", [*RECIPES, *RECIPES_WITHOUT_BR, *CHEAP_RECIPES], ids=lambda recipe: recipe.name)
def test_what_a_recipe_makes_decodes_to_what_it_was_given(recipe: Recipe, content: bytes) -> None:
    octets = recipe.encode(content)
    assert DECODERS[recipe.coding](octets) == content
    assert recipe.encode(content) == octets


class Frame(NamedTuple):
    """The header of a zstd frame (RFC 8878, 3.1.1.1). Sizes in bytes; without a content size, nothing."""

    window: int
    content_size: int | None
    has_dictionary: bool


def parse_frame(octets: bytes) -> Frame:
    """Return the header of the frame that octets begin with, read as RFC 8878 writes it down."""
    assert octets[:4] == b"\x28\xb5\x2f\xfd"
    descriptor = octets[4]
    # "bits 7-6: Frame_Content_Size_Flag; 5: Single_Segment_Flag; 1-0: Dictionary_ID_Flag"
    size_flag, is_single, dictionary_flag = descriptor >> 6, bool(descriptor & 0x20), descriptor & 3
    place, window = 5, 0
    if not is_single:
        # "windowLog = 10 + Exponent; windowBase = 1 << windowLog; windowAdd = (windowBase / 8) * Mantissa"
        base = 1 << (10 + (octets[place] >> 3))
        window = base + base // 8 * (octets[place] & 7)
        place += 1
    place += (0, 1, 2, 4)[dictionary_flag]
    length = (int(is_single), 2, 4, 8)[size_flag]
    # "When FCS_Field_Size is 2, the offset of 256 is added."
    size = int.from_bytes(octets[place : place + length], "little") + (256 if length == 2 else 0) if length else None
    # "When Single_Segment_Flag is set, Window_Descriptor is not present. [...] Window_Size is Frame_Content_Size"
    return Frame(size or 0 if is_single else window, size, dictionary_flag != 0)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        # Made by zstd 1.5.4: "zstd -19 --no-check --stream-size=1", and the same without the size.
        (bytes.fromhex("28b52ffd200109000061"), Frame(1, 1, False)),
        (bytes.fromhex("28b52ffd006809000061"), Frame(1 << 23, None, False)),
    ],
)
def test_this_test_can_read_frames(octets: bytes, expected: Frame) -> None:
    assert parse_frame(octets) == expected
    assert _decode_zstd(octets) == b"a"


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize(
    "recipe", [BY_CODING["zstd"], RECIPES_WITHOUT_BR[0], CHEAP_BY_CODING["zstd"]], ids=lambda recipe: recipe.name
)
def test_a_zstd_frame_has_its_content_size_and_a_window_that_every_browser_takes(
    recipe: Recipe, content: bytes
) -> None:
    frame = parse_frame(recipe.encode(content))
    assert frame.content_size == len(content)
    assert frame.window <= LARGEST_WINDOW
    assert not frame.has_dictionary


@pytest.mark.parametrize("level", [9, 6])
def test_gzip_is_what_zlib_makes_at_that_level(level: int) -> None:
    recipe = {9: BY_CODING, 6: CHEAP_BY_CODING}[level]["gzip"]
    compressor = zlib.compressobj(level, zlib.DEFLATED, 31)
    assert recipe.encode(text(50_000)) == compressor.compress(text(50_000)) + compressor.flush()


def test_the_best_recipes_save_no_less_than_the_cheap_ones() -> None:
    content = text(200_000)
    for coding, recipe in BY_CODING.items():
        assert len(recipe.encode(content)) <= len(CHEAP_BY_CODING[coding].encode(content))


def test_every_recipe_has_a_name_and_a_cost() -> None:
    recipes = {recipe.name: recipe.coding for recipe in (*RECIPES, *RECIPES_WITHOUT_BR, *CHEAP_RECIPES)}
    assert sorted(recipes) == sorted(COST)
    assert all(name.startswith(coding) for name, coding in recipes.items())
    assert list(BY_CODING) == list(CHEAP_BY_CODING)


def test_zstd_gets_the_effort_where_brotli_is_not_made() -> None:
    recipes = recipes_for(["a.css"], 1000, ("zstd", "gzip"))
    assert recipe_names(recipes) == {"zstd": "zstd19", "gzip": "gzip9"}
