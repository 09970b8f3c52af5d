"""``explain`` tells the life of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doctor.projects import Project, make_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("explain") / "project")
    project.settings('INSTALLED_APPS += ["blog"]\n')
    project.write("blog/__init__.py", "")
    project.write("blog/static/shop/a.css", "/* the blog's */")
    project.collect()
    return project


def explain(project: Project, name: str, *command: str) -> tuple[int, str]:
    done = project.run(*(command or ("-m", "staticserve")), "explain", name)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("form", ["shop/a.css", "/static/{}", "https://example.org/static/{}?x#y", "{}"])
def test_a_file_is_explained_by_any_of_its_names(project: Project, form: str) -> None:
    hashed = project.manifest["shop/a.css"]
    code, said = explain(project, form.format(hashed))
    assert code == 0
    words = " ".join(said.split())
    assert "name shop/a.css" in words
    assert "found shop/static/shop/a.css (app shop, asked as number 1; 35 bytes)" in words
    assert "hides blog/static/shop/a.css (app blog, asked as number 2)" in words
    assert f"hashed name {hashed}" in words
    assert f"URL /static/{hashed} representations identity 48 bytes answer 200" in words
    assert "Cache-Control: max-age=315360000, public, immutable" in words
    assert "Cache-Control: max-age=60, public" in words
    successor = hashed.removeprefix("shop/")
    assert f"another release's /static/shop/a.000000000000.css: 302, to ./{successor} (no-store)" in words


def test_manage_py_says_the_same(project: Project) -> None:
    assert explain(project, "shop/a.css", "manage.py", "staticserve") == explain(project, "shop/a.css")


def test_a_hashed_name_of_another_release_is_told_from_this_one(project: Project) -> None:
    code, said = explain(project, "shop/a.0123456789ab.css")
    assert code == 0
    assert "a hashed name, but not this release's" in said


def test_for_a_missing_one_the_nearest_names_are_said(project: Project) -> None:
    code, said = explain(project, "/static/Shop/A.css")
    assert code == 1
    words = " ".join(said.split())
    assert "missing none of the 2 directories that are asked has it nearest shop/a.css" in words
    assert "answer 404" in words


def test_without_settings_it_tells_what_parsing_tells(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.settings("1 / 0\n")
    code, said = explain(project, "shop/a.css")
    assert code == 0
    assert "The settings do not import" in said
    assert "shop/static/shop/a.css" in said
