"""The settings as far as parsing tells, for projects whose settings do not import."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from staticserve.doctor.literals import UNKNOWN
from staticserve.doctor.modules import as_list, as_path
from staticserve.doctor.project import PLAIN_STORAGE, STATICFILES_APP, Place, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from staticserve.doctor.settings_source import ParsedSettings

SETTINGS: Final[dict[str, Any]] = {
    "DEBUG": False,
    "STATIC_URL": None,
    "STATIC_ROOT": None,
    "STATICFILES_DIRS": [],
    "STATICFILES_STORAGE": None,
    "STORAGES": None,
    "MEDIA_URL": "",
    "MEDIA_ROOT": "",
    "INSTALLED_APPS": [],
    "MIDDLEWARE": [],
    "WSGI_APPLICATION": None,
    "FORCE_SCRIPT_NAME": None,
    "SILENCED_SYSTEM_CHECKS": [],
}
"""What is read, and Django's defaults."""


def settings_from(parsed: ParsedSettings, root: str) -> Settings:
    """Return what is known of the settings."""
    values = {name: _value(parsed, name) for name in SETTINGS}
    known = {name for name, value in values.items() if value is not UNKNOWN}
    storage, is_storage_known = _storage(values)
    if not is_storage_known:
        known.discard("STORAGES")
    static_root = _text(values["STATIC_ROOT"])
    return Settings(
        known=frozenset(known),
        debug=bool(values["DEBUG"]),
        static_url=_text(values["STATIC_URL"]),
        static_root=as_path(values["STATIC_ROOT"], root),
        static_root_written=static_root,
        media_url=_text(values["MEDIA_URL"]) or "",
        media_root=as_path(values["MEDIA_ROOT"], root) or "",
        dirs=_dirs(values["STATICFILES_DIRS"], root),
        storage=storage,
        old_storage=_text(values["STATICFILES_STORAGE"]),
        apps=tuple(map(_app_name, _texts(values["INSTALLED_APPS"]))),
        middleware=_texts(values["MIDDLEWARE"]),
        wsgi_application=_text(values["WSGI_APPLICATION"]),
        script_name=_text(values["FORCE_SCRIPT_NAME"]) or "",
        silenced=frozenset(_texts(values["SILENCED_SYSTEM_CHECKS"])),
    )


def _value(parsed: ParsedSettings, name: str) -> Any:
    value = parsed.values.get(name, SETTINGS[name] if parsed.is_complete else UNKNOWN)
    # A list with one unknown part is as good as unknown.
    return UNKNOWN if isinstance(value, list) and UNKNOWN in value else value


def _storage(values: dict[str, Any]) -> tuple[str | None, bool]:
    storages = values["STORAGES"]
    if storages is None:
        return values["STATICFILES_STORAGE"] or PLAIN_STORAGE, True
    if not isinstance(storages, dict):
        return None, False
    chosen = storages.get("staticfiles")
    backend = chosen.get("BACKEND") if isinstance(chosen, dict) else None
    return _text(backend), chosen is None or isinstance(backend, str)


def _dirs(value: Any, root: str) -> tuple[tuple[str, str], ...]:
    pairs = [each if isinstance(each, list) and len(each) == 2 else ["", each] for each in as_list(value)]
    found = [(str(prefix), as_path(path, root)) for prefix, path in pairs]
    return tuple((prefix, path) for prefix, path in found if path is not None)


def _app_name(entry: str) -> str:
    """Return an app's name for an entry that may name its configuration: ``shop.apps.ShopConfig``."""
    if entry == f"{STATICFILES_APP}.apps.StaticFilesConfig":
        return STATICFILES_APP
    owner, _, last = entry.rpartition(".")
    return owner.removesuffix(".apps") if last[:1].isupper() else entry


def _text(value: Any) -> str | None:
    return None if value is None or value is UNKNOWN else str(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in as_list(value) if isinstance(each, str))


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
    written = [each for engine in as_list(engines) if isinstance(engine, dict) for each in _listed(engine.get("DIRS"))]
    dirs = [path for each in written if (path := as_path(each, root)) is not None]
    apps = [_app_directory(app, "templates", search) for app in settings.apps]
    return [*dirs, *(path for path in apps if path is not None and is_projects(path, root))]


def is_projects(path: str, root: str) -> bool:
    """Return whether a directory is of the project's own code, and not of an installed package."""
    real, real_root = os.path.realpath(path), os.path.realpath(root)
    if not real.startswith(real_root + os.sep):
        return False
    parts = real[len(real_root) + 1 :].split(os.sep)
    if {"site-packages", "dist-packages", "node_modules"} & set(parts):
        return False
    return not os.path.exists(os.path.join(real_root, parts[0], "pyvenv.cfg"))


def _app_directory(app: str, name: str, search: Sequence[str]) -> str | None:
    for directory in search:
        path = os.path.join(directory, *app.split("."), name)
        if os.path.isdir(path):
            return path
    return None


def _listed(value: Any) -> list[Any]:
    return [each for each in value if each is not UNKNOWN] if isinstance(value, list) else []
