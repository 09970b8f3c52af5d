"""Deltas in the store: between what they are made, which are kept, and that a second build makes none."""

from __future__ import annotations

import hashlib
import logging
import os
import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from staticserve import StaticServe
from staticserve.options import Options
from staticserve.pipeline.deltas import DeltaJob, encode_delta, pair_contents
from staticserve.pipeline.releases import RetentionRules
from staticserve.store import ContentRow, Encoding, ReleaseRow, ResourceRow, Snapshot
from staticserve.store.schema import blob_id
from tests.deltas import (
    MAGIC,
    build,
    collect,
    decode_by_command,
    deltas_of,
    deploy,
    encodings_of,
    script,
    sha256,
    site,
    snapshot_of,
    style,
)
from tests.pipeline import ask, store_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from staticserve.pipeline.report import BuildReport

MEBI: Final = 1024 * 1024


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def name_of(logical: str, word: str) -> str:
    """Return the hashed name that a content has, which a word stands for."""
    stem, _, extension = logical.rpartition(".")
    return f"{stem}.{digest(word)[:12]}.{extension}"


def make_snapshot(history: Sequence[dict[str, str]], sizes: dict[str, int] | None = None) -> Snapshot:
    """Return a snapshot of releases, oldest first: each says which word's content its logical names have."""
    newest = len(history) - 1
    resources: dict[str, ResourceRow] = {}
    for place, release in enumerate(history):
        for logical, word in release.items():
            resources[name_of(logical, word)] = ResourceRow(place, digest(word), place, 0, True)
    words = {word for release in history for word in release.values()}
    contents = {
        digest(word): ContentRow(
            (sizes or {}).get(word, 5000),
            digest(word)[:12],
            (Encoding("br", "br11", 900, digest(f"br of {word}")),),
        )
        for word in words
    }
    return Snapshot(
        releases=tuple(
            ReleaseRow(f"r{place}", place, None if place == newest else place + 1, 1, False, None, None)
            for place in range(len(history))
        ),
        resources=resources,
        contents=contents,
        aliases={logical: name_of(logical, word) for logical, word in history[-1].items()},
        forgotten={},
    )


def pairs(*history: dict[str, str], most: int = 3, sizes: dict[str, int] | None = None) -> list[tuple[str, str]]:
    """Return the jobs for a history, in words."""
    words = {digest(word): word for release in history for word in release.values()}
    return [(words[job.sha256], words[job.dictionary]) for job in pair_contents(make_snapshot(history, sizes), most)]


APP: Final = "app.css"


def test_a_file_has_deltas_against_the_last_releases_the_newest_first() -> None:
    history = [{APP: word} for word in ("one", "two", "three", "four", "five")]
    assert pairs(*history) == [("five", "four"), ("five", "three"), ("five", "two")]
    assert pairs(*history, most=1) == [("five", "four")]
    assert pairs(*history, most=0) == []
    assert pairs(*history[:2]) == [("two", "one")]
    assert pairs(*history[:1]) == []


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        # Nothing has changed, or not in the last release.
        ([{APP: "one"}, {APP: "one"}], []),
        ([{APP: "one"}, {APP: "two"}, {APP: "two"}], [("two", "one")]),
        # A rollback: what is current is nobody's dictionary; what came between is.
        ([{APP: "one"}, {APP: "two"}, {APP: "one"}], [("one", "two")]),
        # What a release had not is not made up for.
        ([{APP: "one"}, {"other.css": "x"}, {APP: "three"}], [("three", "one")]),
        ([{APP: "one"}, {}, {}, {}, {APP: "five"}], []),
        # New, and gone.
        ([{}, {APP: "one"}], []),
        ([{APP: "one"}, {}], []),
        # Another name's content is no dictionary, not even with the same stem or in another folder.
        ([{"other.css": "one"}, {APP: "two"}], []),
        ([{"app.js": "one"}, {APP: "two"}], []),
        ([{"css/app.css": "one"}, {APP: "two"}], []),
        ([{"app.min.css": "one"}, {APP: "two"}], []),
        # Each file by itself.
        (
            [{APP: "one", "b.js": "b1"}, {APP: "two", "b.js": "b2"}],
            [("two", "one"), ("b2", "b1")],
        ),
        # Two names of one content: made once, and against what both were.
        ([{APP: "one", "twin.css": "one"}, {APP: "two", "twin.css": "two"}], [("two", "one")]),
        ([{APP: "one", "twin.css": "x"}, {APP: "two", "twin.css": "two"}], [("two", "one"), ("two", "x")]),
        # One content that was of both, and has parted.
        ([{APP: "one", "twin.css": "one"}, {APP: "two", "twin.css": "three"}], [("two", "one"), ("three", "one")]),
    ],
    ids=str,
)
def test_a_pair_is_of_one_logical_name(history: list[dict[str, str]], expected: list[tuple[str, str]]) -> None:
    assert sorted(pairs(*history)) == sorted(expected)


def test_what_was_the_same_content_under_two_logical_names_is_no_pair() -> None:
    # Renamed without a change: the new name's content is what the client has, but its name is another.
    assert pairs({APP: "one"}, {"renamed.css": "one"}) == []


@pytest.mark.parametrize("name", ["assets/index-BxYz12Ab.js", "main.8d3f1c2b.js", "app.css", "chunk-2f.js"])
def test_names_that_are_not_of_djangos_form_have_no_deltas(name: str) -> None:
    # They are in the store, some of them proven by a bundler's manifest.
    snapshot = make_snapshot([{APP: "one"}, {APP: "two"}])
    resources = {name: row for name, row in snapshot.resources.items() if row.release == 1}
    other = ResourceRow(0, digest("one"), 0, 0, True)
    changed = snapshot._replace(resources={**resources, name: other}, aliases={**snapshot.aliases, "logical": name})
    assert pair_contents(changed, 3) == []


def test_what_is_not_proven_is_no_dictionary() -> None:
    # A look-alike, a date for one: nobody says that the name stands for this content for ever.
    snapshot = make_snapshot([{APP: "one"}, {APP: "two"}])
    old = name_of(APP, "one")
    resources = {**snapshot.resources, old: snapshot.resources[old]._replace(is_proven=False)}
    assert pair_contents(snapshot._replace(resources=resources), 3) == []


@pytest.mark.parametrize(
    ("sizes", "is_made"),
    [
        ({}, True),
        ({"one": 1024, "two": 1024}, True),
        ({"one": 1023}, False),
        ({"two": 1023}, False),
        ({"one": 0}, False),
        ({"two": 0}, False),
        ({"one": 8 * MEBI, "two": 8 * MEBI}, True),
        ({"one": 8 * MEBI + 1}, False),
        ({"two": 8 * MEBI + 1}, False),
        ({"one": 100_000_000}, False),
        ({"two": 30_000_000}, False),
        ({"one": 0, "two": 10**12}, False),
    ],
    ids=str,
)
def test_what_is_too_small_or_too_large_is_left_out(sizes: dict[str, int], *, is_made: bool) -> None:
    assert pairs({APP: "one"}, {APP: "two"}, sizes=sizes) == ([("two", "one")] if is_made else [])


def test_one_line_says_what_was_too_large(caplog: pytest.LogCaptureFixture) -> None:
    history = [{APP: "one", "b.js": "b1"}, {APP: "two", "b.js": "b2"}]
    assert pairs(*history, sizes={"one": 100_000_000}) == [("b2", "b1")]
    (message,) = caplog.messages
    assert name_of(APP, "two") in message
    assert "100000000" in message


def test_what_is_too_small_needs_no_line(caplog: pytest.LogCaptureFixture) -> None:
    assert pairs({APP: "one"}, {APP: "two"}, sizes={"one": 0, "two": 12}) == []
    assert caplog.messages == []


def test_what_is_too_large_leaves_its_share_to_others() -> None:
    history = [{f"{number}.css": f"{release}-{number}" for number in range(9)} for release in (1, 2)]
    sizes = {word: 100_000_000 for release in history for word in release.values() if not word.endswith("8")}
    assert pairs(*history, sizes=sizes) == [("2-8", "1-8")]


def test_all_of_a_build_read_no_more_than_they_may() -> None:
    # 256 MiB in all (docs/deltas.md): sixteen pairs of eight MiB each.
    count = 20
    history = [{f"{number}.css": f"{release}-{number}" for number in range(count)} for release in (1, 2)]
    sizes = {word: 8 * MEBI for release in history for word in release.values()}
    assert len(pairs(*history, sizes=sizes)) == 16


def encoded(report: BuildReport) -> int:
    """Return how many deltas a build made."""
    return report.codings["dcz"].encoded if "dcz" in report.codings else 0


def test_every_delta_of_a_build_decodes_to_its_file(root: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3, 4, 5):
        names = deploy(root, site(number))
    for logical in ("app.css", "js/app.js"):
        deltas = deltas_of(root, names[logical])
        assert set(deltas) == {sha256(site(number)[logical]) for number in (2, 3, 4)}
        for number in (2, 3, 4):
            old, new = site(number)[logical], site(5)[logical]
            delta = deltas[sha256(old)]
            assert delta[:40] == MAGIC + hashlib.sha256(old).digest()
            assert sha256(decode_by_command(delta, old, tmp_path)) == sha256(new)
            assert len(delta) < 200
    assert deltas_of(root, names["same.css"]) == {}
    assert deltas_of(root, "robots.txt") == {}
    # Only hashed names are for ever, so a browser has no old content under the others.
    assert encodings_of(root, "app.css") == encodings_of(root, names["app.css"])


def mixed(share: float, seed: int) -> bytes:
    """Return lines of which this share is this seed's own, and which no coding makes small."""
    common, own = random.Random(1), random.Random(seed)
    lines = []
    for number in range(500):
        shared = common.randbytes(30).hex()
        lines.append(own.randbytes(30).hex() if number % 100 < share * 100 else shared)
    return "\n".join(lines).encode()


@pytest.mark.parametrize(("share", "is_kept"), [(0.02, True), (0.5, True), (0.7, True), (0.9, False), (1.0, False)])
def test_a_delta_is_kept_if_it_saves_a_fifth_of_the_smallest_full_coding(
    root: Path, share: float, *, is_kept: bool
) -> None:
    deploy(root, {APP: mixed(share, 2)})
    names = deploy(root, {APP: mixed(share, 3)})
    (encoding,) = encodings_of(root, names[APP])
    assert (encoding.sha256 is not None) == is_kept
    whole = snapshot_of(root).contents[sha256(mixed(share, 3))].encodings
    best = min(each.size for each in whole if each.dictionary is None and each.sha256 is not None)
    assert (encoding.size <= 0.8 * best) == is_kept


@pytest.mark.parametrize("share", [0.02, 1.0])
def test_a_second_build_makes_none_and_leaves_the_store_as_it_is(root: Path, share: float) -> None:
    deploy(root, {APP: mixed(share, 2)})
    collect(root, {APP: mixed(share, 3)})
    assert encoded(build(root)) == 1
    before = os.stat(store_of(root))
    assert encoded(build(root)) == 0
    after = os.stat(store_of(root))
    assert (after.st_mtime_ns, after.st_ino, after.st_size) == (before.st_mtime_ns, before.st_ino, before.st_size)


def test_a_rollback_and_back_again_makes_each_delta_once_while_it_is_kept(root: Path) -> None:
    deploy(root, site(1))
    deploy(root, site(2))
    names = deploy(root, site(1))
    assert set(deltas_of(root, names["js/app.js"])) == {sha256(script(2))}


def test_deltas_are_found_by_both_digests(root: Path) -> None:
    deploy(root, site(1))
    deploy(root, site(2))
    # Against the first as well, which is now two releases away, and against the second.
    collect(root, site(3))
    assert encoded(build(root)) == 4
    # One file changes: its deltas are others, three of them, and the other file's are there.
    collect(root, {**site(3), "js/app.js": script(4)})
    report = build(root)
    assert (report.codings["dcz"].encoded, report.codings["dcz"].reused) == (3, 2)
    assert encoded(build(root)) == 0


def test_a_tree_that_is_made_anew_has_them_from_the_cache(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    for number in (1, 2):
        (tmp_path / f"slug-{number}").mkdir()
        names = deploy(tmp_path / f"slug-{number}", site(number), cache_dir=cache)
    # Nothing of the first release is in this tree.
    assert set(deltas_of(tmp_path / "slug-2", names["js/app.js"])) == {sha256(script(1))}
    # And the same release again, elsewhere: nothing is made.
    again = tmp_path / "slug-3"
    again.mkdir()
    collect(again, site(2))
    assert encoded(build(again, cache_dir=cache)) == 0
    assert deltas_of(again, names["js/app.js"]) == deltas_of(tmp_path / "slug-2", names["js/app.js"])


def test_a_history_elsewhere_is_as_good(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"slug-{number}").mkdir()
    deploy(tmp_path / "slug-1", site(1))
    names = deploy(tmp_path / "slug-2", site(2), history=(str(tmp_path / "slug-1"),))
    assert set(deltas_of(tmp_path / "slug-2", names["app.css"])) == {sha256(style(1))}


@pytest.mark.parametrize("clears", [True, False])
def test_what_no_coding_has_is_read_from_where_it_is_kept(root: Path, *, clears: bool) -> None:
    deploy(root, site(1), options=Options(codings=()))
    names = deploy(root, site(2), clears=clears)
    assert set(deltas_of(root, names["js/app.js"])) == {sha256(script(1))}


def test_a_tree_that_is_not_cleared_has_the_old_files(root: Path) -> None:
    for number in (1, 2, 3):
        names = deploy(root, site(number), clears=False)
    assert set(deltas_of(root, names["js/app.js"])) == {sha256(script(1)), sha256(script(2))}


def test_no_deltas_are_made_where_none_are_wanted(root: Path) -> None:
    deploy(root, site(1))
    names = deploy(root, site(2), deltas=0)
    assert encodings_of(root, names["js/app.js"]) == []
    # And when they are wanted no more, they go.
    build(root)
    assert len(deltas_of(root, names["js/app.js"])) == 1
    build(root, deltas=0)
    assert deltas_of(root, names["js/app.js"]) == {}


def test_releases_that_are_not_kept_have_no_deltas(root: Path) -> None:
    rules = RetentionRules(keep_releases=0, keep_for=0)
    deploy(root, site(1), retention=rules)
    names = deploy(root, site(2), retention=rules)
    assert deltas_of(root, names["js/app.js"]) == {}


def test_the_same_releases_give_the_same_deltas(tmp_path: Path) -> None:
    found = []
    for workers in (1, 4):
        root = tmp_path / str(workers)
        root.mkdir()
        for number in (1, 2, 3):
            names = deploy(root, site(number), workers=workers)
        found.append({logical: deltas_of(root, name) for logical, name in names.items()})
    assert found[0] == found[1]
    assert [len(each) for each in found[0].values()] == [2, 2, 0]


def test_only_text_has_deltas(root: Path) -> None:
    # What no coding makes smaller is sent as it is, and never as a dictionary: a delta would be for nobody.
    pictures = [random.Random(3).randbytes(40_000) + b"%d" % number for number in (1, 2)]
    deploy(root, {"a.png": pictures[0]})
    names = deploy(root, {"a.png": pictures[1]})
    assert encodings_of(root, names["a.png"]) == []


def test_a_file_that_has_become_empty_or_was_is_whole(root: Path) -> None:
    for content in (b"", script(1), b"", script(2)):
        names = deploy(root, {APP: content})
        app = StaticServe(None, root)
        assert ask(app, names[APP], "gzip, br, zstd").content == content
    assert set(deltas_of(root, names[APP])) == {sha256(script(1))}


def test_a_file_of_30_megabytes_does_not_stop_a_build(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    huge = b"all work and no play makes a dull file\n" * 770_000
    assert len(huge) > 30_000_000
    options = Options(codings=("zstd",))
    deploy(root, {"huge.css": huge + b"1", "app.js": script(1)}, options=options)
    with caplog.at_level(logging.WARNING, "staticserve"):
        names = deploy(root, {"huge.css": huge + b"2", "app.js": script(2)}, options=options)
    assert deltas_of(root, names["huge.css"]) == {}
    assert set(deltas_of(root, names["app.js"])) == {sha256(script(1))}
    assert [message for message in caplog.messages if "delta" in message] == [
        f"no delta is made of {names['huge.css']}: 30030001 and 30030001 bytes are too many"
    ]


def test_a_damaged_delta_is_made_anew(root: Path) -> None:
    deploy(root, site(1))
    names = deploy(root, site(2))
    good = deltas_of(root, names["js/app.js"])
    (encoding,) = encodings_of(root, names["js/app.js"])
    assert encoding.sha256 is not None
    with closing(sqlite3.connect(store_of(root))) as connection, connection:
        connection.execute(
            "UPDATE blob SET octets = zeroblob(length(octets)) WHERE id = ?", (blob_id(encoding.sha256),)
        )
    assert encoded(build(root)) == 1
    assert deltas_of(root, names["js/app.js"]) == good


def test_a_dictionary_that_is_lost_is_none(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    deploy(root, site(1))
    with closing(sqlite3.connect(store_of(root))) as connection, connection:
        connection.execute("UPDATE blob SET octets = zeroblob(length(octets))")
    names = deploy(root, site(2))
    assert deltas_of(root, names["js/app.js"]) == {}
    assert any("damaged or missing" in message for message in caplog.messages)
    assert ask(StaticServe(None, root), names["js/app.js"], "br").content == script(2)


def test_another_saving_is_measured_against_the_codings_that_there_are(root: Path) -> None:
    # Against zstd alone it would have been worth it, or the other way round: what a build says is what it measured.
    old, new = mixed(0.85, 2), mixed(0.85, 3)
    deploy(root, {APP: old})
    names = deploy(root, {APP: new}, options=Options(codings=("gzip",)))
    for codings in (("gzip", "br", "zstd"), ("gzip",), ("br",), ()):
        build(root, options=Options(codings=codings))
        (encoding,) = encodings_of(root, names[APP])
        whole = snapshot_of(root).contents[sha256(new)].encodings
        sizes = [each.size for each in whole if each.dictionary is None and each.sha256 is not None]
        assert (encoding.sha256 is not None) == (encoding.size <= 0.8 * min(sizes, default=len(new))), codings


@pytest.mark.parametrize("size", [1024, 5000, 3 * MEBI, 8 * MEBI])
def test_no_window_is_larger_than_browsers_take(size: int, tmp_path: Path) -> None:
    # Of little that is new, so that it takes no time.
    old = (random.Random(5).randbytes(min(size, 65_536)) * (size // 65_536 + 1))[:size]
    new = b"/* new */" + old[: size - 100] + b"/* and more */"
    delta = encode_delta(new, old, sha256(old))
    frame = delta[40:]
    assert _window_of(frame) <= 1 << 23
    assert decode_by_command(delta, old, tmp_path) == new


def _window_of(frame: bytes) -> int:
    """Return the window size of a Zstandard frame, in bytes (RFC 8878, 3.1.1.1)."""
    assert frame[:4] == b"\x28\xb5\x2f\xfd"
    descriptor = frame[4]
    # "Dictionary_ID_Flag": none; "Content_Checksum_Flag": none.
    assert descriptor & 0b11 == 0
    if descriptor & 0b0010_0000:
        # "Single_Segment_Flag": the window is the content, whose size is the next field.
        width = (1, 2, 4, 8)[descriptor >> 6]
        return int.from_bytes(frame[5 : 5 + width], "little") + (256 if width == 2 else 0)
    exponent, mantissa = frame[5] >> 3, frame[5] & 7
    base = 1 << (10 + exponent)
    return base + base // 8 * mantissa


def test_a_job_is_told_by_both_digests() -> None:
    assert DeltaJob("a", "b").key != DeltaJob("a", "c").key
    assert DeltaJob("a", "b").key != DeltaJob("c", "b").key


def test_a_store_that_is_copied_elsewhere_keeps_its_deltas(root: Path, tmp_path: Path) -> None:
    deploy(root, site(1))
    names = deploy(root, site(2))
    shutil.copytree(root, tmp_path / "copy")
    assert deltas_of(tmp_path / "copy", names["app.css"]) == deltas_of(root, names["app.css"])
