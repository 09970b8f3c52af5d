"""A directory, read once at start."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.catalogue.directory import DirectoryCatalogue
from staticserve.manifest import Manifest
from staticserve.model import Redirect, Resource
from tests.catalogue import DEFAULTS, replace_file, sidecars, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from staticserve.catalogue import Catalogue

CONTENT: Final = b"body { color: red }\n" * 50


def octets_of(catalogue: Catalogue, name: str) -> object:
    found = catalogue.find(name, f"/static/{name}")
    assert found is None or isinstance(found, Resource)
    return found and found.representations[0].octets


def test_the_files_of_the_directory_are_found(tmp_path: Path) -> None:
    write_files(tmp_path, {"app.css": b"app", "css/deep/x.css": b"x", "\u00e9.css": b"\xc3\xa9"})
    catalogue = DirectoryCatalogue(str(tmp_path), DEFAULTS)
    assert octets_of(catalogue, "app.css") == b"app"
    assert octets_of(catalogue, "css/deep/x.css") == b"x"
    assert octets_of(catalogue, "\u00e9.css") == b"\xc3\xa9"
    assert len(catalogue) == 3


def test_a_file_is_found_with_its_sidecars_and_they_are_not(tmp_path: Path) -> None:
    write_files(tmp_path, sidecars("app.css", CONTENT))
    catalogue = DirectoryCatalogue(str(tmp_path), DEFAULTS)
    found = catalogue.find("app.css", "/app.css")
    assert isinstance(found, Resource)
    assert {each.coding for each in found.representations} == {"identity", "gzip", "br", "zstd"}
    for suffix in (".gz", ".br", ".zst"):
        assert catalogue.find(f"app.css{suffix}", "/x") is None


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "missing.css", "css", "css/", "/app.css", "//app.css", "app.css/", "css//x.css", "APP.CSS"),
        *("./app.css", "css/../app.css", "../secret.css", "..", ".", "css/./x.css", "..\\secret.css", "css\\x.css"),
        *("app.css\x00", "\x00", "app.css\n", "staticfiles.json", ".env", "a" * 10_000, "css/" * 3000, "%61pp.css"),
    ],
)
def test_what_is_not_a_name_of_the_directory_is_nothing(tmp_path: Path, name: str) -> None:
    write_files(
        tmp_path,
        {"secret.css": b"", "root/app.css": b"", "root/css/x.css": b"", "root/.env": b"", "root/staticfiles.json": b""},
    )
    assert DirectoryCatalogue(str(tmp_path / "root"), DEFAULTS).find(name, "/x") is None


def test_the_manifest_is_not_served_wherever_it_is_nor_are_its_sidecars(tmp_path: Path) -> None:
    write_files(tmp_path, sidecars("meta/manifest.json", CONTENT))
    catalogue = DirectoryCatalogue(str(tmp_path), DEFAULTS, Manifest(name="meta/manifest.json"))
    for suffix in ("", ".gz", ".br", ".zst"):
        assert catalogue.find(f"meta/manifest.json{suffix}", "/x") is None


def test_a_manifest_that_is_kept_elsewhere_hides_nothing(tmp_path: Path) -> None:
    write_files(tmp_path, {"staticfiles.json": b"{}"})
    assert octets_of(DirectoryCatalogue(str(tmp_path), DEFAULTS, Manifest(name=None)), "staticfiles.json") == b"{}"


def test_a_directory_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    write_files(tmp_path, {"file": b""})
    with pytest.raises(FileNotFoundError):
        DirectoryCatalogue(str(tmp_path / "missing"), DEFAULTS)
    with pytest.raises(NotADirectoryError):
        DirectoryCatalogue(str(tmp_path / "file"), DEFAULTS)


def test_a_file_that_comes_later_is_not_found_and_one_that_goes_is_nothing(tmp_path: Path) -> None:
    write_files(tmp_path, {"goes.css": b""})
    catalogue = DirectoryCatalogue(str(tmp_path), DEFAULTS)
    write_files(tmp_path, {"comes.css": b""})
    (tmp_path / "goes.css").unlink()
    assert catalogue.find("comes.css", "/x") is None
    assert catalogue.find("goes.css", "/x") is None


def test_a_file_that_is_replaced_before_its_first_request_is_served_as_it_is(tmp_path: Path) -> None:
    write_files(tmp_path, {"app.css": b"old"})
    catalogue = DirectoryCatalogue(str(tmp_path), DEFAULTS)
    replace_file(tmp_path / "app.css", b"newer")
    assert octets_of(catalogue, "app.css") == b"newer"


def test_index_files_are_found_by_their_directory(tmp_path: Path) -> None:
    write_files(tmp_path, {"docs/index.html": b"docs"})
    catalogue = DirectoryCatalogue(str(tmp_path), replace(DEFAULTS, index_file="index.html"))
    assert octets_of(catalogue, "docs/") == b"docs"
    assert isinstance(catalogue.find("docs", "/docs"), Redirect)
    assert isinstance(catalogue.find("docs/index.html", "/docs/index.html"), Redirect)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> DirectoryCatalogue:
    root = tmp_path_factory.mktemp("root")
    write_files(root, {"a": b"", "a.gz": b"", "b/index.html": b""})
    return DirectoryCatalogue(str(root), replace(DEFAULTS, index_file="index.html"))


@given(st.text() | st.text("ab./\\\x00\xff~%"))
def test_no_name_is_an_error(catalogue: DirectoryCatalogue, name: str) -> None:
    found = catalogue.find(name, f"/{name}")
    assert (found is None) is (name not in ("a", "b", "b/", "b/index.html"))
