"""Caches between as the witnesses: nobody gets a delta without its dictionary, whoever asked before."""

from __future__ import annotations

import itertools
import os
import shutil
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.contract.exchange import Connection, Request
from tests.contract.hosts import Process, find_free_port
from tests.contract.witness import examine
from tests.deltas import BROWSERS, MAGIC, available, decode_by_command, deploy, script, sha256, site
from tests.gunicorn.servers import GTHREAD, LANE, running
from tests.pipeline import decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.exchange import Response

pytestmark = pytest.mark.xdist_group("deltas behind proxies")

SEARCHED: Final = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))

_NGINX: Final = """
daemon off;
master_process off;
pid {root}/nginx.pid;
error_log {root}/nginx-error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {root}/nginx-body;
    proxy_temp_path {root}/nginx-proxy;
    fastcgi_temp_path {root}/nginx-fastcgi;
    uwsgi_temp_path {root}/nginx-uwsgi;
    scgi_temp_path {root}/nginx-scgi;
    proxy_cache_path {root}/nginx-cache keys_zone=files:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{origin};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_cache files;
            add_header X-Cache $upstream_cache_status;
        }}
    }}
}}
"""


def start_nginx(root: Path, origin: int) -> Process:
    """Start nginx with a cache, which ends TLS for the server behind it, as far as that can see."""
    nginx = shutil.which("nginx", path=SEARCHED)
    if nginx is None:
        pytest.skip("nginx is not installed")
    port = find_free_port()
    (root / "nginx.conf").write_text(_NGINX.format(root=root, port=port, origin=origin))
    command = [nginx, "-c", f"{root}/nginx.conf", "-p", str(root), "-e", f"{root}/nginx-error.log"]
    return Process(command, port, f"{root}/nginx.log", {})


_VCL: Final = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{origin}"; }}
sub vcl_recv {{ set req.http.X-Forwarded-Proto = "https"; }}
sub vcl_deliver {{ if (obj.hits > 0) {{ set resp.http.X-Cache = "HIT"; }} else {{ set resp.http.X-Cache = "MISS"; }} }}
"""


def start_varnish(root: Path, origin: int, gzip_support: str) -> Process:
    """Start Varnish, with its own idea of Accept-Encoding or without."""
    varnish = shutil.which("varnishd", path=SEARCHED)
    if varnish is None:
        pytest.skip("Varnish is not installed")
    port = find_free_port()
    (root / "default.vcl").write_text(_VCL.format(origin=origin))
    command = [varnish, "-F", "-j", "none", "-n", f"{root}/varnish", "-a", f"127.0.0.1:{port}", "-s", "malloc,16m"]
    more = ["-f", f"{root}/default.vcl", "-p", f"http_gzip_support={gzip_support}"]
    return Process([*command, *more], port, f"{root}/varnish.log", {})


class Front(NamedTuple):
    """A cache in front of a gunicorn that serves the third release."""

    process: Process
    name: str
    target: str
    folder: Path


FRONTS: Final = ("nginx", "varnish on", "varnish off")


@pytest.fixture(params=[(front, worker) for front in FRONTS for worker in (GTHREAD, LANE)], ids=" before ".join)
def front(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Front]:
    name, worker = request.param
    root = tmp_path / "root"
    root.mkdir()
    for number in (1, 2, 3):
        names = deploy(root, site(number))
    environ = {"DELTAS_ROOT": str(root)}
    log = str(tmp_path / "gunicorn.log")
    with running(worker, str(root), log, application="tests.deltas.hosted:application", environ=environ) as server:
        if name == "nginx":
            process = start_nginx(tmp_path, server.port)
        else:
            process = start_varnish(tmp_path, server.port, name.rpartition(" ")[2])
        try:
            yield Front(process, name, f"/static/{names['js/app.js']}", tmp_path)
        finally:
            process.stop()


# Who asks, and what they hold.
CLIENTS: Final = (
    (BROWSERS, script(2)),
    (BROWSERS, None),
    (BROWSERS, script(1)),
    (BROWSERS, b"another"),
    ("gzip, deflate, br, zstd", script(2)),
    ("gzip, deflate, br, zstd", None),
    ("br, dcz;q=0", script(2)),
    ("*", script(2)),
    ("gzip", None),
    (None, None),
    (None, script(2)),
)


def ask(front: Front, accepted: str | None, held: bytes | None) -> Response:
    fields = [] if accepted is None else [("Accept-Encoding", accepted)]
    if held is not None:
        fields.append(("Available-Dictionary", available(held)))
    request = Request("GET", front.target, tuple(fields))
    response = front.process.exchange(request)
    assert response.status == 200
    assert response.get("Content-Length") == str(len(response.octets))
    return response


def check(front: Front, accepted: str | None, held: bytes | None) -> Response:
    """Ask, and see that the answer can be decoded by who asked."""
    response = ask(front, accepted, held)
    coding = response.get("Content-Encoding")
    if coding == "dcz":
        assert held in (script(1), script(2))
        assert accepted == BROWSERS
        assert response.octets[:40] == MAGIC + bytes.fromhex(sha256(held or b""))
        assert decode_by_command(response.octets, held or b"", front.folder) == script(3)
    else:
        assert coding is None or accepted == "*" or coding in (accepted or "")
        assert decode(coding, response.octets) == script(3)
    return response


def test_a_cache_gives_a_delta_to_nobody_without_its_dictionary(front: Front) -> None:
    passes = front.name != "varnish on"
    for accepted, held in (*CLIENTS, *reversed(CLIENTS), *CLIENTS[1::2], *CLIENTS[::2]):
        response = check(front, accepted, held)
        wants = accepted == BROWSERS and held in (script(1), script(2))
        # By default Varnish asks for gzip alone.
        assert (response.get("Content-Encoding") == "dcz") == (wants and passes), (accepted, held)
    # It was a cache that answered.
    again = check(front, *CLIENTS[0])
    assert again.get("X-Cache") == "HIT"
    assert "Available-Dictionary" in (again.get("Vary") or "")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_whoever_is_first_changes_nothing(order: tuple[int, ...], tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for number in (1, 2, 3):
        names = deploy(root, site(number))
    log = str(tmp_path / "gunicorn.log")
    environ = {"DELTAS_ROOT": str(root)}
    with running(LANE, str(root), log, application="tests.deltas.hosted:application", environ=environ) as server:
        process = start_nginx(tmp_path, server.port)
        try:
            front = Front(process, "nginx", f"/static/{names['js/app.js']}", tmp_path)
            found = {place: check(front, *CLIENTS[place]).get("Content-Encoding") for place in order * 2}
        finally:
            process.stop()
    assert found == {0: "dcz", 1: "br", 2: "dcz"}


def test_httplint_has_nothing_against_what_a_cache_sends(front: Front) -> None:
    for accepted, held in CLIENTS[:3]:
        fields = [("Accept-Encoding", accepted or "")]
        fields += [("Available-Dictionary", available(held))] if held is not None else []
        request = Request("GET", front.target, tuple(fields))
        problems = examine(request, front.process.exchange(request))
        assert {each.aspect for each in problems} <= {"STORE_PUBLIC_UNNECESSARY"}


@pytest.mark.parametrize("worker", [GTHREAD, LANE])
def test_the_workers_send_deltas_by_https_alone_however_often_they_are_asked(worker: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for number in (1, 2, 3):
        names = deploy(root, site(number))
    target = f"/static/{names['js/app.js']}"
    holds = (("Accept-Encoding", BROWSERS), ("Available-Dictionary", available(script(2))))
    # gunicorn's own field, and that of the option, which no server knows by itself.
    contexts: tuple[tuple[tuple[tuple[str, str], ...], bool], ...] = (
        ((), False),
        ((("X-Scheme", "https"),), True),
        ((("X-Scheme", "http"),), False),
        ((("X-Forwarded-Proto", "https"),), True),
        ((("X-Forwarded-Proto", "http"),), False),
    )
    log = str(tmp_path / "gunicorn.log")
    environ = {"DELTAS_ROOT": str(root)}
    with running(worker, str(root), log, application="tests.deltas.hosted:application", environ=environ) as server:
        connection = Connection(server.port)
        for _ in range(4):
            for context, is_secure in contexts:
                for fields in (
                    holds,
                    holds[:1],
                    (*holds, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")),
                ):
                    response = connection.exchange(Request("GET", target, (*context, *fields)))
                    is_delta = is_secure and fields is holds
                    assert response.get("Content-Encoding") == ("dcz" if is_delta else "br"), (context, fields)
                    assert response.octets.startswith(MAGIC) == is_delta
                    assert (response.get("Use-As-Dictionary") is not None) == is_secure, (context, fields)
        connection.close()
