"""What a build did, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from staticserve.pipeline.releases import count_names, held_bytes

if TYPE_CHECKING:
    from staticserve.store import Encoding, Snapshot


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
        saved = f", {size_text(self.bytes_before)} -> {size_text(self.bytes_after)}" if kept else ""
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
    releases_kept: int = 0
    names_kept: int = 0
    bytes_kept: int = 0
    seconds: float = 0.0
    codings: dict[str, CodingReport] = field(default_factory=dict)

    def count(self, name: str, size: int, encoding: Encoding, *, is_new: bool) -> None:
        """Count an encoding of a content of ``size`` bytes."""
        coding = self.codings.setdefault(name, CodingReport())
        coding.encoded += is_new
        coding.reused += not is_new
        if encoding.sha256 is None:
            coding.not_worth_it += 1
        else:
            coding.bytes_before += size
            coding.bytes_after += encoding.size

    def count_releases(self, snapshot: Snapshot) -> None:
        """Count what there is of releases before the newest."""
        self.releases_kept = len(snapshot.releases) - 1
        self.names_kept = sum(count_names(snapshot)[:-1])
        self.bytes_kept = sum(held_bytes(snapshot)[:-1])

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return asdict(self)

    def summary(self) -> str:
        """Return a line for people."""
        encoded = sum(coding.encoded for coding in self.codings.values())
        reused = sum(coding.reused for coding in self.codings.values())
        return (
            f"{self.files} files, {size_text(self.bytes)}; {encoded} representations encoded, {reused} reused;"
            f" store {size_text(self.store_bytes)}; {self.seconds:.1f} s"
        )

    def lines(self) -> list[str]:
        """Return a line for each kind of thing, for people."""
        linked = f", {size_text(self.bytes_linked)} freed by links" if self.bytes_linked else ""
        return [
            f"files: {self.files} ({size_text(self.bytes)}), {self.contents} contents{linked}",
            *(f"{name}: {coding.summary()}" for name, coding in self.codings.items()),
            f"earlier releases: {self.releases_kept} ({self.names_kept} files, {size_text(self.bytes_kept)})",
            f"store: {size_text(self.store_bytes)}, {self.seconds:.1f} s",
        ]


def size_text(count: int) -> str:
    """Return a number of bytes for people."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
