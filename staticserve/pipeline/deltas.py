"""Makes deltas: what is new in a file, for a browser that holds what an earlier release had under its logical name."""

from __future__ import annotations

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from staticserve.codings import zstd
from staticserve.errors import BuildError
from staticserve.pipeline.codings import recipes_for
from staticserve.pipeline.encoding import reuse
from staticserve.semantics.dictionaries import LEAST_BYTES, MOST_BYTES, delta_header
from staticserve.semantics.hashed_names import parse_hashed_name
from staticserve.semantics.negotiation import DELTA, WHOLE_CODINGS
from staticserve.store import Encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from staticserve.pipeline.history import Histories, Key
    from staticserve.store import ContentRow, Snapshot

log = logging.getLogger("staticserve")

RECIPE: Final = "dcz19"

# Of all files and dictionaries together: some two minutes on one core, the same on every machine.
_MOST_BYTES_IN_ALL: Final = 256 * 1024 * 1024

_SAVING: Final = 0.2


class DeltaJob(NamedTuple):
    """A content to make a delta of, and the one to make it against: each by its SHA-256 (hexadecimal)."""

    sha256: str
    dictionary: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what tells its outcome from other encodings."""
        return self.sha256, DELTA, self.dictionary


def pair_contents(whole: Snapshot, most: int) -> list[DeltaJob]:
    """Return what each hashed file of the newest release is to have deltas against.

    That is what its logical name stood for in the last ``most`` releases, the newest first. What is too small, or too
    large, is left out.
    """
    newest = len(whole.releases) - 1
    current = set(whole.aliases.values())
    earlier: dict[str, list[tuple[int, int, str]]] = {}
    for name, row in whole.resources.items():
        hashed = parse_hashed_name(name)
        if row.is_proven and hashed is not None and name not in current and newest - row.release <= most:
            earlier.setdefault(hashed.logical, []).append((row.release, row.mtime_ns, row.sha256))
    jobs: dict[DeltaJob, None] = {}
    for name in sorted(current):
        hashed = parse_hashed_name(name)
        known = earlier.get(hashed.logical) if hashed is not None else None
        if known is None or name not in whole.resources:
            continue
        sha256 = whole.resources[name].sha256
        # What no coding makes smaller is no dictionary either: images, fonts.
        if not recipes_for([name], whole.contents[sha256].size, WHOLE_CODINGS):
            continue
        others = dict.fromkeys(other for *_, other in sorted(known, reverse=True) if other != sha256)
        jobs |= dict.fromkeys(DeltaJob(sha256, other) for other in list(others)[:most])
    return _within_bounds(list(jobs), whole)


def _within_bounds(jobs: list[DeltaJob], whole: Snapshot) -> list[DeltaJob]:
    left, total = [], 0
    for job in jobs:
        sizes = whole.contents[job.sha256].size, whole.contents[job.dictionary].size
        if min(sizes) < LEAST_BYTES:
            continue
        total += sum(sizes)
        if max(sizes) > MOST_BYTES or total > _MOST_BYTES_IN_ALL:
            total -= sum(sizes)
            names = [name for name, row in whole.resources.items() if row.sha256 == job.sha256]
            log.warning("no delta is made of %s: %d and %d bytes are too many", names[0], *sizes)
            continue
        left.append(job)
    return left


def reuse_deltas(jobs: list[DeltaJob], whole: Snapshot, histories: Histories) -> dict[Key, Encoding]:
    """Return what need not be made again. ``whole`` has the other codings."""
    return reuse({job.key: (RECIPE, _most_bytes(whole.contents[job.sha256])) for job in jobs}, histories)


def make_deltas(
    jobs: Iterable[DeltaJob], whole: Snapshot, read: Callable[[str], bytes | None], workers: int
) -> Iterator[tuple[DeltaJob, Encoding, bytes | None]]:
    """Yield every job with its delta; without octets it is not worth keeping.

    ``whole`` has the other codings. ``read`` returns a content by its SHA-256, or nothing if it cannot be had.
    """
    jobs = list(jobs)
    with ThreadPoolExecutor(workers) as pool:
        for job, octets in zip(jobs, pool.map(partial(_make_delta, read), jobs), strict=True):
            # What it takes cannot be had: the next build may have it.
            if octets is None:
                continue
            encoding = Encoding(DELTA, RECIPE, len(octets), None, job.dictionary)
            if len(octets) <= _most_bytes(whole.contents[job.sha256]):
                yield job, encoding._replace(sha256=hashlib.sha256(octets).hexdigest()), octets
            else:
                yield job, encoding, None


def _most_bytes(content: ContentRow) -> float:
    """Return how large a delta may be that saves enough of the smallest other coding."""
    sizes = [each.size for each in content.encodings if each.sha256 is not None and each.dictionary is None]
    return min(sizes, default=content.size) * (1 - _SAVING)


def _make_delta(read: Callable[[str], bytes | None], job: DeltaJob) -> bytes | None:
    try:
        new, old = read(job.sha256), read(job.dictionary)
    except BuildError as error:
        log.warning("no delta is made: %s", error)
        return None
    return None if new is None or old is None else encode_delta(new, old, job.dictionary)


def encode_delta(new: bytes, old: bytes, old_sha256: str) -> bytes:
    """Return Dictionary-Compressed Zstandard (RFC 9842, 5): ``new`` for whoever has ``old``."""
    module: Any = zstd()
    parameter = module.CompressionParameter
    options = {
        parameter.compression_level: 19,
        # It is the header that names the dictionary.
        parameter.dict_id_flag: 0,
        # Browsers check nothing by it.
        parameter.checksum_flag: 0,
        parameter.window_log: max(10, min(_LARGEST_WINDOW, (len(new) + len(old)).bit_length())),
    }
    prefix = module.ZstdDict(old, is_raw=True).as_prefix
    compressed: bytes = module.compress(new, options=options, zstd_dict=prefix)
    return delta_header(old_sha256) + compressed


# 8 MiB: "clients MUST be able to decompress" at least that (RFC 9842, 5).
_LARGEST_WINDOW: Final = 23
