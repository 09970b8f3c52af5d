"""Encodes contents: each once, what an earlier build made not again, on all cores."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from staticserve.pipeline.codings import COST, is_text, recipes_for, seems_incompressible
from staticserve.pipeline.tree import read_checked
from staticserve.store import Encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from staticserve.pipeline.codings import Recipe
    from staticserve.pipeline.history import Histories, Key
    from staticserve.pipeline.options import BuildOptions
    from staticserve.store import Snapshot


class Job(NamedTuple):
    """A content to encode, by its SHA-256 (hexadecimal): a file that holds it, its size in bytes, and how."""

    sha256: str
    path: str
    size: int
    is_text: bool
    recipe: Recipe

    @property
    def key(self) -> tuple[str, str, None]:
        """Return what tells it from others. (Deltas have a dictionary.)"""
        return self.sha256, self.recipe.coding, None


class Made(NamedTuple):
    """What became of a job; octets if it is new and worth keeping."""

    encoding: Encoding
    octets: bytes | None = None


def make_jobs(root: str, whole: Snapshot, current: Snapshot, histories: Histories, build: BuildOptions) -> list[Job]:
    """Return what there is to encode: the tree's contents, and those of earlier releases that came without a coding."""
    by_content: dict[str, list[str]] = {}
    for name, row in whole.resources.items():
        by_content.setdefault(row.sha256, []).append(name)
    jobs = []
    for sha256, names in by_content.items():
        content = whole.contents[sha256]
        if content.encodings:
            continue
        in_tree = next((name for name in names if name in current.resources), None)
        path = histories.find_kept(sha256) if in_tree is None else f"{root}/{in_tree}"
        # Beside an original with other content than its hashed copy: pages ask for that.
        is_sought = any(name not in current.aliases for name in names)
        recipes = recipes_for(names, content.size, build.options.codings, is_sought=is_sought)
        if in_tree is None:
            recipes = recipes[:1]
        if recipes:
            text = is_text(names[0])
            jobs += [Job(sha256, path or "", content.size, text, recipe) for recipe in recipes]
    return jobs


def reuse_encodings(jobs: list[Job], histories: Histories, build: BuildOptions) -> dict[Key, Encoding]:
    """Return what need not be made again."""
    wanted: dict[Key, tuple[str, float]] = {
        job.key: (job.recipe.name, job.size * (1 - build.min_saving)) for job in jobs
    }
    return reuse(wanted, histories)


def reuse(wanted: Mapping[Key, tuple[str, float]], histories: Histories) -> dict[Key, Encoding]:
    """Return what earlier builds have made of what is wanted, by recipe and the most bytes that are worth keeping.

    Octets are checked; what is damaged is made anew.
    """
    reused: dict[Key, Encoding] = {}
    for key, (recipe, most) in wanted.items():
        encoding = histories.encodings.get(key)
        if encoding is None or encoding.recipe != recipe:
            continue
        if encoding.size > most:
            reused[key] = encoding._replace(sha256=None)
        # What was not kept then, because more had to be saved, has no octets to keep now.
        elif histories.can_read(encoding):
            reused[key] = encoding
    return reused


def encode_all(
    jobs: Iterable[Job], build: BuildOptions, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[Job, Made]]:
    """Yield every job, in this order, with what became of it.

    ``progress`` is called with the bytes of work done and the bytes there are.
    """
    jobs = list(jobs)
    total, done = sum(job.size for job in jobs), 0
    pool = ThreadPoolExecutor(build.workers)
    futures: dict[Key, Future[Made]] = {}
    try:
        # The longest first, so that none is left over when the others have finished.
        for job in sorted(jobs, key=lambda job: -job.size * COST[job.recipe.name]):
            futures[job.key] = pool.submit(_encode, job, build)
        for job in jobs:
            yield job, futures.pop(job.key).result()
            done += job.size
            if progress is not None:
                progress(done, total)
    finally:
        pool.shutdown(cancel_futures=True)


def _encode(job: Job, build: BuildOptions) -> Made:
    octets = read_checked(job.path, job.sha256)
    if not job.is_text and seems_incompressible(octets):
        return Made(Encoding(job.recipe.coding, job.recipe.name, job.size, None))
    encoded = job.recipe.encode(octets)
    encoding = Encoding(job.recipe.coding, job.recipe.name, len(encoded), None)
    if len(encoded) > job.size * (1 - build.min_saving):
        return Made(encoding)
    return Made(encoding._replace(sha256=hashlib.sha256(encoded).hexdigest()), encoded)
