"""The releases that a store holds, as a list, and without those that need not stay."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Final

import pytest

from staticserve import StaticServe
from staticserve.errors import StoreError
from staticserve.pipeline.pruning import describe_held, list_held, prune_store
from staticserve.pipeline.releases import RetentionRules
from tests.pipeline import ask, execute, hashed_name, rows, store_of, stray_files
from tests.pipeline.test_retention import (
    check_served,
    clear,
    collect,
    deploy,
    identity_of,
    kept_in,
    kept_of,
    missing,
    site,
    unfit_records,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START: Final = 1_700_000_000
HOUR: Final = 3600
DAY: Final = 24 * HOUR
KEEP_NONE: Final = RetentionRules(keep_releases=0, keep_for=0)
KEEP_ONE: Final = RetentionRules(keep_releases=1, keep_for=0)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Build three releases, two days apart."""
    root = tmp_path / "root"
    for number in range(3):
        monkeypatch.setattr("time.time", lambda now=START + number * 2 * DAY: now)
        deploy(root, number)
    monkeypatch.undo()
    return root


NOW: Final = START + 5 * DAY


def names(root: Path) -> list[str]:
    return [name for (name,) in rows(store_of(root), "SELECT name FROM release ORDER BY id DESC")]


def test_the_list_has_every_release_the_newest_first(root: Path) -> None:
    held = list_held(str(root), RetentionRules(), NOW)
    assert [each.release for each in held] == names(root)
    assert [each.built for each in held] == [START + 4 * DAY, START + 2 * DAY, START]
    assert [each.superseded for each in held] == [None, START + 4 * DAY, START + 2 * DAY]
    # Eight files and the seven hashed ones of each; for an earlier release the four that changed.
    assert [each.files for each in held] == [15, 15, 15]
    assert [each.names for each in held] == [15, 4, 4]
    photo = len(site(0)["img/photo.png"])
    for each in held[1:]:
        assert photo < each.bytes < photo + 1000


@pytest.mark.parametrize(
    ("rules", "stays"),
    [
        (RetentionRules(), [True, True, True]),
        (KEEP_ONE, [True, True, False]),
        (KEEP_NONE, [True, False, False]),
        (RetentionRules(keep_releases=0, keep_for=2 * DAY), [True, True, False]),
        (RetentionRules(keep_bytes=1), [True, False, False]),
    ],
)
def test_the_list_says_what_the_next_prune_would_leave_and_that_leaves_it(
    root: Path, rules: RetentionRules, stays: list[bool]
) -> None:
    held = list_held(str(root), rules, NOW)
    assert [each.stays for each in held] == stays
    prune_store(str(root), rules, NOW)
    after = list_held(str(root), rules, NOW)
    assert after == [each for each in held if each.stays]


def test_pruning_drops_names_octets_and_kept_files_and_leaves_the_rest_served(root: Path) -> None:
    pages = {
        number: {hashed_name(name, content): content for name, content in site(number).items()} for number in range(3)
    }
    for files in pages.values():
        files.pop(next(name for name in files if name.startswith("robots.")))
    before = len(rows(store_of(root), "SELECT id FROM blob"))
    prune_store(str(root), KEEP_ONE, NOW)
    check_served(root, pages[2] | pages[1])
    assert missing(root, pages[0]) == {name for name in pages[0] if name not in pages[1] and name not in pages[2]}
    # app.css and js/app.js, in one coding each.
    assert len(rows(store_of(root), "SELECT id FROM blob")) == before - 2
    assert rows(store_of(root), "SELECT count(*) FROM content WHERE id NOT IN (SELECT content FROM resource)") == [(0,)]
    assert rows(store_of(root), "PRAGMA integrity_check") == [("ok",)]
    assert rows(store_of(root), "PRAGMA foreign_key_check") == []
    kept_of(kept_in(root))
    assert not any(path.name.endswith(".tmp") for path in root.rglob("*"))
    assert unfit_records(root) == set()


def test_what_was_dropped_is_known_by_its_release(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    oldest = names(root)[-1]
    prune_store(str(root), KEEP_ONE, NOW)
    app = StaticServe(None, root, misses="answer", stale="off")
    assert ask(app, hashed_name("app.css", site(0)["app.css"])).status == 404
    (message,) = caplog.messages
    assert f"release {oldest}" in message


def test_pruning_twice_or_in_vain_writes_nothing(root: Path) -> None:
    before = identity_of(store_of(root))
    prune_store(str(root), RetentionRules(), NOW)
    assert identity_of(store_of(root)) == before
    prune_store(str(root), KEEP_ONE, NOW)
    before = identity_of(store_of(root))
    prune_store(str(root), KEEP_ONE, NOW)
    assert identity_of(store_of(root)) == before


def test_a_build_after_a_prune_brings_nothing_back_and_changes_nothing(root: Path) -> None:
    clear(root)
    collect(root, site(2))
    prune_store(str(root), KEEP_NONE, NOW)
    deploy(root, 2, retention=KEEP_NONE)
    assert len(names(root)) == 1
    before = identity_of(store_of(root))
    prune_store(str(root), KEEP_NONE, NOW)
    assert identity_of(store_of(root)) == before


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b"not a store" * 1000),
        lambda path: path.write_bytes(b""),
        lambda path: os.truncate(path, 5000),
        lambda path: execute(path, "PRAGMA user_version = 1"),
        lambda path: execute(path, "UPDATE resource SET mtime_ns = 0"),
    ],
    ids=["missing", "other", "empty", "cut", "older", "damaged"],
)
def test_a_store_that_cannot_be_read_is_an_error_and_left_as_it_is(root: Path, harm: Callable[[Path], object]) -> None:
    kept = kept_of(kept_in(root))
    harm(store_of(root))
    before = store_of(root).read_bytes() if store_of(root).exists() else None
    for act in (list_held, prune_store):
        with pytest.raises(StoreError) as caught:
            act(str(root), KEEP_NONE, NOW)
        assert str(store_of(root)) in str(caught.value)
    assert (store_of(root).read_bytes() if store_of(root).exists() else None) == before
    assert kept_of(kept_in(root)) == kept


def test_a_damaged_blob_ends_a_prune_with_the_store_as_it_was(root: Path) -> None:
    execute(store_of(root), "UPDATE blob SET octets = zeroblob(length(octets))")
    before = store_of(root).read_bytes()
    with pytest.raises(StoreError):
        prune_store(str(root), KEEP_NONE, NOW)
    assert store_of(root).read_bytes() == before
    assert stray_files(root) == []


def test_a_server_that_runs_meanwhile_keeps_what_it_has_opened(root: Path) -> None:
    app = StaticServe(None, root)
    name = hashed_name("js/app.js", site(0)["js/app.js"])
    assert ask(app, hashed_name("app.css", site(0)["app.css"])).status == 200
    prune_store(str(root), KEEP_NONE, NOW)
    assert ask(app, name, "br").content == site(0)["js/app.js"]


# --- For people


def test_the_table_has_a_line_for_each_release_below_its_heads(root: Path) -> None:
    held = list_held(str(root), KEEP_ONE, NOW)
    heads, newest, stays, goes = describe_held(held, NOW)
    assert heads.split()[0] == "release"
    assert [line.split()[0] for line in (newest, stays, goes)] == names(root)
    assert newest.endswith("is newest")
    assert stays.endswith("stays")
    assert goes.endswith("goes")
    assert "1 day ago" in newest
    assert "3 days ago" in stays
    assert "1 day ago" in stays
    assert "5 days ago" in goes
    assert "4 files, 3.4 kB" in stays or "4 files, 3." in stays
    assert not any(line.endswith(" ") for line in (heads, newest, stays, goes))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (119, "1 minute ago"),
        (2 * HOUR - 1, "1 hour ago"),
        (2 * HOUR, "2 hours ago"),
        (DAY - 1, "23 hours ago"),
        (400 * DAY, "400 days ago"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(root: Path, seconds: int, said: str) -> None:
    (newest, *_) = list_held(str(root), KEEP_ONE, NOW)
    assert f"  {said}  " in describe_held([newest], newest.built + seconds)[1]


def test_sqlite_itself_reads_what_a_prune_has_written(root: Path) -> None:
    prune_store(str(root), KEEP_NONE, NOW)
    connection = sqlite3.connect(store_of(root))
    try:
        assert connection.execute("SELECT count(*) FROM release").fetchone() == (1,)
    finally:
        connection.close()
