"""The documentation says what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from staticserve.django.conf import _OWN_CHECKS
from staticserve.options import OptionFields, Options
from staticserve.pipeline.options import BuildOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def table_rows(page: Path) -> Iterator[list[str]]:
    for line in page.read_text().splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def documented() -> dict[str, str]:
    return {row[0].strip("`"): row[1].strip("`") for row in table_rows(ROOT / "docs/options.md")}


def test_the_options_page_has_every_option_and_no_other() -> None:
    names = {each.name for each in fields(Options)}
    assert names == set(OptionFields.__annotations__)
    assert set(documented()) == names | set(_OWN_CHECKS)


def test_the_options_page_has_the_defaults() -> None:
    defaults = Options()
    for each in fields(Options):
        assert documented()[each.name].replace('"', "'") == repr(getattr(defaults, each.name)), each.name
    build = BuildOptions()
    for name in ("cache_dir", "hard_links", "min_saving"):
        assert documented()[name] == repr(getattr(build, name))


def test_the_readmes_options_are_on_the_options_page() -> None:
    rows = list(table_rows(ROOT / "README.md"))
    assert rows
    for row in rows:
        assert row[0].strip("`") in documented()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_the_pages_is_python(page: Path) -> None:
    for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        compile(code, page.name, "exec")


def test_the_readmes_wsgi_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(from staticserve import.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for name in ("public", "more"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"application": lambda environ, start_response: []}
    exec(code, names)
    found = names["application"].mounts.find("/more/a.txt")  # type: ignore[attr-defined]  # a StaticServe
    assert found.representations[0].octets == b"more"
