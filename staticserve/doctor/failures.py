"""Says why a project does not load, and where, without a traceback: that would show source lines and values."""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING

from staticserve.doctor.paths import is_projects
from staticserve.doctor.project import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable


def describe_failure(error: BaseException, root: str, known_names: Iterable[str] = ()) -> Failure:
    """Return what went wrong where. ``known_names`` are environment variables that the settings ask for by name."""
    frames: list[tuple[str, int | None]] = [
        (frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)
    ]
    # Of frozen modules it is no path: "<frozen os>".
    own = [frame for frame in frames if os.path.isabs(frame[0]) and is_projects(frame[0], root)]
    real = [frame for frame in frames if os.path.isfile(frame[0])]
    nowhere: tuple[str | None, int | None] = (None, None)
    file, line = own[-1] if own else real[-1] if real else nowhere
    # django.setup() loads the settings first, and then the apps by way of their registry.
    is_of_apps = any(frame[0].endswith(os.path.join("django", "apps", "registry.py")) for frame in frames)
    what = "The project's apps do not load" if is_of_apps else "The settings do not import"
    if isinstance(error, SyntaxError):
        return Failure(what, f"SyntaxError: {error.msg}", error.filename, error.lineno)
    return Failure(what, _reason(error, frames[-1][0] if frames else "", set(known_names)), file, line)


def _reason(error: BaseException, raised_in: str, known_names: set[str]) -> str:
    """Return the error's message if it cannot hold a secret; else only its kind."""
    kind = type(error).__name__
    if isinstance(error, ImportError) and error.name:
        return (
            f"{kind}: no module {error.name}" if isinstance(error, ModuleNotFoundError) else f"{kind} in {error.name}"
        )
    if isinstance(error, NameError | AttributeError) and error.name:
        return f"{kind}: {error.name}"
    if isinstance(error, KeyError) and error.args and error.args[0] in known_names:
        return f"{kind}: the environment variable {error.args[0]} is not set"
    # Django's own messages name settings and apps, not values.
    if kind in ("ImproperlyConfigured", "AppRegistryNotReady") and f"{os.sep}django{os.sep}" in raised_in:
        return f"{kind}: {' '.join(str(error).split())}"
    named = next((name for name in known_names if name in str(error)), None)
    return f"{kind}, about the environment variable {named}" if named else kind
