"""The trees that builds read in these tests, and looks at what they made through other programs' eyes."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

import brotli

from staticserve.codings import zstd
from staticserve.manifest import MANIFEST_NAME, Manifest, read_manifest
from staticserve.pipeline.build import build_store
from staticserve.pipeline.options import BuildOptions
from staticserve.store import STORE_NAME
from tests.catalogue import write_files
from tests.contract.exchange import Request, exchange_in_validator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from staticserve import StaticServe
    from staticserve.pipeline.report import BuildReport
    from tests.contract.exchange import Response

FOREVER: Final = "max-age=315360000, public, immutable"

STYLE: Final = b"body { color: red }\n" * 100
SCRIPT: Final = b"// all work and no play\n" * 200
# No coding makes it smaller.
PICTURE: Final = random.Random(1).randbytes(3000)


def hashed_name(name: str, content: bytes) -> str:
    """Return the name that Django's manifest storage gives to a content."""
    stem, extension = os.path.splitext(name)
    return f"{stem}.{hashlib.md5(content).hexdigest()[:12]}{extension}"


FILES: Final[Mapping[str, bytes]] = {
    "app.css": STYLE,
    hashed_name("app.css", STYLE): STYLE,
    "js/app.js": SCRIPT,
    "js/app.js.map": b'{"version": 3, "mappings": "' + b"AAAA;" * 300 + b'"}',
    "img/photo.png": PICTURE,
    "empty.txt": b"",
    "docs/index.html": b"<p>all work and no play</p>\n" * 50,
    "\u00e9 %3F #.txt": b"a name to be quoted\n" * 30,
}
"""One file of each kind."""

ACCEPTED: Final = ("", "gzip", "br", "zstd", "gzip, br, zstd")
"""Values of Accept-Encoding: each asks for other octets."""


def make_tree(root: Path, files: Mapping[str, bytes] = FILES) -> Path:
    """Write files below a directory and return that."""
    write_files(root, files)
    return root


def build(root: Path, **options: Any) -> BuildReport:
    """Build the store of a tree with two workers, by the manifest that is in it."""
    manifest = read_manifest(str(root / MANIFEST_NAME)) or Manifest()
    return build_store(str(root), manifest, BuildOptions(**{"workers": 2, **options}))


def store_of(root: Path) -> Path:
    """Return where a tree's store is."""
    return root / STORE_NAME


def rows(path: Path, sql: str) -> list[Any]:
    """Return what SQLite itself finds in a store."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def execute(path: Path, sql: str) -> None:
    """Change a store as nothing of ours ever does."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


class Kept(NamedTuple):
    """A line of a content's row: the content's SHA-256, a coding, its recipe, and the id of its blob, if it has one."""

    content: bytes
    coding: str
    recipe: str
    blob: int | None


def kept_of(root: Path) -> list[Kept]:
    """Return all that a store says of encodings, read as its schema says, not by our parser."""
    kept = []
    for content, lines in rows(store_of(root), "SELECT sha256, codings FROM content ORDER BY sha256"):
        for line in lines.splitlines():
            coding, recipe, _, sha256 = line.split(" ")
            # The first 63 bits of a digest, so that SQLite takes it for an integer that is not negative.
            kept.append(Kept(content, coding, recipe, None if sha256 == "-" else int(sha256[:16], 16) >> 1))
    return kept


def swap_blobs(root: Path) -> None:
    """Give each of two contents the other's octets, as a damaged page may."""
    by_coding: dict[str, list[int]] = {}
    for each in kept_of(root):
        if each.blob is not None:
            by_coding.setdefault(each.coding, []).append(each.blob)
    octets = dict(rows(store_of(root), "SELECT id, octets FROM blob"))
    assert by_coding
    with closing(sqlite3.connect(store_of(root))) as connection, connection:
        for first, second in by_coding.values():
            swapped = [(octets[first], second), (octets[second], first)]
            connection.executemany("UPDATE blob SET octets = ? WHERE id = ?", swapped)


def swap_codings(root: Path) -> None:
    """Give each of two contents the other's line about its codings, as a damaged page may."""
    other = "SELECT codings FROM content AS other WHERE other.id != mine.id AND other.codings != ''"
    execute(store_of(root), f"UPDATE content AS mine SET codings = ({other}) WHERE codings != ''")


def blobs_of(root: Path) -> dict[tuple[str, str], bytes]:
    """Return the octets of a store's blobs by file name and coding."""
    octets = dict(rows(store_of(root), "SELECT id, octets FROM blob"))
    names: dict[bytes, list[str]] = {}
    for name, content in rows(
        store_of(root), "SELECT name, sha256 FROM resource JOIN content ON content.id = resource.content"
    ):
        names.setdefault(content, []).append(name)
    return {
        (name, each.coding): octets[each.blob]
        for each in kept_of(root)
        if each.blob is not None
        for name in names[each.content]
    }


def stray_files(root: Path) -> list[str]:
    """Return the temporary files in a tree."""
    return [name for _, _, names in os.walk(root) for name in names if name.endswith(".tmp")]


def _same(octets: bytes) -> bytes:
    return octets


_DECODERS: Final[Mapping[str | None, Callable[[bytes], bytes]]] = {
    None: _same,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstd().decompress,
}


def decode(coding: str | None, octets: bytes) -> bytes:
    """Return what octets decode to, by the codec's own library. Raises if they do not decode."""
    return _DECODERS[coding](octets)


class Answer(NamedTuple):
    """An answer, and its body as it is and decoded."""

    status: int
    response: Response
    content: bytes

    @property
    def coding(self) -> str | None:
        """Return the coding of the body, if it has one."""
        return self.response.get("Content-Encoding")

    @property
    def is_immutable(self) -> bool:
        """Return whether the answer says that it is for ever."""
        return self.response.get("Cache-Control") == FOREVER


def ask(app: StaticServe, name: str, accept_encoding: str = "", **fields: str) -> Answer:
    """Ask for a file below ``/``, through ``wsgiref.validate``. The length is the one that was promised."""
    given = {"Accept-Encoding": accept_encoding, **{key.replace("_", "-"): value for key, value in fields.items()}}
    response = exchange_in_validator(app)(Request("GET", f"/{quote(name)}", tuple(given.items())))
    if response.status not in (204, 304):
        assert response.get("Content-Length") == str(len(response.octets))
    return Answer(response.status, response, decode(response.get("Content-Encoding"), response.octets))


def python(*arguments: str) -> list[str]:
    """Return the command that runs this Python, with warnings as errors."""
    return [sys.executable, "-W", "error", *arguments]


_LIMITED: Final = """
import resource, sys
from staticserve.cli import main

# Python ignores SIGXFSZ, so that a write beyond this fails as one to a full disk does.
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.exit(main(sys.argv[2:]))
"""


def run_with_full_disk(limit: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that can write no file of more than ``limit`` bytes."""
    command = python("-c", _LIMITED, str(limit), *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=60)
