"""Reads a directory tree's names, and which of them are codings of others."""

from __future__ import annotations

import logging
import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from staticserve.catalogue.scan import scan_names
from tests.catalogue import DEFAULTS, write_files

if TYPE_CHECKING:
    from pathlib import Path


def test_every_file_has_its_path_from_the_root_as_its_name(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.css": b"", "css/b.css": b"", "a/b/c/d": b"", "\u00e9/\u00fc.css": b"", "x y": b""})
    assert set(scan_names(str(tmp_path), DEFAULTS)) == {"a.css", "css/b.css", "a/b/c/d", "\u00e9/\u00fc.css", "x y"}


def test_an_empty_directory_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert scan_names(str(tmp_path), DEFAULTS) == {}


def test_a_root_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    write_files(tmp_path, {"file": b""})
    with pytest.raises(FileNotFoundError):
        scan_names(str(tmp_path / "missing"), DEFAULTS)
    with pytest.raises(NotADirectoryError):
        scan_names(str(tmp_path / "file"), DEFAULTS)


def test_a_sidecar_belongs_to_the_file_beside_it_and_has_no_name_of_its_own(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            **dict.fromkeys(("a.css", "a.css.gz", "a.css.br", "a.css.zst"), b""),
            **dict.fromkeys(("b.css", "b.css.zstd"), b""),
            **dict.fromkeys(("deep/c.css", "deep/c.css.gz"), b""),
        },
    )
    names = scan_names(str(tmp_path), DEFAULTS)
    assert {name: set(suffixes) for name, suffixes in names.items()} == {
        "a.css": {".gz", ".br", ".zst"},
        "b.css": {".zstd"},
        "deep/c.css": {".gz"},
    }


def test_a_sidecars_name_without_a_file_beside_it_is_a_file(tmp_path: Path) -> None:
    write_files(tmp_path, {"archive.tar.gz": b"", "css/a.css": b"", "a.css.br": b"", "directory/x": b""})
    (tmp_path / "directory.gz").touch()
    assert set(scan_names(str(tmp_path), DEFAULTS)) == {
        *("archive.tar.gz", "css/a.css", "a.css.br", "directory/x", "directory.gz")
    }


def test_a_sidecar_of_a_sidecar_is_nobodys(tmp_path: Path) -> None:
    write_files(tmp_path, dict.fromkeys(("a", "a.gz", "a.gz.br", "a.gz.br.zst"), b""))
    assert scan_names(str(tmp_path), DEFAULTS) == {"a": (".gz",)}


def test_names_that_begin_with_a_dot_are_left_out_but_not_well_known(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        dict.fromkeys((".env", ".git/config", "a/.htpasswd", ".well-known/security.txt", ".well-known/.own"), b""),
    )
    assert set(scan_names(str(tmp_path), DEFAULTS)) == {".well-known/security.txt"}


def test_an_option_allows_dotfiles_but_not_the_store(tmp_path: Path) -> None:
    write_files(tmp_path, dict.fromkeys((".env", "a/.own/b", ".staticserve/store.sqlite3"), b""))
    assert set(scan_names(str(tmp_path), replace(DEFAULTS, dotfiles=True))) == {".env", "a/.own/b"}


def test_links_that_stay_within_the_root_are_followed(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.css": b"", "v2/b.css": b""})
    (tmp_path / "link.css").symlink_to("a.css")
    (tmp_path / "latest").symlink_to("v2")
    (tmp_path / "absolute.css").symlink_to(tmp_path / "a.css")
    names = {"a.css", "v2/b.css", "link.css", "latest/b.css", "absolute.css"}
    assert set(scan_names(str(tmp_path), DEFAULTS)) == names


def test_a_root_that_is_a_link_itself_is_followed(tmp_path: Path) -> None:
    write_files(tmp_path / "releases/7", {"a.css": b""})
    (tmp_path / "current").symlink_to("releases/7")
    assert set(scan_names(str(tmp_path / "current"), DEFAULTS)) == {"a.css"}


def test_links_that_leave_the_root_are_refused_unless_an_option_allows_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "root"
    # The second one's name begins like the root's.
    write_files(tmp_path, {"root/a.css": b"", "outside/secret.css": b"", "root-secret/secret.css": b""})
    (root / "file.css").symlink_to("../outside/secret.css")
    (root / "directory").symlink_to("../outside")
    (root / "neighbour").symlink_to(tmp_path / "root-secret")
    (root / "above").symlink_to("..")
    assert set(scan_names(str(root), DEFAULTS)) == {"a.css"}
    assert len(caplog.records) == 4
    (root / "above").unlink()
    assert set(scan_names(str(root), replace(DEFAULTS, follow_symlinks=True))) == {
        *("a.css", "file.css", "directory/secret.css", "neighbour/secret.css")
    }


@pytest.mark.parametrize("follow_symlinks", [False, True])
def test_what_cannot_be_served_is_skipped_with_one_log_line_each(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, follow_symlinks: bool
) -> None:
    write_files(tmp_path, {"a.css": b"", "deep/b.css": b""})
    (tmp_path / "broken.css").symlink_to("missing.css")
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "there").symlink_to("back")
    (tmp_path / "back").symlink_to("there")
    (tmp_path / "deep" / "loop").symlink_to("..")
    (tmp_path / "deep" / "here").symlink_to(".")
    os.mkfifo(tmp_path / "fifo.css")
    with caplog.at_level(logging.WARNING, "staticserve"):
        names = scan_names(str(tmp_path), replace(DEFAULTS, follow_symlinks=follow_symlinks))
    assert set(names) == {"a.css", "deep/b.css"}
    messages = [record.getMessage() for record in caplog.records]
    for name in ("broken.css", "itself", "there", "back", "deep/loop", "deep/here", "fifo.css"):
        assert len([message for message in messages if f"{tmp_path}/{name}:" in message]) == 1
    assert len(messages) == 7


def test_a_socket_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"a.css": b""})
    # A socket's path may have 108 characters.
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.css")
        assert set(scan_names(str(tmp_path), DEFAULTS)) == {"a.css"}


def test_a_name_that_is_not_utf_8_is_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_files(tmp_path, {"a.css": b""})
    try:
        with open(os.fsencode(tmp_path) + b"/\xff.css", "wb"):
            pass
    except OSError:
        pytest.skip("this file system has UTF-8 names only")
    assert set(scan_names(str(tmp_path), DEFAULTS)) == {"a.css"}
    assert len(caplog.records) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_directory_that_may_not_be_read_is_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_files(tmp_path, {"a.css": b"", "closed/b.css": b""})
    (tmp_path / "closed").chmod(0)
    try:
        assert set(scan_names(str(tmp_path), DEFAULTS)) == {"a.css"}
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert len(caplog.records) == 1
