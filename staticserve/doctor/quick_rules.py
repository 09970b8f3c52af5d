"""The rules that need no file: settings, and environment variables, tell.

A server asks them when it starts, so this imports nothing that reads a project's files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from staticserve.doctor.findings import places, settings, variables

if TYPE_CHECKING:
    from staticserve.doctor.rule import Rule

RULES: Final[tuple[Rule, ...]] = (*settings.RULES, *places.RULES, *variables.RULES)
