"""Puts a ``Project`` together: what is known of its settings, and what is on the disk."""

from __future__ import annotations

import mimetypes
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from staticserve.doctor.collected import find_changed, find_lost_uris, read_links, read_manifest_file, read_tree
from staticserve.doctor.findings.serving import servers_in_middleware
from staticserve.doctor.links import Link, LinkReader
from staticserve.doctor.modules import find_module
from staticserve.doctor.project import PLAIN_STORAGE, Failure, Place, Project, Reference, Settings, Storage
from staticserve.doctor.references import find_references
from staticserve.doctor.releases_held import Held, read_held
from staticserve.doctor.sources import IGNORED, Listing, list_places
from staticserve.doctor.surroundings import (
    find_fronts,
    find_ignored,
    find_manage_files,
    find_repository,
    read_deployment,
)
from staticserve.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from staticserve.doctor.project import SourceFile
    from staticserve.doctor.settings_source import ParsedSettings

_TYPES_ASKED: Final = (".css", ".js", ".mjs", ".wasm", ".svg", ".json", ".woff", ".woff2", ".webmanifest")


class Known(NamedTuple):
    """What Django, or parsing alone, tells of a project before its files are looked at."""

    root: str
    module: str | None
    django: tuple[int, ...]
    settings: Settings
    parsed: ParsedSettings
    storage: Storage
    places: Sequence[Place]
    template_dirs: Sequence[str]
    environment: Mapping[str, str]
    failure: Failure | None = None
    manifest_path: str | None = None
    ignored_patterns: Sequence[str] = IGNORED
    others: Mapping[str, SourceFile] = {}
    """Files of finders that are not Django's."""
    problems: Sequence[str] = ()


class Gathered(NamedTuple):
    """A project, and the bytes of its files' codings."""

    project: Project
    codings: dict[str, dict[str, int]]


def gather(known: Known, *, deploy: bool) -> Gathered:
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
    project = Project(
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
        has_codings=bool(codings),
        releases=held.releases,
        store_problem=held.problem,
        has_store=held.has_store,
        references=tuple(references.names),
        hard_coded=tuple(references.hard_coded),
        error_page=tuple(references.error_page),
        servers=_servers(known, references.servers),
        fronts=find_fronts(repository or root, settings.static_path),
        guessed_types={ending: mimetypes.guess_type(f"a{ending}")[0] for ending in _TYPES_ASKED},
        deployment=read_deployment(root, repository),
        manage_files=find_manage_files(repository) if repository is not None else (),
        repository=repository,
        ignored=find_ignored([path for _, path in settings.dirs], repository),
    )
    return Gathered(project, codings)


def known_storage(backend: str | None) -> Storage:
    """Return what is known of a storage by its name alone."""
    name = backend or PLAIN_STORAGE
    is_enhanced, is_ours = "enhanced" in name.lower(), name.startswith("staticserve.")
    hashes = is_ours or ("Manifest" in name and not name.startswith("storages."))
    return Storage(
        hashes=hashes,
        names_are_md5=not is_enhanced,
        misses_maps=is_ours,
        judges_references=is_enhanced,
        is_ours=is_ours,
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
    middleware = [Reference(name, "", 0) for name in servers_in_middleware(known.settings.middleware)]
    return (*kept, *middleware)


def _may_serve(reference: Reference) -> bool:
    # A wrapper may be in a module that wsgi.py imports from, or in an asgi.py beside it.
    return not os.path.basename(reference.file).startswith(("test", "conftest"))


def _time(path: str) -> float | None:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None
