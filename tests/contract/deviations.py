"""Where a host answers otherwise than the contract, and why that is not ours to change. Each is as narrow as can be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.contract.cases import STALE_CSS, STALE_JS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.cases import Case
    from tests.contract.exchange import Response
    from tests.contract.rules import Problem

IN_PROCESS: Final = ("webtest", "webtest-file-wrapper", "webtest-live", "validator", "validator-file-wrapper")
_GUNICORN: Final = ("gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent", "gunicorn-lane")


class Deviation(NamedTuple):
    """What hosts do otherwise, in every case that it applies to."""

    hosts: tuple[str, ...]
    applies: Callable[[Case], bool]
    aspect: str
    """Of the problem that there is then, each time."""
    reason: str
    notes: tuple[str, ...] = ()
    """Of httplint, that may come of it."""
    statuses: tuple[int, ...] = ()
    """For the aspect ``status``: what is answered instead. Nothing else of that answer is judged."""


class Unheeded(NamedTuple):
    """A note of httplint that may be there."""

    note: str
    applies: Callable[[Case], bool]
    reason: str


_NO_DATE: Final = ("DATE_CLOCKLESS", "DATE_CLOCKLESS_BAD_HDR", "NO_DATE_304")

# Those of the status first: of another answer nothing else is expected.
DEVIATIONS: Final = (
    Deviation(
        ("uwsgi",),
        lambda case: re.search(r"/\.\.?/", case.target) is not None,
        "status",
        "uWSGI removes dot segments from the path before it asks (RFC 3986, 6.2.2.3), so it is another path by then.",
        statuses=(200, 302),
    ),
    Deviation(
        _GUNICORN,
        lambda case: len(case.target) > 4094,
        "status",
        "gunicorn's limit_request_line is 4094 octets.",
        statuses=(414,),
    ),
    Deviation(
        (*_GUNICORN, "waitress", "cheroot"),
        lambda case: case.method == "get",
        "status",
        "These servers know no methods in lower case and say so themselves.",
        statuses=(400,),
    ),
    Deviation(
        ("webtest-live",),
        lambda case: case.target.startswith((STALE_CSS, STALE_JS)),
        "status",
        "In development there is one release, and the manifest may be rewritten at any time.",
        statuses=(404,),
    ),
    Deviation(
        IN_PROCESS,
        lambda case: True,
        "date",
        "Date is the server's to send, and here is none (RFC 9110, 6.6.1; PEP 3333 leaves it to the server).",
        notes=_NO_DATE,
    ),
    Deviation(
        ("webtest-live",),
        lambda case: case.file == "static/js/library-Xy12Zw.js" and case.status in (200, 206, 304),
        "cache-control",
        "In development the manifest may be rewritten at any time, so a name is only proven by its content.",
    ),
    Deviation(
        ("uwsgi",),
        lambda case: True,
        "date",
        "uWSGI sends no Date of its own.",
        notes=_NO_DATE,
    ),
    Deviation(
        ("wsgiref",),
        lambda case: case.status in (204, 304),
        "content-length",
        "wsgiref.handlers.BaseHandler.finish_content adds Content-Length: 0 wherever there is none.",
    ),
)

UNHEEDED: Final = (
    Unheeded(
        "STORE_PUBLIC_UNNECESSARY",
        lambda case: case.status in (200, 206, 304, 302),
        "Unnecessary it is, but harmless, and what every other server of static files has users look for.",
    ),
    Unheeded(
        "FRESHNESS_HEURISTIC",
        lambda case: case.file.startswith("bare/"),
        "max_age=None is the user's wish to leave it to caches.",
    ),
    Unheeded(
        "PARTIAL_WITHOUT_RANGE",
        lambda case: len(case.ranges) > 1,
        "A server MUST NOT generate Content-Range in the head of a multipart answer (RFC 9110, 15.3.7.2).",
    ),
    Unheeded(
        "BAD_GZIP",
        lambda case: case.status == 206 and case.coding == "gzip",
        "Bytes from the middle of a gzip stream, or parts around them, are not a gzip stream by themselves.",
    ),
    Unheeded(
        "BAD_BROTLI",
        lambda case: case.status == 206 and case.coding == "br",
        "The same of a brotli stream.",
    ),
    Unheeded(
        "CONTENT_TYPE_MISMATCH",
        lambda case: case.file.endswith((".avif", ".mp4", ".opus")),
        "sniffpy finds no signature of these and calls them undefined/undefined.",
    ),
)


def find_breaches(host: str, case: Case, response: Response, problems: list[Problem]) -> list[str]:
    """Return what is left of an answer's problems, and the deviations that there are no more."""
    lines = []
    for deviation in DEVIATIONS:
        if host not in deviation.hosts or not deviation.applies(case):
            continue
        if deviation.aspect not in {problem.aspect for problem in problems}:
            lines.append(f"{host} no longer deviates in {deviation.aspect}: {deviation.reason}")
        elif deviation.aspect == "status":
            if response.status not in deviation.statuses:
                lines.append(f"status: {response.status} is none of {deviation.statuses}: {deviation.reason}")
            return lines
        problems = [problem for problem in problems if problem.aspect not in (deviation.aspect, *deviation.notes)]
    unheeded = {each.note for each in UNHEEDED if each.applies(case)}
    return [*lines, *(f"{aspect}: {message}" for aspect, message in problems if aspect not in unheeded)]
