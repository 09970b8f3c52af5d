"""Tells the site's own scripts which release they are talking to: in a field, and in a small JSON resource."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from staticserve.catalogue.resources import Described, make_resource_maker
from staticserve.model import Coded
from staticserve.semantics.negotiation import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from staticserve.catalogue import Catalogue
    from staticserve.model import Resource
    from staticserve.options import Options

RELEASE_FILE: Final = "staticserve.json"
"""The name below the prefix that announces the release, with the option ``release_file``."""


def describe_release(catalogue: Catalogue, url: str, options: Options) -> Resource | None:
    """Return the resource that says which release a catalogue has; nothing if that is not known.

    ``{"release": "5a1b…"}``; with ``release_file="files"`` also what another build needs to keep its files.
    """
    release = catalogue.release
    if release is None:
        return None
    told: dict[str, Any] = {"release": release}
    if options.release_file == "files":
        told["releases"] = catalogue.list_releases()
    octets = json.dumps(told).encode()
    coded = Coded(IDENTITY, len(octets), octets, hashlib.sha256(octets).hexdigest())
    # It may be stored, but every use must ask whether it is still so (RFC 9111, 5.2.2.4).
    fields = {name: value for name, value in options.fields.items() if name.lower() != "cache-control"}
    make_resource = make_resource_maker(replace(options, fields={**fields, "Cache-Control": "no-cache"}))
    return make_resource(Described(RELEASE_FILE, url, [coded], 0.0, False))


def announcing(application: WSGIApplication, name: str, release: Callable[[], str | None]) -> WSGIApplication:
    """Return an application whose answers have the field ``name`` with the release."""

    def announce(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        value = release()
        if value is None:
            return application(environ, start_response)

        def start_with_release(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            is_said = any(each.lower() == name.lower() for each, _ in headers)
            return start_response(status, headers if is_said else [*headers, (name, value)], *exc_info)

        return application(environ, start_with_release)

    return announce
