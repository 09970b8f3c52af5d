"""Chromium as the witness: what it downloads after a deploy, and what its URLPattern makes of our patterns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from staticserve.semantics.dictionaries import use_as_dictionary
from tests.deltas import deltas_of, deploy, find_node, run_node, script, site, style
from tests.demo.browser import BINARY, open_browser
from tests.gunicorn.servers import GTHREAD, LANE, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.demo.browser import Page

    Evaluate = Callable[[str], Any]

pytestmark = pytest.mark.xdist_group("deltas in a browser")

needs_chromium = pytest.mark.skipif(BINARY is None, reason="Chromium is not installed")

APPLICATION: Final = "tests.deltas.hosted:application"


def release(number: int) -> dict[str, bytes]:
    """Return a release whose page shows that both files have been taken."""
    files = site(number)
    rule = f"html {{ --taken: {number} }}".encode()
    # A script that is a module would need a type.
    code = script(number).replace(b"export const", b"var") + f"\nvar taken = {number};".encode()
    return {**files, "app.css": style(number) + rule, "js/app.js": code}


def look(page: Page) -> dict[str, Any]:
    """Return what the page shows, and what the browser says that each file took: sizes in bytes."""
    seen: dict[str, Any] = page.evaluate(
        """({
            script: typeof taken === 'undefined' ? null : taken,
            style: getComputedStyle(document.documentElement).getPropertyValue('--taken').trim(),
            files: Object.fromEntries(performance.getEntriesByType('resource').filter(e => e.name.includes('/static/'))
                .map(e => [new URL(e.name).pathname, [e.encodedBodySize, e.decodedBodySize, e.transferSize]])),
        })"""
    )
    return seen


def sent_codings(page: Page) -> dict[str, str]:
    """Return the coding of each file that came over the network, by its name."""
    cached = {event.params["requestId"] for event in page.events if event.method == "Network.requestServedFromCache"}
    found = {}
    for method, params in page.events:
        if method == "Network.responseReceived" and params["requestId"] not in cached:
            response = params["response"]
            _, below, name = response["url"].partition("/static/")
            if below and not response["fromDiskCache"]:
                fields = {field.lower(): value for field, value in response["headers"].items()}
                found[name] = fields.get("content-encoding", "")
    return found


@needs_chromium
@pytest.mark.parametrize("worker", [GTHREAD, LANE])
def test_chromium_downloads_what_is_new_and_nothing_the_second_time(worker: str, tmp_path: Path) -> None:
    root, profile = tmp_path / "root", tmp_path / "profile"
    root.mkdir()
    profile.mkdir()
    environ = {"DELTAS_ROOT": str(root)}
    port = 0
    with open_browser(profile) as page:
        sizes: list[dict[str, Any]] = []
        for number in (1, 2):
            names = deploy(root, release(number))
            log = str(tmp_path / f"{number}.log")
            # The same origin, another process: a deploy.
            bind = (f"127.0.0.1:{port}",)
            with running(worker, str(root), log, application=APPLICATION, bind=bind, environ=environ) as server:
                port = server.port
                page.open(f"http://127.0.0.1:{port}/")
                seen = look(page)
                # Both files have been run and applied, so their integrity was right; nothing is in red.
                assert (seen["script"], seen["style"]) == (number, str(number))
                assert page.complaints() == []
                sizes.append(seen["files"])
                codings = sent_codings(page)
                assert codings == {
                    names[logical]: "br" if number == 1 else "dcz" for logical in ("app.css", "js/app.js")
                }
                # The second visit makes no request, although Vary names a field that has changed.
                page.open(f"http://127.0.0.1:{port}/?again")
                again = look(page)
                assert (again["script"], again["style"]) == (number, str(number))
                assert sent_codings(page) == {}
                assert all(transferred == 0 for _, _, transferred in again["files"].values())
    for logical in ("app.css", "js/app.js"):
        [delta] = deltas_of(root, names[logical]).values()
        encoded, decoded, transferred = sizes[1][f"/static/{names[logical]}"]
        assert encoded == len(delta)
        assert decoded == len(release(2)[logical])
        # Resource Timing counts 300 for the head.
        assert transferred == len(delta) + 300


@needs_chromium
def test_chromium_takes_every_release_from_whatever_it_holds(tmp_path: Path) -> None:
    root, profile = tmp_path / "root", tmp_path / "profile"
    root.mkdir()
    profile.mkdir()
    port = 0
    seen = []
    with open_browser(profile) as page:
        # It visits the first, the third, goes back, and comes when what it holds is of no kept release.
        for place, number in enumerate((1, 2, 3, 1, 4, 5, 6, 7, 8)):
            deploy(root, release(number))
            if number in (2, 5, 6, 7):
                continue
            log, bind = str(tmp_path / f"{place}.log"), (f"127.0.0.1:{port}",)
            environ = {"DELTAS_ROOT": str(root)}
            with running(LANE, str(root), log, application=APPLICATION, bind=bind, environ=environ) as server:
                port = server.port
                page.open(f"http://127.0.0.1:{port}/")
                assert (look(page)["script"], look(page)["style"]) == (number, str(number))
                assert page.complaints() == []
                seen.append(set(sent_codings(page).values()))
    # From 1 to 3; back to 1, which it has; from 3 (the newest that it got) to 4; and from 4 to 8, which is too far.
    assert seen == [{"br"}, {"dcz"}, set(), {"dcz"}, {"br"}]


HASH: Final = "0123456789ab"
OTHER: Final = "ba9876543210"

# What a URL pattern has a meaning for, and what a URL has.
NAMES: Final = (
    *("app.css", "js/app.min.js", "a*b.js", "a?b.js", "a+b.js", "a(b).js", "a{b}.js", "a:b.js", ":id.js", "a\\b.js"),
    *('a"b.js', "a b.js", " .js", "\u00e9.js", "\u65e5\u672c\u8a9e.js", "\U0001f600.js", "100%.js", "%20.js", "%2F.js"),
    *("a%3Ab.js", "(.*).js", "(\\d+).js", "{a}?.js", "[a].js", "a|b.js", "^a$.js", "a#b.js", "a;b,c=d&e.js", "a'b.js"),
    *("~!@$`<>.js", "..a.js", "a..js", "a.b.c.d.js", "noextension", "a.*.js", "e\u0301.js", "a\u00a0b.js", "\x7f.js"),
    *(":a(b)*{c}+?.css", "deep/:er/(x)/*.css", "\\*.js", "\\\\.js", "a\\", "a\nb.js", "a\tb.js"),
)


def hashed(name: str, digest: str) -> str:
    """Return the hashed name of a logical one, as Django makes it."""
    folder, slash, base = name.rpartition("/")
    stem, dot, extension = base.rpartition(".")
    if not dot:
        return f"{name}.{digest}"
    return f"{folder}{slash}{stem}.{digest}.{extension}"


def cases() -> list[dict[str, Any]]:
    """Return each pattern, where it is said, and which URLs it must match and must not: as Django prints them."""
    # Django's, which StaticFilesStorage.url() calls.
    from django.utils.encoding import filepath_to_uri

    def url(path: str) -> str:
        # Django turns a backslash to a slash, which no name on POSIX needs: a browser cannot ask for such a name so.
        printed = filepath_to_uri(path.replace("\\", "\0")) or ""
        return "https://static.example/static/" + printed.replace("%00", "%5C")

    found = []
    for name in NAMES:
        value = use_as_dictionary(f"/static/{hashed(name, HASH)}")
        assert value is not None, name
        others = [
            *(each for each in NAMES if each != name),
            *(f"x{name}", f"x/{name}", f"{name}x", name[1:], name.swapcase() if name.isascii() else f"{name}y"),
        ]
        found.append(
            {
                "name": name,
                # A string of structured fields, read as RFC 9651, 4.2.5 says.
                "match": value.removeprefix('match="')
                .removesuffix('"')
                .replace("\\\\", "\0")
                .replace('\\"', '"')
                .replace("\0", "\\"),
                "base": url(hashed(name, HASH)),
                "yes": [url(hashed(name, digest)) for digest in (HASH, OTHER, "f" * 12)],
                "no": [
                    *(url(hashed(other, OTHER)) for other in others if other and not other.startswith("/")),
                    url(name),
                    f"https://other.example/static/{hashed(name, OTHER)}",
                ],
            }
        )
    return found


_TRY: Final = """
(cases => JSON.stringify(cases.map(each => {
    try {
        const pattern = new URLPattern(each.match, each.base);
        return {
            regexp: pattern.hasRegExpGroups,
            missed: each.yes.filter(url => !pattern.test(url)),
            caught: each.no.filter(url => pattern.test(url)),
        };
    } catch (error) {
        return {error: String(error)};
    }
})))
"""


@pytest.fixture(params=["chromium", "node"])
def evaluate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Evaluate]:
    """Return what evaluates an expression of JavaScript where there is a URLPattern."""
    if request.param == "node":
        node = find_node("typeof URLPattern === 'function'")
        yield lambda expression: run_node(node, f"process.stdout.write({expression})")
        return
    if BINARY is None:
        pytest.skip("Chromium is not installed")
    (tmp_path / "profile").mkdir()
    with open_browser(tmp_path / "profile") as page:
        yield page.evaluate


def test_a_pattern_matches_its_name_with_any_hash_and_no_other(evaluate: Evaluate) -> None:
    told = cases()
    results = json.loads(evaluate(f"({_TRY})({json.dumps(told)})"))
    wrong = {
        case["name"]: result
        for case, result in zip(told, results, strict=True)
        if result != {"regexp": False, "missed": [], "caught": []}
    }
    assert wrong == {}


def test_a_pattern_is_no_shorter_for_a_longer_name(evaluate: Evaluate) -> None:
    # "app.*.js" matches app.min.js as well; then "the longest match" is the dictionary (RFC 9842, 2.2.3), its own.
    matches = [
        (use_as_dictionary(f"/static/{hashed(name, HASH)}") or "").removeprefix('match="').removesuffix('"')
        for name in ("app.js", "app.min.js")
    ]
    url = f"https://static.example/static/{hashed('app.min.js', OTHER)}"
    tried = "((all, url) => JSON.stringify(all.map(each => new URLPattern(each, url).test(url))))"
    expression = f"{tried}({json.dumps(matches)}, {json.dumps(url)})"
    assert json.loads(evaluate(expression)) == [True, True]
    assert len(matches[0]) < len(matches[1])
