"""What gunicorn is told to serve: ``benchmarks.served:make("whitenoise", "<root>")``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from benchmarks.contenders import PREFIX, application, load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SLEEP: Final = "/sleep"
"""The path of a view that takes a second, of which it does nothing."""


def make(name: str, root: str) -> WSGIApplication:
    """Return a contender's application."""
    return load(name).make_application(root)


def make_sleepy(name: str, root: str) -> WSGIApplication:
    """Return a contender's application with a view that sleeps."""
    contender = make(name, root)

    def sleep_or_ask(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == SLEEP:
            time.sleep(1)
        return contender(environ, start_response)

    return sleep_or_ask


def make_rooted(root: str) -> WSGIApplication:
    """Return staticserve's application with files below "/", too, as Django's ``root_files`` has them."""
    # Imported here: the other contenders' processes are to have nothing of it.
    from staticserve import StaticServe
    from staticserve.manifest import Manifest

    static = StaticServe(application, root, PREFIX)
    static.add_directory(root, ("/",), Manifest, answers_misses=False)
    return static
