"""The life of one static file: where it is found, what it hides, what it is called, and what a browser is sent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from staticserve.doctor.findings.templates import nearest
from staticserve.semantics.hashed_names import parse_hashed_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from staticserve.doctor.project import Project

_OTHER: str = "0" * 12
"""A hash that no file has: of another release, say."""

_BROWSER = {"accept-encoding": "gzip, deflate, br, zstd"}


class Sent(NamedTuple):
    """What a request would be answered with. ``bytes`` is the length of the body that a GET gets."""

    status: int
    fields: tuple[tuple[str, str], ...]


class Server(Protocol):
    """What serves the project's files."""

    def sizes(self, path: str) -> Mapping[str, int]:
        """Return the bytes of a URL path's representations by coding; none if it names nothing."""

    def answer(self, path: str, fields: Mapping[str, str]) -> Sent | None:
        """Return the answer to a GET; nothing if the request is passed on to Django."""


class Line(NamedTuple):
    """A line of the explanation: what it is about, and what is so."""

    label: str
    text: str


def explain(project: Project, asked: str, server: Server | None) -> tuple[bool, list[Line]]:
    """Return whether a name or URL leads to a file, and what there is to say of it."""
    name = name_of(project, asked)
    logical, is_current = _logical(project, name)
    hashed = project.manifest.paths.get(logical) if project.manifest is not None else None
    lines = [Line("name", logical), *_sources(project, logical)]
    if project.storage.hashes:
        lines.append(Line("hashed name", hashed or _why_unhashed(project)))
    if not is_current:
        lines.append(Line("asked for", f"{name}: a hashed name, but not this release's"))
    served = [each for each in (hashed, logical, name) if each]
    if server is not None:
        for each in dict.fromkeys(served):
            lines += _answers(project, each, server)
        lines += _other_release(project, logical, server)
    is_known = logical in project.found or logical in project.collected or hashed is not None
    if not is_known:
        lines += _missing(project, logical)
    return is_known, lines


def name_of(project: Project, asked: str) -> str:
    """Return the name that a URL, a URL path or a file's path stands for; a name as it is."""
    if os.path.isabs(asked) and not asked.startswith(project.settings.static_path):
        by_path = {file.path: name for name, file in project.found.items()}
        root = project.settings.static_root
        if asked in by_path:
            return by_path[asked]
        if root is not None and asked.startswith(root + os.sep):
            return os.path.relpath(asked, root)
    path = unquote(urlsplit(asked).path) if "//" in asked or asked.startswith("/") else asked
    prefix = (project.settings.script_name.rstrip("/") if path.startswith(project.settings.script_name) else "") or ""
    path = path.removeprefix(prefix)
    return path.removeprefix(project.settings.static_path).lstrip("/")


def _logical(project: Project, name: str) -> tuple[str, bool]:
    """Return the logical name of a name that may be hashed, and whether it is this release's."""
    paths = project.manifest.paths if project.manifest is not None else {}
    if name in project.found or name in paths:
        return name, True
    for logical, hashed in paths.items():
        if hashed == name:
            return logical, True
    parsed = parse_hashed_name(name)
    return (parsed.logical, False) if parsed is not None else (name, True)


def _sources(project: Project, name: str) -> Iterator[Line]:
    file = project.found.get(name)
    if file is not None:
        yield Line("found", f"{project.relative(file.path)} ({_place(project, file.owner)}; {file.size:,} bytes)")
    for loser in project.shadowed.get(name, ()):
        yield Line("hides", f"{project.relative(loser.path)} ({_place(project, loser.owner)})")
    root = project.settings.static_root
    if name in project.collected and root is not None:
        yield Line("collected", f"{project.relative(os.path.join(root, name))} ({project.collected[name]:,} bytes)")


def _place(project: Project, number: int) -> str:
    place = project.places[number]
    return f"app {place.app}, asked as number {number + 1}" if place.app else f"STATICFILES_DIRS, number {number + 1}"


def _why_unhashed(project: Project) -> str:
    if project.manifest is None:
        return "none: there is no manifest"
    return "none: it is not in the manifest; run collectstatic"


def _answers(project: Project, name: str, server: Server) -> Iterator[Line]:
    path = project.settings.static_path + name
    sizes = server.sizes(path)
    yield Line("URL", path)
    if sizes:
        yield Line("representations", ", ".join(f"{coding} {size:,} bytes" for coding, size in sizes.items()))
    sent = server.answer(path, _BROWSER)
    if sent is None:
        yield Line("answer", "none of ours: Django is asked")
        return
    yield Line("answer", str(sent.status))
    yield from (Line("", f"{field}: {value}") for field, value in sent.fields)


def _other_release(project: Project, logical: str, server: Server) -> Iterator[Line]:
    root, extension = os.path.splitext(logical)
    path = f"{project.settings.static_path}{root}.{_OTHER}{extension}"
    sent = server.answer(path, _BROWSER)
    if sent is None:
        yield Line("another release's", f"{path}: Django is asked")
    else:
        fields = {field.lower(): value for field, value in sent.fields}
        kept = fields.get("cache-control", "no Cache-Control")
        place = f", to {fields['location']}" if "location" in fields else ""
        yield Line("another release's", f"{path}: {sent.status}{place} ({kept})")


def _missing(project: Project, name: str) -> Iterator[Line]:
    hidden = [path for path, _ in project.hidden if path.endswith(f"/{name}")]
    if hidden:
        yield Line("missing", f"collectstatic leaves out names with a dot before them: {project.relative(hidden[0])}")
        return
    yield Line("missing", f"none of the {len(project.places)} directories that are asked has it")
    known = {*project.found, *project.collected}
    base = name.rpartition("/")[2].casefold()
    near = [nearest(name, known), *sorted(each for each in known if each.rpartition("/")[2].casefold() == base)]
    names = list(dict.fromkeys(each for each in near if each))[:3]
    if names:
        yield Line("nearest", ", ".join(names))
