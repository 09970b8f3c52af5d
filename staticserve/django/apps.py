"""The app ``staticserve.django``."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from staticserve.django.checks import check_static_files


class StaticServeConfig(AppConfig):
    """Names the app ``staticserve``, whatever package it is in."""

    name = "staticserve.django"
    label = "staticserve"
    verbose_name = "staticserve"

    def ready(self) -> None:
        """Register the system checks."""
        checks.register(check_static_files, "staticfiles")
