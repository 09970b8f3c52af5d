"""Files that are replaced, truncated or deleted while they are served: never stale, mixed or truncated bytes."""

from __future__ import annotations

import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.contract.exchange import TIMEOUT, Request, Response, format_request, parse_head
from tests.contract.hosts import COMMANDS, Process
from tests.contract.rules import judge_framing
from tests.contract.tree import CHANGED_BIG, CHANGING_BIG, CHANGING_SMALL, CHANGING_WHILE_SENT, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.exchange import Exchange


class Change(NamedTuple):
    """Something that happens to a file, and what is in it afterwards; nothing if it is no file any more."""

    name: str
    make: Callable[[str], object]
    octets: bytes | None


def _replace(octets: bytes) -> Callable[[str], None]:
    def replace(path: str) -> None:
        # Beside it and then into place, as careful deploys do.
        with open(f"{path}.new", "wb") as file:
            file.write(octets)
        os.replace(f"{path}.new", path)

    return replace


def _overwrite(octets: bytes) -> Callable[[str], None]:
    def overwrite(path: str) -> None:
        # In place, as "cp" and "collectstatic" do.
        with open(path, "wb") as file:
            file.write(octets)

    return overwrite


def _append(octets: bytes) -> Callable[[str], None]:
    def append(path: str) -> None:
        with open(path, "ab") as file:
            file.write(octets)

    return append


def _instead(make: Callable[[str], object]) -> Callable[[str], None]:
    def instead(path: str) -> None:
        os.unlink(path)
        make(path)

    return instead


def _link_out(path: str) -> None:
    os.symlink("../../outside/secret.txt", path)


_SAME_SIZE: Final = CHANGED_BIG[: len(CHANGING_BIG)]

_CUT: Final = 1_500_000

# Their wsgi.file_wrapper is sendfile(2), which lends the kernel's own pages of the file to the socket: of what is cut
# off while it waits there, the client gets zeros. nginx has the same; the answer is incomplete, so nobody keeps it.
_SENDS_PAGES: Final = ("gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent", "gunicorn-lane", "uwsgi")

# Each on a file of its own, in this order.
_CHANGES: Final = (
    Change("replaced by a longer one", _replace(CHANGED_BIG), CHANGED_BIG),
    Change("replaced by one of the same size", _replace(_SAME_SIZE), _SAME_SIZE),
    Change("replaced by a short one", _replace(b"short"), b"short"),
    Change("overwritten with a longer one", _overwrite(CHANGED_BIG), CHANGED_BIG),
    Change("overwritten with one of the same size", _overwrite(_SAME_SIZE), _SAME_SIZE),
    Change("truncated", lambda path: os.truncate(path, 1_200_000), CHANGING_BIG[:1_200_000]),
    Change("truncated to nothing", lambda path: os.truncate(path, 0), b""),
    Change("added to", _append(b"and more"), CHANGING_BIG + b"and more"),
    Change("deleted", os.unlink, None),
    Change("now a directory", _instead(os.mkdir), None),
    Change("now a FIFO", _instead(os.mkfifo), None),
    Change("now a link out of the root", _instead(_link_out), None),
)


@pytest.mark.parametrize("number", range(len(_CHANGES)), ids=lambda number: _CHANGES[number].name)
@pytest.mark.parametrize("host", COMMANDS)
def test_a_big_file_is_served_as_it_is_now(
    host: str, number: int, host_of: Callable[[str], tuple[Process, Tree]]
) -> None:
    process, tree = host_of(host)
    change = _CHANGES[number]
    url = f"/static/changing/big-{number}.bin"
    before = _get(process.exchange, url)
    assert (before.status, before.octets) == (200, CHANGING_BIG)
    old_tag = before.get("ETag") or ""
    change.make(f"{tree.root}{url}")
    asked: dict[str, Request] = {
        "whole": Request("GET", url),
        "head": Request("HEAD", url),
        "last": Request("GET", url, (("Range", "bytes=-5"),)),
        "parts": Request("GET", url, (("Range", "bytes=0-4,1000000-1000009"),)),
        "conditional": Request("GET", url, (("If-None-Match", old_tag),)),
        "if_range": Request("GET", url, (("If-Range", old_tag), ("Range", "bytes=0-4"))),
    }
    # Whichever comes first has to notice.
    order = [*asked][number % len(asked) :] + [*asked][: number % len(asked)]
    answers = {name: _ask(process.exchange, asked[name]) for name in order}
    if change.octets is None:
        assert {answer.status for answer in answers.values()} == {404}
        assert all(answer.get("Cache-Control") == "no-store" for answer in answers.values())
        assert all(b"secret" not in answer.octets for answer in answers.values())
        return
    for name in ("whole", "conditional", "if_range"):
        assert (answers[name].status, answers[name].octets) == (200, change.octets), name
    assert (answers["head"].status, answers["head"].get("Content-Length")) == (200, str(len(change.octets)))
    # An empty file has no range.
    assert (answers["last"].status, answers["last"].octets) == (206 if change.octets else 200, change.octets[-5:])
    tags = {answer.get("ETag") for answer in answers.values()}
    assert len(tags) == 1
    assert old_tag not in tags


@pytest.mark.parametrize("number", range(len(_CHANGES)), ids=lambda number: _CHANGES[number].name)
@pytest.mark.parametrize("host", COMMANDS)
def test_a_small_file_is_served_whole_as_it_was_or_as_it_is(
    host: str, number: int, host_of: Callable[[str], tuple[Process, Tree]]
) -> None:
    process, tree = host_of(host)
    change = _CHANGES[number]
    url = f"/static/changing/small-{number}.bin"
    before = _get(process.exchange, url)
    assert (before.status, before.octets) == (200, CHANGING_SMALL)
    path = f"{tree.root}{url}"
    change.make(path)
    after = _get(process.exchange, url)
    if after.status == 404:
        assert change.octets is None
        return
    assert after.status == 200
    if after.octets == CHANGING_SMALL:
        assert after.get("ETag") == before.get("ETag")
    else:
        with open(path, "rb") as file:
            assert after.octets == file.read()
        assert after.get("ETag") != before.get("ETag")


@pytest.mark.parametrize("host", COMMANDS)
def test_a_download_that_has_begun_ends_with_the_file_it_began_with(
    host: str, host_of: Callable[[str], tuple[Process, Tree]]
) -> None:
    process, tree = host_of(host)
    for number, change in ((0, _replace(b"another")), (1, os.unlink)):
        url = f"/static/changing/sent-{number}.bin"
        octets = _download_while(process.port, url, partial(change, f"{tree.root}{url}"))
        assert octets == CHANGING_WHILE_SENT


@pytest.mark.parametrize("host", COMMANDS)
def test_a_download_of_a_file_that_is_truncated_is_cut_off(
    host: str, host_of: Callable[[str], tuple[Process, Tree]]
) -> None:
    process, tree = host_of(host)
    url = "/static/changing/sent-2.bin"
    octets = _download_while(process.port, url, lambda: os.truncate(f"{tree.root}{url}", _CUT))
    # Whatever the server had read by then is right, nothing is made up for the rest, and the end is no good one.
    if host in _SENDS_PAGES:
        assert octets[:_CUT] == CHANGING_WHILE_SENT[: len(octets)][:_CUT]
        assert len(octets) < len(CHANGING_WHILE_SENT)
    else:
        assert CHANGING_WHILE_SENT.startswith(octets)
    after = _get(process.exchange, url)
    assert (after.status, after.octets) == (200, CHANGING_WHILE_SENT[:_CUT])


def _get(exchange: Exchange, url: str) -> Response:
    return _ask(exchange, Request("GET", url))


def _ask(exchange: Exchange, request: Request) -> Response:
    response = exchange(request)
    assert judge_framing(request, response) == []
    return response


def _download_while(port: int, url: str, change: Callable[[], object]) -> bytes:
    """Return what arrives of a file of 24 MiB that is changed when its beginning has arrived.

    The connection is one that could be kept: the server must end it, or send all that it promised.
    """
    with socket.socket() as connection:
        # Before connecting: the window is agreed on then.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        connection.settimeout(TIMEOUT)
        connection.connect(("127.0.0.1", port))
        connection.sendall(format_request(Request("GET", url), closes=False))
        received = bytearray()
        while len(received) < 100_000:
            received += connection.recv(16 * 1024)
        head, _, octets = bytes(received).partition(b"\r\n\r\n")
        response = parse_head(head)
        assert response.status == 200
        assert response.get("Content-Length") == str(len(CHANGING_WHILE_SENT))
        change()
        received = bytearray(octets)
        while len(received) < len(CHANGING_WHILE_SENT):
            try:
                piece = connection.recv(256 * 1024)
            except ConnectionResetError:
                break
            if not piece:
                break
            received += piece
        return bytes(received)
