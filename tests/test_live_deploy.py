"""A deploy into the directory that a site is served from: ``collectstatic`` under a real gunicorn and its clients."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest

from tests.contract.exchange import Request
from tests.contract.hosts import Process, find_free_port
from tests.django.project import DEFAULTS, ROOT, Project, make_project
from tests.pipeline import ACCEPTED, FOREVER, decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.contract.exchange import Response

pytestmark = pytest.mark.skipif(importlib.util.find_spec("gunicorn") is None, reason="gunicorn is not installed")

# Longer than any worker takes to begin on a machine that is not idle.
PATIENCE: Final = 60.0

CLIENTS: Final = 4


def release_files(release: int) -> dict[str, bytes]:
    """Return the files of a release. Some change their size, some only their bytes, some nothing."""
    rng = random.Random(release)
    return {
        **{f"shop/{number}.js": f"// {number} of {release}\n".encode() * (500 + 50 * release) for number in range(8)},
        **{f"shop/{number}.css": f"/* {number} of {release} */\n".encode() * 800 for number in range(8)},
        "shop/icon.png": rng.randbytes(20_000),
        "shop/photo.png": rng.randbytes(10_000 * release),
        "shop/a.css": b'body { background: url("icon.png") }\n' * 50,
        "shop/same.css": b"p { color: red }\n" * 500,
        f"shop/only-{release}.css": b"only\n" * 500,
        # More than is kept in memory.
        "shop/big.txt": b"%08d of %d\n" % (release, release) * 100_000,
    }


def write_release(project: Project, release: int) -> None:
    """Write the sources of a release and collect them."""
    source = project.path / "shop/static"
    for name, content in release_files(release).items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    done = project.manage("collectstatic", "--noinput")
    assert done.returncode == 0, done.stderr


def read_tree(project: Project) -> dict[str, bytes]:
    """Return what is in STATIC_ROOT, and is served."""
    root = project.static_root
    paths = [path for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0][0] != "."]
    tree = {str(path.relative_to(root)): path.read_bytes() for path in paths}
    del tree["staticfiles.json"]
    return tree


def hashed_names(project: Project) -> set[str]:
    """Return the names that the manifest gives out now."""
    paths: dict[str, str] = json.loads((project.static_root / "staticfiles.json").read_text())["paths"]
    return set(paths.values())


@contextmanager
def gunicorn(project: Project, *options: str) -> Iterator[Process]:
    port = find_free_port()
    arguments = ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--no-control-socket", *options)
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *arguments, "wsgi:application"]
    environ = {
        "PYTHONPATH": f"{project.path}{os.pathsep}{ROOT}",
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONUNBUFFERED": "1",
    }
    process = Process(command, port, str(project.path / "gunicorn.log"), environ)
    try:
        yield process
    finally:
        process.stop()


def get(process: Process, name: str, accepted: str = "") -> Response:
    return process.exchange(Request("GET", f"/static/{quote(name)}", (("Accept-Encoding", accepted),)))


class Clients:
    """Threads that ask for everything, again and again, and keep what was wrong."""

    def __init__(self, process: Process, contents: Mapping[str, set[bytes]]) -> None:
        self.problems: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.rounds = 0
        """How often every thread has asked for everything."""
        self._process = process
        self._contents = contents
        """What each name may be."""
        self._done = threading.Event()
        self._rounds = [0] * CLIENTS
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def wait_for_rounds(self, count: int) -> None:
        """Wait until every thread has asked for everything, this many times more."""
        wanted = min(self._rounds) + count
        deadline = time.monotonic() + PATIENCE
        while min(self._rounds) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        assert min(self._rounds) >= wanted

    def _ask(self, number: int) -> None:
        rng = random.Random(number)
        requests = [(name, accepted) for name in self._contents for accepted in ACCEPTED]
        while not self._done.is_set():
            rng.shuffle(requests)
            for name, accepted in requests:
                if self._done.is_set():
                    return
                self._check(name, accepted)
            self._rounds[number] += 1

    def _check(self, name: str, accepted: str) -> None:
        try:
            response = get(self._process, name, accepted)
            problem = self._judge(name, response)
        # Whatever it is, it is the client's to report: a thread that ends in silence finds nothing.
        except Exception as error:
            problem = repr(error)
        else:
            self.statuses[response.status] += 1
        if problem is not None:
            self.problems.append(f"{name} ({accepted}): {problem}")

    def _judge(self, name: str, response: Response) -> str | None:
        if response.status != 200:
            return f"status {response.status}"
        if response.get("Content-Length") != str(len(response.octets)) or not response.is_complete:
            return "incomplete"
        if response.get("ETag") != f'"{hashlib.sha256(response.octets).hexdigest()[:32]}"':
            return "the tag is of other octets"
        if decode(response.get("Content-Encoding"), response.octets) not in self._contents[name]:
            return "of no release"
        return None


def wait_until_served(process: Process, names: set[str]) -> None:
    """Wait until names are served by whichever worker answers: many times in a row."""
    deadline = time.monotonic() + PATIENCE
    in_a_row = 0
    while in_a_row < 40 and time.monotonic() < deadline:
        in_a_row = in_a_row + 1 if all(get(process, name).status == 200 for name in names) else 0
    assert in_a_row == 40, process.log


@pytest.mark.parametrize("options", [(), ("--preload",)], ids=["", "preload"])
def test_a_deploy_into_a_live_directory_breaks_no_page_and_is_served_after_a_reload(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    backend = {"BACKEND": "staticserve.django.storage.StaticServeStorage"}
    project = make_project(tmp_path, STORAGES={**DEFAULTS["STORAGES"], "staticfiles": backend})
    write_release(project, 1)
    old, old_hashed = read_tree(project), hashed_names(project)
    sources = release_files(2)
    with gunicorn(project, *options) as process:
        # A hashed name is what it was; a plain one is what it was or what it is becoming, and nothing else.
        contents = {
            name: {content} if name in old_hashed else {content, sources.get(name, content)}
            for name, content in old.items()
        }
        with Clients(process, contents) as clients:
            clients.wait_for_rounds(1)
            write_release(project, 2)
            clients.wait_for_rounds(1)
        assert clients.problems == []
        assert clients.statuses.keys() == {200}

        new, new_hashed = read_tree(project), hashed_names(project)
        assert new_hashed - old_hashed
        os.kill(process.pid, signal.SIGHUP)
        wait_until_served(process, new_hashed - old_hashed)
        for name, content in new.items():
            for accepted in ACCEPTED:
                response = get(process, name, accepted)
                assert response.status == 200
                assert decode(response.get("Content-Encoding"), response.octets) == content
                assert (response.get("Cache-Control") == FOREVER) == (name in old_hashed | new_hashed)
        for name in new_hashed:
            if name.endswith((".js", ".css")):
                assert get(process, name, "br").get("Content-Encoding") == "br"
        assert old_hashed <= new.keys()
        assert "Traceback" not in process.log
