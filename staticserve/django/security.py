"""What Django's SecurityMiddleware adds to a response, for responses that never reach it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.middleware.security import SecurityMiddleware
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from staticserve.wsgi import StaticServe


def is_installed() -> bool:
    """Return whether MIDDLEWARE has SecurityMiddleware or a class made from it."""
    for path in settings.MIDDLEWARE:
        middleware = import_string(path)
        if isinstance(middleware, type) and issubclass(middleware, SecurityMiddleware):
            return True
    return False


def security_fields() -> dict[str, str]:
    """Return the fields that are the same on every response. nosniff is ours in any case."""
    if not is_installed():
        return {}
    fields = {}
    policy = settings.SECURE_REFERRER_POLICY
    if policy:
        policies = policy.split(",") if isinstance(policy, str) else policy
        fields["Referrer-Policy"] = ",".join(each.strip() for each in policies)
    if settings.SECURE_CROSS_ORIGIN_OPENER_POLICY:
        fields["Cross-Origin-Opener-Policy"] = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
    return fields


def secure_transport(static: StaticServe, application: WSGIApplication) -> WSGIApplication:
    """Return ``static``, with HSTS and the redirect to https around it if the settings ask for them."""
    if not (is_installed() and (settings.SECURE_HSTS_SECONDS or settings.SECURE_SSL_REDIRECT)):
        return static
    return SecureTransport(static, application)


class SecureTransport:
    """Adds Strict-Transport-Security to secure responses; insecure requests go to Django to be redirected."""

    def __init__(self, static: StaticServe, application: WSGIApplication) -> None:
        self.static = static
        self._application = application
        self._redirects = settings.SECURE_SSL_REDIRECT
        self._exempt = [re.compile(pattern) for pattern in settings.SECURE_REDIRECT_EXEMPT]
        self._proxy_header: tuple[str, str] | None = settings.SECURE_PROXY_SSL_HEADER
        self._hsts = _hsts_value()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if self.is_secure(environ):
            if self._hsts is None:
                return self.static(environ, start_response)
            return self.static(environ, _adding(start_response, "Strict-Transport-Security", self._hsts))
        if self._redirects and not any(pattern.search(self._path(environ)) for pattern in self._exempt):
            return self._application(environ, start_response)
        return self.static(environ, start_response)

    def is_secure(self, environ: WSGIEnvironment) -> bool:
        """Return what ``HttpRequest.is_secure`` would."""
        if self._proxy_header is not None:
            name, secure_value = self._proxy_header
            value = environ.get(name)
            if value is not None:
                return bool(value.split(",", 1)[0].strip() == secure_value)
        return bool(environ["wsgi.url_scheme"] == "https")

    def _path(self, environ: WSGIEnvironment) -> str:
        # SecurityMiddleware matches its patterns against the whole path without its first slashes.
        path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        return path.encode("latin-1", "replace").decode("utf-8", "replace").lstrip("/")


def _hsts_value() -> str | None:
    if not settings.SECURE_HSTS_SECONDS:
        return None
    value = f"max-age={settings.SECURE_HSTS_SECONDS}"
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        value += "; includeSubDomains"
    if settings.SECURE_HSTS_PRELOAD:
        value += "; preload"
    return value


def _adding(start_response: StartResponse, name: str, value: str) -> StartResponse:
    def start_with_field(
        status: str,
        fields: list[tuple[str, str]],
        exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None = None,
    ) -> Callable[[bytes], object]:
        # A response of the application's has it from SecurityMiddleware, or its own.
        if not any(field[0].lower() == name.lower() for field in fields):
            fields.append((name, value))
        return start_response(status, fields, exc_info) if exc_info else start_response(status, fields)

    return start_with_field
