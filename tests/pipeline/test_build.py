"""The build as a whole: the same tree gives the same blobs, and whatever goes wrong leaves the earlier store."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import signal
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from staticserve import StaticServe
from staticserve.errors import BuildError, StaticServeError
from staticserve.manifest import MANIFEST_NAME, Manifest
from staticserve.options import Options
from staticserve.pipeline.build import build_store
from staticserve.pipeline.options import BuildOptions
from tests.catalogue import sidecars, write_files
from tests.pipeline import (
    ACCEPTED,
    FILES,
    PICTURE,
    SCRIPT,
    STYLE,
    ask,
    blobs_of,
    build,
    decode,
    hashed_name,
    kept_of,
    make_tree,
    python,
    rows,
    run_with_full_disk,
    store_of,
    stray_files,
)
from tests.pipeline.test_codings import DECODERS, LARGEST_WINDOW, parse_frame, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

HASHED: Final = hashed_name("app.css", STYLE)

# Of which a build has some tenths of a second to do. It begins with the longest and tells by name what is done, so that
# of these the first is told when the others are still to be encoded.
SLOW: Final = {f"{name}.js": text(60_000 - number) for number, name in enumerate("abcdef")}


def built_of(root: Path) -> list[object]:
    """Return all that a store has of contents, names and octets, in its own order; not its files' and its own times."""
    columns = {
        "blob": "*",
        "content": "*",
        "resource": "name, release, content, mtime_ns, is_proven",
        "alias": "*",
        "forgotten": "*",
        "release": "id, name, superseded, files, follows_symlinks, manifest, manifest_hash",
    }
    return [rows(store_of(root), f"SELECT {some} FROM {table} ORDER BY 1, 2") for table, some in columns.items()]


def check_store(root: Path) -> None:
    """Check with SQLite, the codecs and digests that a store, and what is beside it, is whole."""
    assert rows(store_of(root), "PRAGMA integrity_check") == [("ok",)]
    assert rows(store_of(root), "PRAGMA foreign_key_check") == []
    blobs = dict(rows(store_of(root), "SELECT id, octets FROM blob"))
    kept = [each for each in kept_of(root) if each.blob is not None]
    assert kept
    assert {each.blob for each in kept} == blobs.keys()
    for each in kept:
        assert hashlib.sha256(decode(each.coding, blobs[each.blob])).digest() == each.content
    # A name that is for ever, and no coding: that content is beside the store, and nothing else is.
    sql = "SELECT DISTINCT sha256 FROM resource JOIN content ON content.id = resource.content WHERE is_proven"
    coded = {each.content for each in kept}
    originals = {sha256.hex() for (sha256,) in rows(store_of(root), sql) if sha256 not in coded}
    beside = [path for path in (store_of(root).parent / "kept").glob("*") if path.suffix != ".tmp"]
    assert originals == {path.name for path in beside}
    for path in beside:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def picture(number: int) -> dict[str, bytes]:
    """Return one that no coding makes smaller, under a name that is for ever."""
    content = random.Random(number).randbytes(3000)
    return {hashed_name("img/picture.png", content): content}


def check_served(root: Path, files: Mapping[str, bytes]) -> None:
    app = StaticServe(None, root)
    for name, content in files.items():
        for accepted in ACCEPTED:
            answer = ask(app, name, accepted)
            assert (answer.status, answer.content) == (200, content), (name, accepted)


# --- What is in a store


def test_every_blob_decodes_to_its_file_and_every_zstd_frame_suits_browsers(tmp_path: Path) -> None:
    build(make_tree(tmp_path))
    blobs = blobs_of(tmp_path)
    for (name, coding), octets in blobs.items():
        assert DECODERS[coding](octets) == FILES[name]
        if coding == "zstd":
            frame = parse_frame(octets)
            assert (frame.content_size, frame.window <= LARGEST_WINDOW) == (len(FILES[name]), True)
    expected = {name for name in FILES if not name.endswith((".png", "empty.txt"))}
    assert blobs.keys() == {(name, coding) for name in expected for coding in DECODERS}


def test_the_same_tree_gives_the_same_blobs_whatever_the_order_and_the_number_of_workers(tmp_path: Path) -> None:
    names = [*FILES, *SLOW]
    files = {**FILES, **SLOW}
    trees = []
    for workers in (1, 2, 7):
        random.Random(workers).shuffle(names)
        root = make_tree(tmp_path / str(workers), {name: files[name] for name in names})
        build(root, workers=workers)
        trees.append(built_of(root))
    assert trees[0] == trees[1] == trees[2]


def test_an_unchanged_tree_gives_the_same_store_again(tmp_path: Path) -> None:
    build(make_tree(tmp_path))
    before = built_of(tmp_path)
    for coding in build(tmp_path).codings.values():
        assert (coding.encoded, coding.reused) == (0, 5)
    assert built_of(tmp_path) == before


def test_equal_bytes_are_encoded_once_whatever_their_names(tmp_path: Path) -> None:
    report = build(make_tree(tmp_path, dict.fromkeys(("a.css", "b.css", "c/d.css"), STYLE)), hard_links=False)
    assert (report.files, report.contents) == (3, 1)
    assert {coding.encoded for coding in report.codings.values()} == {1}


def test_what_is_compressed_already_is_not_tried_and_source_maps_are_cheap(tmp_path: Path) -> None:
    build(make_tree(tmp_path))
    recipes = recipes_of(tmp_path)
    assert recipes["img/photo.png"] == set()
    assert recipes["empty.txt"] == set()
    assert recipes["js/app.js.map"] == CHEAP
    assert recipes["js/app.js"] == BEST


BEST: Final = {"br11w22", "zstd9", "gzip9"}
CHEAP: Final = {"br9w22", "zstd9", "gzip6"}


def recipes_of(root: Path) -> dict[str, set[str]]:
    """Return the recipes by which each file was encoded."""
    sql = "SELECT name, sha256 FROM resource JOIN content ON content.id = resource.content"
    kept = kept_of(root)
    return {
        name: {each.recipe for each in kept if each.content == sha256} for name, sha256 in rows(store_of(root), sql)
    }


def test_what_no_page_loads_is_cheap(tmp_path: Path) -> None:
    # Modules for Node; and an original whose hashed copy is another, because references in it were rewritten.
    hashed = hashed_name("rewritten.css", b"x" + STYLE)
    manifest = {"paths": {"app.css": HASHED, "rewritten.css": hashed}, "version": "1.1", "hash": "0123456789ab"}
    files = {
        "app.css": STYLE,
        HASHED: STYLE,
        "rewritten.css": STYLE[1:],
        hashed: b"x" + STYLE,
        "module.cjs": SCRIPT,
        "unhashed.css": STYLE[2:],
        MANIFEST_NAME: json.dumps(manifest).encode(),
    }
    build(make_tree(tmp_path, files))
    recipes = recipes_of(tmp_path)
    assert recipes.pop("rewritten.css") == recipes.pop("module.cjs") == CHEAP
    assert set(map(frozenset, recipes.values())) == {frozenset(BEST)}


def test_only_the_codings_that_are_asked_for_are_made(tmp_path: Path) -> None:
    build(make_tree(tmp_path), options=Options(codings=("gzip",)))
    assert {coding for _, coding in blobs_of(tmp_path)} == {"gzip"}
    report = build(tmp_path)
    assert {name: coding.encoded for name, coding in report.codings.items()} == {"br": 5, "zstd": 5, "gzip": 0}
    assert {coding for _, coding in blobs_of(tmp_path)} == {"br", "zstd", "gzip"}


# Of base64 a coding saves a quarter (its characters have 6 bits), and no other redundancy is in it.
_BASE64: Final = base64.b64encode(random.Random(3).randbytes(30_000))


@pytest.mark.parametrize(("min_saving", "is_kept"), [(0.0, True), (0.05, True), (0.2, True), (0.3, False)])
def test_a_coding_that_saves_too_little_is_not_kept(tmp_path: Path, min_saving: float, is_kept: bool) -> None:
    make_tree(tmp_path, {"a.txt": _BASE64, "random.txt": PICTURE})
    report = build(tmp_path, min_saving=min_saving)
    assert {name for name, _ in blobs_of(tmp_path)} == ({"a.txt"} if is_kept else set())
    assert {coding.not_worth_it for coding in report.codings.values()} == {1 if is_kept else 2}
    check_served(tmp_path, {"a.txt": _BASE64, "random.txt": PICTURE})


def test_a_coding_that_was_not_kept_is_made_when_less_will_do(tmp_path: Path) -> None:
    build(make_tree(tmp_path, {"a.txt": _BASE64}), min_saving=0.3)
    assert {coding.reused for coding in build(tmp_path, min_saving=0.3).codings.values()} == {1}
    assert {coding.encoded for coding in build(tmp_path).codings.values()} == {1}
    assert len(blobs_of(tmp_path)) == 3
    build(tmp_path, min_saving=0.3)
    assert blobs_of(tmp_path) == {}


def test_sidecars_the_manifest_and_what_is_not_served_are_in_no_store(tmp_path: Path) -> None:
    manifest = json.dumps({"paths": {}, "version": "1.1", "hash": "0123456789ab"}).encode()
    root = make_tree(tmp_path, {**sidecars("a.css", STYLE), MANIFEST_NAME: manifest, ".env": b"x", "a.gz": b"alone"})
    (root / "broken").symlink_to("nowhere")
    (root / "out").symlink_to(os.pardir)
    os.mkfifo(root / "fifo")
    build(root)
    assert [name for (name,) in rows(store_of(root), "SELECT name FROM resource")] == ["a.css", "a.gz"]


def test_a_store_has_the_releases_name_and_what_the_manifest_proves(tmp_path: Path) -> None:
    paths = {"a.css": "a.mine.css", "b.css": "b.css"}
    manifest = json.dumps({"paths": paths, "version": "1.1", "hash": "0123456789ab"}).encode()
    by_digest = hashed_name("c.css", STYLE)
    names = ("a.css", "a.mine.css", "b.css", by_digest)
    build(make_tree(tmp_path, {**dict.fromkeys(names, STYLE), MANIFEST_NAME: manifest}))
    assert rows(store_of(tmp_path), "SELECT name, manifest FROM release") == [("0123456789ab", MANIFEST_NAME)]
    assert rows(store_of(tmp_path), "SELECT name FROM resource WHERE is_proven ORDER BY name") == [
        (name,) for name in sorted(("a.mine.css", by_digest))
    ]


def test_an_empty_tree_has_a_store(tmp_path: Path) -> None:
    assert build(tmp_path).files == 0
    assert ask(StaticServe(None, tmp_path), "a.css").status == 404


def test_progress_goes_from_work_to_all_of_it(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    build_store(str(make_tree(tmp_path)), Manifest(), progress=lambda done, total: calls.append((done, total)))
    assert len(calls) == 15
    assert calls == sorted(calls)
    total = 3 * sum(len(content) for name, content in FILES.items() if not name.endswith(".png")) - 3 * len(STYLE)
    assert calls[-1] == (total, total)


# --- When something goes wrong


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a tree with a store, and more to encode."""
    root = make_tree(tmp_path / "root")
    build(root)
    return make_tree(root, SLOW)


def fail_to_build(root: Path, harm: Callable[[str], object]) -> StaticServeError:
    """Build, harm the file that is encoded last when the first is done, and return the error."""
    make_tree(root, {"z.txt": b"the smallest file comes last\n" * 3})
    before = store_of(root).read_bytes()
    harmed = False

    def progress(done: int, total: int) -> None:
        nonlocal harmed
        if not harmed:
            harmed = True
            harm(f"{root}/z.txt")

    with pytest.raises(StaticServeError) as raised:
        build_store(str(root), Manifest(), BuildOptions(workers=1), progress)
    assert store_of(root).read_bytes() == before
    assert stray_files(root) == []
    return raised.value


def _overwrite(path: str) -> None:
    with open(path, "wb") as file:
        file.write(b"other bytes")


def _replace_by_fifo(path: str) -> None:
    os.unlink(path)
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("harm", "cause"),
    [
        (_overwrite, "it changed while the build was reading it"),
        (os.unlink, "cannot be read: No such file or directory"),
        (_replace_by_fifo, "cannot be read: .*not a regular file"),
    ],
    ids=["changed", "deleted", "now a FIFO"],
)
def test_a_file_that_changes_during_the_build_is_an_error_and_the_earlier_store_stays(
    root: Path, harm: Callable[[str], object], cause: str
) -> None:
    error = fail_to_build(root, harm)
    assert isinstance(error, BuildError)
    assert error.path == f"{root}/z.txt"
    with pytest.raises(BuildError, match=rf"z\.txt: {cause}"):
        raise error
    check_served(root, FILES)


def test_a_tree_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="nowhere: cannot be read: No such file or directory"):
        build(tmp_path / "nowhere")


@pytest.mark.parametrize("limit", [0, 2000, 20_000, 150_000])
def test_a_full_disk_is_an_error_that_names_the_store_and_leaves_the_earlier_one(root: Path, limit: int) -> None:
    before = store_of(root).read_bytes()
    done = run_with_full_disk(limit, "build", str(root))
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"staticserve: {store_of(root)}: cannot write it: ")
    assert store_of(root).read_bytes() == before
    assert stray_files(root) == []
    assert os.listdir(root / ".staticserve") == ["store.sqlite3"]


def test_a_full_cache_is_a_warning(root: Path, tmp_path: Path) -> None:
    build(root)
    cache = tmp_path / "cache"
    build(root, cache_dir=str(cache))
    before = (cache / "store.sqlite3").read_bytes()
    make_tree(root, {"more.txt": _BASE64})
    # The cache is a file system of its own, and this is the nearest to a full one: a directory in its place.
    (cache / "store.sqlite3").unlink()
    (cache / "store.sqlite3").mkdir()
    build(root, cache_dir=str(cache))
    assert before != store_of(root).read_bytes()
    check_store(root)
    assert stray_files(cache) == []


# One process that forks for every build: starting Python takes as long as the build.
FORKING: Final = """
import os, signal, sys, time
import brotli
from staticserve.codings import zstd
from staticserve.manifest import Manifest
from staticserve.pipeline.build import build_store
from staticserve.pipeline.options import BuildOptions

zstd()  # Imported before the first fork, too.
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        build_store(sys.argv[1], Manifest(), BuildOptions(workers=2))
        os._exit(0)
    # Not to wait for something, but the moment itself.
    time.sleep(float(line))
    os.kill(child, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_build_that_is_killed_at_any_moment_leaves_a_whole_store(tmp_path: Path) -> None:
    root = make_tree(tmp_path)
    build(root)
    rng = random.Random(5)
    codes = []
    with subprocess.Popen(
        python("-c", FORKING, str(root)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(50):
            changed = {name: text(20_000 + 10 * number + place) for place, name in enumerate(("js/app.js", "new.css"))}
            write_files(root, {**changed, "twin.css": changed["new.css"], **picture(number)})
            before = store_of(root).read_bytes()
            print(rng.uniform(0, 0.06), file=process.stdin, flush=True)
            codes.append(int(process.stdout.readline()))
            assert codes[-1] in (0, -signal.SIGKILL)
            if store_of(root).read_bytes() != before:
                check_store(root)
            files = {**FILES, "js/app.js": changed["js/app.js"]}
            check_served(root, files)
        process.stdin.close()
    # On a slow machine none gets to its end, and on a fast one not all are killed.
    assert codes.count(-signal.SIGKILL) > 5
    for path in (root / ".staticserve").glob("*.tmp"):
        os.utime(path, (1, 1))
    # Nobody can set the ctime, by which these are judged: they have a test of their own.
    for path in (root / ".staticserve/kept").glob("*.tmp"):
        path.unlink()
    build(root)
    assert sorted(os.listdir(root / ".staticserve")) == ["kept", "store.sqlite3"]
    assert stray_files(root) == []
    check_store(root)
    check_served(root, {**files, **picture(0), **picture(49)})


def test_of_two_builds_at_once_one_wins_and_the_store_is_whole(tmp_path: Path) -> None:
    root = make_tree(tmp_path)
    for number in range(4):
        pairs = {f"{place}.css": text(5000 + number * 10 + place) for place in range(8)}
        pairs |= picture(number)
        write_files(root, {**pairs, **{f"twin-{name}": content for name, content in pairs.items()}})
        command = python("-m", "staticserve", "build", str(root))
        builds = [subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in "ab"]
        for process in builds:
            _, errors = process.communicate(timeout=60)
            assert (process.returncode, errors) == (0, "")
        check_store(root)
        check_served(root, {**FILES, **pairs})
        assert stray_files(root) == []
        assert sorted(os.listdir(root / ".staticserve")) == ["kept", "store.sqlite3"]


def test_a_build_takes_the_content_of_its_moment_not_of_the_earlier_store(root: Path) -> None:
    make_tree(root, {"js/app.js": SCRIPT[::-1]})
    build(root)
    check_served(root, {**FILES, **SLOW, "js/app.js": SCRIPT[::-1]})
