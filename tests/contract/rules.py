"""What every answer with a given status has, and the judge of an answer against its case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urljoin

from tests.contract.cases import ALLOW, url_of
from tests.contract.exchange import Request, Response
from tests.contract.tree import FOLDERS, LAST_MODIFIED, MODIFIED, SHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.contract.cases import Case
    from tests.contract.exchange import Exchange
    from tests.contract.tree import File, Tree

Tags = dict[str, str]
"""The entity tag of a file in each of its codings."""


class Problem(NamedTuple):
    """A difference between an answer and the contract: in which respect, and what it is."""

    aspect: str
    """``status``, ``octets``, ``framing``, or a field's name in lower case."""
    message: str


# "An opaque quoted string" (8.8.3), strong: without "W/".
STRONG_TAG: Final = re.compile(r'"[\x21\x23-\x7e\x80-\xff]+"')

_SITE: Final = "http://static.example"
_TEXT: Final = "text/plain; charset=utf-8"

# Status → field → value; None for a field that must be absent.
_RULES: Final[dict[int, Mapping[str, str | None]]] = {
    200: {"Accept-Ranges": "bytes", "Content-Range": None, "Allow": None},
    206: {"Accept-Ranges": "bytes", "Allow": None},
    # "The sender MUST generate ... Cache-Control, Content-Location, Date, ETag, Expires, and Vary" that the 200
    # has, and "SHOULD NOT generate" other metadata (15.4.5).
    304: {
        "Accept-Ranges": "bytes",
        "Content-Type": None,
        "Content-Length": None,
        "Content-Encoding": None,
        "Content-Range": None,
    },
    302: {"Content-Length": "0", "Cache-Control": SHORT, "ETag": None},
    # "An origin server SHOULD NOT send" a body of a 204, "MUST NOT send" its Content-Length (8.6).
    204: {"Allow": ALLOW, "Content-Length": None, "Content-Type": None},
    404: {"Content-Type": _TEXT, "Cache-Control": "no-store", "ETag": None, "Last-Modified": None},
    405: {"Allow": ALLOW, "Content-Length": "0", "Content-Encoding": None},
    412: {"Content-Length": "0", "Content-Encoding": None},
    416: {"Content-Length": "0", "Content-Encoding": None},
}

_HAS_REPRESENTATION: Final = frozenset({200, 206, 304})
_SHARES: Final = frozenset({200, 206, 304, 416})
_NO_CONTENT: Final = frozenset({204, 304})
_SINGLE: Final = ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Content-Range", "Vary", "Location")


def make_request(case: Case, tags: Tags) -> Request:
    """Return a case's request, its tags filled in."""
    opaque = tags.get("identity", "").strip('"')
    fields = tuple((name, value.format(**tags, opaque=opaque)) for name, value in case.fields)
    return Request(case.method, case.target, fields, case.content)


def make_tags_of(exchange: Exchange, tree: Tree) -> Callable[[str], Tags]:
    """Return a function from a file's path to its tags, as an adapter gives them out. Asks for each once."""
    known: dict[str, Tags] = {}

    def tags_of(path: str) -> Tags:
        if path not in tree.files:
            return {}
        if path not in known:
            known[path] = {
                coding: _ask_for_tag(exchange, path, coding) for coding in ("identity", *tree.files[path].codings)
            }
        return known[path]

    return tags_of


def judge(case: Case, request: Request, response: Response, tags: Tags, tree: Tree) -> list[Problem]:
    """Return everything in which an answer is not what the case says."""
    if b"secret" in response.octets or b"root:" in response.octets:
        return [Problem("leak", f"a file that is not to be served: {response.octets[:100]!r}")]
    if response.status != case.status:
        message = f"{response.status} instead of {case.status}: {response.fields} {response.octets[:100]!r}"
        return [Problem("status", message)]
    problems = [*judge_framing(request, response), *_judge_fields(case, request, response, tags, tree)]
    expects_octets = case.method != "HEAD" and case.file and case.status in (200, 206)
    if expects_octets:
        problems += _judge_octets(case, response, tree)
    elif case.status not in (200, 404) and response.octets:
        problems.append(Problem("octets", f"{len(response.octets)} octets where none belong"))
    return problems


def judge_framing(request: Request, response: Response) -> list[Problem]:
    """Return what is wrong with the length of an answer: octets sent are exactly those that were promised."""
    sent = len(response.octets)
    problems = []
    if response.get("Transfer-Encoding") is not None:
        problems.append(Problem("transfer-encoding", f"there is a {response.get('Transfer-Encoding')!r}"))
    if request.method == "HEAD" or response.status in _NO_CONTENT:
        if sent:
            problems.append(Problem("framing", f"{sent} octets after the head of {request.method} {response.status}"))
    else:
        lengths = response.all("Content-Length")
        if lengths != [str(sent)]:
            problems.append(Problem("framing", f"{sent} octets, and Content-Length is {lengths}"))
    for name in _SINGLE:
        if len(response.all(name)) > 1:
            problems.append(Problem(name.lower(), f"{name} is there {len(response.all(name))} times"))
    return problems


def parse_multipart(content_type: str, octets: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Return the parts of a multipart/byteranges body: their fields (lower-case names) and octets (RFC 2046, 5.1.1)."""
    match = re.fullmatch(r'multipart/byteranges;\s*boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?', content_type)
    assert match is not None, content_type
    delimiter = b"\r\n--" + match[1].encode()
    preamble, *parts, end = (b"\r\n" + octets).split(delimiter)
    assert preamble in (b"", b"\r\n"), preamble
    assert end == b"--\r\n", end
    parsed = []
    for part in parts:
        head, blank, content = part.partition(b"\r\n\r\n")
        assert head.startswith(b"\r\n"), head
        assert blank
        lines = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:]]
        parsed.append(({name.lower(): value for name, value in lines}, content))
    return parsed


def _ask_for_tag(exchange: Exchange, path: str, coding: str) -> str:
    fields = () if coding == "identity" else (("Accept-Encoding", coding),)
    return exchange(Request("HEAD", url_of(path), fields)).get("ETag") or ""


def _judge_fields(case: Case, request: Request, response: Response, tags: Tags, tree: Tree) -> list[Problem]:
    expected = _expect_fields(case, tags, tree)
    problems = []
    for name, value in expected.items():
        found = response.get(name)
        if name == "Location" and found is not None:
            found = unquote(urljoin(f"{_SITE}{request.target}", found).removeprefix(_SITE))
            value = unquote(value or "")
        if found != value:
            problems.append(Problem(name.lower(), f"{name} is {found!r} instead of {value!r}"))
    if case.ranges and len(case.ranges) > 1:
        problems += _judge_multipart_type(response)
    if response.get("Date") is None:
        problems.append(Problem("date", "there is no Date"))
    return problems


def _expect_fields(case: Case, tags: Tags, tree: Tree) -> dict[str, str | None]:
    expected: dict[str, str | None] = {}
    folder = FOLDERS.get(case.target.removeprefix("/").partition("/")[0].partition("?")[0])
    file = tree.files.get(case.file)
    is_ours = file is not None or case.status in (302, 404, 405)
    if is_ours:
        expected |= _RULES[case.status]
        expected["X-Content-Type-Options"] = "nosniff"
    if file is not None:
        expected |= _expect_of_file(case, file, tags, tree)
    if folder is not None and is_ours:
        expected |= folder.fields if case.status not in (302, 404) else {"X-Own": folder.fields.get("X-Own")}
    if case.method == "HEAD" and case.status == 200 and file is not None:
        expected["Content-Length"] = str(len(tree.read(case.file, case.coding)))
    return expected | dict(case.expected)


def _expect_of_file(case: Case, file: File, tags: Tags, tree: Tree) -> dict[str, str | None]:
    folder = FOLDERS[file.path.partition("/")[0]]
    expected: dict[str, str | None] = {}
    # "Vary" on every answer whose content, or whose being this answer, depends on the field (12.5.5).
    vary = [*folder.vary, *(["Accept-Encoding"] if file.codings else [])]
    if case.status in _SHARES:
        expected["Vary"] = ", ".join(vary) or None
        expected["Access-Control-Allow-Origin"] = "*" if folder.allows_all_origins else None
    if case.status in _HAS_REPRESENTATION:
        expected["ETag"] = tags[case.coding]
        expected["Cache-Control"] = file.life
    if case.status in (200, 206):
        expected["Content-Type"] = file.content_type
        expected["Content-Encoding"] = case.coding if case.coding != "identity" else None
        expected["Last-Modified"] = LAST_MODIFIED if file.modified == MODIFIED else None
    size = len(tree.read(case.file, case.coding)) if case.status in (206, 416) else 0
    if case.status == 416:
        expected["Content-Range"] = f"bytes */{size}"
    if len(case.ranges) == 1:
        expected["Content-Range"] = f"bytes {case.ranges[0][0]}-{case.ranges[0][1]}/{size}"
    elif case.ranges:
        # "MUST NOT generate a Content-Range header field in the HTTP header section of a multiple part response".
        expected["Content-Range"] = None
        del expected["Content-Type"]
    return expected


def _judge_multipart_type(response: Response) -> list[Problem]:
    content_type = response.get("Content-Type") or ""
    if content_type.startswith("multipart/byteranges; boundary="):
        return []
    return [Problem("content-type", f"Content-Type of several ranges is {content_type!r}")]


def _judge_octets(case: Case, response: Response, tree: Tree) -> list[Problem]:
    whole = tree.read(case.file, case.coding)
    if len(case.ranges) > 1:
        return _judge_parts(case, response, whole, tree)
    start, stop = (case.ranges[0][0], case.ranges[0][1] + 1) if case.ranges else (0, len(whole))
    if response.octets == whole[start:stop]:
        return []
    return [Problem("octets", f"{len(response.octets)} octets that are not bytes {start} to {stop} of {case.file}")]


def _judge_parts(case: Case, response: Response, whole: bytes, tree: Tree) -> list[Problem]:
    try:
        parts = parse_multipart(response.get("Content-Type") or "", response.octets)
    except (AssertionError, ValueError) as error:
        return [Problem("octets", f"not a multipart/byteranges body: {error}")]
    expected = [
        (
            {
                "content-type": tree.files[case.file].content_type,
                "content-range": f"bytes {first}-{last}/{len(whole)}",
            },
            whole[first : last + 1],
        )
        for first, last in case.ranges
    ]
    if parts == expected:
        return []
    found = [(fields, len(content)) for fields, content in parts]
    return [Problem("octets", f"the parts are {found} and not those of {case.ranges}")]
