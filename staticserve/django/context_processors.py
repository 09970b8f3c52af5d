"""Puts the release into the context of every template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from staticserve.django.release import read_release

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest


def release(request: HttpRequest) -> dict[str, Callable[[], str]]:
    """Return ``static_release``. It is a function, which templates call: most print no release."""
    return {"static_release": read_release}
