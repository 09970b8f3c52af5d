"""Projects with nothing wrong, and with other servers and storages: no false alarm."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from tests.doctor.projects import ROOT, Project, ids, make_project

ENHANCED = "django_manifeststaticfiles_enhanced"


def startproject(path: Path) -> Project:
    path.mkdir()
    project = Project(path)
    done = project.run("-m", "django", "startproject", "mysite", ".")
    assert done.returncode == 0, done.stderr
    return project


def use_whitenoise(project: Project) -> None:
    project.unwrap()
    project.replace("settings.py", '    "staticserve.django",\n', '    "whitenoise.runserver_nostatic",\n')
    project.settings('MIDDLEWARE += ["whitenoise.middleware.WhiteNoiseMiddleware"]\n')
    project.replace(
        "settings.py",
        "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        "whitenoise.storage.CompressedManifestStaticFilesStorage",
    )


def test_a_new_project_has_nothing_wrong(tmp_path: Path) -> None:
    project = startproject(tmp_path / "new")
    assert project.doctor() == []
    done = project.run("manage.py", "check")
    assert "staticserve" not in done.stdout + done.stderr


def test_a_new_project_is_not_ready_to_be_deployed(tmp_path: Path) -> None:
    assert ids(startproject(tmp_path / "new").doctor("--deploy")) == ["E006", "E007"]


def test_the_demo_has_nothing_wrong(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("staticfiles", "__pycache__", "db.sqlite3*")
    project = Project(Path(shutil.copytree(ROOT / "demo", tmp_path / "demo", ignore=ignored)))
    project.collect()
    assert project.doctor() == []
    assert project.doctor("--deploy", "--probe") == []


def test_a_project_with_whitenoise_has_nothing_wrong(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    use_whitenoise(project)
    # Enough text to be compressed, and data URIs and links of all kinds.
    project.write("shop/static/shop/main.js", "console.log(1)\n" * 10_000)
    project.write(
        "shop/static/shop/a.css", 'a { background: url(bg.svg#x) url("data:image/png;base64,AA==") url(#b) }\n'
    )
    project.collect()
    assert project.doctor() == []
    assert ids(project.doctor("--deploy")) == ["W023"]


def test_whitenoise_that_keeps_only_hashed_files_has_nothing_wrong(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    use_whitenoise(project)
    project.settings("WHITENOISE_KEEP_ONLY_HASHED_FILES = True\n")
    project.collect()
    assert project.doctor() == []


@pytest.mark.skipif(importlib.util.find_spec(ENHANCED) is None, reason="django-manifeststaticfiles-enhanced is absent")
def test_the_enhanced_storage_has_nothing_wrong(tmp_path: Path) -> None:
    """Its group hash of a circle is no file's MD5, and a missing source map does not stop it."""
    project = make_project(tmp_path / "project")
    project.replace(
        "settings.py",
        "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        f"{ENHANCED}.storage.EnhancedManifestStaticFilesStorage",
    )
    project.replace(
        "settings.py", '    "django.contrib.staticfiles",\n', f'    "{ENHANCED}",\n    "django.contrib.staticfiles",\n'
    )
    project.write("shop/static/shop/a.css", '@import "b.css";\n/* url(gone.png) */\n')
    project.write("shop/static/shop/b.css", '@import "a.css";\n')
    project.write("shop/static/shop/main.js", "console.log(1)\n//# sourceMappingURL=main.js.map\n")
    project.collect()
    assert project.doctor() == []


def test_our_storage_takes_a_missing_source_map(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    project.replace(
        "settings.py",
        "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        "staticserve.django.storage.StaticServeStorage",
    )
    project.write("shop/static/shop/main.js", "console.log(1)\n//# sourceMappingURL=main.js.map\n")
    project.collect()
    assert project.doctor("--deploy", "--probe") == []


def test_a_server_in_front_and_a_cdn_are_servers(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    project.unwrap()
    project.collect()
    assert ids(project.doctor()) == ["E006"]
    project.write("deploy/site.conf", "location /static/ { alias /srv/staticfiles/; }\n")
    assert project.doctor() == []
    (project.path / "deploy/site.conf").unlink()
    project.settings('STATIC_URL = "https://cdn.example.org/static/"\n')
    assert project.doctor() == []


def test_overriding_a_packages_file_is_meant(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    project.settings(
        """
        INSTALLED_APPS += ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"]
        INSTALLED_APPS += ["django.contrib.messages", "django.contrib.sessions"]
        """
    )
    project.write("shop/static/admin/css/base.css", "/* ours */\n")
    project.collect()
    assert project.doctor("--ignore", "W032") == []


def test_forms_media_and_code_may_name_what_is_there(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    project.write(
        "shop/forms.py",
        """
        from django import forms
        from django.db import models
        from django.templatetags.static import static


        class Colour(forms.Widget):
            class Media:
                css = {"all": ["shop/a.css"]}
                js = ["shop/main.js", "https://example.org/x.js", "/elsewhere.js"]


        class Media:
            css = "not a file"


        def icon():
            return static("shop/bg.svg")
        """,
    )
    project.write(
        "shop/templates/shop/other.html",
        """
        {# {% static 'gone.css' %} #}{% comment %}{% static 'gone.css' %}{% endcomment %}
        <!-- /static/gone.css --> {% static name %} {% static 'shop/bg.svg' as icon %} {% static "shop/bg.svg#x" %}
        {% static 'shop/' %} {% get_static_prefix %}
        """,
    )
    project.collect()
    assert project.doctor() == []
    project.replace("shop/forms.py", '"shop/main.js"', '"shop/mian.js"')
    found = project.doctor()
    assert ids(found) == ["E002"]
    assert "'shop/main.js'" in found[0]["message"]
    assert found[0]["file"] == "shop/forms.py"
