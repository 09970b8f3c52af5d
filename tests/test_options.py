"""The options of ``StaticServe``: their names, defaults and checks."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from typing import Any, Final

import pytest

from staticserve import ConfigurationError, StaticServeError
from staticserve.options import OPTION_NAMES, OptionFields, Options, make_options


def problems_of(given: dict[str, object]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        make_options(given, "STATICSERVE")
    return caught.value.problems


def test_without_options_the_defaults_hold() -> None:
    options = make_options({}, "StaticServe()")
    assert options == Options()
    assert options.max_age == 60
    assert options.allow_all_origins is True
    assert options.autorefresh is options.follow_symlinks is options.dotfiles is False
    assert options.index_file is None
    assert options.charset == "utf-8"
    assert set(options.codings) == {"br", "zstd", "gzip"}
    assert options.misses == "pass"


def test_the_keywords_are_the_options() -> None:
    assert OptionFields.__optional_keys__ == set(OPTION_NAMES)
    assert not OptionFields.__required_keys__


def test_options_cannot_be_changed() -> None:
    options: Any = Options()
    with pytest.raises(FrozenInstanceError):
        options.max_age = 1


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("max_age", 0, 0),
        ("max_age", 31_536_000, 31_536_000),
        ("max_age", None, None),
        ("autorefresh", True, True),
        ("index_file", True, "index.html"),
        ("index_file", False, None),
        ("index_file", None, None),
        ("index_file", "home.htm", "home.htm"),
        ("allow_all_origins", False, False),
        ("charset", "iso-8859-1", "iso-8859-1"),
        ("charset", "", ""),
        ("mimetypes", {".foo": "application/x-foo"}, {".foo": "application/x-foo"}),
        ("mimetypes", None, {}),
        ("add_headers_function", None, None),
        ("add_headers_function", print, print),
        ("immutable_file_test", None, None),
        ("immutable_file_test", isinstance, isinstance),
        ("codings", [], ()),
        ("codings", ["gzip"], ("gzip",)),
        ("codings", ("gzip", "br"), ("gzip", "br")),
        ("codings", {"zstd"}, ("zstd",)),
        ("fields", {"X-Own": "1"}, {"X-Own": "1"}),
        ("fields", {"Cross-Origin-Resource-Policy": "cross-origin"}, {"Cross-Origin-Resource-Policy": "cross-origin"}),
        ("follow_symlinks", True, True),
        ("dotfiles", True, True),
        ("misses", "answer", "answer"),
        ("misses", "pass", "pass"),
        ("memory", 0, 0),
        ("memory", 1_000_000, 1_000_000),
        ("memory_per_file", 0, 0),
        ("late_files", True, True),
    ],
)
def test_an_option_takes_what_it_is_documented_to_take(name: str, given: object, value: object) -> None:
    assert getattr(make_options({name: given}, "StaticServe()"), name) == value


REFUSED: Final[dict[str, list[object]]] = {
    "max_age": ["60", -1, 1.5, True, []],
    "autorefresh": ["false", "", 0, 1, None],
    "index_file": ["", "a/b.html", 1, b"index.html"],
    "allow_all_origins": ["false", "", 0, 1, None],
    "charset": [None, 8, "utf 8", "utf-8\r\nX: y", "utf-8\n", "a;b", '"'],
    "mimetypes": [[".foo"], {".foo": "foo"}, {".foo": None}, {1: "a/b"}, ".foo", {".foo": "text/x\r\nX-Own: 1"}],
    "add_headers_function": ["module.function", 1, {}],
    "immutable_file_test": ["(", 1, True, ["a"]],
    "codings": ["gzip", None, ["deflate"], ["identity"], [1], [[]], b"br", 5],
    "fields": [None, ["X"], {"X": 1}, {1: "X"}, {"X": "a\r\nY: b"}, {"X": "\xe9"}],
    "follow_symlinks": ["false", "", 0, 1, None],
    "dotfiles": ["false", "", 0, 1, None],
    "misses": ["404", None, True, []],
    "memory": ["64M", -1, None, 1.5, True],
    "memory_per_file": ["1M", -1, None, 1.5, True],
    "late_files": ["false", "", 0, 1, None],
}


@pytest.mark.parametrize(("name", "given"), [(name, each) for name, values in REFUSED.items() for each in values])
def test_an_option_refuses_the_rest_and_says_what_it_takes(name: str, given: object) -> None:
    (problem,) = problems_of({name: given})
    assert problem.startswith(f"'{name}' must be ")
    assert repr(given) in problem


NO_FIELD_NAMES: Final = ["", "X Own", "X:Own", "X-Own:", "(X)", "X/Own", '"X"']


@pytest.mark.parametrize("name", NO_FIELD_NAMES)
def test_the_name_of_a_field_is_a_token(name: str) -> None:
    # RFC 9110, 5.1: field-name = token
    assert len(problems_of({"fields": {name: "1"}})) == 1


@pytest.mark.parametrize(
    "name", ["Content-Length", "content-encoding", "ETag", "Content-Range", "Transfer-Encoding", "Connection", "Date"]
)
def test_a_field_that_we_or_the_server_answer_for_cannot_be_set(name: str) -> None:
    assert len(problems_of({"fields": {name: "1"}})) == 1


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("maxage", "max_age"),
        ("MAX_AGE", "max_age"),
        ("mime_types", "mimetypes"),
        ("auto_refresh", "autorefresh"),
        ("index_files", "index_file"),
        ("follow_symlink", "follow_symlinks"),
        ("add_header_function", "add_headers_function"),
    ],
)
def test_an_unknown_name_is_reported_with_the_nearest_known_one(written: str, meant: str) -> None:
    (problem,) = problems_of({written: 1})
    assert repr(written) in problem
    assert f"did you mean '{meant}'?" in problem


def test_a_name_like_no_other_is_reported_with_all_that_there_are() -> None:
    (problem,) = problems_of({"zzzzzzzz": 1})
    assert all(name in problem for name in OPTION_NAMES)


def test_names_that_are_right_there_are_not_reported() -> None:
    assert make_options({"root": "x", "max_age": 5}, "STATICSERVE", also=("root",)) == Options(max_age=5)


def test_all_problems_are_reported_at_once_with_their_place() -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_options({"maxage": 1, "memory": "64M", "dotfiles": "no"}, "STATICSERVE")
    error = caught.value
    assert error.where == "STATICSERVE"
    assert len(error.problems) == 3
    assert str(error).startswith("STATICSERVE: ")
    assert all(problem in str(error) for problem in error.problems)
    assert isinstance(error, StaticServeError)


def test_a_regular_expression_for_immutable_files_is_searched_in_the_url() -> None:
    test = make_options({"immutable_file_test": r"^.+\.[0-9a-f]{8}\..+$"}, "StaticServe()").immutable_file_test
    assert test is not None
    assert test("/srv/app.js", "/static/app.0123abcd.js") is True
    assert test("/srv/app.0123abcd.js", "/static/app.js") is False


def test_the_users_dict_may_change_later_without_effect() -> None:
    fields = {"X-Own": "1"}
    options = make_options({"fields": fields}, "StaticServe()")
    fields["X-Own"] = "2"
    assert options.fields == {"X-Own": "1"}


def test_every_option_says_what_it_takes() -> None:
    for name in OPTION_NAMES:
        (problem,) = problems_of({name: object()})
        assert re.match(rf"'{name}' must be .+, not <object", problem)
