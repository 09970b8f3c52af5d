"""Contents kept by their digest beside a store: nothing is there that is not what its name says."""

from __future__ import annotations

import errno
import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from staticserve.pipeline.kept import has_kept, keep_content, kept_path, list_kept, remove_kept
from staticserve.store import KEPT_DIRECTORY
from tests.pipeline import PICTURE, stray_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHA256 = hashlib.sha256(PICTURE).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(PICTURE)
    return path


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "deep/store")


def read_kept(directory: str, sha256: str = SHA256) -> bytes:
    with open(kept_path(directory, sha256), "rb") as file:
        return file.read()


@pytest.mark.parametrize("as_copy", [False, True])
def test_what_is_kept_is_the_content_and_nothing_is_left_beside_it(
    source: Path, directory: str, tmp_path: Path, as_copy: bool
) -> None:
    assert not has_kept(directory, SHA256)
    assert keep_content(directory, SHA256, str(source), as_copy=as_copy)
    assert has_kept(directory, SHA256)
    assert read_kept(directory) == PICTURE
    assert os.path.samefile(kept_path(directory, SHA256), source) is not as_copy
    assert stray_files(tmp_path) == []
    assert os.listdir(f"{directory}/{KEPT_DIRECTORY}") == [SHA256]


@pytest.mark.parametrize("as_copy", [False, True])
def test_keeping_it_again_changes_nothing(source: Path, directory: str, tmp_path: Path, as_copy: bool) -> None:
    for _ in range(2):
        assert keep_content(directory, SHA256, str(source), as_copy=as_copy)
    assert read_kept(directory) == PICTURE
    assert stray_files(tmp_path) == []


@pytest.mark.parametrize("as_copy", [False, True])
def test_what_is_not_what_it_should_be_is_not_kept(source: Path, directory: str, tmp_path: Path, as_copy: bool) -> None:
    assert not keep_content(directory, OTHER, str(source), as_copy=as_copy)
    assert not has_kept(directory, OTHER)
    assert list_kept(directory) == set()
    assert stray_files(tmp_path) == []
    assert source.read_bytes() == PICTURE


@pytest.mark.parametrize("as_copy", [False, True])
def test_a_kept_content_stays_if_what_would_replace_it_is_another(source: Path, directory: str, as_copy: bool) -> None:
    keep_content(directory, SHA256, str(source), as_copy=True)
    source.write_bytes(b"other")
    assert not keep_content(directory, SHA256, str(source), as_copy=as_copy)
    assert read_kept(directory) == PICTURE


@pytest.mark.parametrize("as_copy", [False, True])
@pytest.mark.parametrize("name", ["missing", ".", "loop"])
def test_what_cannot_be_read_is_not_kept(
    source: Path, directory: str, tmp_path: Path, name: str, as_copy: bool
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert not keep_content(directory, SHA256, str(tmp_path / name), as_copy=as_copy)
    assert list_kept(directory) == set()
    assert stray_files(tmp_path) == []


def test_a_copy_is_not_changed_by_what_happens_to_the_file(source: Path, directory: str) -> None:
    keep_content(directory, SHA256, str(source), as_copy=True)
    with source.open("r+b") as file:
        file.write(b"written in place")
    assert read_kept(directory) == PICTURE


def test_where_there_are_no_links_there_are_copies(
    source: Path, directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    assert keep_content(directory, SHA256, str(source))
    assert not os.path.samefile(kept_path(directory, SHA256), source)
    assert read_kept(directory) == PICTURE


def test_a_symbolic_link_is_kept_as_what_it_leads_to(source: Path, directory: str, tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(source.name)
    assert keep_content(directory, SHA256, str(tmp_path / "link.png"))
    assert not os.path.islink(kept_path(directory, SHA256))
    source.unlink()
    assert read_kept(directory) == PICTURE


def change(path: str) -> None:
    size = os.path.getsize(path)
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(b"x" * size)


def make_directory(path: str) -> None:
    os.unlink(path)
    os.mkdir(path)


@pytest.mark.parametrize(
    "harm", [change, make_directory, lambda path: os.truncate(path, 5), os.unlink], ids=["", "directory", "cut", "gone"]
)
def test_what_is_damaged_is_not_there(source: Path, directory: str, harm: Callable[[str], None]) -> None:
    keep_content(directory, SHA256, str(source), as_copy=True)
    harm(kept_path(directory, SHA256))
    assert not has_kept(directory, SHA256)


def test_what_is_damaged_can_be_kept_anew(source: Path, directory: str) -> None:
    keep_content(directory, SHA256, str(source), as_copy=True)
    change(kept_path(directory, SHA256))
    assert keep_content(directory, SHA256, str(source))
    assert has_kept(directory, SHA256)


def test_a_kept_directory_that_is_a_file_is_no_error(source: Path, directory: str) -> None:
    os.makedirs(directory)
    with open(f"{directory}/{KEPT_DIRECTORY}", "wb"):
        pass
    assert not keep_content(directory, SHA256, str(source))
    assert not has_kept(directory, SHA256)
    assert list_kept(directory) == set()
    remove_kept(directory, {SHA256})


def test_only_what_is_ours_is_listed_and_only_what_is_listed_goes(source: Path, directory: str) -> None:
    keep_content(directory, SHA256, str(source))
    for name in ("notes.txt", SHA256[:63], SHA256.upper(), f"{SHA256}.png", f"{SHA256}\n"):
        with open(f"{directory}/{KEPT_DIRECTORY}/{name}", "wb"):
            pass
    assert list_kept(directory) == {SHA256}
    remove_kept(directory, {SHA256, OTHER})
    assert list_kept(directory) == set()
    assert len(os.listdir(f"{directory}/{KEPT_DIRECTORY}")) == 5
