"""The commands that keep, list and drop releases, as they are called."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest

from staticserve import StaticServe
from staticserve.cli import main
from tests.django.project import make_project
from tests.pipeline import ask, execute, hashed_name, python, rows, store_of
from tests.pipeline.test_retention import check_served, clear, collect, deploy, missing, site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START: Final = 1_700_000_000
DAY: Final = 86_400


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Build three releases, two days apart, and let one more day pass."""
    for number in range(3):
        monkeypatch.setattr("time.time", lambda now=START + number * 2 * DAY: now)
        deploy(tmp_path / "root", number)
    monkeypatch.setattr("time.time", lambda: START + 5 * DAY)
    return tmp_path / "root"


def names(root: Path) -> list[str]:
    """Return the releases in a store, the newest first."""
    return [name for (name,) in rows(store_of(root), "SELECT name FROM release ORDER BY id DESC")]


def hashed(number: int) -> dict[str, bytes]:
    return {hashed_name(name, content): content for name, content in site(number).items() if name != "robots.txt"}


def read_json(capfd: pytest.CaptureFixture[str]) -> Any:
    output, errors = capfd.readouterr()
    assert errors == ""
    return json.loads(output)


# --- releases


def test_releases_prints_a_table_with_ages_files_bytes_and_what_goes_next(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["releases", str(root), "--keep-releases", "1", "--keep-for", "0"]) == 0
    output, errors = capfd.readouterr()
    heads, *lines = output.splitlines()
    assert errors == ""
    assert heads.split()[:2] == ["release", "built"]
    assert [line.split()[0] for line in lines] == names(root)
    for line, ages, end in zip(
        lines,
        (["1 day ago"], ["3 days ago", "1 day ago"], ["5 days ago", "3 days ago"]),
        ("newest", "stays", "goes"),
        strict=True,
    ):
        assert all(age in line for age in ages)
        assert line.endswith(end)
        assert " files, " in line
        assert " kB" in line or " B" in line
    # To list is not to prune.
    assert len(names(root)) == 3


def test_releases_prints_json(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["releases", str(root), "--json"]) == 0
    told = read_json(capfd)
    assert [each["release"] for each in told] == names(root)
    assert [each["built"] for each in told] == [START + 4 * DAY, START + 2 * DAY, START]
    assert [each["superseded"] for each in told] == [None, START + 4 * DAY, START + 2 * DAY]
    assert [each["names"] for each in told] == [15, 4, 4]
    assert [each["stays"] for each in told] == [True, True, True]
    assert all(each["bytes"] > 3000 and each["files"] == 15 for each in told)


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ([], 3),
        (["--keep-releases", "1"], 3),
        (["--keep-releases", "1", "--keep-for", "0"], 2),
        (["--keep-releases", "0", "--keep-for", str(2 * DAY)], 2),
        (["--keep-releases", "0", "--keep-for", "0"], 1),
        (["--keep-bytes", "0"], 1),
        (["--keep-bytes", "5000"], 2),
    ],
)
def test_prune_drops_what_the_rules_do_not_keep_and_lists_the_rest(
    root: Path, options: list[str], left: int, capfd: pytest.CaptureFixture[str]
) -> None:
    before = names(root)
    assert main(["releases", str(root), *options, "--prune", "--json"]) == 0
    told = read_json(capfd)
    assert [each["release"] for each in told] == names(root) == before[:left]
    assert all(each["stays"] for each in told)
    check_served(root, {name: content for number in range(3 - left, 3) for name, content in hashed(number).items()})
    kept = {name for number in range(3 - left, 3) for name in hashed(number)}
    for number in range(3 - left):
        assert missing(root, hashed(number)) == hashed(number).keys() - kept


@pytest.mark.parametrize(
    "harm",
    [
        shutil.rmtree,
        lambda directory: (directory / "store.sqlite3").unlink(),
        lambda directory: (directory / "store.sqlite3").write_bytes(b"x" * 5000),
        lambda directory: execute(directory / "store.sqlite3", "PRAGMA user_version = 1"),
    ],
    ids=["no directory", "no store", "no database", "older"],
)
@pytest.mark.parametrize("options", [[], ["--prune"], ["--json"]], ids=" ".join)
def test_without_a_store_releases_ends_with_1_and_a_line(
    root: Path, harm: Callable[[Path], object], options: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    harm(root / ".staticserve")
    assert main(["releases", str(root), *options]) == 1
    output, errors = capfd.readouterr()
    assert output == ""
    (line,) = errors.splitlines()
    assert line.startswith(f"staticserve: {store_of(root)}: ")
    assert "Errno" not in line


@pytest.mark.parametrize("directory", ["nowhere", "file"])
def test_a_directory_that_is_none_ends_releases_with_2_and_a_line(
    tmp_path: Path, directory: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["releases", str(tmp_path / directory)]) == 2
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors.startswith("staticserve: there is no directory ")


@pytest.mark.parametrize("command", ["build", "releases"])
@pytest.mark.parametrize(
    "options",
    [
        ["--keep-releases"],
        ["--keep-releases", "many"],
        ["--keep-releases", "1.5"],
        ["--keep-releases", "-1"],
        ["--keep-for", "2 weeks"],
        ["--keep-for", "-1"],
        ["--keep-bytes", "200MB"],
        ["--keep-bytes", "-1"],
        ["--keep-bytes", "\u0663"],
        ["--unknown"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_ends_with_2_and_says_how_to_call_it(
    root: Path, command: str, options: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    before = names(root)
    with pytest.raises(SystemExit) as ended:
        main([command, str(root), *options])
    assert ended.value.code == 2
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors.startswith("usage: staticserve")
    assert names(root) == before


def test_releases_needs_a_directory() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["releases"])
    assert ended.value.code == 2


def test_releases_are_listed_where_nothing_can_be_written(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store_of(root).chmod(0o444)
    (root / ".staticserve").chmod(0o555)
    try:
        assert main(["releases", str(root), "--json"]) == 0
    finally:
        (root / ".staticserve").chmod(0o755)
    assert len(read_json(capfd)) == 3


def test_the_command_can_be_run(root: Path) -> None:
    command = python("-m", "staticserve", "releases", str(root))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 4


# --- build


def test_build_takes_histories_and_rules(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number in (0, 1):
        deploy(tmp_path / str(number), number)
    collect(tmp_path / "root", site(2))
    histories = ["--history", str(tmp_path / "0"), "--history", str(tmp_path / "1")]
    assert main(["build", str(tmp_path / "root"), *histories, "--json"]) == 0
    report = read_json(capfd)
    assert (report["releases_kept"], report["names_kept"]) == (2, 8)
    check_served(tmp_path / "root", hashed(0) | hashed(1) | hashed(2))
    rules = ["--keep-releases", "1", "--keep-for", "0"]
    assert main(["build", str(tmp_path / "root"), *rules, "--json"]) == 0
    report = read_json(capfd)
    assert (report["releases_kept"], report["names_kept"]) == (1, 4)
    assert main(["build", str(tmp_path / "root"), "--keep-bytes", "0"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert "earlier releases: 0 (0 files, 0 B)" in lines


def test_a_history_that_is_not_there_is_a_line_and_the_build_succeeds(tmp_path: Path) -> None:
    collect(tmp_path / "root", site(1))
    command = python("-m", "staticserve", "build", str(tmp_path / "root"), "--history", str(tmp_path / "nowhere"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert str(tmp_path / "nowhere") in line
    check_served(tmp_path / "root", hashed(1))


def test_build_with_hash_keeps_the_releases_before(tmp_path: Path) -> None:
    root = tmp_path / "root"
    pages: dict[str, bytes] = {}
    for number in range(3):
        clear(root)
        files = {name: content for name, content in site(number).items() if name != "robots.txt"}
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        assert main(["build", "--hash", str(root)]) == 0
        pages |= hashed(number)
    check_served(root, pages)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("build", ["--history", "--keep-releases", "--keep-for", "--keep-bytes"]),
        ("releases", ["--prune", "--json", "--keep-releases", "--keep-for", "--keep-bytes"]),
    ],
)
def test_help_names_every_option(command: str, options: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    text = capfd.readouterr().out
    assert all(option in text for option in options)


# --- manage.py


def test_django_lists_prunes_and_keeps_releases_by_its_settings(tmp_path: Path) -> None:
    staticfiles = {"BACKEND": "staticserve.django.storage.StaticServeStorage"}
    storages = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}, "staticfiles": staticfiles}
    project = make_project(tmp_path, STORAGES=storages, STATICSERVE={"keep_releases": 1, "keep_for": 0})
    missing_store = project.manage("staticserve", "releases")
    assert missing_store.returncode == 1
    assert "store.sqlite3" in missing_store.stderr
    assert "Traceback" not in missing_store.stderr
    pages = {}
    for number in range(3):
        content = f'body {{ background: url("bg.svg"); order: {number} }}\n'
        (tmp_path / "shop/static/shop/a.css").write_text(content)
        done = project.manage("collectstatic", "--noinput", "--clear")
        assert done.returncode == 0, done.stderr
        name = json.loads((project.static_root / "staticfiles.json").read_text())["paths"]["shop/a.css"]
        pages[number] = (name, (project.static_root / name).read_bytes())
    assert len({name for name, _ in pages.values()}) == 3
    listed = project.manage("staticserve", "releases", "--json")
    assert listed.returncode == 0, listed.stderr
    told = json.loads(listed.stdout)
    assert [each["release"] for each in told] == names(project.static_root)
    assert [each["stays"] for each in told] == [True, True]
    app = StaticServe(None, project.static_root, stale="off")
    assert [ask(app, name).status for name, _ in pages.values()] == [404, 200, 200]
    assert ask(app, pages[1][0]).content == pages[1][1]
    pruned = project.manage("staticserve", "releases", "--prune", "--keep-releases", "0")
    assert pruned.returncode == 0, pruned.stderr
    assert len(pruned.stdout.splitlines()) == 2
    assert names(project.static_root) == [told[0]["release"]]
    wrong = project.manage("staticserve", "releases", "--keep-releases", "-1")
    assert (wrong.returncode, wrong.stdout) == (2, "")
