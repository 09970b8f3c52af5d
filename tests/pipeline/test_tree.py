"""Reading a tree: what each file holds, and what is wrong with one that cannot be read."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING, Final

import pytest

from staticserve.errors import BuildError
from staticserve.pipeline.tree import read_checked, read_tree
from tests.catalogue import MTIME
from tests.pipeline import FILES, STYLE, hashed_name, make_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_files_are_read_in_the_order_of_their_names_whatever_the_number_of_workers(tmp_path: Path) -> None:
    make_tree(tmp_path)
    one, many = (read_tree(str(tmp_path), reversed(list(FILES)), workers) for workers in (1, 8))
    assert one == many
    assert [file.name for file in one] == sorted(FILES)
    for file in one:
        assert (file.size, file.sha256) == (len(FILES[file.name]), hashlib.sha256(FILES[file.name]).hexdigest())
        assert file.mtime_ns == MTIME * 10**9
        assert (file.device, file.inode) == (os.stat(tmp_path).st_dev, os.stat(tmp_path / file.name).st_ino)


def test_a_name_is_proven_only_by_the_md5_of_the_content(tmp_path: Path) -> None:
    names = [hashed_name("a.css", STYLE), "a.202611241200.css", hashed_name("b.css", b"other"), "a.css"]
    make_tree(tmp_path, dict.fromkeys(names, STYLE))
    assert {file.name for file in read_tree(str(tmp_path), names, 2) if file.is_md5_proven} == {names[0]}


_INSTEAD: Final[dict[str, Callable[[str], object]]] = {
    "nothing": lambda path: None,
    "a FIFO": os.mkfifo,
    "a directory": os.mkdir,
    "a broken link": lambda path: os.symlink("nowhere", path),
    "a link to itself": lambda path: os.symlink("b.css", path),
}


@pytest.mark.parametrize("make", _INSTEAD.values(), ids=_INSTEAD)
def test_a_file_that_cannot_be_read_is_an_error_that_names_it_and_the_cause(
    tmp_path: Path, make: Callable[[str], object]
) -> None:
    make_tree(tmp_path, {"a.css": STYLE, "b.css": STYLE})
    (_, file) = read_tree(str(tmp_path), ["a.css", "b.css"], 2)
    os.unlink(tmp_path / "b.css")
    path = f"{tmp_path}/b.css"
    make(path)
    for read in (lambda: read_tree(str(tmp_path), ["a.css", "b.css"], 2), lambda: read_checked(path, file.sha256)):
        with pytest.raises(BuildError, match=r"b\.css: cannot be read: .+") as raised:
            read()
        assert raised.value.path == path


def test_a_file_that_changed_since_the_tree_was_read_is_an_error(tmp_path: Path) -> None:
    make_tree(tmp_path, {"a.css": STYLE})
    (file,) = read_tree(str(tmp_path), ["a.css"], 1)
    path = str(tmp_path / "a.css")
    assert read_checked(path, file.sha256) == STYLE
    make_tree(tmp_path, {"a.css": STYLE[::-1]})
    with pytest.raises(BuildError, match=r"a\.css: it changed while the build was reading it"):
        read_checked(path, file.sha256)


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "big.css"
    path.touch()
    # Without blocks, so that it costs nothing to write and some time to read.
    os.truncate(path, 64 * 1024 * 1024)
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            os.utime(path, ns=(number, number))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(BuildError, match=r"big\.css: it changed while the build was reading it"):
            read_tree(str(tmp_path), ["big.css"], 1)
    finally:
        done.set()
        writer.join()
