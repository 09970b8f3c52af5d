"""Index files: ``/docs/`` is answered by ``/docs/index.html``, and its other spellings lead there."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.catalogue.index_files import directory_location, make_name_resolver
from staticserve.model import Redirect
from tests.catalogue import DEFAULTS

OPTIONS: Final = replace(DEFAULTS, index_file="index.html")
NAMES: Final = {"index.html", "app.css", "docs/index.html", "docs/app.css", "a:b/index.html", "a b/index.html", "x/y"}
BASE: Final = "http://example.com/static/"

resolve = make_name_resolver(OPTIONS)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", "index.html"),
        ("docs/", "docs/index.html"),
        ("a:b/", "a:b/index.html"),
        ("app.css", "app.css"),
        ("docs/app.css", "docs/app.css"),
    ],
)
def test_a_directory_is_its_index_file_and_a_file_itself(name: str, found: str) -> None:
    assert resolve(name, NAMES.__contains__) == found


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("docs", "docs/"),
        ("docs/index.html", "docs/"),
        ("index.html", ""),
        ("a:b", "a:b/"),
        ("a:b/index.html", "a:b/"),
        ("a b", "a b/"),
    ],
)
def test_the_other_spellings_lead_to_the_directory(name: str, target: str) -> None:
    found = resolve(name, NAMES.__contains__)
    assert isinstance(found, Redirect)
    assert unquote(urljoin(BASE + name, found.location)) == BASE + target


@pytest.mark.parametrize("name", ["x", "x/", "missing", "missing/", "docs//", "/", "//", "app.css/", "docs/index"])
def test_what_has_no_index_file_is_nothing(name: str) -> None:
    assert resolve(name, NAMES.__contains__) is None


@pytest.mark.parametrize("name", ["", "docs", "docs/"])
def test_without_the_option_names_are_files_only(name: str) -> None:
    plain = make_name_resolver(DEFAULTS)
    assert plain(name, NAMES.__contains__) is None
    assert plain("docs/index.html", NAMES.__contains__) == "docs/index.html"


def test_a_file_goes_before_a_directory_of_its_name() -> None:
    assert resolve("a", {"a", "a/index.html"}.__contains__) == "a"


def test_a_redirect_has_a_cache_life_and_the_users_fields() -> None:
    own = make_name_resolver(replace(OPTIONS, max_age=5, fields={"X-Own": "1"}))("docs", NAMES.__contains__)
    assert isinstance(own, Redirect)
    assert dict(own.fields) == {
        "Cache-Control": "max-age=5, public",
        "X-Own": "1",
        "X-Content-Type-Options": "nosniff",
    }


def test_a_redirect_without_max_age_has_no_cache_life() -> None:
    found = make_name_resolver(replace(OPTIONS, max_age=None))("docs", NAMES.__contains__)
    assert isinstance(found, Redirect)
    assert "Cache-Control" not in dict(found.fields)


@pytest.mark.parametrize("name", ["Cache-Control", "cache-control", "x-content-type-options"])
def test_a_users_field_is_not_there_twice(name: str) -> None:
    found = make_name_resolver(replace(OPTIONS, fields={name: "no-cache"}))("docs", NAMES.__contains__)
    assert isinstance(found, Redirect)
    assert [field.lower() for field, _ in found.fields].count(name.lower()) == 1


@given(st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1))
def test_a_location_leads_to_the_directory_and_never_to_another_host(base: str) -> None:
    location = directory_location(base)
    assert location.isascii()
    assert location.isprintable()
    target = urlsplit(urljoin(BASE, location))
    assert (target.scheme, target.netloc) == ("http", "example.com")
    if base not in (".", ".."):
        assert unquote(target.path) == f"/static/{base}/"
