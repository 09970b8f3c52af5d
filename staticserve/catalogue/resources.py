"""Makes resources: from what was read of a file and its codings to ready field lines."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple
from wsgiref.headers import Headers

from staticserve.model import Coded, Fields, Representation, Resource
from staticserve.plan import NOSNIFF
from staticserve.semantics.caching import cache_control, last_modified
from staticserve.semantics.dictionaries import use_as_dictionary
from staticserve.semantics.fields import RESERVED, is_field_name, is_field_value, without
from staticserve.semantics.media_types import make_media_types
from staticserve.semantics.negotiation import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from staticserve.options import Options

log = logging.getLogger("staticserve")


class Described(NamedTuple):
    """What a resource is made from. ``path`` is the file, ``url`` its URL path, ``mtime`` seconds since 1970."""

    path: str
    url: str
    codings: Sequence[Coded]
    mtime: float
    is_proven: bool
    """Whether the name is known to stand for this content for ever."""
    deltas: Sequence[Coded] = ()
    is_dictionary: bool = False
    """Whether deltas of what comes after it may be made against it."""


def make_resource_maker(options: Options) -> Callable[[Described], Resource]:
    """Return the function that makes resources under these options."""
    content_type_of = make_media_types(options.mimetypes, options.charset)

    # Without a function of the user's, files of one type, life and variety have the same fields.
    known: dict[tuple[str, bool, tuple[str, ...]], tuple[str, Fields, Fields]] = {}

    def make_resource(described: Described) -> Resource:
        is_immutable = described.is_proven or _user_says_immutable(options, described)
        varies: tuple[str, ...] = ("Accept-Encoding",) if len(described.codings) > 1 else ()
        if described.deltas or described.is_dictionary:
            varies = _VARIES_BY_DICTIONARY
        content_type = content_type_of(described.path)
        if options.add_headers_function is not None:
            content_type, shared, common = make_fields(content_type, is_immutable, varies, described)
        else:
            key = (content_type, is_immutable, varies)
            if key not in known:
                known[key] = make_fields(*key, described)
            content_type, shared, common = known[key]
        modified = last_modified(described.mtime, time.time())
        tail: Fields = (("Accept-Ranges", "bytes"), *shared)
        if modified is not None:
            tail_with_date: Fields = (("Last-Modified", modified), *tail)
        else:
            tail_with_date = tail
        dictionary_url = described.url if described.is_dictionary else None
        return Resource(
            codings=tuple(described.codings),
            make_representation=partial(_make_representation, content_type, tail_with_date, tail, dictionary_url),
            content_type=content_type,
            last_modified=modified,
            common_fields=common,
            allow_all_origins=options.allow_all_origins,
            uses_dictionaries=described.is_dictionary,
            deltas=tuple(described.deltas),
        )

    def make_fields(
        content_type: str, is_immutable: bool, varies: tuple[str, ...], described: Described
    ) -> tuple[str, Fields, Fields]:
        """Return the Content-Type, the fields that all answers share, and those of answers without content."""
        headers = Headers([("Content-Type", content_type)])
        life = cache_control(options.max_age, is_immutable=is_immutable)
        if life is not None:
            headers["Cache-Control"] = life
        if options.allow_all_origins:
            headers["Access-Control-Allow-Origin"] = "*"
        for name, value in options.fields.items():
            headers[name] = value
        headers = _ask_user(options, headers, described)
        shared = _shared_fields(headers, varies)
        return headers["Content-Type"] or content_type, shared, without(shared, "cache-control")

    return make_resource


# "If the response is cacheable, it MUST include a Vary" of both (RFC 9842, 6.2).
_VARIES_BY_DICTIONARY: Final = ("Accept-Encoding", "Available-Dictionary")


def _make_representation(
    content_type: str, tail_with_date: Fields, tail: Fields, dictionary_url: str | None, coded: Coded
) -> Representation:
    # Strong, and of the coded octets: two codings of a file never share a tag (RFC 9110, 8.8.3.3), nor do two
    # encoders' ideas of one coding. 128 bits are past any accident.
    etag = f'"{coded.sha256[:32]}"'
    validator = ("ETag", etag)
    part_fields: Fields = (("Content-Type", content_type), validator, *tail_with_date)
    if coded.coding != IDENTITY:
        part_fields = (("Content-Encoding", coded.coding), *part_fields)
    fields: Fields = (("Content-Length", str(coded.size)), *part_fields)
    used_for = None if dictionary_url is None else use_as_dictionary(dictionary_url)
    return Representation(
        coding=coded.coding,
        size=coded.size,
        etag=etag,
        octets=coded.octets,
        fields=fields,
        part_fields=part_fields,
        # "A sender SHOULD NOT generate representation metadata other than" what updates the cache (15.4.5).
        not_modified_fields=(validator, *tail),
        heads={},
        secure_fields=None if used_for is None else (*fields, ("Use-As-Dictionary", used_for)),
        dictionary=coded.dictionary,
    )


def _shared_fields(headers: Headers, varies: tuple[str, ...]) -> Fields:
    vary = [token.strip() for token in ", ".join(headers.get_all("Vary")).split(",") if token.strip()]
    given = {token.lower() for token in vary}
    if "*" not in given:
        vary += [name for name in varies if name.lower() not in given]
    return (
        *(
            (name, value)
            for name, value in headers.items()
            if name.lower() not in {"content-type", "vary", "x-content-type-options"}
        ),
        *((("Vary", ", ".join(vary)),) if vary else ()),
        NOSNIFF,
    )


def _ask_user(options: Options, headers: Headers, described: Described) -> Headers:
    """Return the headers as the user's function leaves them; as they were if it fails."""
    if options.add_headers_function is None:
        return headers
    changed = Headers(list(headers.items()))
    try:
        options.add_headers_function(changed, described.path, described.url)
    except Exception:
        log.exception("add_headers_function failed for %s; it is served without its fields", described.url)
        return headers
    return Headers([field for field in changed.items() if _is_sendable(field, described.url)])


def _is_sendable(field: tuple[str, object], url: str) -> bool:
    name, value = field
    if not is_field_name(name) or not is_field_value(value):
        log.warning("add_headers_function set %r to %r for %s, which no field can be", name, value, url)
        return False
    if name.lower() in RESERVED:
        log.warning("add_headers_function set %s for %s; that field is not its to set", name, url)
        return False
    return True


def _user_says_immutable(options: Options, described: Described) -> bool:
    if options.immutable_file_test is None:
        return False
    try:
        return bool(options.immutable_file_test(described.path, described.url))
    except Exception:
        log.exception("immutable_file_test failed for %s; it is served as mutable", described.url)
        return False
