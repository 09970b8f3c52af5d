"""Real gunicorns with the lane, and with gthread beside it: what gunicorn promises stays."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.django.project import make_project
from tests.gunicorn.application import write_files
from tests.gunicorn.servers import GTHREAD, LANE, Server, running, wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_CLOSE: Final = b"Host: h\r\nConnection: close\r\n\r\n"

_MIDDLEWARE: Final = "staticserve.django.middleware.StaticServeMiddleware"
_SECURITY: Final = "django.middleware.security.SecurityMiddleware"


def ask(server: Server, data: bytes) -> bytes:
    """Send bytes on a connection of their own and return all that comes back, without the date."""
    with server.connect() as connection:
        connection.sendall(data)
        received = bytearray()
        try:
            while piece := connection.recv(256 * 1024):
                received += piece
        except ConnectionResetError:
            received += b"[reset]"
    lines = bytes(received).split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.startswith(b"Date: "))


@contextmanager
def both(path: Path, options: Sequence[str] = (), **more: Any) -> Iterator[tuple[Server, Server]]:
    """Run a gthread and a lane on the same files."""
    files = f"{path}/files"
    write_files(files)
    with (
        running(GTHREAD, files, f"{path}/gthread.log", ["--threads", "4", *options], **more) as gthread,
        running(LANE, files, f"{path}/lane.log", ["--threads", "4", *options], **more) as lane,
    ):
        yield gthread, lane


@pytest.mark.parametrize(
    "target",
    ["/app/static/app.css", "/%61pp/static/app.css", "/%61pp/static/large.bin", "/static/app.css", "/app/page"],
)
def test_the_script_name_is_taken_off_as_gunicorn_does(target: str, tmp_path: Path) -> None:
    request = f"GET {target} HTTP/1.1\r\n".encode() + _CLOSE
    with both(tmp_path, ["--access-logfile", "-"], environ={"SCRIPT_NAME": "/app"}) as (gthread, lane):
        assert ask(lane, request) == ask(gthread, request)
        assert "Traceback" not in lane.log
        assert "exited" not in lane.log


def test_many_pipelined_requests_for_many_ranges_are_all_answered(tmp_path: Path) -> None:
    # More pieces than one sendmsg takes (IOV_MAX, 1024 on Linux).
    ranges = ",".join(f"{place}-{place}" for place in range(0, 1000, 20))
    request = f"GET /static/middle.bin HTTP/1.1\r\nHost: h\r\nRange: bytes={ranges}\r\n\r\n".encode()
    os.makedirs(f"{tmp_path}/files/static")
    with open(f"{tmp_path}/files/static/middle.bin", "wb") as file:
        file.write(os.urandom(7000))
    with both(tmp_path) as (gthread, lane):
        answers = ask(gthread, request * 12 + b"GET /page HTTP/1.1\r\n" + _CLOSE)
        assert answers.count(b"HTTP/1.1 206 Partial Content") == 12
        # Read once, so that it is in memory; then all are answered on the event loop.
        assert b" 206 " in ask(lane, request.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n")
        with lane.connect() as connection:
            connection.sendall(request * 12)
            received = bytearray()
            while received.count(b"HTTP/1.1 206 Partial Content") < 12:
                piece = connection.recv(65536)
                assert piece, "closed without an answer"
                received += piece


@pytest.mark.parametrize("middleware", [[_SECURITY, _MIDDLEWARE], [_MIDDLEWARE, _SECURITY]])
@pytest.mark.parametrize("script_name", ["", "/app"])
@pytest.mark.parametrize(
    "options",
    [
        {"SECURE_HSTS_SECONDS": 60},
        {"SECURE_SSL_REDIRECT": True, "SECURE_HSTS_SECONDS": 60, "SECURE_HSTS_PRELOAD": True},
        {"SECURE_SSL_REDIRECT": True, "SECURE_REDIRECT_EXEMPT": ["^static/"]},
        {"SECURE_HSTS_SECONDS": 60, "SECURE_PROXY_SSL_HEADER": ("HTTP_X_SCHEME", "https")},
    ],
    ids=lambda options: "+".join(options),
)
def test_django_answers_over_https_as_under_gthread(
    options: dict[str, Any], script_name: str, middleware: list[str], tmp_path: Path
) -> None:
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    project = make_project(
        tmp_path / "project", MIDDLEWARE=middleware, STORAGES=storages, STATIC_URL="/static/", **options
    )
    assert project.manage("collectstatic", "--noinput").returncode == 0
    # Both ways to be served, in two processes each.
    with open(project.path / "bare.py", "w", encoding="utf-8") as file:
        file.write("from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n")
    variables = {"DJANGO_SETTINGS_MODULE": "settings", **({"SCRIPT_NAME": script_name} if script_name else {})}
    wrong = []
    for module in ("bare", "wsgi"):
        with both(tmp_path, application=f"{module}:application", cwd=str(project.path), environ=variables) as servers:
            for target in ("/static/shop/a.css", "/static/shop/missing.css", "/"):
                for field in (b"", b"X-Forwarded-Proto: https\r\n", b"X-Scheme: https\r\n", b"X-Scheme: http\r\n"):
                    request = f"GET {script_name}{target} HTTP/1.1\r\n".encode() + field + _CLOSE
                    expected, found = (_unordered(ask(server, request)) for server in servers)
                    if expected != found:
                        wrong.append((module, target, field, expected[0], set(expected[0]) ^ set(found[0])))
    assert wrong == []


def _unordered(response: bytes) -> tuple[list[bytes], bytes]:
    # Django and the wrapper add fields at different times; order between different names means nothing
    # (RFC 9110, 5.3).
    head, _, content = response.partition(b"\r\n\r\n")
    return sorted(head.split(b"\r\n")), content


def test_a_file_is_not_missing_because_descriptors_are(tmp_path: Path) -> None:
    files = f"{tmp_path}/files"
    write_files(files)
    with open(f"{tmp_path}/conf.py", "w", encoding="utf-8") as file:
        file.write(
            "import resource\n\ndef post_fork(server, worker):\n"
            "    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
        )
    with running(LANE, files, f"{tmp_path}/lane.log", ["--threads", "2", "-c", f"{tmp_path}/conf.py"]) as lane:
        kept = lane.connect()
        request = b"GET /static/one.txt HTTP/1.1\r\nHost: h\r\n\r\n"
        kept.sendall(request)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200")
        idle: list[socket.socket] = [lane.connect() for _ in range(60)]
        wait_until(lambda: "Too many open files" in lane.log, "descriptors run out")
        kept.sendall(request.replace(b"one.txt", b"large.bin"))
        answer = kept.recv(65536)
        for each in (kept, *idle):
            each.close()
        # Whatever is said, not that there is no such file: the application answers for what is not there.
        assert b"RAW_URI='/static/large.bin'" not in answer
        assert not answer.startswith(b"HTTP/1.1 404")
