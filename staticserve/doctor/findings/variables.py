"""Findings in environment variables: those that are missing, and the one that switches collectstatic off."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

from staticserve.doctor.rule import Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staticserve.doctor.project import Project

_VARIABLE: Final = "DISABLE_COLLECTSTATIC"


def _needs_variables(project: Project) -> Iterator[Seen]:
    if not project.deploy and project.failure is None:
        return
    seen = set()
    for each in project.parsed.required:
        if each.name not in project.environment and each.name not in seen:
            seen.add(each.name)
            yield Seen(
                f"The settings need the environment variable {each.name}, which is not set here.",
                f'os.environ.get("{each.name}", …)  # a default that will do for collectstatic; or set it in the build',
                each.file,
                each.line,
            )


def _collectstatic_is_off(project: Project) -> Iterator[Seen]:
    # The buildpack: unset, empty and 0 let it run.
    if project.environment.get(_VARIABLE, "0") not in ("", "0"):
        yield Seen(f"{_VARIABLE} is set in the environment.", f"heroku config:unset {_VARIABLE}")
    if project.deploy:
        for name in ("app.json", "heroku.yml"):
            text = project.deployment.get(name, "")
            if _sets_variable(text, name):
                yield Seen(
                    f"{name} sets {_VARIABLE}.", f"Take {_VARIABLE} out of {name}.", os.path.join(project.root, name)
                )


def _sets_variable(text: str, name: str) -> bool:
    if _VARIABLE not in text:
        return False
    if name != "app.json":
        return not any(f"{_VARIABLE}: {off}" in text for off in ("0", '"0"', "'0'", '""'))
    try:
        value: Any = json.loads(text)["env"][_VARIABLE]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    value = value.get("value", "0") if isinstance(value, dict) else value
    return str(value) not in ("", "0")


RULES: Final = (
    Rule(
        "W025",
        "deploy",
        "settings need variables that a build may not have",
        "collectstatic imports the settings, so the build fails where a variable is missing.",
        _needs_variables,
    ),
    Rule(
        "W036",
        "deploy",
        "collectstatic is switched off",
        "The build skips it without a word, so there is no manifest and every page fails.",
        _collectstatic_is_off,
    ),
)
