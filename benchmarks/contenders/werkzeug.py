"""Werkzeug's ``SharedDataMiddleware``: what a WSGI framework has built in. It knows neither sidecars nor ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from werkzeug.middleware.shared_data import SharedDataMiddleware

from benchmarks.contenders import PREFIX, application, installed_version

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NAME: Final = "werkzeug"


def version() -> str:
    """Return the version that is installed."""
    return installed_version("werkzeug")


def make_application(root: str) -> WSGIApplication:
    """Return ``application`` with the files of ``root`` served in front of it."""
    return SharedDataMiddleware(application, {PREFIX: root})
