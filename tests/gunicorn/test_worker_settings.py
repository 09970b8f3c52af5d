"""What gunicorn's settings promise under gthread they promise with the lane; where they cannot, it steps aside."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from gunicorn.config import Config

from staticserve.gunicorn.insides import is_known_gunicorn, reason_to_step_aside
from tests.django.project import make_project
from tests.gunicorn.application import CSS, HUGE, SCRIPT, write_files
from tests.gunicorn.responses import Client, asleep, get
from tests.gunicorn.servers import GTHREAD, LANE, PATIENCE, Server, running, wait_until
from tests.gunicorn.test_worker import both

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PLAIN: Final = "StaticWorker is a plain gthread worker: "


@contextmanager
def lane(
    path: Path, options: Sequence[str] = (), *, conf: str = "", worker: str = LANE, **more: Any
) -> Iterator[Server]:
    """Run one lane with a single thread, so that who takes that is seen; ``conf`` is its configuration file."""
    files = f"{path}/files"
    write_files(files)
    (path / "conf.py").write_text(conf)
    with running(worker, files, f"{path}/lane.log", ["-c", f"{path}/conf.py", *options], **more) as server:
        yield server


def is_static(server: Server, target: str = "/static/app.css", octets: bytes = CSS) -> bool:
    """Return whether a file is served right, twice: read from disk and from memory."""
    answers = [get(server, target) for _ in range(2)]
    return all((each.status, each.body) == (200, octets) for each in answers)


def reasons(server: Server) -> list[str]:
    """Return why the workers of a server said that they are plain ones."""
    return re.findall(rf"{_PLAIN}(.*)", server.log)


# Stepping aside


_HOOK: Final = "def {name}({parameters}):\n    worker.log.warning('{name} saw %s', req.path)\n"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("pre_request", "worker, req"),
        # gunicorn takes the others for the sake of old configurations.
        ("post_request", "worker, req, environ, resp"),
        ("post_request", "worker, req, environ"),
        ("post_request", "worker, req"),
    ],
)
def test_a_hook_sees_every_request(name: str, parameters: str, tmp_path: Path) -> None:
    with lane(tmp_path, conf=_HOOK.format(name=name, parameters=parameters)) as server:
        assert is_static(server)
        assert get(server, "/page").status == 200
        wait_until(lambda: f"{name} saw /page" in server.log, "the last hook is called")
        assert server.log.count(f"{name} saw /static/app.css") == 2
        assert reasons(server) == [f"a {name} hook is set"]


@pytest.mark.parametrize("setting", ["casefold_http_method", "permit_obsolete_folding", "strip_header_spaces"])
def test_a_parser_that_reads_otherwise_reads_everything(setting: str, tmp_path: Path) -> None:
    with lane(tmp_path, conf=f"{setting} = True\n") as server:
        assert is_static(server)
        assert reasons(server) == [f"{setting} is on"]


def test_an_application_without_static_files_is_left_alone(tmp_path: Path) -> None:
    with lane(tmp_path, application="tests.gunicorn.placements:make_without()") as server:
        assert get(server, "/page").status == 200
        assert reasons(server) == ["the application has no StaticServe"]


def make_certificate(path: Path) -> tuple[str, str]:
    """Return a certificate for nobody and its key."""
    names = (f"{path}/certificate.pem", f"{path}/key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=h", "-days", "2"]
    subprocess.run([*command, "-out", names[0], "-keyout", names[1]], check=True, capture_output=True)
    return names


def test_over_tls_static_files_are_served_by_gunicorn(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with lane(tmp_path, ["--certfile", certificate, "--keyfile", key, "--threads", "4"]) as server:
        context = ssl.create_default_context(cafile=certificate)
        context.check_hostname = False
        with Client(context.wrap_socket(server.connect())) as client:
            for _ in range(2):
                answer = client.get("/static/app.css")
                assert (answer.status, answer.body) == (200, CSS)
            assert b"wsgi.url_scheme='https'" in client.get("/page").body
        assert reasons(server) == ["TLS ends in gunicorn"]


def test_behind_the_proxy_protocol_static_files_are_served_by_gunicorn(tmp_path: Path) -> None:
    with lane(tmp_path, ["--proxy-protocol", "v1", "--access-logfile", "-", "--threads", "4"]) as server:
        with Client(server.connect()) as client:
            client.sock.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.8 5 6\r\n")
            assert [client.get("/static/app.css").body for _ in range(2)] == [CSS, CSS]
        # gunicorn knows the client of the first request on a connection only.
        wait_until(lambda: "192.0.2.7 - - " in server.log, "it is logged who the client is")
        assert reasons(server) == ["proxy_protocol is on"]


def test_with_http_2_static_files_are_served_by_gunicorn(tmp_path: Path) -> None:
    pytest.importorskip("h2")
    with lane(tmp_path, ["--http-protocols", "h1,h2", "--threads", "4"]) as server:
        assert is_static(server)
        assert reasons(server) == ["HTTP/2 is on"]


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("http_protocols", "h1,h2", "HTTP/2 is on"),
        ("proxy_protocol", True, "proxy_protocol is on"),
        ("proxy_protocol", "v2", "proxy_protocol is on"),
        ("protocol", "uwsgi", "the protocol is uwsgi"),
        ("certfile", "a.pem", "TLS ends in gunicorn"),
        ("proxy_protocol", False, None),
        ("http_protocols", "h1", None),
        ("keepalive", 0, None),
    ],
)
def test_what_changes_the_octets_of_a_connection_is_a_reason(setting: str, value: object, reason: str | None) -> None:
    cfg = Config()
    cfg.set(setting, value)
    assert reason_to_step_aside(cfg) == reason


def test_this_gunicorn_is_known() -> None:
    assert is_known_gunicorn()


@pytest.mark.parametrize(
    "conf",
    [
        "import gunicorn\n\ngunicorn.version_info = (99, 0, 0)\n",
        "from gunicorn.workers.gthread import ThreadWorker\n\n"
        "own = ThreadWorker.murder_pending\n"
        "ThreadWorker.murder_pending = lambda self, now=None: own(self)\n",
        # A private name that the lane uses has gone; what gunicorn imported before still has it.
        "import sys\nimport types\nimport gunicorn\nimport gunicorn.http.message as message\n\n"
        "gunicorn.version_info = (99, 0, 0)\n"
        "import gunicorn.workers.gthread\n"
        "names = {name: each for name, each in vars(message).items() if name != '_ip_in_allow_list'}\n"
        "sys.modules[message.__name__] = types.ModuleType(message.__name__)\n"
        "vars(sys.modules[message.__name__]).update(names)\n",
    ],
    ids=["another version", "another signature", "without a private name"],
)
def test_an_unknown_gunicorn_runs_a_plain_gthread_and_is_told_of_once(conf: str, tmp_path: Path) -> None:
    with lane(tmp_path, conf=conf) as server:
        assert is_static(server)
        assert get(server, "/page").status == 200
        assert reasons(server) == ["this gunicorn is not known"]
        assert "Traceback" not in server.log


# Requests and connections that are counted


@pytest.mark.parametrize("worker", [GTHREAD, LANE])
def test_after_max_requests_there_is_a_new_worker(worker: str, tmp_path: Path) -> None:
    with lane(tmp_path, ["--max-requests", "5", "--threads", "4"], worker=worker) as server:
        first = server.workers
        with Client(server.connect()) as client:
            answers = [client.get("/static/one.txt") for _ in range(5)]
            assert client.ends()
        assert [each.status for each in answers] == [200] * 5
        assert [each.may_go_on for each in answers] == [True] * 4 + [False]
        wait_until(lambda: server.workers and server.workers != first, "there is another worker")
        assert server.log.count("Autorestarting worker after current request.") == 1
        assert is_static(server)


@pytest.mark.parametrize("before", [0, 2, 3, 4])
def test_pipelined_requests_beyond_max_requests_are_answered_as_by_gthread(before: int, tmp_path: Path) -> None:
    request = b"GET /static/one.txt HTTP/1.1\r\nHost: h\r\n\r\n"
    answers = []
    with both(tmp_path, ["--max-requests", "5"]) as servers:
        for server in servers:
            with Client(server.connect()) as client:
                seen = [client.get("/static/one.txt") for _ in range(before)]
                client.sock.sendall(request * 3)
                for _ in range(min(3, 5 - before)):
                    seen.append(client.read())
                is_closed = before + 3 >= 5 and client.ends()
            answers.append(([(each.status, each.body, each.may_go_on) for each in seen], is_closed))
    assert answers[0] == answers[1]


def test_jitter_puts_the_restart_off_within_its_bounds(tmp_path: Path) -> None:
    with lane(tmp_path, ["--max-requests", "5", "--max-requests-jitter", "5"]) as server:
        for _ in range(4):
            first = server.workers
            with Client(server.connect()) as client:
                kept = [client.get("/static/one.txt").may_go_on]
                while kept[-1] and len(kept) <= 10:
                    kept.append(client.get("/static/one.txt").may_go_on)
            assert 5 <= len(kept) <= 10
            wait_until(lambda first=first: server.workers and server.workers != first, "there is another worker")  # type: ignore[misc]


@pytest.mark.parametrize("target", ["/static/one.txt", "/page"])
def test_a_kept_connection_is_closed_after_its_time(target: str, tmp_path: Path) -> None:
    with lane(tmp_path, ["--keep-alive", "1"]) as server, Client(server.connect()) as client:
        for _ in range(3):
            assert client.get(target).may_go_on
        assert client.ends()


def test_a_client_that_never_asks_is_left_in_the_end(tmp_path: Path) -> None:
    with lane(tmp_path, ["--keep-alive", "1"]) as server:
        with Client(server.connect()) as silent, Client(server.connect()) as hesitant:
            hesitant.sock.sendall(b"GET /static/one.txt HT")
            assert silent.ends()
            assert hesitant.ends()
        assert is_static(server)


def test_without_keep_alive_every_response_is_the_last(tmp_path: Path) -> None:
    with lane(tmp_path, ["--keep-alive", "0"]) as server:
        for target in ("/static/one.txt", "/static/one.txt", "/page"):
            with Client(server.connect()) as client:
                assert not client.get(target).may_go_on
                assert client.ends()


def test_no_more_connections_are_taken_than_worker_connections(tmp_path: Path) -> None:
    with lane(tmp_path, ["--worker-connections", "4", "--keep-alive", "75"]) as server:
        # Three can be kept, beside the thread; one that has not asked yet takes the last place.
        kept = [Client(server.connect()) for _ in range(3)]
        silent = Client(server.connect())
        for client in kept:
            assert client.get("/static/one.txt").status == 200
        waiting = Client(server.connect())
        waiting.send("/static/one.txt")
        waiting.sock.setblocking(False)
        # The loop goes round; had it taken the fifth, that would be answered meanwhile.
        for _ in range(3):
            for client in kept:
                assert client.get("/static/one.txt").may_go_on
        with pytest.raises(BlockingIOError):
            waiting.receive()
        waiting.sock.settimeout(PATIENCE)
        silent.sock.close()
        assert waiting.read().body == b"1"
        for client in (*kept, waiting):
            client.sock.close()


def test_no_more_connections_are_kept_than_there_is_room_for(tmp_path: Path) -> None:
    # worker_connections less threads. (gthread counts a connection only after its response, so it may keep more.)
    with lane(tmp_path, ["--worker-connections", "5", "--threads", "3", "--keep-alive", "75"]) as server:
        clients = [Client(server.connect()) for _ in range(4)]
        kept = []
        for client in clients:
            kept.append(client.get("/static/one.txt").may_go_on)
        assert kept == [True, True, False, False]
        for client in clients:
            client.sock.close()


def test_statsd_counts_what_the_lane_answers_as_what_gthread_does(tmp_path: Path) -> None:
    counted = []
    for worker in (GTHREAD, LANE):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as statsd:
            statsd.bind(("127.0.0.1", 0))
            statsd.settimeout(PATIENCE)
            (tmp_path / worker).mkdir()
            address = f"127.0.0.1:{statsd.getsockname()[1]}"
            with lane(tmp_path / worker, ["--statsd-host", address, "--threads", "2"], worker=worker) as server:
                for lines in ((), (), ("If-None-Match: *",), ("Range: bytes=0-9",), ("Range: bytes=99999-",)):
                    get(server, "/static/app.css", *lines)
                get(server, "/page")
                metrics: list[str] = []
                while metrics.count("gunicorn.requests:1|c|@1.0") < 6 or "status" not in metrics[-1]:
                    metrics.append(statsd.recv(4096).decode())
        durations = [metric for metric in metrics if metric.startswith("gunicorn.request.duration:")]
        assert len(durations) == 6
        assert all(float(metric.partition(":")[2].removesuffix("|ms")) < PATIENCE * 1000 for metric in durations)
        counted.append(sorted(metric for metric in metrics if metric.startswith("gunicorn.request") and "|c" in metric))
    assert counted[0] == counted[1]


# Listeners and workers


@pytest.fixture
def short_path() -> Iterator[str]:
    """Make a directory whose path leaves room for a name: that of a unix socket has about 100 octets."""
    with tempfile.TemporaryDirectory(prefix="lane") as path:
        yield path


def test_a_unix_socket_is_served_as_by_gthread(short_path: str, tmp_path: Path) -> None:
    seen = []
    for worker in (GTHREAD, LANE):
        (tmp_path / worker).mkdir()
        address = f"{short_path}/{worker}"
        options = ["--access-logfile", "-", "--access-logformat", 'line %(h)s "%(r)s" %(s)s %(b)s', "--threads", "2"]
        with lane(tmp_path / worker, options, worker=worker, bind=[f"unix:{address}"]) as server:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(PATIENCE)
                sock.connect(address)
                client = Client(sock)
                lines = ("X-Forwarded-Proto: https",)
                answers = [client.get(target, *lines) for target in ("/static/app.css", "/static/app.css", "/page")]
            wait_until(lambda server=server: server.log.count("line ") == 3, "all is logged")  # type: ignore[misc]
            logged = [line for line in server.log.splitlines() if line.startswith("line ")]
        fields = [{**each.fields, "date": ""} for each in answers]
        seen.append((logged, fields, [each.body for each in answers]))
    assert seen[0] == seen[1]
    assert seen[0][2][:2] == [CSS, CSS]


def test_every_listener_is_served(short_path: str, tmp_path: Path) -> None:
    addresses = ["127.0.0.1:0", "127.0.0.1:0", f"unix:{short_path}/s"]
    with lane(tmp_path, ["--keep-alive", "75"], bind=addresses) as server:
        clients = [Client(server.connect())]
        host, _, port = server.addresses[1].rpartition("//")[2].rpartition(":")
        clients.append(Client(socket.create_connection((host, int(port)), PATIENCE)))
        clients.append(Client(socket.socket(socket.AF_UNIX)))
        clients[2].sock.settimeout(PATIENCE)
        clients[2].sock.connect(f"{short_path}/s")
        with asleep(server):
            for _ in range(2):
                assert [client.get("/static/app.css").body for client in clients] == [CSS] * 3
        for client in clients:
            client.sock.close()


@pytest.mark.parametrize("options", [["--workers", "3"], ["--workers", "3", "--preload"]], ids=" ".join)
def test_every_worker_is_served_by_its_own_lane(options: list[str], tmp_path: Path) -> None:
    more = ["--keep-alive", "75", "--access-logfile", "-", "--access-logformat", "answered by %(p)s"]
    with lane(tmp_path, [*options, *more], booted=3) as server:
        clients = []

        def have_all_answered() -> bool:
            clients.append(Client(server.connect()))
            assert clients[-1].get("/static/app.css").body == CSS
            return len(set(re.findall("answered by (.*)", server.log))) == 3

        wait_until(have_all_answered, "each worker has answered")
        assert reasons(server) == []
        for client in clients:
            client.sock.close()


def test_a_worker_that_replaces_another_has_a_lane_too(tmp_path: Path) -> None:
    with lane(tmp_path, ["--preload"]) as server:
        first = server.workers
        assert is_static(server)
        server.signal(signal.SIGHUP)
        wait_until(lambda: server.workers and not {*server.workers} & {*first}, "there is another worker only")
        with asleep(server):
            assert is_static(server)
        assert reasons(server) == []


# Where the StaticServe is


@pytest.mark.parametrize("name", ["make_alone", "make_outermost", "make_wrapped", "make_two"])
def test_static_files_are_found_wherever_they_are_in_the_application(name: str, tmp_path: Path) -> None:
    with lane(tmp_path, application=f"tests.gunicorn.placements:{name}()") as server:
        missing = get(server, "/static/missing.css")
        if name == "make_alone":
            assert missing.status == 404
        else:
            assert b"RAW_URI='/static/missing.css'" in missing.body
            # No thread is free: who answers is the lane.
            with asleep(server):
                assert is_static(server)
                assert is_static(server, "/static/js/app.js", SCRIPT)
                if name == "make_two":
                    assert get(server, "/assets/docs/").body == b"<!doctype html><title>Docs</title>\n"
                    assert get(server, "/assets/docs").status in (301, 302, 307, 308)
        assert is_static(server)
        assert reasons(server) == []


@pytest.mark.parametrize("middleware", [True, False], ids=["in MIDDLEWARE", "around the application"])
def test_static_files_of_django_are_found(middleware: bool, tmp_path: Path) -> None:
    names = ["django.middleware.security.SecurityMiddleware", "staticserve.django.middleware.StaticServeMiddleware"]
    project = make_project(tmp_path / "project", MIDDLEWARE=names if middleware else names[:1])
    assert project.manage("collectstatic", "--noinput").returncode == 0
    sleepy = (
        "import time\nfrom django.http import HttpResponse\nimport urls\nfrom django.urls import path\n\n"
        "def sleep(request):\n    time.sleep(60)\n    return HttpResponse()\n\n"
        "urlpatterns = [*urls.urlpatterns, path('sleep', sleep)]\n"
    )
    (project.path / "sleepy.py").write_text(sleepy)
    with open(project.path / "settings.py", "a", encoding="utf-8") as file:
        file.write("\nROOT_URLCONF = 'sleepy'\n")
    bare = "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n"
    (project.path / "bare.py").write_text(bare)
    hashed = json.loads((project.static_root / "staticfiles.json").read_text())["paths"]["shop/a.css"]
    module = "bare" if middleware else "wsgi"
    variables = {"DJANGO_SETTINGS_MODULE": "settings"}
    with lane(tmp_path, application=f"{module}:application", cwd=str(project.path), environ=variables) as server:
        name = f"/static/{hashed}"
        with asleep(server):
            answers = [get(server, name) for _ in range(2)]
            assert [each.status for each in answers] == [200, 200]
            assert all(each.is_whole and each.body.startswith(b"body {") for each in answers)
            assert "immutable" in answers[0].fields["cache-control"]
        assert reasons(server) == []


def test_a_large_file_is_whole_however_it_is_sent(tmp_path: Path) -> None:
    write_files(f"{tmp_path}/files", huge=True)
    for options in ([], ["--no-sendfile"]):
        with lane(tmp_path, options) as server, asleep(server):
            assert get(server, "/static/huge.bin").body == HUGE
