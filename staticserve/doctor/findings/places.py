"""Findings in where files are and are asked for: STATIC_URL, STATIC_ROOT, MEDIA_URL, MEDIA_ROOT."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from staticserve.doctor.paths import is_same, is_within
from staticserve.doctor.rule import Rule, Seen, show
from staticserve.doctor.settings import STATICFILES_APP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staticserve.doctor.project import Project

_ROOT: Final = 'STATIC_ROOT = BASE_DIR / "staticfiles"'


def where(project: Project, *names: str) -> tuple[str | None, int | None]:
    """Return the file and line that last set one of these settings."""
    for name in names:
        found = project.parsed.last(name)
        if found is not None:
            return found.file, found.line
    return None, None


def no_root(project: Project) -> Iterator[Seen]:
    settings = project.settings
    if project.is_deployed and settings.knows("STATIC_ROOT") and not settings.static_root and is_installed(project):
        yield Seen(
            f"STATIC_ROOT is {show(settings.static_root_written)}: collectstatic has nowhere to put the files.",
            _ROOT,
            *where(project, "STATIC_ROOT"),
        )


def no_url(project: Project) -> Iterator[Seen]:
    if project.settings.knows("STATIC_URL") and not project.settings.static_url and is_installed(project):
        yield Seen(
            f"STATIC_URL is {show(project.settings.static_url)}.",
            'STATIC_URL = "static/"',
            *where(project, "STATIC_URL"),
        )


def _no_slash(project: Project) -> Iterator[Seen]:
    url = project.settings.static_url
    if project.settings.knows("STATIC_URL") and url and not url.endswith("/"):
        yield Seen(
            f"STATIC_URL is {show(url)}, without a slash at its end.",
            f"STATIC_URL = {show(url + '/')}",
            *where(project, "STATIC_URL"),
        )


def _root_is_source(project: Project) -> Iterator[Seen]:
    root = project.settings.static_root
    if root and any(is_same(path, root) for _, path in project.settings.dirs):
        yield Seen(
            f"STATIC_ROOT, {show(root)}, is also in STATICFILES_DIRS.",
            f"Keep your own files and the collected ones apart:\n{_ROOT}",
            *where(project, "STATICFILES_DIRS"),
        )


def _root_within_source(project: Project) -> Iterator[Seen]:
    root = project.settings.static_root
    sources = [*(path for _, path in project.settings.dirs), *(place.directory for place in project.places)]
    inside = next((path for path in sources if root and is_within(root, path)), None)
    if inside is not None:
        yield Seen(
            f"STATIC_ROOT, {show(root)}, is inside {show(inside)}, which collectstatic copies from.",
            f"Move it out, and delete the copies in it:\n{_ROOT}",
            *where(project, "STATIC_ROOT"),
        )


def _sub_path(project: Project) -> Iterator[Seen]:
    settings = project.settings
    script_name = (settings.script_name or project.environment.get("SCRIPT_NAME", "")).rstrip("/")
    url = settings.static_url or ""
    if script_name and settings.url_was_read and url and not url.startswith("/") and "//" not in url:
        yield Seen(
            f"The site is below {show(script_name)}, and something reads settings.STATIC_URL while the project loads: "
            "that fixes it without the prefix that requests have.",
            "Read settings.STATIC_URL in functions, not where modules are imported.",
        )
    if script_name and url.startswith("/") and not url.startswith(("//", f"{script_name}/")):
        yield Seen(
            f"The site is below {show(script_name)}, but STATIC_URL is {show(url)}: pages link to {url}…, "
            "outside of it.",
            f"STATIC_URL = {show(url.lstrip('/'))}  # relative: Django puts {script_name}/ before it",
            *where(project, "STATIC_URL"),
        )


def _relative_root(project: Project) -> Iterator[Seen]:
    written = project.settings.static_root_written
    if project.settings.knows("STATIC_ROOT") and written and not os.path.isabs(written):
        yield Seen(
            f"STATIC_ROOT is {show(written)}, which is below whatever directory a process is started in.",
            f"STATIC_ROOT = BASE_DIR / {show(written)}",
            *where(project, "STATIC_ROOT"),
        )


def media(project: Project) -> Iterator[Seen]:
    settings = project.settings
    root, url = settings.static_root, settings.static_url or ""
    place = where(project, "MEDIA_ROOT", "MEDIA_URL")
    cure = 'MEDIA_URL = "media/"\nMEDIA_ROOT = BASE_DIR / "media"'
    if root and settings.media_root and (is_same(root, settings.media_root) or is_within(settings.media_root, root)):
        yield Seen(
            f"MEDIA_ROOT, {show(settings.media_root)}, is in STATIC_ROOT, {show(root)}: "
            "`collectstatic --clear` deletes the uploads.",
            cure,
            *place,
        )
    elif (
        settings.media_url and url.strip("/") and f"/{settings.media_url.lstrip('/')}".startswith(f"/{url.lstrip('/')}")
    ):
        yield Seen(
            f"MEDIA_URL, {show(settings.media_url)}, is below STATIC_URL, {show(url)}: "
            "uploads are asked for as static files.",
            cure,
            *place,
        )


def is_installed(project: Project) -> bool:
    return STATICFILES_APP in project.settings.apps or not project.settings.knows("INSTALLED_APPS")


RULES: Final = (
    Rule(
        "E007",
        "settings",
        "STATIC_ROOT is not set",
        "collectstatic fails, and a server has nothing to serve.",
        no_root,
    ),
    Rule(
        "E008",
        "settings",
        "STATIC_URL is not set",
        "{% static %} raises ImproperlyConfigured: every page that uses it is an error 500.",
        no_url,
    ),
    Rule(
        "W009",
        "settings",
        "STATIC_URL has no slash at its end",
        "{% get_static_prefix %} prints broken URLs; neither collectstatic nor gunicorn says so.",
        _no_slash,
    ),
    Rule(
        "E010",
        "settings",
        "STATIC_ROOT is in STATICFILES_DIRS",
        "collectstatic refuses to run: it would copy the files onto themselves.",
        _root_is_source,
    ),
    Rule(
        "W011",
        "settings",
        "STATIC_ROOT is inside a source",
        "Every collectstatic copies the earlier copy one level deeper, so it grows with each build.",
        _root_within_source,
    ),
    Rule(
        "W026",
        "settings",
        "STATIC_URL loses the sub-path",
        "Behind a proxy that serves the site below a path, static URLs lead elsewhere.",
        _sub_path,
    ),
    Rule(
        "W027",
        "settings",
        "STATIC_ROOT depends on the current directory",
        "collectstatic writes to one directory and the server, started elsewhere, reads another.",
        _relative_root,
    ),
    Rule(
        "E028",
        "settings",
        "uploads are among the static files",
        "Uploads are lost or served as files that never change; Django refuses this only with DEBUG=True.",
        media,
    ),
)
