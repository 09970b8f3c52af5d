"""What earlier builds have left, and where it is looked for."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from staticserve.errors import StoreError
from staticserve.pipeline.history import Histories, find_cache_dir, keep_copy, open_histories
from staticserve.pipeline.kept import kept_path
from staticserve.pipeline.originals import find_originals
from staticserve.store import STORE_DIRECTORY, Snapshot
from tests.pipeline import (
    FILES,
    PICTURE,
    SCRIPT,
    STYLE,
    blobs_of,
    build,
    execute,
    hashed_name,
    make_tree,
    store_of,
    swap_blobs,
    swap_codings,
)
from tests.test_store import UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VARIABLES = ("BUILD_DIR", "CACHE_DIR", "ENV_DIR")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_tree(tmp_path / "root")
    build(root)
    return root


def encoded(root: Path, **options: object) -> tuple[int, int]:
    """Build; return how many representations were made, and how many reused."""
    codings = build(root, **options).codings.values()
    return sum(coding.encoded for coding in codings), sum(coding.reused for coding in codings)


# app.css and its twin, js/app.js, js/app.js.map, docs/index.html and the one to be quoted.
ALL = 5 * 3


# What there is to compare a history with, where that is of no interest.
NO_TREE: Final = Snapshot((), {}, {}, {}, {})


@contextmanager
def histories_of(root: Path, *given: Path, cache_dir: Path | None = None) -> Iterator[Histories]:
    cache = None if cache_dir is None else str(cache_dir)
    with open_histories(str(root), cache, [str(place) for place in given], NO_TREE) as histories:
        yield histories


def test_without_a_store_nothing_was_made(tmp_path: Path) -> None:
    for cache_dir in (None, tmp_path / "cache"):
        with histories_of(tmp_path, cache_dir=cache_dir) as histories:
            assert list(histories) == []
            assert histories.encodings == {}


def test_what_was_made_is_found_by_content_and_coding(root: Path) -> None:
    with histories_of(root) as histories:
        made = histories.encodings
        assert len(made) == ALL
        assert {key[0] for key in made} <= {hashlib.sha256(content).hexdigest() for content in FILES.values()}
        assert all(key[1] == encoding.coding for key, encoding in made.items())
        assert all(histories.can_read(encoding) for encoding in made.values())
        octets = sorted(histories.read_blob(encoding.sha256 or "") for encoding in made.values())
    assert octets == sorted({*blobs_of(root).values()})


def test_of_what_a_tree_and_its_cache_have_the_trees_own_comes_first(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    build(root, cache_dir=str(cache))
    shutil.copytree(root, tmp_path / "given")
    with histories_of(root, tmp_path / "given", cache_dir=cache) as histories:
        directories = [history.directory for history in histories]
    assert directories == [f"{root}/{STORE_DIRECTORY}", str(cache), f"{tmp_path}/given/{STORE_DIRECTORY}"]


def test_octets_come_from_the_first_history_that_has_them_whole(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    build(root, cache_dir=str(cache))
    execute(store_of(root), "UPDATE blob SET octets = zeroblob(length(octets))")
    with histories_of(root, cache_dir=cache) as histories:
        made = histories.encodings
        assert all(histories.can_read(encoding) for encoding in made.values())
    with histories_of(root) as histories:
        assert not any(histories.can_read(encoding) for encoding in made.values())
        with pytest.raises(StoreError, match="damaged"):
            histories.read_blob(next(iter(made.values())).sha256 or "")


def test_an_unchanged_tree_is_not_encoded_again(root: Path) -> None:
    before = blobs_of(root)
    assert encoded(root) == (0, ALL)
    assert blobs_of(root) == before


def test_a_changed_file_is_encoded_and_no_other(root: Path) -> None:
    make_tree(root, {"js/app.js": SCRIPT + b"more"})
    assert encoded(root) == (3, ALL - 3)


def test_a_renamed_or_copied_file_is_not_encoded_again(root: Path) -> None:
    os.rename(root / "js/app.js", root / "js/main.js")
    make_tree(root, {"copy.css": STYLE})
    assert encoded(root) == (0, ALL)


def test_a_cache_directory_keeps_what_was_made_for_a_tree_that_is_made_anew(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "deep"
    photo = hashed_name("img/photo.png", PICTURE)
    make_tree(root, {photo: PICTURE})
    build(root, cache_dir=str(cache))
    fresh = make_tree(tmp_path / "fresh", {**FILES, "new.css": b"new { color: blue }\n" * 30})
    assert encoded(fresh, cache_dir=str(cache)) == (3, ALL)
    assert sorted(os.listdir(cache)) == ["kept", "store.sqlite3"]
    assert (cache / "store.sqlite3").read_bytes() == store_of(fresh).read_bytes()
    # That name is no longer in the tree, and no coding makes the picture smaller.
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    assert os.listdir(cache / "kept") == [sha256]
    assert (cache / "kept" / sha256).read_bytes() == PICTURE
    assert (store_of(fresh).parent / "kept" / sha256).read_bytes() == PICTURE


def test_a_cache_is_another_file_than_what_it_keeps(root: Path, tmp_path: Path) -> None:
    # What happens to a file of the tree must not happen to the copy.
    make_tree(root, {hashed_name("img/photo.png", PICTURE): PICTURE})
    build(root, cache_dir=str(tmp_path / "cache"))
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    paths = kept_path(f"{root}/{STORE_DIRECTORY}", sha256), kept_path(str(tmp_path / "cache"), sha256)
    assert not os.path.samefile(*paths)


@pytest.mark.parametrize("harm", UNUSABLE.values(), ids=UNUSABLE)
def test_where_there_is_no_whole_store_everything_is_encoded_again(root: Path, harm: Callable[[str], object]) -> None:
    before = blobs_of(root)
    harm(str(store_of(root)))
    if store_of(root).is_dir():
        # Not ours to remove; the error that says so has a test of its own.
        store_of(root).rmdir()
    assert encoded(root) == (ALL, 0)
    assert blobs_of(root) == before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE blob SET octets = zeroblob(length(octets))",
        "UPDATE blob SET octets = 'text'",
        "UPDATE blob SET id = id + 1",
        "UPDATE content SET sha256 = 'text' || id",
        "UPDATE content SET codings = 5",
        "UPDATE content SET codings = CAST(codings AS BLOB)",
        "UPDATE content SET codings = ''",
        "UPDATE content SET codings = replace(codings, '9 ', '9 1')",
        "UPDATE content SET codings = replace(codings, 'br ', 'zz ')",
        "UPDATE content SET codings = replace(codings, 'br11w22', 'br9w22')",
        "UPDATE content SET seal = seal + 1",
        "UPDATE resource SET is_proven = 1 - is_proven",
        "UPDATE resource SET content = 77",
        "UPDATE release SET built = 'text'",
    ],
)
def test_what_a_damaged_store_has_is_never_taken_over(root: Path, sql: str) -> None:
    before = blobs_of(root)
    assert len(set(before.values())) == 15
    execute(store_of(root), sql)
    build(root)
    assert blobs_of(root) == before


@pytest.mark.parametrize("swap", [swap_blobs, swap_codings])
def test_a_blob_is_taken_over_only_for_the_content_that_it_decodes_to(
    tmp_path: Path, swap: Callable[[Path], None]
) -> None:
    # Whose blobs are of the same size, in each coding.
    make_tree(tmp_path, {"a.css": b"a" * 1000, "b.css": b"b" * 1000})
    build(tmp_path)
    before = blobs_of(tmp_path)
    swap(tmp_path)
    assert blobs_of(tmp_path) != before
    build(tmp_path)
    assert blobs_of(tmp_path) == before


def test_of_a_damaged_store_one_warning_tells(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    store_of(root).write_bytes(b"not a store" * 1000)
    build(root)
    (message,) = caplog.messages
    assert "store.sqlite3" in message
    assert "made again" in message


@pytest.mark.parametrize("missing", [None, *VARIABLES])
def test_the_cache_of_a_heroku_build_is_used_if_all_its_variables_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str | None
) -> None:
    for name in VARIABLES:
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    if missing is not None:
        monkeypatch.delenv(missing)
    assert find_cache_dir(None) == (str(tmp_path / "CACHE_DIR/staticserve") if missing is None else None)
    assert find_cache_dir("/given") == "/given"


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_text("")], ids=["missing", "a file"])
def test_a_cache_variable_that_names_no_directory_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "CACHE_DIR")
    for name in VARIABLES:
        monkeypatch.setenv(name, str(tmp_path / name))
    assert find_cache_dir(None) is None


def test_a_cache_that_cannot_be_written_is_a_warning_and_leaves_nothing(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_tree(root, {hashed_name("img/photo.png", PICTURE): PICTURE})
    build(root)
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "cache/store.sqlite3").mkdir(parents=True)
    with histories_of(root) as (history,):
        originals = find_originals(history.snapshot)
    assert {*originals} == {sha256}
    for cache in (tmp_path / "file", tmp_path / "cache"):
        keep_copy(str(root), str(cache), originals)
    assert [message.partition(":")[0] for message in caplog.messages] == [
        "the store could not be kept for the next build"
    ] * 2
    assert sorted(os.listdir(tmp_path / "cache")) == ["kept", "store.sqlite3"]
    assert os.listdir(tmp_path / "cache/kept") == [sha256]
