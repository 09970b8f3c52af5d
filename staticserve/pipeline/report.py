"""What a build did, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class CodingReport:
    """What became of one coding, in contents; the bytes are of those that were kept."""

    encoded: int = 0
    reused: int = 0
    not_worth_it: int = 0
    bytes_before: int = 0
    bytes_after: int = 0

    def summary(self) -> str:
        """Return a line for people."""
        kept = self.encoded + self.reused - self.not_worth_it
        saved = f", {_size(self.bytes_before)} -> {_size(self.bytes_after)}" if kept else ""
        return f"{self.encoded} encoded, {self.reused} reused, {self.not_worth_it} not worth it{saved}"


@dataclass(slots=True)
class BuildReport:
    """What a build did. Sizes are in bytes."""

    release: str = ""
    files: int = 0
    contents: int = 0
    bytes: int = 0
    bytes_linked: int = 0
    store_bytes: int = 0
    seconds: float = 0.0
    codings: dict[str, CodingReport] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return asdict(self)

    def summary(self) -> str:
        """Return a line for people."""
        encoded = sum(coding.encoded for coding in self.codings.values())
        reused = sum(coding.reused for coding in self.codings.values())
        return (
            f"{self.files} files, {_size(self.bytes)}; {encoded} representations encoded, {reused} reused;"
            f" store {_size(self.store_bytes)}; {self.seconds:.1f} s"
        )

    def lines(self) -> list[str]:
        """Return a line for each kind of thing, for people."""
        linked = f", {_size(self.bytes_linked)} freed by links" if self.bytes_linked else ""
        return [
            f"files: {self.files} ({_size(self.bytes)}), {self.contents} contents{linked}",
            *(f"{name}: {coding.summary()}" for name, coding in self.codings.items()),
            f"store: {_size(self.store_bytes)}, {self.seconds:.1f} s",
        ]


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
