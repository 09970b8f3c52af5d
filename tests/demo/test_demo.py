"""The demo, served by the real gunicorn and seen by a real browser."""

from __future__ import annotations

import re
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from tests.demo.browser import BINARY, Page, open_browser
from tests.demo.site import Demo, run_demo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = ("/", "/people/", "/deploys/", "/admin/login/")
VIDEO = "video/stream.webm"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Start a copy of the demo."""
    with run_demo(tmp_path_factory.mktemp("home")) as demo:
        yield demo


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """Start a browser that has never been anywhere."""
    if BINARY is None:
        pytest.skip("there is no chromium on this machine")
    with open_browser(tmp_path) as page:
        yield page


def visit(page: Page, url: str) -> None:
    """Open a page of the demo, and wait for its table if it has one."""
    page.open(url)
    wait_for_table(page)


def wait_for_table(page: Page) -> None:
    """Return once the script has filled the table, or if there is none."""
    filled = "const table = document.querySelector('#report, #loads'); !table || table.dataset.filled > 0"
    page.wait_for(lambda: page.evaluate(f"{{ {filled} }}"), "the table to be filled")


def read_table(page: Page) -> dict[str, dict[str, str]]:
    """Return the rows by file name, and their cells by the head of their column; of bytes, the exact number."""
    cells: list[list[list[str]]] = page.evaluate(
        "[...document.querySelectorAll('#report tr')]"
        ".map(row => [...row.cells].map(cell => [cell.innerText, cell.title]))"
    )
    heads = [text for text, _ in cells[0]]
    rows = {}
    for row in cells[1:]:
        exact = [title if title.endswith(" bytes") else text for text, title in row]
        rows[exact[0]] = dict(zip(heads, exact, strict=True))
    return rows


def own_responses(page: Page, demo: Demo) -> dict[str, dict[str, Any]]:
    """Return by request id what came for the files that the page itself loaded, its script's questions left out."""
    return {
        event.params["requestId"]: event.params["response"]
        for event in page.events
        if event.method == "Network.responseReceived"
        and event.params["type"] != "Fetch"
        and event.params["response"]["url"].startswith(demo.static_url)
    }


def read_exchanges(page: Page, url: str) -> list[tuple[str, int, dict[str, str]]]:
    """Return what the video player asked for a URL on the wire, and was told: Range, status, response fields.

    The browser's cache puts several answers together into one before the page (and ``responses``) sees them.
    """
    ids = {
        event.params["requestId"]
        for event in page.events
        if event.method == "Network.requestWillBeSent"
        and event.params["request"]["url"] == url
        and event.params["type"] == "Media"
    }
    requests: list[tuple[str, str]] = []
    exchanges = []
    for method, params in page.events:
        if params.get("requestId") not in ids:
            continue
        if method == "Network.requestWillBeSentExtraInfo":
            requests.append((params["requestId"], params["headers"]["Range"]))
        elif method == "Network.responseReceivedExtraInfo":
            index = [request_id for request_id, _ in requests].index(params["requestId"])
            fields = {name.lower(): value for name, value in params["headers"].items()}
            exchanges.append((requests.pop(index)[1], params["statusCode"], fields))
    return exchanges


def field(response: dict[str, Any], name: str) -> str | None:
    """Return a field of a response, whatever the case that the server writes it in."""
    fields: dict[str, str] = {key.lower(): value for key, value in response["headers"].items()}
    return fields.get(name.lower())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_without_a_complaint(page: Page, demo: Demo, path: str) -> None:
    visit(page, demo.url + path)
    assert page.complaints() == []


@pytest.mark.parametrize("path", PAGES)
def test_every_file_of_a_page_has_a_hashed_name(page: Page, demo: Demo, path: str) -> None:
    visit(page, demo.url + path)
    names = {response["url"].removeprefix(demo.static_url) for response in page.responses(below=demo.static_url)}
    assert names
    assert names <= set(demo.manifest().values())


def test_the_page_has_files_of_every_kind_with_their_media_types(page: Page, demo: Demo) -> None:
    visit(page, demo.url + "/")
    types = {
        (response["url"].rpartition(".")[2], field(response, "Content-Type"))
        for response in own_responses(page, demo).values()
    }
    assert types == {
        ("css", "text/css; charset=utf-8"),
        ("js", "text/javascript; charset=utf-8"),
        ("svg", "image/svg+xml"),
        ("webm", "video/webm"),
        ("webp", "image/webp"),
        ("woff2", "font/woff2"),
    }


def test_the_font_is_loaded(page: Page, demo: Demo) -> None:
    visit(page, demo.url + "/")
    fonts = page.evaluate("[...document.fonts].map(font => [font.family.replaceAll('\"', ''), font.status])")
    assert fonts == [["Bricolage Grotesque", "loaded"]]


def test_modules_import_modules_of_their_own_and_of_the_other_directory(page: Page, demo: Demo) -> None:
    visit(page, demo.url + "/")
    assert page.evaluate("document.querySelector('#module').textContent") == "4 modules at your service"
    visit(page, demo.url + "/people/")
    assert page.evaluate("document.querySelector('.ago').textContent").endswith(" years ago")


def test_seeking_in_the_video_fetches_the_part_from_there(page: Page, demo: Demo) -> None:
    # Slow enough for the seek to come long before the video would be there as a whole.
    throttle = {"offline": False, "latency": 0, "downloadThroughput": 60_000, "uploadThroughput": 60_000}
    page.call("Network.emulateNetworkConditions", **throttle)
    visit(page, demo.url + "/")
    seek = """new Promise((resolve) => {
        const video = document.querySelector("video");
        video.addEventListener("seeked", () => resolve([video.currentTime, video.duration]), { once: true });
        video.currentTime = 10;
    })"""
    assert page.evaluate(seek) == [10, 12]
    size = demo.size(VIDEO)
    exchanges = read_exchanges(page, demo.static_url + demo.manifest()[VIDEO])
    starts = []
    for asked, status, fields in exchanges:
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
        assert match is not None
        start = int(match[1])
        last = int(match[2]) if match[2] else size - 1
        assert status == HTTPStatus.PARTIAL_CONTENT
        assert fields["content-range"] == f"bytes {start}-{last}/{size}"
        assert fields["content-length"] == str(last + 1 - start)
        starts.append(start)
    assert starts[0] == 0
    assert max(starts) > size / 2


def test_the_table_tells_what_came(page: Page, demo: Demo) -> None:
    visit(page, demo.url + "/")
    rows = read_table(page)
    logical_names = {hashed: name for name, hashed in demo.manifest().items()}
    loaded = {response["url"].removeprefix(demo.static_url) for response in own_responses(page, demo).values()}
    assert set(rows) == {logical_names[name] for name in loaded}
    for name, row in rows.items():
        is_video = name == VIDEO
        assert row["Asked for"] == ("bytes=0-1023" if is_video else "all of it")
        assert row["Status"] == ("206" if is_video else "200")
        assert row["Decoded"] == f"{1024 if is_video else demo.size(name)} bytes"
        if row["Content-Encoding"] == "none":
            assert row["Sent"] == row["Decoded"]
        assert row["Cache life"] == "10 years, immutable"
        assert row["ETag"].startswith('"')
        assert row["Again"] == "304"


def test_a_reload_asks_for_no_file_and_a_question_brings_a_304(page: Page, demo: Demo) -> None:
    visit(page, demo.url + "/")
    assert not {row["This visit"] for row in read_table(page).values()} & {"from cache"}
    page.reload()
    wait_for_table(page)
    remembered = {
        event.params["requestId"] for event in page.events if event.method == "Network.requestServedFromCache"
    }
    responses = own_responses(page, demo)
    assert responses
    for request_id, response in responses.items():
        assert response["fromDiskCache"] or request_id in remembered, response["url"]
    rows = read_table(page)
    assert {row["This visit"] for name, row in rows.items() if name != VIDEO} == {"from cache"}
    not_modified = [each for each in page.responses(below=demo.static_url) if each["status"] == HTTPStatus.NOT_MODIFIED]
    assert len(not_modified) == len(rows)


def test_the_admin_has_its_style(page: Page, demo: Demo) -> None:
    visit(page, demo.url + "/admin/login/")
    colour = page.evaluate("getComputedStyle(document.querySelector('#header')).backgroundColor")
    assert colour == "rgb(65, 118, 144)"


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(250, 248, 244)"), ("dark", "rgb(18, 21, 29)")])
def test_the_colours_follow_the_system(page: Page, demo: Demo, scheme: str, paper: str) -> None:
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    visit(page, demo.url + "/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_no_width_makes_the_page_scroll_sideways(page: Page, demo: Demo, width: int) -> None:
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    for path in ("/", "/people/", "/deploys/"):
        visit(page, demo.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("path", [*PAGES, "/favicon.ico", "/robots.txt"])
def test_a_page_and_a_root_file_need_no_database(demo: Demo, path: str) -> None:
    with urllib.request.urlopen(demo.url + path, timeout=30) as answer:
        assert answer.status == HTTPStatus.OK


def test_a_page_forbids_inline_scripts_and_files_from_elsewhere(demo: Demo) -> None:
    with urllib.request.urlopen(demo.url + "/", timeout=30) as answer:
        policy = answer.headers["Content-Security-Policy"]
        text = answer.read().decode()
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=", text)
