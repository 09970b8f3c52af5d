"""The trees of files that catalogues read in these tests."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING, Final

import brotli

from staticserve.codings import zstd
from staticserve.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# RFC 9110, 5.6.7 gives this moment as an example, in three forms.
MTIME: Final = 784_111_777
LAST_MODIFIED: Final = "Sun, 06 Nov 1994 08:49:37 GMT"

DEFAULTS: Final = Options()


def write_files(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a directory, all of them modified at ``MTIME``."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MTIME, MTIME))


def sidecars(name: str, content: bytes) -> dict[str, bytes]:
    """Return a file and a sidecar of it in each coding."""
    encoded: dict[str, bytes] = {
        name: content,
        f"{name}.gz": gzip.compress(content, mtime=0),
        f"{name}.br": brotli.compress(content),
        f"{name}.zst": zstd().compress(content),
    }
    return encoded


def replace_file(path: Path, content: bytes) -> None:
    """Move another file into a file's place, as a deploy does: the path never lacks one."""
    other = path.with_name(path.name + ".new")
    other.write_bytes(content)
    other.replace(path)
