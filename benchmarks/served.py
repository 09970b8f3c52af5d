"""What gunicorn is told to serve: ``benchmarks.served:make("whitenoise", "<root>")``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contenders import load

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def make(name: str, root: str) -> WSGIApplication:
    """Return a contender's application."""
    return load(name).make_application(root)
