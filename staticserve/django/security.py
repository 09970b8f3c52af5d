"""What Django's SecurityMiddleware adds to a response, for responses that never reach it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.middleware.security import SecurityMiddleware
from django.utils.module_loading import import_string

from staticserve.environs import field_name, request_scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from staticserve.model import Fields
    from staticserve.wsgi import StaticServe


def is_installed(before: str | None = None) -> bool:
    """Return whether MIDDLEWARE has SecurityMiddleware or a class made from it; ``before`` another, if one is named."""
    for path in settings.MIDDLEWARE:
        if path == before:
            return False
        middleware = import_string(path)
        if isinstance(middleware, type) and issubclass(middleware, SecurityMiddleware):
            return True
    return False


def security_fields(before: str | None = None) -> dict[str, str]:
    """Return the fields that are the same on every response. nosniff is ours in any case."""
    if not is_installed(before):
        return {}
    fields = {}
    policy = settings.SECURE_REFERRER_POLICY
    if policy:
        policies = policy.split(",") if isinstance(policy, str) else policy
        fields["Referrer-Policy"] = ",".join(each.strip() for each in policies)
    if settings.SECURE_CROSS_ORIGIN_OPENER_POLICY:
        fields["Cross-Origin-Opener-Policy"] = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
    return fields


def read_transport(before: str | None = None) -> SecureTransport | None:
    """Return what SecurityMiddleware's settings ask of each request; nothing if they ask nothing."""
    if not (is_installed(before) and (settings.SECURE_HSTS_SECONDS or settings.SECURE_SSL_REDIRECT)):
        return None
    return SecureTransport()


class SecureTransport:
    """Tells which requests are secure, and what that means for the answer."""

    def __init__(self) -> None:
        self._redirects = settings.SECURE_SSL_REDIRECT
        self._exempt = [re.compile(pattern) for pattern in settings.SECURE_REDIRECT_EXEMPT]
        self._proxy_header: tuple[str, str] | None = settings.SECURE_PROXY_SSL_HEADER
        hsts = _hsts_value()
        self._secure_fields: Fields = () if hsts is None else (("Strict-Transport-Security", hsts),)
        self.scheme_field = None if self._proxy_header is None else field_name(self._proxy_header[0])
        # A variable that is no field of the request is known only when the server has made the environ.
        self.is_told_by_request = self._proxy_header is None or self.scheme_field is not None

    def added_fields(self, environ: Mapping[str, Any]) -> Fields | None:
        """Return the fields to add to an answer; nothing if Django is to redirect the request."""
        if request_scheme(environ, self._proxy_header) == "https":
            return self._secure_fields
        if self._redirects and not any(pattern.search(_path(environ)) for pattern in self._exempt):
            return None
        return ()


class SecureApplication:
    """A ``StaticServe`` behind its transport; requests that must be redirected go to Django, which does it."""

    def __init__(self, static: StaticServe, transport: SecureTransport, application: WSGIApplication) -> None:
        self._static = static
        self._transport = transport
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        fields = self._transport.added_fields(environ)
        if fields is None:
            return self._application(environ, start_response)
        return self._static(environ, _adding(start_response, fields) if fields else start_response)


def _path(environ: Mapping[str, Any]) -> str:
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


def _adding(start_response: StartResponse, added: Fields) -> StartResponse:
    def start_with_fields(
        status: str,
        fields: list[tuple[str, str]],
        exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None = None,
    ) -> Callable[[bytes], object]:
        # A response of the application's has them from SecurityMiddleware, or its own.
        names = {name.lower() for name, _ in fields}
        fields.extend(field for field in added if field[0].lower() not in names)
        return start_response(status, fields, exc_info) if exc_info else start_response(status, fields)

    return start_with_fields
