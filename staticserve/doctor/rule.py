"""The form of a rule: one question that is asked about a project, and what is said when the answer is bad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from staticserve.doctor.finding import ERROR, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from staticserve.doctor.finding import Severity, Topic
    from staticserve.doctor.project import Project


class Seen(NamedTuple):
    """What a rule found: what is so, how to mend it, and where it is said."""

    message: str
    cure: str
    file: str | None = None
    line: int | None = None


class Rule(NamedTuple):
    """A question. ``number`` is ``E001`` or ``W009``; ``look`` yields what is wrong."""

    number: str
    topic: Topic
    title: str
    why: str
    look: Callable[[Project], Iterable[Seen]]

    @property
    def id(self) -> str:
        """Return the finding's id."""
        return f"staticserve.{self.number}"

    def find(self, project: Project) -> list[Finding]:
        """Return what is wrong with a project by this rule."""
        severity: Severity = ERROR if self.number[0] == "E" else WARNING
        return [
            Finding(
                id=self.id,
                severity=severity,
                topic=self.topic,
                message=clean(seen.message),
                why=self.why,
                cure=clean(seen.cure),
                file=None if seen.file is None else clean(project.relative(seen.file)),
                line=seen.line,
            )
            for seen in self.look(project)
        ]


def clean(text: str) -> str:
    """Return a text without what a terminal would obey, or an output not take: names of files may have anything."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)


def show(value: Any) -> str:
    """Return a value as it is shown: as in Python, with what stands before a host's ``@`` left out."""
    return repr(without_credentials(value) if isinstance(value, str) else value)


def without_credentials(url: str) -> str:
    """Return a URL without the name, password and signature that it may have."""
    if "//" not in url or not ("@" in url or "?" in url):
        return url
    try:
        split = urlsplit(url)
        return urlunsplit(split._replace(netloc=split.netloc.rpartition("@")[2], query="", fragment=""))
    except ValueError:
        return "…"


def some(names: Iterable[str], limit: int = 5) -> str:
    """Return the first few names, and how many there are more."""
    listed = list(names)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + more
