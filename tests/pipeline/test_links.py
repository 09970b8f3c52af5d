"""Hard links between equal files of the tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from staticserve.options import Options
from staticserve.pipeline.links import link_equal_files
from staticserve.pipeline.tree import read_tree
from tests.catalogue import MTIME
from tests.pipeline import SCRIPT, STYLE, build, make_tree, stray_files

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("a.css", "b/a.css", "b/c.css")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "root", {**dict.fromkeys(NAMES, STYLE), "other.js": SCRIPT, "empty": b"", "void": b""})


def state(path: Path) -> tuple[int, int, int, int]:
    """Return what a build might change of a file."""
    status = os.stat(path)
    return status.st_ino, status.st_nlink, status.st_mode, status.st_mtime_ns


def inodes(root: Path, *names: str) -> list[int]:
    return [os.stat(root / name).st_ino for name in names]


def test_equal_files_share_an_inode_after_the_build_and_others_do_not(root: Path) -> None:
    before = inodes(root, "other.js", "empty", "void")
    report = build(root)
    assert len(set(inodes(root, *NAMES))) == 1
    assert inodes(root, "other.js", "empty", "void") == before
    assert report.bytes_linked == 2 * len(STYLE)
    assert [(root / name).read_bytes() for name in NAMES] == [STYLE] * 3
    assert stray_files(root) == []
    assert build(root).bytes_linked == 0


def test_without_hard_links_the_tree_is_left_as_it_is(root: Path) -> None:
    names = (*NAMES, "other.js", "empty", "void", "b")
    before = [state(root / name) for name in names]
    assert build(root, hard_links=False).bytes_linked == 0
    assert [state(root / name) for name in names] == before


def test_nothing_becomes_older_and_no_mode_changes(root: Path) -> None:
    for age, name in enumerate(NAMES):
        os.utime(root / name, ns=(10**18, 10**18 + age))
    os.chmod(root / "a.css", 0o600)
    before = {name: os.stat(root / name) for name in NAMES}
    build(root)
    after = {name: os.stat(root / name) for name in NAMES}
    assert all(after[name].st_mtime_ns >= before[name].st_mtime_ns for name in NAMES)
    assert [after[name].st_mode for name in NAMES] == [before[name].st_mode for name in NAMES]
    # Equal bytes with another mode are another file.
    assert len({after[name].st_ino for name in NAMES}) == 2


def test_the_store_has_the_time_that_a_file_has_after_the_build(root: Path) -> None:
    os.utime(root / "b/c.css", (MTIME + 5, MTIME + 5))
    linked, _ = link_equal_files(str(root), read_tree(str(root), [*NAMES, "other.js"], 1))
    assert linked == read_tree(str(root), [*NAMES, "other.js"], 1)


def test_a_link_stays_a_link_and_what_it_points_to_stays_as_it_is(root: Path, tmp_path: Path) -> None:
    outside = make_tree(tmp_path / "outside", {"a.css": STYLE, "b.css": STYLE})
    (root / "inner.css").symlink_to("a.css")
    (root / "outer.css").symlink_to("../outside/a.css")
    before = [state(outside / name) for name in ("a.css", "b.css")]
    build(root, options=Options(follow_symlinks=True))
    assert [os.readlink(root / name) for name in ("inner.css", "outer.css")] == ["a.css", "../outside/a.css"]
    assert [state(outside / name) for name in ("a.css", "b.css")] == before


def test_nothing_is_linked_into_or_out_of_a_directory_that_a_link_leads_to(root: Path, tmp_path: Path) -> None:
    outside = make_tree(tmp_path / "outside", {"a.css": STYLE, "b.css": STYLE})
    # The newest stays, so let one be there and let one not.
    for age, path in enumerate((outside / "a.css", root / "a.css", outside / "b.css")):
        os.utime(path, (MTIME + age, MTIME + age))
    (root / "directory").symlink_to("../outside")
    before = [state(outside / name) for name in ("a.css", "b.css")]
    build(root, options=Options(follow_symlinks=True))
    assert [state(outside / name) for name in ("a.css", "b.css")] == before
    assert not set(inodes(root, *NAMES)) & set(inodes(outside, "a.css", "b.css"))


def test_what_another_build_has_linked_meanwhile_leaves_nothing_behind(root: Path) -> None:
    files = read_tree(str(root), NAMES, 1)
    for _ in range(2):
        link_equal_files(str(root), files)
        assert sorted(path.name for path in root.rglob("*.css")) == ["a.css", "a.css", "c.css"]
        assert stray_files(root) == []


def test_bytes_that_were_shared_already_are_not_freed_again(root: Path) -> None:
    (root / "b/c.css").unlink()
    os.link(root / "a.css", root / "b/c.css")
    os.utime(root / "b/a.css", (MTIME + 5, MTIME + 5))
    blocks = len(set(inodes(root, *NAMES)))
    report = build(root)
    assert report.bytes_linked == (blocks - len(set(inodes(root, *NAMES)))) * len(STYLE)
