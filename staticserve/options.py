"""The options of ``StaticServe``: their names, defaults and checks. Django's settings dict has the same names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from staticserve.errors import ConfigurationError
from staticserve.semantics.fields import RESERVED, is_field_name, is_field_value
from staticserve.semantics.negotiation import WHOLE_CODINGS

if TYPE_CHECKING:
    from wsgiref.headers import Headers

MIB: Final = 1024 * 1024

AddHeaders = Callable[["Headers", str, str], None]
ImmutableTest = Callable[[str, str], bool]


class OptionFields(TypedDict, total=False):
    """The options as keywords, in the forms in which a user may give them."""

    max_age: int | None
    autorefresh: bool
    index_file: str | bool | None
    allow_all_origins: bool
    charset: str
    mimetypes: Mapping[str, str] | None
    add_headers_function: AddHeaders | None
    immutable_file_test: ImmutableTest | str | None
    codings: Collection[str]
    fields: Mapping[str, str]
    follow_symlinks: bool
    dotfiles: bool
    misses: Literal["pass", "answer"]
    memory: int
    memory_per_file: int
    late_files: bool
    stale: Literal["redirect", "serve", "off"]
    release_field: str | None
    release_file: Literal[False, True, "files"]
    dictionaries: bool
    secure_proxy_ssl_header: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options, checked. See docs/options.md for what each does."""

    max_age: int | None = 60
    autorefresh: bool = False
    index_file: str | None = None
    allow_all_origins: bool = True
    charset: str = "utf-8"
    mimetypes: Mapping[str, str] = field(default_factory=dict)
    add_headers_function: AddHeaders | None = None
    immutable_file_test: ImmutableTest | None = None
    codings: tuple[str, ...] = ("br", "zstd", "gzip")
    fields: Mapping[str, str] = field(default_factory=dict)
    follow_symlinks: bool = False
    dotfiles: bool = False
    misses: Literal["pass", "answer"] = "pass"
    memory: int = 64 * MIB
    # Up to 1 MiB octets from memory beat an open file on every worker of gunicorn (measured: 1 MB with gthread
    # 315 µs against 341, with gevent 187 against 617).
    memory_per_file: int = MIB
    late_files: bool = False
    stale: Literal["redirect", "serve", "off"] = "redirect"
    release_field: str | None = None
    release_file: Literal[False, True, "files"] = False
    dictionaries: bool = True
    secure_proxy_ssl_header: tuple[str, str] | None = None


OPTION_NAMES: Final = tuple(each.name for each in fields(Options))


def make_options(given: Mapping[str, object], where: str, also: Collection[str] = ()) -> Options:
    """Return the options in ``given``. Raises ``ConfigurationError`` with all that is wrong.

    ``where`` is what the user calls the place; ``also`` are names that are right there but not ours.
    """
    problems = unknown_names(given, (*OPTION_NAMES, *also))
    checked, wrong = check_options({name: given[name] for name in _CHECKS if name in given}, _CHECKS)
    problems += wrong
    if problems:
        raise ConfigurationError(where, problems)
    return Options(**checked)


Checks = Mapping[str, tuple[Callable[[object], object], str]]
"""By option: the function that returns its value in our form or raises, and what it must be, in words."""


def check_options(given: Mapping[str, object], checks: Checks) -> tuple[dict[str, Any], list[str]]:
    """Return the values in our form, and a problem for each that has no such form."""
    checked: dict[str, Any] = {}
    problems = []
    for name, value in given.items():
        normalise, wanted = checks[name]
        try:
            checked[name] = normalise(value)
        except (TypeError, ValueError, re.error):
            problems.append(f"{name!r} must be {wanted}, not {value!r}")
    return checked, problems


def unknown_names(given: Collection[str], known: Collection[str]) -> list[str]:
    """Return a problem for each name that is not known, with the nearest one that is."""
    problems = []
    for name in given:
        if name not in known:
            near = get_close_matches(str(name).lower(), known, 1, 0.5)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(sorted(known))}"
            problems.append(f"no option is called {name!r}{hint}")
    return problems


def boolean(value: object) -> bool:
    """Return a bool as it is. A truthy string would hide that the environment says "false"."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def places(value: object) -> tuple[str, ...]:
    """Return a list of paths or URLs."""
    if isinstance(value, str) or not isinstance(value, Collection):
        raise TypeError
    if not all(isinstance(place, str | os.PathLike) and os.fspath(place) for place in value):
        raise TypeError
    return tuple(str(os.fspath(place)) for place in value)


def share(value: object) -> float:
    """Return a part of a whole, from 0 up to, not including, 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError
    return float(value)


def count(value: object) -> int:
    """Return a whole number that is not negative."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return value


def _seconds(value: object) -> int | None:
    return None if value is None else count(value)


def _index_file(value: object) -> str | None:
    if value is True:
        return "index.html"
    if value is None or value is False:
        return None
    if not isinstance(value, str) or not value or "/" in value:
        raise ValueError
    return value


def _charset(value: object) -> str:
    if not isinstance(value, str) or re.fullmatch(r"[A-Za-z0-9_.:+-]*", value) is None:
        raise ValueError
    return value


def _types(value: object) -> dict[str, str]:
    table = _strings({} if value is None else value)
    if any("/" not in media_type for media_type in table.values()):
        raise ValueError
    return table


def _fields(value: object) -> dict[str, str]:
    given = _strings(value)
    if not all(is_field_name(name) and is_field_value(text) for name, text in given.items()):
        raise ValueError
    if any(name.lower() in RESERVED for name in given):
        raise ValueError
    return given


def _strings(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(
        isinstance(text, str) and text.isprintable() and text.isascii() for item in value.items() for text in item
    ):
        raise TypeError
    return dict(value)


def _function(value: object) -> object:
    if value is not None and not callable(value):
        raise TypeError
    return value


def _immutable_test(value: object) -> object:
    if isinstance(value, str):
        pattern = re.compile(value)
        return lambda path, url: bool(pattern.search(url))
    return _function(value)


def _codings(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Collection):
        raise TypeError
    if any(coding not in WHOLE_CODINGS for coding in value):
        raise ValueError
    return tuple(value)


def _one_of(*choices: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if value not in choices:
            raise ValueError
        return value

    return check


def _field_name(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not is_field_name(value) or value.lower() in RESERVED:
        raise ValueError
    return value


def _environ_pair(value: object) -> tuple[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, tuple | list) or len(value) != 2 or not all(isinstance(part, str) for part in value):
        raise TypeError
    return value[0], value[1]


def _release_file(value: object) -> object:
    return value if value == "files" else boolean(value)


_CHECKS: Final[Checks] = {
    "max_age": (_seconds, "a number of seconds or None"),
    "autorefresh": (boolean, "True or False"),
    "index_file": (_index_file, "True, False or a file name"),
    "allow_all_origins": (boolean, "True or False"),
    "charset": (_charset, "the name of a charset"),
    "mimetypes": (_types, "a dict from endings (or names) to media types"),
    "add_headers_function": (_function, "a function of (headers, path, url) or None"),
    "immutable_file_test": (_immutable_test, "a function of (path, url), a regular expression or None"),
    "codings": (_codings, "a list of 'br', 'zstd' and 'gzip'"),
    "fields": (_fields, "a dict from field names to values, without the fields that are ours to set"),
    "follow_symlinks": (boolean, "True or False"),
    "dotfiles": (boolean, "True or False"),
    "misses": (_one_of("pass", "answer"), "'pass' or 'answer'"),
    "memory": (count, "a number of bytes"),
    "memory_per_file": (count, "a number of bytes"),
    "late_files": (boolean, "True or False"),
    "stale": (_one_of("redirect", "serve", "off"), "'redirect', 'serve' or 'off'"),
    "release_field": (_field_name, "the name of a field, not one of ours, or None"),
    "dictionaries": (boolean, "True or False"),
    "secure_proxy_ssl_header": (_environ_pair, "('HTTP_X_FORWARDED_PROTO', 'https'), or such a pair, or None"),
    "release_file": (_release_file, "True, False or 'files'"),
}
