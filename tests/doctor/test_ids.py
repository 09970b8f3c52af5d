"""Each id is written down once in the code's table and once in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

from staticserve.doctor.asking import BROKEN_RULE
from staticserve.doctor.finding import TOPICS
from staticserve.doctor.findings.probing import TELLS
from staticserve.doctor.rules import RULES

PAGE = Path(__file__).parents[2] / "docs/doctor.md"

IDS = {rule.id for rule in RULES} | {f"staticserve.{number}" for number in TELLS} | {BROKEN_RULE}

# Rows of the table of what goes wrong; what the doctor adds begins with 041.
ROWS = 40


def test_the_documentation_has_a_paragraph_for_each_id_and_no_other() -> None:
    headings = re.findall(r"^### (.*)\n\n\S", PAGE.read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(IDS)


def test_every_row_of_the_table_has_an_id() -> None:
    numbers = {int(each[-3:]) for each in IDS}
    assert set(range(1, ROWS + 1)) <= numbers


def test_an_id_has_one_severity() -> None:
    assert len({each[-3:] for each in IDS}) == len(IDS)


def test_rules_have_all_that_is_shown() -> None:
    for rule in RULES:
        assert rule.topic in TOPICS
        assert rule.title
        assert rule.why.endswith((".", '"'))


def test_options_are_documented() -> None:
    text = PAGE.read_text()
    for option in ("--deploy", "--probe", "--url", "--json", "--only", "--ignore", "--fail-on", "--html", "--settings"):
        assert f"`{option}" in text or f"[{option}" in text
