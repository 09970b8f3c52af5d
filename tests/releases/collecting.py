"""Builds, each in a process of its own: Django's ``collectstatic``, as a deploy runs it."""

from __future__ import annotations

import logging
import multiprocessing
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import django
from django.conf import settings
from django.core.management import call_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.pool import Pool

T = TypeVar("T")


class Build(NamedTuple):
    """What a build is told."""

    sources: str
    page: str
    """The template of the page."""
    static_root: str
    storage: str
    options: Mapping[str, Any]
    """The setting STATICSERVE."""
    environment: Mapping[str, str]
    clears: bool = False


class Collected(NamedTuple):
    """What a build has made: the page, the hashed names by their logical ones, and what each name of either holds."""

    page: str
    hashed: dict[str, str]
    contents: dict[str, bytes]
    warnings: list[str]


@contextmanager
def start_builders() -> Iterator[Pool]:
    """Give processes that have Django loaded and nothing configured; each makes one build and ends."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_PRELOADED])
    with context.Pool(2, maxtasksperchild=1) as pool:
        yield pool


# Longer than any build takes on a machine that is not idle. Without it a process that cannot begin is begun for ever.
_PATIENCE: Final = 120.0


def run_apart(pool: Pool, function: Callable[..., T], *arguments: object) -> T:
    """Return what a function does in one of these processes."""
    return pool.apply_async(function, arguments).get(_PATIENCE)


# What a build imports: half of its time.
_PRELOADED: Final = (
    "tests.releases.collecting",
    "brotli",
    "django.contrib.staticfiles.checks",
    "django.contrib.staticfiles.management.commands.collectstatic",
    "django.template.backends.django",
    "django.template.defaulttags",
    "django.templatetags.static",
    "staticserve.django.storage",
    "whitenoise.storage",
)


def collect(build: Build) -> Collected:
    """Run ``collectstatic`` and render the page. The process that does this can do it only once."""
    os.environ.update(build.environment)
    settings.configure(
        SECRET_KEY="for tests",
        INSTALLED_APPS=["django.contrib.staticfiles", "staticserve.django"],
        STATIC_URL="/static/",
        STATIC_ROOT=build.static_root,
        STATICFILES_DIRS=[build.sources],
        STORAGES={"staticfiles": {"BACKEND": build.storage}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        STATICSERVE=dict(build.options),
        LOGGING_CONFIG=None,
    )
    django.setup()
    from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage
    from django.template import engines

    # WhiteNoise's storage takes no OPTIONS, so both get it this way: references in import() are hashed.
    ManifestStaticFilesStorage.support_js_module_import_aggregation = True
    warnings = _WarningList()
    logging.getLogger("staticserve").addHandler(warnings)
    call_command("collectstatic", interactive=False, verbosity=0, clear=build.clears)
    storage: Any = staticfiles_storage
    hashed: dict[str, str] = dict(storage.hashed_files)
    names = sorted({*hashed, *hashed.values()})
    page = engines["django"].from_string(build.page).render({})
    return Collected(page, hashed, {name: _read(build.static_root, name) for name in names}, warnings.lines)


def _read(root: str, name: str) -> bytes:
    with open(f"{root}/{name}", "rb") as file:
        return file.read()


class _WarningList(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
