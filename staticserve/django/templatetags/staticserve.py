"""``{% load staticserve %}``: the tag ``{% static_release %}`` prints the release."""

from __future__ import annotations

from django import template

from staticserve.django.release import read_release

register = template.Library()


@register.simple_tag
def static_release() -> str:
    """Return the release whose static URLs this page has."""
    return read_release()
