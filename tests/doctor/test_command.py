"""Exit codes, selection, output, and how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doctor.projects import Project, make_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path / "project")
    project.collect()
    project.replace("settings.py", 'STATIC_URL = "static/"', 'STATIC_URL = "/assets"')
    return project


def test_exit_codes(project: Project) -> None:
    def code(*arguments: str) -> int:
        return project.run("-m", "staticserve", "doctor", *arguments).returncode

    assert code() == 0
    assert code("--fail-on", "warning") == 2
    assert code("--fail-on", "warning", "--ignore", "W009") == 0
    project.settings("STATIC_ROOT = None\n")
    assert code() == code("--fail-on", "warning") == 1
    assert code("--only", "W009,W003") == 0
    assert code("--ignore", "staticserve.E007") == 0


def test_json_has_what_a_program_needs(project: Project) -> None:
    (finding,) = project.doctor()
    assert finding == {
        "id": "staticserve.W009",
        "severity": "warning",
        "topic": "settings",
        "message": "STATIC_URL is '/assets', without a slash at its end.",
        "why": finding["why"],
        "cure": "STATIC_URL = '/assets/'",
        "file": "settings.py",
        "line": 18,
    }


def test_people_get_errors_first_within_80_columns_and_without_colour(project: Project) -> None:
    project.settings("STATIC_ROOT = None\n")
    done = project.run("-m", "staticserve", "doctor")
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("  staticserve.")] == [
        "  staticserve.E007  settings.py:24",
        "  staticserve.W009  settings.py:18",
    ]
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "settings: 1 error, 1 warning."


def test_the_page_is_written_where_it_is_asked_for(project: Project, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    project.run("-m", "staticserve", "doctor", "--html", str(page))
    assert "staticserve.W009" in page.read_text()


def test_a_page_that_cannot_be_written_is_one_line(project: Project) -> None:
    done = project.run("-m", "staticserve", "doctor", "--html", "/nowhere/page.html")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "/nowhere/page.html" in done.stderr
