"""Which media type a file name means (RFC 9110, 8.3)."""

from __future__ import annotations

import mimetypes
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.semantics.media_types import MEDIA_TYPES, make_media_types

content_type = make_media_types({}, "utf-8")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # RFC 9239: text/javascript, for modules as well.
        ("app.js", "text/javascript; charset=utf-8"),
        ("app.mjs", "text/javascript; charset=utf-8"),
        ("app.css", "text/css; charset=utf-8"),
        ("page.html", "text/html; charset=utf-8"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("table.csv", "text/csv; charset=utf-8"),
        # RFC 8259, 11: "no 'charset' parameter is defined".
        ("data.json", "application/json"),
        ("app.js.map", "application/json"),
        ("site.webmanifest", "application/manifest+json"),
        ("logo.svg", "image/svg+xml"),
        ("program.wasm", "application/wasm"),
        # RFC 8081
        ("font.woff", "font/woff"),
        ("font.woff2", "font/woff2"),
        ("font.ttf", "font/ttf"),
        ("font.otf", "font/otf"),
        ("picture.avif", "image/avif"),
        ("picture.webp", "image/webp"),
        ("picture.png", "image/png"),
        ("picture.jpg", "image/jpeg"),
        ("favicon.ico", "image/vnd.microsoft.icon"),
        # RFC 7845, 9
        ("sound.opus", "audio/ogg"),
        ("film.mp4", "video/mp4"),
        ("film.webm", "video/webm"),
        ("paper.pdf", "application/pdf"),
        # A file in its own right, not a coding of another one.
        ("archive.tar.gz", "application/gzip"),
        # RFC 8878, 7.1
        ("archive.tar.zst", "application/zstd"),
        ("apple-app-site-association", "application/json"),
    ],
)
def test_an_ending_means_its_registered_media_type(name: str, value: str) -> None:
    assert content_type(name) == value


@pytest.mark.parametrize("name", ["a.MAP", "a.webmanifest", "a.ttf", "a.otf", "a.opus"])
def test_what_the_peers_do_not_know_is_known(name: str) -> None:
    assert content_type(name) != "application/octet-stream"


@pytest.mark.parametrize("name", ["APP.CSS", "App.Css", "deep/down/app.css", "a.min.css", "a.b/c.css", "/x/.css"])
def test_the_last_ending_counts_in_any_case_and_directory(name: str) -> None:
    assert content_type(name) == "text/css; charset=utf-8"


@pytest.mark.parametrize("name", ["", "LICENSE", "a.unknown", "a.", "css", "a.css/b", "app.css.br", ".htaccess", "a/"])
def test_what_is_unknown_is_a_stream_of_octets(name: str) -> None:
    assert content_type(name) == "application/octet-stream"


def test_the_machines_own_table_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mimetypes, "types_map", {".css": "text/x-machine"})
    mimetypes.add_type("application/x-machine", ".js")
    try:
        assert make_media_types({}, "utf-8")("app.js") == "text/javascript; charset=utf-8"
        assert make_media_types({}, "utf-8")("app.css") == "text/css; charset=utf-8"
    finally:
        mimetypes.init()


def test_the_users_table_wins() -> None:
    user = make_media_types({".JS": "application/x-user", ".own": "text/x-own", "LICENSE": "text/x-licence"}, "utf-8")
    assert user("a.js") == "application/x-user"
    assert user("a.own") == "text/x-own; charset=utf-8"
    assert user("legal/LICENSE") == "text/x-licence; charset=utf-8"
    assert user("a.css") == "text/css; charset=utf-8"


def test_a_charset_is_added_once_and_to_text_only() -> None:
    user = make_media_types({".old": "text/plain; charset=latin-1"}, "utf-16")
    assert user("a.old") == "text/plain; charset=latin-1"
    assert user("a.txt") == "text/plain; charset=utf-16"
    assert user("a.png") == "image/png"


def test_an_empty_charset_is_left_out() -> None:
    assert make_media_types({}, "")("a.css") == "text/css"


@pytest.mark.parametrize(("ending", "media_type"), MEDIA_TYPES.items())
def test_the_table_holds_media_types_by_lower_case_endings(ending: str, media_type: str) -> None:
    assert ending == ending.lower()
    # RFC 6838, 4.2: restricted-name "/" restricted-name
    assert re.fullmatch(r"[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]*", media_type)


@given(st.text())
def test_no_name_is_an_error(name: str) -> None:
    assert "/" in content_type(name)
