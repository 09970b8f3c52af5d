"""httplint as the outside witness: what it has to say against an answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from httplint import HttpRequestLinter, HttpResponseLinter, levels

from tests.contract.rules import Problem

if TYPE_CHECKING:
    from tests.contract.exchange import Request, Response


def examine(request: Request, response: Response) -> list[Problem]:
    """Return what httplint has against an answer, in the light of its request."""
    asked = HttpRequestLinter()
    asked.process_request_topline(request.method.encode(), request.target.encode("utf-8"), b"1.1")
    asked.process_headers([(name.encode(), value.encode("utf-8")) for name, value in request.fields])
    asked.finish_content(True)
    linter = HttpResponseLinter(start_time=time.time())
    linter.request = asked
    linter.is_head_response = request.method == "HEAD"
    linter.base_uri = f"http://static.example{request.target}"
    linter.process_response_topline(b"1.1", str(response.status).encode(), response.phrase.encode("latin-1"))
    linter.process_headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.fields])
    linter.feed_content(response.octets)
    linter.finish_content(True)
    return [
        Problem(type(note).__name__, note.summary) for note in linter.notes if note.level in (levels.BAD, levels.WARN)
    ]
