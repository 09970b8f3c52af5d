"""Tells the project's pages which release they are of."""

from __future__ import annotations

from django.contrib.staticfiles.storage import staticfiles_storage

from staticserve.wsgi import live_instances


def read_release() -> str:
    """Return the release whose URLs this process prints; an empty string if nobody knows.

    That is the manifest's hash, as in ``staticserve.json``; without a manifest, what the store calls it.
    """
    manifest_hash = getattr(staticfiles_storage, "manifest_hash", "")
    if manifest_hash:
        return str(manifest_hash)
    return next((static.mounts.release for static in live_instances() if static.mounts.release is not None), "")
