"""The options of a build."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from staticserve.options import Options
from staticserve.pipeline.releases import RetentionRules


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How to build."""

    options: Options = field(default_factory=Options)
    """Of these, ``codings``, ``dotfiles`` and ``follow_symlinks`` say what goes into the store."""
    cache_dir: str | None = None
    """Where a copy of the store is kept between builds."""
    min_saving: float = 0.05
    """A coding that saves less than this share of the bytes is not kept."""
    hard_links: bool = True
    """Whether equal files of the tree come to share their blocks."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """How many threads encode."""
    deltas: int = 3
    """Against how many earlier releases' files deltas are made."""
    history: tuple[str, ...] = ()
    """Where else the stores of earlier releases may be: paths, and URLs of live sites."""
    retention: RetentionRules = field(default_factory=RetentionRules)
    """How long earlier releases stay."""
