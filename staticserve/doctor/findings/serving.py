"""Findings in what serves the files: nothing, two at once, or one that does it badly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from staticserve.doctor.findings.places import where
from staticserve.doctor.rule import Rule, Seen, show
from staticserve.doctor.settings import STATICFILES_APP
from staticserve.semantics.media_types import MEDIA_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staticserve.doctor.project import Project

WRAP: Final = (
    "from staticserve.django import serve_static\n\napplication = serve_static(get_wsgi_application())  # in wsgi.py"
)

_SECURITY: Final = "django.middleware.security.SecurityMiddleware"
_WHITENOISE: Final = "whitenoise.middleware.WhiteNoiseMiddleware"

JUDGED: Final = (".css", ".js", ".mjs", ".wasm", ".svg", ".json", ".woff", ".woff2", ".webmanifest")
"""A script or style of another type is refused; of a font any type will do, if there is one."""

_SAME: Final = {"application/javascript": "text/javascript", "application/x-javascript": "text/javascript"}

_MUCH_TEXT: Final = 64 * 1024
_TEXT: Final = (".css", ".js", ".mjs", ".svg", ".json", ".html", ".txt", ".map")

# Of a worker with a small Django project, in bytes.
_BYTES_OF_A_WORKER: Final = 90 * 1024 * 1024
_MEMORY_OF_FILES: Final = 64 * 1024 * 1024


def nobody_serves(project: Project) -> Iterator[Seen]:
    settings = project.settings
    if not project.is_deployed or not settings.knows("MIDDLEWARE", "STATIC_URL") or not settings.static_url:
        return
    if project.servers or project.fronts or settings.is_elsewhere or STATICFILES_APP not in settings.apps:
        return
    yield Seen(
        f"With DEBUG=False nothing serves {settings.static_path}: neither {_wsgi(project)} nor MIDDLEWARE has a static "
        "server, and there is no configuration of nginx, Apache or Caddy that names it.",
        WRAP,
        *where(project, "WSGI_APPLICATION"),
    )


def _wsgi(project: Project) -> str:
    return project.settings.wsgi_application or "wsgi.py"


def _two_servers(project: Project) -> Iterator[Seen]:
    in_code = {each.name for each in project.servers if each.line}
    in_middleware = {each.name for each in project.servers if not each.line}
    names = sorted((in_code | in_middleware) - {"django's view"})
    place = where(project, "MIDDLEWARE")
    if len(names) > 1 or (in_code & in_middleware):
        said = " and ".join(names) if len(names) > 1 else f"{names[0]} twice, in wsgi.py and in MIDDLEWARE,"
        yield Seen(
            f"Static files are served by {said}.",
            "Keep one: take the other out of MIDDLEWARE or wsgi.py.",
            *place,
        )
    order = project.settings.middleware
    if _WHITENOISE in order and _SECURITY in order and order.index(_WHITENOISE) < order.index(_SECURITY):
        yield Seen(
            "WhiteNoiseMiddleware stands before SecurityMiddleware.",
            f"MIDDLEWARE = [\n    {_SECURITY!r},\n    {_WHITENOISE!r},\n    # the others\n]",
            *place,
        )


def _types(project: Project) -> Iterator[Seen]:
    is_views = project.server in ("django's view", "django", "dj_static")
    if not is_views and (project.is_deployed or project.server is not None):
        return
    endings = {f".{name.rpartition('.')[2].lower()}" for name in project.found}
    for ending in sorted(endings & set(JUDGED)):
        guessed, right = project.guessed_types.get(ending), MEDIA_TYPES[ending]
        is_font = right.startswith("font/")
        if guessed == right or _SAME.get(guessed or "") == right or (is_font and (guessed or not project.is_deployed)):
            continue
        if guessed is None and not is_font and ending != ".mjs" and ending != ".wasm":
            continue
        yield Seen(
            f"This machine's table says that {ending} is {show(guessed)}; it is {show(right)}.",
            WRAP
            if project.is_deployed
            else f'import mimetypes\n\nmimetypes.add_type("{right}", "{ending}")  # in settings',
        )


def _uncompressed(project: Project) -> Iterator[Seen]:
    if not project.is_deployed or project.fronts or project.settings.is_elsewhere or project.server is None:
        return
    size = sum(size for name, size in project.collected.items() if name.endswith(_TEXT))
    if size > _MUCH_TEXT and not project.codings:
        if project.server == "whitenoise":
            backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
        else:
            backend = "staticserve.django.storage.StaticServeStorage"
        yield Seen(
            f"{size / 1000:,.0f} kB of text are collected, and none of it is compressed.",
            f'STORAGES["staticfiles"] = {{"BACKEND": "{backend}"}}\n# then: python manage.py collectstatic',
            *where(project, "STORAGES"),
        )


def _no_retention(project: Project) -> Iterator[Seen]:
    if not project.deploy or not project.storage.hashes or project.has_store or project.manifest is None:
        return
    if project.fronts or project.settings.is_elsewhere:
        return
    yield Seen(
        "Only the files of the last collectstatic are there; there is no release store.",
        'STORAGES["staticfiles"] = {"BACKEND": "staticserve.django.storage.StaticServeStorage"}\n'
        "# then: python manage.py collectstatic",
        *where(project, "STORAGES"),
    )


def _memory(project: Project) -> Iterator[Seen]:
    workers, ram = project.environment.get("WEB_CONCURRENCY", ""), project.environment.get("DYNO_RAM", "")
    if not project.deploy or not (workers.isdecimal() and ram.isdecimal()):
        return
    held = min(_MEMORY_OF_FILES, sum(project.collected.values()))
    needed = int(workers) * (_BYTES_OF_A_WORKER + held)
    if needed > int(ram) * 1024 * 1024:
        yield Seen(
            f"WEB_CONCURRENCY={workers} workers with up to {held / 1e6:.0f} MB of files in memory each need about "
            f"{needed / 1e6:,.0f} MB, and the dyno has {ram} MB.",
            'preload_app = True  # in gunicorn.conf.py; and STATICSERVE = {"memory": 16 * 1024 * 1024}',
        )


def _debug_deployed(project: Project) -> Iterator[Seen]:
    settings = project.settings
    if project.environment.get("DYNO", "").startswith("web.") and settings.knows("DEBUG") and settings.debug:
        yield Seen(
            "DEBUG is True on a web dyno: Django serves static files itself, without hashes and caching.",
            'DEBUG = os.environ.get("DEBUG") == "1"',
            *where(project, "DEBUG"),
        )


RULES: Final = (
    Rule(
        "E006",
        "serving",
        "nothing serves static files",
        "runserver serves them with DEBUG=True only; in production every static URL is a 404.",
        nobody_serves,
    ),
    Rule(
        "W023",
        "serving",
        "files of earlier releases are gone",
        "After a deploy, pages and caches that still have the old names get 404s.",
        _no_retention,
    ),
    Rule(
        "W030",
        "serving",
        "wrong media types",
        'Browsers refuse a script or style of another type: "Failed to load module script".',
        _types,
    ),
    Rule(
        "W031",
        "serving",
        "two static servers",
        "They disagree on caching and 404s, and files skip the security headers.",
        _two_servers,
    ),
    Rule(
        "W032",
        "serving",
        "nothing is compressed",
        "Text is sent three to five times larger than it need be; Heroku's router compresses nothing.",
        _uncompressed,
    ),
    Rule("W033", "serving", "memory is short", "The dyno swaps or is killed: R14, R15.", _memory),
    Rule(
        "W046",
        "serving",
        "DEBUG in production",
        "It is slow, and shows settings and code to strangers.",
        _debug_deployed,
    ),
)
