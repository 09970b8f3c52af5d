"""The contract on every server, through sockets, every octet counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import pytest

from tests.contract.cases import BIG, BIG_JSON, CASES
from tests.contract.deviations import find_breaches
from tests.contract.exchange import Connection, Request
from tests.contract.hosts import COMMANDS, Process
from tests.contract.rules import judge, judge_framing, make_request
from tests.contract.witness import examine

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.cases import Case
    from tests.contract.exchange import Response
    from tests.contract.rules import Tags
    from tests.contract.tree import Tree

# The others close after each answer: gunicorn's sync worker, wsgiref (HTTP/1.0), uWSGI's --http-socket, werkzeug.
_KEEP: Final = ("gunicorn-gthread", "gunicorn-gevent", "gunicorn-lane", "waitress", "granian", "cheroot")

# What servers answer themselves and may then close without a word.
_OWN_ANSWERS: Final = ("get with", "a path of 10,000")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
@pytest.mark.parametrize("host", COMMANDS)
def test_the_contract_holds(
    host: str, case: Case, host_of: Callable[[str], tuple[Process, Tree]], tags_of: Callable[[str], Tags]
) -> None:
    process, tree = host_of(host)
    # The tags of another process, on another tree: equal bytes have equal tags wherever they are.
    tags = tags_of(case.file)
    request = make_request(case, tags)
    response = process.exchange(request)
    problems = [*judge(case, request, response, tags, tree), *examine(request, response)]
    assert find_breaches(host, case, response, problems) == []


@pytest.mark.parametrize("host", COMMANDS)
def test_answers_on_a_kept_connection_end_where_they_say(
    host: str, host_of: Callable[[str], tuple[Process, Tree]], tags_of: Callable[[str], Tags]
) -> None:
    process, _ = host_of(host)
    connection = Connection(process.port)
    asked = [case for case in CASES if not any(own in case.rule for own in _OWN_ANSWERS)]
    wrong = []
    for case in asked:
        request = make_request(case, tags_of(case.file))
        # One octet too many in an answer is a malformed head of the next.
        response = connection.exchange(request)
        wrong += [f"{case.rule}: {problem.message}" for problem in judge_framing(request, response)]
    connection.close()
    assert wrong == []
    if host in _KEEP:
        assert connection.kept > len(asked) / 2


@pytest.mark.parametrize("host", COMMANDS)
def test_head_has_the_fields_of_get(
    host: str, host_of: Callable[[str], tuple[Process, Tree]], tags_of: Callable[[str], Tags]
) -> None:
    process, _ = host_of(host)
    for case in CASES:
        # "The server SHOULD send the same header fields in response to a HEAD request as it would have sent if the
        # request method had been GET" (9.3.2).
        if case.method == "GET" and not case.sends_range and not any(own in case.rule for own in _OWN_ANSWERS):
            get = make_request(case, tags_of(case.file))
            assert _fields(process.exchange(get._replace(method="HEAD"))) == _fields(process.exchange(get)), case.rule


def _fields(response: Response) -> list[tuple[str, str]]:
    # The second may have turned between the two.
    return sorted((name.lower(), value) for name, value in response.fields if name.lower() != "date")


@pytest.mark.parametrize("host", COMMANDS)
def test_downloads_at_the_same_time_do_not_mix(host: str, host_of: Callable[[str], tuple[Process, Tree]]) -> None:
    process, tree = host_of(host)
    whole = tree.read(BIG)
    coded = tree.read(BIG_JSON, "gzip")
    asked: list[tuple[Request, bytes]] = [
        (Request("GET", f"/{BIG}"), whole),
        (Request("GET", f"/{BIG_JSON}", (("Accept-Encoding", "gzip"),)), coded),
        *(
            (
                Request("GET", f"/{BIG}", (("Range", f"bytes={start}-{start + 299_999}"),)),
                whole[start : start + 300_000],
            )
            for start in range(0, 3_000_000, 300_000)
        ),
    ] * 3

    def ask(pair: tuple[Request, bytes]) -> Response:
        return process.exchange(pair[0])

    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(ask, asked))
    assert [response.status for response in responses] == [200, 200, *[206] * 10] * 3
    assert all(response.octets == octets for response, (_, octets) in zip(responses, asked, strict=True))
