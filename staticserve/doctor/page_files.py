"""What the page says about the files: what kind they are, which are the same, and the sums over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.semantics.negotiation import IDENTITY, WHOLE_CODINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from staticserve.doctor.model import CollectedFile

OTHER: Final = "other"

KINDS: Final = {
    "style": "CSS",
    "script": "JavaScript",
    "image": "images",
    "font": "fonts",
    "media": "video and sound",
    "map": "source maps",
    OTHER: "anything else",
}
"""Kind → what people call it."""

_EXTENSIONS: Final = {
    "style": "css",
    "script": "js mjs cjs wasm",
    "image": "svg png jpg jpeg gif webp avif jxl ico bmp",
    "font": "woff2 woff ttf otf eot",
    "media": "mp4 webm mov mp3 m4a ogg oga ogv opus wav flac vtt",
    "map": "map",
}

_KIND_BY_EXTENSION: Final = {
    extension: kind for kind, extensions in _EXTENSIONS.items() for extension in extensions.split()
}

CODINGS: Final = (IDENTITY, *WHOLE_CODINGS)
"""In the order in which they are shown."""


class CodingSum(NamedTuple):
    """What the files have in one coding: how many have it, their bytes in it, and as they are."""

    coding: str
    files: int
    bytes: int
    identity_bytes: int


def find_kind(name: str) -> str:
    """Return the kind of a file."""
    return _KIND_BY_EXTENSION.get(name.rpartition(".")[2].lower(), OTHER)


def logical_name(file: CollectedFile) -> str:
    """Return the name that the project knows a file by."""
    return file.name if file.logical is None else file.logical


def select_distinct(files: Sequence[CollectedFile]) -> list[CollectedFile]:
    """Return the files without those that are there under their hashed name as well."""
    hashed = {file.logical for file in files}
    return [file for file in files if file.logical is not None or file.name not in hashed]


def sum_codings(files: Iterable[CollectedFile]) -> list[CodingSum]:
    """Return the sums of all codings that there are; first of none, "identity"."""
    sums: dict[str, list[int]] = {}
    for file in files:
        for coding, size in ((IDENTITY, file.bytes), *file.codings.items()):
            entry = sums.setdefault(coding, [0, 0, 0])
            entry[0] += 1
            entry[1] += size
            entry[2] += file.bytes
    known = [coding for coding in CODINGS if coding in sums]
    return [CodingSum(coding, *sums[coding]) for coding in (*known, *sorted(sums.keys() - set(CODINGS)))]


def select_smallest(file: CollectedFile) -> tuple[str, int]:
    """Return the coding that has the fewest bytes, and these."""
    return min(((IDENTITY, file.bytes), *file.codings.items()), key=lambda item: item[1])
