"""What is served: representations, the resources that have them, and the plan of one answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.semantics.negotiation import CODINGS, IDENTITY, Preference, select_coding

if TYPE_CHECKING:
    from collections.abc import Callable

    from staticserve.octets import Octets
    from staticserve.semantics.ranges import ByteRange

_CODINGS: Final = frozenset(CODINGS)

Field = tuple[str, str]
Fields = tuple[Field, ...]


class Representation(NamedTuple):
    """One sequence of bytes that can be sent for a resource, and the field lines that go with it."""

    coding: str
    size: int
    etag: str
    octets: Octets
    fields: Fields
    """Of a 200, complete."""
    part_fields: Fields
    """Of a 206, without what depends on the ranges."""
    not_modified_fields: Fields
    """Of a 304."""
    heads: dict[int, bytes]
    """By status, field lines that an adapter has encoded before."""


class Coded(NamedTuple):
    """A file in one coding: how many bytes, where they are, and their SHA-256 (hexadecimal)."""

    coding: str
    size: int
    octets: Octets
    sha256: str


@dataclass(frozen=True, slots=True)
class Resource:
    """What one URL path names: its codings, identity first, and what its representations have in common."""

    codings: tuple[Coded, ...]
    make_representation: Callable[[Coded], Representation]
    """Called when a coding is first selected: most are by no client."""
    content_type: str
    last_modified: str | None
    common_fields: Fields
    """On the answers that carry no representation: 412, 416, 405, OPTIONS."""
    allow_all_origins: bool
    ready: dict[Preference, Representation] = field(default_factory=dict, compare=False, repr=False)
    """What has been selected before and is in memory: a 200 without a condition needs nothing else."""
    made: dict[str, Representation] = field(default_factory=dict, compare=False, repr=False)
    """By coding, what has been selected before, with octets that were deferred and have been read since."""

    def __post_init__(self) -> None:
        names = [each.coding for each in self.codings]
        if names[:1] != [IDENTITY] or len(_CODINGS.intersection(names)) < len(names):
            raise ValueError(f"a resource has identity first and each coding once, not {names}")

    def select(self, preference: Preference) -> Representation:
        """Return the representation for a client that prefers these codings."""
        found = self.ready.get(preference)
        if found is not None:
            return found
        found = self.represent(select_coding([each[:2] for each in self.codings], preference))
        if isinstance(found.octets, bytes):
            self.ready[preference] = found
        return found

    def represent(self, coding: str) -> Representation:
        """Return the representation in a coding that there is."""
        found = self.made.get(coding)
        if found is None:
            coded = next(each for each in self.codings if each.coding == coding)
            # Whoever asks at the same time may have made one meanwhile, and have read its octets.
            found = self.made.setdefault(coding, self.make_representation(coded))
        return found

    @property
    def representations(self) -> tuple[Representation, ...]:
        """Return the representations in all codings."""
        return tuple(self.represent(each.coding) for each in self.codings)

    @property
    def bytes_in_memory(self) -> int:
        """Return how many bytes of octets this object keeps."""
        kept = {each.coding: each.octets for each in self.codings if isinstance(each.octets, bytes)}
        kept |= {each.coding: each.octets for each in self.made.values() if isinstance(each.octets, bytes)}
        return sum(map(len, kept.values()))


@dataclass(frozen=True, slots=True)
class Redirect:
    """A URL path that another one stands for: ``location`` is a relative reference."""

    location: str
    fields: Fields


Part = tuple["ByteRange", bytes, bytes]
"""A byte range to send, what goes before it in a multipart body, and what after it (nothing in others)."""


class Plan(NamedTuple):
    """An answer, decided: nothing has been opened or sent."""

    status: int
    fields: Fields
    representation: Representation | None = None
    """The one that was selected; of its octets are sent: all of them with 200, ``parts`` with 206, else none."""
    parts: tuple[Part, ...] = ()
    sends_octets: bool = False
    content: bytes = b""
    """What is sent where there is no representation."""
