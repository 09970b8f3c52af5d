"""What is measured: one module for each contender.

Each has the same three names: ``NAME``, ``version()`` and ``make_application(root)``, which serves the files of a
directory below ``PREFIX`` with the contender's defaults and passes everything else on to ``application``. nginx, which
is no WSGI application, has ``make_command`` in the place of the third.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX: Final = "/static/"

NAMES: Final = ("staticserve", "whitenoise", "servestatic", "werkzeug")
"""The WSGI contenders, as their modules are called."""

PEER: Final = "whitenoise"
"""The contender that the others are compared with."""


class Contender(Protocol):
    """A contender's module."""

    NAME: str

    def version(self) -> str:
        """Return the version that is installed."""

    def make_application(self, root: str) -> WSGIApplication:
        """Return ``application`` with the files of ``root`` served in front of it."""


def load(name: str) -> Contender:
    """Import a WSGI contender."""
    return cast("Contender", import_module(f"{__name__}.{name}"))


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the least of all WSGI applications: what a miss is passed on to."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "1")])
    return [b"x"]


def installed_version(distribution: str) -> str:
    """Return the version of an installed distribution."""
    # Imported here, so that importing a contender costs what it costs its users.
    from importlib.metadata import version

    return version(distribution)
