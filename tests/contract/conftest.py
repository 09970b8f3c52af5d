"""The tree, built once, and the servers, started when they are first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.application import make_application
from tests.contract.exchange import exchange_in_webtest
from tests.contract.hosts import Process, start_host
from tests.contract.rules import make_tags_of
from tests.contract.tree import Tree, build_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.rules import Tags


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Return the tree that nobody changes."""
    return build_tree(str(tmp_path_factory.mktemp("tree")))


@pytest.fixture(scope="session")
def tags_of(tree: Tree) -> Callable[[str], Tags]:
    """Return a function from a file to its tags, given out by an instance that no test asks anything else."""
    return make_tags_of(exchange_in_webtest(make_application(tree.root)), tree)


@pytest.fixture(scope="session")
def host_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tuple[Process, Tree]]]:
    """Return a function from a server's name to it, running, and the tree that is its own."""
    running: dict[str, tuple[Process, Tree]] = {}

    def start(name: str) -> tuple[Process, Tree]:
        if name not in running:
            tree = build_tree(str(tmp_path_factory.mktemp(name)))
            running[name] = start_host(name, tree), tree
        return running[name]

    yield start
    for process, _ in running.values():
        process.stop()
