"""The command line, as it is called: what it prints, and how it ends."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import pytest

from staticserve import StaticServe
from staticserve.cli import main
from staticserve.manifest import MANIFEST_NAME
from tests.contract.exchange import Request
from tests.contract.hosts import Process, find_free_port
from tests.pipeline import (
    FILES,
    SCRIPT,
    STYLE,
    ask,
    blobs_of,
    decode,
    hashed_name,
    make_tree,
    python,
    rows,
    store_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.exchange import Response


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "root")


def names(root: Path) -> list[str]:
    return [name for (name,) in rows(store_of(root), "SELECT name FROM resource ORDER BY name")]


# --- build


def test_build_makes_the_store_and_prints_a_line_for_each_kind_of_thing(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", str(root)]) == 0
    output, errors = capfd.readouterr()
    lines = output.splitlines()
    assert [line.split(":")[0] for line in lines] == ["files", "br", "zstd", "gzip", "earlier releases", "store"]
    assert lines[0].startswith("files: 8 (")
    assert lines[1].startswith("br: 5 encoded, 0 reused, 0 not worth it, ")
    assert "\x1b" not in output
    assert errors == ""
    assert names(root) == sorted(FILES)


def test_build_prints_json(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--json", str(root)]) == 0
    output, errors = capfd.readouterr()
    report = json.loads(output)
    assert (report["files"], report["contents"], report["codings"]["br"]["encoded"]) == (8, 7, 5)
    assert errors == ""


def test_build_makes_the_codings_that_are_named(root: Path) -> None:
    assert main(["build", str(root), "--coding", "gzip", "--coding", "br"]) == 0
    assert {coding for _, coding in blobs_of(root)} == {"gzip", "br"}


def test_build_keeps_a_copy_where_it_is_told(root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cache = tmp_path / "cache"
    assert main(["build", str(root), "--cache-dir", str(cache)]) == 0
    assert (cache / "store.sqlite3").read_bytes() == store_of(root).read_bytes()
    capfd.readouterr()
    twin = make_tree(tmp_path / "twin")
    assert main(["build", str(twin), "--cache-dir", str(cache), "--json"]) == 0
    codings = json.loads(capfd.readouterr().out)["codings"]
    assert {name: coding["reused"] for name, coding in codings.items()} == {"br": 5, "zstd": 5, "gzip": 5}


@pytest.mark.parametrize(
    ("option", "more"),
    [((), []), (("--dotfiles",), [".env"]), (("--follow-symlinks",), ["link/out.txt"])],
    ids=["neither", "dotfiles", "links"],
)
def test_build_takes_dotfiles_and_links_out_only_if_asked(
    tmp_path: Path, option: tuple[str, ...], more: list[str]
) -> None:
    root = make_tree(tmp_path / "root", {"a.css": STYLE, ".env": b"x", ".well-known/x": b"x"})
    make_tree(tmp_path / "outside", {"out.txt": b"out"})
    (root / "link").symlink_to("../outside")
    assert main(["build", *option, str(root)]) == 0
    assert names(root) == sorted([".well-known/x", "a.css", *more])


def test_build_with_hash_gives_names_and_a_manifest_and_a_store_that_serves_them_for_ever(root: Path) -> None:
    assert main(["build", str(root), "--hash"]) == 0
    paths = json.loads((root / MANIFEST_NAME).read_text())["paths"]
    assert paths["js/app.js"] == hashed_name("js/app.js", SCRIPT)
    app = StaticServe(None, root)
    for name, hashed in paths.items():
        answer = ask(app, hashed, "br")
        assert (answer.status, answer.content, answer.is_immutable) == (200, FILES[name], True)
    assert ask(app, paths["js/app.js"], "br").coding == "br"


def test_build_with_hash_a_second_time_changes_nothing(root: Path) -> None:
    def tree() -> dict[str, bytes]:
        paths = [path for path in root.rglob("*") if path.is_file() and path != store_of(root)]
        return {str(path.relative_to(root)): path.read_bytes() for path in paths}

    main(["build", str(root), "--hash"])
    before, blobs = tree(), blobs_of(root)
    main(["build", str(root), "--hash"])
    assert (tree(), blobs_of(root)) == (before, blobs)


def test_a_manifest_that_cannot_be_read_is_a_line_and_the_store_is_built_and_used(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (root / MANIFEST_NAME).write_text("{")
    assert main(["build", str(root)]) == 0
    assert capfd.readouterr().err.count("hashed names are proven by their content only") == 1
    assert ask(StaticServe(None, root), "app.css", "br").coding == "br"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["build"],
        ["unknown"],
        ["build", "a", "b"],
        ["build", ".", "--coding", "deflate"],
        ["build", ".", "--unknown"],
        ["serve"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_ends_with_2_and_says_how_to_call_it(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors.startswith("usage: staticserve")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build", "nowhere"], "there is no directory"),
        (["build", "file"], "there is no directory"),
        (["serve", "nowhere"], "there is no directory"),
        (["serve", ".", "--bind", "8000"], "--bind is HOST:PORT"),
        (["serve", ".", "--bind", "localhost:http"], "--bind is HOST:PORT"),
        (["serve", ".", "--bind", "localhost:"], "--bind is HOST:PORT"),
        (["serve", ".", "--bind", "localhost:\u00b2"], "--bind is HOST:PORT"),
        (["serve", ".", "--bind", "localhost:65536"], "--bind is HOST:PORT"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_a_line(
    tmp_path: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("staticserve: ")
    assert said in line


def test_a_failed_build_ends_with_1_and_a_line_that_names_the_file_and_the_cause(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (root / ".staticserve").write_text("in the way")
    assert main(["build", str(root)]) == 1
    output, errors = capfd.readouterr()
    assert output == ""
    (line,) = errors.splitlines()
    assert line.startswith(f"staticserve: {store_of(root)}: cannot write it: ")


def test_a_broken_manifest_ends_build_with_hash_with_1(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / MANIFEST_NAME).write_text("{")
    assert main(["build", "--hash", str(root)]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"staticserve: {root / MANIFEST_NAME}: ")


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m staticserve`` in the working directory of this process."""
    command = python("-m", "staticserve", *arguments)
    return subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=60)


def test_python_runs_the_package(root: Path) -> None:
    done = run("build", str(root))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("files: 8 (")


@pytest.mark.skipif(not os.path.exists(f"{os.path.dirname(sys.executable)}/staticserve"), reason="it is not installed")
def test_the_command_is_called_staticserve(root: Path) -> None:
    command = [f"{os.path.dirname(sys.executable)}/staticserve", "build", str(root)]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_the_report_can_be_printed_in_any_encoding(root: Path, encoding: str) -> None:
    done = run("build", str(root), PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 6


def test_on_a_terminal_there_is_a_bar_that_is_gone_in_the_end(root: Path) -> None:
    terminal, end = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    command = python("-m", "staticserve", "build", str(root))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, env=environ, text=True) as process:
        os.close(end)
        shown = b""
        # When nobody has the other end open, Linux says EIO and others say nothing.
        with suppress(OSError):
            while piece := os.read(terminal, 65536):
                shown += piece
        os.close(terminal)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"encoding" in shown
    assert shown.rstrip().endswith(b"\x1b[2K")
    assert output.startswith("files: 8 (")
    assert "\x1b" not in output


def test_without_a_terminal_a_build_imports_nothing_to_draw_with(root: Path) -> None:
    code = f"""
import sys
from staticserve.cli import main
main(["build", {str(root)!r}])
assert not {{"rich", "gunicorn", "django"}} & set(sys.modules)
"""
    assert subprocess.run(python("-c", code), capture_output=True, timeout=60).returncode == 0


# --- serve

# What a machine without gunicorn finds.
WITHOUT_GUNICORN: Final = """
import sys
sys.modules["gunicorn"] = None
from staticserve.cli import main
sys.exit(main(sys.argv[1:]))
"""

has_gunicorn = importlib.util.find_spec("gunicorn") is not None


@contextmanager
def serving(tmp_path: Path, *arguments: str, with_gunicorn: bool = True) -> Iterator[Process]:
    if with_gunicorn and not has_gunicorn:
        pytest.skip("gunicorn is not installed")
    port = find_free_port()
    start = ("-m", "staticserve") if with_gunicorn else ("-c", WITHOUT_GUNICORN)
    command = [sys.executable, *start, "serve", *arguments, "--bind", f"127.0.0.1:{port}"]
    environ = {"PYTHONUNBUFFERED": "1", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    process = Process(command, port, str(tmp_path / "log"), environ)
    try:
        yield process
    finally:
        process.stop()


def get(process: Process, target: str, accepted: str = "") -> Response:
    return process.exchange(Request("GET", target, (("Accept-Encoding", accepted),)))


@pytest.mark.parametrize("with_gunicorn", [True, False], ids=["gunicorn", "werkzeug"])
def test_serve_serves_a_directory_with_its_index_files_and_its_store(
    root: Path, tmp_path: Path, with_gunicorn: bool
) -> None:
    make_tree(root, {"index.html": b"<p>root</p>"})
    main(["build", str(root)])
    with serving(tmp_path, str(root), with_gunicorn=with_gunicorn) as process:
        assert get(process, "/").octets == b"<p>root</p>"
        answer = get(process, "/app.css", "br")
        assert answer.get("Content-Encoding") == "br"
        assert decode("br", answer.octets) == STYLE
        assert get(process, "/docs").get("Location") == "./docs/"
        assert get(process, "/.staticserve/store.sqlite3").status == 404
        server = answer.get("Server") or ""
        assert server.lower().startswith("gunicorn" if with_gunicorn else "werkzeug")
        assert f"serving {root} at http://127.0.0.1:{process.port}/\n" in process.log


@pytest.mark.parametrize("with_gunicorn", [True, False], ids=["gunicorn", "werkzeug"])
def test_serve_serves_any_directory_below_any_prefix(tmp_path: Path, with_gunicorn: bool) -> None:
    root = make_tree(tmp_path / 'it\'s "100%": (\u00fc, {root!r})', {"app.css": STYLE})
    options = (str(root), "--prefix", "/it's/\u00fc")
    with serving(tmp_path, *options, with_gunicorn=with_gunicorn) as process:
        assert get(process, "/it's/%C3%BC/app.css").octets == STYLE
        assert get(process, "/app.css").status == 404


def test_serve_leaves_nothing_in_the_directory(root: Path, tmp_path: Path) -> None:
    before = sorted(root.rglob("*"))
    with serving(tmp_path, str(root)) as process:
        assert get(process, "/app.css").octets == STYLE
    assert sorted(root.rglob("*")) == before


def test_serve_says_why_it_cannot_listen(root: Path, tmp_path: Path) -> None:
    with serving(tmp_path, str(root), with_gunicorn=False) as process:
        command = python("-c", WITHOUT_GUNICORN, "serve", str(root), "--bind", f"127.0.0.1:{process.port}")
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "in use" in done.stderr


def options_of(parser: str) -> Any:
    done = run(parser, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("build", ["--hash", "--json", "--coding", "--cache-dir", "--dotfiles", "--follow-symlinks"]),
        ("serve", ["--prefix", "--bind"]),
    ],
)
def test_help_names_every_option(command: str, options: list[str]) -> None:
    assert all(option in options_of(command) for option in options)
