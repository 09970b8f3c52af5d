"""Builds one after another: what is kept of earlier releases, wherever it is found, and whatever is damaged."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import random
import shutil
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest

from staticserve import StaticServe
from staticserve.manifest import MANIFEST_NAME
from staticserve.options import Options
from staticserve.pipeline.releases import RetentionRules
from staticserve.store import KEPT_DIRECTORY, STORE_DIRECTORY
from staticserve.store.schema import make_seal
from tests.pipeline import (
    ACCEPTED,
    PICTURE,
    SCRIPT,
    STYLE,
    ask,
    build,
    execute,
    hashed_name,
    make_tree,
    python,
    rows,
    store_of,
    stray_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from staticserve.pipeline.report import BuildReport

FONT: Final = random.Random(2).randbytes(2000)


def site(number: int) -> dict[str, bytes]:
    """Return the originals of a release: what changes each time, what never does, and what only this one has."""
    return {
        "app.css": b"/* %d */\n" % number + STYLE,
        "js/app.js": b"// %d\n" % number + SCRIPT,
        "img/photo.png": PICTURE + b"%d" % number,
        "fonts/a.woff2": FONT,
        "same.css": STYLE,
        f"only-{number}.gif": b"GIF89a%d" % number * 50,
        "empty.txt": b"",
        "robots.txt": b"of %d\n" % number * 50,
    }


UNHASHED: Final = ("robots.txt",)


def clear(root: Path) -> None:
    """Remove all that ``collectstatic --clear`` removes."""
    for path in root.iterdir() if root.exists() else ():
        if path.name != STORE_DIRECTORY:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def collect(root: Path, files: Mapping[str, bytes], *, keeps_originals: bool = True) -> dict[str, bytes]:
    """Write a release as ``collectstatic`` does, with a manifest; return the files that it proves."""
    paths = {name: hashed_name(name, content) for name, content in files.items() if name not in UNHASHED}
    hashed = {paths[name]: files[name] for name in paths}
    if keeps_originals:
        replace(root, files)
    release = hashlib.md5(json.dumps(paths).encode()).hexdigest()[:12]
    manifest = {"version": "1.1", "paths": paths, "hash": release}
    replace(root, {**hashed, MANIFEST_NAME: json.dumps(manifest).encode()})
    return hashed


def replace(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files anew, as ``collectstatic`` does: nothing is written through a link."""
    for name in files:
        (root / name).unlink(missing_ok=True)
    make_tree(root, files)


def deploy(root: Path, number: int, *, clears: bool = True, **options: Any) -> dict[str, bytes]:
    """Collect a release and build it; return the files that pages of it ask for."""
    if clears:
        clear(root)
    hashed = collect(root, site(number))
    build(root, **options)
    return hashed


def check_served(root: Path, files: Mapping[str, bytes]) -> None:
    """Ask for files in every coding: each is there, it is that file, and it may be kept for ever."""
    app = StaticServe(None, root, stale="off")
    for name, content in files.items():
        for accepted in ACCEPTED:
            answer = ask(app, name, accepted)
            assert (answer.status, answer.content, answer.is_immutable) == (200, content, True), (name, accepted)


def missing(root: Path, files: Mapping[str, bytes]) -> set[str]:
    """Return which files are not served; what is served is right."""
    app = StaticServe(None, root, stale="off")
    gone = set()
    for name, content in files.items():
        for accepted in ACCEPTED:
            answer = ask(app, name, accepted)
            if answer.status == 200:
                assert answer.content == content, (name, accepted)
            else:
                assert answer.status == 404
                gone.add(name)
    return gone


def kept_of(directory: Path) -> set[str]:
    """Return the digests of what is kept as it is, each checked."""
    found = set()
    for path in (directory / KEPT_DIRECTORY).iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
        found.add(path.name)
    return found


def kept_in(root: Path) -> Path:
    return root / STORE_DIRECTORY


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def unfit_records(root: Path) -> set[str]:
    """Return the files of the tree that do not have the times that the store says."""
    times = {
        name: (mtime, ctime)
        for name, mtime, ctime in rows(store_of(root), "SELECT name, mtime_ns, ctime_ns FROM resource")
    }
    unfit = set()
    for name, recorded in times.items():
        if (root / name).exists():
            status = os.stat(root / name)
            if (status.st_mtime_ns, status.st_ctime_ns) != recorded:
                unfit.add(name)
    return unfit


def identity_of(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what builds have warned of, without what was said of files that are not there."""
    messages = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    return [message for message in messages if not message.startswith("no file ")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets the time of day to some days after the first of January 2024."""

    def set_clock(days: float) -> None:
        monkeypatch.setattr("time.time", lambda: 1_704_067_200 + days * 86_400)

    return set_clock


# --- Releases that follow each other


@pytest.mark.parametrize("clears", [True, False], ids=["clear", "not cleared"])
def test_every_file_of_five_releases_is_served_from_the_last(root: Path, clears: bool) -> None:
    pages: dict[str, bytes] = {}
    for number in range(5):
        pages |= deploy(root, number, clears=clears)
        check_served(root, pages)
    assert unfit_records(root) == set()
    # app.css, app.js, photo.png and only-N.gif of each, and three that never change.
    assert len(pages) == 4 * 5 + 3


def test_two_files_of_one_name_are_each_found_by_its_own_hash(root: Path) -> None:
    first, second = deploy(root, 1), deploy(root, 2)
    names = {hashed_name("app.css", site(number)["app.css"]) for number in (1, 2)}
    assert len(names) == 2
    check_served(root, {name: content for name, content in {**first, **second}.items() if name in names})


def test_what_only_its_name_says_is_of_the_newest_release(root: Path) -> None:
    deploy(root, 1)
    deploy(root, 2)
    app = StaticServe(None, root)
    for name, content in site(2).items():
        answer = ask(app, name)
        assert (answer.status, answer.content, answer.is_immutable) == (200, content, False)
    assert ask(app, "only-1.gif").status == 404
    assert digest(site(1)["robots.txt"]) not in {
        sha256.hex() for (sha256,) in rows(store_of(root), "SELECT sha256 FROM content")
    }


def test_text_is_kept_in_its_codings_and_only_what_has_none_as_it_is(root: Path) -> None:
    for number in (1, 2):
        deploy(root, number)
    as_it_is = {"img/photo.png", "fonts/a.woff2", "empty.txt"}
    expected = {digest(content) for number in (1, 2) for name, content in site(number).items() if name in as_it_is}
    gifs = {digest(site(number)[f"only-{number}.gif"]) for number in (1, 2)}
    assert kept_of(kept_in(root)) == expected | gifs


def test_a_rebuild_of_the_same_release_writes_nothing(root: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        deploy(root, number, cache_dir=str(tmp_path / "cache"))
    paths = [store_of(root), *(kept_in(root) / KEPT_DIRECTORY).iterdir()]
    paths += [tmp_path / "cache/store.sqlite3", *(tmp_path / "cache" / KEPT_DIRECTORY).iterdir()]
    before = {path: identity_of(path) for path in paths}
    for _ in range(2):
        report = build(root, cache_dir=str(tmp_path / "cache"))
        assert {coding.encoded for coding in report.codings.values()} == {0}
        assert {path: identity_of(path) for path in paths} == before


def test_a_rebuild_of_one_release_alone_writes_nothing(root: Path) -> None:
    deploy(root, 1)
    before = identity_of(store_of(root))
    build(root)
    assert identity_of(store_of(root)) == before


def test_the_same_release_collected_again_is_one_release_and_loses_nothing(root: Path) -> None:
    pages = deploy(root, 1)
    for _ in range(3):
        pages |= deploy(root, 2)
    check_served(root, pages)
    assert len(rows(store_of(root), "SELECT name FROM release")) == 2


def test_a_rollback_makes_the_release_the_newest_again_and_keeps_the_other(root: Path) -> None:
    pages = deploy(root, 1) | deploy(root, 2) | deploy(root, 1)
    check_served(root, pages)
    names = [name for (name,) in rows(store_of(root), "SELECT name FROM release ORDER BY id")]
    assert len(names) == 2
    assert names[-1] == StaticServe(None, root).mounts.release
    assert [
        superseded is None for (superseded,) in rows(store_of(root), "SELECT superseded FROM release ORDER BY id")
    ] == [
        False,
        True,
    ]


def test_an_earlier_releases_file_that_is_still_in_the_tree_stays_immutable_and_outlives_a_later_clear(
    root: Path,
) -> None:
    # Names that nothing but the manifest of their release proves, as bundlers and group hashes make them.
    def write(number: int) -> None:
        paths = {"app.css": f"app.of-{number}.css"}
        files = {"app.css": site(number)["app.css"], paths["app.css"]: site(number)["app.css"]}
        manifest = {"version": "1.1", "paths": paths, "hash": f"{number:012}"}
        replace(root, {**files, MANIFEST_NAME: json.dumps(manifest).encode()})
        build(root)

    write(1)
    write(2)
    check_served(root, {f"app.of-{number}.css": site(number)["app.css"] for number in (1, 2)})
    clear(root)
    write(3)
    check_served(root, {f"app.of-{number}.css": site(number)["app.css"] for number in (1, 2, 3)})


def test_originals_that_are_deleted_leave_every_release_served(root: Path) -> None:
    pages: dict[str, bytes] = {}
    for number in (1, 2, 3):
        clear(root)
        pages |= collect(root, site(number), keeps_originals=False)
        build(root)
    check_served(root, pages)


# --- How long


def test_a_release_goes_when_its_time_is_over_and_the_name_is_remembered(
    root: Path, clock: Callable[[float], None]
) -> None:
    rules = RetentionRules(keep_releases=0, keep_for=10 * 86_400, keep_bytes=10**9)
    pages = {}
    for number, day in enumerate((0, 3, 12.9)):
        clock(day)
        pages[number] = deploy(root, number, retention=rules)
    # The first was superseded on day 3.
    check_served(root, pages[0] | pages[1] | pages[2])
    clock(13.1)
    report = build(root, retention=rules)
    gone = {name for name in pages[0] if name not in pages[1] and name not in pages[2]}
    assert missing(root, pages[0]) == gone
    check_served(root, pages[1] | pages[2])
    assert report.releases_kept == 1
    assert dict(rows(store_of(root), "SELECT name, release FROM forgotten")).keys() == gone
    # What no name has any more is there no more.
    assert digest(site(0)["img/photo.png"]) not in kept_of(kept_in(root))


def test_only_so_many_bytes_of_earlier_releases_are_kept(root: Path) -> None:
    pages = {}
    # A release holds some 3,500 bytes for itself: the picture's 3,001 and four blobs.
    for number in range(4):
        pages[number] = deploy(root, number, retention=RetentionRules(keep_bytes=8000))
    check_served(root, pages[3] | pages[2] | pages[1])
    assert missing(root, pages[0]) == {name for name in pages[0] if name not in pages[3]}


def test_nothing_is_kept_of_earlier_releases_if_that_is_asked(root: Path) -> None:
    rules = RetentionRules(keep_releases=0, keep_for=0)
    first, second = deploy(root, 1, retention=rules), deploy(root, 2, retention=rules)
    assert missing(root, first) == set(first) - set(second)
    check_served(root, second)
    assert len(rows(store_of(root), "SELECT * FROM release")) == 1


# --- Where the history is found


def test_a_build_machine_whose_tree_is_empty_each_time_has_the_copy(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    pages: dict[str, bytes] = {}
    for number in range(5):
        machine = tmp_path / f"machine-{number}"
        pages |= deploy(machine, number, cache_dir=str(cache))
        check_served(machine, pages)
        shutil.rmtree(machine)
    assert kept_of(cache)


def test_herokus_cache_is_used_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BUILD_DIR", "CACHE_DIR", "ENV_DIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    first = deploy(tmp_path / "one", 1)
    shutil.rmtree(tmp_path / "one")
    check_served(tmp_path / "two", first | deploy(tmp_path / "two", 2) | first)


def test_a_copy_outlives_the_tree_that_it_was_made_of(tmp_path: Path) -> None:
    # A link to a file of the tree would change with it.
    cache, root = tmp_path / "cache", tmp_path / "root"
    first = deploy(root, 1, cache_dir=str(cache))
    for path in root.rglob("*.png"):
        with path.open("r+b") as file:
            file.write(b"overwritten")
    shutil.rmtree(root)
    check_served(tmp_path / "new", first | deploy(tmp_path / "new", 2, cache_dir=str(cache)) | first)


@pytest.mark.parametrize("form", ["", STORE_DIRECTORY, "copy"], ids=["static root", "store", "copy"])
def test_a_history_may_be_a_static_root_or_its_store_or_a_copy(tmp_path: Path, form: str) -> None:
    cache = tmp_path / "earlier/copy"
    first = deploy(tmp_path / "earlier", 1, cache_dir=str(cache))
    pages = first | deploy(tmp_path / "root", 2, history=(str(tmp_path / "earlier" / form),))
    shutil.rmtree(tmp_path / "earlier")
    check_served(tmp_path / "root", pages)


def test_all_histories_are_joined(tmp_path: Path) -> None:
    pages: dict[str, bytes] = {}
    for number in (1, 2, 3):
        pages |= deploy(tmp_path / str(number), number)
    pages |= deploy(tmp_path / "root", 4, history=tuple(str(tmp_path / str(number)) for number in (1, 2, 3)))
    check_served(tmp_path / "root", pages)


def test_a_promoted_stages_releases_come_along(tmp_path: Path) -> None:
    staging, production = tmp_path / "staging", tmp_path / "production"
    seen = deploy(production, 1)
    for number in (2, 3):
        deploy(staging, number, history=(str(production),))
    # The image of staging is what production gets.
    shutil.rmtree(production)
    shutil.copytree(staging, production)
    check_served(production, seen)
    check_served(production, seen | deploy(production, 4))


@pytest.mark.parametrize("place", ["nowhere", "file", "directory"])
def test_a_history_that_is_not_there_is_a_warning(
    root: Path, tmp_path: Path, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "directory").mkdir()
    check_served(root, deploy(root, 1, history=(str(tmp_path / place),)))
    (warning,) = warnings_of(caplog)
    assert str(tmp_path / place) in warning


def test_the_history_of_another_project_is_left_out_with_one_line(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "other"
    theirs = collect(other, {"blog/x.css": STYLE * 2, "blog/y.png": PICTURE * 2, "admin/a.css": STYLE * 3})
    build(other)
    make_tree(root, {"admin/a.css": STYLE * 3})
    check_served(root, deploy(root, 1, clears=False, history=(str(other),)))
    assert missing(root, {name: content for name, content in theirs.items() if name.startswith("blog/")}) == {
        name for name in theirs if name.startswith("blog/")
    }
    (warning,) = warnings_of(caplog)
    assert "another project" in warning
    assert str(other) in warning


def rename(root: Path, name: str, trick: str) -> None:
    """Give a name in a store another, with a seal, as somebody would who means harm."""
    with closing(sqlite3.connect(store_of(root))) as connection, connection:
        sql = "SELECT release, content.sha256, mtime_ns, ctime_ns, is_proven FROM resource JOIN content"
        row = connection.execute(f"{sql} ON content.id = resource.content WHERE name = ?", (name,)).fetchone()
        connection.execute(
            "UPDATE resource SET name = ?, seal = ? WHERE name = ?", (trick, make_seal(trick, *row), name)
        )


@pytest.mark.parametrize(
    "trick", ["../../x.png", "/etc/x.png", "img//x.png", "img\\x.png", "img/\0.png", "img/./x.png"]
)
def test_a_history_with_path_tricks_is_refused_and_nothing_is_written_outside(
    root: Path, tmp_path: Path, trick: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = deploy(tmp_path / "earlier", 1)
    rename(tmp_path / "earlier", hashed_name("img/photo.png", site(1)["img/photo.png"]), trick)
    before = {path for path in tmp_path.rglob("*") if root not in (path, *path.parents)}
    second = deploy(root, 2, history=(str(tmp_path / "earlier"),))
    assert {path for path in tmp_path.rglob("*") if root not in (path, *path.parents)} == before
    check_served(root, second)
    assert missing(root, first) == set(first) - set(second)
    (warning,) = warnings_of(caplog)
    assert warning.isprintable()


# --- Damage


def flip(path: Path, seed: int) -> None:
    """Change some octets of a file."""
    rng = random.Random(seed)
    octets = bytearray(path.read_bytes())
    places = [place for place, octet in enumerate(octets) if octet]
    for _ in range(rng.choice([1, 1, 3, 20])):
        octets[rng.choice(places)] ^= rng.randrange(1, 256)
    path.write_bytes(octets)


@pytest.fixture(scope="module")
def two_releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    root = tmp_path_factory.mktemp("releases") / "root"
    return root, deploy(root, 1) | deploy(root, 2)


@pytest.mark.parametrize("seed", range(60))
def test_a_store_that_is_damaged_anywhere_never_fails_a_build_nor_gives_wrong_bytes(
    two_releases: tuple[Path, dict[str, bytes]], root: Path, seed: int
) -> None:
    original, earlier = two_releases
    shutil.copytree(original, root)
    flip(store_of(root), seed)
    third = deploy(root, 3)
    check_served(root, third)
    missing(root, earlier)
    assert unfit_records(root) == set()


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_store_is_made_good_from_a_whole_copy(
    two_releases: tuple[Path, dict[str, bytes]], root: Path, tmp_path: Path, seed: int
) -> None:
    original, earlier = two_releases
    shutil.copytree(original, root)
    shutil.copytree(kept_in(original), tmp_path / "cache")
    flip(store_of(root), seed)
    check_served(root, earlier | deploy(root, 3, cache_dir=str(tmp_path / "cache")))


def truncate(path: Path) -> None:
    os.truncate(path, 10)


def change(path: Path) -> None:
    """Change a file's content and not its size."""
    size = path.stat().st_size
    path.unlink()
    path.write_bytes(b"x" * size)


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nowhere")


def make_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


HARMS: Final = {
    "truncated": truncate,
    "changed": change,
    "missing": lambda path: path.unlink(),
    "a directory": make_directory,
    "a broken link": make_link,
}


def find_photo(directory: Path, number: int) -> Path:
    return directory / KEPT_DIRECTORY / digest(site(number)["img/photo.png"])


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_kept_file_that_is_lost_is_dropped_with_a_warning_and_nothing_else_is(
    root: Path, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    first = deploy(root, 1)
    clear(root)
    harm(find_photo(kept_in(root), 1))
    second = deploy(root, 2)
    name = hashed_name("img/photo.png", site(1)["img/photo.png"])
    assert missing(root, first | second) == {name}
    warnings = warnings_of(caplog)
    assert len(warnings) == 1
    assert name in warnings[0]
    assert rows(store_of(root), f"SELECT * FROM resource WHERE name = '{name}'") == []


@pytest.mark.parametrize("harm", [truncate, change, HARMS["missing"]], ids=["truncated", "changed", "missing"])
def test_a_kept_file_is_made_good_from_a_copy(root: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    cache = tmp_path / "cache"
    first = deploy(root, 1, cache_dir=str(cache))
    clear(root)
    harm(find_photo(kept_in(root), 1))
    second = deploy(root, 2, cache_dir=str(cache))
    check_served(root, first | second)
    harm(find_photo(cache, 1))
    build(root, cache_dir=str(cache))
    kept_of(cache)


@pytest.mark.parametrize("harm", [truncate, change, HARMS["missing"]], ids=["truncated", "changed", "missing"])
def test_a_kept_file_is_made_good_from_the_tree(root: Path, harm: Callable[[Path], None]) -> None:
    deploy(root, 1)
    # Not through the link: the tree's own file is as it was.
    photo = find_photo(kept_in(root), 1)
    shutil.copy(photo, photo.with_suffix(".copy"))
    photo.with_suffix(".copy").replace(photo)
    harm(photo)
    build(root)
    assert photo.name in kept_of(kept_in(root))
    assert unfit_records(root) == set()


@pytest.mark.parametrize("harm", [truncate, change], ids=["truncated", "changed"])
def test_kept_text_that_is_damaged_never_fails_the_build_that_would_encode_it(
    root: Path, harm: Callable[[Path], None]
) -> None:
    first = deploy(root, 1, options=Options(codings=()))
    clear(root)
    for path in (kept_in(root) / KEPT_DIRECTORY).iterdir():
        if path.stat().st_size > 10:
            harm(path)
    second = deploy(root, 2)
    check_served(root, second)
    assert missing(root, first) == set(first) - set(second)


def test_kept_text_is_encoded_when_codings_are_asked_for(root: Path) -> None:
    first = deploy(root, 1, options=Options(codings=()))
    second = deploy(root, 2)
    check_served(root, first | second)
    app = StaticServe(None, root)
    assert ask(app, hashed_name("app.css", site(1)["app.css"]), "br").coding == "br"
    assert digest(site(1)["app.css"]) not in kept_of(kept_in(root))
    assert unfit_records(root) == set()
    before = identity_of(store_of(root))
    build(root)
    assert identity_of(store_of(root)) == before


def test_of_an_earlier_release_each_text_takes_the_room_of_its_smallest_coding(root: Path) -> None:
    deploy(root, 1)
    sql = "SELECT name, codings FROM resource JOIN content ON content.id = content"
    codings_of = dict(rows(store_of(root), sql))
    name = hashed_name("app.css", site(1)["app.css"])
    smallest = min(int(line.split(" ")[2]) for line in codings_of[name].splitlines())
    deploy(root, 2)
    codings = dict(rows(store_of(root), sql))[name]
    assert [int(line.split(" ")[2]) for line in codings.splitlines()] == [smallest]


@pytest.mark.parametrize("place", [0, -1], ids=["smallest", "largest"])
def test_codings_that_are_damaged_are_left_out_and_the_others_serve_the_file(root: Path, place: int) -> None:
    first = deploy(root, 1)
    clear(root)
    # Of each content the largest or the smallest, all the others are whole.
    sizes = dict(rows(store_of(root), "SELECT id, length(octets) FROM blob"))
    for (codings,) in rows(store_of(root), "SELECT codings FROM content WHERE codings != ''"):
        ids = [int(line.split(" ")[3][:16], 16) >> 1 for line in codings.splitlines() if not line.endswith(" -")]
        number = sorted(ids, key=lambda number: sizes[number])[place]
        execute(store_of(root), f"UPDATE blob SET octets = zeroblob(length(octets)) WHERE id = {number}")
    check_served(root, first | deploy(root, 2) | first)


def test_a_file_whose_coding_is_damaged_is_served_from_another_coding_in_a_copy(root: Path, tmp_path: Path) -> None:
    first = deploy(root, 1, options=Options(codings=("br",)))
    deploy(tmp_path / "copy", 1, options=Options(codings=("gzip",)))
    clear(root)
    execute(store_of(root), "UPDATE blob SET octets = zeroblob(length(octets))")
    check_served(root, first | deploy(root, 2, history=(str(tmp_path / "copy"),)) | first)


def test_text_without_a_whole_coding_is_lost_with_a_warning(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = deploy(root, 1)
    clear(root)
    execute(store_of(root), "UPDATE blob SET octets = zeroblob(length(octets))")
    second = deploy(root, 2)
    lost = {hashed_name(name, site(1)[name]) for name in ("app.css", "js/app.js")}
    assert lost <= missing(root, first | second) <= {*lost, hashed_name("only-1.gif", site(1)["only-1.gif"])}
    assert len(warnings_of(caplog)) == 1


def test_an_older_stores_format_is_a_warning(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    deploy(root, 1)
    execute(store_of(root), "PRAGMA user_version = 1")
    check_served(root, deploy(root, 2))
    assert len(warnings_of(caplog)) == 1


def test_a_fifo_in_place_of_a_kept_file_stops_no_build(root: Path) -> None:
    first = deploy(root, 1)
    clear(root)
    make_fifo(find_photo(kept_in(root), 1))
    second = collect(root, site(2))
    # In a process of its own: it would wait for a writer.
    assert subprocess.run(python("-m", "staticserve", "build", str(root)), timeout=20).returncode == 0
    assert missing(root, first | second) == {hashed_name("img/photo.png", site(1)["img/photo.png"])}


# --- Links


def test_what_is_kept_of_the_newest_release_takes_no_room(root: Path) -> None:
    deploy(root, 1)
    photo, kept = root / hashed_name("img/photo.png", site(1)["img/photo.png"]), find_photo(kept_in(root), 1)
    assert photo.stat().st_ino == kept.stat().st_ino


@pytest.mark.parametrize("hard_links", [True, False])
def test_a_file_whose_link_is_kept_is_as_it_was_built(
    root: Path, hard_links: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = deploy(root, 1, hard_links=hard_links)
    assert unfit_records(root) == set()
    # A new picture and nothing to encode.
    make_tree(root, {(name := hashed_name("new.png", PICTURE * 2)): PICTURE * 2, "new.png": PICTURE * 2})
    build(root, hard_links=hard_links)
    assert unfit_records(root) == set()
    # So nothing is read to see what it is.
    opened: list[str] = []
    os_open = os.open

    def note(path: Any, *arguments: Any) -> int:
        opened.append(str(path))
        return os_open(path, *arguments)

    app = StaticServe(None, root)
    # The store itself, and what is asked for.
    ask(app, name)
    monkeypatch.setattr(os, "open", note)
    for hashed in first:
        assert ask(app, hashed).status == 200
    assert len(opened) == len(set(opened))
    assert warnings_of(caplog) == []


def test_what_is_kept_no_longer_leaves_the_trees_file_as_it_was_built(root: Path) -> None:
    deploy(root, 1, options=Options(codings=()))
    # Text has codings from now on, so that no link to it is needed.
    build(root)
    assert unfit_records(root) == set()
    before = identity_of(store_of(root))
    build(root)
    assert identity_of(store_of(root)) == before


@pytest.mark.parametrize("hard_links", [True, False])
def test_a_picture_that_is_overwritten_in_place_is_never_what_its_name_says(root: Path, hard_links: bool) -> None:
    # What was kept of it, by a link, is then lost: the one thing that a copy would be better at.
    name = hashed_name("photo.png", PICTURE)
    make_tree(root, {name: PICTURE, "photo.png": PICTURE, "app.css": STYLE})
    build(root, hard_links=hard_links)
    with (root / name).open("r+b") as file:
        file.write(PICTURE[::-1])
    build(root, hard_links=hard_links)
    answer = ask(StaticServe(None, root), name)
    assert (answer.content, answer.is_immutable) in [(PICTURE, True), (PICTURE[::-1], False)]
    assert unfit_records(root) == set()


def refuse(*arguments: object, **options: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_file_system_without_links_has_copies(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "link", refuse)
    pages: dict[str, bytes] = {}
    for number in (1, 2, 3):
        pages |= deploy(root, number, cache_dir=str(tmp_path / "cache"))
        assert unfit_records(root) == set()
    check_served(root, pages)
    assert {path.stat().st_nlink for path in (kept_in(root) / KEPT_DIRECTORY).iterdir()} == {1}
    before = identity_of(store_of(root))
    build(root, cache_dir=str(tmp_path / "cache"))
    assert identity_of(store_of(root)) == before
    assert stray_files(tmp_path) == []
    assert warnings_of(caplog) == []


def test_a_link_in_the_tree_is_kept_by_what_it_leads_to(root: Path) -> None:
    name = hashed_name("photo.png", PICTURE)
    make_tree(root, {"real.png": PICTURE, "app.css": STYLE})
    (root / name).symlink_to("real.png")
    build(root)
    kept = kept_in(root) / KEPT_DIRECTORY / digest(PICTURE)
    assert kept.is_file()
    assert not kept.is_symlink()
    clear(root)
    make_tree(root, {"app.css": STYLE})
    build(root)
    check_served(root, {name: PICTURE})


# --- What cannot be written


def test_a_picture_that_cannot_be_kept_is_a_warning(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    collect(root, site(1))
    kept_in(root).mkdir()
    (kept_in(root) / KEPT_DIRECTORY).write_text("in the way")
    build(root)
    check_served(root, collect(root, site(1)))
    assert warnings_of(caplog)
    assert stray_files(root) == []


def test_files_of_the_users_own_are_left_alone_where_he_has_a_copy_kept(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    make_tree(cache, {"kept/notes.txt": b"mine", "notes.txt": b"mine", "kept/photos/a.png": PICTURE})
    deploy(root, 1, cache_dir=str(cache))
    deploy(root, 2, cache_dir=str(cache))
    assert (cache / "kept/notes.txt").read_bytes() == (cache / "notes.txt").read_bytes() == b"mine"
    assert (cache / "kept/photos/a.png").read_bytes() == PICTURE


# --- What a build says of it


def test_a_build_tells_what_it_keeps(root: Path) -> None:
    deploy(root, 1)
    clear(root)
    collect(root, site(2))
    report: BuildReport = build(root)
    assert report.releases_kept == 1
    # app.css, js/app.js, img/photo.png and only-1.gif.
    assert report.names_kept == 4
    sizes = dict(rows(store_of(root), "SELECT name, size FROM resource JOIN content ON content.id = content"))
    photo = hashed_name("img/photo.png", site(1)["img/photo.png"])
    assert sizes[photo] < report.bytes_kept < sizes[photo] + 1000
    assert any("1 (4 files, " in line for line in report.lines())
