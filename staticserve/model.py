"""What is served: representations, the resources that have them, and the plan of one answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.semantics.negotiation import IDENTITY, WHOLE_CODINGS, Preference, rank, select_coding

if TYPE_CHECKING:
    from collections.abc import Callable

    from staticserve.octets import Octets
    from staticserve.semantics.ranges import ByteRange

_CODINGS: Final = frozenset({IDENTITY, *WHOLE_CODINGS})

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
    heads: dict[bool, bytes]
    """The field lines of a 200 as an adapter has encoded them before, by whether the context is secure."""
    secure_fields: Fields | None = None
    """Of a 200 in a secure context, where they are others: the answer may be used as a dictionary there."""
    dictionary: str = ""
    """Of a delta: the SHA-256 (hexadecimal) of what it is made against."""

    def ok_fields(self, *, is_secure: bool) -> Fields:
        """Return the fields of a 200."""
        return self.fields if self.secure_fields is None or not is_secure else self.secure_fields


class Coded(NamedTuple):
    """A file in one coding: how many bytes, where they are, and their SHA-256 (hexadecimal)."""

    coding: str
    size: int
    octets: Octets
    sha256: str
    dictionary: str = ""
    """Of a delta: the SHA-256 (hexadecimal) of what it is made against."""


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
    uses_dictionaries: bool = False
    """Whether answers differ in a secure context: they may be dictionaries there, and deltas."""
    deltas: tuple[Coded, ...] = ()
    """For clients that hold what an earlier release had under this logical name."""
    ready: dict[Preference | tuple[Preference, str], Representation] = field(
        default_factory=dict, compare=False, repr=False
    )
    """What has been selected before and is in memory: a 200 without a condition needs nothing else.

    Of deltas, with the Available-Dictionary that they were selected for.
    """
    made: dict[tuple[str, str], Representation] = field(default_factory=dict, compare=False, repr=False)
    """By coding and dictionary, what has been selected, with octets that were deferred and have been read since."""

    def __post_init__(self) -> None:
        names = [each.coding for each in self.codings]
        if names[:1] != [IDENTITY] or len(_CODINGS.intersection(names)) < len(names):
            raise ValueError(f"a resource has identity first and each coding once, not {names}")

    def select(self, preference: Preference) -> Representation:
        """Return the representation for a client that prefers these codings."""
        found = self.ready.get(preference)
        if found is not None:
            return found
        coding = select_coding([each[:2] for each in self.codings], preference)
        found = self._represent(next(each for each in self.codings if each.coding == coding))
        if isinstance(found.octets, bytes):
            self.ready[preference] = found
        return found

    def select_delta(self, preference: Preference, dictionary: str) -> Representation | None:
        """Return the delta for a client that holds a dictionary (SHA-256, hexadecimal) if it wants that more."""
        for coded in self.deltas:
            wanted = rank(coded.coding, preference)
            if coded.dictionary == dictionary and wanted:
                other = self.select(preference)
                if (wanted, -coded.size) > (rank(other.coding, preference), -other.size):
                    return self._represent(coded)
        return None

    def _represent(self, coded: Coded) -> Representation:
        key = (coded.coding, coded.dictionary)
        # Whoever asks at the same time may have made one meanwhile, and have read its octets.
        return self.made.get(key) or self.made.setdefault(key, self.make_representation(coded))

    @property
    def representations(self) -> tuple[Representation, ...]:
        """Return the representations in all codings, the deltas last."""
        return tuple(map(self._represent, (*self.codings, *self.deltas)))

    @property
    def bytes_in_memory(self) -> int:
        """Return how many bytes of octets this object keeps."""
        kept = {(each.coding, ""): each.octets for each in self.codings if isinstance(each.octets, bytes)}
        kept |= {key: each.octets for key, each in self.made.items() if isinstance(each.octets, bytes)}
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
