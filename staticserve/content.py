"""Planned octets as a WSGI body."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from staticserve.octets import DeferredOctets, FileOctets, check_octets, open_octets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from staticserve.model import Part, Plan

    FileWrapper = Callable[[BinaryIO, int], Iterable[bytes]]

# gunicorn reads in pieces of this size where it cannot use sendfile (TLS, HTTP/2); its default of 8 KiB takes
# three times as long (1 MB: 1,407 µs against 504).
PIECE: Final = 64 * 1024


def open_body(plan: Plan, file_wrapper: FileWrapper | None) -> Iterable[bytes]:
    """Return the body of a planned answer, as WSGI wants it.

    ``file_wrapper`` is the server's own, if it has one. A file is opened here, once for each request, and
    ``OctetsChangedError`` raised if it is no longer the one that was planned with: call this before the status
    goes out. The server closes what it gets.
    """
    if plan.representation is None:
        return [plan.content] if plan.content else []
    octets = plan.representation.octets
    if not plan.sends_octets:
        # Several servers send the body of a HEAD or a 304 if they are given one.
        if isinstance(octets, FileOctets):
            check_octets(octets)
        return []
    if isinstance(octets, DeferredOctets):
        octets = octets.read()
    if isinstance(octets, bytes):
        if len(plan.parts) == 1:
            start, stop = plan.parts[0][0]
            return [octets[start:stop]]
        return [join_parts(octets, plan.parts) if plan.parts else octets]
    file = open_octets(octets)
    # For a whole file only: several servers ignore where a file stands, and the Content-Length.
    if file_wrapper is not None and not plan.parts:
        return file_wrapper(file, PIECE)
    return FilePieces(file, plan.parts or (((0, octets.size), b"", b""),))


def join_parts(octets: bytes, parts: tuple[Part, ...]) -> bytes:
    """Return the body of a 206: the parts of these octets, with what goes between them."""
    pieces: list[bytes] = []
    for (start, stop), preamble, epilogue in parts:
        pieces += (preamble, octets[start:stop], epilogue)
    return b"".join(pieces)


class FilePieces:
    """The parts of a file in pieces: never more octets than were promised, and never fewer in silence."""

    def __init__(self, file: BinaryIO, parts: tuple[Part, ...]) -> None:
        self.file = file
        self.parts = parts
        self._pieces = _read_parts(file, parts)

    def __iter__(self) -> Iterator[bytes]:
        """Return the pieces, of at most 64 KiB."""
        return self._pieces

    def close(self) -> None:
        """Close the file; PEP 3333 has every server call this."""
        self.file.close()


def _read_parts(file: BinaryIO, parts: tuple[Part, ...]) -> Iterator[bytes]:
    for (start, stop), preamble, epilogue in parts:
        if preamble:
            yield preamble
        file.seek(start)
        yield from _read_pieces(file, stop - start)
        if epilogue:
            yield epilogue


def _read_pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        piece = file.read(min(size, PIECE))
        if not piece:
            # The status is out. Ending the connection is the only way left to say that these are not all.
            raise OSError("the file was truncated while it was sent")
        size -= len(piece)
        yield piece
