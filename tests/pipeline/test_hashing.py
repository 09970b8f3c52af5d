"""Hashed names and a manifest for a plain directory, as Django would give it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

import pytest

from staticserve.errors import BuildError
from staticserve.manifest import MANIFEST_NAME
from staticserve.options import Options
from staticserve.pipeline.hashing import hash_names
from tests.django.project import make_project
from tests.pipeline import SCRIPT, STYLE, hashed_name, make_tree, run_with_full_disk

if TYPE_CHECKING:
    from pathlib import Path

# Of every shape, and nothing in them refers to another.
NAMES: Final = (
    *("a.css", "js/app.js", "img/photo.png", "noext", "dir.with.dots/noext", "a.tar.gz", "a.b.c.js", "UPPER.CSS"),
    *("with space.txt", "\u00fcn\u00ef/\u00e9.txt", "trailing.", "look.202611241200.css", "a.401b30e3b8b5.css"),
    *("x.map", "deep/er/and/deeper.svg", "plus+and&.txt", "empty.txt"),
)


def files() -> dict[str, bytes]:
    contents = {name: f"a{{}} /* {name} */".encode() for name in NAMES}
    return {**contents, "empty.txt": b"", "twin.css": contents["a.css"]}


def names_of(root: Path) -> dict[str, bytes]:
    """Return all files below a directory."""
    return {
        os.path.relpath(os.path.join(path, name), root): (root / path / name).read_bytes()
        for path, _, names in os.walk(root)
        for name in names
    }


def test_names_and_manifest_are_those_of_djangos_manifest_storage(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    source = tmp_path / "project/shop/static"
    for path in (source / "shop").iterdir():
        path.unlink()
    make_tree(source, files())
    done = project.manage("collectstatic", "--noinput")
    assert done.returncode == 0, done.stderr
    root = make_tree(tmp_path / "plain", files())
    manifest = hash_names(str(root), Options())
    ours, theirs = names_of(root), names_of(project.static_root)
    our_manifest, their_manifest = (json.loads(each.pop(MANIFEST_NAME)) for each in (ours, theirs))
    assert ours == theirs
    assert our_manifest == their_manifest
    assert (manifest.paths, manifest.release) == (their_manifest["paths"], their_manifest["hash"])


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    make_tree(tmp_path, files())
    first = hash_names(str(tmp_path), Options())
    before = names_of(tmp_path)
    for _ in range(2):
        assert hash_names(str(tmp_path), Options()) == first
        assert names_of(tmp_path) == before


def test_files_keep_their_names_their_bytes_and_their_times(tmp_path: Path) -> None:
    make_tree(tmp_path, files())
    before = {name: os.stat(tmp_path / name).st_mtime_ns for name in files()}
    hash_names(str(tmp_path), Options())
    assert {name: (tmp_path / name).read_bytes() for name in files()} == files()
    assert {name: os.stat(tmp_path / name).st_mtime_ns for name in files()} == before


def test_a_changed_file_gets_a_new_name_and_the_earlier_one_stays_as_it_was(tmp_path: Path) -> None:
    make_tree(tmp_path, {"a.css": STYLE})
    hash_names(str(tmp_path), Options())
    # In place, as bundlers write.
    (tmp_path / "a.css").write_bytes(SCRIPT)
    expected = {"a.css": SCRIPT, hashed_name("a.css", STYLE): STYLE, hashed_name("a.css", SCRIPT): SCRIPT}
    for _ in range(3):
        manifest = hash_names(str(tmp_path), Options())
        assert manifest.paths == {"a.css": hashed_name("a.css", SCRIPT)}
        found = names_of(tmp_path)
        del found[MANIFEST_NAME]
        assert found == expected


def test_what_is_not_served_is_not_hashed(tmp_path: Path) -> None:
    make_tree(tmp_path / "outside", {"secret.txt": b"secret"})
    root = make_tree(tmp_path / "root", {"a.css": STYLE, ".env": b"secret", ".staticserve/x": b"x"})
    (root / "link.txt").symlink_to("../outside/secret.txt")
    assert hash_names(str(root), Options()).paths == {"a.css": hashed_name("a.css", STYLE)}
    assert sorted(os.listdir(tmp_path / "outside")) == ["secret.txt"]
    with_dotfiles = hash_names(str(root), Options(dotfiles=True))
    assert set(with_dotfiles.paths) == {"a.css", ".env"}


def test_a_followed_link_is_hashed_as_what_it_points_to(tmp_path: Path) -> None:
    make_tree(tmp_path / "outside", {"public.txt": b"public"})
    root = make_tree(tmp_path / "root", {})
    root.mkdir()
    (root / "link.txt").symlink_to("../outside/public.txt")
    hash_names(str(root), Options(follow_symlinks=True))
    hashed = root / hashed_name("link.txt", b"public")
    assert hashed.read_bytes() == b"public"
    assert (root / "link.txt").is_symlink()


def test_a_broken_manifest_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    make_tree(tmp_path, {"a.css": STYLE, MANIFEST_NAME: b"{"})
    with pytest.raises(BuildError, match=r"staticfiles\.json: .*; remove it") as raised:
        hash_names(str(tmp_path), Options())
    assert raised.value.path == str(tmp_path / MANIFEST_NAME)
    assert sorted(os.listdir(tmp_path)) == ["a.css", MANIFEST_NAME]


def test_a_tree_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="nowhere: No such file or directory"):
        hash_names(str(tmp_path / "nowhere"), Options())


def test_a_hashed_name_that_is_taken_by_a_directory_is_an_error_and_leaves_no_temporary(tmp_path: Path) -> None:
    make_tree(tmp_path, {"a.css": STYLE})
    (tmp_path / hashed_name("a.css", STYLE)).mkdir()
    with pytest.raises(BuildError, match="directory"):
        hash_names(str(tmp_path), Options())
    assert sorted(os.listdir(tmp_path)) == sorted(["a.css", hashed_name("a.css", STYLE)])


def test_a_full_disk_is_an_error_that_names_the_manifest_and_leaves_no_temporary(tmp_path: Path) -> None:
    make_tree(tmp_path, {"a.css": b"a{}"})
    done = run_with_full_disk(10, "build", str(tmp_path), "--hash")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"staticserve: {tmp_path / MANIFEST_NAME}: ")
    assert sorted(os.listdir(tmp_path)) == sorted(["a.css", hashed_name("a.css", b"a{}")])
