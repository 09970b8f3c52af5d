"""What earlier builds have made, and where it is looked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from staticserve.pipeline.earlier import find_cache_dir, keep_copy, open_earlier, read_earlier
from tests.pipeline import FILES, SCRIPT, STYLE, blobs_of, build, execute, make_tree, store_of, swap_blobs
from tests.test_store import UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Callable
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


def test_without_a_store_nothing_was_made(tmp_path: Path) -> None:
    assert read_earlier(open_earlier(str(tmp_path), None)) == {}
    assert read_earlier(open_earlier(str(tmp_path), str(tmp_path / "cache"))) == {}


def test_what_was_made_is_found_by_content_and_coding(root: Path) -> None:
    made = read_earlier(open_earlier(str(root), None))
    assert len(made) == ALL
    octets = sorted(each.read() or b"" for each in made.values())
    assert octets == sorted({*blobs_of(root).values()})


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
    build(root, cache_dir=str(cache))
    fresh = make_tree(tmp_path / "fresh", {**FILES, "new.css": b"new { color: blue }\n" * 30})
    assert encoded(fresh, cache_dir=str(cache)) == (3, ALL)
    assert os.listdir(cache) == ["store.sqlite3"]
    assert (cache / "store.sqlite3").read_bytes() == store_of(fresh).read_bytes()


@pytest.mark.parametrize("harm", UNUSABLE.values(), ids=UNUSABLE)
def test_where_there_is_no_whole_store_everything_is_encoded_again(
    root: Path, harm: Callable[[str], object], request: pytest.FixtureRequest
) -> None:
    before = blobs_of(root)
    harm(str(store_of(root)))
    if store_of(root).is_dir():
        # Not ours to remove; the error that says so has a test of its own.
        store_of(root).rmdir()
    # These two have lost what was served, not what was made.
    if request.node.callspec.id.startswith("without"):
        assert encoded(root) == (0, ALL)
    else:
        assert encoded(root) == (ALL, 0)
    assert blobs_of(root) == before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE blob SET octets = zeroblob(length(octets))",
        "UPDATE blob SET octets = 'text'",
        "UPDATE blob SET sha256 = id",
        "UPDATE blob SET sha256 = CAST(id AS BLOB)",
        "UPDATE content SET sha256 = 'text' || id",
        "UPDATE representation SET size = 'text'",
        "UPDATE representation SET size = size - 1",
        "UPDATE representation SET blob = 77",
        "UPDATE representation SET blob = NULL",
        "UPDATE representation SET blob = blob % 15 + 1",
        "UPDATE representation SET recipe = 5",
        "UPDATE representation SET coding = CAST(coding AS BLOB)",
    ],
)
def test_what_a_damaged_store_has_is_never_taken_over(root: Path, sql: str) -> None:
    before = blobs_of(root)
    assert len(set(before.values())) == 15
    execute(store_of(root), sql)
    build(root)
    assert blobs_of(root) == before


def test_a_blob_is_taken_over_only_for_the_content_that_it_decodes_to(tmp_path: Path) -> None:
    # Whose blobs are of the same size, in each coding.
    make_tree(tmp_path, {"a.css": b"a" * 1000, "b.css": b"b" * 1000})
    build(tmp_path)
    before = blobs_of(tmp_path)
    swap_blobs(tmp_path)
    assert blobs_of(tmp_path) != before
    build(tmp_path)
    assert blobs_of(tmp_path) == before


def test_of_a_damaged_store_one_warning_tells(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    store_of(root).write_bytes(b"not a store" * 1000)
    build(root)
    (message,) = caplog.messages
    assert "store.sqlite3" in message
    assert "encoded again" in message


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
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "cache/store.sqlite3").mkdir(parents=True)
    for cache in (tmp_path / "file", tmp_path / "cache"):
        keep_copy(str(root), str(cache))
    assert [message.partition(":")[0] for message in caplog.messages] == [
        "the store could not be kept for the next build"
    ] * 2
    assert os.listdir(tmp_path / "cache") == ["store.sqlite3"]
