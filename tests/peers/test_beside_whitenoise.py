"""WhiteNoise and StaticServe over the same tree, asked the same: they agree, or it is known why not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.peers.differences import DIFFERENCES, find_breaches
from tests.peers.pair import find_differences, make_pair
from tests.peers.questions import QUESTIONS, VARIANTS, build_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    # A link that leaves the root is logged.
    caplog.set_level(logging.CRITICAL, "staticserve")


@pytest.mark.parametrize("variant", VARIANTS)
def test_both_answer_alike_but_where_the_table_says_why_not(variant: str, tmp_path: Path) -> None:
    pair = make_pair(build_tree(tmp_path), **VARIANTS[variant])
    breaches = []
    # Twice: the second answer may come from memory.
    for question in QUESTIONS * 2:
        breaches += find_breaches(variant, question, find_differences(*pair.ask(question)))
    assert breaches == []


def test_every_difference_is_asked_for() -> None:
    unasked = [
        each
        for each in DIFFERENCES
        if not any(each.fits(variant, question) for variant in each.variants for question in QUESTIONS)
    ]
    assert unasked == []


def test_no_question_is_asked_in_vain() -> None:
    assert len(QUESTIONS) == len(set(QUESTIONS))
