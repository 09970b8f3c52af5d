"""All rules: one table, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from staticserve.doctor import quick_rules
from staticserve.doctor.findings import collecting, deploy, files, links, serving, templates

if TYPE_CHECKING:
    from staticserve.doctor.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *quick_rules.RULES,
    *files.RULES,
    *templates.RULES,
    *links.RULES,
    *collecting.RULES,
    *serving.RULES,
    *deploy.RULES,
)
