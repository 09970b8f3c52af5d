"""The findings: one table, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from staticserve.doctor.findings import collecting, deploy, files, places, serving, settings, templates

if TYPE_CHECKING:
    from staticserve.doctor.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *settings.RULES,
    *places.RULES,
    *files.RULES,
    *templates.RULES,
    *collecting.RULES,
    *serving.RULES,
    *deploy.RULES,
)
