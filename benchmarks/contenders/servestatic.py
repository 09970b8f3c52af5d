"""ServeStatic, as any WSGI application has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from servestatic import ServeStatic  # type: ignore[import-untyped]  # it says nothing of its types

from benchmarks.contenders import PREFIX, application, installed_version

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NAME: Final = "servestatic"


def version() -> str:
    """Return the version that is installed."""
    return installed_version("servestatic")


def make_application(root: str) -> WSGIApplication:
    """Return ``application`` with the files of ``root`` served in front of it."""
    return cast("WSGIApplication", ServeStatic(application, root, PREFIX))
