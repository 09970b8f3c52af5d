"""Whether this is a gunicorn, and a configuration of it, that the lane knows how to stand beside."""

from __future__ import annotations

import inspect
from typing import Any, Final

import gunicorn
from gunicorn.http import message
from gunicorn.workers.gthread import TConn, ThreadWorker

_KNOWN_VERSIONS: Final = (26, 27)

_METHODS: Final = {
    "accept": ["self", "listener"],
    "enqueue_req": ["self", "conn"],
    "finish_request": ["self", "conn", "fs"],
    "murder_pending": ["self"],
    "on_client_socket_readable": ["self", "conn", "client"],
    "set_accept_enabled": ["self", "enabled"],
}


def is_known_gunicorn() -> bool:
    """Return whether gunicorn's insides are those that the lane was written for."""
    return (
        gunicorn.version_info[0] in _KNOWN_VERSIONS
        and hasattr(message, "_ip_in_allow_list")
        and (
            list(inspect.signature(TConn.__init__).parameters) == ["self", "cfg", "sock", "client", "server"]
            and all(
                hasattr(ThreadWorker, name) and list(inspect.signature(getattr(ThreadWorker, name)).parameters) == names
                for name, names in _METHODS.items()
            )
        )
    )


def reason_to_step_aside(cfg: Any) -> str | None:
    """Return why a configuration leaves static requests to gunicorn, for the log; nothing if it does not.

    These either change what the bytes of a connection are, or want to see every request.
    """
    if cfg.is_ssl:
        return "TLS ends in gunicorn"
    if cfg.proxy_protocol not in ("off", False, None):
        return "proxy_protocol is on"
    if getattr(cfg, "protocol", "http") != "http":
        return f"the protocol is {cfg.protocol}"
    if "h2" in getattr(cfg, "http_protocols", ()):
        return "HTTP/2 is on"
    for hook, own in (("pre_request", "PreRequest."), ("post_request", "PostRequest.")):
        # gunicorn's own do nothing but write a debug line. Hooks of fewer arguments it wraps in a function of its own.
        function = getattr(cfg, hook)
        module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
        if module != "gunicorn.config" or not name.startswith(own):
            return f"a {hook} hook is set"
    for setting in ("casefold_http_method", "permit_obsolete_folding", "strip_header_spaces"):
        if getattr(cfg, setting, False):
            return f"{setting} is on"
    return None
