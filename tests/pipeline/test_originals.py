"""Octets that no coding has: which they are, which histories can give them, and that they are kept."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from staticserve.pipeline.history import Histories, open_histories
from staticserve.pipeline.originals import find_originals, keep_originals, without_lost
from staticserve.store import STORE_DIRECTORY, ContentRow, Encoding, ReleaseRow, ResourceRow, Snapshot
from tests.pipeline import FILES, PICTURE, SCRIPT, STYLE, build, hashed_name, make_tree

if TYPE_CHECKING:
    from pathlib import Path

NONE = Histories()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def describe(*releases: dict[str, bytes], unproven: tuple[str, ...] = ()) -> Snapshot:
    """Return a snapshot of releases, with nothing encoded and times that no file has."""
    rows = tuple(
        ReleaseRow(str(number), number, number + 1 if number + 1 < len(releases) else None, 1, False, None, None)
        for number in range(len(releases))
    )
    files = {name: (number, content) for number, names in enumerate(releases) for name, content in names.items()}
    return Snapshot(
        rows,
        {
            name: ResourceRow(number, digest(content), 1, 2, name not in unproven)
            for name, (number, content) in files.items()
        },
        {digest(content): ContentRow(len(content), "0" * 12, ()) for _, content in files.values()},
        {},
        {},
    )


def with_codings(snapshot: Snapshot, content: bytes, *kept: bool) -> Snapshot:
    """Return the snapshot with an encoding of a content for each that was kept, or was not worth it."""
    encodings = tuple(
        Encoding(f"c{place}", "recipe", 1, digest(b"coded") if is_kept else None) for place, is_kept in enumerate(kept)
    )
    row = snapshot.contents[digest(content)]._replace(encodings=encodings)
    return snapshot._replace(contents={**snapshot.contents, digest(content): row})


@pytest.mark.parametrize(
    ("kept", "is_original"), [((), True), ((False, False), True), ((False, True), False), ((True, True, True), False)]
)
def test_an_original_is_what_has_no_coding(kept: tuple[bool, ...], is_original: bool) -> None:
    snapshot = with_codings(describe({"a.css": STYLE}), STYLE, *kept)
    assert set(find_originals(snapshot)) == ({digest(STYLE)} if is_original else set())


def test_what_no_name_proves_is_needed_by_no_later_release() -> None:
    snapshot = describe({"plain.png": PICTURE, "plain.css": STYLE, "a.css": STYLE}, unproven=("plain.png", "plain.css"))
    assert set(find_originals(snapshot)) == {digest(STYLE)}


def test_what_an_earlier_release_needs_is_an_original_as_well() -> None:
    assert set(find_originals(describe({"a.png": PICTURE}, {"b.png": STYLE}))) == {digest(PICTURE), digest(STYLE)}


def test_names_whose_octets_no_history_has_are_lost_with_a_warning_that_names_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    current = describe({"new.css": STYLE})
    whole = describe({"a.png": PICTURE, "b.png": PICTURE, "same.css": STYLE}, {"new.css": STYLE})
    left = without_lost(whole, current, NONE)
    assert set(left.resources) == {"same.css", "new.css"}
    assert set(left.contents) == {digest(STYLE)}
    (message,) = caplog.messages
    assert "a.png" in message
    assert message.startswith("2 files")


def test_of_a_history_that_is_whole_nothing_is_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = make_tree(tmp_path, {**FILES, hashed_name("p.png", PICTURE): PICTURE, hashed_name("s.js", SCRIPT): SCRIPT})
    build(root)
    current = describe({"new.css": b"new", "app.css": b"other"})
    with open_histories(str(root), None, (), current) as histories:
        ((_, _, snapshot),) = histories
        assert without_lost(snapshot, snapshot, NONE).resources == snapshot.resources
        proven = {name: row for name, row in snapshot.resources.items() if row.is_proven}
        whole = snapshot._replace(
            resources=proven,
            contents={row.sha256: snapshot.contents[row.sha256] for row in proven.values()},
        )
        assert without_lost(whole, current, histories).resources == proven
    assert caplog.messages == []


def as_read(snapshot: Snapshot, root: Path) -> Snapshot:
    """Return the snapshot with the times that the files of the tree have."""
    resources = {}
    for name, row in snapshot.resources.items():
        status = os.stat(root / name)
        resources[name] = row._replace(mtime_ns=status.st_mtime_ns, ctime_ns=status.st_ctime_ns)
    return snapshot._replace(resources=resources)


def test_originals_of_the_tree_are_kept_and_their_files_times_are_known(tmp_path: Path) -> None:
    files = {"a.png": PICTURE, "b.png": PICTURE, "c.css": STYLE}
    root = make_tree(tmp_path, files)
    whole = as_read(with_codings(describe(files), STYLE, True), root)
    final = keep_originals(str(root), whole, NONE)
    assert os.listdir(root / STORE_DIRECTORY / "kept") == [digest(PICTURE)]
    assert final == as_read(final, root)
    assert keep_originals(str(root), final, NONE) == final == as_read(final, root)


@pytest.mark.parametrize("name", ["a.png", "c.css"])
def test_a_file_that_is_replaced_while_the_build_runs_is_not_as_it_was_built(tmp_path: Path, name: str) -> None:
    files = {"a.png": PICTURE, "b.png": PICTURE, "c.css": STYLE}
    root = make_tree(tmp_path, files)
    whole = as_read(with_codings(describe(files), STYLE, True), root)
    # Of the same size and the same time: all files of a reproducible tree have one.
    make_tree(root, {"new": files[name][::-1]})
    (root / "new").replace(root / name)
    final = keep_originals(str(root), whole, NONE)
    assert final.resources[name].ctime_ns != os.stat(root / name).st_ctime_ns
    assert final.resources["b.png"].ctime_ns == os.stat(root / "b.png").st_ctime_ns


def test_an_original_that_neither_the_tree_nor_a_history_has_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = make_tree(tmp_path, {"a.png": STYLE})
    whole = describe({"a.png": PICTURE})
    assert keep_originals(str(root), whole, NONE) == whole
    (message,) = caplog.messages
    assert "a.png" in message
    assert (root / "a.png").read_bytes() == STYLE


def test_an_earlier_releases_original_is_taken_from_a_history_and_never_from_a_file_of_that_name(
    tmp_path: Path,
) -> None:
    name = hashed_name("p.png", PICTURE)
    earlier = make_tree(tmp_path / "earlier", {name: PICTURE, "shared.css": STYLE})
    build(earlier)
    root = make_tree(tmp_path / "root", {name: SCRIPT, "shared.css": STYLE})
    whole = describe({name: PICTURE}, {"shared.css": STYLE})
    with open_histories(str(root), None, (str(earlier),), describe({"shared.css": STYLE})) as histories:
        keep_originals(str(root), whole, histories)
    kept = root / STORE_DIRECTORY / "kept" / digest(PICTURE)
    assert kept.read_bytes() == PICTURE
    # A history may be anybody's: what happens to it must not happen to this.
    assert not kept.samefile(earlier / name)
