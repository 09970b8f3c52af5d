"""What is served: representations, the resources that have them, and the plan of one answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from staticserve.semantics.negotiation import CODINGS, IDENTITY, Preference, select_coding

if TYPE_CHECKING:
    from staticserve.octets import Octets
    from staticserve.semantics.ranges import ByteRange

Field = tuple[str, str]
Fields = tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Representation:
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
    heads: dict[int, bytes] = field(default_factory=dict, compare=False, repr=False)
    """By status, field lines that an adapter has encoded before."""

    def with_octets(self, octets: bytes) -> Representation:
        """Return the same with octets that were deferred. (``dataclasses.replace`` takes four times as long.)"""
        return Representation(
            self.coding,
            self.size,
            self.etag,
            octets,
            self.fields,
            self.part_fields,
            self.not_modified_fields,
            self.heads,
        )


@dataclass(frozen=True, slots=True)
class Resource:
    """What one URL path names: its representations, identity first, and what they have in common."""

    representations: tuple[Representation, ...]
    content_type: str
    last_modified: str | None
    common_fields: Fields
    """On the answers that carry no representation: 412, 416, 405, OPTIONS."""
    allow_all_origins: bool
    ready: dict[Preference, Representation] = field(default_factory=dict, compare=False, repr=False)
    """What has been selected before and is in memory: a 200 without a condition needs nothing else."""
    loaded: dict[str, Representation] = field(default_factory=dict, compare=False, repr=False)
    """By coding, what was deferred and has been read since."""

    def __post_init__(self) -> None:
        codings = [representation.coding for representation in self.representations]
        if codings[:1] != [IDENTITY] or len(set(codings)) < len(codings) or not set(codings) <= set(CODINGS):
            raise ValueError(f"a resource has identity first and each coding once, not {codings}")

    def select(self, preference: Preference) -> Representation:
        """Return the representation for a client that prefers these codings."""
        found = self.ready.get(preference)
        if found is not None:
            return found
        coding = select_coding([(each.coding, each.size) for each in self.representations], preference)
        found = self.loaded.get(coding)
        if found is None:
            found = next(each for each in self.representations if each.coding == coding)
        if isinstance(found.octets, bytes):
            self.ready[preference] = found
        return found

    @property
    def bytes_in_memory(self) -> int:
        """Return how many bytes of octets this object keeps."""
        kept = (each.octets for each in (*self.representations, *self.loaded.values()))
        return sum(len(octets) for octets in kept if isinstance(octets, bytes))


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
