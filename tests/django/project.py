"""A Django project on disk, whose code runs in a process of its own: settings are read once in a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

ROOT = Path(__file__).parents[2]

DEFAULTS: dict[str, Any] = {
    "SECRET_KEY": "for tests",
    "DEBUG": False,
    "ALLOWED_HOSTS": ["*"],
    "ROOT_URLCONF": "urls",
    "WSGI_APPLICATION": "wsgi.application",
    "INSTALLED_APPS": ["django.contrib.staticfiles", "staticserve.django", "shop"],
    "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware"],
    "STATIC_URL": "static/",
    "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    "STORAGES": {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    },
    "LOGGING": {
        "version": 1,
        "handlers": {"stderr": {"class": "logging.StreamHandler"}},
        "loggers": {"staticserve": {"handlers": ["stderr"]}},
    },
}

URLS = """
from django.http import HttpResponse
from django.template import engines
from django.urls import path

def page(request):
    template = engines["django"].from_string("{% load static %}{% static 'shop/a.css' %}")
    return HttpResponse(template.render({}, request))

urlpatterns = [path("", page), path("deep/", page)]
"""

WSGI = """
import os
from django.core.wsgi import get_wsgi_application
from staticserve.django import serve_static

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
application = serve_static(get_wsgi_application())
"""

MANAGE = """
import os
import sys
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
execute_from_command_line(sys.argv)
"""

# What every script may use: one request to a WSGI application, whole.
PRELUDE = """
import io, json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

def ask(application, path="/", method="GET", script_name="", scheme="http", query="", **fields):
    answer = {}
    def start_response(status, headers, exc_info=None):
        answer["status"] = int(status[:3])
        answer["fields"] = {name.lower(): value for name, value in headers}
    environ = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": script_name, "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "testserver", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0), "wsgi.url_scheme": scheme, "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
        **{f"HTTP_{name.upper()}": value for name, value in fields.items()},
    }
    body = application(environ, start_response)
    answer["body"] = b"".join(body).decode("latin-1")
    getattr(body, "close", lambda: None)()
    return answer
"""


@dataclass(frozen=True)
class Project:
    """A project in ``path``, with the settings that were given."""

    path: Path

    @property
    def static_root(self) -> Path:
        return self.path / "staticfiles"

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command."""
        return self._python("manage.py", *arguments)

    def run(self, script: str) -> Any:
        """Run a script that ends by setting ``result``; return that and what was logged."""
        code = f"{PRELUDE}\n{dedent(script)}\njson.dump(result, sys.stdout)"
        done = self._python("-W", "error", "-c", code)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def fail(self, script: str) -> str:
        """Run a script that must fail; return its last line."""
        done = self._python("-c", f"{PRELUDE}\n{dedent(script)}")
        assert done.returncode != 0
        return done.stderr.strip().splitlines()[-1]

    def log(self, script: str) -> list[str]:
        """Run a script; return the lines on its standard error."""
        done = self._python("-c", f"{PRELUDE}\n{dedent(script)}")
        assert done.returncode == 0, done.stderr
        return done.stderr.splitlines()

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": f"{self.path}{os.pathsep}{ROOT}"}
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.path, env=environment, text=True, capture_output=True, timeout=120
        )


def make_project(path: Path, **settings: Any) -> Project:
    """Write a project with one app, ``shop``, that has a style sheet and a picture."""
    values = {**DEFAULTS, "STATIC_ROOT": str(path / "staticfiles"), **settings}
    files = {
        "settings.py": "\n".join(f"{name} = {value!r}" for name, value in values.items()),
        "urls.py": URLS,
        "wsgi.py": WSGI,
        "manage.py": MANAGE,
        "shop/__init__.py": "",
        "shop/static/shop/a.css": 'body { background: url("bg.svg") }\n',
        "shop/static/shop/bg.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    }
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
    return Project(path)
