"""Static files in tests: ``django.test.Client`` and ``LiveServerTestCase`` bypass wsgi.py."""

from __future__ import annotations

from django.conf import settings
from django.test.utils import override_settings

from staticserve.django.conf import SETTING

_MIDDLEWARE = "staticserve.django.middleware.StaticServeMiddleware"


class serve_static_files(override_settings):  # a decorator, named like Django's own
    """Serves static files within a test: a decorator of test cases and functions, and a context manager.

    Files come from the finders, so that ``collectstatic`` need not have run; hashed ones from STATIC_ROOT.
    """

    def __init__(self) -> None:
        super().__init__(**_settings())

    def enable(self) -> None:
        """Apply the settings, as Django calls it."""
        self.options = _settings()
        super().enable()


def _settings() -> dict[str, object]:
    middleware = [path for path in settings.MIDDLEWARE if path != _MIDDLEWARE]
    own = getattr(settings, SETTING, {})
    return {"MIDDLEWARE": [_MIDDLEWARE, *middleware], SETTING: {**own, "use_finders": True}}
