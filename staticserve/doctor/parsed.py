"""The settings as far as parsing tells, for projects whose settings do not import."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from staticserve.doctor.literals import UNKNOWN
from staticserve.doctor.paths import is_projects
from staticserve.doctor.project import Place
from staticserve.doctor.settings import DEFAULTS, STATICFILES_APP, make_settings
from staticserve.doctor.storage import PLAIN_STORAGE
from staticserve.doctor.values import as_list, as_path, as_text, as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from staticserve.doctor.settings import Settings
    from staticserve.doctor.settings_source import ParsedSettings


def settings_from(parsed: ParsedSettings, root: str) -> Settings:
    """Return what is known of the settings."""
    values = {name: _value(parsed, name) for name in DEFAULTS}
    known = {name for name, value in values.items() if value is not UNKNOWN}
    values = {name: value if name in known else None for name, value in values.items()}
    storage = _storage(values) if "STORAGES" in known else UNKNOWN
    if storage is UNKNOWN:
        known.discard("STORAGES")
    return make_settings(
        values,
        root,
        known=frozenset(known),
        storage=None if storage is UNKNOWN else storage,
        old_storage=as_text(values["STATICFILES_STORAGE"]),
        apps=tuple(map(_app_name, as_texts(values["INSTALLED_APPS"]))),
    )


def _value(parsed: ParsedSettings, name: str) -> Any:
    value = parsed.values.get(name, DEFAULTS[name] if parsed.is_complete else UNKNOWN)
    # A list with one unknown part is as good as unknown.
    return UNKNOWN if isinstance(value, list) and UNKNOWN in value else value


def _storage(values: Mapping[str, Any]) -> Any:
    """Return the backend of the static files; nothing if there is none, ``UNKNOWN`` if that cannot be said."""
    storages = values["STORAGES"]
    if storages is None:
        return values["STATICFILES_STORAGE"] or PLAIN_STORAGE
    chosen = storages.get("staticfiles") if isinstance(storages, dict) else UNKNOWN
    if chosen is None:
        return None
    backend = chosen.get("BACKEND") if isinstance(chosen, dict) else UNKNOWN
    return backend if isinstance(backend, str) else UNKNOWN


def _app_name(entry: str) -> str:
    """Return an app's name for an entry that may name its configuration: ``shop.apps.ShopConfig``."""
    if entry == f"{STATICFILES_APP}.apps.StaticFilesConfig":
        return STATICFILES_APP
    owner, _, last = entry.rpartition(".")
    return owner.removesuffix(".apps") if last[:1].isupper() else entry


def places_from(settings: Settings, root: str, search: Sequence[str]) -> list[Place]:
    """Return the directories of STATICFILES_DIRS and of the apps, found without importing these."""
    places = [Place(path, None, prefix, is_projects=True, exists=os.path.isdir(path)) for prefix, path in settings.dirs]
    for app in settings.apps:
        directory = _app_directory(app, "static", search)
        if directory is not None:
            places.append(Place(directory, app, is_projects=is_projects(directory, root)))
    return places


def template_dirs_from(parsed: ParsedSettings, settings: Settings, root: str, search: Sequence[str]) -> list[str]:
    """Return the directories with templates of the project's own."""
    engines = parsed.values.get("TEMPLATES")
    written = [each for engine in as_list(engines) if isinstance(engine, dict) for each in as_list(engine.get("DIRS"))]
    dirs = [path for each in written if (path := as_path(each, root)) is not None]
    apps = [_app_directory(app, "templates", search) for app in settings.apps]
    return [*dirs, *(path for path in apps if path is not None and is_projects(path, root))]


def _app_directory(app: str, name: str, search: Sequence[str]) -> str | None:
    for directory in search:
        path = os.path.join(directory, *app.split("."), name)
        if os.path.isdir(path):
            return path
    return None
