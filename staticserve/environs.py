"""What a WSGI environ says of a request: its fields, and whether it came by https (PEP 3333)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from staticserve.plan import REQUEST_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

ProxyHeader = tuple[str, str]
"""A key of the environ, and the value by which a proxy says there that a request came to it by https."""

_PREFIX: Final = "HTTP_"


def environ_key(field_name: str) -> str:
    """Return the key under which an environ has a field."""
    return _PREFIX + field_name.upper().replace("-", "_")


def field_name(key: str) -> str | None:
    """Return the lower-case name of the field that an environ has under a key, if it is one of the request's."""
    return key.removeprefix(_PREFIX).replace("_", "-").lower() if key.startswith(_PREFIX) else None


_KEYS: Final = tuple((environ_key(name), name) for name in REQUEST_FIELDS)


def request_fields(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a request that ``make_plan`` reads, from a WSGI environ or Django's ``META``."""
    return {name: environ[key] for key, name in _KEYS if key in environ}


def request_scheme(environ: Mapping[str, Any], proxy_header: ProxyHeader | None) -> str:
    """Return ``https`` or ``http``, as Django reads them: the first proxy's word if there is one, else the server's."""
    told = None if proxy_header is None else environ.get(proxy_header[0])
    if told is None or proxy_header is None:
        scheme: str = environ.get("wsgi.url_scheme", "http")
        return scheme
    return "https" if told.partition(",")[0].strip() == proxy_header[1] else "http"
