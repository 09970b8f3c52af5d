"""Answers plain requests with ready-made bytes, or says who else should."""

from __future__ import annotations

import os
from enum import Enum
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple
from urllib.parse import unquote_to_bytes

from staticserve.content import FilePieces, join_parts
from staticserve.environs import environ_key
from staticserve.gunicorn.connections import FileSlice
from staticserve.octets import FileOctets
from staticserve.plan import CONDITIONS, make_plan
from staticserve.semantics.negotiation import parse_accept_encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from staticserve.gunicorn.requests import PlainRequest
    from staticserve.model import Fields, Plan, Resource
    from staticserve.semantics.negotiation import Preference
    from staticserve.wsgi import StaticServe


class Elsewhere(Enum):
    """Why there is no reply at once."""

    SLOW = 1
    """Something must be read first: ask ``answer_slowly``, in a thread."""
    NOT_OURS = 2
    """It is gunicorn's, and the application's."""


class Reply(NamedTuple):
    """A response but for what the server adds: ``lines`` are the encoded field lines and the end of the head."""

    status: int
    fields: Fields
    lines: bytes
    pieces: tuple[bytes | FileSlice, ...] = ()
    file: BinaryIO | None = None
    is_whole_file: bool = False


class Lane:
    """Answers for all the ``StaticServe`` objects of a process, the outermost first."""

    def __init__(self, statics: list[StaticServe]) -> None:
        self._statics = statics
        # gunicorn takes this from the environment, and a path that does not begin with it is an error there.
        self._script_name = os.environ.get("SCRIPT_NAME", "")

    def answer(self, request: PlainRequest, scheme: str) -> Reply | Elsewhere:
        """Return the reply if everything it needs is in memory."""
        path = self._path_info(request)
        if path is None:
            return Elsewhere.NOT_OURS
        for static in self._statics:
            key = static.mounts.match(path, self._script_name)
            if key is None:
                continue
            added = self._added_fields(static, request, path, scheme)
            if added is None:
                return Elsewhere.NOT_OURS
            resource = static.memory.get(key)
            if resource is None:
                if static.mounts.may_have(key):
                    return Elsewhere.SLOW
                continue
            is_secure = resource.uses_dictionaries and static.is_secure(_environ(request, scheme))
            return _reply_from_memory(resource, request, added, is_secure=is_secure)
        return Elsewhere.NOT_OURS

    def locate(self, request: PlainRequest) -> tuple[StaticServe, str] | None:
        """Return what a request was answered from at once, and under which key of its memory."""
        path = self._path_info(request)
        for static in self._statics if path is not None else ():
            key = static.mounts.match(path or "", self._script_name)
            if key is not None and static.memory.get(key) is not None:
                return static, key
        return None

    def answer_slowly(self, request: PlainRequest, scheme: str) -> Reply | None:
        """Return the reply, reading what must be read; nothing if the application is to answer."""
        path = self._path_info(request)
        for static in self._statics:
            key = None if path is None else static.mounts.match(path, self._script_name)
            if path is None or key is None:
                continue
            added = self._added_fields(static, request, path, scheme)
            if added is None:
                return None
            is_secure = static.is_secure(_environ(request, scheme))
            answer = static.answer(key, request.method, request.fields, request.query, FileBody, is_secure=is_secure)
            if answer is not None:
                return _reply_from_body(*answer, added)
        return None

    def _path_info(self, request: PlainRequest) -> str | None:
        path = request.path
        if self._script_name:
            # Before it is decoded, as gunicorn does it.
            if not path.startswith(self._script_name):
                return None
            path = path.removeprefix(self._script_name)
        return unquote_to_bytes(path).decode("latin-1") if "%" in path else path

    def _added_fields(self, static: StaticServe, request: PlainRequest, path: str, scheme: str) -> Fields | None:
        """Return the fields that the transport adds; nothing if the request must reach the application."""
        if not static.may_answer_early:
            return None
        if static.transport is None:
            return ()
        environ = _environ(request, scheme) | {"SCRIPT_NAME": self._script_name, "PATH_INFO": path}
        return static.transport.added_fields(environ)


class FileBody:
    """Stands in for ``wsgi.file_wrapper``: a file that is to be sent whole."""

    def __init__(self, file: BinaryIO, block_size: int) -> None:
        self.file = file

    def __iter__(self) -> Any:
        """Say that nobody reads it this way: the kernel does."""
        raise TypeError("a FileBody is sent, not read")


def _environ(request: PlainRequest, scheme: str) -> dict[str, str]:
    """Return what a WSGI environ would have of a request's fields and scheme."""
    return {environ_key(name): value for name, value in request.fields.items()} | {"wsgi.url_scheme": scheme}


def _reply_from_memory(
    resource: Resource, request: PlainRequest, added: Fields, *, is_secure: bool
) -> Reply | Elsewhere:
    fields = request.fields
    selected = resource.ready.get(parse_accept_encoding(fields.get("accept-encoding")))
    # The first of StaticServe's shortcuts; the others gain too little here.
    if selected is not None and not added and _CONDITIONS.isdisjoint(fields):
        ok_fields = selected.ok_fields(is_secure=is_secure)
        lines = selected.heads.get(is_secure)
        if lines is None:
            lines = selected.heads[is_secure] = _encode(ok_fields)
        octets = selected.octets
        assert isinstance(octets, bytes)
        return Reply(200, ok_fields, lines, (octets,) if request.method == "GET" else ())
    plan = make_plan(resource, request.method, fields, request.query, is_secure=is_secure)
    if plan.representation is not None and not isinstance(plan.representation.octets, bytes):
        return Elsewhere.SLOW
    return _reply_from_plan(plan, added)


_CONDITIONS: Final = frozenset(CONDITIONS)


def _reply_from_plan(plan: Plan, added: Fields) -> Reply:
    fields = (*plan.fields, *_missing(plan.fields, added))
    pieces: tuple[bytes, ...] = (plan.content,)
    if plan.sends_octets and plan.representation is not None:
        octets = plan.representation.octets
        assert isinstance(octets, bytes)
        pieces = (octets,)
        if plan.parts:
            pieces = (join_parts(octets, plan.parts),)
    return Reply(plan.status, fields, _encode(fields), pieces)


def _reply_from_body(plan: Plan, body: Iterable[bytes], added: Fields) -> Reply:
    fields = (*plan.fields, *_missing(plan.fields, added))
    lines = _encode(fields)
    if isinstance(body, FileBody):
        assert plan.representation is not None
        assert isinstance(plan.representation.octets, FileOctets)
        whole = FileSlice(body.file, 0, plan.representation.octets.size)
        return Reply(plan.status, fields, lines, (whole,), body.file, is_whole_file=True)
    if isinstance(body, FilePieces):
        pieces: list[bytes | FileSlice] = []
        for (start, stop), preamble, epilogue in body.parts:
            pieces += (preamble, FileSlice(body.file, start, stop), epilogue)
        return Reply(plan.status, fields, lines, tuple(pieces), body.file)
    return Reply(plan.status, fields, lines, tuple(body))


def _missing(fields: Fields, added: Fields) -> Fields:
    names = {name.lower() for name, _ in fields} if added else set()
    return tuple(field for field in added if field[0].lower() not in names)


def _encode(fields: Fields) -> bytes:
    return "".join([*(f"{name}: {value.strip(_BLANKS)}\r\n" for name, value in fields), "\r\n"]).encode("latin-1")


_BLANKS: Final = " \t"


class Recall:
    """Answers again what was answered before, from the bytes of the request line and of the field lines.

    Neither is read again: the files of a site are asked for by the same lines over and over, and a client sends the
    same fields with each request of a page. Both tables are bounded.
    """

    def __init__(self) -> None:
        self._targets: dict[bytes, tuple[Callable[[str], Resource | None], str, bool]] = {}
        self._preferences: dict[bytes, tuple[Preference, bool]] = {}

    def learn(self, request: PlainRequest, data: bytes, lane: Lane, scheme: str) -> None:
        """Remember a request that was answered with a 200 at once, if nothing but its coding depends on its fields."""
        located = lane.locate(request)
        if located is None or located[0].transport is not None or not _CONDITIONS.isdisjoint(request.fields):
            return
        line, _, block = data.partition(b"\r\n")
        for table, most in ((self._targets, _MOST_TARGETS), (self._preferences, _MOST_PREFERENCES)):
            if len(table) >= most:
                table.clear()
        self._targets[line] = (located[0].memory.get, located[1], request.method == "GET")
        # From which address it came may change what a forwarded scheme is worth; that is a field more or less.
        is_secure = located[0].is_secure(_environ(request, scheme))
        self._preferences[block] = (parse_accept_encoding(request.fields.get("accept-encoding")), is_secure)

    def answer(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Return the field lines and the octets of a 200, if these bytes ask for what is known and in memory."""
        line, _, block = data.partition(b"\r\n")
        target = self._targets.get(line)
        known = self._preferences.get(block)
        if target is None or known is None:
            return None
        (get, key, has_body), (preference, is_secure) = target, known
        resource = get(key)
        if resource is None:
            return None
        selected = resource.ready.get(preference)
        if selected is None:
            return None
        lines = selected.heads.get(is_secure and resource.uses_dictionaries)
        if lines is None:
            return None
        return lines, selected.octets if has_body else b""  # type: ignore[return-value]  # what is ready is in memory


_MOST_TARGETS: Final = 4096
_MOST_PREFERENCES: Final = 512
