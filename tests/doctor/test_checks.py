"""The findings that need no file, as Django's system checks, and in the log of a server that starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doctor.projects import Project, make_project

if TYPE_CHECKING:
    from pathlib import Path

LOGGING = """
LOGGING = {
    "version": 1,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"staticserve": {"handlers": ["stderr"]}},
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path / "project")
    project.collect()
    project.settings(LOGGING)
    return project


def start(project: Project) -> str:
    done = project.run("-c", "import wsgi")
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_healthy_project_passes_and_starts_in_silence(project: Project) -> None:
    done = project.run("manage.py", "check")
    assert "no issues" in done.stdout + done.stderr
    assert start(project) == ""


def test_checks_say_what_the_doctor_says(project: Project) -> None:
    project.settings('MEDIA_URL = "media/"\nMEDIA_ROOT = STATIC_ROOT / "media"\n')
    done = project.run("manage.py", "check")
    assert done.returncode == 1
    assert "(staticserve.E028)" in done.stderr
    assert "HINT: MEDIA_URL" in done.stderr
    assert "settings.py:" in done.stderr
    log = start(project)
    assert log.startswith("staticserve.E028: ")
    assert len(log.splitlines()) == 1


def test_silenced_the_django_way_they_are_silent_everywhere(project: Project) -> None:
    project.settings('MEDIA_URL = "media/"\nMEDIA_ROOT = STATIC_ROOT / "media"\n')
    project.settings('SILENCED_SYSTEM_CHECKS = ["staticserve.E028"]\n')
    assert project.run("manage.py", "check").returncode == 0
    assert start(project) == ""
    assert project.doctor() == []


def test_what_djangos_own_checks_say_is_not_said_twice(project: Project) -> None:
    project.settings("STATICFILES_DIRS = [STATIC_ROOT]\n")
    done = project.run("manage.py", "check")
    assert "(staticfiles.E002)" in done.stderr
    assert "staticserve" not in done.stderr
    # Under gunicorn Django says nothing.
    assert "staticserve.E010" in start(project)


def test_a_server_loads_of_the_doctor_only_what_looks_at_settings(project: Project) -> None:
    """Each worker pays for it: with time at start, and with memory."""
    loaded = project.run("-c", "import sys, wsgi; print(*(name for name in sys.modules if 'doctor' in name))").stdout
    own = {name.removeprefix("staticserve.doctor").removeprefix(".") for name in loaded.split()}
    assert "quick_rules" in own
    for reader in ("collected", "gather", "links", "model", "probe", "references", "rules", "sources", "surroundings"):
        assert reader not in own
    assert not {name for name in own if name.startswith(("page", "findings.files", "findings.links"))}


def test_checks_leave_the_script_prefix_alone(project: Project) -> None:
    done = project.run("-c", "import wsgi; from django.conf import settings; print('STATIC_URL' in vars(settings))")
    assert done.stdout == "False\n"
