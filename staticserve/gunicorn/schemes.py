"""The URL's scheme as gunicorn finds it: from a field of the request, if the peer is a trusted proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gunicorn.http import message

if TYPE_CHECKING:
    from collections.abc import Mapping


class Schemes:
    """Knows the fields that tell a scheme (``secure_scheme_headers``) and whom to believe (``forwarded_allow_ips``)."""

    def __init__(self, cfg: Any) -> None:
        self._cfg = cfg
        self._secure_values = {name.lower(): value for name, value in cfg.secure_scheme_headers.items()}
        self.fields = frozenset(self._secure_values)

    def scheme(self, fields: Mapping[str, str], client: Any) -> str:
        """Return the scheme of a request with these fields from this client."""
        for name, secure_value in self._secure_values.items():
            value = fields.get(name)
            if value is not None and self._is_trusted(client):
                return "https" if value == secure_value else "http"
        return "http"

    def _is_trusted(self, client: Any) -> bool:
        if not isinstance(client, tuple):
            return True
        cfg = self._cfg
        return bool(message._ip_in_allow_list(client[0], cfg.forwarded_allow_ips, cfg.forwarded_allow_networks()))
