"""The site: what each of its releases has, and the page that refers to it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LETTERS: Final = "ABCDEFG"

FILES: Final[Mapping[str, str]] = {
    "shop/app.css": "1234567",
    "shop/theme.css": "1213133",
    "shop/app.js": "1234567",
    "shop/lazy.js": "1122334",
    "shop/deep.js": "1112222",
    "shop/img/logo.png": "1221311",
    "shop/img/hero.png": "1111111",
    "shop/fonts/shop.woff2": "1112222",
    "shop/gone.css": "111....",
    "shop/img/gone.png": "111....",
    "shop/old.js": "11.....",
    "shop/new.js": "..11111",
    "shop/promo.js": "1..2222",
    "shop/favicon.png": "1122333",
}
"""Which content a file has in each release, A to G: a dot says that it is not there.

The theme and the logo go back to what they were, "old" is renamed to "new", "gone" is deleted, and "promo" comes back
with another content under its old name.
"""

UNHASHED: Final = "shop/favicon.png"
"""The page refers to this one by its plain name."""

_LINKED: Final = ("shop/app.css", "shop/gone.css", "shop/app.js", "shop/old.js", "shop/new.js", "shop/promo.js")

# What a file refers to before its own content begins. The names are relative, as they are in sources.
_REFERENCES: Final[Mapping[str, bytes]] = {
    "shop/app.css": b'@import url("theme.css");\n@font-face { font-family: shop; src: url("fonts/shop.woff2") }\n'
    b'.hero { background: url("img/hero.png") }\n',
    "shop/theme.css": b'.logo { background: url("img/logo.png") }\n',
    "shop/gone.css": b'.gone { background: url("img/gone.png") }\n',
    "shop/app.js": b'addEventListener("click", () => import("./lazy.js"));\n',
    "shop/lazy.js": b'import("./deep.js");\n',
}


def make_files(letter: str) -> dict[str, bytes]:
    """Return the sources of a release, by name."""
    place = LETTERS.index(letter)
    return {name: _make_file(name, versions[place]) for name, versions in FILES.items() if versions[place] != "."}


def make_page(letter: str) -> str:
    """Return the template of a release's page."""
    names = make_files(letter)
    tags = [
        f'<link rel="stylesheet" href="{{% static \'{name}\' %}}">'
        if name.endswith(".css")
        else f'<script type="module" src="{{% static \'{name}\' %}}"></script>'
        for name in _LINKED
        if name in names
    ]
    picture = "<img src=\"{% static 'shop/img/logo.png' %}\">"
    return "\n".join(["{% load static %}<!doctype html>", *tags, picture, f'<img src="/static/{UNHASHED}">'])


def write_sources(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a directory, if it is not there yet, and return that."""
    if not path.exists():
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    return path


def make_style(seed: str, size: int) -> bytes:
    """Return a style sheet of about this many bytes, which Brotli makes a fifth of."""
    return _make_lines(_make_rule, seed, size)


def make_script(seed: str, size: int) -> bytes:
    """Return a script of about this many bytes, which Brotli makes a fifth of."""
    return _make_lines(_make_function, seed, size)


def _make_file(name: str, version: str) -> bytes:
    # A renamed file has the content that it had.
    seed = f"{name.replace('new', 'old')} {version}"
    references = _REFERENCES.get(name, b"")
    if name.endswith(".css"):
        return references + make_style(seed, 3000)
    if name.endswith(".js"):
        return references + make_script(seed, 4000)
    return random.Random(seed).randbytes(3000)


def _make_lines(make_line: Callable[[random.Random], str], seed: str, size: int) -> bytes:
    rng = random.Random(seed)
    lines: list[str] = []
    while size > 0:
        lines.append(make_line(rng))
        size -= len(lines[-1]) + 1
    return "\n".join([*lines, ""]).encode()


def _make_words(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(count)]


_WORDS: Final = _make_words(1, 900)
_PROPERTIES: Final = ("color", "margin", "padding", "border", "display", "width", "height", "font-size", "line-height")


def _make_rule(rng: random.Random) -> str:
    values = ("0", "1px", "1rem", "auto", "inherit", f"#{rng.randrange(4096):03x}")
    declarations = [f"{rng.choice(_PROPERTIES)}:{rng.choice(values)}" for _ in range(rng.randint(2, 5))]
    return f".{rng.choice(_WORDS)}-{rng.choice(_WORDS)}{{{';'.join(declarations)}}}"


def _make_function(rng: random.Random) -> str:
    one, other = rng.sample("abcdefgh", 2)
    expression = f"this.{rng.choice(_WORDS)}.{rng.choice(_WORDS)}({rng.choice((one, other))})||{rng.randrange(1000)}"
    return f"function {rng.choice(_WORDS)}({one},{other}){{return {expression}}}"
