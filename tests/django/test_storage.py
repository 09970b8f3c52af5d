"""``StaticServeStorage``: ``collectstatic`` that ends with the build."""

from __future__ import annotations

import json
import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from staticserve.store import STORE_NAME, ResourceRow, StoreReader
from tests.django.project import DEFAULTS, Project, make_project
from tests.django.test_serve_static import FOREVER

if TYPE_CHECKING:
    from pathlib import Path

BACKEND = "staticserve.django.storage.StaticServeStorage"


def built(path: Path, backend: str = BACKEND, **options: object) -> Project:
    storages = {**DEFAULTS["STORAGES"], "staticfiles": {"BACKEND": backend, "OPTIONS": options}}
    project = make_project(path, STORAGES=storages)
    (path / "shop/static/shop/long.js").write_text("// " + "all work and no play " * 500)
    return project


def collect(project: Project, *arguments: str) -> str:
    done = project.manage("collectstatic", "--noinput", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def resources(project: Project) -> dict[str, ResourceRow]:
    with closing(StoreReader(str(project.static_root / STORE_NAME))) as reader:
        return reader.snapshot().resources


def names(project: Project) -> list[str]:
    return sorted(resources(project))


def test_collectstatic_builds_a_store_of_all_files_and_never_lists_it_as_one(tmp_path: Path) -> None:
    project = built(tmp_path)
    collect(project)
    manifest = json.loads((project.static_root / "staticfiles.json").read_text())["paths"]
    assert names(project) == sorted({*manifest, *manifest.values()})
    collect(project)
    assert ".staticserve" not in (project.static_root / "staticfiles.json").read_text()


def test_the_site_serves_from_the_store(tmp_path: Path) -> None:
    project = built(tmp_path)
    collect(project)
    hashed = json.loads((project.static_root / "staticfiles.json").read_text())["paths"]["shop/long.js"]
    answer, plain, gone = project.run(
        f"""
        from wsgi import application
        result = [
            ask(application, "/static/{hashed}", accept_encoding="gzip, br"),
            ask(application, "/static/shop/long.js"),
            ask(application, "/static/gone.js"),
        ]
        """
    )
    assert (answer["status"], answer["fields"]["content-encoding"]) == (200, "br")
    assert answer["fields"]["cache-control"] == FOREVER
    assert plain["body"] == (project.static_root / "shop/long.js").read_text()
    assert plain["fields"]["cache-control"] == "max-age=60, public"
    assert gone["status"] == 404


def test_clear_keeps_the_store_and_removes_all_else(tmp_path: Path) -> None:
    project = built(tmp_path)
    collect(project)
    (project.static_root / "old.css").write_text("old")
    before = os.stat(project.static_root / STORE_NAME).st_ino
    output = collect(project, "--clear", "--no-post-process")
    assert "staticserve" not in output
    assert os.stat(project.static_root / STORE_NAME).st_ino == before
    assert not (project.static_root / "old.css").exists()


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    project = built(tmp_path)
    collect(project, "--dry-run")
    assert not project.static_root.exists()


def test_a_missing_source_map_is_a_warning_and_the_file_is_still_hashed(tmp_path: Path) -> None:
    project = built(tmp_path)
    (tmp_path / "shop/static/shop/lib.js").write_text("let a\n//# sourceMappingURL=lib.js.map\n")
    (tmp_path / "shop/static/shop/lib.css").write_text("a{}\n/*# sourceMappingURL=lib.css.map */\n")
    output = collect(project)
    assert "lib.js.map" in output
    assert "lib.css.map" in output
    manifest = json.loads((project.static_root / "staticfiles.json").read_text())["paths"]
    assert "sourceMappingURL=lib.js.map" in (project.static_root / manifest["shop/lib.js"]).read_text()


def test_another_missing_reference_still_fails_and_leaves_the_earlier_store(tmp_path: Path) -> None:
    project = built(tmp_path)
    collect(project)
    before = (project.static_root / STORE_NAME).read_bytes()
    (tmp_path / "shop/static/shop/a.css").write_text('body { background: url("gone.png") }\n')
    done = project.manage("collectstatic", "--noinput")
    assert done.returncode != 0
    assert "gone.png" in done.stderr
    assert (project.static_root / STORE_NAME).read_bytes() == before


def test_class_attributes_of_djangos_storage_are_options(tmp_path: Path) -> None:
    project = built(tmp_path, manifest_strict=False, manifest_name="names.json")
    collect(project)
    assert (project.static_root / "names.json").exists()
    (project.static_root / "late.css").write_text("late")
    url, manifest = project.run(
        """
        import django
        django.setup()
        from django.templatetags.static import static
        from wsgi import application
        result = static("late.css"), ask(application, "/static/names.json")["status"]
        """
    )
    assert url.startswith("/static/late.")
    assert manifest == 404


MIXED = """
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from staticserve.django.storage import StaticServeMixin

class Theirs(ManifestStaticFilesStorage):
    manifest_name = "theirs.json"

class Mine(StaticServeMixin, Theirs):
    pass
"""


def test_the_mixin_goes_over_another_manifest_storage(tmp_path: Path) -> None:
    (tmp_path / "storage.py").write_text(MIXED)
    project = built(tmp_path, "storage.Mine")
    collect(project)
    assert "shop/long.js" in names(project)
    assert "theirs.json" not in names(project)


def test_the_command_builds_after_any_collectstatic(tmp_path: Path) -> None:
    project = built(tmp_path, "django.contrib.staticfiles.storage.ManifestStaticFilesStorage")
    collect(project)
    assert not (project.static_root / STORE_NAME).exists()
    done = project.manage("staticserve", "build", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == len(names(project))
    hashed = json.loads((project.static_root / "staticfiles.json").read_text())["paths"]["shop/long.js"]
    assert resources(project)[hashed].is_proven


def test_an_older_store_than_the_manifest_is_not_used(tmp_path: Path) -> None:
    project = built(tmp_path)
    collect(project)
    (tmp_path / "shop/static/shop/new.css").write_text("new{}")
    plain = {**DEFAULTS["STORAGES"]}
    make_project(tmp_path, STORAGES=plain)
    collect(project)
    script = """
        from wsgi import application
        result = ask(application, "/static/shop/new.css")["status"]
        """
    assert project.run(script) == 200
    assert any("is not of the release" in line for line in project.log(script))


@pytest.mark.parametrize("name", ["BUILD_DIR", "CACHE_DIR", "ENV_DIR"])
def test_a_heroku_build_keeps_the_store_in_its_cache_unless_a_variable_is_missing(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("BUILD_DIR", "CACHE_DIR", "ENV_DIR"):
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    project = built(tmp_path / "project")
    collect(project)
    kept = tmp_path / "CACHE_DIR/staticserve/store.sqlite3"
    assert kept.read_bytes() == (project.static_root / STORE_NAME).read_bytes()
    kept.unlink()
    monkeypatch.delenv(name)
    collect(project)
    assert not kept.exists()
