"""Keeps our log silent while the doctor has done what a server would log."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def muted() -> Iterator[None]:
    """Log nothing of ours within."""
    log = logging.getLogger("staticserve")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
