"""The demo's third page: a deploy by button, under the real gunicorn, in a real browser."""

from __future__ import annotations

import fcntl
import json
import re
import runpy
import subprocess
import sys
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from tests.demo.browser import BINARY, Page, open_browser
from tests.demo.site import DEMO, Demo, run_demo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = ("app.css", "app.js")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Start a copy of the demo. One test takes it to later releases, which is nothing to the others."""
    with run_demo(tmp_path_factory.mktemp("home")) as demo:
        yield demo


def wait_for_table(page: Page) -> None:
    """Return once the script has filled the table."""
    page.wait_for(lambda: page.evaluate("document.querySelector('#loads').dataset.filled > 0"), "the table")


def press_the_button(page: Page) -> None:
    """Deploy, and wait until the page has come again."""
    page.events.clear()
    page.evaluate("document.querySelector('#deploy button').click()")
    page.wait_for(lambda: page.has("Page.loadEventFired"), "the page of the next release")
    wait_for_table(page)


def read_loads(page: Page) -> list[dict[str, Any]]:
    """Return what the table shows, row by row: name, how it came, bytes sent and of the whole."""
    rows: list[list[str]] = page.evaluate(
        "[...document.querySelector('#loads').tBodies[0].rows].map(row => [...row.cells].map(cell => cell.innerText))"
    )
    return [
        {"name": name, "came": came, "sent": to_number(sent), "whole": to_number(whole)}
        for _, name, sent, _, came, whole, _ in rows
    ]


def to_number(text: str) -> int:
    """Return the number in "4,376 B"."""
    return int(re.sub(r"\D", "", text))


def text_of(page: Page, selector: str) -> str:
    """Return what an element of the page says."""
    return str(page.evaluate(f"document.querySelector('{selector}').innerText"))


def urls_of(demo: Demo) -> dict[str, str]:
    """Return the URLs that the two files have now."""
    return {name: demo.static_url + demo.manifest()[f"deploys/{name}"] for name in FILES}


def fetch(url: str) -> bytes:
    """Return the content of a URL, which must be a 200 that is for ever."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.status == HTTPStatus.OK
        assert answer.url == url
        assert "immutable" in answer.headers["Cache-Control"]
        content: bytes = answer.read()
        return content


def run_program(demo: Demo, program: str, *arguments: str) -> str:
    """Return what a program prints in which ``Client`` is Django's test client, and the demo's settings hold."""
    command = [sys.executable, "-c", _BEGINNING + program, *arguments]
    return subprocess.run(command, cwd=demo.directory, capture_output=True, text=True, check=True).stdout


_BEGINNING = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
# Were a press let through, its SIGHUP would be to the tests, which started this process.
os.kill = lambda *arguments: None
import django
django.setup()
from functools import partial
from django.test import Client
Client = partial(Client, headers={"Host": "localhost"})
"""


def press_as(demo: Demo, environs: list[dict[str, str]]) -> list[int]:
    """Return the statuses of presses of the button, by requests with these WSGI variables."""
    program = """
answers = [Client(**environ).post("/deploys/next/") for environ in json.loads(sys.argv[1])]
print(json.dumps([answer.status_code for answer in answers]))
"""
    statuses: list[int] = json.loads(run_program(demo, program, json.dumps(environs)))
    return statuses


@pytest.mark.skipif(BINARY is None, reason="there is no chromium on this machine")
def test_a_deploy_takes_the_browser_a_delta_of_each_file_and_old_pages_keep_theirs(tmp_path: Path, demo: Demo) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    with open_browser(profile) as page:
        page.open(f"{demo.url}/deploys/")
        wait_for_table(page)
        assert text_of(page, ".app-name") == "Release 1"
        assert [row["came"] for row in read_loads(page)] == ["whole, Brotli"] * 2
        assert page.complaints() == []
        colours = [page.evaluate("getComputedStyle(document.querySelector('.app-name')).color")]
        for release in (2, 3):
            old = {url: fetch(url) for url in urls_of(demo).values()}
            press_the_button(page)
            assert page.complaints() == []
            assert text_of(page, ".app-name") == f"Release {release}"
            colours.append(page.evaluate("getComputedStyle(document.querySelector('.app-name')).color"))

            rows = read_loads(page)
            assert len(rows) == 2 * release
            assert [row["name"] for row in rows[:2]] == list(FILES)
            for row in rows[:2]:
                assert row["came"] == "a delta"
                assert 0 < row["sent"] < row["whole"] / 5
            said = ", ".join(f"{row['name']} {row['sent']} bytes instead of {row['whole']:,}" for row in rows[:2])
            assert text_of(page, "#summary") == f"Release {release}: {said}."

            arrived = {response["url"]: response for response in page.responses(below=demo.static_url)}
            assert set(urls_of(demo).values()) <= set(arrived)
            assert not old.keys() & set(urls_of(demo).values())
            assert {url: fetch(url) for url in old} == old
            before = "document.querySelector('#frame').contentDocument.querySelector('.app-name').innerText"
            assert page.evaluate(before) == f"Release {release - 1}"
        assert len(set(colours)) == 3

        page.reload()
        wait_for_table(page)
        assert [row["came"] for row in read_loads(page)[:2]] == ["from cache"] * 2

        # The first page shows one of two files with one name: the one that was collected.
        page.open(f"{demo.url}/")
        shown = page.evaluate("[...document.querySelectorAll('.root .files li')].map(item => item.innerText)")
        assert [name for name in shown if "/app." in name] == [demo.manifest()[f"deploys/{name}"] for name in FILES]


def test_only_the_machine_itself_may_deploy_under_gunicorn_one_at_a_time(demo: Demo) -> None:
    gunicorn = {"SERVER_SOFTWARE": "gunicorn/27.0.0"}
    refused = [
        {"REMOTE_ADDR": "192.0.2.1", **gunicorn},
        {"REMOTE_ADDR": "::ffff:192.0.2.1", **gunicorn},
        {"REMOTE_ADDR": "2001:db8::1", **gunicorn},
        {"REMOTE_ADDR": "", **gunicorn},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1", **gunicorn},
        {"REMOTE_ADDR": "127.0.0.1", "SERVER_SOFTWARE": "WSGIServer/0.2"},
    ]
    assert press_as(demo, refused) == [HTTPStatus.FORBIDDEN] * len(refused)

    # Who may deploy is told that somebody else is at it: what holds the lock here is this test.
    admitted = [{"REMOTE_ADDR": address, **gunicorn} for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1")]
    with (demo.directory / "deploys" / "generated" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert press_as(demo, admitted) == [HTTPStatus.SERVICE_UNAVAILABLE] * len(admitted)


@pytest.mark.parametrize(("name", "value"), [("DEMO_DEPLOYS", "0"), ("DYNO", "web.1")])
def test_a_server_that_is_not_to_be_deployed_has_no_button(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    program = """
client = Client(REMOTE_ADDR="127.0.0.1", SERVER_SOFTWARE="gunicorn/27.0.0")
text = client.get("/deploys/").content.decode()
print("<button" in text, "switched off" in text, client.post("/deploys/next/").status_code)
"""
    monkeypatch.setenv(name, value)
    assert run_program(demo, program).split() == ["False", "True", "403"]


def test_a_press_without_the_csrf_token_deploys_nothing(demo: Demo) -> None:
    program = """
client = Client(enforce_csrf_checks=True, REMOTE_ADDR="127.0.0.1", SERVER_SOFTWARE="gunicorn/27.0.0")
print(client.post("/deploys/next/").status_code, client.get("/deploys/next/").status_code)
"""
    assert run_program(demo, program).split() == ["403", "405"]


def test_the_first_release_is_in_the_repository_as_it_is_made() -> None:
    sources = runpy.run_path(str(DEMO / "deploys" / "sources.py"))
    made = {"app.css": sources["make_style_sheet"](1), "app.js": sources["make_script"](1)}
    static = DEMO / "deploys" / "static" / "deploys"
    assert {name: (static / name).read_text() for name in FILES} == made
