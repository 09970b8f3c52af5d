"""What django-heroku and django-on-heroku do to settings; both really installed."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import django
import pytest

from staticserve.doctor.asking import find_all
from staticserve.doctor.parsed import settings_from
from staticserve.doctor.project import Project as Found
from staticserve.doctor.rules import RULES
from staticserve.doctor.settings_source import parse_settings
from tests.doctor.projects import Project, ids, make_project

if TYPE_CHECKING:
    from pathlib import Path

LIBRARIES = ("django_heroku", "django_on_heroku")


def make_heroku_project(path: Path, library: str, arguments: str = "locals()") -> Project:
    project = make_project(path)
    project.unwrap()
    text = (project.path / "settings.py").read_text()
    project.write("settings.py", text.partition("STORAGES")[0])
    project.replace("settings.py", 'STATIC_URL = "static/"', 'STATIC_URL = "/assets/"')
    project.settings(f"import {library}\n{library}.settings({arguments}, logging=False)\n")
    project.write("staticfiles/shop/a.css", "a {}\n")
    return project


def require(library: str) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library.replace('_', '-')} is not installed")


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_it_overwrites_is_said_with_both_lines(tmp_path: Path, library: str) -> None:
    require(library)
    found = make_heroku_project(tmp_path / "project", library).doctor()
    # django-heroku puts WhiteNoise before SecurityMiddleware, django-on-heroku after it.
    assert ids(found) == ["W003", "W005", *(["W031"] if library == "django_heroku" else [])]
    (overwritten,) = (each for each in found if each["id"] == "staticserve.W005")
    assert overwritten["message"] == (
        "settings.py:18 sets STATIC_URL to '/assets/', but its value is '/static/': "
        f"overwritten at settings.py:21 by {library}.settings()."
    )
    assert overwritten["cure"] == f"{library}.settings(locals(), staticfiles=False)"
    (inert,) = (each for each in found if each["id"] == "staticserve.W003")
    assert f"(by {library}.settings)" in inert["message"]
    assert inert["line"] == 21


@pytest.mark.parametrize("library", LIBRARIES)
def test_told_to_leave_static_files_alone_it_is_no_finding(tmp_path: Path, library: str) -> None:
    require(library)
    project = make_heroku_project(tmp_path / "project", library, "locals(), staticfiles=False")
    # Nothing serves then: that is for the project to do.
    assert ids(project.doctor()) == ["E006"]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("version", [(4, 2), (5, 0)])
def test_on_old_versions_it_excludes_storages(tmp_path: Path, library: str, version: tuple[int, int]) -> None:
    """On versions that refuse both settings, which staticserve does not run on: from the source alone."""
    project = make_project(tmp_path)
    project.settings(f"import {library} as heroku\nheroku.settings(locals())\n")
    parsed = parse_settings("settings", [str(tmp_path)], {})
    settings = settings_from(parsed, str(tmp_path))
    found = find_all(Found(root=str(tmp_path), django=version, settings=settings, parsed=parsed), RULES)
    (exclusive,) = (each for each in found if each.id == "staticserve.E004")
    assert (exclusive.file, exclusive.line) == ("settings.py", 25)
    assert exclusive.cure == f"{library}.settings(locals(), staticfiles=False)"


def test_this_version_takes_both(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.settings('STATICFILES_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"\n')
    project.collect()
    assert django.VERSION >= (5, 1)
    assert project.doctor() == []
