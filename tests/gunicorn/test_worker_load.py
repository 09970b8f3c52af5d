"""Many clients, slow ones, and those that leave: nobody is kept waiting by them, and nothing is left of them."""

from __future__ import annotations

import os
import resource
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.gunicorn.application import CSS, HUGE, LARGE, SCRIPT, write_files
from tests.gunicorn.responses import Client, asleep, get, make_request, slow_reader
from tests.gunicorn.servers import LANE, PATIENCE, Server, running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# As many as the issue promises, with STATICSERVE_REQUESTS=200000; fewer everywhere else, to be done in time.
_REQUESTS: Final = int(os.environ.get("STATICSERVE_REQUESTS", "10000"))

_IDLE: Final = 1000
_SLOW: Final = 200

_SLOW_DISK: Final = "tests.gunicorn.placements:make_slow()"

# What a worker may grow by (bytes): less than a single one of the files that it sends.
_SLACK: Final = 8 * 1024 * 1024


@contextmanager
def lane(path: Path, options: Sequence[str] = (), **more: Any) -> Iterator[Server]:
    """Run one lane with a single thread on files that include a huge one."""
    files = f"{path}/files"
    write_files(files, huge=True)
    with running(LANE, files, f"{path}/lane.log", ["--threads", "1", "--keep-alive", "75", *options], **more) as server:
        wait_until(lambda: server.workers, "there is a worker")
        yield server
        # Whatever the clients do is no reason for a line of ours.
        assert "Error in the static lane" not in server.log


def descriptors(worker: int) -> list[str]:
    """Return what a process has open."""
    found = []
    for name in os.listdir(f"/proc/{worker}/fd"):
        try:
            found.append(os.readlink(f"/proc/{worker}/fd/{name}"))
        except FileNotFoundError:
            # Closed meanwhile.
            continue
    return found


def at_rest(worker: int) -> int:
    """Return how many descriptors a worker has open when no client is connected any more, waiting for that."""
    # One socket is the listener.
    wait_until(lambda: sum(each.startswith("socket:") for each in descriptors(worker)) == 1, "all are disconnected")
    return len(descriptors(worker))


def resident(worker: int) -> int:
    """Return how much memory a process has (bytes)."""
    with open(f"/proc/{worker}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def processor_seconds(worker: int) -> float:
    """Return how long a process has been running on a processor."""
    with open(f"/proc/{worker}/stat", encoding="ascii") as file:
        user, system = file.read().rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def is_served(server: Server) -> bool:
    """Return whether another client gets its files whole, small and huge."""
    return get(server, "/static/app.css").body == CSS and get(server, "/static/huge.bin").body == HUGE


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Allow as many descriptors as the system does, here and in the servers that are started from here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _IDLE + 2 * _SLOW + 100:
        pytest.skip(f"the system allows {hard} descriptors only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# Many and slow


@pytest.mark.usefixtures("many_descriptors")
def test_a_thousand_idle_connections_and_two_hundred_slow_readers_keep_nobody_from_a_file(tmp_path: Path) -> None:
    with lane(tmp_path, ["--worker-connections", "2000"]) as server:
        [worker] = server.workers
        assert is_served(server)
        before = resident(worker)
        opened = at_rest(worker)
        idle = [server.connect() for _ in range(_IDLE)]
        slow = [slow_reader(server, "/static/huge.bin") for _ in range(_SLOW)]
        # Half of the idle have said something, and been answered.
        for sock in idle[::2]:
            sock.sendall(make_request("/static/one.txt"))
        for sock in idle[::2]:
            assert sock.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
        assert is_served(server)
        assert b"RAW_URI='/page'" in get(server, "/page").body
        # They have 2 GB to get, of which nothing is held for them.
        assert resident(worker) - before < 4 * _SLACK
        # Whoever reads on gets all of it.
        assert slow[-1].read().body == HUGE
        for client in slow:
            client.sock.close()
        for sock in idle:
            sock.close()
        wait_until(lambda: len(descriptors(worker)) <= opened, "all that was opened is closed")
        assert is_served(server)


def test_slow_readers_cost_no_processor_time(tmp_path: Path) -> None:
    with lane(tmp_path) as server:
        [worker] = server.workers
        slow = [slow_reader(server, "/static/huge.bin") for _ in range(10)]
        with Client(server.connect()) as client:
            assert client.get("/static/app.css").body == CSS
            wait_until(lambda: len(descriptors(worker)) >= 10, "all are being written to")
            before = processor_seconds(worker)
            # A worker that spins needs all of these seconds, one that waits nearly none; the loop only turns once a
            # second. What is measured is its processor time, however long the clock says that this takes.
            turned = _context_switches(worker) + 3
            wait_until(lambda: _context_switches(worker) >= turned, "the loop has turned")
            assert processor_seconds(worker) - before < 1.0
        for each in slow:
            each.sock.close()


def _context_switches(worker: int) -> int:
    with open(f"/proc/{worker}/status", encoding="ascii") as file:
        [line] = [line for line in file if line.startswith("voluntary_ctxt_switches:")]
    return int(line.split()[1])


@pytest.mark.parametrize("target", ["/static/app.css", "/static/large.bin", "/page"])
def test_a_request_that_comes_octet_by_octet_is_answered_once(target: str, tmp_path: Path) -> None:
    with lane(tmp_path) as server, Client(server.connect()) as client, Client(server.connect()) as other:
        request = make_request(target, "Accept: */*", "Connection: close")
        for place in range(len(request)):
            client.sock.sendall(request[place : place + 1])
            if place % 10 == 0:
                # Others are answered between, so the octets do arrive one after the other.
                assert other.get("/static/app.css").body == CSS
        answer = client.read()
        assert answer.status == 200
        assert answer.is_whole
        assert client.ends()


def test_with_all_threads_in_views_static_files_are_served(tmp_path: Path) -> None:
    with lane(tmp_path, ["--threads", "4"]) as server, asleep(server, 8):
        for _ in range(2):
            assert is_served(server)
            assert get(server, "/assets/docs/").body == b"<!doctype html><title>Docs</title>\n"
            assert get(server, "/assets/missing").status == 404
            assert get(server, "/static/huge.bin", "Range: bytes=5-9").body == HUGE[5:10]


# Leaving


@pytest.mark.parametrize("target", ["/static/app.css", "/static/huge.bin"])
def test_a_client_that_has_finished_sending_is_answered(target: str, tmp_path: Path) -> None:
    with lane(tmp_path) as server:
        [worker] = server.workers
        octets = {"/static/app.css": CSS, "/static/huge.bin": HUGE}[target]
        for _ in range(3):
            with Client(server.connect()) as client:
                client.send(target)
                client.sock.shutdown(1)
                assert client.read().body == octets
                assert client.ends()
        wait_until(lambda: not [each for each in descriptors(worker) if each.endswith(".bin")], "the file is closed")


def test_clients_that_reset_leave_nothing_behind(tmp_path: Path) -> None:
    with lane(tmp_path) as server:
        [worker] = server.workers
        assert is_served(server)
        wait_until(lambda: not [each for each in descriptors(worker) if each.endswith(".bin")], "it is at rest")
        opened = at_rest(worker)
        for _ in range(20):
            # Before a request, within one, with one unread, within an answer, with an answer unread.
            Client(server.connect()).reset()
            for part in (b"GET /stat", make_request("/static/app.css"), make_request("/static/large.bin") * 3):
                client = Client(server.connect())
                client.sock.sendall(part)
                client.reset()
            slow_reader(server, "/static/huge.bin").reset()
            client = Client(server.connect())
            assert client.get("/static/app.css").body == CSS
            client.send("/static/huge.bin")
            client.reset()
        assert is_served(server)
        wait_until(lambda: len(descriptors(worker)) <= opened, "all that was opened is closed")
        assert server.workers == [worker]


def test_a_client_that_leaves_before_its_file_is_read_leaves_nothing_behind(tmp_path: Path) -> None:
    _write(tmp_path, "slow.css", CSS)
    _write(tmp_path, "slow.bin", LARGE)
    with lane(tmp_path, application=_SLOW_DISK) as server:
        [worker] = server.workers
        assert get(server, "/static/app.css").body == CSS
        opened = at_rest(worker)
        for name in ("slow.css", "slow.bin"):
            for leave in ("close", "reset"):
                client = Client(server.connect())
                client.send(f"/static/{name}")
                client.sock.sendall(b"GET /static/app.css HTT")
                client.reset() if leave == "reset" else client.sock.close()
        # The one reader waits for the disk, but what is in memory and what is not ours does not wait for it.
        assert get(server, "/static/app.css").body == CSS
        assert b"RAW_URI='/page'" in get(server, "/page").body
        (tmp_path / "files/gate").touch()
        assert get(server, "/static/slow.bin").body == LARGE
        wait_until(lambda: len(descriptors(worker)) <= opened, "all that was opened is closed")
        assert server.workers == [worker]


def _write(path: Path, name: str, octets: bytes) -> Path:
    target = path / "files/static" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(octets)
    return target


def test_requests_of_the_application_do_not_wait_for_the_disk(tmp_path: Path) -> None:
    # With the prefix "/" any path may be a file's.
    _write(tmp_path, "slow.css", CSS)
    application = "tests.gunicorn.placements:make_slow_root()"
    with lane(tmp_path, application=application) as server, Client(server.connect()) as waiting:
        waiting.send("/slow.css")
        for target in ("/page", "/", "/page/slow", "/slow"):
            assert f"RAW_URI={target!r}".encode() in get(server, target).body
        (tmp_path / "files/gate").touch()
        assert waiting.read().body == CSS


@pytest.mark.parametrize("target", ["/static/huge.bin", "/static/kept.bin"])
def test_a_client_that_takes_nothing_is_left_in_the_end(target: str, tmp_path: Path) -> None:
    # After half a minute; the configuration file makes that one second. One file is sent from disk, one from memory.
    conf = "import staticserve.gunicorn.upkeep\n\nstaticserve.gunicorn.upkeep._STALLED = 1.0\n"
    (tmp_path / "conf.py").write_text(conf)
    kept = HUGE[: 8 * 1024 * 1024]
    _write(tmp_path, "kept.bin", kept)
    options = ["-c", f"{tmp_path}/conf.py"]
    with lane(tmp_path, options, application="tests.gunicorn.placements:make_roomy()") as server:
        [worker] = server.workers
        assert get(server, "/static/kept.bin").body == kept
        opened = at_rest(worker)
        slow = slow_reader(server, target)
        wait_until(lambda: len(descriptors(worker)) <= opened, "its connection and its file are closed")
        answer = slow.read()
        assert not answer.is_whole
        assert HUGE.startswith(answer.body)
        slow.sock.close()


def test_a_client_that_never_closes_its_side_is_left_in_the_end(tmp_path: Path) -> None:
    with lane(tmp_path) as server:
        [worker] = server.workers
        assert get(server, "/static/app.css").body == CSS
        opened = at_rest(worker)
        clients = [Client(server.connect()) for _ in range(20)]
        for client in clients:
            answer = client.get("/static/app.css", "Connection: close")
            assert (answer.body, answer.may_go_on) == (CSS, False)
            assert client.ends()
        wait_until(lambda: len(descriptors(worker)) <= opened, "all that was opened is closed")
        for client in clients:
            client.sock.close()


def test_a_worker_without_descriptors_waits_for_some_and_goes_on(tmp_path: Path) -> None:
    conf = (
        "import resource\n\ndef post_fork(server, worker):\n    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
    )
    (tmp_path / "conf.py").write_text(conf)
    with lane(tmp_path, ["-c", f"{tmp_path}/conf.py"]) as server:
        [worker] = server.workers
        idle = [server.connect() for _ in range(80)]
        wait_until(lambda: "Too many open files" in server.log, "descriptors run out")
        # A warning a second, not one each time that the listener could be read.
        assert server.log.count("No connection can be accepted") < 20
        for sock in idle:
            sock.close()
        assert is_served(server)
        assert server.workers == [worker]


# Stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_responses_that_are_being_written_are_written_to_their_end(number: signal.Signals, tmp_path: Path) -> None:
    with lane(tmp_path) as server:
        first = server.workers
        slow = [slow_reader(server, "/static/huge.bin") for _ in range(3)]
        with Client(server.connect()) as kept:
            assert kept.get("/static/app.css").may_go_on
            server.signal(number)
            handled = f"Handling signal: {number.name.removeprefix('SIG').lower()}"
            wait_until(lambda: handled in server.log, "it stops")
            if number == signal.SIGHUP:
                wait_until(lambda: {*server.workers} - {*first}, "there is another worker")
                assert is_served(server)
            for client in slow:
                answer = client.read()
                assert answer.body == HUGE
                client.sock.close()
        if number == signal.SIGTERM:
            assert server.process.wait(PATIENCE) == 0
        else:
            wait_until(lambda: not {*server.workers} & {*first}, "the first worker is gone")
            assert is_served(server)


def test_a_kept_connection_is_told_that_the_worker_stops(tmp_path: Path) -> None:
    with lane(tmp_path) as server:
        # The slow reader keeps the worker from ending.
        slow = slow_reader(server, "/static/huge.bin")
        with Client(server.connect()) as kept:
            assert kept.get("/static/app.css").may_go_on
            server.signal(signal.SIGTERM)
            wait_until(lambda: not kept.get("/static/app.css").may_go_on, "it is told")
            assert kept.ends()
        assert slow.read().body == HUGE
        slow.sock.close()
        assert server.process.wait(PATIENCE) == 0


def test_a_reader_that_stands_still_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with lane(tmp_path, ["--graceful-timeout", "1"]) as server:
        slow = slow_reader(server, "/static/huge.bin")
        server.signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0
        answer = slow.read()
        assert not answer.is_whole
        assert HUGE.startswith(answer.body)
        slow.sock.close()


@pytest.mark.parametrize("name", ["slow.css", "slow.bin", "slow/missing"])
def test_what_is_being_read_when_the_worker_stops_is_answered(name: str, tmp_path: Path) -> None:
    _write(tmp_path, "slow.css", CSS)
    _write(tmp_path, "slow.bin", LARGE)
    _write(tmp_path, "slow/there.css", CSS)
    with lane(tmp_path, application=_SLOW_DISK) as server, Client(server.connect()) as client:
        client.send(f"/static/{name}")
        if name == "slow/missing":
            assert b"RAW_URI" in client.read().body
            client.send("/static/slow/there.css")
        # It has been read, and is with the reader: the loop goes round with another.
        assert get(server, "/page").status == 200
        server.signal(signal.SIGTERM)
        wait_until(lambda: "Handling signal: term" in server.log, "it stops")
        (tmp_path / "files/gate").touch()
        answer = client.read()
        assert answer.body == (LARGE if name == "slow.bin" else CSS)
        assert not answer.may_go_on
        assert client.ends()
        assert server.process.wait(PATIENCE) == 0


def test_a_disk_that_never_answers_does_not_keep_gunicorn_from_ending(tmp_path: Path) -> None:
    _write(tmp_path, "slow.css", CSS)
    options = ["--graceful-timeout", "1"]
    with lane(tmp_path, options, application=_SLOW_DISK) as server, Client(server.connect()) as client:
        client.send("/static/slow.css")
        assert get(server, "/page").status == 200
        server.signal(signal.SIGTERM)
        server.process.wait(PATIENCE)
        with pytest.raises(EOFError):
            client.read()


# What fails


_FAILING_LOGGER: Final = """
from gunicorn.glogging import Logger

class Failing(Logger):
    access_log_enabled = True

    def access(self, *args):
        raise ValueError("no line today")
{more}

logger_class = Failing
"""

_FAILING_ALWAYS: Final = """
    def exception(self, *args, **kwargs):
        raise ValueError("no line today either")
"""


@pytest.mark.parametrize("more", ["", _FAILING_ALWAYS], ids=["for requests", "for everything"])
@pytest.mark.parametrize("target", ["/static/app.css", "/static/large.bin", "/static/huge.bin"])
def test_a_logger_that_fails_costs_a_connection_at_most(more: str, target: str, tmp_path: Path) -> None:
    files = f"{tmp_path}/files"
    write_files(files, huge=True)
    (tmp_path / "conf.py").write_text(_FAILING_LOGGER.format(more=more))
    octets = {"/static/app.css": CSS, "/static/large.bin": LARGE, "/static/huge.bin": HUGE}[target]
    options = ["-c", f"{tmp_path}/conf.py", "--threads", "1"]
    with running(LANE, files, f"{tmp_path}/lane.log", options) as server:
        wait_until(lambda: server.workers, "there is a worker")
        [worker] = server.workers
        for _ in range(3):
            assert get(server, target).body == octets
            slow_reader(server, "/static/huge.bin").reset()
        assert server.workers == [worker]
        names = [each for each in descriptors(worker) if each.endswith(".bin")]
        wait_until(lambda: not [each for each in descriptors(worker) if each.endswith(".bin")], f"closed: {names}")


def test_a_file_that_is_deleted_or_replaced_while_it_is_sent_is_sent_as_it_was(tmp_path: Path) -> None:
    with lane(tmp_path) as server:
        for change in ("replaced", "deleted"):
            path = _write(tmp_path, "huge.bin", HUGE)
            readers = [slow_reader(server, "/static/huge.bin") for _ in range(2)]
            if change == "deleted":
                path.unlink()
            else:
                path.with_suffix(".new").write_bytes(SCRIPT * 1000)
                path.with_suffix(".new").rename(path)
            for reader in readers:
                assert reader.read().body == HUGE
                reader.sock.close()
            answer = get(server, "/static/huge.bin")
            if change == "replaced":
                assert answer.body == SCRIPT * 1000
            else:
                assert b"RAW_URI='/static/huge.bin'" in answer.body


def test_a_file_that_is_truncated_while_it_is_sent_ends_its_connection(tmp_path: Path) -> None:
    with lane(tmp_path) as server:
        [worker] = server.workers
        readers = [slow_reader(server, "/static/huge.bin") for _ in range(3)]
        os.truncate(tmp_path / "files/static/huge.bin", 5 * 1024 * 1024)
        for reader in readers:
            answer = reader.read()
            assert answer.body == HUGE[: 5 * 1024 * 1024]
            assert not answer.is_whole
            assert reader.ends()
            reader.sock.close()
        assert get(server, "/static/app.css").body == CSS
        assert server.workers == [worker]
        wait_until(lambda: not [each for each in descriptors(worker) if each.endswith(".bin")], "the file is closed")


def test_nothing_is_left_of_many_requests(tmp_path: Path) -> None:
    with lane(tmp_path, ["--threads", "4"]) as server:
        [worker] = server.workers
        done = _ask_for_everything(server, max(_REQUESTS // 10, 3000))
        wait_until(lambda: not [each for each in descriptors(worker) if each.endswith(".bin")], "it is at rest")
        opened, before = at_rest(worker), resident(worker)
        while done < _REQUESTS:
            done += _ask_for_everything(server, min(_REQUESTS - done, 10_000))
        wait_until(lambda: len(descriptors(worker)) <= opened, "all that was opened is closed")
        assert resident(worker) - before < _SLACK
        assert server.workers == [worker]


def _ask_for_everything(server: Server, requests: int) -> int:
    """Ask for at least so many responses of every kind, in every way, and return how many they were."""
    etag = get(server, "/static/app.css").fields["etag"]
    done = 1
    asked = (
        *(("/static/app.css", ()), ("/static/app.css", (f"If-None-Match: {etag}",)), ("/static/large.bin", ())),
        *(("/static/app.css", ("Range: bytes=0-9",)), ("/static/large.bin", ("Range: bytes=0-9,20-29",))),
        *(("/assets/docs/", ("Accept-Encoding: gzip",)), ("/static/app.css", ("Accept-Encoding: gzip",))),
        *(("/assets/missing", ()), ("/page", ()), ("/static/missing.css", ()), ("/static/one.txt", ())),
    )
    while done < requests:
        with Client(server.connect()) as client:
            for number in range(10):
                for target, lines in asked:
                    # Ever new names of fields and queries: what is remembered of them has bounds.
                    answer = client.get(f"{target}?v={done}", *lines, f"X-{done % 5000}-{number}: 1")
                    assert answer.status < 500
                    done += 1
            # In one piece, and all answered.
            client.sock.sendall(make_request("/static/app.css") * 20)
            for _ in range(20):
                assert client.read().body == CSS
            done += 20
        for target in ("/static/app.css", "/static/large.bin"):
            assert get(server, target, "Connection: close").status == 200
            left = Client(server.connect())
            left.sock.sendall(make_request(target) + b"GET ")
            left.reset()
            done += 2
    return done
