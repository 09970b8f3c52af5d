"""How a site's scripts learn which release they are talking to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from wsgiref.util import setup_testing_defaults

import pytest

from staticserve import ConfigurationError, StaticServe
from staticserve.manifest import MANIFEST_NAME
from tests.contract.exchange import Request, exchange_in_validator
from tests.pipeline import STYLE, build, hashed_name, make_tree
from tests.pipeline.test_retention import deploy, kept_in, site

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.contract.exchange import Response

FIELD: Final = "X-Release"


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as an application does: with cookies, and with its own word on some things."""
    octets = b"<p>application"
    fields = [("Content-Type", "text/html"), ("Content-Length", str(len(octets)))]
    fields += [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    if environ["PATH_INFO"] == "/own":
        fields.append((FIELD.lower(), "its own"))
    start_response("201 Created" if environ["PATH_INFO"] == "/new" else "200 OK", fields)
    return [octets]


def get(app: StaticServe, target: str, method: str = "GET", **fields: str) -> Response:
    given = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return exchange_in_validator(app)(Request(method, target, given))


def read_release(root: Path) -> str:
    """Return the hash that is in the manifest."""
    release = json.loads((root / MANIFEST_NAME).read_text())["hash"]
    assert isinstance(release, str)
    return release


@pytest.fixture(params=["store", "directory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = tmp_path / "root"
    deploy(root, 1)
    deploy(root, 2)
    if request.param == "directory":
        (kept_in(root) / "store.sqlite3").unlink()
    return root


# --- The field


def test_the_field_is_on_what_the_application_answers_and_on_our_404(root: Path) -> None:
    app = StaticServe(application, root, "static", misses="answer", release_field=FIELD)
    for target in ("/", "/new", "/page", "/static"):
        assert get(app, target).all(FIELD) == [read_release(root)]
    miss = get(app, "/static/gone.css")
    assert (miss.status, miss.all(FIELD)) == (404, [read_release(root)])
    assert miss.get("Cache-Control") == "no-store"


def test_the_field_is_on_the_404_of_one_that_serves_alone(root: Path) -> None:
    assert get(StaticServe(None, root, release_field=FIELD), "/gone.css").all(FIELD) == [read_release(root)]


def test_the_field_is_on_no_file(root: Path) -> None:
    # It would be what a cache keeps for ever.
    app = StaticServe(application, root, "static", misses="answer", release_field=FIELD)
    hashed = f"/static/{hashed_name('app.css', site(2)['app.css'])}"
    for target in (hashed, "/static/app.css", "/static/robots.txt"):
        for fields in ({}, {"Range": "bytes=0-1"}, {"If_Match": '"x"'}):
            assert get(app, target, **fields).get(FIELD) is None


def test_an_applications_answer_is_otherwise_as_it_was(root: Path) -> None:
    plain = get(StaticServe(application, root, "static"), "/new")
    with_field = get(StaticServe(application, root, "static", release_field=FIELD), "/new")
    assert with_field == plain._replace(fields=(*plain.fields, (FIELD, read_release(root))))
    assert with_field.all("Set-Cookie") == ["a=1", "b=2"]


def test_an_applications_own_word_counts(root: Path) -> None:
    app = StaticServe(application, root, "static", release_field=FIELD)
    assert get(app, "/own").all(FIELD) == ["its own"]


def test_an_application_may_answer_late_or_fail_as_ever(root: Path) -> None:
    def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            raise ValueError
        except ValueError:
            import sys

            write = start_response("500 Sorry", [("Content-Type", "text/plain")], sys.exc_info())
        write(b"written ")
        yield b"and yielded"

    app = StaticServe(late, root, "static", release_field=FIELD)
    told: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
        told.append((status, dict(fields)[FIELD], exc_info[0]))
        return written.append

    environ: WSGIEnvironment = {}
    setup_testing_defaults(environ)
    assert [*app(environ, start_response)] == [b"and yielded"]
    assert written == [b"written "]
    assert told == [("500 Sorry", read_release(root), ValueError)]


@pytest.mark.parametrize("misses", ["pass", "answer"])
def test_without_the_option_nothing_is_said(root: Path, misses: Any) -> None:
    app = StaticServe(application, root, "static", misses=misses)
    for target in ("/", "/static/gone.css"):
        response = get(app, target)
        assert read_release(root) not in str(response.fields)
    assert get(app, "/static/staticserve.json").octets in (b"<p>application", b"Not found\n")


def test_without_a_release_nothing_is_said(tmp_path: Path) -> None:
    make_tree(tmp_path, {"a.css": STYLE})
    app = StaticServe(application, tmp_path, "static", misses="answer", release_field=FIELD, release_file=True)
    for target in ("/", "/static/gone.css"):
        assert get(app, target).get(FIELD) is None
    assert get(app, "/static/staticserve.json").status == 404


def test_of_a_tree_without_a_manifest_the_store_has_a_name_that_changes_with_its_files(tmp_path: Path) -> None:
    names = set()
    for content in (STYLE, STYLE * 2, STYLE):
        make_tree(tmp_path, {"a.css": content})
        build(tmp_path)
        release = get(StaticServe(application, tmp_path, "static", release_field=FIELD), "/").get(FIELD)
        assert release
        names.add(release)
    assert len(names) == 2


def test_of_several_directories_the_first_that_has_a_release_tells_it(root: Path, tmp_path: Path) -> None:
    make_tree(tmp_path / "other", {"a.css": STYLE})
    app = StaticServe(application, root, "static", release_field=FIELD)
    app.add_files(tmp_path / "other", "other")
    assert get(app, "/").get(FIELD) == read_release(root)


@pytest.mark.parametrize("release", ["a\nb", "a\r\nSet-Cookie: x=1", "\u4e2d\u6587", "a\0b"])
def test_a_release_that_no_field_can_say_is_not_said(tmp_path: Path, release: str) -> None:
    stored = {"version": "1.1", "paths": {}, "hash": release}
    make_tree(tmp_path, {"a.css": STYLE, MANIFEST_NAME: json.dumps(stored).encode()})
    app = StaticServe(application, tmp_path, "static", misses="answer", release_field=FIELD)
    assert get(app, "/").get(FIELD) is None
    assert get(app, "/static/gone").get(FIELD) is None


@pytest.mark.parametrize(
    "name", ["", "X Release", "X-Release:", "a\nb", "Content-Length", "etag", "Connection", 5, True]
)
def test_a_name_that_no_field_of_the_users_can_have_is_refused_at_start(tmp_path: Path, name: Any) -> None:
    with pytest.raises(ConfigurationError, match="release_field"):
        StaticServe(None, tmp_path, release_field=name)


# --- The file


@pytest.mark.parametrize("release_file", [True, "files"])
def test_the_file_tells_the_release_and_every_use_of_it_asks_again(root: Path, release_file: Any) -> None:
    app = StaticServe(application, root, "static", misses="answer", release_file=release_file)
    response = get(app, "/static/staticserve.json")
    assert response.status == 200
    assert json.loads(response.octets)["release"] == read_release(root)
    assert response.all("Cache-Control") == ["no-cache"]
    assert response.get("Content-Type") == "application/json"
    assert response.get("X-Content-Type-Options") == "nosniff"
    assert response.get("Access-Control-Allow-Origin") == "*"
    assert response.get("Last-Modified") is None
    tag = response.get("ETag") or ""
    fresh = get(app, "/static/staticserve.json", If_None_Match=tag)
    assert (fresh.status, fresh.octets, fresh.all("Cache-Control")) == (304, b"", ["no-cache"])
    head = get(app, "/static/staticserve.json", "HEAD")
    assert (head.status, head.fields, head.octets) == (200, response.fields, b"")
    assert get(app, "/static/staticserve.json", "POST").status == 405


def test_true_tells_no_more_than_the_release(root: Path) -> None:
    app = StaticServe(None, root, release_file=True)
    assert json.loads(get(app, "/staticserve.json").octets) == {"release": read_release(root)}


def test_another_release_has_another_tag(tmp_path: Path) -> None:
    tags = set()
    for number in (1, 2, 1):
        deploy(tmp_path / "root", number)
        tags.add(get(StaticServe(None, tmp_path / "root", release_file=True), "/staticserve.json").get("ETag"))
    assert len(tags) == 2


def test_files_tells_what_another_build_needs_to_keep_them(tmp_path: Path) -> None:
    deploy(tmp_path / "root", 1)
    first = read_release(tmp_path / "root")
    deploy(tmp_path / "root", 2)
    told = json.loads(get(StaticServe(None, tmp_path / "root", release_file="files"), "/staticserve.json").octets)
    assert [each["release"] for each in told["releases"]] == [told["release"], first]
    names = {name for each in told["releases"] for name in each["files"]}
    assert names == {
        hashed_name(name, content)
        for number in (1, 2)
        for name, content in site(number).items()
        if name != "robots.txt"
    }


def test_a_directory_alone_has_no_earlier_releases_to_tell(tmp_path: Path) -> None:
    deploy(tmp_path, 1)
    (kept_in(tmp_path) / "store.sqlite3").unlink()
    told = json.loads(get(StaticServe(None, tmp_path, release_file="files"), "/staticserve.json").octets)
    assert told == {"release": read_release(tmp_path), "releases": []}


@pytest.mark.parametrize("fields", [{"Cache-Control": "max-age=99"}, {"cache-control": "max-age=99"}])
def test_a_users_own_fields_do_not_let_it_be_kept(root: Path, fields: dict[str, str]) -> None:
    app = StaticServe(None, root, release_file=True, fields={**fields, "X-Own": "1"}, max_age=600)
    response = get(app, "/staticserve.json")
    assert response.all("Cache-Control") == ["no-cache"]
    assert response.get("X-Own") == "1"


def test_it_is_found_beside_an_application_that_gets_what_is_missing(root: Path) -> None:
    app = StaticServe(application, root, "/", misses="pass", release_file=True)
    assert json.loads(get(app, "/staticserve.json").octets)["release"] == read_release(root)
    assert get(app, "/css/staticserve.json").octets == b"<p>application"
    assert get(StaticServe(application, root, "/", misses="pass"), "/staticserve.json").octets == b"<p>application"


def test_a_file_of_that_name_is_the_users_as_long_as_nothing_is_announced(tmp_path: Path) -> None:
    make_tree(tmp_path, {"staticserve.json": b"{}", "a.css": STYLE})
    assert get(StaticServe(None, tmp_path), "/staticserve.json").octets == b"{}"
    # Without a release there is nothing to announce.
    assert get(StaticServe(None, tmp_path, release_file=True), "/staticserve.json").octets == b"{}"


@pytest.mark.parametrize("value", ["true", "all", 1, None, ["files"]])
def test_a_wrong_value_is_refused_at_start(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ConfigurationError, match="release_file"):
        StaticServe(None, tmp_path, release_file=value)
