"""Who may deploy: whoever sits at the machine that the demo runs on, and nobody else."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def why_not(request: HttpRequest) -> str | None:
    """Return why whoever asks may not deploy, as a sentence, or nothing if they may."""
    if not settings.DEMO_DEPLOYS:
        return "Deploys by button are switched off on this server (DEMO_DEPLOYS)."
    # A proxy on the same machine asks in others' names.
    if not _is_loopback(request.META.get("REMOTE_ADDR", "")) or "HTTP_X_FORWARDED_FOR" in request.META:
        return "The button is there for the machine that the demo runs on only: open this page at localhost."
    if not request.META.get("SERVER_SOFTWARE", "").startswith("gunicorn/"):
        return "The button needs gunicorn, whose workers it replaces."
    return None


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    # A Unix socket has no address, and the process at its other end is most often a proxy.
    except ValueError:
        return False
    # gunicorn listens on one socket for IPv6 and IPv4: "::ffff:127.0.0.1".
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback
