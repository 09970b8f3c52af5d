"""Reads Django's settings: where static files are, under which URLs, and the dict ``STATICSERVE``."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.conf import settings

from staticserve.errors import ConfigurationError
from staticserve.options import Checks, Options, boolean, check_options, count, make_options, places, share
from staticserve.pipeline.options import BuildOptions
from staticserve.pipeline.releases import RETENTION_NAMES, RetentionRules
from staticserve.wsgi import make_prefix

log = logging.getLogger("staticserve")

SETTING: Final = "STATICSERVE"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the settings say, checked."""

    debug: bool
    static_root: str | None
    """Absolute."""
    prefixes: tuple[str, ...]
    """The URL paths under which requests for static files arrive."""
    use_finders: bool
    root_files: str | None
    """The directory served at ``/``, absolute."""
    options: Options
    build: BuildOptions

    @property
    def answers_misses(self) -> bool:
        """Return whether an unknown static URL is a 404 of ours. Under ``/`` every URL looks like one."""
        return "/" not in self.prefixes and self.options.misses == "answer"

    def with_fields(self, fields: dict[str, str]) -> Configuration:
        """Return the same with more fields on every answer. The user's own win."""
        return replace(self, options=replace(self.options, fields={**fields, **self.options.fields}))


def read_configuration() -> Configuration:
    """Return the configuration. Raises ``ConfigurationError``, with all that is wrong in one message.

    It leaves ``settings.STATIC_URL`` unread: the first access adds the script prefix of that moment and keeps the
    result, so that ``{% static %}`` would print URLs without the prefix that the first request has.
    """
    debug = bool(settings.DEBUG)
    given = getattr(settings, SETTING, {})
    if not isinstance(given, dict):
        raise ConfigurationError(SETTING, [f"it must be a dict, not {given!r}"])
    own, problems = check_options({name: given[name] for name in _OWN_CHECKS if name in given}, _OWN_CHECKS)
    rest = {name: value for name, value in given.items() if name not in _OWN_CHECKS}
    try:
        taken = {"misses": "answer", "autorefresh": debug, "secure_proxy_ssl_header": settings.SECURE_PROXY_SSL_HEADER}
        options = make_options(taken | rest, SETTING, also=_OWN_CHECKS)
    except ConfigurationError as error:
        raise ConfigurationError(SETTING, [*error.problems, *problems]) from None
    if problems:
        raise ConfigurationError(SETTING, problems)
    return Configuration(
        debug=debug,
        static_root=_absolute(settings.STATIC_ROOT),
        prefixes=static_prefixes(raw_setting("STATIC_URL"), settings.FORCE_SCRIPT_NAME),
        use_finders=own.get("use_finders", debug),
        root_files=own.pop("root_files", None),
        options=options,
        build=BuildOptions(
            options=replace(options, autorefresh=False),
            retention=RetentionRules(**{name: own[name] for name in RETENTION_NAMES if name in own}),
            **{name: own[name] for name in _BUILD_NAMES if name in own},
        ),
    )


def raw_setting(name: str) -> Any:
    """Return a setting as it was written, without Django's script prefix, and without fixing that prefix."""
    settings.DEBUG  # noqa: B018  # the first access of any setting loads them
    return getattr(settings._wrapped, name, None)


def static_prefixes(static_url: object, force_script_name: str | None) -> tuple[str, ...]:
    """Return the URL paths under which files of this STATIC_URL are asked for, each with both its slashes.

    A relative URL is below the script prefix, which servers take off PATH_INFO, and proxies sometimes do not. Of
    a URL with a host, a CDN's, the path counts: that is what the CDN pulls.
    """
    url = str(static_url or "")
    if not url:
        raise ConfigurationError("STATIC_URL", ["it is not set; write STATIC_URL = 'static/'"])
    split = urlsplit(url)
    if not split.path.endswith("/"):
        log.warning("STATIC_URL %r should end in a slash: {%% get_static_prefix %%} prints it as it is", url)
    prefix = make_prefix(unquote(split.path))
    script_name = make_prefix(force_script_name).rstrip("/")
    if not script_name or split.netloc:
        return (prefix,)
    if not split.path.startswith("/"):
        return (prefix, script_name + prefix)
    return (prefix, prefix.removeprefix(script_name)) if prefix.startswith(f"{script_name}/") else (prefix,)


def _absolute(path: object) -> str | None:
    if not path:
        return None
    if not isinstance(path, str | os.PathLike):
        raise TypeError
    return os.path.abspath(path)


_OWN_CHECKS: Final[Checks] = {
    "use_finders": (boolean, "True or False"),
    "root_files": (_absolute, "the path of a directory or None"),
    "cache_dir": (_absolute, "the path of a directory or None"),
    "hard_links": (boolean, "True or False"),
    "min_saving": (share, "a number from 0 up to, not including, 1"),
    "deltas": (count, "a number of releases"),
    "history": (places, "a list of paths and URLs"),
    "keep_releases": (count, "a number of releases"),
    "keep_for": (count, "a number of seconds"),
    "keep_bytes": (count, "a number of bytes"),
}

_BUILD_NAMES: Final = ("cache_dir", "deltas", "hard_links", "history", "min_saving")
