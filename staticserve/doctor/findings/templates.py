"""Findings in templates and code: names of files that are not there, and URLs that are written out."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from staticserve.doctor.rule import Rule, Seen, show, some

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from staticserve.doctor.project import Project, Reference

_MAX_SHOWN: Final = 50


def resolves(project: Project, name: str) -> bool:
    """Return whether ``{% static name %}`` leads to a file, in production if the project is judged for that."""
    clean = urlsplit(unquote(name)).path
    if clean.endswith("/") or not _is_known(project):
        return bool(clean) or not _is_known(project)
    if not project.storage.hashes or not project.is_deployed or project.manifest is None:
        return clean in project.found or clean in project.collected
    return clean in project.manifest.paths or (not project.storage.is_strict and clean in project.collected)


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the name that was probably meant."""
    stripped = urlsplit(unquote(name)).path.strip("/").replace("\\", "/")
    if stripped in known:
        return stripped
    folded = {each.casefold(): each for each in known}
    if stripped.casefold() in folded:
        return folded[stripped.casefold()]
    base = stripped.rpartition("/")[2]
    same_base = [each for each in known if each.rpartition("/")[2] == base]
    near = get_close_matches(stripped, same_base or [each for each in known if _is_similar(each, stripped)], 1, 0.6)
    return near[0] if near else (same_base[0] if same_base else None)


def _is_similar(known: str, name: str) -> bool:
    """Return whether two names are worth comparing: of 100,000 most are not."""
    return abs(len(known) - len(name)) < 6 and known[-3:].casefold() == name[-3:].casefold()


def _is_known(project: Project) -> bool:
    return bool(project.found or project.collected)


def _names(project: Project) -> set[str]:
    return {*project.found, *(project.manifest.paths if project.manifest is not None else ())}


def _missing(project: Project) -> Iterator[Seen]:
    bad = [each for each in project.references if not resolves(project, each.name)]
    # An error page has its own finding, which says what follows from it.
    shown = [each for each in bad if each not in project.error_page]
    names = _names(project) if shown else set()
    for reference in shown[:_MAX_SHOWN]:
        yield _missing_one(project, reference, names)


def _missing_one(project: Project, reference: Reference, names: set[str]) -> Seen:
    name, near = reference.name, nearest(reference.name, names)
    if name in project.found:
        problem, cure = "is not in the manifest: it came after the last collectstatic", "python manage.py collectstatic"
    elif near is not None:
        problem, cure = f"does not exist; the nearest name is {show(near)}", f"{{% static '{near}' %}}"
    else:
        problem, cure = (
            "does not exist",
            f"Put it into a static/ directory as {name.lstrip('/')}, or take the line out.",
        )
    return Seen(f"{{% static {show(name)} %}} names a file that {problem}.", cure, reference.file, reference.line)


def _hard_coded(project: Project) -> Iterator[Seen]:
    path = project.settings.static_path
    for reference in project.hard_coded[:_MAX_SHOWN]:
        name = reference.name.removeprefix(path).partition("?")[0]
        yield Seen(
            f"The URL {show(reference.name)} is written out.",
            f"{{% load static %}} … {{% static '{name}' %}}",
            reference.file,
            reference.line,
        )


def _error_page(project: Project) -> Iterator[Seen]:
    if not project.storage.hashes or not project.storage.is_strict or not project.is_deployed:
        return
    if project.lacks_manifest:
        bad, reason = list(project.error_page), "there is no manifest: collectstatic has not run"
    else:
        bad = [each for each in project.error_page if not resolves(project, each.name)]
        reason = "the manifest does not have it"
    if bad:
        names = some(show(each.name) for each in bad)
        yield Seen(
            f"500.html uses {{% static %}} for {names}, and {reason}.",
            "python manage.py collectstatic  # and write the style into 500.html itself",
            bad[0].file,
            bad[0].line,
        )


RULES: Final = (
    Rule(
        "E002",
        "templates",
        "a static file that is named does not exist",
        "With hashed names the page is an error 500 (Missing staticfiles manifest entry); without, the file is a 404.",
        _missing,
    ),
    Rule(
        "W021",
        "templates",
        "a static URL is written out",
        "It has no hash, so browsers keep the old file after a deploy; and it breaks when STATIC_URL changes.",
        _hard_coded,
    ),
    Rule(
        "E035",
        "templates",
        "the error page itself fails",
        'Django cannot show its error page, so visitors get the server\'s bare "Internal Server Error".',
        _error_page,
    ),
)
