"""The files that are served. The same in every run: made from a seed, or from a count."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import tempfile
from typing import Final

import brotli

from benchmarks.names import tree_names

CSS_NAME: Final = "app.css"
CSS_SIZE: Final = 24 * 1024

PICTURES: Final = {"1 KB": "small.png", "200 KB": "middle.png", "10 MB": "large.png"}
"""Files that are not coded, by their sizes."""

_PICTURE_SIZES: Final = {"small.png": 1024, "middle.png": 200 * 1024, "large.png": 10 * 1024 * 1024}

_SELECTORS: Final = ("body", "nav", "a", "table", "input", ".module", ".button", ".card", "#content", "#header", "h2")
_STATES: Final = ("", ":hover", ":focus", " > li", " td", " .active", "::before", ":not(:last-child)")
_PROPERTIES: Final = (
    *("margin", "padding", "border-radius", "font-size", "line-height", "width", "max-width", "top", "gap"),
    *("color", "background", "border-color", "display", "position", "align-items"),
)
_WORDS: Final = ("none", "flex", "block", "relative", "absolute", "center", "var(--primary)", "var(--body-bg)")


def make_css_root(root: str) -> str:
    """Write a style sheet of 24 KiB with its sidecars to a directory, and return the directory."""
    _write_with_sidecars(os.path.join(root, CSS_NAME), _make_css())
    return root


def make_pictures(root: str) -> None:
    """Write a file of each size in ``PICTURES`` to a directory."""
    chance = random.Random(9110)
    for name, size in _PICTURE_SIZES.items():
        with open(os.path.join(root, name), "wb") as file:
            file.write(chance.randbytes(size))


def make_tree(urls: int) -> str:
    """Return a directory with that many small files and two sidecars for each. It is made once and kept."""
    cache = os.path.join(tempfile.gettempdir(), "staticserve-benchmarks")
    root = os.path.join(cache, f"tree-{urls}")
    if not os.path.isdir(root):
        os.makedirs(cache, exist_ok=True)
        making = tempfile.mkdtemp(dir=cache)
        for name in tree_names(urls):
            path = os.path.join(making, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _write_with_sidecars(path, f"/* {name} */\n".encode() * 8)
        try:
            os.rename(making, root)
        except OSError:
            # Another run was first.
            shutil.rmtree(making)
    return root


def _make_css() -> bytes:
    # Seeded, and with Django's admin styles in mind: br makes it a fifth, as it does those.
    chance = random.Random(9110)
    rules: list[str] = []
    size = 0
    while size < CSS_SIZE:
        declarations = "".join(
            f"    {chance.choice(_PROPERTIES)}: {_make_value(chance)};\n" for _ in range(chance.randint(1, 6))
        )
        rules.append(f"{chance.choice(_SELECTORS)}{chance.choice(_STATES)} {{\n{declarations}}}\n\n")
        size += len(rules[-1])
    return "".join(rules).encode()[:CSS_SIZE]


def _make_value(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(_WORDS)
    return f"{chance.randint(0, 40)}px" if kind < 0.9 else f"#{chance.randrange(0xFFF):03x}"


def _write_with_sidecars(path: str, content: bytes) -> None:
    for suffix, octets in (
        ("", content),
        (".gz", gzip.compress(content, mtime=0)),
        (".br", brotli.compress(content)),
    ):
        with open(path + suffix, "wb") as file:
            file.write(octets)
