"""Puts StaticServe in WhiteNoise's place before its tests import it. Lies beside them as ``tests/conftest.py``."""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.test.utils import override_settings

from staticserve import StaticServe
from staticserve.django.middleware import StaticServeMiddleware
from staticserve.django.storage import StaticServeStorage

if TYPE_CHECKING:
    from staticserve.django.middleware import GetResponse

# docs/whitenoise.md, "Django". Where it has the same name in lower case, that needs no line here.
_RENAMED = {"root": "root_files"}


class Middleware(StaticServeMiddleware):
    """Reads WhiteNoise's settings as a project would have rewritten them."""

    FOREVER = 315360000

    def __init__(self, get_response: GetResponse) -> None:
        given = {
            name.removeprefix("WHITENOISE_").lower(): getattr(settings, name)
            for name in dir(settings)
            if name.startswith("WHITENOISE_")
        }
        with override_settings(STATICSERVE={_RENAMED.get(name, name): value for name, value in given.items()}):
            super().__init__(get_response)


class Absent:
    """Stands for what StaticServe has nothing like."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        raise NotImplementedError("this is a part of WhiteNoise")


_MODULES: dict[str, dict[str, Any]] = {
    "whitenoise": {"WhiteNoise": StaticServe},
    "whitenoise.responders": {"StaticFile": Absent},
    "whitenoise.middleware": {"WhiteNoiseMiddleware": Middleware, "WhiteNoiseFileResponse": Absent},
    "whitenoise.storage": {"CompressedManifestStaticFilesStorage": StaticServeStorage},
}

if os.environ["SERVED_BY"] == "staticserve":
    for name, contents in _MODULES.items():
        module = ModuleType(name)
        vars(module).update(contents)
        sys.modules[name] = module

django.setup()
