"""Reads files of a project that may be text."""

from __future__ import annotations

import os
from typing import Final

MAX_BYTES: Final = 1024 * 1024
"""Of a template; what is longer is none."""


def read_text(path: str, unreadable: list[str]) -> str | None:
    """Return a file's text, whatever its encoding, or nothing if it cannot be read or is no text."""
    try:
        if os.path.getsize(path) > MAX_BYTES:
            return None
        with open(path, "rb") as file:
            octets = file.read()
    except OSError as error:
        unreadable.append(f"{path}: {error.strerror}")
        return None
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16", "replace")
    # What is looked for is ASCII, so any encoding above it will do.
    return None if b"\0" in octets else octets.decode("utf-8-sig", "replace")
