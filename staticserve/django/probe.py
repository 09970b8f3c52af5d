"""Drives the project's own WSGI application in this process, as its server would with DEBUG=False."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from django.apps import apps
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.urls import reverse

from staticserve.doctor.probe import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from _typeshed.wsgi import WSGIApplication


class Application:
    """The project's application. While it is entered, nothing is logged: 404s are asked for."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    @classmethod
    def load(cls) -> Application | str:
        """Return the application of WSGI_APPLICATION, or why there is none. DEBUG is False from now on."""
        settings.DEBUG = False
        try:
            with redirect_stdout(sys.stderr):
                return cls(get_internal_wsgi_application())
        # wsgi.py is the project's own code.
        except (Exception, SystemExit) as error:
            return f"{settings.WSGI_APPLICATION or 'the WSGI application'} cannot be loaded ({_kind(error)})"

    @property
    def pages(self) -> list[str]:
        """Return the pages to look at: the first one, and the admin's login."""
        pages = ["/"]
        if apps.is_installed("django.contrib.admin"):
            try:
                pages.append(reverse("admin:login"))
            # No admin in the URLs; or URLs that do not import, which the first page says.
            except Exception:
                return pages
        return pages

    def ask(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Return the answer to a GET."""
        answer: dict[str, Any] = {"status": 500, "fields": {}}

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            answer["status"] = int(status[:3])
            answer["fields"] = {name.lower(): value for name, value in headers}
            return lambda octets: None

        try:
            with redirect_stdout(sys.stderr):
                body = self._application(_environ(url, fields), start_response)
                try:
                    octets = b"".join(body)
                finally:
                    close = getattr(body, "close", None)
                    if close is not None:
                        close()
        # What escapes an application is the server's 500.
        except Exception:
            return Answer(500, {}, b"")
        return Answer(answer["status"], answer["fields"], octets)

    def __enter__(self) -> Self:
        self._disabled = logging.root.manager.disable
        logging.disable(logging.CRITICAL)
        return self

    def __exit__(self, *_: object) -> None:
        logging.disable(self._disabled)


def _environ(url: str, fields: Mapping[str, str]) -> dict[str, Any]:
    split = urlsplit(url)
    host = next((each.lstrip(".") for each in settings.ALLOWED_HOSTS if each != "*"), "localhost")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(split.path, "latin-1"),
        "QUERY_STRING": split.query,
        "SERVER_NAME": host,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if settings.SECURE_PROXY_SSL_HEADER:
        environ[settings.SECURE_PROXY_SSL_HEADER[0]] = settings.SECURE_PROXY_SSL_HEADER[1]
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields.items()}
    return environ


def _kind(error: BaseException) -> str:
    name = getattr(error, "name", None)
    return f"{type(error).__name__}: {name}" if isinstance(error, ImportError) and name else type(error).__name__
