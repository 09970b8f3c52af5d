"""Asks WhiteNoise and StaticServe the same, in process, and tells what of their answers must agree."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes

import brotli
from whitenoise import WhiteNoise

from staticserve import StaticServe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_DECODERS: Final[Mapping[str | None, Callable[[bytes], bytes]]] = {
    None: bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}


class Question(NamedTuple):
    """A request. ``{tag}`` and ``{time}`` in its fields stand for what the one who is asked gave out himself."""

    path: str
    """Percent-encoded or not."""
    method: str = "GET"
    field: tuple[str, str] | None = None
    also: tuple[str, str] | None = None


class Answer(NamedTuple):
    """What of an answer must agree."""

    status: int
    location: str | None
    content_type: str | None
    """Without parameters: WhiteNoise puts quotation marks in them."""
    life: str | None
    coding: str | None
    content: bytes
    """Decoded, unless it is a part."""


class Pair(NamedTuple):
    """Both, over the same tree with the same options."""

    theirs: Any
    ours: StaticServe

    def ask(self, question: Question) -> tuple[Answer, Answer]:
        """Return WhiteNoise's answer and ours."""
        return _ask(self.theirs, question), _ask(self.ours, question)


def make_pair(root: str, **options: Any) -> Pair:
    """Return both, before an application that answers everything else."""
    return Pair(WhiteNoise(_application, root, **options), StaticServe(_application, root, **options))


def find_differences(theirs: Answer, ours: Answer) -> dict[str, tuple[object, object]]:
    """Return by aspect what either says. Of answers that differ in status nothing else is compared."""
    if theirs.status != ours.status:
        return {"status": (theirs.status, ours.status)}
    both = zip(Answer._fields, theirs, ours, strict=True)
    return {aspect: (their, our) for aspect, their, our in both if their != our}


def exchange(
    application: WSGIApplication, path: str, method: str, fields: Mapping[str, str]
) -> tuple[int, dict[str, str], bytes]:
    """Return the status, the fields and the octets of an answer."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": "",
        "SERVER_NAME": "static.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields.items()},
    }
    answers: list[tuple[int, dict[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        answers.append((int(status[:3]), dict(headers)))

    body = application(environ, start_response)
    content = b"".join(body)
    close = getattr(body, "close", None)
    if close is not None:
        close()
    [(status, answered)] = answers
    return status, answered, content


def _application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/x-application")])
    return [b"The application was asked\n"]


def _ask(application: WSGIApplication, question: Question) -> Answer:
    plain = exchange(application, question.path, question.method, {})[1]
    given = {"tag": plain.get("ETag", '"none"'), "time": plain.get("Last-Modified", "")}
    pairs = [each for each in (question.field, question.also) if each is not None]
    asked = {name: value.format_map(given) for name, value in pairs}
    status, fields, content = exchange(application, question.path, question.method, asked)
    coding = fields.get("Content-Encoding")
    if content and status == 200:
        content = _DECODERS[coding](content)
    content_type = fields["Content-Type"].partition(";")[0] if "Content-Type" in fields else None
    return Answer(status, fields.get("Location"), content_type, fields.get("Cache-Control"), coding, content)
