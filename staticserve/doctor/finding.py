"""What is wrong: ``Finding``, a plain value for the terminal, for JSON and for the page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, Literal

ERROR: Final = "error"
WARNING: Final = "warning"

Severity = Literal["error", "warning"]

Topic = Literal["settings", "files", "templates", "collecting", "serving", "deploy"]
"""Where a finding arises on the way of a file, in the order in which they are shown."""

TOPICS: Final[tuple[Topic, ...]] = ("settings", "files", "templates", "collecting", "serving", "deploy")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. All texts are for people, free of secrets, and may be of several lines."""

    id: str
    """``staticserve.E001`` or ``staticserve.W009``: the severity's letter and the number in three digits."""
    severity: Severity
    topic: Topic
    message: str
    """What is so, with the values seen."""
    why: str
    """Why it matters: one sentence."""
    cure: str
    """What to do about it: a command or code that can be pasted, or a sentence."""
    file: str | None = None
    """The file that it is about, relative to the project where it is below it; absolute otherwise."""
    line: int | None = None
    """Counted from one."""

    def as_dict(self) -> dict[str, object]:
        """Return what ``--json`` prints of it."""
        return asdict(self)
