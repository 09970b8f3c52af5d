"""The same tree on nginx, case by case beside us: every difference is listed, with its explanation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.contract.application import make_application
from tests.contract.cases import CASES, STALE_CSS
from tests.contract.exchange import exchange_in_webtest
from tests.contract.nginx import start_nginx
from tests.contract.rules import STRONG_TAG, make_request, make_tags_of, parse_multipart
from tests.contract.tree import FILES, FOREVER, build_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.cases import Case
    from tests.contract.exchange import Exchange, Response
    from tests.contract.rules import Tags

    Side = tuple[Exchange, Callable[[str], Tags]]

# nginx has no counterpart of the other folders' options.
_SHARED: Final = [case for case in CASES if case.target.startswith("/static/")]


_CODED: Final = frozenset(file.path for file in FILES if file.codings)
_LIFE: Final = {file.path: file.life for file in FILES}


class Difference(NamedTuple):
    """What nginx does otherwise: ``aspect`` as ``_compare`` calls it, in exactly these cases."""

    aspect: str
    applies: Callable[[Case], bool]
    reason: str


def _named(*patterns: str) -> Callable[[Case], bool]:
    """Return whether a case has one of these texts in its rule; one with HEAD has that of its GET."""
    return lambda case: any(pattern in case.rule for pattern in patterns)


def _on(*files: str) -> Callable[[Case], bool]:
    """Return whether a case is an answer with the metadata of one of these files."""
    return lambda case: case.file in files and case.status in (200, 206, 304)


def _misses(*names: str) -> Callable[[Case], bool]:
    """Return whether a case asks for one of these names, and we have none of them."""
    targets = {f"/static/{name}" for name in names}
    return lambda case: case.status == 404 and case.target in targets


def _range_of(case: Case) -> str:
    return next((value for name, value in case.fields if name == "Range"), "")


def _is_ignored_range(case: Case) -> bool:
    return case.method == "GET" and case.rule.startswith("Range ") and case.rule.endswith(" is ignored")


def _is_tolerated_range(case: Case) -> bool:
    return _is_ignored_range(case) and _range_of(case) in ("bytes=0 - 9", "bytes=0-9,9-0")


def _is_malformed_range(case: Case) -> bool:
    asked = _range_of(case)
    is_excessive = asked.count(",") > 49 or asked == "bytes=0-899,950-999"
    is_known = asked.startswith("bytes=") and asked != "bytes=" and case.file == "static/digits.txt"
    return _is_ignored_range(case) and is_known and not is_excessive and not _is_tolerated_range(case)


def _is_coded_range(case: Case) -> bool:
    return case.sends_range and case.status in (206, 416) and case.coding in ("gzip", "br")


def _is_head_with_range(case: Case) -> bool:
    return case.method == "HEAD" and case.sends_range


def _has_metadata(case: Case) -> bool:
    """Return whether the answers have the same status and coding, so that their fields are compared."""
    return not any(
        each.aspect.startswith(("status", "content-encoding", "parts")) and each.applies(case) for each in DIFFERENCES
    )


_selects_by_weight = _named(
    "'gzip, br;q=0.5, zstd;q=0.1'",
    "'br;q=0.998, zstd;q=0.999'",
    "'br;q=0.9, zstd'",
    "'identity, gzip;q=0.5'",
    "'identity;q=0.5, gzip;q=0.4, br;q=0.3'",
    "'gzip;q=1.000, br;q=0.999'",
)

# What nginx sends from the directory that it is pointed at, because it is there.
_SIDECARS: Final = ("css/app.css.gz", "css/app.css.br", "css/app.css.zst", "alternative.css.zstd", "stale.css.gz")
_DOTFILES: Final = (".hidden", ".git/config", "css/.htaccess", ".staticserve/store.sqlite3")
_MANIFEST: Final = ("staticfiles.json", "staticfiles.json.gz")
_LINKS: Final = ("leak.txt", "leak/secret.txt", "loop/css/app.css")
_DOTS: Final = ("../static/css/app.css", "./css/app.css", "css/./app.css", "css/../css/app.css")
_SLASHES: Final = ("/css/app.css", "css//app.css")
_NULS: Final = ("%00", "css/app.css%00", "css/app.css%00.html", "%00css/app.css")
_ABOVE: Final = ("../../../../../../../../../../etc/passwd", "..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd")
_ELSEWHERE: Final = (
    *("css/../../outside/secret.txt", "../outside/secret.txt", "%2e%2e/outside/secret.txt"),
    *("%2E%2E%2Foutside%2Fsecret.txt", "..%2foutside%2fsecret.txt"),
)

_UNKNOWN_ENDINGS: Final = (".mjs", ".ttf", ".otf", ".webmanifest", ".map", ".opus", ".gz")

DIFFERENCES: Final = (
    # Selecting a representation
    Difference("content-encoding", _selects_by_weight, "nginx takes br before gzip, whatever the weights say."),
    Difference(
        "content-encoding",
        lambda case: case.coding == "zstd" and case.status in (200, 206) and not _selects_by_weight(case),
        "nginx has no zstd.",
    ),
    Difference("content-encoding", _named("'x-gzip'", "'X-GZIP"), "nginx does not know the alias x-gzip."),
    Difference("content-encoding", _named("'*' selects"), "nginx does not know the wildcard."),
    Difference("content-encoding", _named("gzip ; q=0 ,"), "nginx allows no whitespace before a weight."),
    Difference(
        "content-encoding",
        lambda case: case.file == "static/gzip-is-smallest.txt" and case.coding == "gzip",
        "nginx takes br before gzip, whichever is smaller.",
    ),
    Difference(
        "content-encoding",
        lambda case: case.file in ("static/stale.css", "static/corrupt.css") and "Accept-Encoding" in case.rule,
        "nginx looks for a sidecar's name and never into it: it sends the stale one, and the broken one.",
    ),
    Difference("content-encoding", _named("'br;q=high, gzip'"), "nginx takes a malformed weight for one."),
    Difference("content-encoding", _named("'gzip;q=0 & br'"), "nginx reads the first field line only."),
    # Preconditions
    Difference(
        "status 304 → 400",
        _named('If-None-Match: "another" & If-None-Match'),
        "nginx refuses a repeated If-None-Match; RFC 9110, 5.3, has its lines be one list.",
    ),
    Difference(
        "status 304 → 200",
        _named("If-None-Match: {identity} & If-Modified-Since"),
        "nginx has both preconditions be met; RFC 9110, 13.1.3, has If-Modified-Since be ignored.",
    ),
    Difference(
        "status 200 → 412",
        _named("If-Unmodified-Since: yesterday", "If-Match: {identity} & If-Unmodified-Since"),
        "nginx heeds an If-Unmodified-Since that is no date, or is beside If-Match; RFC 9110, 13.1.4, ignores both.",
    ),
    Difference(
        "status 200 → 304",
        lambda case: case.file == "static/undated.txt" and "If-Modified-Since" in case.rule,
        "nginx believes the modification time of a build that has none, so it confirms whatever was there before.",
    ),
    # Ranges
    Difference(
        "status 206 → 200",
        lambda case: _is_coded_range(case) and case.status == 206,
        "nginx has no ranges of precompressed files.",
    ),
    Difference(
        "status 416 → 200",
        lambda case: _is_coded_range(case) and case.status == 416,
        "nginx has no ranges of precompressed files.",
    ),
    Difference(
        "status 200 → 416",
        _is_malformed_range,
        "nginx calls malformed ranges unsatisfiable; a server may do either (RFC 9110, 14.2).",
    ),
    Difference(
        "status 200 → 206",
        _is_tolerated_range,
        "nginx allows whitespace within a range, and skips one that ends before it begins.",
    ),
    Difference(
        "status 200 → 206",
        _named("'bytes=0-899,950-999'", " of 51'", "more than fifty ranges"),
        "nginx has no limit of ranges, and does not count what goes between them.",
    ),
    Difference(
        "status 206 → 416",
        _named("990-9999999999", "'bytes=-9999999999"),
        "nginx refuses numbers that do not fit into 64 bits; RFC 9110, 14.1.2, has them mean the end.",
    ),
    Difference(
        "status 206 → 416",
        _named("'bytes=0-9 ,", "'bytes=,0-9,,"),
        "nginx allows no whitespace before a comma, and no empty elements (RFC 9110, 5.6.1).",
    ),
    Difference(
        "status 206 → 200",
        _named("'bytes=0-,0-,0-,0-'"),
        "nginx does not coalesce ranges, so these are more than the file.",
    ),
    Difference(
        "parts",
        _named("=0-10,5-20'", "=0-9,10-19'", "=10-19,0-9'", "=0-9,0-9,0-9'", ",5-14'", ",510-519'", "2000009,5-9,"),
        "nginx does not coalesce ranges that overlap or touch.",
    ),
    Difference(
        "status 200 → 416",
        _named("Range bytes=5-9 on an empty file"),
        "nginx finds a range unsatisfiable that begins after the first byte of nothing.",
    ),
    Difference(
        "status 200 → 206",
        lambda case: case.file == "static/undated.txt" and "If-Range" in case.rule,
        "nginx believes the modification time of a build that has none.",
    ),
    Difference(
        "status 200 → 206",
        lambda case: _is_head_with_range(case) and "99999999" not in case.rule,
        "nginx heeds a Range of HEAD; RFC 9110, 14.2, defines it for GET alone.",
    ),
    Difference(
        "status 200 → 416",
        lambda case: _is_head_with_range(case) and "99999999" in case.rule,
        "nginx heeds a Range of HEAD; RFC 9110, 14.2, defines it for GET alone.",
    ),
    # Methods
    Difference("status 405 → 400", lambda case: case.method == "get", "nginx knows no methods in lower case."),
    Difference("status 204 → 405", lambda case: case.method == "OPTIONS", "nginx has no OPTIONS for files."),
    Difference(
        "allow",
        lambda case: case.status == 405 and case.method != "get" and case.target != STALE_CSS,
        "nginx sends no Allow, which RFC 9110, 15.5.6, demands.",
    ),
    # Paths
    Difference("status 404 → 403", _misses("", "css/"), "nginx would list a directory and is not allowed to."),
    Difference("status 404 → 301", _misses("css"), "nginx leads from a directory to itself with a slash."),
    Difference("status 404 → 200", _misses(*_SIDECARS), "nginx serves sidecars under their own names."),
    Difference("status 404 → 200", _misses(*_DOTFILES), "nginx serves dotfiles unless told otherwise."),
    Difference("status 404 → 200", _misses(*_MANIFEST), "nginx knows nothing of Django's manifest."),
    Difference("status 404 → 200", _misses(*_LINKS), "nginx follows links out of the root unless told otherwise."),
    Difference("status 404 → 200", _misses(*_DOTS), "nginx removes dot segments before it looks (RFC 3986, 5.2.4)."),
    Difference("status 404 → 200", _misses(*_SLASHES), "nginx merges slashes."),
    Difference("status 404 → 400", _misses(*_NULS, *_ABOVE), "nginx calls a NUL, and a path above the top, malformed."),
    Difference("status 404 → 400", _named("1,000 directories up"), "nginx calls a path above the top malformed."),
    Difference(
        "status 302 → 404",
        lambda case: case.status == 302 and case.target.startswith("/static/"),
        "nginx knows of no release but the one that it has.",
    ),
    Difference(
        "status 405 → 404",
        lambda case: case.status == 405 and case.target == STALE_CSS,
        "nginx knows of no release but the one that it has.",
    ),
    # Fields
    Difference(
        "content-type",
        lambda case: _has_metadata(case) and case.status in (404, 405, 412, 416),
        "nginx has a page of HTML for errors.",
    ),
    Difference(
        "content-type",
        lambda case: _has_metadata(case) and case.file.endswith(".js") and case.status in (200, 206),
        "nginx 1.22 says application/javascript, which RFC 9239 has made obsolete.",
    ),
    Difference(
        "content-type",
        lambda case: _has_metadata(case) and case.file.endswith(_UNKNOWN_ENDINGS) and case.status in (200, 206),
        "nginx's table does not have these endings.",
    ),
    Difference(
        "vary",
        lambda case: _has_metadata(case) and _on("static/alternative.css")(case),
        "nginx has no zstd, so this file has one representation there.",
    ),
    Difference(
        "vary",
        lambda case: _has_metadata(case) and _on("static/stale.css", "static/corrupt.css")(case),
        "nginx believes that these have another representation.",
    ),
    Difference(
        "accept-ranges",
        lambda case: _has_metadata(case) and case.coding != "identity" and case.status == 200,
        "nginx has no ranges of precompressed files.",
    ),
    Difference(
        "accept-ranges",
        lambda case: _has_metadata(case) and case.status in (206, 304),
        "nginx says Accept-Ranges with a 200 alone; on the others it is free to (RFC 9110, 14.3).",
    ),
    Difference(
        "last-modified",
        lambda case: _has_metadata(case) and case.status == 304,
        "nginx repeats Last-Modified; beside an entity tag it updates nothing (RFC 9110, 15.4.5).",
    ),
    Difference(
        "last-modified",
        lambda case: _has_metadata(case) and _on("static/undated.txt")(case),
        "nginx believes the modification time of a build that has none.",
    ),
    Difference(
        "cache-control",
        lambda case: _has_metadata(case) and _LIFE.get(case.file) == FOREVER and case.status in (200, 206, 304),
        "nginx cannot know which names are for ever.",
    ),
    Difference(
        "cache-control",
        lambda case: case.status == 404 and _has_metadata(case),
        "nginx's add_header leaves errors alone, so a shared cache may keep a 404.",
    ),
    Difference(
        "access-control-allow-origin",
        lambda case: _has_metadata(case) and case.status in (405, 412),
        "nginx's add_header leaves errors alone.",
    ),
    Difference(
        "vary",
        lambda case: _has_metadata(case) and case.status == 405 and case.file in _CODED,
        "nginx refuses before it looks for sidecars.",
    ),
    Difference(
        "cache-control",
        lambda case: _has_metadata(case) and case.status == 416,
        "nginx adds the fields of the 206 that it had begun to a 416, so a shared cache may keep it.",
    ),
    Difference(
        "x-content-type-options",
        lambda case: _has_metadata(case) and case.status == 416,
        "nginx adds the field twice to a 416.",
    ),
    Difference(
        "x-content-type-options",
        _misses(*_ELSEWHERE),
        "nginx removes dot segments first, so this is not in its location for static files.",
    ),
)

_COMPARED: Final = (
    "Content-Type",
    "Content-Encoding",
    "Content-Range",
    "Vary",
    "Accept-Ranges",
    "Cache-Control",
    "Last-Modified",
    "Access-Control-Allow-Origin",
    "X-Content-Type-Options",
    "Allow",
)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    """Return us and nginx on the same tree, each with the function that returns its tags."""
    tree = build_tree(str(tmp_path_factory.mktemp("nginx")))
    ours = exchange_in_webtest(make_application(tree.root))
    nginx = start_nginx(tree)
    yield (ours, make_tags_of(ours, tree)), (nginx.exchange, make_tags_of(nginx.exchange, tree))
    nginx.stop()


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize("case", _SHARED, ids=lambda case: case.rule)
def test_each_difference_is_explained(case: Case, sides: tuple[Side, Side]) -> None:
    (ours, our_tags), (nginx, nginx_tags) = sides
    our_answer = ours(make_request(case, our_tags(case.file)))
    nginx_answer = nginx(make_request(case, nginx_tags(case.file)))
    found = _compare(case, our_answer, nginx_answer)
    assert found == {each.aspect for each in DIFFERENCES if each.applies(case)}


def _compare(case: Case, ours: Response, nginx: Response) -> set[str]:
    """Return the respects in which two answers differ, without those that follow from another."""
    if ours.status != nginx.status:
        return {f"status {ours.status} → {nginx.status}"}
    if ours.get("Content-Encoding") != nginx.get("Content-Encoding"):
        return {"content-encoding"}
    if len(_parts(ours)) != len(_parts(nginx)):
        return {"parts"}
    different = {name.lower() for name in _COMPARED if _normal(ours.get(name)) != _normal(nginx.get(name))}
    if (STRONG_TAG.fullmatch(ours.get("ETag") or "") is None) != (
        STRONG_TAG.fullmatch(nginx.get("ETag") or "") is None
    ):
        different.add("etag")
    if ours.status in (200, 206, 304) and _parts(ours) != _parts(nginx):
        different.add("octets")
    return different


def _parts(response: Response) -> list[bytes]:
    content_type = response.get("Content-Type") or ""
    if not content_type.startswith("multipart/"):
        return [response.octets]
    return [content for _, content in parse_multipart(content_type, response.octets)]


def _normal(value: str | None) -> str | None:
    """Return a field value without what is free: the boundary of a multipart body."""
    return value and re.sub(r"boundary=.*", "boundary", value)
