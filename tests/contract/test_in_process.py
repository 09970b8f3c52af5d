"""The contract in process: through ``webtest.TestApp`` with its lint, and through ``wsgiref.validate``."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final
from wsgiref.util import FileWrapper

import pytest

from tests.contract.application import make_application
from tests.contract.cases import CASES
from tests.contract.deviations import IN_PROCESS, find_breaches
from tests.contract.exchange import exchange_in_validator, exchange_in_webtest
from tests.contract.rules import STRONG_TAG, judge, make_request, make_tags_of
from tests.contract.tree import MODIFIED, build_tree
from tests.contract.witness import examine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.contract.cases import Case
    from tests.contract.exchange import Exchange
    from tests.contract.rules import Tags
    from tests.contract.tree import Tree

_WRAPPER: Final = {"wsgi.file_wrapper": FileWrapper}

_ADAPTERS: Final[dict[str, Callable[[str], Exchange]]] = {
    "webtest": lambda root: exchange_in_webtest(make_application(root)),
    "webtest-file-wrapper": lambda root: exchange_in_webtest(make_application(root), **_WRAPPER),
    "webtest-live": lambda root: exchange_in_webtest(make_application(root, autorefresh=True)),
    "validator": lambda root: exchange_in_validator(make_application(root)),
    "validator-file-wrapper": lambda root: exchange_in_validator(make_application(root), **_WRAPPER),
}


@pytest.fixture(scope="session")
def exchange_of(tree: Tree) -> Callable[[str], Exchange]:
    """Return a function from an adapter's name to it, made once."""
    made: dict[str, Exchange] = {}

    def make(name: str) -> Exchange:
        if name not in made:
            made[name] = _ADAPTERS[name](tree.root)
        return made[name]

    return make


# Both checkers warn of methods that they have not heard of; that is what these cases send.
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
@pytest.mark.parametrize("adapter", IN_PROCESS)
def test_the_contract_holds(
    adapter: str,
    case: Case,
    exchange_of: Callable[[str], Exchange],
    tree: Tree,
    tags_of: Callable[[str], Tags],
) -> None:
    tags = tags_of(case.file)
    request = make_request(case, tags)
    response = exchange_of(adapter)(request)
    problems = [*judge(case, request, response, tags, tree), *examine(request, response)]
    assert find_breaches(adapter, case, response, problems) == []


def test_each_representation_has_a_strong_tag_of_its_own(tree: Tree, tags_of: Callable[[str], Tags]) -> None:
    for path in tree.files:
        tags = tags_of(path)
        assert all(STRONG_TAG.fullmatch(tag) for tag in tags.values()), tags
        assert len(set(tags.values())) == len(tags) == 1 + len(tree.files[path].codings), tags


def test_tags_are_made_from_the_content_alone(
    tags_of: Callable[[str], Tags], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = build_tree(str(tmp_path))
    for path in elsewhere.files:
        # Another deploy: other times, another time zone.
        for coding in ("identity", *elsewhere.files[path].codings):
            os.utime(f"{elsewhere.root}/{path}{elsewhere.suffix(path, coding)}", (MODIFIED + 3600, MODIFIED + 3600))
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        there = make_tags_of(exchange_in_webtest(make_application(elsewhere.root)), elsewhere)
        assert {path: there(path) for path in elsewhere.files} == {path: tags_of(path) for path in elsewhere.files}
    finally:
        monkeypatch.undo()
        time.tzset()


def test_every_rule_is_named_once() -> None:
    rules = [case.rule for case in CASES]
    assert len(rules) == len(set(rules))
