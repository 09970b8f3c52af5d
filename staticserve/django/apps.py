"""The app ``staticserve.django``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.core import checks

if TYPE_CHECKING:
    from collections.abc import Sequence


class StaticServeConfig(AppConfig):
    """Names the app ``staticserve``, whatever package it is in."""

    name = "staticserve.django"
    label = "staticserve"
    verbose_name = "staticserve"

    def ready(self) -> None:
        """Register the system checks.

        Under a tag of their own: ``collectstatic`` runs those of "staticfiles", and what the doctor thinks of a project
        must not end a build.
        """
        checks.register(_check, "staticserve")


def _check(app_configs: Sequence[Any] | None = None, **options: Any) -> list[checks.CheckMessage]:
    # Imported when it is asked: the doctor has some fifty modules, which few commands need.
    from staticserve.django.checks import check_static_files

    return check_static_files(app_configs, **options)
