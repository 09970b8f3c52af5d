"""The settings that static files depend on, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from staticserve.doctor.storage import PLAIN_STORAGE
from staticserve.doctor.values import as_dirs, as_path, as_text, as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

STATICFILES_APP: Final = "django.contrib.staticfiles"

DEFAULTS: Final[dict[str, Any]] = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings that static files depend on. ``known`` names those whose value is certain.

    Values are as written in the settings, without Django's script prefix; paths are absolute. Where settings could
    not be imported, they are what parsing gives.
    """

    known: frozenset[str]
    debug: bool = False
    static_url: str | None = None
    static_root: str | None = None
    static_root_written: str | None = None
    media_url: str = ""
    media_root: str = ""
    dirs: tuple[tuple[str, str], ...] = ()
    """(prefix, directory) of STATICFILES_DIRS."""
    storage: str | None = PLAIN_STORAGE
    """The backend of STORAGES["staticfiles"]; nothing if there is none."""
    old_storage: str | None = None
    """STATICFILES_STORAGE, which Django has not read since 5.1."""
    apps: tuple[str, ...] = ()
    """Their full names, in order."""
    middleware: tuple[str, ...] = ()
    wsgi_application: str | None = None
    script_name: str = ""
    url_was_read: bool = False
    """Whether somebody has read STATIC_URL already, which fixes the script prefix of that moment in it."""
    silenced: frozenset[str] = frozenset()
    options_problems: tuple[str, ...] = ()
    """What is wrong with STATICSERVE."""

    def knows(self, *names: str) -> bool:
        """Return whether the values of all these settings are certain."""
        return self.known.issuperset(names)

    @property
    def static_path(self) -> str:
        """Return the URL path below which static files are asked for, with both its slashes."""
        url = self.static_url or ""
        path = "/" + url.split("//", 1)[-1].partition("/")[2] if "//" in url else url
        return f"/{path.strip('/')}/" if path.strip("/") else "/"

    @property
    def is_elsewhere(self) -> bool:
        """Return whether STATIC_URL names another host, a CDN's or a bucket's."""
        return "//" in (self.static_url or "")


def make_settings(values: Mapping[str, Any], root: str, **others: Any) -> Settings:
    """Return the settings that have these values, by their Django names; nothing stands for an unknown one.

    Relative paths are below ``root``. ``others`` are fields that are not a setting's own value.
    """
    return Settings(
        debug=bool(values["DEBUG"]),
        static_url=as_text(values["STATIC_URL"]),
        static_root=as_path(values["STATIC_ROOT"], root),
        static_root_written=as_text(values["STATIC_ROOT"]),
        media_url=as_text(values["MEDIA_URL"]) or "",
        media_root=as_path(values["MEDIA_ROOT"], root) or "",
        dirs=as_dirs(values["STATICFILES_DIRS"], root),
        middleware=as_texts(values["MIDDLEWARE"]),
        wsgi_application=as_text(values["WSGI_APPLICATION"]),
        script_name=as_text(values["FORCE_SCRIPT_NAME"]) or "",
        silenced=frozenset(as_texts(values["SILENCED_SYSTEM_CHECKS"])),
        **others,
    )
