"""Where WhiteNoise and StaticServe answer differently, and why. Each is seen on every question that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tests.peers.questions import HASHED, RANGES_READ_BY_BOTH, RANGES_READ_BY_WHITENOISE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.peers.pair import Question

_FOREVER: Final = "max-age=315360000, public, immutable"
_WITH_INDEX_FILES: Final = ("with index files", "live with index files")


class Difference(NamedTuple):
    """What is answered otherwise to all questions that fit."""

    aspect: str
    theirs: tuple[object, ...]
    """Any of these."""
    ours: object
    reason: str
    paths: tuple[str, ...]
    field: str | None = None
    """Among the question's; nothing for questions that have none."""
    values: tuple[str, ...] = ()
    """Of that field; none for any."""
    methods: tuple[str, ...] = ("GET", "HEAD")
    variants: tuple[str, ...] = tuple(VARIANTS)

    def fits(self, variant: str, question: Question) -> bool:
        """Return whether a question, under the options of that variant, is one that this is about."""
        fields = [each for each in (question.field, question.also) if each is not None]
        return (
            question.path in self.paths
            and question.method in self.methods
            and variant in self.variants
            and (
                any(name == self.field and value in (self.values or (value,)) for name, value in fields)
                if self.field is not None
                else not fields
            )
        )


_MEDIA_TYPES: Final = (
    ("/favicon.ico", "image/x-icon", "image/vnd.microsoft.icon", "IANA's name."),
    ("/letters.woff", "application/font-woff", "font/woff", "RFC 8081."),
    ("/letters.ttf", "application/octet-stream", "font/ttf", "RFC 8081."),
    ("/letters.otf", "application/octet-stream", "font/otf", "RFC 8081."),
    ("/voice.opus", "application/octet-stream", "audio/ogg", "RFC 7845, 9."),
    ("/app.js.map", "application/octet-stream", "application/json", "ECMA-426."),
    ("/site.webmanifest", "application/octet-stream", "application/manifest+json", "W3C, Web Application Manifest."),
    ("/backup.gz", "application/octet-stream", "application/gzip", "RFC 6713."),
)

_CODINGS: Final = (
    ("*", None, "br", '"*" matches any coding (RFC 9110, 12.5.3).'),
    ("GZIP", None, "gzip", "Codings are case-insensitive (8.4.1)."),
    ("my-gzip", "gzip", None, "That is another coding: WhiteNoise searches for the word."),
    ("gzip;q=0", "gzip", None, "A weight of 0 means not acceptable (12.4.2)."),
    ("br;q=0, gzip", "br", "gzip", "A weight of 0 means not acceptable (12.4.2)."),
    ("gzip;q=1.0, br;q=0.5", "br", "gzip", "The higher weight is preferred (12.5.3)."),
    ("identity, gzip;q=0.5", "gzip", None, "The higher weight is preferred (12.5.3)."),
)

_CONDITIONS: Final = (
    ("If-None-Match", "W/{tag}", 304, "If-None-Match compares weakly (13.1.2)."),
    ("If-None-Match", '"another", {tag}', 304, "If-None-Match is a list (13.1.2)."),
    ("If-None-Match", "*", 304, '"*" is false for what there is (13.1.2).'),
    ("If-Match", '"another"', 412, "If-Match is evaluated (13.1.1)."),
    ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 412, "If-Unmodified-Since is evaluated (13.1.4)."),
)

_SINGLE_BYTES: Final[Mapping[str, tuple[str, ...]]] = {
    "/app.js": ("bytes=0-0", "bytes=5-5", "bytes=-1", "bytes=57-"),
    "/one.txt": ("bytes=0-9", "bytes=-5", "bytes=-1000", "bytes=0-", "bytes=0-0", "bytes=-1"),
}
_PAST_THE_END: Final[Mapping[str, tuple[str, ...]]] = {
    "/app.js": ("bytes=1000-", "bytes=1000-1001"),
    "/style.css": ("bytes=1000-",),
    "/one.txt": (
        *("bytes=3-", "bytes=5-1000", "bytes=1000-", "bytes=1000-1001", "bytes=5-5", "bytes=57-", "bytes=-0"),
    ),
}

DIFFERENCES: Final = (
    *(Difference("content_type", (theirs,), ours, reason, (path,)) for path, theirs, ours, reason in _MEDIA_TYPES),
    *(
        Difference("coding", (theirs,), ours, reason, ("/style.css",), "Accept-Encoding", (value,))
        for value, theirs, ours, reason in _CODINGS
    ),
    *(
        Difference("status", (200,), ours, reason, ("/app.js", "/style.css"), field, (value,))
        for field, value, ours, reason in _CONDITIONS
    ),
    *(
        Difference("status", (416,), 206, "A range may have one byte (14.1.2).", (path,), "Range", values, ("GET",))
        for path, values in _SINGLE_BYTES.items()
    ),
    *(
        Difference(
            "content_type",
            (None,),
            "text/plain",
            "A 416 has a Content-Type, and a Content-Length of 0.",
            (path,),
            "Range",
            values,
            ("GET",),
        )
        for path, values in _PAST_THE_END.items()
    ),
    Difference(
        "status",
        (206,),
        416,
        "A suffix of no bytes is not satisfiable (14.1.2).",
        ("/app.js",),
        "Range",
        ("bytes=-0",),
        ("GET",),
    ),
    Difference(
        "status",
        (206, 416),
        200,
        "Positions are digits, and the last is not before the first; else the field is invalid (14.1.1).",
        ("/app.js", "/one.txt"),
        "Range",
        RANGES_READ_BY_WHITENOISE,
        ("GET",),
    ),
    Difference(
        "status",
        (200,),
        206,
        "Range units are case-insensitive (14.1).",
        ("/app.js", "/one.txt"),
        "Range",
        ("BYTES=0-9",),
        ("GET",),
    ),
    Difference(
        "status",
        (200,),
        206,
        "Of several ranges, one that is satisfiable is a single part (15.3.7).",
        ("/one.txt",),
        "Range",
        ("bytes=0-1,4-5",),
        ("GET",),
    ),
    Difference(
        "status",
        (416,),
        200,
        "An empty file has no byte to point at; the whole of it is the helpful answer.",
        ("/empty.txt",),
        "Range",
        (*RANGES_READ_BY_BOTH, *RANGES_READ_BY_WHITENOISE),
        ("GET",),
    ),
    Difference(
        "status",
        (206, 416),
        200,
        "A server MUST ignore Range with a method other than GET (14.2).",
        ("/app.js", "/style.css", "/one.txt", "/empty.txt"),
        "Range",
        (*RANGES_READ_BY_BOTH, *RANGES_READ_BY_WHITENOISE),
        ("HEAD",),
    ),
    Difference(
        "status",
        (206,),
        200,
        "A part of another representation is not asked for (If-Range, 13.1.5).",
        ("/app.js",),
        "If-Range",
        ('"another"',),
        ("GET",),
    ),
    Difference(
        "life",
        ("max-age=60, public", "max-age=1000, public", None),
        _FOREVER,
        "A name that holds the MD5 of the bytes proves them, without a manifest, too.",
        (f"/{HASHED}",),
    ),
    Difference(
        "status",
        (200,),
        404,
        "Names that begin with a dot, the manifest, and links out of the root are not for the public.",
        ("/.env", "/staticfiles.json", "/link.txt"),
    ),
    Difference(
        "content_type",
        (None,),
        "text/plain",
        "A 405 has a Content-Type, and a Content-Length of 0, without which it is chunked.",
        ("/app.js",),
        methods=("POST", "PUT", "DELETE", "PATCH", "get"),
    ),
    Difference(
        "status",
        (405,),
        204,
        "OPTIONS says which methods there are (9.3.7).",
        ("/app.js",),
        methods=("OPTIONS",),
    ),
    Difference(
        "content_type",
        (None,),
        "text/plain",
        "A redirect has a Content-Type, and a Content-Length of 0.",
        ("/docs", "/docs/index.html"),
        variants=_WITH_INDEX_FILES,
    ),
    Difference(
        "location",
        ("docs/",),
        "./docs/",
        "The same reference, in the form that is right for names with a colon, too (RFC 3986, 4.2).",
        ("/docs",),
        variants=_WITH_INDEX_FILES,
    ),
)


def find_breaches(variant: str, question: Question, found: Mapping[str, tuple[object, object]]) -> list[str]:
    """Return what of the differences found is not in the table, and what of the table was not found."""
    fitting = [each for each in DIFFERENCES if each.fits(variant, question)]
    lines = [f"{question}: {aspect}: {found[aspect]}" for aspect in found.keys() - {each.aspect for each in fitting}]
    for each in fitting:
        theirs, ours = found.get(each.aspect, (None, None))
        if each.aspect not in found or theirs not in each.theirs or ours != each.ours:
            lines.append(f"{question}: {each.aspect}: {found.get(each.aspect)}, and not what the table has")
    return lines
