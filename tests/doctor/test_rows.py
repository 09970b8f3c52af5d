"""One project for each row of the table: the doctor finds it by its id, and no error that is not there."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.doctor.projects import Project, ids, make_project

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Row:
    """How a healthy, collected project is spoiled, and what is found then."""

    id: str
    spoil: Callable[[Project], None]
    said: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    also: tuple[str, ...] = ()
    """Warnings that the same fault leads to."""


def remove_manifest(project: Project) -> None:
    (project.path / "staticfiles/staticfiles.json").unlink()


def misspell(project: Project) -> None:
    project.replace("shop/templates/shop/index.html", "shop/a.css", "/Shop/A.css")


def set_old_storage(project: Project) -> None:
    project.replace("settings.py", "STORAGES = {", "UNUSED = {")
    project.settings('STATICFILES_STORAGE = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"\n')


def overwrite(project: Project) -> None:
    project.settings('globals().update(STATIC_URL="/assets/")\n')


def unwrap(project: Project) -> None:
    project.unwrap()


def unset_root(project: Project) -> None:
    project.replace("settings.py", 'STATIC_ROOT = BASE_DIR / "staticfiles"', "STATIC_ROOT = None")


def unset_url(project: Project) -> None:
    project.replace("settings.py", 'STATIC_URL = "static/"', 'STATIC_URL = ""')


def cut_slash(project: Project) -> None:
    project.replace("settings.py", 'STATIC_URL = "static/"', 'STATIC_URL = "/assets"')


def collect_from_root(project: Project) -> None:
    project.settings("STATICFILES_DIRS = [STATIC_ROOT]\n")


def nest_root(project: Project) -> None:
    project.settings('STATICFILES_DIRS = [BASE_DIR / "assets"]\nSTATIC_ROOT = BASE_DIR / "assets/root"\n')
    project.write("assets/b.css", "b {}")
    project.collect()


def collide(project: Project) -> None:
    project.settings('INSTALLED_APPS += ["blog"]\n')
    project.write("blog/__init__.py", "")
    project.write("blog/static/shop/a.css", "/* the blog's */")


def forget_admin(project: Project) -> None:
    project.settings(
        """
        INSTALLED_APPS += ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"]
        INSTALLED_APPS += ["django.contrib.messages", "django.contrib.sessions"]
        """
    )


def lose_map(project: Project) -> None:
    project.write("shop/static/shop/main.js", "console.log(1)\n//# sourceMappingURL=main.js.map\n")


def misspell_url(project: Project) -> None:
    project.write("shop/static/shop/a.css", 'body { background: url("Bg.svg") }\n')


def make_circle(project: Project) -> None:
    project.write("shop/static/shop/a.css", '@import "b.css";\n')
    project.write("shop/static/shop/b.css", '@import "a.css";\n')


def name_missing_directory(project: Project) -> None:
    project.settings('STATICFILES_DIRS = [BASE_DIR / "assets"]\n')


def leave_directory_empty(project: Project) -> None:
    name_missing_directory(project)
    (project.path / "assets").mkdir()
    (project.path / ".git").mkdir()


def forget_storage(project: Project) -> None:
    project.replace("settings.py", '"staticfiles": {"BACKEND"', '"other": {"BACKEND"')


def forget_app(project: Project) -> None:
    project.replace("settings.py", '    "django.contrib.staticfiles",\n', "")


def spoil_manifest(project: Project) -> None:
    (project.path / "staticfiles/staticfiles.json").write_text('["not a manifest"]')


def write_url_out(project: Project) -> None:
    project.write("shop/templates/shop/old.html", '<!-- /static/x -->\n<script src="/static/shop/main.js"></script>\n')


def edit_collected(project: Project) -> None:
    project.hashed("shop/main.js").write_text("console.log(2)\n")


def lose_collected(project: Project) -> None:
    project.hashed("shop/main.js").unlink()


def collect_later(project: Project) -> None:
    day = 24 * 3600
    status = (project.path / "manage.py").stat()
    os.utime(project.path / "manage.py", (status.st_atime - day, status.st_mtime - day))


def collect_in_release_phase(project: Project) -> None:
    project.write("Procfile", "web: gunicorn wsgi\nrelease: python manage.py collectstatic --noinput\n")


def need_variable(project: Project) -> None:
    project.settings('import os\nif os.environ.get("ON_HEROKU"):\n    EMAIL_HOST = os.environ["MAIL_HOST"]\n')


def move_below_path(project: Project) -> None:
    project.settings('STATIC_URL = "/static/"\nFORCE_SCRIPT_NAME = "/app"\n')


def read_url_early(project: Project) -> None:
    project.settings('FORCE_SCRIPT_NAME = "/app"\n')
    project.write("shop/__init__.py", "from django.conf import settings\n\nURL = settings.STATIC_URL\n")


def make_root_relative(project: Project) -> None:
    project.settings('STATIC_ROOT = "staticfiles"\n')


def empty_root(project: Project) -> None:
    use_plain_storage(project)
    shutil.rmtree(project.path / "staticfiles")


def use_plain_storage(project: Project) -> None:
    project.replace("settings.py", "ManifestStaticFilesStorage", "StaticFilesStorage")


def nest_media(project: Project) -> None:
    project.settings('MEDIA_URL = "media/"\nMEDIA_ROOT = STATIC_ROOT / "media"\n')


def add_well_known(project: Project) -> None:
    project.write("shop/static/.well-known/security.txt", "Contact: mailto:a@example.org\n")
    project.write("shop/static/.gitkeep", "")


def spoil_types(project: Project) -> None:
    unwrap(project)
    project.settings('import mimetypes\nmimetypes.add_type("text/plain", ".js")\n')
    project.write(
        "urls.py",
        """
        from django.conf import settings
        from django.urls import re_path
        from django.views.static import serve

        urlpatterns = [re_path("^static/(?P<path>.*)$", serve, {"document_root": settings.STATIC_ROOT})]
        """,
    )


def serve_twice(project: Project) -> None:
    project.settings('MIDDLEWARE += ["staticserve.django.middleware.StaticServeMiddleware"]\n')


def collect_much(project: Project) -> None:
    project.write("shop/static/shop/main.js", "console.log(1)\n" * 10_000)
    project.collect()


def collect_node_modules(project: Project) -> None:
    project.write("shop/static/node_modules/left-pad/index.js", "left()\n")
    project.collect()


def do_nothing(project: Project) -> None:
    """Leave the project as it is: the fault is in the environment."""


def use_static_in_error_page(project: Project) -> None:
    project.write("shop/templates/500.html", "{% load static %}<link href=\"{% static 'shop/a.css' %}\">")
    remove_manifest(project)


def misspell_in_error_page(project: Project) -> None:
    project.write("shop/templates/500.html", "{% load static %}<link href=\"{% static 'shop/err.css' %}\">")


def add_later(project: Project) -> None:
    project.write("shop/static/shop/late.css", "a {}")


DATA_URI = "a { background: url(\"data:image/svg+xml;utf8,<svg fill='url(%23a)'/>\") }\n"


def spoil_data_uri(project: Project) -> None:
    # What Django 5.2 makes of one with quotes within: written here, because Django 6.1 does not.
    project.write("shop/static/shop/icons.css", DATA_URI)
    project.collect()
    changed = DATA_URI.replace("'url(%23a)'", "'url(\"#a\")'")
    collected = project.path / "staticfiles/shop/icons.abcdefabcdef.css"
    collected.write_text(changed)
    manifest = project.path / "staticfiles/staticfiles.json"
    stored = json.loads(manifest.read_text())
    stored["paths"]["shop/icons.css"] = "shop/icons.abcdefabcdef.css"
    manifest.write_text(json.dumps(stored))


def be_lenient(project: Project) -> None:
    project.write(
        "lenient.py",
        """
        from django.contrib.staticfiles.storage import ManifestStaticFilesStorage

        class Lenient(ManifestStaticFilesStorage):
            manifest_strict = False
        """,
    )
    project.replace("settings.py", "django.contrib.staticfiles.storage.ManifestStaticFilesStorage", "lenient.Lenient")
    # Another server than ours, which would prove the name by its content.
    project.replace("wsgi.py", "from staticserve.django import serve_static", "from whitenoise import WhiteNoise")
    project.replace("wsgi.py", "serve_static(get_wsgi_application())", "WhiteNoise(get_wsgi_application())")
    (project.path / "staticfiles/shop/late.css").write_text("a {}")
    project.write("shop/static/shop/late.css", "a {}")


def have_two_projects(project: Project) -> None:
    (project.path / ".git").mkdir()
    project.write("backend/manage.py", "")
    inner = Project(project.path / "apps/site")
    inner.path.mkdir(parents=True)
    for name in ("manage.py", "settings.py", "wsgi.py", "urls.py", "shop", "staticfiles"):
        shutil.move(project.path / name, inner.path / name)


ROWS = [
    Row("E001", remove_manifest, "staticfiles.json"),
    Row("E002", misspell, "'shop/a.css'", where="shop/templates/shop/index.html:2"),
    Row("W003", set_old_storage, "does not read", where="settings.py:24"),
    Row("W005", overwrite, "settings.py:18 sets STATIC_URL to 'static/', but its value is '/assets/'"),
    Row("E006", unwrap, "nothing serves /static/"),
    Row("E007", unset_root, "STATIC_ROOT is None", where="settings.py:19"),
    Row("E008", unset_url, "STATIC_URL is ''", where="settings.py:18"),
    Row("W009", cut_slash, "'/assets'", where="settings.py:18"),
    Row("E010", collect_from_root, "STATICFILES_DIRS", where="settings.py:24"),
    Row("W011", nest_root, "assets"),
    Row("W012", collide, "shop/static/shop/a.css wins, blog/static/shop/a.css is never served"),
    Row("E014", forget_admin, "admin/css/base.css"),
    Row("E015", lose_map, "shop/main.js.map", where="shop/static/shop/main.js:2"),
    Row("E015", misspell_url, "there is no shop/Bg.svg", where="shop/static/shop/a.css:1"),
    Row("E016", make_circle, "shop/a.css", also=("W037",)),
    Row("W017", name_missing_directory, "'assets' in STATICFILES_DIRS does not exist"),
    Row("W017", leave_directory_empty, "'assets' in STATICFILES_DIRS is not in git", ("--deploy",), also=("W023",)),
    Row("E018", forget_storage, 'has no "staticfiles"', where="settings.py:20"),
    Row("E019", forget_app, "INSTALLED_APPS", where="settings.py:7"),
    Row("E020", spoil_manifest, "staticfiles/staticfiles.json cannot be read"),
    Row("W021", write_url_out, "'/static/shop/main.js'", where="shop/templates/shop/old.html:2"),
    Row("W022", edit_collected, "shop/main."),
    Row("W022", lose_collected, "are not there: shop/main."),
    Row("W023", do_nothing, "no release store", ("--deploy",)),
    Row("W024", collect_later, "run.1234", environment={"DYNO": "run.1234"}),
    Row("W024", collect_in_release_phase, "release phase", ("--deploy",), where="Procfile:2", also=("W023",)),
    Row("W025", need_variable, "MAIL_HOST", ("--deploy",), where="settings.py:26", also=("W023",)),
    Row("W026", move_below_path, "below '/app'"),
    Row("W026", read_url_early, "reads settings.STATIC_URL"),
    Row("W027", make_root_relative, "'staticfiles'", where="settings.py:24"),
    Row("W027", empty_root, "does not exist"),
    Row("E028", nest_media, "deletes the uploads", where="settings.py:25"),
    Row("W029", add_well_known, "security.txt"),
    Row("W030", spoil_types, "'.js' is 'text/plain'".replace("'.js'", ".js")),
    Row("W031", serve_twice, "staticserve twice"),
    Row("W032", collect_much, "none of it is compressed"),
    Row("W033", collect_node_modules, "node_modules"),
    Row("W033", collect_much, "1", ("--deploy",), {"WEB_CONCURRENCY": "9", "DYNO_RAM": "512"}, also=("W023", "W032")),
    Row("E035", use_static_in_error_page, "there is no manifest"),
    Row("E035", misspell_in_error_page, "shop/err.css"),
    Row("W036", do_nothing, "DISABLE_COLLECTSTATIC", environment={"DISABLE_COLLECTSTATIC": "1"}),
    Row("W037", add_later, "shop/late.css"),
    Row("W038", spoil_data_uri, "1 data URI", also=("W022",)),
    Row("W039", be_lenient, "shop/late.css"),
]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("healthy") / "project")
    project.collect()
    return project


@pytest.fixture
def project(healthy: Project, tmp_path: Path) -> Project:
    # With their times: what came after collectstatic is known by its time.
    return Project(shutil.copytree(healthy.path, tmp_path / "project"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.id}-{row.spoil.__name__}")
def test_each_row_is_found_and_no_other_error(row: Row, project: Project) -> None:
    row.spoil(project)
    found = project.doctor(*row.arguments, **row.environment)
    assert ids(found) == sorted({row.id, *row.also}), found
    said = [each for each in found if each["id"] == f"staticserve.{row.id}"]
    assert any(row.said in each["message"] for each in said), said
    assert all(each["cure"] and each["why"] for each in said)
    if row.where is not None:
        assert row.where in [f"{each['file']}:{each['line']}" for each in said]


def test_a_healthy_project_has_nothing(project: Project) -> None:
    assert project.doctor() == []


def test_the_build_may_take_another_project(project: Project) -> None:
    have_two_projects(project)
    inner = Project(project.path / "apps/site")
    found = inner.doctor("--deploy", "--ignore", "W023")
    assert ids(found) == ["W040"]
    assert "backend/manage.py" in found[0]["message"]
    project.write(".slugignore", "/backend\n")
    assert inner.doctor("--deploy", "--ignore", "W023") == []


def test_what_the_slug_ignores_is_said(project: Project) -> None:
    project.write(".slugignore", "# comment\nshop/static\n")
    assert ids(project.doctor("--deploy", "--ignore", "staticserve.W023")) == ["W047"]


def test_what_collectstatic_really_does_is_what_is_foretold(project: Project) -> None:
    """The rows that foretell a failing build, against Django itself."""
    for spoil, words in ((lose_map, "main.js.map"), (misspell_url, "Bg.svg"), (make_circle, "Max post-process")):
        spoil(project)
        done: subprocess.CompletedProcess[str] = project.run("manage.py", "collectstatic", "--noinput", "-v0")
        assert done.returncode != 0
        assert words in done.stdout + done.stderr
        lose = project.path / "shop/static/shop/b.css"
        lose.unlink(missing_ok=True)
        project.write("shop/static/shop/a.css", "body {}\n")
        project.write("shop/static/shop/main.js", "console.log(1)\n")
