"""WhiteNoise, as any WSGI application has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from whitenoise import WhiteNoise

from benchmarks.contenders import PREFIX, application, installed_version

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NAME: Final = "whitenoise"


def version() -> str:
    """Return the version that is installed."""
    return installed_version("whitenoise")


def make_application(root: str) -> WSGIApplication:
    """Return ``application`` with the files of ``root`` served in front of it."""
    return cast("WSGIApplication", WhiteNoise(application, root, PREFIX))
