"""Releases that differ a little, and other programs that read what was made of them."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest

from staticserve.manifest import MANIFEST_NAME, Manifest, read_manifest
from staticserve.pipeline.build import build_store
from staticserve.pipeline.options import BuildOptions
from staticserve.store import STORE_DIRECTORY, STORE_NAME, StoreReader
from tests.catalogue import write_files
from tests.pipeline import hashed_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from staticserve.pipeline.report import BuildReport
    from staticserve.store import Encoding, Snapshot

MAGIC: Final = bytes.fromhex("5e2a4d1820000000")
"""What Dictionary-Compressed Zstandard begins with (RFC 9842, 5); the dictionary's SHA-256 comes next."""

BROWSERS: Final = "gzip, deflate, br, zstd, dcb, dcz"
"""The Accept-Encoding of a Chromium that holds a dictionary."""


def script(number: int, lines: int = 400) -> bytes:
    """Return a script whose releases differ in one line, and which no coding makes small."""
    noise = random.Random(7)
    body = [f"export const v{line} = '{noise.randbytes(24).hex()}';" for line in range(lines)]
    body[lines // 2] = f"export const release = {number};"
    return "\n".join(body).encode()


def style(number: int) -> bytes:
    """Return a style sheet whose releases differ in one rule."""
    noise = random.Random(8)
    rules = [f".c{noise.randbytes(4).hex()} {{ color: #{noise.randbytes(3).hex()} }}" for _ in range(300)]
    return "\n".join([*rules, f"body {{ --release: {number} }}"]).encode()


def site(number: int) -> dict[str, bytes]:
    """Return the originals of a release: what changes each time, and what never does."""
    return {"app.css": style(number), "js/app.js": script(number), "same.css": style(0), "robots.txt": b"*\n" * 900}


def collect(root: Path, files: Mapping[str, bytes], *, clears: bool = True) -> dict[str, str]:
    """Write a release as ``collectstatic --clear`` does, with a manifest; return the names by their logical ones."""
    for path in root.iterdir() if clears and root.exists() else ():
        if path.name != STORE_DIRECTORY:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    paths = {name: hashed_name(name, content) for name, content in files.items() if name != "robots.txt"}
    release = hashlib.md5(json.dumps(paths).encode()).hexdigest()[:12]
    manifest = json.dumps({"version": "1.1", "paths": paths, "hash": release}).encode()
    written = {**files, **{paths[name]: files[name] for name in paths}, MANIFEST_NAME: manifest}
    for name in written:
        (root / name).unlink(missing_ok=True)
    write_files(root, written)
    return paths


def build(root: Path, **options: Any) -> BuildReport:
    """Build the store of a tree with two workers."""
    manifest = read_manifest(str(root / MANIFEST_NAME)) or Manifest()
    return build_store(str(root), manifest, BuildOptions(**{"workers": 2, **options}))


def deploy(root: Path, files: Mapping[str, bytes], *, clears: bool = True, **options: Any) -> dict[str, str]:
    """Collect a release and build it; return its hashed names by their logical ones."""
    paths = collect(root, files, clears=clears)
    build(root, **options)
    return paths


def sha256(octets: bytes) -> str:
    """Return a digest as the store has it."""
    return hashlib.sha256(octets).hexdigest()


def available(dictionary: bytes) -> str:
    """Return what a client that holds these octets says in Available-Dictionary (RFC 9842, 2.2)."""
    return f":{base64.b64encode(hashlib.sha256(dictionary).digest()).decode()}:"


def snapshot_of(root: Path) -> Snapshot:
    """Return what a store says."""
    reader = StoreReader(str(root / STORE_NAME))
    try:
        return reader.snapshot()
    finally:
        reader.close()


def encodings_of(root: Path, name: str) -> list[Encoding]:
    """Return what a store says of the deltas of a file, those that were not worth keeping too."""
    snapshot = snapshot_of(root)
    content = snapshot.contents[snapshot.resources[name].sha256]
    return [each for each in content.encodings if each.dictionary is not None]


def deltas_of(root: Path, name: str) -> dict[str, bytes]:
    """Return the deltas that a store has of a file, by the SHA-256 of what they are made against."""
    reader = StoreReader(str(root / STORE_NAME))
    try:
        return {
            each.dictionary or "": reader.read_blob(each.sha256)
            for each in encodings_of(root, name)
            if each.sha256 is not None
        }
    finally:
        reader.close()


def decode_by_command(delta: bytes, dictionary: bytes, folder: Path) -> bytes:
    """Return what the ``zstd`` command decodes a delta to, with the memory that browsers give. Skips without it."""
    command = shutil.which("zstd")
    if command is None:
        pytest.skip("the zstd command is not installed")
    (folder / "old").write_bytes(dictionary)
    # "At least 8 MB" of window is what a client must take (RFC 9842, 5).
    asked = [command, "--decompress", "--stdout", "--memory=8MB", "-D", str(folder / "old")]
    done = subprocess.run(asked, input=delta, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def find_node(feature: str) -> str:
    """Return the path of a Node.js in which an expression is true. Skips without one."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    done = subprocess.run([node, "--print", feature], capture_output=True, text=True, timeout=60, check=False)
    if done.stdout.strip() != "true":
        pytest.skip(f"this Node.js has not: {feature}")
    return node


def run_node(node: str, program: str) -> str:
    """Return what a program prints."""
    # As an argument it could be too long.
    command = [node, "--no-warnings", "-"]
    done = subprocess.run(command, input=program, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
