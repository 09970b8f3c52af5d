"""The release store: written whole, read by anybody, believed only where it proves what it says."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from staticserve.errors import StoreError
from staticserve.store import (
    STORE_NAME,
    ContentRow,
    Encoding,
    Record,
    Release,
    ReleaseRow,
    ResourceRow,
    Snapshot,
    StoreReader,
    StoreWriter,
)
from tests.pipeline import execute, python, rows

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT: Final = b"body { color: red }\n" * 100
SHA256: Final = hashlib.sha256(CONTENT).hexdigest()
OCTETS: Final = {"br": b"as br", "zstd": b"as zstd"}
MTIME_NS: Final = 784_111_777_123_456_789
CTIME_NS: Final = MTIME_NS + 7


def stored(coding: str) -> Encoding:
    return Encoding(coding, f"{coding}1", len(OCTETS[coding]), hashlib.sha256(OCTETS[coding]).hexdigest())


MD5: Final = hashlib.md5(CONTENT).hexdigest()[:12]
ENCODINGS: Final = (stored("br"), stored("zstd"), Encoding("gzip", "gzip1", 2001, None))
NEW: Final = ReleaseRow("abc", 784_111_777, None, 2, False, "staticfiles.json", "abc")
OLD: Final = ReleaseRow("old", 784_000_000, 784_111_777, 3, True, None, None)


def make_snapshot(release: ReleaseRow = NEW, names: tuple[str, ...] = ("app.css", "b.css")) -> Snapshot:
    """Return one with one content under some names, in two codings, and a third that was not worth it.

    There is a release before it, of which a name is kept and another forgotten.
    """
    own = {name: ResourceRow(1, SHA256, MTIME_NS, CTIME_NS, name == "app.css") for name in names}
    return Snapshot(
        releases=(OLD, release),
        resources={"app.old.css": ResourceRow(0, SHA256, 1, 2, True), **own},
        contents={SHA256: ContentRow(len(CONTENT), MD5, ENCODINGS)},
        aliases={"plain.css": "app.css"},
        forgotten={"gone.css": "older"},
    )


def write_snapshot(path: str, snapshot: Snapshot) -> None:
    with StoreWriter(path) as writer:
        for octets in OCTETS.values():
            writer.add_blob(octets)
        writer.add(snapshot)


def write_store(root: Path, release: str = "abc", names: tuple[str, ...] = ("app.css", "b.css")) -> str:
    path = f"{root}/{STORE_NAME}"
    write_snapshot(path, make_snapshot(NEW._replace(name=release, manifest_hash=release), names))
    return path


@pytest.fixture
def path(tmp_path: Path) -> str:
    return write_store(tmp_path)


RECORD: Final = Record(2, SHA256, 2000, MD5, MTIME_NS, CTIME_NS, True, ENCODINGS)
BLOBS: Final = tuple(hashlib.sha256(octets).hexdigest() for octets in OCTETS.values())

NEXT: Final = Snapshot((ReleaseRow("next", 1, None, 0, False, None, None),), {}, {}, {}, {})
"""Another release, of an empty tree."""


def test_what_was_written_is_read(path: str) -> None:
    with closing(StoreReader(path)) as reader:
        assert reader.release() == Release(2, NEW)
        assert reader.releases() == [Release(2, NEW), Release(1, OLD)]
        assert reader.find("app.css") == RECORD
        assert reader.find("b.css") == RECORD._replace(is_proven=False)
        assert (reader.has("b.css"), reader.has("c.css")) == (True, False)
        assert [reader.read_blob(sha256) for sha256 in BLOBS] == [b"as br", b"as zstd"]
        assert (reader.find_alias("plain.css"), reader.find_alias("app.css")) == ("app.css", None)
        assert (reader.find_forgotten("gone.css"), reader.find_forgotten("app.css")) == ("older", None)
        assert reader.snapshot() == make_snapshot()


def test_a_name_of_an_earlier_release_is_found_and_is_of_that(path: str) -> None:
    with closing(StoreReader(path)) as reader:
        assert reader.has("app.old.css")
        assert reader.find("app.old.css") == RECORD._replace(release=1, mtime_ns=1, ctime_ns=2)


@pytest.mark.parametrize(
    "name", ["", "c.css", "app.css\0", "\0", "\ud800", "%", "*", "APP.CSS", "app.css/", "x" * 9999]
)
def test_a_name_that_is_not_there_is_nothing(path: str, name: str) -> None:
    with closing(StoreReader(path)) as reader:
        assert reader.find(name) is None
        assert not reader.has(name)
        assert reader.find_alias(name) is None
        assert reader.find_forgotten(name) is None


def test_blobs_are_known_by_their_sha256_and_kept_once(tmp_path: Path) -> None:
    path = f"{tmp_path}/{STORE_NAME}"
    digests = {octets: hashlib.sha256(octets).hexdigest() for octets in (b"same", b"other")}
    with StoreWriter(path) as writer:
        assert [writer.add_blob(octets) for octets in (b"same", b"other", b"same")] == [
            digests[octets] for octets in (b"same", b"other", b"same")
        ]
        assert [writer.has_blob(sha256) for sha256 in (*digests.values(), SHA256)] == [True, True, False]
    with closing(StoreReader(path)) as reader:
        assert {octets: reader.read_blob(sha256) for octets, sha256 in digests.items()} == {
            octets: octets for octets in digests
        }
        with pytest.raises(StoreError, match=SHA256):
            reader.read_blob(SHA256)
    assert sorted(octets for (octets,) in rows(tmp_path / STORE_NAME, "SELECT octets FROM blob")) == [b"other", b"same"]


def test_a_damaged_blob_is_an_error_that_names_the_store(path: str, tmp_path: Path) -> None:
    execute(tmp_path / STORE_NAME, "UPDATE blob SET octets = CAST('AS BR' AS BLOB) WHERE octets = x'6173206272'")
    with closing(StoreReader(path)) as reader:
        with pytest.raises(StoreError, match=r"store\.sqlite3: blob [0-9a-f]{64} is damaged"):
            reader.read_blob(BLOBS[0])
        assert reader.read_blob(BLOBS[1]) == b"as zstd"


# What a damaged page may hold: SQLite checks neither values nor, if the page says so, their types.
DAMAGED_VALUES: Final = (
    "UPDATE content SET sha256 = 'text' || id",
    "UPDATE content SET sha256 = CAST(id AS BLOB)",
    "UPDATE content SET sha256 = CAST(substr(sha256, 1, 31) || 'x' AS BLOB)",
    "UPDATE content SET size = 'text'",
    "UPDATE content SET size = size + 1",
    "UPDATE content SET size = -1",
    "UPDATE content SET md5 = 5",
    "UPDATE content SET md5 = '0123456789ab'",
    "UPDATE content SET codings = 5",
    "UPDATE content SET codings = x'ff00'",
    "UPDATE content SET codings = CAST(codings AS BLOB)",
    "UPDATE content SET codings = ''",
    "UPDATE content SET codings = 'br br1 5'",
    "UPDATE content SET codings = replace(codings, 'br ', 'gzip ')",
    "UPDATE content SET codings = replace(codings, '1 ', '1 1')",
    "UPDATE content SET codings = replace(codings, ' ', ' -')",
    "UPDATE content SET seal = 'text'",
    "UPDATE resource SET mtime_ns = 'text'",
    "UPDATE resource SET mtime_ns = 1.5",
    "UPDATE resource SET mtime_ns = 9223372036854775807",
    "UPDATE resource SET mtime_ns = -9223372036854775808",
    "UPDATE resource SET is_proven = 'text'",
    "UPDATE resource SET is_proven = 1 - is_proven",
    "UPDATE resource SET content = 77",
    "UPDATE resource SET content = 'text'",
    "UPDATE resource SET release = 77",
    "UPDATE resource SET release = 3 - release",
    "UPDATE resource SET release = 'text'",
    "UPDATE resource SET name = name || 'x'",
    "UPDATE resource SET name = CAST(name AS BLOB)",
    "UPDATE resource SET seal = 0",
    "UPDATE blob SET id = id + 1",
    "UPDATE blob SET octets = 'text'",
    "UPDATE release SET id = id + 10",
    "UPDATE release SET name = 5",
    "UPDATE release SET built = 'text'",
    "UPDATE release SET superseded = 'text'",
    "UPDATE release SET files = 1.5",
    "UPDATE release SET follows_symlinks = 1 - follows_symlinks",
    "UPDATE release SET manifest = x'ff00'",
    "UPDATE release SET manifest = 'a' || char(0) || 'b'",
    "UPDATE release SET manifest_hash = 5",
    "UPDATE alias SET hashed = 5",
    "UPDATE alias SET hashed = 'b.css'",
    "UPDATE forgotten SET release = 5",
    "UPDATE forgotten SET name = name || 'x'",
)
"""Changes after which a store is no longer as it was written."""


@pytest.mark.parametrize("sql", DAMAGED_VALUES)
def test_a_damaged_value_is_an_error_or_has_its_type(path: str, tmp_path: Path, sql: str) -> None:
    execute(tmp_path / STORE_NAME, sql)
    with closing(StoreReader(path)) as reader:
        with suppress(StoreError):
            record = reader.find("app.css")
            if record is not None:
                assert [type(value) for value in record] == [int, str, int, str, int, int, bool, tuple]
                for encoding in record.encodings:
                    assert [type(value) for value in encoding[:3]] == [str, str, int]
                    if encoding.sha256 is not None:
                        assert len(reader.read_blob(encoding.sha256)) == encoding.size
        for find in (reader.find_alias, reader.find_forgotten):
            for name in ("plain.css", "gone.css", "gone.cssx"):
                with suppress(StoreError):
                    assert isinstance(find(name), str | None)


@pytest.mark.parametrize("sql", DAMAGED_VALUES)
def test_what_is_read_of_a_damaged_store_is_what_was_written(path: str, tmp_path: Path, sql: str) -> None:
    # A row that cannot be found is missing; none says something else than it did.
    execute(tmp_path / STORE_NAME, sql)
    written = make_snapshot()
    with closing(StoreReader(path)) as reader:
        with suppress(StoreError):
            assert reader.find("app.css") in (None, RECORD)
        with suppress(StoreError):
            assert reader.find_alias("plain.css") in (None, "app.css")
        with suppress(StoreError):
            assert reader.release() == Release(2, NEW)
        with suppress(StoreError):
            found = reader.snapshot()
            assert found.releases == written.releases
            assert found.resources.items() <= written.resources.items()
            assert found.contents == written.contents
            assert (found.aliases, found.forgotten) == (written.aliases, written.forgotten)


def _cut(size: int) -> Callable[[str], object]:
    return lambda path: os.truncate(path, size)


def _write(octets: bytes) -> Callable[[str], object]:
    def write(path: str) -> None:
        with open(path, "wb") as file:
            file.write(octets)

    return write


def _overwrite_with_zeros(path: str) -> None:
    _write(bytes(os.path.getsize(path)))(path)


def _put_directory(path: str) -> None:
    os.unlink(path)
    os.mkdir(path)


def _make_another_database(path: str) -> None:
    os.unlink(path)
    execute(Path(path), "CREATE TABLE release (id)")


def _do(sql: str) -> Callable[[str], object]:
    def do(path: str) -> None:
        execute(Path(path), sql)

    return do


UNUSABLE: Final[dict[str, Callable[[str], object]]] = {
    "empty": _cut(0),
    "cut within its head": _cut(60),
    "cut within its first page": _cut(3000),
    "cut after its first page": _cut(4096),
    "zeros": _overwrite_with_zeros,
    "text": _write(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n" * 100),
    "a directory": _put_directory,
    "deleted": os.unlink,
    "another application's database": _make_another_database,
    "of another application": _do("PRAGMA application_id = 1"),
    "of a future version": _do("PRAGMA user_version = 3"),
    "of the version before": _do("PRAGMA user_version = 1"),
    "without a release": _do("DELETE FROM release"),
    "without its tables": _do("DROP TABLE release"),
}
"""What may be where a store should be."""


@pytest.mark.parametrize("harm", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_whole_store_is_an_error_that_names_it(path: str, harm: Callable[[str], object]) -> None:
    harm(path)
    with closing(StoreReader(path)) as reader, pytest.raises(StoreError) as raised:
        reader.release()
    assert raised.value.path == path


def descriptors_of(path: str) -> int:
    """Return how many descriptors of this process are open on a file."""
    targets = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            targets.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except OSError:
            continue
    return targets.count(path)


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system does not list open files")


@needs_proc
def test_a_reader_opens_the_file_when_it_is_asked_and_once_for_all_threads(path: str) -> None:
    reader = StoreReader(path)
    assert descriptors_of(path) == 0

    def read(number: int) -> list[object]:
        return [reader.find("app.css"), reader.read_blob(BLOBS[number % 2]), reader.release().row.name]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, range(400)))
    assert found == [[RECORD, (b"as br", b"as zstd")[number % 2], "abc"] for number in range(400)]
    assert descriptors_of(path) == 1
    reader.close()
    assert descriptors_of(path) == 0


FORKED: Final = """
import json, os, sys
from contextlib import closing, suppress
from staticserve.store import ReleaseRow, Snapshot, StoreReader, StoreWriter

path, parent_asks_first = sys.argv[1], sys.argv[2] == "True"
reader = StoreReader(path)
if parent_asks_first:
    before = reader.release().row.name
# Another release takes its place: whoever opens the file from now on finds that one.
with StoreWriter(path) as writer:
    writer.add(Snapshot((ReleaseRow("next", 1, None, 0, False, None, None),), {}, {}, {}, {}))
child = os.fork()
if child == 0:
    found = reader.release().row.name, reader.find("app.css") is None
    os._exit(0 if found == ("next", True) else 1)
_, status = os.waitpid(child, 0)
json.dump([os.waitstatus_to_exitcode(status), reader.release().row.name], sys.stdout)
reader.close()
"""


@pytest.mark.parametrize("parent_asks_first", [False, True])
def test_a_process_opens_its_own_after_a_fork(path: str, parent_asks_first: bool) -> None:
    command = python("-c", FORKED, path, str(parent_asks_first))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [0, "abc" if parent_asks_first else "next"]


def test_a_reader_keeps_the_release_that_it_has_opened(path: str, tmp_path: Path) -> None:
    with closing(StoreReader(path)) as reader:
        reader.release()
        write_store(tmp_path, "next", ("c.css",))
        assert reader.release().row.name == "abc"
        assert reader.find("app.css") == RECORD
        os.unlink(path)
        assert reader.read_blob(BLOBS[0]) == b"as br"


def test_reading_needs_no_permission_to_write_and_leaves_nothing_behind(path: str) -> None:
    directory = os.path.dirname(path)
    os.chmod(path, 0o444)
    os.chmod(directory, 0o555)
    try:
        before = os.stat(directory)
        with closing(StoreReader(path)) as reader:
            assert reader.find("app.css") == RECORD
            assert os.listdir(directory) == ["store.sqlite3"]
        assert os.stat(directory) == before
    finally:
        os.chmod(directory, 0o755)


def test_reading_needs_no_lock_which_not_every_file_system_has(path: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with closing(StoreReader(path)) as reader:
            assert reader.find("app.css") == RECORD


@pytest.mark.parametrize("name", ["a?mode=rw", "100%25", "#fragment", "with space", "\u00fcn\u00ef", "a'b\"c"])
def test_a_path_may_have_any_characters(path: str, tmp_path: Path, name: str) -> None:
    moved = tmp_path / name / "store.sqlite3"
    moved.parent.mkdir()
    shutil.move(path, moved)
    with closing(StoreReader(str(moved))) as reader:
        assert reader.find("app.css") == RECORD


def test_a_store_has_no_path_of_the_directory_that_it_was_written_in(path: str, tmp_path: Path) -> None:
    with open(path, "rb") as file:
        assert os.fsencode(tmp_path) not in file.read()


def test_an_error_while_writing_leaves_the_earlier_store_and_no_other_file(path: str) -> None:
    with open(path, "rb") as file:
        before = file.read()

    def fail() -> None:
        with StoreWriter(path) as writer:
            writer.add(NEXT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with open(path, "rb") as file:
        assert file.read() == before
    assert os.listdir(os.path.dirname(path)) == ["store.sqlite3"]


def test_a_store_that_cannot_be_written_is_an_error_that_names_it_and_the_cause(tmp_path: Path) -> None:
    (tmp_path / ".staticserve").write_text("a file where the directory should be")
    path = f"{tmp_path}/{STORE_NAME}"
    with pytest.raises(StoreError, match=r"cannot write it: .*exists") as raised, StoreWriter(path):
        pass
    assert raised.value.path == path


def test_nobody_sees_a_store_before_it_is_whole(path: str) -> None:
    with StoreWriter(path) as writer:
        writer.add(NEXT)
        with closing(StoreReader(path)) as reader:
            assert reader.release().row.name == "abc"
    with closing(StoreReader(path)) as reader:
        assert reader.release().row.name == "next"


def test_what_a_killed_build_left_an_hour_ago_is_removed_and_what_another_is_writing_is_not(path: str) -> None:
    old, new = f"{path}.1-aa.tmp", f"{path}.2-bb.tmp"
    for leftover in (old, new):
        _write(b"half")(leftover)
    hour = 3601 * 10**9
    now = os.stat(new).st_mtime_ns
    os.utime(old, ns=(now - hour, now - hour))
    with StoreWriter(path) as writer:
        writer.add(NEXT)
    assert sorted(os.listdir(os.path.dirname(path))) == ["store.sqlite3", "store.sqlite3.2-bb.tmp"]


def test_the_store_is_a_database_that_sqlite_finds_in_order(path: str, tmp_path: Path) -> None:
    assert rows(tmp_path / STORE_NAME, "PRAGMA integrity_check") == [("ok",)]
    assert rows(tmp_path / STORE_NAME, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("count", [1, 3, 9, 5000])
def test_a_sample_is_a_few_names_however_many_there_are(tmp_path: Path, count: int) -> None:
    names = tuple(f"{number:04}.css" for number in range(count))
    with closing(StoreReader(write_store(tmp_path, names=names))) as reader:
        sample = reader.sample()
    assert 1 <= len(sample) <= 8
    assert set(sample) <= set(names)
