"""Connections and what is written to them, on real sockets and files."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO

import pytest
from gunicorn.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from staticserve.gunicorn.connections import Connection, FileSlice, Output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MEBIBYTE = 1024 * 1024


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.settimeout(60)
        yield ours, theirs


def receive_all(sock: socket.socket) -> bytes:
    received = bytearray()
    while piece := sock.recv(65536):
        received += piece
    return bytes(received)


def open_file(path: Path, octets: bytes) -> BinaryIO:
    path.write_bytes(octets)
    return open(path, "rb", buffering=0)


@given(st.lists(st.binary(max_size=300_000), max_size=6), st.booleans())
@settings(max_examples=40, deadline=None)
def test_all_pieces_are_written_once_and_in_order(pieces: list[bytes], at_once: bool) -> None:
    told: list[list[int]] = []
    with pair() as (ours, theirs):
        output = Output(list(pieces), None, told.append)
        received: list[bytes] = []
        reader = Thread(target=lambda: received.append(receive_all(theirs)))
        reader.start()
        is_done = at_once and output.write_at_once(ours)
        while not is_done:
            is_done = output.write(ours)
        ours.shutdown(socket.SHUT_WR)
        reader.join()
    output.finish()
    assert received == [b"".join(pieces)]
    assert told == [[len(piece) for piece in pieces]]


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=4), st.binary(max_size=9))
@settings(max_examples=40, deadline=None)
def test_slices_of_a_file_are_sent_between_other_pieces(slices: list[tuple[int, int]], between: bytes) -> None:
    octets = bytes(number % 251 for number in range(1000))
    descriptor = os.memfd_create("octets")
    os.write(descriptor, octets)
    pieces: list[bytes | FileSlice] = []
    expected = b""
    told: list[list[int]] = []
    with open(descriptor, "rb", buffering=0) as file, pair() as (ours, theirs):
        for start, stop in slices:
            pieces += (between, FileSlice(file, min(start, stop), max(start, stop)))
            expected += between + octets[min(start, stop) : max(start, stop)]
        output = Output(pieces, file, told.append)
        assert not output.write_at_once(ours)
        assert output.write(ours)
        ours.shutdown(socket.SHUT_WR)
        assert receive_all(theirs) == expected
        output.finish()
        assert file.closed
    assert sum(told[0]) == len(expected)


def test_what_the_socket_does_not_take_is_written_later() -> None:
    octets = os.urandom(3 * _MEBIBYTE)
    told: list[list[int]] = []
    with pair() as (ours, theirs):
        output = Output([b"head", octets], None, told.append)
        assert not output.write_at_once(ours)
        assert not output.write(ours)
        received = bytearray()
        is_done = False
        while not is_done:
            received += theirs.recv(65536)
            is_done = output.write(ours)
        output.finish()
        ours.shutdown(socket.SHUT_WR)
        received += receive_all(theirs)
    assert bytes(received) == b"head" + octets
    assert told == [[4, len(octets)]]


def test_one_connection_does_not_write_for_ever_while_its_client_reads(tmp_path: Path) -> None:
    file = open_file(tmp_path / "huge.bin", b"")
    os.truncate(file.name, 64 * _MEBIBYTE)
    told: list[list[int]] = []
    with pair() as (ours, theirs):
        reader = Thread(target=receive_all, args=(theirs,))
        reader.start()
        output = Output([FileSlice(file, 0, 64 * _MEBIBYTE)], file, told.append)
        assert not output.write(ours)
        output.finish()
        assert 0 < told[0][0] <= 2 * _MEBIBYTE
        ours.shutdown(socket.SHUT_WR)
        reader.join()


def test_a_file_that_became_shorter_ends_in_an_error_and_is_never_filled_up(tmp_path: Path) -> None:
    file = open_file(tmp_path / "a.bin", b"x" * 1000)
    told: list[list[int]] = []
    os.truncate(tmp_path / "a.bin", 10)
    with pair() as (ours, theirs):
        output = Output([b"head", FileSlice(file, 0, 1000)], file, told.append)
        with pytest.raises(OSError, match="truncated"):
            output.write(ours)
        ours.shutdown(socket.SHUT_WR)
        assert receive_all(theirs) == b"head" + b"x" * 10
    output.finish()
    assert told == [[4, 10]]
    assert file.closed


def test_the_file_is_closed_even_if_who_is_told_fails(tmp_path: Path) -> None:
    def fail(sent: list[int]) -> None:
        raise ValueError("as it was asked to")

    file = open_file(tmp_path / "a.bin", b"x")
    output = Output([FileSlice(file, 0, 1)], file, fail)
    with pytest.raises(ValueError, match="asked"):
        output.finish()
    assert file.closed


@pytest.mark.parametrize("at_once", [True, False])
def test_writing_to_a_client_that_is_gone_is_an_os_error(at_once: bool) -> None:
    with pair() as (ours, theirs):
        theirs.close()
        output = Output([b"head"], None, None)
        with pytest.raises(OSError, match="pipe"):
            (output.write_at_once if at_once else output.write)(ours)


def make_connection(sock: socket.socket, lingering: list[Connection] | None = None) -> Connection:
    linger = ([] if lingering is None else lingering).append
    return Connection(Config(), sock, ("127.0.0.1", 1), ("127.0.0.1", 2), linger)


def test_gunicorns_parser_reads_what_was_read_early_and_then_the_socket() -> None:
    with pair() as (ours, theirs):
        connection = make_connection(ours)
        connection.early = b"GET /a HTTP/1.1\r\nHo"
        theirs.sendall(b"st: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.init()
        assert connection.early == b""
        request = next(connection.parser)
        assert (request.path, dict(request.headers)) == ("/a", {"HOST": "h"})
        assert next(connection.parser).path == "/b"
        # A second time, as for every request on it: nothing is read twice.
        connection.init()


def test_a_graceful_close_waits_elsewhere_and_another_is_at_once() -> None:
    with pair() as (ours, _):
        lingering: list[Connection] = []
        connection = make_connection(ours, lingering)
        connection.close(graceful=True)
        assert lingering == [connection]
        assert ours.fileno() >= 0
        connection.close()
        assert ours.fileno() < 0
