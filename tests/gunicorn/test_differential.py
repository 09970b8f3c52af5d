"""The same bytes to gthread and to the lane: what comes back, and whether the connection stays open, must agree."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from gunicorn.config import Config

from tests.gunicorn.application import write_files
from tests.gunicorn.clients import UNANSWERED, Outcome, exchange_all
from tests.gunicorn.servers import GTHREAD, LANE, Server, running
from tests.gunicorn.streams import Stream, depends_on_arrival, make_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STREAMS: Final = int(os.environ.get("STATICSERVE_STREAMS", "20000"))
_SEED: Final = int(os.environ.get("STATICSERVE_SEED", "4"))

# Every atom but the times and process ids, and the ports of clients.
_LOG_FORMAT: Final = (
    '%(h)s %(l)s %(u)s "%(r)s" %(m)s %(U)s %(q)s %(H)s %(s)s %(b)s %(B)s "%(f)s" "%(a)s" %({host}i)s %({range}i)s'
    " %({accept-encoding}i)s %({content-length}o)s %({content-type}o)s %({etag}o)s %({x-own}o)s %({path_info}e)s"
    " %({wsgi.url_scheme}e)s %({server_name}e)s %({http_cookie}e)s %({server_protocol}e)s"
)


_MOST_DEPENDENT: Final = 0.02


class Setup(NamedTuple):
    """A configuration of both servers, and which part of all streams goes through it."""

    options: dict[str, str]
    share: float


_SETUPS: Final = {
    "by default": Setup({}, 0.6),
    "with low limits": Setup(
        {"limit_request_line": "60", "limit_request_fields": "5", "limit_request_field_size": "70"}, 0.1
    ),
    "with access logs": Setup({"access_logfile": "-", "access_logformat": _LOG_FORMAT}, 0.2),
    "without keep-alive": Setup({"keep_alive": "0"}, 0.1),
}

# What gunicorn itself answers when it cannot read a request.
_ERROR_PAGE: Final = re.compile(
    rb"HTTP/1\.1 [45][0-9]{2} [^\r]*\r\nConnection: close\r\nContent-Type: text/html\r\n.*?</html>\n", re.DOTALL
)


@pytest.mark.parametrize("setup", _SETUPS)
def test_gthread_and_the_lane_agree_on_every_stream(setup: str, tmp_path: Path) -> None:
    options, share = _SETUPS[setup]
    write_files(str(tmp_path))
    given = {"threads": "4", "workers": "2", "keep_alive": "75", **options}
    flags = [part for name, value in given.items() for part in (f"--{_flag(name)}", value)]
    cfg = Config()
    for name, value in options.items():
        if name.startswith("limit_"):
            cfg.set(name, int(value))
    random = Random(f"{_SEED} {setup}")
    disagreements = []
    different = 0
    with (
        running(GTHREAD, str(tmp_path), f"{tmp_path}/gthread.log", flags, booted=2) as gthread,
        running(LANE, str(tmp_path), f"{tmp_path}/lane.log", flags, booted=2) as lane,
    ):
        streams = (make_stream(random, cfg) for _ in range(int(_STREAMS * share)))
        for stream, number, outcomes in exchange_all((gthread.port, lane.port), streams):
            different += outcomes[0] != outcomes[1]
            if not _agree(stream, outcomes, cfg):
                disagreements.append(_describe(stream, number, outcomes))
                if len(disagreements) == 10:
                    break
        logs = [_finish(server) for server in (gthread, lane)]
    assert not disagreements, "\n\n".join(disagreements)
    # Those that gthread itself does not answer the same way each time; see depends_on_arrival.
    assert different < _STREAMS * share * _MOST_DEPENDENT + 5
    assert "Traceback" not in _without_views(logs[1])
    if "access_logfile" in options:
        expected, found = (_answered_lines(log) for log in logs)
        assert sorted((expected - found).elements())[:10] == sorted((found - expected).elements())[:10]
        assert found.total() > share * _STREAMS / 2


def _flag(name: str) -> str:
    return "limit-request-field_size" if name == "limit_request_field_size" else name.replace("_", "-")


def _agree(stream: Stream, outcomes: tuple[Outcome, ...], cfg: Config) -> bool:
    expected, found = outcomes
    if UNANSWERED in expected.octets or UNANSWERED in found.octets:
        return False
    if expected == found:
        return True
    if not depends_on_arrival(stream, cfg):
        return False
    # Then all that is sure is that the answers before the error are the same.
    shorter, longer = sorted((_ERROR_PAGE.sub(b"", each.octets) for each in outcomes), key=len)
    return longer.startswith(shorter)


def _describe(stream: Stream, number: int, outcomes: tuple[Outcome, ...]) -> str:
    expected, found = outcomes
    pairs = enumerate(zip(expected.octets, found.octets, strict=False))
    place = next((place for place, (one, other) in pairs if one != other), 0)
    around = slice(max(place - 200, 0), place + 200)
    return (
        f"stream {number} of seed {_SEED}, which ends {stream.ends}:\n"
        f"{list(stream.parts)!r}\nand then {stream.rest!r}\n"
        f"gthread: open={expected.is_open} …{expected.octets[around]!r}\n"
        f"lane:    open={found.is_open} …{found.octets[around]!r}"
    )


def _finish(server: Server) -> str:
    """Stop a server in order, so that all that it has to log is logged, and return it."""
    server.signal(signal.SIGTERM)
    server.process.wait(60)
    return server.log


def _answered_lines(log: str) -> Counter[str]:
    # Errors of gunicorn's own parser depend on how octets arrive; see depends_on_arrival.
    lines = (line for line in log.splitlines() if line.startswith("127.0.0.1 - - "))
    return Counter(line for line in lines if re.search(r'" \S* .* HTTP/1\.[01] [23]', line))


def _without_views(log: str) -> str:
    """Return a log without the traceback of the view that fails because it was asked to."""
    return "".join(_blocks(log))


def _blocks(log: str) -> Iterator[str]:
    for block in re.split(r"(?m)^(?=\[20)", log):
        if "as it was asked to" not in block:
            yield block
