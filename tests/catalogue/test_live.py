"""A directory that is looked at again on every request, for development."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.catalogue.directory import DirectoryCatalogue
from staticserve.catalogue.live import LiveCatalogue
from staticserve.model import Redirect, Resource
from staticserve.semantics.negotiation import IDENTITY
from tests.catalogue import DEFAULTS, MTIME, replace_file, sidecars, write_files

if TYPE_CHECKING:
    from pathlib import Path

CONTENT: Final = b"body { color: red }\n" * 50


def octets_of(catalogue: LiveCatalogue, name: str) -> object:
    found = catalogue.find(name, f"/static/{name}")
    assert found is None or isinstance(found, Resource)
    return found and found.representations[0].octets


def codings_of(catalogue: LiveCatalogue, name: str) -> set[str]:
    found = catalogue.find(name, f"/static/{name}")
    assert isinstance(found, Resource)
    return {each.coding for each in found.representations}


def test_files_that_come_change_and_go_are_noticed_at_once(tmp_path: Path) -> None:
    catalogue = LiveCatalogue(str(tmp_path), DEFAULTS)
    assert octets_of(catalogue, "app.css") is None
    write_files(tmp_path, {"app.css": b"first"})
    assert octets_of(catalogue, "app.css") == b"first"
    # The same size and time.
    replace_file(tmp_path / "app.css", b"again")
    os.utime(tmp_path / "app.css", (MTIME, MTIME))
    assert octets_of(catalogue, "app.css") == b"again"
    (tmp_path / "app.css").unlink()
    assert octets_of(catalogue, "app.css") is None


def test_a_directory_that_comes_later_is_served(tmp_path: Path) -> None:
    catalogue = LiveCatalogue(str(tmp_path / "later"), DEFAULTS)
    assert octets_of(catalogue, "app.css") is None
    write_files(tmp_path, {"later/app.css": b"app"})
    assert octets_of(catalogue, "app.css") == b"app"


def test_what_has_not_changed_is_the_same_resource(tmp_path: Path) -> None:
    write_files(tmp_path, sidecars("app.css", CONTENT))
    catalogue = LiveCatalogue(str(tmp_path), DEFAULTS)
    assert catalogue.find("app.css", "/x") is catalogue.find("app.css", "/x")


def test_a_sidecar_is_used_while_it_is_fresh(tmp_path: Path) -> None:
    files = sidecars("app.css", CONTENT)
    write_files(tmp_path, files)
    catalogue = LiveCatalogue(str(tmp_path), DEFAULTS)
    assert codings_of(catalogue, "app.css") == {"identity", "gzip", "br", "zstd"}
    (tmp_path / "app.css.br").unlink()
    assert codings_of(catalogue, "app.css") == {"identity", "gzip", "zstd"}
    replace_file(tmp_path / "app.css", CONTENT + b"\n")
    assert codings_of(catalogue, "app.css") == {"identity"}
    write_files(tmp_path, {"app.css": CONTENT, "app.css.br": files["app.css.br"]})
    assert codings_of(catalogue, "app.css") == {"identity", "gzip", "br", "zstd"}


def test_a_sidecar_without_its_file_is_a_file(tmp_path: Path) -> None:
    write_files(tmp_path, sidecars("app.css", CONTENT))
    catalogue = LiveCatalogue(str(tmp_path), DEFAULTS)
    assert octets_of(catalogue, "app.css.gz") is None
    (tmp_path / "app.css").unlink()
    assert octets_of(catalogue, "app.css.gz") == (tmp_path / "app.css.gz").read_bytes()


def test_the_manifest_and_its_sidecars_are_not_served(tmp_path: Path) -> None:
    write_files(tmp_path, sidecars("staticfiles.json", CONTENT))
    catalogue = LiveCatalogue(str(tmp_path), DEFAULTS)
    for suffix in ("", ".gz", ".br", ".zst"):
        assert octets_of(catalogue, f"staticfiles.json{suffix}") is None


def test_a_hashed_name_is_immutable_while_its_content_says_so(tmp_path: Path) -> None:
    name = f"app.{hashlib.md5(CONTENT).hexdigest()[:12]}.css"
    write_files(tmp_path, {name: CONTENT})
    catalogue = LiveCatalogue(str(tmp_path), DEFAULTS)

    def cache_control() -> str:
        found = catalogue.find(name, "/x")
        assert isinstance(found, Resource)
        return dict(found.representations[0].fields)["Cache-Control"]

    assert cache_control() == "max-age=315360000, public, immutable"
    replace_file(tmp_path / name, CONTENT.swapcase())
    assert cache_control() == "max-age=60, public"


def test_more_files_than_are_remembered_are_served(tmp_path: Path) -> None:
    names = [f"{number}.txt" for number in range(1010)]
    write_files(tmp_path, {name: name.encode() for name in names})
    catalogue = LiveCatalogue(str(tmp_path), DEFAULTS)
    for name in [*names, names[0]]:
        assert octets_of(catalogue, name) == name.encode()


def test_index_files_are_found_by_their_directory(tmp_path: Path) -> None:
    write_files(tmp_path, {"docs/index.html": b"docs"})
    catalogue = LiveCatalogue(str(tmp_path), replace(DEFAULTS, index_file="index.html"))
    assert octets_of(catalogue, "docs/") == b"docs"
    assert isinstance(catalogue.find("docs", "/docs"), Redirect)
    assert isinstance(catalogue.find("docs/index.html", "/docs/index.html"), Redirect)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tree of everything that is or is not served."""
    above = tmp_path_factory.mktemp("above")
    root = above / "root"
    write_files(
        root,
        {
            **sidecars("app.css", CONTENT),
            **sidecars("staticfiles.json", CONTENT),
            **dict.fromkeys(("css/x.css", "css/x.css.gz", "css/x.css.gz.br", "archive.tar.gz", "css.gz"), b"x"),
            **dict.fromkeys((".env", ".env.gz", ".git/config", "css/.own", ".well-known/a", ".well-known/.b"), b"x"),
            **dict.fromkeys((".staticserve/store.sqlite3", ".gz", "docs/index.html", "\u00e9/\u00fc"), b"x"),
        },
    )
    write_files(above, {"secret.css": b"secret", "root-secret/secret.css": b"secret"})
    (root / "link.css").symlink_to("app.css")
    (root / "out.css").symlink_to("../secret.css")
    (root / "out").symlink_to("../root-secret")
    (root / "broken").symlink_to("missing")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "fifo")
    return root


PARTS: Final = [
    *("app.css", "css", "x.css", "docs", "index.html", "out", "out.css", "secret.css", "root-secret", "link.css"),
    *("broken", "loop", "fifo", "staticfiles.json", "archive.tar", ".env", ".git", "config", ".own", ".well-known"),
    *(".staticserve", "store.sqlite3", "a", ".b", "..", ".", "", "\x00", "\\", "..\\", "\u00e9", "\u00fc", "a" * 300),
]
NAMES: Final = st.lists(
    st.tuples(st.sampled_from(PARTS), st.sampled_from(["", "", ".gz", ".br", ".zst", ".zstd", "/", "\n"])).map("".join),
    max_size=4,
).map("/".join)
OPTIONS: Final = [
    DEFAULTS,
    replace(DEFAULTS, index_file="index.html"),
    replace(DEFAULTS, dotfiles=True, follow_symlinks=True),
]


def in_any_order(found: Resource | Redirect | None) -> object:
    """Return a resource with its codings by their names: only that identity is the first has a meaning."""
    if not isinstance(found, Resource):
        return found
    assert found.representations[0].coding == IDENTITY
    codings = {each.coding: each for each in found.representations}
    return codings, found.content_type, found.last_modified, found.common_fields, found.allow_all_origins


@pytest.fixture(scope="module")
def catalogues(root: Path) -> list[tuple[LiveCatalogue, DirectoryCatalogue]]:
    return [(LiveCatalogue(str(root), options), DirectoryCatalogue(str(root), options)) for options in OPTIONS]


@given(NAMES)
def test_it_finds_what_a_directory_that_is_read_at_start_finds(
    catalogues: list[tuple[LiveCatalogue, DirectoryCatalogue]], name: str
) -> None:
    for live, directory in catalogues:
        assert in_any_order(live.find(name, "/x")) == in_any_order(directory.find(name, "/x"))


@given(st.text(st.characters(codec="utf-8")))
def test_no_name_is_an_error(root: Path, name: str) -> None:
    assert not isinstance(LiveCatalogue(str(root), DEFAULTS).find(name, "/x"), Redirect)
