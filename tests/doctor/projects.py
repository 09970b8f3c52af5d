"""Projects on disk for the doctor: a healthy one, and ways to spoil it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

ROOT = Path(__file__).parents[2]

SETTINGS = """\
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "the-secret-of-the-tests"
DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "shop",
    "staticserve.django",
    "django.contrib.staticfiles",
]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "PASSWORD": "the-password-of-the-tests"}}
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
"""

FILES = {
    "settings.py": SETTINGS,
    "manage.py": """
        import os
        import sys
        from django.core.management import execute_from_command_line

        if __name__ == "__main__":
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
            execute_from_command_line(sys.argv)
        """,
    "wsgi.py": """
        import os
        from django.core.wsgi import get_wsgi_application
        from staticserve.django import serve_static

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
        application = serve_static(get_wsgi_application())
        """,
    "urls.py": """
        from django.shortcuts import render
        from django.urls import path

        urlpatterns = [path("", lambda request: render(request, "shop/index.html"))]
        """,
    "shop/__init__.py": "",
    "shop/static/shop/a.css": 'body { background: url("bg.svg") }\n',
    "shop/static/shop/bg.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    "shop/static/shop/main.js": "console.log(1)\n",
    "shop/templates/shop/index.html": "{% load static %}\n<link rel=stylesheet href=\"{% static 'shop/a.css' %}\">\n",
}


@dataclass(frozen=True)
class Project:
    """A project in ``path``."""

    path: Path

    def write(self, name: str, text: str) -> None:
        """Write a file; the text may be indented."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace a text that must be in a file."""
        path = self.path / name
        text = path.read_text()
        assert old in text
        replaced = text.replace(old, new)
        # Python tells a module that has changed by its size, and by its time in whole seconds.
        path.write_text(replaced if len(replaced) != len(text) else f"{replaced.rstrip()} \n")

    def unwrap(self) -> None:
        """Take ``serve_static`` out of wsgi.py, so that nothing serves."""
        self.replace("wsgi.py", "serve_static(get_wsgi_application())", "get_wsgi_application()")
        self.replace("wsgi.py", "from staticserve.django import serve_static\n", "")

    def settings(self, text: str) -> None:
        """Add lines to the settings."""
        path = self.path / "settings.py"
        path.write_text(path.read_text() + dedent(text))

    @property
    def manifest(self) -> dict[str, str]:
        """Return the hashed names by the logical ones."""
        paths: dict[str, str] = json.loads((self.path / "staticfiles/staticfiles.json").read_text())["paths"]
        return paths

    def hashed(self, name: str) -> Path:
        """Return the collected file of a logical name."""
        return self.path / "staticfiles" / self.manifest[name]

    def collect(self) -> None:
        """Run collectstatic."""
        done = self.run("manage.py", "collectstatic", "--noinput", "-v0")
        assert done.returncode == 0, done.stderr

    def doctor(self, *arguments: str, **environment: str) -> list[dict[str, Any]]:
        """Return the findings of ``staticserve doctor``. It never ends with a traceback, and tells no secret."""
        done = self.run("-m", "staticserve", "doctor", "--json", *arguments, **environment)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode in (0, 1, 2), done.stderr
        for secret in ("the-secret-of-the-tests", "the-password-of-the-tests"):
            assert secret not in done.stdout + done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the project."""
        kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
        # Compiled once for all these processes, and not beside the project, in which nothing is to be written.
        compiled = os.path.join(tempfile.gettempdir(), f"staticserve-compiled-{os.getuid()}")
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env={**kept, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": compiled, **environment},
            text=True,
            capture_output=True,
            timeout=120,
        )


_UNSET = (
    "PYTHONDONTWRITEBYTECODE",
    "DJANGO_SETTINGS_MODULE",
    "DISABLE_COLLECTSTATIC",
    "DYNO",
    "SCRIPT_NAME",
    "WEB_CONCURRENCY",
    "COLUMNS",
)


def make_project(path: Path) -> Project:
    """Write a healthy project, not yet collected."""
    project = Project(path)
    for name, text in FILES.items():
        project.write(name, text)
    return project


def ids(found: list[dict[str, Any]], severity: str | None = None) -> list[str]:
    """Return the short ids of findings, of one severity or of all."""
    return sorted({each["id"].partition(".")[2] for each in found if severity in (None, each["severity"])})
