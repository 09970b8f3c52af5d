"""The content codings that files are stored in (RFC 9110, 8.4.1): their suffixes and decoders."""

from __future__ import annotations

import hashlib
import io
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUFFIXES: Final = {".gz": "gzip", ".br": "br", ".zst": "zstd", ".zstd": "zstd"}
"""What a sidecar's name adds to the name of the file that it is a coding of."""

# Decoded pieces are about this large, so that a file of zeros cannot fill the memory.
_PIECE: Final = 256 * 1024


def decodes_to(coding: str, file: BinaryIO, sha256: str, size: int) -> bool:
    """Return whether a file's octets, decoded, are ``size`` bytes with this digest (hexadecimal)."""
    digest = hashlib.sha256()
    left = size
    try:
        for piece in _DECODERS[coding](file):
            left -= len(piece)
            if left < 0:
                return False
            digest.update(piece)
    # The codecs share no class of errors (zlib.error, brotli.error, ZstdError, EOFError), and any of them says
    # the same: this is not a coding of that file.
    except Exception:
        return False
    return left == 0 and digest.hexdigest() == sha256


def decode(coding: str, octets: bytes, sha256: str) -> bytes | None:
    """Return what octets decode to, or nothing if that has another digest (hexadecimal)."""
    try:
        decoded = b"".join(_DECODERS[coding](io.BytesIO(octets)))
    # As above.
    except Exception:
        return None
    return decoded if hashlib.sha256(decoded).hexdigest() == sha256 else None


def _decode_gzip(file: BinaryIO) -> Iterator[bytes]:
    # A gzip file is one member or several in a row (RFC 1952, 2.2).
    decoder = zlib.decompressobj(wbits=31)
    data = file.read(_PIECE)
    while data:
        yield decoder.decompress(data, _PIECE)
        data = decoder.unconsumed_tail
        if decoder.eof:
            data = decoder.unused_data
            if data or (data := file.read(_PIECE)):
                decoder = zlib.decompressobj(wbits=31)
        elif not data:
            data = file.read(_PIECE)
    if not decoder.eof:
        raise EOFError


def _decode_br(file: BinaryIO) -> Iterator[bytes]:
    import brotli

    decoder = brotli.Decompressor()
    while not decoder.is_finished():
        data = file.read(_PIECE) if decoder.can_accept_more_data() else b""
        piece = decoder.process(data, output_buffer_limit=_PIECE)
        # It may hold more output than it says, so only a call that takes and gives nothing is the end.
        if not data and not piece and not decoder.is_finished():
            raise EOFError
        yield piece
    if file.read(1):
        raise EOFError


def _decode_zstd(file: BinaryIO) -> Iterator[bytes]:
    with zstd().ZstdFile(file) as decoded:
        yield from iter(partial(decoded.read, _PIECE), b"")


def zstd() -> Any:
    """Return the standard library's zstd module, or its backport before Python 3.14."""
    try:
        from compression import zstd as module
    except ImportError:
        from backports import zstd as module
    return module


_DECODERS: Final[dict[str, Callable[[BinaryIO], Iterator[bytes]]]] = {
    "gzip": _decode_gzip,
    "br": _decode_br,
    "zstd": _decode_zstd,
}
