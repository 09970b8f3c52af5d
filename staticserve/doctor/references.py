"""Finds the static files that a project's templates and code name, and the static URLs that they write out."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from staticserve.doctor.literals import dotted_name
from staticserve.doctor.modules import parse_text
from staticserve.doctor.paths import is_foreign
from staticserve.doctor.project import Reference
from staticserve.doctor.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_TEMPLATES: Final = (".html", ".htm", ".txt", ".xml", ".svg", ".jinja", ".jinja2", ".j2", ".djhtml", ".js", ".css")

# Django's tag, with or without "as name"; and Jinja's function.
_TAG: Final = re.compile(r"""\{%-?\s*static\s+(?:"([^"{}]*)"|'([^'{}]*)')\s*(?:as\s+\w+\s*)?-?%\}""")
_FUNCTION: Final = re.compile(r"""\{\{-?[^}]*?\bstatic\(\s*(?:"([^"{}]*)"|'([^'{}]*)')\s*\)""")
_COMMENTS: Final = re.compile(
    r"\{#.*?#\}|\{%\s*comment\b.*?%\}.*?\{%\s*endcomment\s*%\}"
    r"|\{%\s*verbatim\b.*?%\}.*?\{%\s*endverbatim\b.*?%\}|<!--.*?-->",
    re.DOTALL,
)


@dataclass(slots=True)
class References:
    """What was found. ``servers`` is what code says of who serves static files."""

    names: list[Reference] = field(default_factory=list)
    hard_coded: list[Reference] = field(default_factory=list)
    error_page: list[Reference] = field(default_factory=list)
    servers: list[Reference] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def find_references(root: str, template_dirs: Iterable[str], static_path: str) -> References:
    """Return what the templates in these directories and the Python files below ``root`` refer to."""
    found = References()
    seen = set()
    for directory in dict.fromkeys(template_dirs):
        for path in _files(directory, _TEMPLATES):
            # One directory may be in another.
            if path in seen:
                continue
            seen.add(path)
            text = read_text(path, found.unreadable)
            if text is not None:
                _read_template(text, path, os.path.relpath(path, directory) == "500.html", static_path, found)
    for path in _files(root, (".py",)):
        text = read_text(path, found.unreadable)
        if text is not None:
            _read_code(text, path, found)
    return found


def _files(root: str, endings: tuple[str, ...]) -> Iterator[str]:
    for directory, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not is_foreign(os.path.join(directory, name)))
        yield from (os.path.join(directory, name) for name in sorted(files) if name.lower().endswith(endings))


def _read_template(text: str, path: str, is_error_page: bool, static_path: str, found: References) -> None:
    text = _COMMENTS.sub(_blank, text)
    for pattern in (_TAG, _FUNCTION):
        for match in pattern.finditer(text):
            reference = Reference(match[1] if match[1] is not None else match[2], path, _line(text, match.start()))
            found.names.append(reference)
            if is_error_page:
                found.error_page.append(reference)
    if static_path != "/":
        url = re.compile(rf"""[=(\s]["']?({re.escape(static_path)}[^\s"'<>(){{}}]+)""")
        for match in url.finditer(text) if static_path in text else ():
            found.hard_coded.append(Reference(match[1], path, _line(text, match.start(1))))


def _blank(match: re.Match[str]) -> str:
    """Return as many lines as a comment has, so that lines are counted rightly."""
    return "\n" * match[0].count("\n")


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


_INTERESTING: Final = re.compile(
    r"\bstatic\b|class Media|StaticServe|serve_static|WhiteNoise|ServeStatic|StaticFiles|Cling"
)

SERVERS: Final = {
    "serve_static": "staticserve",
    "StaticServe": "staticserve",
    "StaticServeMiddleware": "staticserve",
    "WhiteNoise": "whitenoise",
    "DjangoWhiteNoise": "whitenoise",
    "WhiteNoiseMiddleware": "whitenoise",
    "ServeStatic": "servestatic",
    "ServeStaticASGI": "servestatic",
    "ServeStaticMiddleware": "servestatic",
    "StaticFilesHandler": "django",
    "ASGIStaticFilesHandler": "django",
    "Cling": "dj_static",
    "MediaCling": "dj_static",
}
"""The last part of a class's or function's name → who serves static files when it is called or installed."""


def _read_code(text: str, path: str, found: References) -> None:
    if not _INTERESTING.search(text):
        return
    try:
        tree = parse_text(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    has_static = "templatetags" in text
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            _read_call(node, path, has_static, found)
        elif isinstance(node, ast.ClassDef):
            # A form's or a model admin's, which is within its class. One that stands alone may be a model.
            for inner in node.body:
                if isinstance(inner, ast.ClassDef) and inner.name == "Media":
                    found.names += [Reference(name, path, line) for name, line in _media(inner.body)]


def _read_call(node: ast.Call, path: str, has_static: bool, found: References) -> None:
    called = dotted_name(node.func).rpartition(".")[2]
    first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    if has_static and called == "static" and len(node.args) == 1 and not node.keywords and isinstance(first, str):
        # urls.static("/media/", document_root=…) has more arguments.
        found.names.append(Reference(first, path, node.lineno))
    if called in SERVERS:
        found.servers.append(Reference(SERVERS[called], path, node.lineno))
    if called in ("re_path", "url", "path") and any(_is_view(each) for each in node.args[1:2]):
        found.servers.append(Reference("django's view", path, node.lineno))


def _is_view(node: ast.expr) -> bool:
    """Return whether this is ``django.views.static.serve``, or that of ``staticfiles``."""
    name = dotted_name(node)
    return name == "serve" or name.endswith(("static.serve", "views.serve", "static_serve"))


def _media(body: Sequence[ast.stmt]) -> Iterator[tuple[str, int]]:
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in _MEDIA:
            yield from _literals(node.value)


def _literals(node: ast.expr) -> Iterator[tuple[str, int]]:
    """Yield the strings in lists and dicts; not those given to a call, which may be anything."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if not node.value.startswith(("http:", "https:", "/")):
            yield node.value, node.lineno
    elif isinstance(node, ast.List | ast.Tuple):
        for each in node.elts:
            yield from _literals(each)
    elif isinstance(node, ast.Dict):
        for each in node.values:
            yield from _literals(each)


_MEDIA: Final = ("css", "js")
