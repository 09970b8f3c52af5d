"""A release store and its tree: what is served when they agree, and when they do not."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import shutil
import subprocess
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import pytest

from staticserve import StaticServe
from staticserve.manifest import MANIFEST_NAME
from staticserve.model import Redirect, Resource
from staticserve.options import Options
from staticserve.pipeline.build import build_store
from staticserve.pipeline.hashing import hash_names
from tests.catalogue import LAST_MODIFIED, MTIME, replace_file, write_files
from tests.contract.exchange import Request, exchange_in_validator
from tests.pipeline import (
    ACCEPTED,
    FILES,
    FOREVER,
    PICTURE,
    SCRIPT,
    STYLE,
    ask,
    blobs_of,
    build,
    execute,
    hashed_name,
    make_tree,
    python,
    store_of,
    swap_blobs,
    swap_codings,
)
from tests.test_store import DAMAGED_VALUES, UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HASHED: Final = hashed_name("app.css", STYLE)
# More than is kept in memory, and no two pieces of it equal.
BIG: Final = b"".join(b"%08d\n" % number for number in range(150_000))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_tree(tmp_path / "root")
    build(root, hard_links=False)
    return root


def errors_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def check_all(app: StaticServe, files: Mapping[str, bytes] = FILES) -> None:
    """Ask for every file in every coding: each is there, and it is that file."""
    for name, content in files.items():
        for accepted in ACCEPTED:
            answer = ask(app, name, accepted)
            assert (answer.status, answer.content) == (200, content), (name, accepted)


def uses_store(app: StaticServe) -> bool:
    """Return whether codings are served, of which the tree has none."""
    return ask(app, "app.css", "br").coding == "br"


def other_of(content: bytes) -> bytes:
    """Return another content of the same size."""
    return content[::-1]


# --- The tree is as it was built


def test_every_file_is_served_in_every_coding_that_was_kept(root: Path) -> None:
    app = StaticServe(None, root)
    check_all(app)
    kept = blobs_of(root)
    assert {coding for _, coding in kept} == {"br", "zstd", "gzip"}
    for name, coding in kept:
        assert ask(app, name, coding).coding == coding


def test_identity_is_answered_as_from_the_directory(root: Path, tmp_path: Path) -> None:
    twin = make_tree(tmp_path / "twin")
    with_store, without = StaticServe(None, root, codings=[]), StaticServe(None, twin)
    requests: list[dict[str, str]] = [
        {},
        {"If_None_Match": "*"},
        {"If_Match": '"other"'},
        {"If_Modified_Since": LAST_MODIFIED},
        {"Range": "bytes=2-5"},
        {"Range": "bytes=0-1,5-6"},
        {"Range": "bytes=9999999-"},
    ]
    for name in FILES:
        for fields in requests:
            answers = [ask(app, name, **fields).response for app in (with_store, without)]
            assert answers[0].status == answers[1].status
            if "," not in fields.get("Range", ""):  # whose boundary is chosen at random
                assert answers[0] == answers[1]


def test_each_coding_has_its_own_tag_and_every_answer_says_what_it_varies_by(root: Path) -> None:
    app = StaticServe(None, root)
    answers = [ask(app, "app.css", accepted).response for accepted in ("", "br", "zstd", "gzip")]
    assert len({answer.get("ETag") for answer in answers}) == 4
    assert {answer.get("Vary") for answer in answers} == {"Accept-Encoding"}
    for answer in answers:
        assert answer.get("ETag") == f'"{hashlib.sha256(answer.octets).hexdigest()[:32]}"'
        assert answer.get("Last-Modified") == LAST_MODIFIED
    assert ask(app, "img/photo.png").response.get("Vary") is None


def test_a_range_is_of_the_coded_octets(root: Path) -> None:
    app = StaticServe(None, root)
    whole = ask(app, "app.css", "br").response
    fields = (("Accept-Encoding", "br"), ("Range", "bytes=3-9"))
    part = exchange_in_validator(StaticServe(None, root))(Request("GET", "/app.css", fields))
    assert (part.status, part.octets, part.get("ETag")) == (206, whole.octets[3:10], whole.get("ETag"))


def test_only_codings_that_the_server_allows_are_served(root: Path) -> None:
    app = StaticServe(None, root, codings=["gzip"])
    assert ask(app, "app.css", "br, zstd").coding is None
    assert ask(app, "app.css", "br, gzip").coding == "gzip"


def test_a_name_is_for_ever_by_its_digest_or_by_the_manifest_that_was_built_with(tmp_path: Path) -> None:
    manifest = {"version": "1.1", "hash": "0123456789ab", "paths": {"app.css": "app.mine.css", "own.css": "own.css"}}
    files = {"app.css": STYLE, "app.mine.css": STYLE, HASHED: STYLE, "own.css": b"x", "a.0123456789ab.css": b"x"}
    root = make_tree(tmp_path, {**files, MANIFEST_NAME: json.dumps(manifest).encode()})
    build(root, hard_links=False)
    # A store knows all that the manifest proves, and the manifest may be kept elsewhere.
    (root / MANIFEST_NAME).unlink()
    app = StaticServe(None, root)
    assert {name for name in files if ask(app, name).is_immutable} == {"app.mine.css", HASHED}
    assert ask(app, MANIFEST_NAME).status == 404


def test_a_tree_is_built_in_one_directory_and_served_from_another(root: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.move(root, moved)
    app = StaticServe(None, moved)
    check_all(app)
    assert uses_store(app)


def test_a_tree_that_cannot_be_written_is_served_and_left_as_it_is(root: Path) -> None:
    def state() -> list[tuple[str, float, list[str]]]:
        return [(path, os.stat(path).st_mtime, sorted(names)) for path, _, names in os.walk(root)]

    directories = [path for path, _, _ in os.walk(root)]
    store_of(root).chmod(0o444)
    for path in directories:
        os.chmod(path, 0o555)
    try:
        before = state()
        app = StaticServe(None, root)
        check_all(app)
        assert uses_store(app)
        assert state() == before
    finally:
        for path in directories:
            os.chmod(path, 0o755)


def test_a_relative_root_stays_where_it_was_when_the_working_directory_changes(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = StaticServe(None, "root")
    monkeypatch.chdir("/")
    check_all(app)
    assert uses_store(app)


@pytest.mark.parametrize("options", [{}, {"dotfiles": True}, {"dotfiles": True, "late_files": True}])
def test_the_store_itself_is_never_served(root: Path, options: dict[str, Any]) -> None:
    app = StaticServe(None, root, **options)
    build(root, hard_links=False)
    for name in (".staticserve/store.sqlite3", ".staticserve/", ".staticserve", "x/../.staticserve/store.sqlite3"):
        assert ask(app, name).status == 404


def test_dotfiles_in_a_store_are_served_only_where_the_server_allows_them(tmp_path: Path) -> None:
    files = {".htpasswd": b"secret", ".git/config": b"secret", ".well-known/x.txt": b"public", "a.txt": b"public"}
    root = make_tree(tmp_path, files)
    build(root, options=Options(dotfiles=True))
    app = StaticServe(None, root)
    assert [ask(app, name).status for name in files] == [404, 404, 200, 200]
    check_all(StaticServe(None, root, dotfiles=True), files)


def test_links_out_of_the_root_in_a_store_are_followed_only_where_the_server_allows_it(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "root", {"app.css": STYLE})
    make_tree(tmp_path / "outside", {"secret.txt": SCRIPT})
    (root / "link.txt").symlink_to("../outside/secret.txt")
    (root / "directory").symlink_to("../outside")
    build(root, options=Options(follow_symlinks=True))
    names = ("link.txt", "directory/secret.txt")
    app = StaticServe(None, root)
    assert [ask(app, name, accepted).status for name in names for accepted in ("", "br")] == [404] * 4
    check_all(StaticServe(None, root, follow_symlinks=True), dict.fromkeys(names, SCRIPT))


def test_index_files_are_served_from_the_store(root: Path) -> None:
    app = StaticServe(None, root, index_file=True)
    assert ask(app, "docs/", "br").content == FILES["docs/index.html"]
    assert (ask(app, "docs").status, ask(app, "docs/index.html").status) == (302, 302)


def test_threads_ask_one_server_at_once_and_each_gets_its_file(root: Path) -> None:
    app = StaticServe(None, root, memory=10_000)
    requests = [(name, accepted) for name in FILES for accepted in ACCEPTED] * 20
    random.Random(2).shuffle(requests)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda request: ask(app, *request), requests))
    assert [answer.content for answer in answers] == [FILES[name] for name, _ in requests]


FORKED: Final = """
import gzip, os, sys
from staticserve import StaticServe

def ask():
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/app.css", "HTTP_ACCEPT_ENCODING": "gzip"}
    return gzip.decompress(b"".join(app(environ, lambda status, fields: None)))

def opens_store():
    fds = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return any(os.path.islink(fd) and os.readlink(fd).endswith("store.sqlite3") for fd in fds)

app = StaticServe(None, sys.argv[1])
states = [opens_store()]
for _ in range(3):
    child = os.fork()
    if child == 0:
        before = opens_store()
        right = ask() == open(f"{sys.argv[1]}/app.css", "rb").read()
        os._exit(0 if (before, right, opens_store()) == (False, True, True) else 1)
    states.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
states.append(opens_store())
sys.exit(0 if states == [False, 0, 0, 0, False] else f"{states}")
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system does not list open files")
def test_a_server_that_forks_hands_no_open_store_to_its_workers(root: Path) -> None:
    done = subprocess.run(python("-c", FORKED, str(root)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


SERVED: Final = """
import sys
from staticserve import StaticServe

app = StaticServe(None, sys.argv[1])
for accepted in ("", "gzip", "br", "zstd"):
    for path in ("/app.css", "/gone.css", "/js/app.js"):
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_ACCEPT_ENCODING": accepted}
        list(app(environ, lambda status, fields: print(status, dict(fields).get("Content-Encoding"))))
for name in ("brotli", "_brotli", "compression.zstd", "backports.zstd", "rich", "django", "gunicorn"):
    assert name not in sys.modules, name
assert not [name for name in sys.modules if name.startswith("staticserve.pipeline")]
"""


@pytest.mark.parametrize("deleted", [False, True])
def test_a_serving_process_imports_nothing_that_only_builds_need(root: Path, deleted: bool) -> None:
    if deleted:
        (root / "app.css").unlink()
    done = subprocess.run(python("-c", SERVED, str(root)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    codings = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("200")]
    assert codings == ["None", "None", "gzip", "gzip", "br", "br", "zstd", "zstd"]


# --- The tree is not as it was built


def pass_on(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2"), ("X-From", "application")])
    return [b"ok"]


def test_a_file_that_came_after_the_build_waits_for_the_next(root: Path) -> None:
    app, passing = StaticServe(None, root), StaticServe(pass_on, root)
    write_files(root, {"late.css": b"late"})
    assert ask(app, "late.css").status == 404
    assert ask(passing, "late.css").response.get("X-From") == "application"
    build(root)
    assert ask(StaticServe(None, root), "late.css").content == b"late"


@pytest.mark.parametrize("index_file", [False, True])
def test_a_file_that_came_after_the_build_is_served_with_late_files(root: Path, index_file: bool) -> None:
    app = StaticServe(None, root, late_files=True, index_file=index_file)
    late = {"late.css": b"late", hashed_name("late.css", b"late"): b"late"}
    write_files(root, late)
    check_all(app, {**FILES, **late} if not index_file else late)
    assert [ask(app, name).is_immutable for name in late] == [False, True]
    assert ask(app, "later.css").status == 404


def test_an_index_file_that_came_after_the_build_is_served_with_late_files(root: Path) -> None:
    app = StaticServe(None, root, late_files=True, index_file=True)
    write_files(root, {"new/index.html": b"late"})
    assert ask(app, "new/").content == b"late"


def test_with_late_files_links_dotfiles_and_manifest_stay_unserved(root: Path, tmp_path: Path) -> None:
    app = StaticServe(None, root, late_files=True)
    write_files(tmp_path, {"secret.txt": b"secret"})
    write_files(root, {".env": b"secret", MANIFEST_NAME: b"{}"})
    (root / "link.txt").symlink_to("../secret.txt")
    for name in ("link.txt", ".env", MANIFEST_NAME, "../secret.txt", "x/../../secret.txt"):
        assert ask(app, name).status == 404


def test_names_that_are_not_there_take_bounded_memory(root: Path) -> None:
    app = StaticServe(None, root, late_files=True)

    def ask_for_missing(start: int) -> None:
        for number in range(start, start + 8000):
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/{number:0200}.css"}
            list(app(environ, lambda status, fields: None))  # type: ignore[arg-type]  # nobody calls what it returns

    ask_for_missing(0)
    tracemalloc.start()
    try:
        ask_for_missing(8000)
        ask_for_missing(16000)
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    # 16,000 names of 200 characters are 4 MB and more.
    assert used < 2_500_000


CHANGED: Final = b"it has changed since\n" * 40


@pytest.mark.parametrize("name", ["app.css", HASHED, "img/photo.png", "js/app.js"])
def test_a_file_that_changed_after_the_build_is_served_as_it_is_and_never_for_ever(
    root: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = StaticServe(None, root)
    replace_file(root / name, CHANGED)
    for accepted in ACCEPTED:
        answer = ask(app, name, accepted)
        assert (answer.status, answer.content, answer.is_immutable) == (200, CHANGED, False)
    (error,) = errors_of(caplog)
    assert name in error
    assert "build" in error


@pytest.mark.parametrize("accepted", ACCEPTED)
@pytest.mark.parametrize(("name", "content"), [("app.css", STYLE), (HASHED, STYLE), (hashed_name("big.png", BIG), BIG)])
def test_other_bytes_of_the_same_size_and_time_are_noticed(
    tmp_path: Path, name: str, content: bytes, accepted: str
) -> None:
    root = make_tree(tmp_path, {name: content})
    build(root)
    write_files(root, {name: other_of(content)})
    assert os.stat(root / name).st_mtime == MTIME
    app = StaticServe(None, root)
    answer = ask(app, name, accepted)
    assert (answer.status, answer.content, answer.is_immutable) == (200, other_of(content), False)
    assert answer.response.get("ETag") == f'"{hashlib.sha256(answer.response.octets).hexdigest()[:32]}"'


def test_a_file_that_is_not_as_built_and_then_is_again_is_trusted_again(root: Path) -> None:
    replace_file(root / HASHED, CHANGED)
    assert not ask(StaticServe(None, root), HASHED).is_immutable
    write_files(root, {HASHED: STYLE})
    answer = ask(StaticServe(None, root), HASHED, "br")
    assert (answer.is_immutable, answer.coding, answer.content) == (True, "br", STYLE)


@pytest.mark.parametrize(
    ("at_build", "when_served"),
    [
        (MTIME * 10**9 + 123_456_789, MTIME * 10**9),
        (MTIME * 10**9 + 123_456_789, MTIME * 10**9 + 123_456_000),
        (MTIME * 10**9 + 123_456_789, MTIME * 10**9 + 2 * 10**9),
        (MTIME * 10**9, MTIME * 10**9),
    ],
    ids=["whole seconds", "microseconds", "another time", "the same"],
)
def test_equal_bytes_are_trusted_whatever_an_archive_made_of_their_time(
    tmp_path: Path, at_build: int, when_served: int, caplog: pytest.LogCaptureFixture
) -> None:
    files = {name: content for name, content in FILES.items() if content}
    root = make_tree(tmp_path, files)
    for name in files:
        os.utime(root / name, ns=(at_build, at_build))
    build(root, hard_links=False)
    for name in files:
        os.utime(root / name, ns=(when_served, when_served))
    app = StaticServe(None, root)
    check_all(app, files)
    answer = ask(app, HASHED, "br")
    assert (answer.coding, answer.is_immutable) == ("br", True)
    assert caplog.messages == []


@pytest.mark.parametrize("accepted", ACCEPTED)
def test_a_deleted_file_is_decoded_from_its_blobs(root: Path, accepted: str) -> None:
    before = ask(StaticServe(None, root), HASHED, accepted).response
    (root / HASHED).unlink()
    assert ask(StaticServe(None, root), HASHED, accepted).response == before


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip"])
def test_a_deleted_file_is_decoded_from_the_only_blob_that_is_there(tmp_path: Path, coding: str) -> None:
    root = make_tree(tmp_path, {"app.css": STYLE, "b.css": b"b"})
    build(root, options=Options(codings=(coding,)))
    (root / "app.css").unlink()
    answer = ask(StaticServe(None, root), "app.css")
    assert (answer.content, answer.coding) == (STYLE, None)


def test_a_deleted_file_without_blobs_is_missing_and_logged_once(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    (root / "img/photo.png").unlink()
    app = StaticServe(None, root)
    assert [ask(app, "img/photo.png").status for _ in range(3)] == [404] * 3
    assert ask(app, "app.css", "br").coding == "br"
    assert len([message for message in caplog.messages if "img/photo.png" in message]) == len(caplog.messages) <= 2


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("/etc/hostname", path)])
def test_what_stands_where_a_file_was_is_not_served(root: Path, make: Callable[[str], object]) -> None:
    (root / "img/photo.png").unlink()
    make(str(root / "img/photo.png"))
    assert ask(StaticServe(None, root), "img/photo.png").status == 404


# --- The store is not used


@pytest.mark.parametrize("harm", UNUSABLE.values(), ids=UNUSABLE)
def test_without_a_whole_store_the_directory_is_served_and_one_line_says_so(
    root: Path, harm: Callable[[str], object], caplog: pytest.LogCaptureFixture
) -> None:
    harm(str(store_of(root)))
    app = StaticServe(None, root)
    check_all(app)
    assert not uses_store(app)
    # A tree without a store has none by choice.
    if store_of(root).exists():
        (error,) = errors_of(caplog)
        assert "store.sqlite3" in error
        assert "the directory is served instead" in error
    else:
        assert errors_of(caplog) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_store_that_must_not_be_read_is_not_used(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    store_of(root).chmod(0)
    check_all(StaticServe(None, root))
    assert len(errors_of(caplog)) == 1


STARTED: Final = """
import sys
from staticserve import StaticServe
app = StaticServe(None, sys.argv[1])
list(app({"REQUEST_METHOD": "GET", "PATH_INFO": "/app.css"}, lambda status, fields: print(status)))
"""


def test_a_fifo_in_place_of_a_store_does_not_stop_the_start(root: Path) -> None:
    store_of(root).unlink()
    os.mkfifo(store_of(root))
    done = subprocess.run(python("-c", STARTED, str(root)), capture_output=True, text=True, timeout=20)
    assert done.stdout == "200 OK\n"
    assert done.stderr.count("store.sqlite3") == 1


def test_a_store_of_another_tree_is_not_used(root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = make_tree(tmp_path / "other", {"x.css": b"x", "y.css": SCRIPT})
    shutil.copytree(root / ".staticserve", other / ".staticserve")
    check_all(StaticServe(None, other), {"x.css": b"x", "y.css": SCRIPT})
    (error,) = errors_of(caplog)
    assert "another tree" in error


def write_manifest(root: Path, paths: Mapping[str, str], release: str | None, version: str = "1.1") -> None:
    stored = {"paths": paths, "version": version, **({} if release is None else {"hash": release})}
    write_files(root, {MANIFEST_NAME: json.dumps(stored).encode()})


def test_a_store_that_is_older_than_the_manifest_is_not_used(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    # Another program has collected since, with names that are in no store.
    write_files(root, {"app.next.css": b"next"})
    write_manifest(root, {"app.css": "app.next.css"}, "0123456789ab")
    app = StaticServe(None, root)
    check_all(app, {**FILES, "app.next.css": b"next"})
    assert ask(app, "app.next.css").is_immutable
    assert len(errors_of(caplog)) == 1
    build(root)
    assert uses_store(StaticServe(None, root))
    write_manifest(root, {"app.css": "app.next.css"}, "ba9876543210")
    assert not uses_store(StaticServe(None, root))
    assert len(errors_of(caplog)) == 2


@pytest.mark.parametrize(
    ("release", "version"), [("0123456789ab", "1.1"), (None, "1.0"), ("", "1.1")], ids=["1.1", "1.0", "1.1 without"]
)
def test_a_store_that_was_built_with_the_manifest_is_used(
    root: Path, release: str | None, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_manifest(root, {f"{number}.css": HASHED for number in range(1000)}, release, version)
    build(root)
    app = StaticServe(None, root)
    assert uses_store(app)
    assert ask(app, HASHED).is_immutable
    assert errors_of(caplog) == []


def test_a_damaged_blob_gives_way_to_the_directory_with_one_error(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    execute(store_of(root), "UPDATE blob SET octets = zeroblob(length(octets))")
    app = StaticServe(None, root)
    check_all(app)
    assert ask(app, HASHED).response.get("Cache-Control") == FOREVER
    (error,) = errors_of(caplog)
    assert "the directory is served instead" in error


def test_a_deleted_file_whose_blob_is_damaged_is_missing(root: Path) -> None:
    execute(store_of(root), "UPDATE blob SET octets = zeroblob(length(octets))")
    (root / "app.css").unlink()
    app = StaticServe(None, root)
    assert [ask(app, "app.css", accepted).status for accepted in ACCEPTED] == [404] * len(ACCEPTED)


def check_never_wrong(app: StaticServe, files: Mapping[str, bytes]) -> int:
    """Ask for everything, and check what is a 200; return how many there were."""
    found = 0
    for name, content in files.items():
        for accepted in ACCEPTED:
            answer = ask(app, name, accepted)
            assert answer.status in (200, 404)
            if answer.status == 200:
                assert answer.content == content, (name, accepted)
                found += 1
    return found


@pytest.mark.parametrize("deleted", [False, True], ids=["", "deleted"])
@pytest.mark.parametrize("sql", [*DAMAGED_VALUES, "UPDATE resource SET content = content % 7 + 1"])
def test_a_damaged_value_is_never_a_wrong_answer(root: Path, sql: str, deleted: bool) -> None:
    if deleted:
        (root / "app.css").unlink()
    execute(store_of(root), sql)
    check_never_wrong(StaticServe(None, root), FILES)


@pytest.mark.parametrize("deleted", [False, True], ids=["", "deleted"])
@pytest.mark.parametrize("swap", [swap_blobs, swap_codings])
def test_a_blob_is_served_only_for_the_content_that_it_decodes_to(
    tmp_path: Path, swap: Callable[[Path], None], deleted: bool
) -> None:
    # Whose blobs are of the same size, in each coding.
    files = {"a.css": b"a" * 1000, "b.css": b"b" * 1000, "c.png": PICTURE}
    make_tree(tmp_path, files)
    build(tmp_path)
    swap(tmp_path)
    if deleted:
        (tmp_path / "a.css").unlink()
    check_never_wrong(StaticServe(None, tmp_path), files)


# One small page of each kind, so that most octets mean something.
SMALL: Final = {
    **{f"css/{number}.css": b".a%d { color: red }\n" % number * (20 + number) for number in range(10)},
    f"long/{'x' * 60}.js": SCRIPT,
    "img/photo.png": PICTURE,
}


@pytest.fixture(scope="module")
def small_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_tree(tmp_path_factory.mktemp("small"), SMALL)
    build(root)
    return root


@pytest.mark.parametrize("seed", range(100))
def test_a_store_that_is_damaged_anywhere_is_never_a_wrong_answer(small_tree: Path, tmp_path: Path, seed: int) -> None:
    root = tmp_path / "root"
    shutil.copytree(small_tree, root)
    octets = bytearray(store_of(root).read_bytes())
    rng = random.Random(seed)
    # Most of a page is unused, and zeros.
    place = rng.choice([place for place, octet in enumerate(octets) if octet])
    match seed % 4:
        case 0:
            octets[place] ^= 1 << rng.randrange(8)
        case 1:
            octets[place] = rng.randrange(256)
        case 2:
            octets[place : place + 16] = bytes(len(octets[place : place + 16]))
        case _:
            other = rng.randrange(len(octets) - 8)
            octets[place : place + 8] = octets[other : other + 8][: len(octets[place : place + 8])]
    store_of(root).write_bytes(octets)
    check_never_wrong(StaticServe(None, root), SMALL)


def test_an_old_worker_finds_the_next_releases_hashed_files_when_its_store_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("staticserve.catalogue.late._BETWEEN_LOOKS", 0.0)
    (tmp_path / "app.css").write_bytes(b"old " * 100)
    build_store(str(tmp_path), hash_names(str(tmp_path), Options()))
    static = StaticServe(None, tmp_path, misses="answer")
    assert static.mounts.find("/app.css") is not None
    (tmp_path / "app.css").write_bytes(b"new " * 100)
    manifest = hash_names(str(tmp_path), Options())
    name = manifest.paths["app.css"]
    # Until the next store is there, all that is known is what this release has.
    assert isinstance(static.mounts.find(f"/{name}"), Redirect)
    build_store(str(tmp_path), manifest)
    found = static.mounts.find(f"/{name}")
    assert isinstance(found, Resource)
    (identity,) = found.representations
    assert identity.octets == b"new " * 100
    assert "immutable" in dict(identity.fields)["Cache-Control"]
