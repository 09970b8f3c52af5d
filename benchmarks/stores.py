"""Large trees with a manifest and a release store, as a deploy leaves them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from typing import Final

from benchmarks.names import tree_names
from staticserve.manifest import MANIFEST_NAME, read_manifest
from staticserve.pipeline.build import build_store

_CACHE: Final = os.path.join(tempfile.gettempdir(), "staticserve-benchmarks")

# A larger tree has each of these contents under several names: to encode more would take minutes and tell nothing.
_MOST_CONTENTS: Final = 20_000


def make_store_tree(urls: int) -> str:
    """Return a directory with that many small files, like those of ``files.make_tree``, and their store.

    The files are made once and kept. The store is built every time, from what the build before it made: so it is
    always the work of the code that is measured.
    """
    root = os.path.join(_CACHE, f"store-tree-{urls}")
    if not os.path.isdir(root):
        os.makedirs(_CACHE, exist_ok=True)
        making = tempfile.mkdtemp(dir=_CACHE)
        _write_tree(making, urls)
        try:
            os.rename(making, root)
        except OSError:
            # Another run was first.
            shutil.rmtree(making)
    manifest = read_manifest(os.path.join(root, MANIFEST_NAME))
    assert manifest is not None
    build_store(root, manifest)
    return root


def _write_tree(root: str, urls: int) -> None:
    names = list(tree_names(urls))
    for number, name in enumerate(names):
        path = os.path.join(root, name)
        with suppress(FileExistsError):
            os.makedirs(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(f"/* {names[number % _MOST_CONTENTS]} */\n".encode() * 8)
    # Every second name is the hashed one of the name before it.
    paths = dict(zip(names[::2], names[1::2], strict=False))
    release = hashlib.md5(json.dumps(sorted(paths.items())).encode()).hexdigest()[:12]
    with open(os.path.join(root, MANIFEST_NAME), "w", encoding="utf-8") as file:
        json.dump({"paths": paths, "version": "1.1", "hash": release}, file)
