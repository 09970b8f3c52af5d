"""Looks at a Django project for the doctor: its settings as they are, its finders, its storage."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any, Final

import django
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import HashedFilesMixin, ManifestFilesMixin
from django.core.files.storage import FileSystemStorage
from django.utils.module_loading import import_string

from staticserve.django.conf import SETTING, raw_setting, read_configuration
from staticserve.django.static import _make_storage
from staticserve.doctor.failures import describe_failure
from staticserve.doctor.gather import Known, known_storage
from staticserve.doctor.modules import as_list, as_path
from staticserve.doctor.parsed import is_projects, places_from, settings_from, template_dirs_from
from staticserve.doctor.project import PLAIN_STORAGE, STATICFILES_APP, Failure, Place, Settings, SourceFile, Storage
from staticserve.doctor.sources import IGNORED
from staticserve.errors import ConfigurationError, ManifestError
from staticserve.manifest import MANIFEST_NAME, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from staticserve.doctor.settings_source import ParsedSettings

_NAMES: Final = frozenset(
    {"DEBUG", "STATIC_URL", "STATIC_ROOT", "STATICFILES_DIRS", "STATICFILES_STORAGE", "STORAGES", "MEDIA_URL"}
    | {"MEDIA_ROOT", "INSTALLED_APPS", "MIDDLEWARE", "WSGI_APPLICATION", "FORCE_SCRIPT_NAME"}
)


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


def know(root: str, module: str | None, parsed: ParsedSettings, failure: Failure | None) -> Known:
    """Return what Django tells of a project; where it did not load, what parsing tells."""
    search = [root, *sys.path]
    if not settings.configured:
        parts = settings_from(parsed, root)
        storage = known_storage(parts.storage)
        places: Sequence[Place] = places_from(parts, root, search)
        templates = template_dirs_from(parsed, parts, root, search)
        return Known(
            root, module, django.VERSION[:3], parts, parsed, storage, places, templates, dict(os.environ), failure
        )
    live = read_settings(root)
    storage, manifest_path = read_storage(live)
    others: dict[str, SourceFile] = {}
    problems: list[str] = []
    if apps.ready:
        places = _read_finders(root, others, problems)
        templates = _template_dirs(root)
    else:
        places = places_from(live, root, search)
        templates = template_dirs_from(parsed, live, root, search)
    return Known(
        root,
        module,
        django.VERSION[:3],
        live,
        parsed,
        storage,
        places,
        templates,
        dict(os.environ),
        failure,
        manifest_path,
        _ignored_patterns(),
        others,
        problems,
    )


def read_settings(root: str) -> Settings:
    """Return the settings as they are, without fixing the script prefix in STATIC_URL."""
    written = raw_setting("STATIC_ROOT")
    storages = raw_setting("STORAGES")
    chosen = storages.get("staticfiles") if isinstance(storages, dict) else None
    names = [config.name for config in apps.get_app_configs()] if apps.ready else raw_setting("INSTALLED_APPS")
    return Settings(
        known=_NAMES,
        debug=bool(settings.DEBUG),
        static_url=_text(raw_setting("STATIC_URL")),
        static_root=as_path(written, os.getcwd()),
        static_root_written=_text(written),
        media_url=_text(raw_setting("MEDIA_URL")) or "",
        media_root=as_path(raw_setting("MEDIA_ROOT"), os.getcwd()) or "",
        dirs=tuple(_dirs(raw_setting("STATICFILES_DIRS"))),
        storage=_text(chosen.get("BACKEND", PLAIN_STORAGE)) if isinstance(chosen, dict) else None,
        old_storage=_text(raw_setting("STATICFILES_STORAGE")) if django.VERSION >= (5, 1) else None,
        apps=tuple(str(name) for name in as_list(names)),
        middleware=tuple(str(path) for path in as_list(raw_setting("MIDDLEWARE"))),
        wsgi_application=_text(raw_setting("WSGI_APPLICATION")),
        script_name=_text(raw_setting("FORCE_SCRIPT_NAME")) or "",
        url_was_read="STATIC_URL" in vars(settings),
        silenced=frozenset(map(str, as_list(raw_setting("SILENCED_SYSTEM_CHECKS")))),
        options_problems=_options_problems(),
    )


def read_storage(live: Settings) -> tuple[Storage, str | None]:
    """Return what the storage does, and where its manifest is."""
    known = known_storage(live.storage)
    if live.storage is None:
        return known, None
    try:
        backend = import_string(live.storage)
    except (ImportError, ValueError) as error:
        return Storage(problem=f"{type(error).__name__}: {live.storage} cannot be imported"), None
    # One whose files are elsewhere would ask there: the doctor does not go over the network.
    if not (
        isinstance(backend, type) and issubclass(backend, ManifestFilesMixin) and issubclass(backend, FileSystemStorage)
    ):
        return Storage(), None
    storage: Any = None
    problem = None
    try:
        storage = _make_storage()
    # The project's own code, and Django's raises AttributeError for a manifest that is a list.
    except Exception as error:
        if _is_manifest_sound(live, backend):
            problem = _storage_problem(error)
    is_enhanced = "enhanced" in "".join(each.__module__ for each in backend.__mro__)
    is_ours = any(each.__module__ == "staticserve.django.storage" for each in backend.__mro__)
    asked: Any = backend if storage is None else storage
    facts = Storage(
        hashes=True,
        is_strict=bool(asked.manifest_strict),
        names_are_md5=not is_enhanced and backend.file_hash is HashedFilesMixin.file_hash,
        misses_maps=is_ours,
        judges_references=is_enhanced or backend.url_converter is not HashedFilesMixin.url_converter,
        ignores_comments=is_enhanced or django.VERSION >= (6, 1),
        rewrites_imports=bool(asked.support_js_module_import_aggregation),
        is_ours=is_ours,
        problem=problem,
    )
    return facts, _manifest_path(live, asked)


def _is_manifest_sound(live: Settings, backend: Any) -> bool:
    try:
        read_manifest(os.path.join(live.static_root or "", backend.manifest_name))
    except ManifestError:
        return False
    return live.static_root is not None


def _storage_problem(error: Exception) -> str:
    kind, text = type(error).__name__, str(error)
    # Other messages may have the values of options, credentials among them.
    return f"{kind}: {text}" if "unexpected keyword argument" in text else kind


def _manifest_path(live: Settings, storage: Any) -> str | None:
    try:
        path: str = os.path.abspath(storage.manifest_storage.path(storage.manifest_name))
    # A class has no such object yet; not every storage has paths.
    except Exception:
        name = getattr(storage, "manifest_name", MANIFEST_NAME)
        return os.path.join(live.static_root, name) if live.static_root is not None else None
    return path


def _options_problems() -> tuple[str, ...]:
    level = logging.getLogger("staticserve").level
    logging.getLogger("staticserve").setLevel(logging.CRITICAL)
    try:
        read_configuration()
    except ConfigurationError as error:
        return tuple(error.problems) if error.where == SETTING else ()
    # Of values that are not what they should be there are other findings.
    except Exception:
        return ()
    finally:
        logging.getLogger("staticserve").setLevel(level)
    return ()


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


def _dirs(entries: Any) -> Iterable[tuple[str, str]]:
    for entry in as_list(entries):
        prefix, path = entry if isinstance(entry, list | tuple) and len(entry) == 2 else ("", entry)
        absolute = as_path(path, os.getcwd())
        if absolute is not None:
            yield str(prefix), absolute


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
