"""What a site publishes of its releases."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from staticserve.catalogue.listing import list_releases
from staticserve.store import ContentRow, ReleaseRow, ResourceRow, Snapshot, StoreReader
from tests.pipeline import FILES, STYLE, build, hashed_name, make_tree, store_of

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def a_release(name: str, built: int, superseded: int | None) -> ReleaseRow:
    return ReleaseRow(name, built, superseded, 9, False, "staticfiles.json", name)


SNAPSHOT = Snapshot(
    releases=(a_release("one", 10, 20), a_release("two", 20, 30), a_release("three", 30, None)),
    resources={
        "z.1.css": ResourceRow(0, A, 1, 1, True),
        "new.css": ResourceRow(2, C, 1, 1, True),
        "plain.css": ResourceRow(2, C, 1, 1, False),
        "b.1.css": ResourceRow(0, B, 1, 1, True),
    },
    contents={A: ContentRow(1, "a" * 12, ()), B: ContentRow(0, "b" * 12, ()), C: ContentRow(3, "c" * 12, ())},
    aliases={"plain.css": "new.css"},
    forgotten={"gone.css": "zero"},
)


def test_each_release_has_the_proven_names_that_it_was_the_last_to_have_the_newest_first() -> None:
    assert list_releases(SNAPSHOT) == [
        {"release": "three", "built": 30, "superseded": None, "files": {"new.css": {"sha256": C, "size": 3}}},
        {"release": "two", "built": 20, "superseded": 30, "files": {}},
        {
            "release": "one",
            "built": 10,
            "superseded": 20,
            "files": {"b.1.css": {"sha256": B, "size": 0}, "z.1.css": {"sha256": A, "size": 1}},
        },
    ]


def test_names_are_in_order_so_that_a_release_has_one_text() -> None:
    again = SNAPSHOT._replace(resources=dict(reversed(SNAPSHOT.resources.items())))
    assert json.dumps(list_releases(again)) == json.dumps(list_releases(SNAPSHOT))


def test_what_is_not_proven_is_told_to_nobody() -> None:
    text = json.dumps(list_releases(SNAPSHOT))
    assert "plain.css" not in text
    assert "gone.css" not in text


def test_nothing_is_listed_of_nothing() -> None:
    assert list_releases(Snapshot((), {}, {}, {}, {})) == []


def test_a_stores_listing_is_json_and_has_what_the_tree_has(tmp_path: Path) -> None:
    name = hashed_name("app.css", STYLE)
    root = make_tree(tmp_path, {**FILES, ".env": b"secret"})
    build(root)
    reader = StoreReader(str(store_of(root)))
    try:
        (release,) = json.loads(json.dumps(list_releases(reader.snapshot())))
    finally:
        reader.close()
    # Of these files one has a name that its content proves.
    assert release["files"].keys() == {name}
    assert release["files"][name]["size"] == len(STYLE)
    assert math.isfinite(release["built"])
    assert release["superseded"] is None
