"""The app ``staticserve.django``."""

from __future__ import annotations

from django.apps import AppConfig


class StaticServeConfig(AppConfig):
    """Names the app ``staticserve``, whatever package it is in."""

    name = "staticserve.django"
    label = "staticserve"
    verbose_name = "staticserve"
