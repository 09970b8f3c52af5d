"""What parsing tells of settings: values, lines, branches, and who overwrites."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from staticserve.doctor.literals import UNKNOWN
from staticserve.doctor.parsed import settings_from
from staticserve.doctor.settings_source import ParsedSettings, parse_settings


def parse(path: Path, text: str, environment: dict[str, str] | None = None, **modules: str) -> ParsedSettings:
    for name, content in {"settings": text, **modules}.items():
        file = path / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(content).lstrip("\n"))
    return parse_settings("settings", [str(path)], environment or {})


# An expression, and its value in a module in ROOT.
VALUES: list[tuple[str, Any]] = [
    ("'a' + 'b'", "ab"),
    ("f'{1}/{\"b\"}'", "1/b"),
    ("Path(__file__).resolve().parent / 'x'", Path("ROOT/x")),
    ("os.path.join(os.path.dirname(os.path.abspath(__file__)), 'x')", "ROOT/x"),
    ("str(Path(__file__).parent)", "ROOT"),
    ("os.environ.get('SET')", "1"),
    ("os.environ.get('UNSET', 'default')", "default"),
    ("os.getenv('SET') == '1'", True),
    ("os.environ['SET']", "1"),
    ("os.environ['UNSET']", UNKNOWN),
    ("['a', *['b']] + ['c']", ["a", "b", "c"]),
    ("('a', 'b')", ["a", "b"]),
    ("{'a': {'b': 1}}['a']['b']", 1),
    ("'a' if True else 'b'", "a"),
    ("not False or unknown()", True),
    ("None or 'a'", "a"),
    ("os.environ.get('SET', '').split(',')", ["1"]),
    ("unknown()", UNKNOWN),
    ("__import__('os').system('false')", UNKNOWN),
    ("1 / 0", UNKNOWN),
    ("[each for each in 'ab']", UNKNOWN),
    ("'a' * 10 ** 9", UNKNOWN),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_expressions_are_worked_out_and_never_run(tmp_path: Path, expression: str, value: Any) -> None:
    root = Path(tmp_path).resolve()
    parsed = parse(root, f"import os\nfrom pathlib import Path\nNAME = {expression}\n", {"SET": "1"})
    if isinstance(value, str | Path):
        value = type(value)(str(value).replace("ROOT", str(root)))
    assert parsed.values["NAME"] == value or parsed.values["NAME"] is value


def test_star_imports_are_read_as_if_they_stood_there(tmp_path: Path) -> None:
    parsed = parse(
        tmp_path,
        """
        from conf.base import *
        STATIC_URL = "/b/"
        INSTALLED_APPS += ["b"]
        STORAGES["staticfiles"] = {"BACKEND": "x"}
        """,
        conf__base="from .more import *\nSTATIC_URL = '/a/'\nINSTALLED_APPS = ['a']\nSTORAGES = {}\n",
        conf__more="DEBUG = True\n",
        conf____init__="",
    )
    settings = settings_from(parsed, str(tmp_path))
    assert (settings.static_url, settings.apps, settings.debug, settings.storage) == ("/b/", ("a", "b"), True, "x")
    last = parsed.last("STATIC_URL")
    assert last is not None
    assert (Path(last.file).name, last.line) == ("settings.py", 2)
    assert [Path(file).name for file in parsed.files] == ["settings.py", "base.py", "more.py"]


def test_a_star_import_that_is_not_found_leaves_defaults_unknown(tmp_path: Path) -> None:
    settings = settings_from(parse(tmp_path, "from somewhere import *\nDEBUG = False\n"), str(tmp_path))
    assert settings.knows("DEBUG")
    assert not settings.knows("STATIC_ROOT")


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    parsed = parse(tmp_path, "from other import *\nDEBUG = True\n", other="from settings import *\n")
    assert parsed.values["DEBUG"] is True


def test_branches_are_taken_where_they_can_be_decided(tmp_path: Path) -> None:
    parsed = parse(
        tmp_path,
        """
        import os
        DEBUG = os.environ.get("DEBUG") == "1"
        if DEBUG:
            STATIC_URL = "/dev/"
        else:
            STATIC_URL = "/live/"
            KEY = os.environ["KEY"]
        try:
            MEDIA_URL = "/media/"
        except Exception:
            pass
        """,
        {"DEBUG": "1"},
    )
    assert parsed.values["STATIC_URL"] == "/dev/"
    assert [(each.name, each.line) for each in parsed.required] == [("KEY", 7)]
    media = parsed.last("MEDIA_URL")
    assert media is not None
    assert not media.is_certain


def test_variables_without_a_default_are_noted(tmp_path: Path) -> None:
    parsed = parse(
        tmp_path,
        """
        import os
        from os import environ
        import environ as django_environ
        from decouple import config
        env = django_environ.Env()
        A = os.environ["A"]
        B = environ["B"]
        C = config("C")
        D = config("D", default="")
        E = env("E")
        F = env.str("F", "default")
        G = os.environ.get("G")
        os.environ["H"] = "1"
        """,
    )
    assert [each.name for each in parsed.required] == ["A", "B", "C", "E"]


@pytest.mark.parametrize(
    ("lines", "sets_static"),
    [
        ("import django_heroku\ndjango_heroku.settings(locals())", True),
        ("import django_heroku as heroku\nheroku.settings(locals(), logging=False)", True),
        ("import django_on_heroku\ndjango_on_heroku.settings(locals(), staticfiles=False)", False),
        ("from django_heroku import settings as heroku\nheroku(locals())", True),
    ],
)
def test_calls_that_overwrite_are_known_by_any_name(tmp_path: Path, lines: str, sets_static: bool) -> None:
    parsed = parse(tmp_path, f"BASE_DIR = '/srv'\nMIDDLEWARE = []\n{lines}\n")
    (call,) = parsed.calls
    assert (call.line, call.sets_static) == (4, sets_static)
    assert (parsed.values.get("STATIC_URL") == "/static/") is sets_static


def test_split_settings_includes_are_read(tmp_path: Path) -> None:
    parsed = parse(
        tmp_path,
        "from split_settings.tools import include, optional\ninclude('parts/*.py', optional('local.py'))\n",
        parts__a="STATIC_URL = '/a/'\n",
        local="STATIC_URL = '/local/'\n",
    )
    assert parsed.values["STATIC_URL"] == "/local/"


def test_an_app_may_be_given_by_its_configuration(tmp_path: Path) -> None:
    apps = ["django.contrib.staticfiles.apps.StaticFilesConfig", "shop.apps.ShopConfig", "blog"]
    settings = settings_from(parse(tmp_path, f"INSTALLED_APPS = {apps!r}\n"), str(tmp_path))
    assert settings.apps == ("django.contrib.staticfiles", "shop", "blog")


@pytest.mark.parametrize("text", ["", "\0", "x = (", "x = " + "(" * 300 + ")" * 300, "é" * 10, "# coding: nonsense\n"])
def test_what_is_no_python_is_a_problem_of_that_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.py").write_bytes(text.encode("latin-1"))
    parsed = parse_settings("settings", [str(tmp_path)], {})
    assert parsed.is_complete or [Path(file).name for file, _, _ in parsed.problems] == ["settings.py"]
