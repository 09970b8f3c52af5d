"""Projects that do not load, and files that cannot be read: findings, never a traceback, and no secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.doctor.projects import Project, ids, make_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


# What is added to the settings, what is said of it, and what must not be.
FAILURES = [
    ('API = connect("the-key-of-the-tests")\n', "NameError: connect", "the-key-of-the-tests"),
    ('PASSWORD = "the-key-of-the-tests" ["x"\n', "SyntaxError", "the-key-of-the-tests"),
    ("import os\nKEY = os.environ['THE_KEY']\n", "the environment variable THE_KEY is not set", "Traceback"),
    ('raise RuntimeError("the-key-of-the-tests")\n', "RuntimeError", "the-key-of-the-tests"),
    ("import nothing_of_that_name\n", "no module nothing_of_that_name", "Traceback"),
    ('int("the-key-of-the-tests")\n', "ValueError", "the-key-of-the-tests"),
    ("import sys\nsys.exit(3)\n", "SystemExit", "Traceback"),
    (
        r'PASSWORD = "\d the-key-of-the-tests"' "\nimport gone_for_good\n",
        "no module gone_for_good",
        "the-key-of-the-tests",
    ),
    ('print("the-noise-of-the-tests")\n1 / 0\n', "ZeroDivisionError", "Traceback"),
]


@pytest.mark.parametrize(("lines", "said", "unsaid"), FAILURES)
def test_settings_that_do_not_import_are_said_with_their_line(
    project: Project, lines: str, said: str, unsaid: str
) -> None:
    project.replace("settings.py", 'STATIC_URL = "static/"', 'STATIC_URL = "/assets"')
    count = len((project.path / "settings.py").read_text().splitlines())
    project.settings(lines)
    done = project.run("-m", "staticserve", "doctor")
    assert done.returncode == 1
    assert unsaid not in done.stdout + done.stderr
    found = project.doctor()
    (failure,) = (each for each in found if each["id"] == "staticserve.E041")
    assert said in failure["message"]
    assert failure["file"] == "settings.py"
    assert count < failure["line"] <= count + len(lines.splitlines())
    if said != "SyntaxError":
        # It goes on with what parsing gives.
        assert "W009" in ids(found)
        assert set(ids(found, "error")) == {"E041", "E001"}


def test_an_app_that_does_not_load_is_said(project: Project) -> None:
    project.write("shop/apps.py", "from django.apps import AppConfig\n\nraise ValueError('the-key-of-the-tests')\n")
    found = project.doctor()
    (failure,) = (each for each in found if each["id"] == "staticserve.E041")
    assert (failure["file"], failure["line"]) == ("shop/apps.py", 3)
    assert "the-key-of-the-tests" not in failure["message"]


def test_an_app_with_a_wrong_line_is_not_the_settings(project: Project) -> None:
    project.write("shop/models.py", 'KEY = "the-key-of-the-tests" ["\n')
    (failure,) = project.doctor("--only", "E041")
    assert failure["message"].startswith("The project's apps do not load: SyntaxError")
    assert (failure["file"], failure["line"]) == ("shop/models.py", 1)


def test_split_settings_are_followed(project: Project) -> None:
    for name in ("base", "local"):
        project.write(f"conf/{name}.py", "")
    project.write("conf/__init__.py", "")
    text = (project.path / "settings.py").read_text()
    project.write("conf/base.py", text.replace("__file__).resolve()", "__file__).resolve().parent"))
    project.write("conf/local.py", 'from .base import *\n\nSTATIC_URL = "/assets"\nimport gone_for_good\n')
    found = project.doctor("--settings", "conf.local")
    assert ids(found) == ["E001", "E041", "W009"]
    (slash,) = (each for each in found if each["id"] == "staticserve.W009")
    assert (slash["file"], slash["line"]) == ("conf/local.py", 3)


def test_without_a_project_one_line_says_so(tmp_path: Path) -> None:
    done = Project(tmp_path).run("-m", "staticserve", "doctor")
    assert done.returncode == 2
    assert "there is no manage.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_looks_from_above_and_below(project: Project) -> None:
    project.collect()
    below = Project(project.path / "shop/static")
    assert below.doctor() == []
    above = Project(project.path.parent)
    assert above.doctor() == []
    assert above.doctor("project") == []


def test_manage_py_has_the_same_command(project: Project) -> None:
    done = project.run("manage.py", "staticserve", "doctor", "--json", "--only", "E001")
    assert done.returncode == 1
    assert '"id": "staticserve.E001"' in done.stdout


@pytest.mark.parametrize(
    ("name", "octets", "expected"),
    [
        ("staticfiles/staticfiles.json", b"\xff\xfe\x00broken", ["E020"]),
        ("staticfiles/staticfiles.json", b"[" * 50_000, ["E020"]),
        ("staticfiles/.staticserve/store.sqlite3", b"not a database", ["W045"]),
        ("shop/templates/shop/latin.html", "{% static 'shop/a.css' %} é".encode("latin-1"), []),
        ("shop/templates/shop/wide.html", "{% static 'shop/gone.css' %}".encode("utf-16"), ["E002"]),
        ("shop/templates/shop/binary.html", b"\0\1\2{% static 'shop/gone.css' %}", []),
        ("shop/broken.py", b"def static(:\n", []),
        (".slugignore", b"\xff\xfe[", []),
        ("app.json", b'{"env": {"DISABLE_COLLECTSTATIC": {"value": "1"}}}', ["W036"]),
        ("app.json", b"{", []),
    ],
)
def test_files_of_any_content_are_findings_or_nothing(
    project: Project, name: str, octets: bytes, expected: list[str]
) -> None:
    project.collect()
    path = project.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    assert ids(project.doctor("--deploy", "--ignore", "W023")) == expected


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_said(project: Project) -> None:
    project.collect()
    locked = project.path / "shop/static/locked"
    locked.mkdir(mode=0)
    try:
        assert ids(project.doctor()) == ["W044"]
    finally:
        locked.chmod(0o700)


def test_links_that_lead_round_end(project: Project) -> None:
    (project.path / "shop/static/shop/loop").symlink_to("..")
    (project.path / "shop/static/shop/dangling").symlink_to("nowhere")
    done = project.run("-m", "staticserve", "doctor", "--json")
    assert "Traceback" not in done.stderr


def test_options_that_cannot_be_used_are_said(project: Project) -> None:
    project.collect()
    project.settings('STATICSERVE = {"max_aeg": 60}\n')
    found = project.doctor()
    assert ids(found) == ["E042"]
    assert "did you mean 'max_age'" in found[0]["message"]


def test_a_storage_that_cannot_be_made_is_said_without_its_options(project: Project) -> None:
    project.collect()
    project.settings('STORAGES["staticfiles"]["OPTIONS"] = {"the_password": "the-key-of-the-tests"}\n')
    found = project.doctor()
    assert ids(found) == ["E043"]
    assert "the-key-of-the-tests" not in str(found)


def test_credentials_in_a_url_are_not_shown(project: Project) -> None:
    project.settings('STATIC_URL = "https://user:the-key-of-the-tests@cdn.example.org/static"\n')
    done = project.run("-m", "staticserve", "doctor")
    assert "cdn.example.org" in done.stdout
    assert "the-key-of-the-tests" not in done.stdout + done.stderr


def test_nothing_is_written(project: Project) -> None:
    project.collect()
    before = sorted((str(path), path.lstat().st_mtime_ns) for path in project.path.rglob("*"))
    project.doctor("--deploy", "--probe")
    project.run("manage.py", "staticserve", "explain", "shop/a.css")
    assert sorted((str(path), path.lstat().st_mtime_ns) for path in project.path.rglob("*")) == before


# Values that no setting should have.
WRONG = [
    "STATIC_URL = 5",
    "STATIC_ROOT = 5",
    "STATICFILES_DIRS = 'assets'",
    "STATICFILES_DIRS = [5, ('a',), ('a', 5), None]",
    "STATICFILES_DIRS = [('prefix/', BASE_DIR / 'shop')]",
    "STATICFILES_FINDERS = ['gone.Finder']",
    "STATICFILES_FINDERS = 5",
    "STORAGES = []",
    "STORAGES = {'staticfiles': 5}",
    "STORAGES = {'staticfiles': {}}",
    "STORAGES = {'staticfiles': {'BACKEND': 'gone.Storage'}}",
    "STORAGES = {'staticfiles': {'BACKEND': 'nodots'}}",
    "MIDDLEWARE = None",
    "MIDDLEWARE = ['gone.Middleware']",
    "MEDIA_ROOT = 5",
    "MEDIA_URL = None",
    "TEMPLATES = [5]",
    "TEMPLATES = None",
    "WSGI_APPLICATION = 5",
    "WSGI_APPLICATION = 'gone.application'",
    "ALLOWED_HOSTS = []",
    "FORCE_SCRIPT_NAME = 5",
    "SILENCED_SYSTEM_CHECKS = 'E001'",
    "STATICSERVE = 5",
    "DEBUG = 'yes'",
    "INSTALLED_APPS = 5",
    "ROOT_URLCONF = 'gone'",
    "SECURE_PROXY_SSL_HEADER = 5",
]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("collected") / "project")
    project.collect()
    return project


@pytest.mark.parametrize("line", WRONG)
def test_whatever_a_setting_is_there_is_no_traceback(collected: Project, line: str) -> None:
    collected.write("wrong.py", f"from settings import *\n\n{line}\n")
    found = collected.doctor("--deploy", "--probe", "--settings", "wrong")
    assert "W049" not in ids(found), found


def test_names_that_no_output_takes_are_shown_escaped(project: Project) -> None:
    name = os.fsencode(project.path / "shop/static/.well-known") + b"/\xff\x1b[31m.txt"
    os.makedirs(os.path.dirname(name))
    with open(name, "wb"):
        pass
    for environment in ({}, {"PYTHONIOENCODING": "ascii"}):
        done = project.run("-m", "staticserve", "doctor", **environment)
        assert "Traceback" not in done.stderr
        assert r"\udcff\x1b[31m.txt" in done.stdout.replace("\\\\", "\\")
        assert "\x1b" not in done.stdout
