"""Times requests of one file: NAME ROOT COUNT."""

from __future__ import annotations

import json
import sys
from time import process_time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.contenders import load
from benchmarks.files import CSS_NAME
from benchmarks.inside.environs import ask, make_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# A tenth as many requests as are timed, and at least so many, come before.
_WARM_UP: Final = 200


def main(name: str, root: str, count: str) -> None:
    """Print what a contender answered to each case, and the microseconds that it took for a request of it."""
    application = load(name).make_application(root)
    answers, microseconds = {}, {}
    for case, environ in make_cases(application).items():
        answer = ask(application, environ)
        coding = answer.fields.get("content-encoding", "identity")
        answers[case] = {"status": answer.status, "coding": coding, "octets": answer.octets}
        _time(application, environ, max(int(count) // 10, _WARM_UP))
        microseconds[case] = _time(application, environ, int(count)) * 1e6
    print(json.dumps({"answers": answers, "microseconds": microseconds}))


def make_cases(application: WSGIApplication) -> dict[str, dict[str, Any]]:
    """Return the environ of each case. A precondition has the tag that the application itself gave out."""
    whole = make_environ(CSS_NAME)
    tag = ask(application, whole).fields["etag"]
    return {
        "200": whole,
        "304": {**whole, "HTTP_IF_NONE_MATCH": tag},
        "range": {**whole, "HTTP_RANGE": "bytes=100-1099"},
        "HEAD": {**whole, "REQUEST_METHOD": "HEAD"},
        "miss": {**whole, "PATH_INFO": "/polls/1/"},
        "miss below": make_environ("missing.css"),
    }


def _time(application: WSGIApplication, environ: dict[str, Any], count: int) -> float:
    """Return the seconds of processor time for one request: nothing in it waits, and neighbours do not count."""

    def start_response(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
        return None

    started = process_time()
    for _ in range(count):
        body = application(environ, start_response)
        for _octets in body:
            pass
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return (process_time() - started) / count


if __name__ == "__main__":
    main(*sys.argv[1:])
