"""What the project's static files are answered with, for ``explain``: as ``serve_static`` would with DEBUG=False."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from staticserve.django.conf import read_configuration
from staticserve.django.muted import muted
from staticserve.django.security import security_fields
from staticserve.django.static import make_static
from staticserve.doctor.explain import Sent
from staticserve.model import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from staticserve.wsgi import StaticServe


class Served:
    """Answers by what ``StaticServe`` finds and plans. Sends nothing."""

    def __init__(self, static: StaticServe) -> None:
        self._static = static

    def sizes(self, path: str) -> Mapping[str, int]:
        """Return the bytes of a URL path's representations by coding."""
        found = self._static.mounts.find(_raw(path))
        return {each.coding: each.size for each in found.representations} if isinstance(found, Resource) else {}

    def answer(self, path: str, fields: Mapping[str, str]) -> Sent | None:
        """Return status and fields of a GET's answer."""
        answer = self._static.answer(_raw(path), "GET", fields)
        if answer is None:
            return None
        plan, body = answer
        close = getattr(body, "close", None)
        if close is not None:
            close()
        return Sent(plan.status, plan.fields)


def make_served() -> Served:
    """Return what answers for this project. Raises ``ConfigurationError``."""
    with muted():
        configuration = read_configuration().with_fields(security_fields())
        options = replace(configuration.options, autorefresh=False)
        return Served(make_static(None, replace(configuration, debug=False, options=options)))


def _raw(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("latin-1")
