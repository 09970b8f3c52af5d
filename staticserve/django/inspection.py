"""Loads a Django project for the doctor, and looks at it: which directories it finds static files and templates in."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

import django
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders

from staticserve.django.live_settings import read_settings
from staticserve.django.live_storage import read_storage
from staticserve.doctor.failures import describe_failure
from staticserve.doctor.known import Known, know_by_parsing
from staticserve.doctor.parsed import places_from, template_dirs_from
from staticserve.doctor.paths import is_projects
from staticserve.doctor.project import Place, SourceFile
from staticserve.doctor.settings import STATICFILES_APP
from staticserve.doctor.sources import IGNORED
from staticserve.doctor.values import as_list, as_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from staticserve.doctor.entry import Entry
    from staticserve.doctor.project import Failure
    from staticserve.doctor.settings_source import ParsedSettings


def load(root: str, module: str, parsed: ParsedSettings) -> Failure | None:
    """Load the project as manage.py does; return why it cannot be, if so."""
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    try:
        # What settings print is not part of our answer.
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            # They show lines of the source.
            warnings.simplefilter("ignore")
            django.setup()
    # Settings may raise anything, and some call sys.exit().
    except (Exception, SystemExit) as error:
        return describe_failure(error, root, {each.name for each in parsed.required})
    return None


def know(entry: Entry, parsed: ParsedSettings, failure: Failure | None) -> Known:
    """Return what Django tells of a project; where it did not load, what parsing tells."""
    if not settings.configured:
        return know_by_parsing(entry, parsed, failure, django.VERSION[:3])
    live = read_settings(url_was_read="STATIC_URL" in vars(settings))
    storage, manifest_path = read_storage(live)
    others: dict[str, SourceFile] = {}
    problems: list[str] = []
    if apps.ready:
        places = _read_finders(entry.root, others, problems)
        templates = _template_dirs(entry.root)
    else:
        search = [entry.root, *sys.path]
        places = places_from(live, entry.root, search)
        templates = template_dirs_from(parsed, live, entry.root, search)
    return Known(
        root=entry.root,
        module=entry.module,
        django=django.VERSION[:3],
        settings=live,
        parsed=parsed,
        storage=storage,
        places=places,
        template_dirs=templates,
        environment=dict(os.environ),
        failure=failure,
        manifest_path=manifest_path,
        ignored_patterns=_ignored_patterns(),
        others=others,
        problems=problems,
    )


def _read_finders(root: str, others: dict[str, SourceFile], problems: list[str]) -> list[Place]:
    places: list[Place] = []
    for path in as_list(settings.STATICFILES_FINDERS) if apps.is_installed(STATICFILES_APP) else ():
        try:
            finder = finders.get_finder(path)
            places += _places_of(finder, root)
            if _lists_by_itself(finder):
                others |= _listed(finder, len(places) - 1)
        # Finders are anybody's code. Django's raises for a STATICFILES_DIRS that it cannot use.
        except Exception as error:
            problems.append(f"{path}: {type(error).__name__}")
    return places


def _places_of(finder: Any, root: str) -> list[Place]:
    if isinstance(finder, finders.FileSystemFinder) and not _lists_by_itself(finder):
        return [
            Place(os.path.abspath(path), None, prefix, True, os.path.isdir(path)) for prefix, path in finder.locations
        ]
    if isinstance(finder, finders.AppDirectoriesFinder) and not _lists_by_itself(finder):
        found: Mapping[str, Any] = finder.storages
        return [
            Place(storage.location, app, is_projects=is_projects(storage.location, root))
            for app, storage in found.items()
        ]
    return [Place(root, type(finder).__module__, is_projects=False, exists=False)]


def _lists_by_itself(finder: Any) -> bool:
    return type(finder).list not in (finders.FileSystemFinder.list, finders.AppDirectoriesFinder.list)


def _listed(finder: Any, owner: int) -> dict[str, SourceFile]:
    found = {}
    for name, storage in finder.list(list(_ignored_patterns())):
        prefix = f"{storage.prefix}/" if getattr(storage, "prefix", None) else ""
        path = storage.path(name)
        status = os.stat(path)
        found[prefix + name.replace(os.sep, "/")] = SourceFile(path, status.st_size, status.st_mtime, owner)
    return found


def _ignored_patterns() -> Sequence[str]:
    if not apps.ready or not apps.is_installed(STATICFILES_APP):
        return IGNORED
    patterns: Iterable[str] = getattr(apps.get_app_config("staticfiles"), "ignore_patterns", IGNORED)
    return tuple(patterns)


def _template_dirs(root: str) -> list[str]:
    dirs = [as_path(each, root) for engine in as_list(settings.TEMPLATES) for each in _dirs_of(engine)]
    inside = [os.path.join(config.path, name) for config in apps.get_app_configs() for name in ("templates", "jinja2")]
    return [path for path in dirs if path is not None] + [path for path in inside if is_projects(path, root)]


def _dirs_of(engine: object) -> list[Any]:
    return as_list(engine.get("DIRS")) if isinstance(engine, dict) else []
