"""Asks rules about a project, and puts what they say in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from staticserve.doctor.finding import ERROR, TOPICS, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from staticserve.doctor.project import Project
    from staticserve.doctor.rule import Rule

BROKEN_RULE: Final = "staticserve.W049"
"""The id of what is said of a rule that fails."""


def find_all(project: Project, rules: Iterable[Rule]) -> list[Finding]:
    """Return what the rules find."""
    found: list[Finding] = []
    for rule in rules:
        try:
            found += rule.find(project)
        # Somebody's project has what no rule expects: that is no reason to say nothing at all.
        except Exception as error:
            found.append(_broken(rule, error))
    return found


def select(found: Iterable[Finding], only: Collection[str], ignore: Collection[str]) -> tuple[Finding, ...]:
    """Return the findings that are asked for: errors first, then by topic and id."""
    wanted = [each for each in found if (not only or _is_named(each, only)) and not _is_named(each, ignore)]
    severities = (ERROR, WARNING)
    order = {topic: number for number, topic in enumerate(TOPICS)}
    return tuple(sorted(wanted, key=lambda each: (severities.index(each.severity), order[each.topic], each.id[-3:])))


def _is_named(finding: Finding, ids: Collection[str]) -> bool:
    return finding.id in ids or finding.id.partition(".")[2] in ids


def _broken(rule: Rule, error: Exception) -> Finding:
    return Finding(
        id=BROKEN_RULE,
        severity=WARNING,
        topic=rule.topic,
        message=f"The doctor could not look for {rule.id} ({type(error).__name__}).",
        why="What is wrong there is not said.",
        cure="Please report it, with the project's settings but their secrets.",
    )
