"""staticserve, as any WSGI application has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.contenders import PREFIX, application, installed_version
from staticserve import StaticServe

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NAME: Final = "staticserve"


def version() -> str:
    """Return the version that is installed."""
    return installed_version("django-staticserve")


def make_application(root: str) -> WSGIApplication:
    """Return ``application`` with the files of ``root`` served in front of it."""
    return StaticServe(application, root, PREFIX)
