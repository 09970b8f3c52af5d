"""What style sheets and scripts refer to, as ``collectstatic`` will look it up, and what it does to data URIs."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# The patterns of django.contrib.staticfiles.storage.HashedFilesMixin: up to Django 6.0, and from 6.1 on.
_URL: Final = re.compile(r"""url\(['"]?\s*(?P<url>.*?)["']?\)""", re.I)
_URL_61: Final = re.compile(r"""url\((?P<quote>['"]?)\s*(?P<url>.*?)(?P=quote)\)""", re.I)
_IMPORT: Final = re.compile(r"""@import\s*["']\s*(?P<url>.*?)["']""", re.I)
_CSS_MAP: Final = re.compile(r"^/\*#[ \t](?-i:sourceMappingURL)=(?P<url>.*?)[ \t]*\*/$", re.I | re.M)
_JS_MAP: Final = re.compile(r"^//# (?-i:sourceMappingURL)=(?P<url>.*)$", re.I | re.M)
_JS_IMPORTS: Final = (
    re.compile(r"""import(?s:[\s{].*?|\*\s*as\s*\w+)\s*from\s*['"](?P<url>[./].*?)["']\s*;""", re.I),
    re.compile(r"""export(?s:[\s{].*?)\s*from\s*["'](?P<url>[./].*?)["']\s*;""", re.I),
    re.compile(r"""import\s*['"](?P<url>[./].*?)["']\s*;""", re.I),
    re.compile(r"""import\(["'](?P<url>[./].*?)["']\)""", re.I),
)
_CSS_IGNORED: Final = re.compile(r"""/\*.*?\*/|\\.|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\"""", re.S)
_JS_IGNORED: Final = re.compile(
    r"""/\*.*?\*/|//[^\n]*|\\.|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`""", re.S
)
_HINTS: Final = ("url(", "@import", "sourceMappingURL", "import", "export")

# Up to its closing parenthesis, which within quotes may have others before it.
_DATA_URI: Final = re.compile(
    r"""url\(\s*(?:"(data:(?:[^"\\]|\\.)*)"|'(data:(?:[^'\\]|\\.)*)'|(data:[^)\s]*))\s*\)""", re.S | re.I
)


class Link(NamedTuple):
    """A reference to another static file: its name there, what was written, and where."""

    target: str
    written: str
    line: int
    is_map: bool


class LinkReader(NamedTuple):
    """Reads links as one storage does."""

    ignores_comments: bool
    rewrites_imports: bool
    static_url: str

    def read(self, name: str, text: str) -> Iterator[Link]:
        """Yield the links to static files in a style sheet or script."""
        if not any(hint in text for hint in _HINTS):
            return
        is_css = name.endswith(".css")
        ignored: list[tuple[int, int]] | None = None
        for pattern, is_map in self._patterns(is_css):
            for match in pattern.finditer(text):
                if self.ignores_comments and not is_map:
                    if ignored is None:
                        blocks = (_CSS_IGNORED if is_css else _JS_IGNORED).finditer(text)
                        ignored = [each.span() for each in blocks]
                    if any(start < match.start() < stop for start, stop in ignored):
                        continue
                target = self._target(name, match["url"].strip())
                if target is not None:
                    yield Link(target, match["url"].strip(), text.count("\n", 0, match.start()) + 1, is_map)

    def _patterns(self, is_css: bool) -> tuple[tuple[re.Pattern[str], bool], ...]:
        if is_css:
            return ((_URL_61 if self.ignores_comments else _URL, False), (_IMPORT, False), (_CSS_MAP, True))
        imports = tuple((pattern, False) for pattern in _JS_IMPORTS) if self.rewrites_imports else ()
        return ((_JS_MAP, True), *imports)

    def _target(self, name: str, url: str) -> str | None:
        """Return the name that ``HashedFilesMixin.url_converter`` makes of a URL; nothing for one that it leaves."""
        if re.match(r"[a-z]+:", url) or url.startswith("//"):
            return None
        if url.startswith("/") and not url.startswith(self.static_url):
            return None
        path = url.partition("#")[0]
        if not path:
            return None
        if path.startswith("/"):
            target = path.removeprefix(self.static_url)
        else:
            target = posixpath.join(posixpath.dirname(name), path)
        # Django takes a directory for a name to be left as it is.
        cleaned = urlsplit(unquote(target)).path.strip()
        return None if cleaned.endswith("/") or not cleaned else posixpath.normpath(cleaned)


def changed_data_uris(original: str, collected: str) -> int:
    """Return how many data URIs of a style sheet are not in its collected copy."""
    before, after = _data_uris(original), _data_uris(collected)
    return len(before - after)


def find_cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of names that refer to each other in a circle (Tarjan's algorithm, without recursion)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    cycles: list[list[str]] = []
    for start in graph:
        if start not in order:
            _visit(start, graph.get, order, lowest, stack, cycles)
    return cycles


def _visit(
    start: str,
    targets: Callable[[str], set[str] | None],
    order: dict[str, int],
    lowest: dict[str, int],
    stack: list[str],
    cycles: list[list[str]],
) -> None:
    work = [(start, iter(sorted(targets(start) or ())))]
    order[start] = lowest[start] = len(order)
    stack.append(start)
    while work:
        name, rest = work[-1]
        following = next(rest, None)
        if following is None:
            work.pop()
            if work:
                lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[name])
            if lowest[name] == order[name]:
                group = stack[stack.index(name) :]
                del stack[stack.index(name) :]
                if len(group) > 1 or name in (targets(name) or ()):
                    cycles.append(sorted(group))
        elif following not in order:
            order[following] = lowest[following] = len(order)
            stack.append(following)
            work.append((following, iter(sorted(targets(following) or ()))))
        elif following in stack:
            lowest[name] = min(lowest[name], order[following])


def _data_uris(text: str) -> set[str]:
    if "data:" not in text:
        return set()
    return {next(filter(None, match)) for match in _DATA_URI.findall(text)}
