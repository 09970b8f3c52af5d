"""What a site publishes of its releases: what another build needs to keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from staticserve.store import Snapshot


def list_releases(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the releases of a store, the newest first, each with the proven names that it was the last to have.

    As JSON has them: times in seconds since 1970, sizes in bytes.
    """
    files: list[dict[str, Any]] = [{} for _ in snapshot.releases]
    for name, row in sorted(snapshot.resources.items()):
        if row.is_proven:
            files[row.release][name] = {"sha256": row.sha256, "size": snapshot.contents[row.sha256].size}
    return [
        {"release": release.name, "built": release.built, "superseded": release.superseded, "files": its_files}
        for release, its_files in zip(snapshot.releases, files, strict=True)
    ][::-1]
