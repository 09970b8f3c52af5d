"""What the files of earlier releases cost on a disk."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import django.contrib.admin

from tests.releases.collecting import Build, collect, run_apart
from tests.releases.deploys import STATICSERVE
from tests.releases.site import make_script, make_style

if TYPE_CHECKING:
    from multiprocessing.pool import Pool

    from tests.releases.conftest import Record

RELEASES: Final = 5

# Brotli makes 32 kB and 64 kB of these, as of a framework's style sheet and a bundle.
SITE: Final = {"site.css": (make_style, 150_000), "site.js": (make_script, 300_000)}

# The share of lines that another release has otherwise.
CHANGED: Final = 0.05


def change_some(text: bytes, other: bytes, seed: int) -> bytes:
    """Return a text of which some lines are another's."""
    rng = random.Random(seed)
    others = other.splitlines(keepends=True)
    return b"".join(rng.choice(others) if rng.random() < CHANGED else line for line in text.splitlines(keepends=True))


def own_bytes(root: Path) -> int:
    """Return the bytes that the store of a tree takes beside the tree's own: with what is kept and no file links to."""
    tree, store = set[int](), dict[int, int]()
    for directory, _, names in os.walk(root):
        for name in names:
            status = (Path(directory) / name).stat()
            if ".staticserve" in Path(directory).parts:
                store[status.st_ino] = status.st_size
            else:
                tree.add(status.st_ino)
    return sum(size for inode, size in store.items() if inode not in tree)


def test_five_releases_take_at_most_a_third_more_than_one(builders: Pool, tmp_path: Path, record: Record) -> None:
    sources, root = tmp_path / "sources", tmp_path / "staticfiles"
    shutil.copytree(Path(django.contrib.admin.__file__).parent / "static", sources)
    files = {name: make("the first", size) for name, (make, size) in SITE.items()}
    others = {name: make("the others", size) for name, (make, size) in SITE.items()}
    job = Build(str(sources), "", str(root), STATICSERVE.storage, {}, {}, clears=True)
    sizes = []
    for release in range(RELEASES):
        for name, content in files.items():
            (sources / name).write_bytes(content)
            files[name] = change_some(content, others[name], release)
        assert run_apart(builders, collect, job).warnings == []
        sizes.append(own_bytes(root))
    ratio = sizes[-1] / sizes[0]
    record("store of the admin and a site, five releases", f"{sizes[-1]:,} bytes, {ratio:.2f} times {sizes[0]:,}")

    assert sizes[0] > 1_000_000
    assert ratio <= 1.3
