"""What a name of another release gets, rung by rung, from a store and from a directory without one."""

from __future__ import annotations

import builtins
import hashlib
import json
import logging
import os
import random
import tracemalloc
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, unquote, urljoin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from staticserve import StaticServe
from staticserve.manifest import MANIFEST_NAME
from staticserve.pipeline.releases import RetentionRules
from tests.catalogue import replace_file
from tests.contract.exchange import Request, exchange_in_validator
from tests.pipeline import ACCEPTED, FOREVER, PICTURE, SCRIPT, STYLE, ask, build, hashed_name, make_tree
from tests.pipeline.test_retention import clear, collect, kept_in, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from wsgiref.headers import Headers

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.contract.exchange import Response

OLD: Final = {"css/app.css": STYLE, "js/app.js": SCRIPT, "img/photo.png": PICTURE, "empty.txt": b""}
NEW: Final = {name: content[::-1] + b"new" for name, content in OLD.items()}
PLAIN: Final = b"collected, and its name was not hashed\n" * 40
# More than is kept in memory.
BIG: Final = random.Random(3).randbytes(1_200_000)

MADE_UP: Final = "0123456789ab"

MISSES: Final[tuple[Literal["pass", "answer"], ...]] = ("pass", "answer")


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer what is not ours."""
    octets = b"<p>application"
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(octets)))])
    return [octets]


def with_hash(name: str, digits: str) -> str:
    """Return a hashed name with any digits."""
    stem, extension = os.path.splitext(name)
    return f"{stem}.{digits}{extension}"


def hashed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {hashed_name(name, content): content for name, content in files.items()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Build a release and its successor, in a tree that was cleared between."""
    root = tmp_path / "root"
    collect(root, OLD)
    build(root)
    clear(root)
    collect(root, NEW)
    make_tree(root, {"plain.txt": PLAIN, "big.png": BIG})
    build(root)
    return root


@pytest.fixture(params=["store", "directory"])
def either(request: pytest.FixtureRequest, root: Path) -> Path:
    """Return the same tree, with its store and without one."""
    if request.param == "directory":
        for path in sorted(kept_in(root).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    return root


@pytest.fixture
def is_store(either: Path) -> bool:
    return (kept_in(either) / "store.sqlite3").exists()


def get(app: StaticServe, target: str, method: str = "GET", **fields: str) -> Response:
    """Ask for a target that may be anything, through ``wsgiref.validate``."""
    given = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return exchange_in_validator(app)(Request(method, target, given))


def check_miss(response: Response) -> None:
    """Check a 404 that no cache keeps and no browser takes for a script."""
    assert response.status == 404
    assert (response.get("Content-Type") or "").startswith("text/plain")
    assert response.get("Cache-Control") == "no-store"
    assert response.get("X-Content-Type-Options") == "nosniff"
    assert b"<" not in response.octets


# --- 1. What is retained


def test_a_retained_file_is_served_for_ever_in_each_coding_that_a_client_may_want(root: Path) -> None:
    app = StaticServe(None, root)
    for name, content in hashed(OLD).items():
        for accepted in ACCEPTED:
            answer = ask(app, name, accepted)
            assert (answer.status, answer.content, answer.is_immutable) == (200, content, True), (name, accepted)
            assert answer.coding is None or answer.coding in accepted
        if name.endswith((".css", ".js")):
            assert ask(app, name, "gzip, br, zstd").coding is not None
            assert ask(app, name).response.get("Vary") == "Accept-Encoding, Available-Dictionary"


@pytest.mark.parametrize("codings", [[], ["gzip"], ["br"], ["zstd"]])
def test_a_retained_file_is_decoded_for_a_server_that_sends_none_of_its_codings(root: Path, codings: list[str]) -> None:
    app = StaticServe(None, root, codings=codings)
    for name, content in hashed(OLD).items():
        for accepted in ACCEPTED:
            answer = ask(app, name, accepted)
            assert (answer.status, answer.content, answer.is_immutable) == (200, content, True)
            assert answer.coding in (None, *codings)


def test_a_retained_file_has_the_fields_that_it_had_when_it_was_current(tmp_path: Path) -> None:
    root = tmp_path / "root"
    collect(root, OLD)
    build(root)
    before = {name: ask(StaticServe(None, root), name).response for name in hashed(OLD)}
    clear(root)
    collect(root, NEW)
    build(root)
    app = StaticServe(None, root)
    for name, then in before.items():
        now = ask(app, name).response
        assert now == then, name


def test_a_retained_file_has_heads_ranges_and_preconditions(root: Path) -> None:
    app = StaticServe(None, root)
    for name, content in hashed(OLD).items():
        if not content:
            continue
        for accepted in ("", "br", "zstd"):
            url, fields = f"/{quote(name)}", {"Accept_Encoding": accepted}
            whole = get(app, url, **fields)
            tag = whole.get("ETag") or ""
            head = get(app, url, "HEAD", **fields)
            assert (head.status, head.fields, head.octets) == (200, whole.fields, b"")
            part = get(app, url, Range="bytes=3-9", **fields)
            assert (part.status, part.octets) == (206, whole.octets[3:10])
            assert part.get("Content-Range") == f"bytes 3-9/{len(whole.octets)}"
            assert get(app, url, Range=f"bytes={len(whole.octets)}-", **fields).status == 416
            fresh = get(app, url, If_None_Match=tag, **fields)
            assert (fresh.status, fresh.octets, fresh.get("ETag")) == (304, b"", tag)
            assert fresh.get("Cache-Control") == FOREVER
            assert get(app, url, If_Match=tag, **fields).octets == whole.octets
            assert get(app, url, If_Match='"other"', **fields).status == 412
            assert get(app, url, Range="bytes=3-9", If_Range='"other"', **fields).status == 200
            assert get(app, url, "POST", **fields).status == 405


def test_a_retained_picture_that_is_larger_than_what_is_kept_in_memory_is_served(tmp_path: Path) -> None:
    root, film = tmp_path / "root", os.urandom(1_500_000)
    collect(root, {"a.css": STYLE, "film.mp4": film})
    build(root)
    clear(root)
    collect(root, {"a.css": STYLE})
    build(root)
    app = StaticServe(None, root, memory=100_000, memory_per_file=50_000)
    name = hashed_name("film.mp4", film)
    for _ in range(2):
        answer = ask(app, name)
        assert (answer.content, answer.is_immutable) == (film, True)
        assert ask(app, name, Range="bytes=1000000-").content == film[1_000_000:]
    # It is damaged while it is served: never wrong bytes.
    path = kept_in(root) / "kept" / hashlib.sha256(film).hexdigest()
    path.unlink()
    path.write_bytes(film[::-1])
    assert ask(app, name).status == 404
    assert ask(StaticServe(None, root, memory_per_file=50_000), name).status == 404


def test_what_is_retained_is_found_below_any_prefix_and_with_any_spelling_of_its_url(root: Path) -> None:
    name = hashed_name("css/app.css", STYLE)
    app = StaticServe(application, root, "static")
    assert get(app, f"/static/{name}").octets == STYLE
    assert get(app, f"/static/{name.replace('c', '%63')}?v=1").octets == STYLE
    assert get(app, f"/{name}").get("Content-Type") == "text/html"


def test_an_earlier_releases_file_is_not_looked_for_in_the_tree(root: Path) -> None:
    name = hashed_name("js/app.js", SCRIPT)
    replace(root, {name: b"something else"})
    answer = ask(StaticServe(None, root), name)
    assert (answer.content, answer.is_immutable) == (SCRIPT, True)


# --- 2. An unhashed file whose digest is asked for


def test_a_file_whose_digest_is_asked_for_is_served_for_ever(either: Path, is_store: bool) -> None:
    app = StaticServe(None, either)
    for name, content in (("plain.txt", PLAIN), ("big.png", BIG)):
        for accepted in ACCEPTED:
            for _ in range(2):
                answer = ask(app, hashed_name(name, content), accepted)
                assert (answer.status, answer.content, answer.is_immutable) == (200, content, True)
        assert ask(app, hashed_name(name, content), Range="bytes=2-5").content == content[2:6]
        # Under its own name it may change.
        assert not ask(app, name).is_immutable
    assert ask(app, hashed_name("plain.txt", PLAIN), "br").coding == ("br" if is_store else None)


@pytest.mark.parametrize("digits", [MADE_UP, "0" * 12, "f" * 12])
def test_other_digits_are_not_its_digest(either: Path, digits: str) -> None:
    app = StaticServe(None, either)
    for _ in range(2):
        check_miss(get(app, f"/{with_hash('plain.txt', digits)}"))
        redirect = get(app, f"/{with_hash('css/app.css', digits)}")
        assert (redirect.status, redirect.get("Cache-Control")) == (302, "no-store")


def test_digits_in_capitals_are_nobodys_digest(either: Path) -> None:
    digits = hashlib.md5(PLAIN).hexdigest()[:12].upper()
    assert get(StaticServe(None, either), f"/{with_hash('plain.txt', digits)}").status == 404


@pytest.mark.parametrize("stale", ["redirect", "serve", "off"])
@pytest.mark.parametrize("content", [b"changed\n", PLAIN[::-1], b""], ids=["smaller", "equal size", "empty"])
@pytest.mark.parametrize("asked_before", [False, True])
def test_a_file_that_is_changed_later_is_never_for_ever_under_its_former_digest(
    either: Path, content: bytes, asked_before: bool, stale: Any
) -> None:
    app = StaticServe(None, either, stale=stale)
    then, now = hashed_name("plain.txt", PLAIN), hashed_name("plain.txt", content)
    if asked_before:
        assert ask(app, then).content == PLAIN
    replace(either, {"plain.txt": content})
    for served in (app, StaticServe(None, either, stale=stale)):
        for name, expected in ((then, PLAIN), (now, content)):
            answer = ask(served, name)
            # What is in memory is what the digest says.
            assert (answer.status, answer.content) in [(200, expected), (404, b"Not found\n")]


@pytest.mark.parametrize("content", [BIG[::-1], b"smaller"], ids=["equal size", "smaller"])
def test_a_large_file_that_is_changed_later_is_not_sent_under_its_former_digest(either: Path, content: bytes) -> None:
    app, then = StaticServe(None, either), hashed_name("big.png", BIG)
    assert ask(app, then).content == BIG
    replace_file(either / "big.png", content)
    for accepted in ACCEPTED:
        answer = ask(app, then, accepted)
        assert answer.status == 404 or answer.content == BIG


def test_a_file_that_is_deleted_later_is_missing_or_what_it_was(either: Path) -> None:
    app = StaticServe(None, either)
    (either / "plain.txt").unlink()
    answer = ask(app, hashed_name("plain.txt", PLAIN))
    assert answer.status == 404 or (answer.status, answer.content, answer.is_immutable) == (200, PLAIN, True)


def test_a_name_without_an_extension_has_a_digest_too(tmp_path: Path) -> None:
    make_tree(tmp_path, {"LICENSE": PLAIN, "a.css": STYLE})
    for is_built in (False, True):
        if is_built:
            build(tmp_path)
        answer = ask(StaticServe(None, tmp_path), hashed_name("LICENSE", PLAIN))
        assert (answer.content, answer.is_immutable) == (PLAIN, True)


def test_a_hidden_file_is_not_served_by_its_digest(tmp_path: Path) -> None:
    make_tree(tmp_path, {".env": PLAIN, ".git/config": PLAIN, "a.css": STYLE})
    for is_built in (False, True):
        if is_built:
            build(tmp_path)
        app = StaticServe(None, tmp_path)
        for name in (".env", ".git/config", ".staticserve/store.sqlite3"):
            content = (tmp_path / name).read_bytes() if (tmp_path / name).exists() else b""
            assert ask(app, hashed_name(name, content)).status == 404


def test_the_manifest_is_not_served_by_its_digest(either: Path) -> None:
    content = (either / MANIFEST_NAME).read_bytes()
    assert ask(StaticServe(None, either), hashed_name(MANIFEST_NAME, content)).status == 404


def test_a_proof_in_one_directory_goes_before_a_guess_in_another(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    collect(first, {"a.css": SCRIPT})
    make_tree(second, {"a.css": STYLE})
    app = StaticServe(None)
    app.add_files(second)
    app.add_files(first)
    answer = ask(app, hashed_name("a.css", STYLE))
    assert (answer.status, answer.content, answer.is_immutable) == (200, STYLE, True)


# --- 3. What has that name now

NAMES: Final = [
    *(
        "app.css",
        "css/app.css",
        "deep/er/app.js",
        "a b.css",
        "a:b.css",
        "c/d:e.css",
        "\u00e9.css",
        "\u00e9/\u00fc \u4e2d.js",
    ),
    *(
        "100%.css",
        "%41.css",
        "q?r#s.css",
        "a&b=c;d.css",
        "it's.css",
        "~x.css",
        "LICENSE",
        "a.b.c.css",
        "-.css",
        "\\x.css",
    ),
]


@pytest.fixture(scope="module", params=["store", "directory"])
def named(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp(request.param)
    collect(root, {name: name.encode() * 50 for name in NAMES})
    if request.param == "store":
        build(root)
    return root


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prefix", ["/", "/static/", "/\u00fc/s t/"])
def test_a_redirect_leads_to_the_current_name_whatever_the_name_is(named: Path, name: str, prefix: str) -> None:
    app = StaticServe(application, named, prefix)
    asked = prefix + with_hash(name, MADE_UP)
    response = get(app, quote(asked))
    assert response.status == 302
    location = response.get("Location") or ""
    assert location.isascii()
    # As a browser resolves it.
    target = urljoin(f"https://cdn.example/app{quote(asked)}", location)
    content = name.encode() * 50
    assert target == f"https://cdn.example/app{quote(prefix + hashed_name(name, content))}"
    path = target.removeprefix("https://cdn.example/app")
    answer = get(app, path)
    assert (answer.status, answer.octets, answer.get("Cache-Control")) == (200, content, FOREVER)
    assert unquote(path) == prefix + hashed_name(name, content)


@pytest.mark.parametrize(
    ("script_name", "path_info"),
    [("", "/static/css/{}"), ("/app", "/static/css/{}"), ("/static", "/css/{}"), ("/static/css", "/{}")],
)
def test_a_redirect_is_relative_so_that_it_holds_below_any_script_name(
    named: Path, script_name: str, path_info: str
) -> None:
    app = StaticServe(application, named, "static")
    exchange = exchange_in_validator(app, SCRIPT_NAME=script_name)
    response = exchange(Request("GET", path_info.format(with_hash("app.css", MADE_UP))))
    assert response.status == 302
    current = hashed_name("css/app.css", b"css/app.css" * 50)
    mounted = script_name + path_info.format("x")
    expected = mounted.removesuffix("css/x") + current
    assert urljoin(mounted, response.get("Location") or "") == expected


def test_a_redirect_is_kept_by_nobody_and_has_the_fields_that_fonts_and_modules_need(either: Path) -> None:
    response = get(StaticServe(None, either), f"/{with_hash('js/app.js', MADE_UP)}")
    assert response.get("Cache-Control") == "no-store"
    assert response.get("Access-Control-Allow-Origin") == "*"
    assert response.get("X-Content-Type-Options") == "nosniff"
    assert response.octets == b""
    names = [name.lower() for name, _ in response.fields]
    assert len(names) == len(set(names))
    alone = get(StaticServe(None, either, allow_all_origins=False), f"/{with_hash('js/app.js', MADE_UP)}")
    assert alone.get("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("X-Own", "1", "1"),
        ("Access-Control-Allow-Origin", "https://a.example", "https://a.example"),
        ("access-control-allow-origin", "https://a.example", "https://a.example"),
        ("Cache-Control", "max-age=31536000", "no-store"),
        ("cache-control", "max-age=31536000", "no-store"),
    ],
)
@pytest.mark.parametrize("stale", ["redirect", "serve"])
def test_a_users_own_fields_are_there_once_and_never_let_it_be_kept(
    either: Path, stale: Any, name: str, value: str, expected: str
) -> None:
    app = StaticServe(None, either, stale=stale, fields={name: value})
    response = get(app, f"/{with_hash('js/app.js', MADE_UP)}")
    assert response.status in (200, 302)
    assert response.all(name) == [expected]


def test_a_redirect_keeps_the_query(either: Path) -> None:
    app = StaticServe(None, either)
    response = get(app, f"/{with_hash('css/app.css', MADE_UP)}?v=1&x=%20y")
    assert response.get("Location") == f"./{hashed_name('css/app.css', NEW['css/app.css'])[4:]}?v=1&x=%20y"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 302), ("POST", 405), ("OPTIONS", 204), ("PUT", 405)])
def test_a_redirect_is_for_gets_and_heads(either: Path, method: str, status: int) -> None:
    response = get(StaticServe(None, either), f"/{with_hash('css/app.css', MADE_UP)}", method)
    assert (response.status, response.octets) == (status, b"")
    assert response.get("Cache-Control") == "no-store"


def test_current_bytes_are_served_at_once_if_that_is_asked_and_kept_by_nobody(either: Path) -> None:
    app = StaticServe(None, either, stale="serve")
    for name in ("css/app.css", "js/app.js", "img/photo.png", "empty.txt"):
        asked = with_hash(name, MADE_UP)
        for accepted in ACCEPTED:
            for _ in range(2):
                answer = ask(app, asked, accepted)
                assert (answer.status, answer.content) == (200, NEW[name])
                assert answer.response.all("Cache-Control") == ["no-store"]
        current = ask(app, hashed_name(name, NEW[name]))
        # What was said of another release's name is not said of this one's.
        assert current.is_immutable
        for field in ("Content-Type", "Access-Control-Allow-Origin", "X-Content-Type-Options"):
            assert ask(app, asked).response.get(field) == current.response.get(field)


def test_a_conditional_or_partial_answer_with_current_bytes_is_kept_by_nobody_either(either: Path) -> None:
    app, url = StaticServe(None, either, stale="serve"), f"/{with_hash('css/app.css', MADE_UP)}"
    whole = get(app, url)
    tag = whole.get("ETag") or ""
    answers = [
        (304, b"", get(app, url, If_None_Match=tag)),
        (206, whole.octets[2:6], get(app, url, Range="bytes=2-5")),
        (412, b"", get(app, url, If_Match='"other"')),
        (416, b"", get(app, url, Range="bytes=9999999-")),
        (200, b"", get(app, url, "HEAD")),
        (405, b"", get(app, url, "POST")),
    ]
    for status, octets, answer in answers:
        assert (answer.status, answer.octets) == (status, octets)
        assert answer.all("Cache-Control") == ["no-store"]
    assert get(app, url, "HEAD").fields == whole.fields


def test_current_bytes_are_kept_by_nobody_whatever_the_users_functions_say(either: Path) -> None:
    def add(headers: Headers, path: str, url: str) -> None:
        headers["Cache-Control"] = "max-age=99, public"

    app = StaticServe(None, either, stale="serve", add_headers_function=add, immutable_file_test=lambda path, url: True)
    answer = ask(app, with_hash("css/app.css", MADE_UP))
    assert answer.response.all("Cache-Control") == ["no-store"]


def test_there_is_no_third_rung_if_it_is_off(either: Path) -> None:
    app = StaticServe(None, either, stale="off")
    for name in NEW:
        check_miss(get(app, f"/{with_hash(name, MADE_UP)}"))
    # The others are proofs.
    assert ask(app, hashed_name("plain.txt", PLAIN)).is_immutable


@pytest.mark.parametrize("stale", ["redirect", "serve", "off"])
def test_a_current_file_that_has_vanished_leads_to_itself_never(tmp_path: Path, stale: Any) -> None:
    collect(tmp_path, {"photo.png": PICTURE, "a.css": STYLE}, keeps_originals=False)
    app = StaticServe(None, tmp_path, stale=stale)
    name = hashed_name("photo.png", PICTURE)
    (tmp_path / name).unlink()
    check_miss(get(app, f"/{name}"))


@pytest.mark.parametrize("stale", ["redirect", "serve", "off"])
def test_two_directories_whose_files_have_vanished_never_lead_to_each_other(tmp_path: Path, stale: Any) -> None:
    app = StaticServe(None, stale=stale)
    names = []
    for directory, content in (("one", PICTURE), ("two", PICTURE[::-1])):
        collect(tmp_path / directory, {"photo.png": content}, keeps_originals=False)
        app.add_files(tmp_path / directory)
        names.append(hashed_name("photo.png", content))
        (tmp_path / directory / names[-1]).unlink()
    asked, visited = names[0], set()
    while asked not in visited:
        visited.add(asked)
        response = get(app, f"/{asked}")
        if response.status == 404:
            break
        assert response.status == 302
        asked = urljoin(f"/{asked}", response.get("Location") or "")[1:]
    else:
        pytest.fail("a redirect led back to where it came from")


# --- The reverse: a logical name whose original was deleted


@pytest.mark.parametrize("is_built", [False, True])
def test_a_name_whose_original_was_deleted_is_what_it_is_now_and_for_a_minute(tmp_path: Path, is_built: bool) -> None:
    collect(tmp_path, NEW, keeps_originals=False)
    if is_built:
        build(tmp_path)
    app = StaticServe(None, tmp_path)
    for name, content in NEW.items():
        for accepted in ACCEPTED:
            answer = ask(app, name, accepted)
            assert (answer.status, answer.content) == (200, content)
            assert answer.response.get("Cache-Control") == "max-age=60, public"
        assert ask(app, hashed_name(name, content)).is_immutable
        assert get(app, f"/{with_hash(name, MADE_UP)}").status == 302
        assert get(app, f"/{name}", If_None_Match=ask(app, name).response.get("ETag") or "").status == 304


@pytest.mark.parametrize("is_built", [False, True])
def test_a_name_whose_original_was_deleted_leads_to_no_file_that_is_missing(tmp_path: Path, is_built: bool) -> None:
    collect(tmp_path, {"photo.png": PICTURE, "a.css": STYLE}, keeps_originals=False)
    (tmp_path / hashed_name("photo.png", PICTURE)).unlink()
    if is_built:
        build(tmp_path)
    check_miss(get(StaticServe(None, tmp_path), "/photo.png"))
    check_miss(get(StaticServe(None, tmp_path), f"/{with_hash('photo.png', MADE_UP)}"))


def test_a_manifest_leads_out_of_no_tree(tmp_path: Path) -> None:
    make_tree(tmp_path, {"secret.css": SCRIPT, "root/a.css": STYLE})
    paths = {"x.css": "../secret.css", "y.css": "/etc/passwd", "z.css": "a\0b.css", "w.css": "//host/a.css"}
    stored = {"version": "1.1", "paths": paths, "hash": MADE_UP}
    make_tree(tmp_path / "root", {MANIFEST_NAME: json.dumps(stored).encode()})
    for is_built in (False, True):
        if is_built:
            build(tmp_path / "root")
        app = StaticServe(None, tmp_path / "root")
        for name in paths:
            check_miss(get(app, f"/{name}"))
            check_miss(get(app, f"/{with_hash(name, MADE_UP)}"))


# --- 4. Nothing


def test_what_no_release_has_is_text_that_nobody_keeps(either: Path) -> None:
    for app in (StaticServe(None, either), StaticServe(application, either, misses="answer")):
        for name in ("gone.css", with_hash("gone.css", MADE_UP), "css/", "js", f".{MADE_UP}.css", MADE_UP):
            check_miss(get(app, f"/{name}"))
            assert get(app, f"/{name}", "HEAD").octets == b""


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets the monotonic clock."""

    def set_seconds(now: float) -> None:
        monkeypatch.setattr("time.monotonic", lambda: 1000.0 + now)

    set_seconds(0)
    return set_seconds


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("alone", [False, True])
def test_of_misses_there_is_one_line_a_minute_that_counts_the_others(
    either: Path, caplog: pytest.LogCaptureFixture, seconds: Callable[[float], None], alone: bool
) -> None:
    app = StaticServe(None, either) if alone else StaticServe(application, either, misses="answer")
    for number in range(500):
        get(app, f"/gone.{number:012x}.css")
    (first,) = lines(caplog)
    assert "gone.000000000000.css" in first
    assert "unknown release" in first
    seconds(59)
    get(app, f"/gone.{MADE_UP}.js")
    assert len(lines(caplog)) == 1
    seconds(61)
    get(app, f"/late.{MADE_UP}.js")
    get(app, f"/later.{MADE_UP}.js")
    (_, second) = lines(caplog)
    assert f"late.{MADE_UP}.js" in second
    assert "500" in second


def test_names_without_a_hash_are_no_releases_and_not_told(either: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = StaticServe(application, either, misses="answer")
    for name in ("gone.css", "favicon.ico", "wp-login.php", "css/", "a/b/c", ""):
        get(app, f"/{name}")
    assert lines(caplog) == []


def forget(root: Path) -> str:
    """Build a third release that keeps nothing; return the first one's name."""
    (first,) = (name for name in [StaticServe(None, root).mounts.release] if name)
    clear(root)
    collect(root, {name: content + b"third" for name, content in NEW.items()})
    build(root, retention=RetentionRules(keep_releases=0, keep_for=0))
    return first


def test_the_line_names_the_release_of_a_file_that_was_kept_once(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    release = forget(root)
    app = StaticServe(None, root, misses="answer", stale="off")
    check_miss(get(app, f"/{hashed_name('css/app.css', NEW['css/app.css'])}"))
    (line,) = lines(caplog)
    assert release in line
    assert "css/app" in line


def test_a_file_that_was_kept_once_is_redirected_as_any_other(root: Path) -> None:
    forget(root)
    response = get(StaticServe(None, root), f"/{hashed_name('css/app.css', NEW['css/app.css'])}")
    assert response.status == 302


def test_a_miss_in_several_directories_is_one_miss_and_any_of_them_may_know_it(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, seconds: Callable[[float], None]
) -> None:
    release = forget(root)
    app = StaticServe(None, misses="answer", stale="off")
    make_tree(tmp_path / "other", {"x.css": STYLE})
    app.add_files(root)
    app.add_files(tmp_path / "other")
    name = hashed_name("css/app.css", NEW["css/app.css"])
    get(app, f"/{name}")
    (line,) = lines(caplog)
    assert release in line
    seconds(61)
    get(app, f"/{name}")
    assert "more" not in lines(caplog)[1]


@pytest.mark.parametrize("target", [f"/a%0Ab%1B[31m%0D.{MADE_UP}.css", f"/{'a' * 10_000}.{MADE_UP}.css"])
def test_a_line_is_one_line_of_some_length_whatever_is_asked_for(
    either: Path, caplog: pytest.LogCaptureFixture, target: str
) -> None:
    app = StaticServe(None, either, misses="answer")
    get(app, target)
    (line,) = lines(caplog)
    assert line.isprintable()
    assert len(line) < 1000


def test_a_line_has_the_name_as_people_write_it(either: Path, caplog: pytest.LogCaptureFixture) -> None:
    get(StaticServe(None, either, misses="answer"), f"/%C3%A9.{MADE_UP}.css")
    (line,) = lines(caplog)
    assert f"\u00e9.{MADE_UP}.css" in line


# --- Beside an application


def test_what_the_ladder_does_not_know_is_the_applications(either: Path) -> None:
    app = StaticServe(application, either, "/", misses="pass")
    unknown = [
        "",
        "gone.css",
        with_hash("gone.css", MADE_UP),
        with_hash("plain.txt", MADE_UP),
        "main-BRBmoGS9.js",
        "%ff",
    ]
    for name in unknown:
        for index_file in (None, "index.html"):
            served = StaticServe(application, either, "/", misses="pass", index_file=index_file)
            assert get(served, f"/{name}").octets == b"<p>application", name
    assert get(app, f"/{hashed_name('plain.txt', PLAIN)}").octets == PLAIN
    assert get(app, f"/{with_hash('css/app.css', MADE_UP)}").status == 302
    off = StaticServe(application, either, "/", misses="pass", stale="off")
    assert get(off, f"/{with_hash('css/app.css', MADE_UP)}").octets == b"<p>application"
    serve = StaticServe(application, either, "/", misses="pass", stale="serve")
    assert get(serve, f"/{with_hash('css/app.css', MADE_UP)}").octets == NEW["css/app.css"]


def test_what_is_retained_is_found_beside_an_application(root: Path) -> None:
    for misses in MISSES:
        app = StaticServe(application, root, "/", misses=misses)
        assert get(app, f"/{hashed_name('css/app.css', STYLE)}").octets == STYLE


# --- Bundlers

BUNDLERS: Final[Mapping[str, tuple[str, object, str, str]]] = {
    "vite": (
        ".vite/manifest.json",
        {"src/main.js": {"file": "assets/main-BRBmoGS9.js", "src": "src/main.js", "name": "main", "isEntry": True}},
        "assets/main-BRBmoGS9.js",
        "assets/main-DiwrgTda.js",
    ),
    "vite, with an underscore in it": (
        ".vite/manifest.json",
        {"src/main.js": {"file": "assets/main-B_BmoGS9.js", "src": "src/main.js", "name": "main", "isEntry": True}},
        "assets/main-B_BmoGS9.js",
        "assets/main-D-wrgTda.js",
    ),
    "webpack": (
        "dist/manifest.json",
        {"main.js": "main.5f0a1b2c3d4e5f6a7b8c.js"},
        "dist/main.5f0a1b2c3d4e5f6a7b8c.js",
        "dist/main.00a1b2c3d4e5f6a7b8c9.js",
    ),
    "esbuild": (
        "meta.json",
        {"outputs": {"out/app-GGDRXOM3.js": {"entryPoint": "src/app.ts", "inputs": {"src/app.ts": {}}}}},
        "out/app-GGDRXOM3.js",
        "out/app-QR5XGWXB.js",
    ),
    "parcel": (
        "parcel-manifest.json",
        {"src/index.js": "/index.7d2a8f3c.js"},
        "index.7d2a8f3c.js",
        "index.0f1e2d3c.js",
    ),
}


@pytest.fixture(params=[*BUNDLERS.values()], ids=[*BUNDLERS])
def bundled(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str, str]:
    """Return a tree with a bundle, the name that it has now, and one that it may have had."""
    manifest, stored, current, earlier = request.param
    make_tree(tmp_path, {manifest: json.dumps(stored).encode(), current: SCRIPT, "app.css": STYLE})
    return tmp_path, current, earlier


@pytest.mark.parametrize("is_built", [False, True])
def test_a_bundle_is_for_ever_by_its_manifest_and_its_other_hashes_lead_to_it(
    bundled: tuple[Path, str, str], is_built: bool
) -> None:
    root, current, earlier = bundled
    if is_built:
        build(root)
    app = StaticServe(None, root)
    assert (ask(app, current).content, ask(app, current).is_immutable) == (SCRIPT, True)
    response = get(app, f"/{earlier}")
    assert (response.status, response.get("Cache-Control")) == (302, "no-store")
    assert urljoin(f"/{earlier}", response.get("Location") or "") == f"/{current}"
    served = ask(StaticServe(None, root, stale="serve"), earlier)
    assert (served.content, served.response.get("Cache-Control")) == (SCRIPT, "no-store")
    check_miss(get(StaticServe(None, root, stale="off"), f"/{earlier}"))


def test_a_bundle_of_an_earlier_release_is_retained_for_ever(bundled: tuple[Path, str, str]) -> None:
    root, current, earlier = bundled
    build(root)
    manifest = next(path for path in root.rglob("*.json"))
    text = manifest.read_text().replace(current.rpartition("/")[2], earlier.rpartition("/")[2])
    clear(root)
    make_tree(root, {str(manifest.relative_to(root)): text.encode(), earlier: STYLE, "app.css": STYLE})
    build(root)
    app = StaticServe(None, root)
    for name, content in ((current, SCRIPT), (earlier, STYLE)):
        answer = ask(app, name, "br")
        assert (answer.content, answer.is_immutable) == (content, True)


# --- Whatever is asked

HOSTILE: Final = [
    "/" + "a" * 10_000,
    "/" + "a" * 10_000 + f".{MADE_UP}.css",
    "/" + f".{MADE_UP}" * 800 + ".css",
    "/" + "a/" * 5_000 + f"app.{MADE_UP}.css",
    "/" + "a." * 5_000 + "css",
    "/" + "-" * 250 + ".js",
    "/" + "a-" * 5_000 + "BRBmoGS9.js",
    "/css/" + "app-" * 60 + "BRBmoGS9.js",
    f"/%FF%FE.{MADE_UP}.css",
    f"/%ED%A0%80.{MADE_UP}.css",
    f"/css/app%00.{MADE_UP}.css",
    f"/css/app.{MADE_UP}.css%00",
    f"/%00.{MADE_UP}",
    f"/../css/app.{MADE_UP}.css",
    f"/css/../css/app.{MADE_UP}.css",
    f"/css/%2e%2e/css/app.{MADE_UP}.css",
    f"/css//app.{MADE_UP}.css",
    f"//css/app.{MADE_UP}.css",
    f"/css/./app.{MADE_UP}.css",
    f"/css/app.{MADE_UP}.css/",
    f"/css\\app.{MADE_UP}.css",
    f"/.{MADE_UP}.css",
    f"/css/.{MADE_UP}",
    f"/.staticserve/store.{MADE_UP}.sqlite3",
    f"/css/app.{MADE_UP}.css.{MADE_UP}.css",
    f"/staticfiles.{MADE_UP}.json",
    "/css/app.\u0660123456789ab.css",
    f"/css/app.{MADE_UP}.css%0D%0ASet-Cookie:a=b",
]


@pytest.mark.parametrize("stale", ["redirect", "serve", "off"])
def test_a_hostile_name_is_a_miss_and_never_an_exception(
    either: Path, stale: Any, caplog: pytest.LogCaptureFixture
) -> None:
    apps = [
        StaticServe(None, either, stale=stale),
        StaticServe(application, either, stale=stale, misses="answer"),
        StaticServe(None, either, stale=stale, index_file=True, late_files=True),
    ]
    for app in apps:
        for target in HOSTILE:
            for method in ("GET", "HEAD", "POST"):
                response = get(app, target, method)
                assert response.status == 404, target[:60]
    assert len(caplog.records) <= len(apps)


@pytest.mark.parametrize("stale", ["redirect", "serve"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            lambda name, digits, tail: with_hash(name, digits) + tail,
            st.sampled_from(NAMES),
            st.text("0123456789abcdefAB", min_size=11, max_size=13),
            st.sampled_from(["", "", "", "/", "\0", ".css", " "]),
        ),
    )
)
def test_whatever_is_asked_is_answered_with_a_redirect_to_something_or_with_nothing(
    named: Path, stale: Any, name: str
) -> None:
    app = StaticServe(None, named, stale=stale)
    response = get(app, "/" + quote(name.encode("utf-8", "surrogatepass")))
    assert response.status in (200, 302, 404)
    if response.status == 302:
        target = urljoin("/" + quote(name), response.get("Location") or "")
        followed = get(app, target)
        assert (followed.status, followed.get("Cache-Control")) == (200, FOREVER)
    if response.status == 200 and response.get("Cache-Control") == FOREVER:
        digits = hashlib.md5(response.octets).hexdigest()[:12]
        assert digits in name


def made_up_names(count: int) -> list[str]:
    stems = ["css/app.css", "plain.txt", "gone.css", "big.png", "img/photo.png"]
    return [with_hash(stems[number % len(stems)], f"{number:012x}") for number in range(count)]


def test_a_flood_of_hashes_that_are_made_up_opens_and_looks_at_no_file(
    either: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = StaticServe(None, either, misses="answer")
    for name in made_up_names(10):
        get(app, f"/{name}")
    touched: list[object] = []

    def watch(module: Any, name: str) -> None:
        original = getattr(module, name)

        def noting(path: object, *arguments: Any, **options: Any) -> Any:
            touched.append(path)
            return original(path, *arguments, **options)

        monkeypatch.setattr(module, name, noting)

    for name in ("open", "stat", "lstat", "scandir", "listdir", "readlink"):
        watch(os, name)
    watch(builtins, "open")
    statuses = {get(app, f"/{name}").status for name in made_up_names(500)[10:]}
    monkeypatch.undo()
    assert statuses == {302, 404}
    assert touched == []


def test_a_flood_of_hashes_that_are_made_up_takes_no_memory(either: Path) -> None:
    app = StaticServe(None, either, misses="answer")
    names = made_up_names(9000)
    tracemalloc.start()
    try:
        # SQLite's statements and Python's own free lists come to rest.
        for name in names[:3000]:
            app.answer(f"/{name}", "GET", {})
        used, before = app.memory.used, tracemalloc.get_traced_memory()[0]
        for name in names[3000:]:
            app.answer(f"/{name}", "GET", {})
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert app.memory.used == used
    # A dict of the names alone would take eight times as much.
    assert grown < 60_000
