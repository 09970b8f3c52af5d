"""Serves static files from where the finders find them, through Django's own view: for DEBUG and for tests."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.contrib.staticfiles.views import serve
from django.core.exceptions import SuspiciousFileOperation
from django.core.handlers.wsgi import WSGIHandler, get_path_info, get_script_name
from django.http import Http404

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from django.http import FileResponse, HttpRequest, HttpResponse

    from staticserve.django.conf import Configuration


class FinderHandler:
    """Serves what the finders find below the static prefixes; all else is the application's."""

    def __init__(self, application: WSGIApplication, configuration: Configuration) -> None:
        self._application = application
        self._prefixes = configuration.prefixes
        # Under DEBUG what the finders do not have is Django's 404 page; else STATIC_ROOT may have it, hashed.
        self._answers_misses = configuration.debug and configuration.answers_misses
        self._view = _ViewHandler(configuration.prefixes)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request for a static file, or have the application do it."""
        path = get_path_info(environ)
        name = find_name(self._prefixes, path, get_script_name(environ) + path)
        if name is not None and (self._answers_misses or is_found(name)):
            return self._view(environ, start_response)
        return self._application(environ, start_response)


class _ViewHandler(StaticFilesHandler):
    """Django's handler for ``runserver``, told where static URLs are.

    Left to itself it reads ``settings.STATIC_URL`` on construction, which fixes its script prefix too early.
    """

    def __init__(self, prefixes: tuple[str, ...]) -> None:
        self._prefixes = prefixes
        super().__init__(WSGIHandler())

    def get_base_url(self) -> str:
        return self._prefixes[0]

    def _should_handle(self, path: str) -> bool:
        return True

    def serve(self, request: HttpRequest) -> HttpResponse | FileResponse:
        name = find_name(self._prefixes, request.path_info, request.path)
        return serve_found(request, name or "")


def serve_found(request: HttpRequest, name: str) -> HttpResponse | FileResponse:
    """Return the response of Django's view. Raises ``Http404``, also for names that the view chokes on."""
    try:
        return serve(request, name, insecure=True)
    # It leads out of the finders' directories, or holds a NUL.
    except (SuspiciousFileOperation, ValueError) as error:
        raise Http404(name) from error


def is_found(name: str) -> bool:
    """Return whether Django's view, which normalises names like this, would have something to send."""
    try:
        return bool(finders.find(posixpath.normpath(name).lstrip("/")))
    except (SuspiciousFileOperation, ValueError):
        return False


def find_name(prefixes: tuple[str, ...], *paths: str) -> str | None:
    """Return the first of ``paths`` that has one of the prefixes, without it."""
    for path in paths:
        for prefix in prefixes:
            if path.startswith(prefix):
                return path[len(prefix) :]
    return None
