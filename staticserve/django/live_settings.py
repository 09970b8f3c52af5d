"""Reads a project's settings as they are, for the doctor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import django
from django.apps import apps

from staticserve.django.conf import SETTING, raw_setting, read_configuration
from staticserve.django.muted import muted
from staticserve.doctor.settings import DEFAULTS, make_settings
from staticserve.doctor.storage import PLAIN_STORAGE
from staticserve.doctor.values import as_text, as_texts
from staticserve.errors import ConfigurationError

if TYPE_CHECKING:
    from staticserve.doctor.settings import Settings


def read_settings(*, url_was_read: bool) -> Settings:
    """Return the settings as they are, without fixing the script prefix in STATIC_URL."""
    values = {name: raw_setting(name) for name in DEFAULTS}
    # Of apps that are given by their configuration, the registry knows the names.
    names = [config.name for config in apps.get_app_configs()] if apps.ready else values["INSTALLED_APPS"]
    return make_settings(
        values,
        os.getcwd(),
        known=frozenset(DEFAULTS),
        storage=_storage(values["STORAGES"]),
        old_storage=as_text(values["STATICFILES_STORAGE"]) if django.VERSION >= (5, 1) else None,
        apps=as_texts(names),
        url_was_read=url_was_read,
        options_problems=_options_problems(),
    )


def _storage(storages: Any) -> str | None:
    chosen = storages.get("staticfiles") if isinstance(storages, dict) else None
    return as_text(chosen.get("BACKEND", PLAIN_STORAGE)) if isinstance(chosen, dict) else None


def _options_problems() -> tuple[str, ...]:
    try:
        with muted():
            read_configuration()
    except ConfigurationError as error:
        return tuple(error.problems) if error.where == SETTING else ()
    # Of values that are not what they should be there are other findings.
    except Exception:
        return ()
    return ()
