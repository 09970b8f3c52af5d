"""The tree that both serve, and what both are asked about it."""

from __future__ import annotations

import gzip
import hashlib
import os
from typing import TYPE_CHECKING, Any, Final

import brotli

from tests.peers.pair import Question

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MODIFIED: Final = 1_709_634_030  # 5 March 2024

_SCRIPT: Final = b"for (const each of document.links) each.rel = 'noopener';\n"
_STYLE: Final = b".box { margin: 0; padding: 0; border: 0 }\n" * 40
HASHED: Final = f"app.{hashlib.md5(_SCRIPT, usedforsecurity=False).hexdigest()[:12]}.js"

_FILES: Final = {
    "app.js": _SCRIPT,
    HASHED: _SCRIPT,
    "module.mjs": _SCRIPT,
    "style.css": _STYLE,
    "style.css.gz": gzip.compress(_STYLE, mtime=0),
    "style.css.br": brotli.compress(_STYLE),
    "page.html": b"<!doctype html><title>A page</title>\n",
    "data.json": b'{"data": true}\n',
    "feed.xml": b"<feed/>\n",
    "picture.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    "picture.png": b"\x89PNG\r\n\x1a\n\0\0\0\r",
    "picture.avif": b"\0\0\0\x1cftypavif",
    "favicon.ico": b"\0\0\1\0",
    "film.mp4": b"\0\0\0\x18ftypmp42",
    "code.wasm": b"\0asm\1\0\0\0",
    "letters.woff": b"wOFF",
    "letters.woff2": b"wOF2",
    "letters.ttf": b"\0\1\0\0",
    "letters.otf": b"OTTO",
    "voice.opus": b"OggS",
    "app.js.map": b'{"version": 3}\n',
    "site.webmanifest": b"{}\n",
    "report.202611241200.pdf": b"%PDF-1.7\n",
    "backup.gz": gzip.compress(b"of nothing beside it\n", mtime=0),
    "unknown.foobar": b"?\n",
    "LICENSE": b"No ending\n",
    "empty.txt": b"",
    "one.txt": b"1",
    "with space.txt": b"A space\n",
    "\u00fcber\u2713.txt": b"Not ASCII\n",
    "sub/deep/file.txt": b"Deep\n",
    "docs/index.html": b"<!doctype html><title>Index</title>\n",
    ".env": b"SECRET_KEY=1\n",
    ".well-known/security.txt": b"Contact: mailto:security@static.example\n",
    "staticfiles.json": b'{"version": "1.1", "paths": {}, "hash": ""}\n',
}

VARIANTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "scanned": {},
    "live": {"autorefresh": True},
    "with index files": {"index_file": True},
    "live with index files": {"index_file": True, "autorefresh": True},
    "with options": {
        "max_age": 1000,
        "mimetypes": {".foobar": "application/x-foobar"},
        "immutable_file_test": r"^/sub/",
        "allow_all_origins": False,
        "charset": "latin-1",
    },
    "without a life": {"max_age": None},
}

_CODINGS: Final = (
    *("", "*", "identity", "deflate", "compress, x-thing", "gzip", "br", "gzip, br", "br,gzip", "gzip, deflate"),
    *("gzip, deflate, br, zstd", "gzip;q=1.0", "gzip; q=0.5", "identity;q=0.1, gzip", "GZIP", "x-gzip", "my-gzip"),
    *("gzip;q=0", "gzip;q=0, br", "br;q=0, gzip", "gzip;q=1.0, br;q=0.5", "identity, gzip;q=0.5", "*;q=0"),
)

_CONDITIONS: Final = (
    ("If-None-Match", "{tag}"),
    ("If-None-Match", '"another"'),
    ("If-None-Match", "nonsense"),
    ("If-None-Match", "W/{tag}"),
    ("If-None-Match", '"another", {tag}'),
    ("If-None-Match", "*"),
    ("If-Modified-Since", "{time}"),
    ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("If-Modified-Since", "Fri, 11 Apr 2100 11:47:06 GMT"),
    ("If-Modified-Since", "Friday, 01-Jan-21 00:00:00 GMT"),
    ("If-Modified-Since", "Fri Apr 11 11:47:06 2025"),
    ("If-Modified-Since", "nonsense"),
    ("If-Match", "{tag}"),
    ("If-Match", '"another"'),
    ("If-Match", "*"),
    ("If-Unmodified-Since", "{time}"),
    ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"),
)

# app.js has 58 bytes.
RANGES_READ_BY_BOTH: Final = (
    *("bytes=0-9", "bytes=3-", "bytes=-5", "bytes=5-1000", "bytes=-1000", "bytes=0-", "bytes=1000-", "bytes=1000-1001"),
    *("bytes=0-0", "bytes=5-5", "bytes=-1", "bytes=57-", "bytes=-0"),
)
RANGES_READ_BY_WHITENOISE: Final = ("bytes=5-2", "bytes=+1-5", "bytes=1_0-2_0")
_RANGES: Final = (
    *RANGES_READ_BY_BOTH,
    *RANGES_READ_BY_WHITENOISE,
    *("BYTES=0-9", "bytes=0-1,4-5", "items=0-9", "bytes", "bytes=", "bytes=-", "bytes=a-b", "0-9"),
)

_METHODS: Final = ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get")

_OTHER_PATHS: Final = (
    *("", "/", "/missing.js", "/docs", "/docs/", "/sub", "/sub/", "/APP.JS", "/app.js/", "/style.css.gz"),
    *("/style.css.br", "//app.js", "/sub//deep/file.txt", "/./app.js", "/sub/../app.js", "/../secret.txt"),
    *("/%2e%2e/secret.txt", "/sub/../../secret.txt", "/..%2fsecret.txt", "/sub\\deep\\file.txt", "/..\\secret.txt"),
    *("/app.js%00", "/%00", "/%ff%fe.txt", "/%c3%bcber.txt", "/app.js ", "/C:/Windows/System.ini"),
    *("/link.txt", "/etc/passwd", "//etc/passwd", "/" + "x" * 10_000, "/x" * 5_000),
)


def _make_questions() -> list[Question]:
    questions = []
    for method in ("GET", "HEAD"):
        questions += [Question(f"/{name}", method) for name in _FILES if not name.startswith("style.css.")]
        questions += [Question(path, method) for path in _OTHER_PATHS]
        for path in ("/style.css", "/app.js"):
            questions += [Question(path, method, ("Accept-Encoding", codings)) for codings in _CODINGS]
            questions += [Question(path, method, condition) for condition in _CONDITIONS]
        for path in ("/app.js", "/one.txt", "/empty.txt"):
            questions += [Question(path, method, ("Range", value)) for value in _RANGES]
        later = ("If-Modified-Since", "Fri, 11 Apr 2100 11:47:06 GMT")
        questions += [
            Question("/app.js", method, ("If-None-Match", '"another"'), later),
            Question("/app.js", method, ("If-Range", "{tag}"), ("Range", "bytes=0-9")),
            Question("/app.js", method, ("If-Range", '"another"'), ("Range", "bytes=0-9")),
            Question("/style.css", method, ("Accept-Encoding", "gzip"), ("Range", "bytes=0-9")),
            Question("/style.css", method, ("Accept-Encoding", "br"), ("Range", "bytes=1000-")),
        ]
    questions.append(Question("/app.js", "GET", ("If-None-Match", "{tag}"), ("Range", "bytes=0-9")))
    questions += [Question(path, method) for method in _METHODS for path in ("/app.js", "/missing.js")]
    return questions


QUESTIONS: Final = _make_questions()


def build_tree(directory: Path) -> str:
    """Write the files, a link to one outside, and that one. Return the root."""
    root = directory / "root"
    for name, content in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (_MODIFIED, _MODIFIED))
    secret = directory / "secret.txt"
    secret.write_text("Not below the root\n")
    (root / "link.txt").symlink_to(secret)
    return str(root)
