"""Times and weighs a start over a large tree: NAME ROOT URLS."""

from __future__ import annotations

import json
import os
import sys
from time import perf_counter
from typing import Final

from benchmarks.contenders import load
from benchmarks.inside.environs import ask, make_environ
from benchmarks.names import tree_names

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def main(name: str, root: str, urls: str) -> None:
    """Print the seconds and megabytes of a start, without and with the import, and of a GET of every URL."""
    names = tree_names(int(urls))
    measured = {}
    memory_before, before = _resident(), perf_counter()
    contender = load(name)
    memory, started = _resident(), perf_counter()
    application = contender.make_application(root)
    ended, memory_after = perf_counter(), _resident()
    measured["start s"] = ended - started
    measured["start MB"] = memory_after - memory
    measured["with import s"] = ended - before
    # This is the sounder figure: what an import has freed again is there for the start, and hides some of its growth.
    measured["with import MB"] = memory_after - memory_before

    started = perf_counter()
    for each in names:
        answer = ask(application, make_environ(each))
        # The application behind it answers with 200, too, but gives no tag.
        if answer.status != 200 or "etag" not in answer.fields:
            raise SystemExit(f"{name} does not serve {each}")
    measured["first GET µs"] = (perf_counter() - started) / int(urls) * 1e6
    measured["MB after"] = _resident() - memory_before
    print(json.dumps(measured))


def _resident() -> float:
    """Return this process's resident set in megabytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * _PAGE / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
