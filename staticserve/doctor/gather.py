"""Puts a ``Project`` together: what is known of its settings, and what is on the disk."""

from __future__ import annotations

import mimetypes
import os
from typing import TYPE_CHECKING, Final

from staticserve.doctor.collected import find_changed, find_lost_uris, read_links, read_manifest_file, read_tree
from staticserve.doctor.findings.serving import JUDGED
from staticserve.doctor.links import Link, LinkReader
from staticserve.doctor.modules import find_module
from staticserve.doctor.project import Project, Reference
from staticserve.doctor.references import find_references
from staticserve.doctor.releases_held import Held, read_held
from staticserve.doctor.sources import Listing, list_places
from staticserve.doctor.surroundings import (
    find_fronts,
    find_ignored,
    find_manage_files,
    find_repository,
    read_deployment,
)
from staticserve.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from staticserve.doctor.known import Known
    from staticserve.doctor.settings import Settings
    from staticserve.doctor.storage import Storage

_SERVERS: Final = frozenset({"whitenoise", "servestatic", "staticserve"})
"""Packages with a middleware that serves static files."""


def gather(known: Known, *, deploy: bool) -> Project:
    """Return the project with all that is on the disk. Reads; writes nothing, and runs nothing of the project's."""
    settings, root, storage = known.settings, known.root, known.storage
    listing = list_places(known.places, known.ignored_patterns)
    for name, file in known.others.items():
        listing.add(name, file)
    unreadable = [*known.problems, *listing.unreadable]
    tree = read_tree(settings.static_root, unreadable)
    manifest_path = known.manifest_path or os.path.join(settings.static_root or "", MANIFEST_NAME)
    read = read_manifest_file(manifest_path if storage.hashes and settings.static_root else None)
    manifest = read.manifest
    held = read_held(settings.static_root, manifest.release if manifest else "") if settings.static_root else Held()
    references = find_references(root, known.template_dirs, settings.static_path)
    links, texts = _links(storage, settings, listing, unreadable)
    codings = {name: dict(sizes) for name, sizes in held.codings.items()}
    for name, sizes in tree.codings.items():
        codings[name] = {**sizes, **codings.get(name, {})}
    repository = find_repository(root)
    return Project(
        root=root,
        module=known.module,
        django=known.django,
        settings=settings,
        parsed=known.parsed,
        storage=storage,
        failure=known.failure,
        deploy=deploy,
        environment=known.environment,
        places=tuple(known.places),
        found=listing.found,
        shadowed=listing.shadowed,
        hidden=tuple(listing.hidden),
        unreadable=tuple(dict.fromkeys([*unreadable, *references.unreadable])),
        manifest=manifest,
        manifest_path=manifest_path,
        manifest_problem=read.problem,
        manifest_time=read.written,
        deployed_time=_time(os.path.join(root, "manage.py")),
        collected=tree.sizes,
        changed=(
            find_changed(settings.static_root, manifest, tree.sizes)
            if manifest is not None and settings.static_root is not None and storage.names_are_md5
            else ()
        ),
        links=links,
        lost_uris=(
            find_lost_uris(settings.static_root, manifest, texts)
            if manifest is not None and settings.static_root is not None
            else {}
        ),
        codings=codings,
        releases=held.releases,
        store_problem=held.problem,
        has_store=held.has_store,
        references=tuple(references.names),
        hard_coded=tuple(references.hard_coded),
        error_page=tuple(references.error_page),
        servers=_servers(known, references.servers),
        fronts=find_fronts(repository or root, settings.static_path),
        guessed_types={ending: mimetypes.guess_type(f"a{ending}")[0] for ending in JUDGED},
        deployment=read_deployment(root, repository),
        manage_files=find_manage_files(repository) if repository is not None else (),
        repository=repository,
        ignored=find_ignored([path for _, path in settings.dirs], repository),
    )


def _links(
    storage: Storage, settings: Settings, listing: Listing, unreadable: list[str]
) -> tuple[dict[str, tuple[Link, ...]], dict[str, str]]:
    if not storage.hashes:
        return {}, {}
    reader = LinkReader(storage.ignores_comments, storage.rewrites_imports, settings.static_path)
    return read_links(listing.found, reader, unreadable)


def _servers(known: Known, in_code: Sequence[Reference]) -> tuple[Reference, ...]:
    """Return what serves, by the code of the WSGI module and of URLs, and by MIDDLEWARE (whose line is 0)."""
    name = (known.settings.wsgi_application or "").rpartition(".")[0]
    module = find_module(name, [known.root]) if name else None
    kept = [each for each in in_code if module is None or each.file == module or _may_serve(each)]
    packages = [path.partition(".")[0] for path in known.settings.middleware]
    return (*kept, *(Reference(name, "", 0) for name in packages if name in _SERVERS))


def _may_serve(reference: Reference) -> bool:
    # A wrapper may be in a module that wsgi.py imports from, or in an asgi.py beside it.
    return not os.path.basename(reference.file).startswith(("test", "conftest"))


def _time(path: str) -> float | None:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None
