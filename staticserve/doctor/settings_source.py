"""Reads settings modules without running them: which line sets what, and who overwrites it."""

from __future__ import annotations

import ast
import glob
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from staticserve.doctor.literals import UNKNOWN, add, change_list, dotted_name, evaluate
from staticserve.doctor.modules import find_module, parse_file
from staticserve.doctor.variables import find_required

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from staticserve.doctor.variables import RequiredVariable

OVERWRITERS: Final = ("django_heroku", "django_on_heroku")
"""Packages whose ``settings(locals())`` sets what the project has set already."""

_MANIFEST_OF_WHITENOISE: Final = "whitenoise.storage.CompressedManifestStaticFilesStorage"
_MIDDLEWARE_OF_WHITENOISE: Final = "whitenoise.middleware.WhiteNoiseMiddleware"

_MAX_MODULES: Final = 60


class Assignment(NamedTuple):
    """A line that sets a setting. ``is_certain``: it is always run, and has this value whatever the environment."""

    name: str
    value: Any
    file: str
    line: int
    is_certain: bool


class HelperCall(NamedTuple):
    """A line that has another package change the settings."""

    package: str
    file: str
    line: int
    sets_static: bool


@dataclass(slots=True)
class ParsedSettings:
    """What the settings modules say. ``values`` may hold secrets: only static settings are ever shown."""

    values: dict[str, Any] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    calls: list[HelperCall] = field(default_factory=list)
    required: list[RequiredVariable] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    problems: list[tuple[str, int | None, str]] = field(default_factory=list)
    """(file, line, reason) of what could not be parsed."""
    is_complete: bool = True
    """Whether every module that the settings come from was read."""

    def last(self, name: str) -> Assignment | None:
        """Return the last line that sets a name."""
        return next((each for each in reversed(self.assignments) if each.name == name), None)

    def overwriter(self) -> HelperCall | None:
        """Return the last call that sets static settings."""
        return next((each for each in reversed(self.calls) if each.sets_static), None)


def parse_settings(module: str | None, search: Sequence[str], environment: Mapping[str, str]) -> ParsedSettings:
    """Return what a settings module says, and those that it imports with ``*``. ``search`` is like ``sys.path``."""
    parsed = ParsedSettings()
    if module:
        _Reader(parsed, search, environment).read_module(module, is_certain=True)
    else:
        parsed.is_complete = False
    return parsed


class _Reader:
    def __init__(self, parsed: ParsedSettings, search: Sequence[str], environment: Mapping[str, str]) -> None:
        self._parsed = parsed
        self._search = search
        self._environment = environment
        self._aliases: dict[str, str] = {}

    def read_module(self, module: str, *, is_certain: bool) -> None:
        """Read the module of a name, as if its lines stood here."""
        path = find_module(module, self._search)
        if path is None:
            self._parsed.is_complete = False
        else:
            package = module if os.path.basename(path) == "__init__.py" else module.rpartition(".")[0]
            self._read(path, package, is_certain)

    def _read(self, path: str, package: str, is_certain: bool) -> None:
        if path in self._parsed.files or len(self._parsed.files) >= _MAX_MODULES:
            return
        self._parsed.files.append(path)
        outer = self._parsed.values.get("__file__")
        self._parsed.values["__file__"] = path
        try:
            tree = parse_file(path)
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, SyntaxError) else None
            self._parsed.problems.append((path, line, type(error).__name__))
            self._parsed.is_complete = False
        else:
            self._block(tree.body, path, package, is_certain)
        self._parsed.values["__file__"] = outer

    def _block(self, body: Iterable[ast.stmt], path: str, package: str, is_certain: bool) -> None:
        for node in body:
            # What is in a block is noted where that is read; of a function or class it is not known when it runs.
            if not isinstance(node, ast.If | ast.Try | ast.With | ast.FunctionDef | ast.ClassDef):
                self._note_variables(node, path)
            if isinstance(node, ast.If):
                self._branch(node, path, package, is_certain)
            elif isinstance(node, ast.Try):
                handlers = [each for handler in node.handlers for each in handler.body]
                self._block(node.body, path, package, False)
                self._block([*handlers, *node.orelse, *node.finalbody], path, package, False)
            elif isinstance(node, ast.With):
                self._block(node.body, path, package, is_certain)
            elif isinstance(node, ast.Import):
                self._aliases.update({each.asname or each.name: each.name for each in node.names})
            elif isinstance(node, ast.ImportFrom):
                self._import(node, package, is_certain)
            elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
                self._assign(node, path, is_certain)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                self._call(node.value, path, package, is_certain)

    def _branch(self, node: ast.If, path: str, package: str, is_certain: bool) -> None:
        test = self._evaluate(node.test)
        if test is UNKNOWN:
            self._block(node.body, path, package, False)
            self._block(node.orelse, path, package, False)
        else:
            taken, left = (node.body, node.orelse) if test else (node.orelse, node.body)
            self._block(taken, path, package, is_certain and not _depends(node.test))
            # Elsewhere it may be decided otherwise: by DEBUG, or by the environment.
            for each in left:
                self._note_variables(each, path)

    def _import(self, node: ast.ImportFrom, package: str, is_certain: bool) -> None:
        module = node.module or ""
        if node.level:
            parts = package.split(".")
            module = ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])])
        if [each.name for each in node.names] != ["*"]:
            self._aliases.update({each.asname or each.name: f"{module}.{each.name}" for each in node.names})
        else:
            self.read_module(module, is_certain=is_certain)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, path: str, is_certain: bool) -> None:
        if node.value is None:
            return
        value = self._evaluate(node.value)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                if isinstance(node, ast.AugAssign):
                    value = add(self._parsed.values.get(target.id, UNKNOWN), value)
                self._set(target.id, value, path, node.lineno, is_certain and not _depends(node.value))
            elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                self._set_item(target, value)

    def _set(self, name: str, value: Any, path: str, line: int, is_certain: bool) -> None:
        self._parsed.values[name] = value
        if name.isupper():
            self._parsed.assignments.append(Assignment(name, value, path, line, is_certain))

    def _set_item(self, target: ast.Subscript, value: Any) -> None:
        assert isinstance(target.value, ast.Name)
        owner = self._parsed.values.get(target.value.id)
        key = self._evaluate(target.slice)
        if isinstance(owner, dict) and key is not UNKNOWN:
            self._parsed.values[target.value.id] = {**owner, key: value}

    def _call(self, node: ast.Call, path: str, package: str, is_certain: bool) -> None:
        name = dotted_name(node.func)
        first, _, rest = name.partition(".")
        name = self._aliases.get(first, first) + (f".{rest}" if rest else "")
        owner, _, method = name.rpartition(".")
        if owner.split(".")[0] in OVERWRITERS and method == "settings":
            sets_static = not any(each.arg == "staticfiles" and _is_false(each.value) for each in node.keywords)
            self._parsed.calls.append(HelperCall(owner.split(".")[0], path, node.lineno, sets_static))
            if sets_static:
                self._overwrite()
        elif name.endswith("split_settings.tools.include"):
            self._include(node, path, package, is_certain)
        elif method in ("append", "extend", "insert") and owner.isupper():
            self._parsed.values[owner] = change_list(self._parsed.values.get(owner), method, self._values(node.args))

    def _overwrite(self) -> None:
        values = self._parsed.values
        base = values.get("BASE_DIR", UNKNOWN)
        values["STATIC_URL"] = "/static/"
        values["STATIC_ROOT"] = UNKNOWN if base is UNKNOWN else os.path.join(base, "staticfiles")
        values["STATICFILES_STORAGE"] = _MANIFEST_OF_WHITENOISE
        if isinstance(values.get("MIDDLEWARE"), list):
            values["MIDDLEWARE"] = [_MIDDLEWARE_OF_WHITENOISE, *values["MIDDLEWARE"]]

    def _include(self, node: ast.Call, path: str, package: str, is_certain: bool) -> None:
        for each in node.args:
            inner = each.args[0] if isinstance(each, ast.Call) and each.args else each
            pattern = self._evaluate(inner)
            if isinstance(pattern, str):
                for found in sorted(glob.glob(os.path.join(os.path.dirname(path), pattern))):
                    self._read(found, package, is_certain)

    def _note_variables(self, node: ast.stmt, path: str) -> None:
        self._parsed.required += find_required(node, path, self._aliases)

    def _values(self, nodes: Sequence[ast.expr]) -> list[Any]:
        return [self._evaluate(each) for each in nodes]

    def _evaluate(self, node: ast.expr) -> Any:
        return evaluate(node, self._parsed.values, self._environment)


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _depends(node: ast.expr) -> bool:
    """Return whether an expression has another value elsewhere: it calls something that is no path's, or asks DEBUG."""
    names = {dotted_name(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    calls = {name for name in names if not name.startswith(("os.path.", "Path", "pathlib."))} - {"", "str"}
    return bool(calls) or any("environ" in ast.dump(each) for each in ast.walk(node) if isinstance(each, ast.Subscript))
