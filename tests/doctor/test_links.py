"""What style sheets and scripts refer to, as Django's storage looks it up."""

from __future__ import annotations

import pytest

from staticserve.doctor.links import LinkReader, changed_data_uris, find_cycles

# Where it stands, what it says, and the names that are looked up: up to Django 6.0, and from 6.1 on.
LINKS = [
    ("css/a.css", "url(b.png)", ["css/b.png"], ["css/b.png"]),
    ("css/a.css", 'url("../img/b.png?x#y")', ["img/b.png"], ["img/b.png"]),
    ("css/a.css", "url(/static/b.png) url(/other/b.png)", ["b.png"], ["b.png"]),
    ("a.css", "url(https://x/y) url(//x/y) url(data:,x) url(#x) url()", [], []),
    ("a.css", "@import 'b.css';", ["b.css"], ["b.css"]),
    ("a.css", "/* url(b.png) */", ["b.png"], []),
    ("a.css", 'a { content: "url(b.png)" }', ["b.png"], []),
    ("a.css", "/*# sourceMappingURL=a.css.map */", ["a.css.map"], ["a.css.map"]),
    ("a.css", "url(my%20b.png)", ["my b.png"], ["my b.png"]),
    ("a.css", "url(fonts/)", [], []),
    ("a.js", "x()\n//# sourceMappingURL=a.js.map", ["a.js.map"], ["a.js.map"]),
    ("a.js", "x() //# sourceMappingURL=a.js.map", [], []),
    ("js/a.js", "import {b} from './b.js';\nexport * from '../c.js';\nimport('./d.js')", [], []),
]


@pytest.mark.parametrize(("name", "text", "before", "after"), LINKS)
def test_links_are_those_that_django_follows(name: str, text: str, before: list[str], after: list[str]) -> None:
    for ignores_comments, expected in ((False, before), (True, after)):
        reader = LinkReader(ignores_comments, False, "/static/")
        assert [link.target for link in reader.read(name, text)] == expected


def test_imports_of_scripts_are_followed_where_they_are_rewritten() -> None:
    text = "import {b} from './b.js';\nexport * from '../c.js';\nimport('./d.js')"
    links = LinkReader(False, True, "/static/").read("js/a.js", text)
    assert sorted((link.target, link.line) for link in links) == [("c.js", 2), ("js/b.js", 1), ("js/d.js", 3)]


@pytest.mark.parametrize(
    ("graph", "cycles"),
    [
        ({}, []),
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"a"}}, [["a"]]),
        ({"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}}, [["c", "d"], ["a", "b"]]),
        ({str(each): {str(each + 1)} for each in range(3000)}, []),
    ],
)
def test_circles_are_found(graph: dict[str, set[str]], cycles: list[list[str]]) -> None:
    assert find_cycles(graph) == cycles


def test_a_data_uri_that_was_changed_is_counted() -> None:
    before = "a { background: url(\"data:image/svg+xml,<svg fill='url(%23a)'/>\") } b { background: url(data:,x) }"
    after = before.replace("%23", "#")
    assert changed_data_uris(before, before) == 0
    assert changed_data_uris(before, after) == 1
