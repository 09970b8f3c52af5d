"""The import law: which room may know of which, and which packages belong to one room only."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final, NamedTuple

import pytest

import staticserve

PACKAGE: Final = Path(staticserve.__file__).parent
WSGI: Final = frozenset(
    {"plan", "catalogue", "content", "misses", "model", "octets", "memory", "manifest", "options", "semantics"}
    | {"announce", "environs", "errors", "mounts", "wsgi"}
)
EVERYTHING: Final = frozenset({path.stem for path in PACKAGE.iterdir()})

# A room → the rooms that it may import. All may import themselves.
LAW: Final[dict[str, frozenset[str]]] = {
    "__init__": frozenset({"wsgi", "errors"}),
    "errors": frozenset(),
    "semantics": frozenset(),
    "octets": frozenset({"errors"}),
    "codings": frozenset(),
    "options": frozenset({"errors", "semantics"}),
    "manifest": frozenset({"errors", "octets"}),
    "model": frozenset({"semantics", "octets"}),
    "memory": frozenset({"model"}),
    "plan": frozenset({"model", "semantics"}),
    # Which hash a bundler's name has, and nothing of where files are: what it asks of a catalogue is its own "Shelf".
    "misses": frozenset({"model", "semantics", "plan", "bundlers", "options"}),
    "content": frozenset({"model", "octets"}),
    "bundlers": frozenset({"octets"}),
    "environs": frozenset({"plan"}),
    "placing": frozenset(),
    "announce": frozenset({"catalogue", "model", "options", "semantics"}),
    "mounts": frozenset({"announce", "catalogue", "memory", "misses", "model", "options", "semantics"}),
    "store": frozenset({"model", "errors"}),
    "catalogue": frozenset(
        {"model", "manifest", "bundlers", "store", "semantics", "octets", "codings", "options", "plan", "errors"}
    ),
    "wsgi": WSGI - {"wsgi"},
    "gunicorn": WSGI,
    # "catalogue" for its scan: what is built is what would be served. Not "misses": what a request gets is not its job.
    "pipeline": frozenset(
        {"catalogue", "store", "manifest", "bundlers", "semantics", "codings", "octets", "options", "errors", "placing"}
    ),
    "django": EVERYTHING,
    "doctor": frozenset({"manifest", "store", "pipeline", "django", "errors", "semantics", "codings"}),
    "cli": frozenset(
        {"doctor", "pipeline", "catalogue", "wsgi", "errors", "options", "store", "manifest", "semantics"}
    ),
    "__main__": frozenset({"cli"}),
}

# A package that is not ours → the only rooms that may import it. The command line has werkzeug's server to serve
# with where gunicorn is not installed, imported when it is used.
HOSTS: Final = {
    "werkzeug": {"semantics", "cli"},
    "django": {"django"},
    "asgiref": {"django"},
    "gunicorn": {"gunicorn"},
}
NEVER: Final = {"whitenoise", "servestatic", "pytest", "webtest", "hypothesis", "httplint", "tests"}

# "Pure: no os, no open, no environ".
IMPURE: Final = {"os", "io", "pathlib", "socket", "sys", "logging", "subprocess", "shutil", "glob", "tempfile", "time"}


class Module(NamedTuple):
    """One of our modules, and the modules that it imports, those for type checking included."""

    name: str
    room: str
    tree: ast.Module
    imports: frozenset[str]


def read_module(path: Path) -> Module:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = ".".join(("staticserve", *(part for part in parts if part != "__init__")))
    return Module(name, parts[0], tree, frozenset(imported_by(tree)))


def imported_by(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            found.update(f"{module}.{alias.name}" if is_package(module) else module for alias in node.names)
    return found


def is_package(name: str) -> bool:
    top, *rest = name.split(".")
    return top == "staticserve" and PACKAGE.joinpath(*rest).is_dir()


MODULES: Final = [read_module(path) for path in sorted(PACKAGE.rglob("*.py"))]


def rooms_of(module: Module) -> set[str]:
    """Return the rooms of ours that a module imports."""
    parts = [name.split(".") for name in module.imports if name.split(".")[0] == "staticserve"]
    return {names[1] if len(names) > 1 and names[1] in LAW else "__init__" for names in parts}


def names_of(module: Module) -> str:
    return module.name


@pytest.mark.parametrize("module", MODULES, ids=names_of)
def test_a_room_imports_what_the_law_allows_it(module: Module) -> None:
    assert module.room in LAW, f"{module.room} has no law"
    assert rooms_of(module) <= LAW[module.room] | {module.room}


@pytest.mark.parametrize("module", MODULES, ids=names_of)
def test_a_package_that_belongs_to_one_room_is_imported_there_only(module: Module) -> None:
    packages = {name.split(".")[0] for name in module.imports}
    assert not packages & NEVER
    assert all(module.room in HOSTS[package] for package in packages & HOSTS.keys())


@pytest.mark.parametrize("module", [module for module in MODULES if module.room == "semantics"], ids=names_of)
def test_semantics_is_pure(module: Module) -> None:
    assert not {name.split(".")[0] for name in module.imports} & IMPURE
    names = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name)}
    assert not names & {"open", "print", "input", "environ"}


def test_no_module_imports_itself_by_way_of_others() -> None:
    names = {module.name for module in MODULES}
    graph = {
        module.name: {
            name if name in names else name.rpartition(".")[0]
            for name in module.imports
            if name.split(".")[0] == "staticserve"
        }
        for module in MODULES
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("room", ["utils", "helpers", "common", "base", "manager"])
def test_no_room_is_a_room_for_the_rest(room: str) -> None:
    assert not [module.name for module in MODULES if room in module.name.split(".")]


def test_a_process_that_serves_loads_neither_a_host_nor_what_builds() -> None:
    heavy = ["django", "gunicorn", "rich", "brotli", "staticserve.pipeline", "staticserve.django", "staticserve.doctor"]
    program = f"import sys, staticserve; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
