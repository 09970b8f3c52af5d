"""The files that the contract is held on, as data, and what each is to be served as."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import brotli

from staticserve.codings import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MODIFIED: Final = 1_709_634_030
"""When every file was modified, in seconds since 1970: LAST_MODIFIED, counted by hand with ``date -u -d``."""
LAST_MODIFIED: Final = "Tue, 05 Mar 2024 10:20:30 GMT"

# 1 January 1980, 00:00:00: what ZIP archives and reproducible builds write who know no time.
UNBELIEVABLE: Final = 315_532_800

SHORT: Final = "max-age=60, public"
FOREVER: Final = "max-age=315360000, public, immutable"

MIB: Final = 1024 * 1024

SUFFIXES: Final = {"gzip": ".gz", "br": ".br", "zstd": ".zst"}


class File(NamedTuple):
    """A file below one of the folders, and the fields that RFC 9110 and our promises give it."""

    path: str
    """Folder and name: ``static/css/app.css``. The URL path is the same with a leading slash."""
    octets: bytes
    content_type: str
    codings: tuple[str, ...] = ()
    """Which sidecars are there and right."""
    life: str | None = SHORT
    modified: int = MODIFIED


class Folder(NamedTuple):
    """What all files in a folder have in common, because of the options that it is served with."""

    allows_all_origins: bool = True
    vary: tuple[str, ...] = ()
    fields: Mapping[str, str] = {}
    """The user's own."""


FOLDERS: Final = {
    "static": Folder(),
    "pages": Folder(),
    "hooked": Folder(vary=("Origin",), fields={"X-Own": "yes", "X-Hook": "called"}),
    "bare": Folder(allows_all_origins=False),
}

_ALL: Final = ("gzip", "br", "zstd")


def _make_text(lines: int, line: str) -> bytes:
    return "".join(line.format(number) for number in range(lines)).encode()


def _md5_name(stem: str, octets: bytes, extension: str) -> str:
    # HashedFilesMixin.file_hash and hashed_name, as Django's documentation has them: the first 12 hex digits.
    return f"{stem}.{hashlib.md5(octets, usedforsecurity=False).hexdigest()[:12]}{extension}"


CSS: Final = _make_text(600, ".rule-{0} {{ margin: {0}px; color: #{0:06x}; }}\n")
JS: Final = _make_text(300, "export const value{0} = {0} * 7;\n")
DIGITS: Final = b"0123456789" * 100
# Random octets, the same ones each time: no coding makes them smaller.
BIG: Final = random.Random(9110).randbytes(3 * MIB + 17)
# Random digits: every coding of these is itself too big to be kept in memory.
BIG_HEX: Final = b'"' + random.Random(9111).randbytes(1_400_000).hex().encode() + b'"'
# On disk itself, its codings in memory.
BIG_XML: Final = _make_text(60_000, '<rect x="{0}" y="{0}" width="10" height="10"/>\n')

HASHED_CSS: Final = _md5_name("static/css/app", CSS, ".css")
HASHED_WITHOUT_EXTENSION: Final = _md5_name("static/LICENSE", DIGITS, "")

FILES: Final = (
    File("static/css/app.css", CSS, "text/css; charset=utf-8", _ALL),
    File("static/css/plain.css", b"p { color: red; }\n", "text/css; charset=utf-8"),
    File("static/js/app.js", JS, "text/javascript; charset=utf-8", ("gzip",)),
    File("static/js/module.mjs", JS, "text/javascript; charset=utf-8"),
    File("static/gzip-is-smallest.txt", _make_text(900, "line {0} of a text\n"), "text/plain; charset=utf-8", _ALL),
    File("static/alternative.css", CSS, "text/css; charset=utf-8", ("zstd",)),
    File("static/stale.css", CSS, "text/css; charset=utf-8"),
    File("static/corrupt.css", CSS, "text/css; charset=utf-8"),
    File("static/digits.txt", DIGITS, "text/plain; charset=utf-8"),
    File("static/empty.txt", b"", "text/plain; charset=utf-8"),
    File("static/one.txt", b"1", "text/plain; charset=utf-8"),
    File("static/undated.txt", DIGITS, "text/plain; charset=utf-8", modified=UNBELIEVABLE),
    File("static/big.bin", BIG, "application/octet-stream"),
    File("static/big.json", BIG_HEX, "application/json", _ALL),
    File("static/big.svg", BIG_XML, "image/svg+xml", _ALL),
    # Cache life: what proves that a name stands for its content for ever, and what only looks like it.
    File(HASHED_CSS, CSS, "text/css; charset=utf-8", _ALL, life=FOREVER),
    File(HASHED_WITHOUT_EXTENSION, DIGITS, "application/octet-stream", life=FOREVER),
    File("static/js/library-Xy12Zw.js", JS, "text/javascript; charset=utf-8", life=FOREVER),
    File("static/js/kept.js", JS, "text/javascript; charset=utf-8"),
    File("static/js/chunk.0123456789ab.js", JS, "text/javascript; charset=utf-8"),
    File("static/report.202611241200.pdf", DIGITS, "application/pdf"),
    # Media types (the IANA registry, and the WHATWG's MIME Sniffing standard for scripts and fonts).
    File("static/types/page.html", b"<!doctype html><title>A page</title>\n", "text/html; charset=utf-8"),
    File("static/types/font.woff2", DIGITS, "font/woff2"),
    File("static/types/font.woff", DIGITS, "font/woff"),
    File("static/types/font.ttf", DIGITS, "font/ttf"),
    File("static/types/font.otf", DIGITS, "font/otf"),
    File("static/types/code.wasm", DIGITS, "application/wasm"),
    File("static/types/app.webmanifest", b"{}", "application/manifest+json"),
    File("static/types/app.js.map", b"{}", "application/json"),
    File("static/types/data.json", b"{}", "application/json"),
    File("static/types/picture.avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + DIGITS, "image/avif"),
    File("static/types/picture.webp", b"RIFF\xf4\x03\0\0WEBPVP8 " + DIGITS, "image/webp"),
    File("static/types/picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>\n", "image/svg+xml"),
    File("static/types/picture.PNG", b"\x89PNG\r\n\x1a\n" + DIGITS, "image/png"),
    File("static/types/film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + DIGITS, "video/mp4"),
    File("static/types/sound.opus", b"OggS\0\x02" + DIGITS, "audio/ogg"),
    File("static/types/feed.unheard-of", DIGITS, "application/octet-stream"),
    File("static/types/no-ending", DIGITS, "application/octet-stream"),
    # A .gz that is not a sidecar is a file in its own right, not a coding of anything.
    File("static/types/archive.tar.gz", gzip.compress(CSS, mtime=0), "application/gzip"),
    # Names
    File("static/naïve café.txt", DIGITS, "text/plain; charset=utf-8"),
    File("static/100%.txt", DIGITS, "text/plain; charset=utf-8"),
    File("static/.well-known/security.txt", DIGITS, "text/plain; charset=utf-8"),
    # Index files
    File("pages/index.html", b"<!doctype html><title>Home</title>\n", "text/html; charset=utf-8"),
    File("pages/docs/index.html", b"<!doctype html><title>Docs</title>\n", "text/html; charset=utf-8"),
    File("pages/docs/guide.html", b"<!doctype html><title>Guide</title>\n", "text/html; charset=utf-8"),
    File("pages/a:b c/index.html", b"<!doctype html><title>Colon</title>\n", "text/html; charset=utf-8"),
    # The user's own hooks
    File("hooked/app.css", CSS, "text/css; charset=utf-8", _ALL),
    File("hooked/app.v12.css", CSS, "text/css; charset=utf-8", life=FOREVER),
    File("hooked/page.tpl", DIGITS, "text/x-template; charset=utf-8"),
    # Everything switched off that can be
    File("bare/app.css", CSS, "text/css", _ALL, life=None),
)

MANIFEST: Final = {
    "version": "1.1",
    "hash": "0123456789ab",
    "paths": {
        "css/app.css": HASHED_CSS.removeprefix("static/"),
        "js/library.js": "js/library-Xy12Zw.js",
        # Somebody else made this name, and it promises nothing.
        "js/kept.js": "js/kept.js",
    },
}

# Files that tests change while they are served. Above 1 MiB a file is sent from disk, up to it from memory.
CHANGING_BIG: Final = random.Random(9112).randbytes(MIB + 500_000)
CHANGING_SMALL: Final = random.Random(9113).randbytes(2000)
# More than what the buffers of two sockets take in, so that it is not sent before its client reads.
CHANGING_WHILE_SENT: Final = random.Random(9114).randbytes(24 * MIB)
# What it takes to be told from what was there before, whole or in part.
CHANGED_BIG: Final = random.Random(9115).randbytes(MIB + 600_000)


class Changing(NamedTuple):
    """How many files of a kind there are to change, and what is in them at first."""

    name: str
    """With a number to fill in."""
    octets: bytes
    copies: int


CHANGING: Final = (
    Changing("static/changing/big-{}.bin", CHANGING_BIG, 12),
    Changing("static/changing/small-{}.bin", CHANGING_SMALL, 12),
    Changing("static/changing/sent-{}.bin", CHANGING_WHILE_SENT, 3),
)

NOT_SERVED: Final = {
    "static/.hidden": b"secret",
    "static/.git/config": b"secret",
    "static/css/.htaccess": b"secret",
    "static/.staticserve/store.sqlite3": b"secret",
    "static/staticfiles.json": json.dumps(MANIFEST).encode(),
    "static/staticfiles.json.gz": gzip.compress(json.dumps(MANIFEST).encode(), mtime=0),
    "outside/secret.txt": b"secret",
}

MAKE_CODING: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda octets: gzip.compress(octets, 1, mtime=0),
    "br": lambda octets: brotli.compress(octets, quality=5 if len(octets) < MIB else 1),
    "zstd": lambda octets: bytes(zstd().compress(octets, 3)),
}


class Tree:
    """The files below ``root``. Building it is the only thing that writes; tests that change files copy it first."""

    def __init__(self, root: str) -> None:
        self.root = root

    @cached_property
    def files(self) -> dict[str, File]:
        """Return every served file by its path."""
        return {file.path: file for file in FILES}

    def read(self, path: str, coding: str = "identity") -> bytes:
        """Return the octets of a file in one coding, as they are on disk."""
        with open(f"{self.root}/{path}{self.suffix(path, coding)}", "rb") as file:
            return file.read()

    def suffix(self, path: str, coding: str) -> str:
        """Return what is added to a file's name for its sidecar in a coding."""
        if coding == "identity":
            return ""
        return ".zstd" if path == "static/alternative.css" else SUFFIXES[coding]


def build_tree(root: str) -> Tree:
    """Write the files, their sidecars and what must not be served."""
    tree = Tree(root)
    for file in FILES:
        _write(f"{root}/{file.path}", file.octets, file.modified)
        for coding in file.codings:
            octets = MAKE_CODING[coding](file.octets)
            if file.path == "static/gzip-is-smallest.txt":
                octets = _make_gzip_smallest(coding, file.octets)
            _write(f"{root}/{file.path}{tree.suffix(file.path, coding)}", octets, file.modified)
    for changing in CHANGING:
        for number in range(changing.copies):
            _write(f"{root}/{changing.name.format(number)}", changing.octets, MODIFIED)
    for path, octets in NOT_SERVED.items():
        _write(f"{root}/{path}", octets, MODIFIED)
    # A sidecar of what was there before, and one that was not written to its end.
    _write(f"{root}/static/stale.css.gz", gzip.compress(b"/* the day before */" + CSS[20:], mtime=0), MODIFIED)
    _write(f"{root}/static/stale.css.br", brotli.compress(CSS[:-1]), MODIFIED)
    _write(f"{root}/static/corrupt.css.gz", gzip.compress(CSS, mtime=0)[:-20], MODIFIED)
    _write(f"{root}/static/corrupt.css.zst", b"not zstd", MODIFIED)
    os.symlink("../outside/secret.txt", f"{root}/static/leak.txt")
    os.symlink("../outside", f"{root}/static/leak")
    os.symlink("digits.txt", f"{root}/static/link.txt")
    os.symlink("nowhere.txt", f"{root}/static/broken.txt")
    os.symlink(".", f"{root}/static/loop")
    os.mkfifo(f"{root}/static/fifo.txt")
    sizes = {coding: len(tree.read("static/css/app.css", coding)) for coding in _ALL}
    assert sizes["br"] < sizes["zstd"] < sizes["gzip"], sizes
    sizes = {coding: len(tree.read("static/gzip-is-smallest.txt", coding)) for coding in _ALL}
    assert sizes["gzip"] < min(sizes["br"], sizes["zstd"]), sizes
    assert min(len(tree.read("static/big.json", coding)) for coding in _ALL) > MIB
    assert max(len(tree.read("static/big.svg", coding)) for coding in _ALL) < MIB
    return tree


def _make_gzip_smallest(coding: str, octets: bytes) -> bytes:
    if coding == "gzip":
        return gzip.compress(octets, 9, mtime=0)
    return brotli.compress(octets, quality=0) if coding == "br" else bytes(zstd().compress(octets, -50))


def _write(path: str, octets: bytes, modified: int) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(octets)
    os.utime(path, (modified, modified))
