"""The doctor's findings that need no file, as Django's system checks, and at start in the log.

``runserver``, ``migrate`` and ``check`` run system checks; gunicorn runs none. Every worker imports this, so it
imports of the doctor only what looks at settings.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import django
from django.conf import settings
from django.core import checks

from staticserve.django.live_settings import read_settings
from staticserve.doctor.asking import find_all, select
from staticserve.doctor.finding import ERROR
from staticserve.doctor.project import Project
from staticserve.doctor.quick_rules import RULES
from staticserve.doctor.settings_source import parse_settings
from staticserve.doctor.storage import known_storage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from staticserve.doctor.finding import Finding

log = logging.getLogger("staticserve")

# Django's own checks say the same of these (staticfiles.E002, E005; urls.E006): under gunicorn nobody does.
_SAID_BY_DJANGO: Final = frozenset({"staticserve.W009", "staticserve.E010", "staticserve.E018"})

# serve_static says these itself, with what it does about them.
_SAID_AT_START: Final = frozenset({"staticserve.E007", "staticserve.E008", "staticserve.E042", "staticserve.W009"})


def check_static_files(app_configs: Sequence[Any] | None = None, **options: Any) -> list[checks.CheckMessage]:
    """Return the findings as messages of Django's. Those that are silenced, Django leaves out."""
    # That STATIC_URL has been read says nothing: other checks do so.
    found = _find_or_log(url_was_read=False)
    return [_make_message(finding) for finding in found if finding.id not in _SAID_BY_DJANGO]


def log_findings() -> None:
    """Log the findings, once, when a server starts with DEBUG=False."""
    if settings.DEBUG:
        return
    silenced = set(settings.SILENCED_SYSTEM_CHECKS)
    for finding in select(_find_or_log(url_was_read="STATIC_URL" in vars(settings)), (), silenced | _SAID_AT_START):
        level = logging.ERROR if finding.severity == ERROR else logging.WARNING
        log.log(level, "%s: %s %s", finding.id, _said(finding), finding.cure.splitlines()[0])


def _find_or_log(*, url_was_read: bool) -> list[Finding]:
    """Return the findings. Whatever the settings hold, looking at them keeps no server from starting."""
    try:
        return _find(url_was_read=url_was_read)
    except Exception as error:
        log.warning("the doctor cannot look at the settings: %s", type(error).__name__)
        return []


def _find(*, url_was_read: bool) -> list[Finding]:
    """Return what the settings alone tell."""
    root = _root()
    live = read_settings(url_was_read=url_was_read)
    project = Project(
        root=root,
        module=settings.SETTINGS_MODULE,
        django=django.VERSION[:3],
        settings=live,
        parsed=parse_settings(settings.SETTINGS_MODULE, [root, *sys.path], os.environ),
        storage=known_storage(live.storage),
        environment=dict(os.environ),
    )
    return find_all(project, RULES)


def _make_message(finding: Finding) -> checks.CheckMessage:
    kind = checks.Error if finding.severity == ERROR else checks.Warning
    return kind(f"{_said(finding)} {finding.why}", hint=finding.cure, id=finding.id)


def _said(finding: Finding) -> str:
    return f"{finding.message} ({finding.file}:{finding.line})" if finding.file else finding.message


def _root() -> str:
    """Return the directory that the settings' first package is in: where manage.py is, as a rule."""
    name = settings.SETTINGS_MODULE.partition(".")[0] if isinstance(settings.SETTINGS_MODULE, str) else ""
    path: str | None = getattr(sys.modules.get(name), "__file__", None)
    if path is None:
        return os.getcwd()
    directory = os.path.dirname(os.path.abspath(path))
    return os.path.dirname(directory) if os.path.basename(path) == "__init__.py" else directory
