"""HTML that cannot be forgotten to be escaped: text becomes markup in ``element`` only, and there it is escaped."""

from __future__ import annotations

import html
import re
from typing import Final

MAX_TEXT: Final = 3_000
"""Characters of one text. A page has some hundred of them, and its size is bounded."""

Attribute = str | int | float | bool | None

# What a browser would not show, or would use to show something else: control characters, marks that turn the
# direction of writing, and halves of surrogate pairs (Python's file names have them; UTF-8 cannot).
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSEEN_IN_NAMES: Final = re.compile(_UNSEEN.pattern[:-1] + "\t\n]")

_UNITS: Final = {"KB": 1e3, "MB": 1e6, "GB": 1e9}


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: Attribute) -> Markup:
    """Return an element. Children that are not ``Markup`` are text.

    An attribute that Python has no name for takes underscores: ``class_``, ``aria_label``. One that is false or nothing
    is left out, one that is true has no value.
    """
    content = "".join(map(escape, children))
    return Markup(f"<{name}{''.join(map(_attribute, attributes.items()))}>{content}</{name}>")


def join(parts: list[Markup]) -> Markup:
    """Return markup after markup."""
    return Markup("".join(parts))


def escape(text: str) -> str:
    """Return text as HTML, fit for an attribute as well, and readable whatever is in it."""
    if isinstance(text, Markup):
        return text
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT - 1] + "…"
    return html.escape(_UNSEEN.sub(_spell, text))


def format_name(name: str) -> str:
    """Return a file's name in one line."""
    return _UNSEEN_IN_NAMES.sub(_spell, name)


def breakable(name: str) -> Markup:
    """Return a dotted name that may be continued on the next line after a dot and before a capital."""
    parts = re.split(r"(?<=\.)|(?<=[a-z])(?=[A-Z])", format_name(name))
    return Markup("<wbr>".join(map(escape, parts)))


def format_bytes(size: int) -> str:
    """Return a number of bytes in three digits or so: 812 B, 24.1 KB, 1.06 MB."""
    if size < 1_000:
        return f"{size}\N{NO-BREAK SPACE}B"
    scaled = ((size / scale, unit) for unit, scale in _UNITS.items())
    number, unit = next((each for each in scaled if each[0] < 999.5), (size / 1e9, "GB"))
    decimals = 0 if number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:,.{decimals}f}\N{NO-BREAK SPACE}{unit}"


def format_count(count: int, noun: str) -> str:
    """Return a number and its noun: 1 file, 2,000 files."""
    return f"{count:,}\N{NO-BREAK SPACE}{noun}{'' if count == 1 else 's'}"


def format_share(part: int, whole: int) -> str:
    """Return a part as percents of the whole: 30 %, 4.2 %, < 0.1 %."""
    share = 100 * part / whole if whole else 0.0
    number = "0" if not part else "< 0.1" if share < 0.05 else f"{share:.1f}" if share < 9.95 else f"{share:.0f}"
    return f"{number} %".replace(" ", "\N{NO-BREAK SPACE}")


def _attribute(item: tuple[str, Attribute]) -> str:
    name, value = item
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def _spell(match: re.Match[str]) -> str:
    named = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}.get(match[0])
    code = ord(match[0])
    return named or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
