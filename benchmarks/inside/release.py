"""Times a start, first requests of many files and many of one: NAME ROOT URLS COUNT."""

from __future__ import annotations

import json
import os
import random
import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from benchmarks.contenders import load
from benchmarks.inside.environs import ask, make_environ
from benchmarks.names import tree_names

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MOST_FILES: Final = 2000
_CODING: Final = "br"
# A build leaves these as they are.
_NOT_CODED: Final = ".woff2"


def main(name: str, root: str, urls: str, count: str) -> None:
    """Print what a start with the first answer takes, and then first and later requests."""
    chance = random.Random(9110)
    names = [each for each in tree_names(int(urls)) if not each.endswith(_NOT_CODED)]
    first, *others = chance.sample(names, min(len(names), _MOST_FILES))
    environs = [make_environ(each) | {"HTTP_ACCEPT_ENCODING": _CODING} for each in (first, *others)]
    measured = {}
    before = _resident()
    contender = load(name)
    memory, started = _resident(), perf_counter()
    application = contender.make_application(root)
    answer = ask(application, environs[0])
    ended, memory_after = perf_counter(), _resident()
    if answer.status != 200 or answer.fields.get("content-encoding") != _CODING:
        raise SystemExit(f"{name} does not serve {first} as {_CODING}")
    measured["start ms"] = (ended - started) * 1e3
    measured["start MB"] = memory_after - memory
    measured["with import MB"] = memory_after - before
    measured["cold µs"] = median(time_request(application, environ) for environ in environs[1:]) * 1e6
    hot = [time_request(application, environs[0]) for _ in range(int(count))]
    measured["hot µs"] = median(hot) * 1e6
    print(json.dumps(measured))


def time_request(application: WSGIApplication, environ: dict[str, Any]) -> float:
    """Return the seconds for one request."""

    def start_response(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
        return None

    started = perf_counter()
    body = application(environ, start_response)
    for _octets in body:
        pass
    close = getattr(body, "close", None)
    if close is not None:
        close()
    return perf_counter() - started


def _resident() -> float:
    """Return this process's resident set in megabytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * _PAGE / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
