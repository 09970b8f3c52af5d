"""The Django face: serves STATIC_ROOT under STATIC_URL, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from staticserve.django.conf import read_configuration
from staticserve.django.finders import FinderHandler
from staticserve.django.security import SecureApplication, read_transport, security_fields
from staticserve.django.static import make_static

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["serve_static"]


def serve_static(application: WSGIApplication) -> WSGIApplication:
    """Return a WSGI application that serves the project's static files before it asks ``application``.

    Write it in wsgi.py, around ``get_wsgi_application()``. With DEBUG=True static URLs go to Django's own
    finder-backed handler; with DEBUG=False STATIC_ROOT is served under STATIC_URL. Settings are read here, once.
    Raises ``ConfigurationError`` for a STATICSERVE that cannot be used and for a missing STATIC_URL.
    """
    # Imported here: commands like collectstatic import this package, too, and have no use for the doctor.
    from staticserve.django.checks import log_findings

    configuration = read_configuration()
    log_findings()
    if configuration.debug and configuration.use_finders:
        found = FinderHandler(application, configuration)
        return make_static(found, configuration, with_static_root=False)
    static = make_static(application, configuration.with_fields(security_fields()))
    if configuration.use_finders:
        static.may_answer_early = False
        return FinderHandler(static, configuration)
    static.transport = transport = read_transport()
    static.may_answer_early = transport is None or transport.is_told_by_request
    return static if transport is None else SecureApplication(static, transport, application)
