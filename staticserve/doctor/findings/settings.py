"""Findings in the settings: what is missing, contradicts, or is overwritten."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from staticserve.doctor.findings.places import is_installed, media, no_root, no_url, where
from staticserve.doctor.paths import is_same
from staticserve.doctor.rule import Rule, Seen, show
from staticserve.doctor.settings import STATICFILES_APP
from staticserve.doctor.storage import PLAIN_STORAGE
from staticserve.doctor.values import as_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staticserve.doctor.project import Project

_STORAGES: Final = """\
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "%s"},
}"""

_OURS: Final = "staticserve.django.storage.StaticServeStorage"


def _old_storage(project: Project) -> Iterator[Seen]:
    old = project.settings.old_storage or project.parsed.values.get("STATICFILES_STORAGE")
    if not isinstance(old, str) or project.django < (5, 1) or project.settings.storage != PLAIN_STORAGE:
        return
    if old != PLAIN_STORAGE:
        call = project.parsed.overwriter()
        place = where(project, "STATICFILES_STORAGE")
        if place[0] is None and call is not None:
            place = call.file, call.line
        by = f" (by {call.package}.settings)" if call is not None and place == (call.file, call.line) else ""
        version = ".".join(map(str, project.django[:2]))
        yield Seen(
            f"STATICFILES_STORAGE is set to {show(old)}{by}, which Django {version} does not read: "
            f"the storage is {show(PLAIN_STORAGE)}, without hashes.",
            _STORAGES % old,
            *place,
        )


def _both_storages(project: Project) -> Iterator[Seen]:
    values = project.parsed.values
    if (4, 2) <= project.django < (5, 1) and "STATICFILES_STORAGE" in values and "STORAGES" in values:
        call = project.parsed.overwriter()
        said = f"{call.package}.settings(locals())" if call else "the settings"
        place = (call.file, call.line) if call else where(project, "STATICFILES_STORAGE", "STORAGES")
        cure = (
            f"{call.package}.settings(locals(), staticfiles=False)"
            if call
            else "Remove STATICFILES_STORAGE; STORAGES stays."
        )
        yield Seen(
            f"Both STORAGES and STATICFILES_STORAGE are set (the latter by {said}): Django "
            f"{'.'.join(map(str, project.django[:2]))} refuses to start.",
            cure,
            *place,
        )


def _overwritten(project: Project) -> Iterator[Seen]:
    call = project.parsed.overwriter()
    live = {"STATIC_URL": project.settings.static_url, "STATIC_ROOT": project.settings.static_root}
    for name, value in live.items():
        said = project.parsed.last(name)
        if said is None or not said.is_certain or not isinstance(said.value, str | os.PathLike):
            continue
        written = as_path(said.value, project.root) if name == "STATIC_ROOT" else said.value
        if not project.settings.knows(name) or value is None or _same(name, written, value):
            continue
        file = project.relative(said.file)
        message = f"{file}:{said.line} sets {name} to {show(written)}, but its value is {show(value)}"
        if call is None:
            yield Seen(
                f"{message}: something overwrites it later.",
                f"Look after line {said.line} for what changes {name}, or set it last.",
                said.file,
                said.line,
            )
        else:
            yield Seen(
                f"{message}: overwritten at {project.relative(call.file)}:{call.line} by {call.package}.settings().",
                f"{call.package}.settings(locals(), staticfiles=False)",
                call.file,
                call.line,
            )


def _same(name: str, written: object, value: str) -> bool:
    if isinstance(written, str) and name == "STATIC_ROOT":
        return is_same(written, value)
    # Django puts the script prefix before a relative one, and leaves the rest.
    return str(written).strip("/") == value.strip("/")


def _no_staticfiles_storage(project: Project) -> Iterator[Seen]:
    if project.settings.knows("STORAGES") and project.settings.storage is None:
        yield Seen(
            'STORAGES has no "staticfiles": setting STORAGES replaces Django\'s whole default.',
            _STORAGES % _OURS,
            *where(project, "STORAGES"),
        )


def _no_staticfiles_app(project: Project) -> Iterator[Seen]:
    if project.settings.knows("INSTALLED_APPS") and not is_installed(project):
        yield Seen(
            f"{show(STATICFILES_APP)} is not in INSTALLED_APPS: there is no collectstatic.",
            f'INSTALLED_APPS += ["{STATICFILES_APP}"]',
            *where(project, "INSTALLED_APPS"),
        )


def _failure(project: Project) -> Iterator[Seen]:
    failure = project.failure
    if failure is not None and not any(_both_storages(project)):
        yield Seen(
            f"{failure.what}: {failure.reason}. What follows is what parsing gives.",
            "Mend that line, or set what it needs, and run the doctor again.",
            failure.file,
            failure.line,
        )


def _wrong_options(project: Project) -> Iterator[Seen]:
    for problem in project.settings.options_problems:
        yield Seen(
            f"STATICSERVE: {problem}.", "Correct it: docs/options.md lists all options.", *where(project, "STATICSERVE")
        )


def _no_storage(project: Project) -> Iterator[Seen]:
    # What it says of these settings is said by their own rules.
    is_said = any(any(rule(project)) for rule in (no_root, no_url, media))
    if project.storage.problem is not None and project.settings.storage is not None and not is_said:
        yield Seen(
            f"The storage {show(project.settings.storage)} cannot be made: {project.storage.problem}.",
            _STORAGES % _OURS,
            *where(project, "STORAGES", "STATICFILES_STORAGE"),
        )


RULES: Final = (
    Rule(
        "W003",
        "settings",
        "STATICFILES_STORAGE is not read",
        "Names have no hashes and nothing is compressed, so browsers keep old files or ask each time.",
        _old_storage,
    ),
    Rule(
        "E004",
        "settings",
        "STORAGES and STATICFILES_STORAGE exclude each other",
        "No command and no server starts.",
        _both_storages,
    ),
    Rule(
        "W005",
        "settings",
        "a static setting is overwritten",
        "Files are collected to or served from another place than the settings say.",
        _overwritten,
    ),
    Rule(
        "E018",
        "settings",
        "STORAGES has no staticfiles",
        "{% static %} raises InvalidStorageError: every page that uses it is an error 500.",
        _no_staticfiles_storage,
    ),
    Rule(
        "E019",
        "settings",
        "staticfiles is not installed",
        "`manage.py collectstatic` is an unknown command, so a build fails and apps' files are found by nobody.",
        _no_staticfiles_app,
    ),
    Rule(
        "E041",
        "settings",
        "the project does not load",
        "Without its settings Django knows no command and serves nothing.",
        _failure,
    ),
    Rule(
        "E042",
        "settings",
        "STATICSERVE cannot be used",
        "serve_static raises ConfigurationError, so the server does not start.",
        _wrong_options,
    ),
    Rule(
        "E043",
        "settings",
        "the static files storage cannot be made",
        "Every page that uses {% static %} is an error 500, and collectstatic fails.",
        _no_storage,
    ),
)
