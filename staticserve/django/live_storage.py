"""Looks at the static files storage that a project has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import django
from django.contrib.staticfiles.storage import HashedFilesMixin, ManifestFilesMixin
from django.core.files.storage import FileSystemStorage
from django.utils.module_loading import import_string

from staticserve.django.static import _make_storage
from staticserve.doctor.storage import Storage, known_storage
from staticserve.errors import ManifestError
from staticserve.manifest import MANIFEST_NAME, read_manifest

if TYPE_CHECKING:
    from staticserve.doctor.settings import Settings


def read_storage(live: Settings) -> tuple[Storage, str | None]:
    """Return what the storage does, and where its manifest is."""
    if live.storage is None:
        return known_storage(None), None
    try:
        backend = import_string(live.storage)
    except (ImportError, ValueError) as error:
        return Storage(problem=f"{type(error).__name__}: {live.storage} cannot be imported"), None
    # One whose files are elsewhere would ask there: the doctor does not go over the network.
    if not (
        isinstance(backend, type) and issubclass(backend, ManifestFilesMixin) and issubclass(backend, FileSystemStorage)
    ):
        return Storage(), None
    storage: Any = None
    problem = None
    try:
        storage = _make_storage()
    # The project's own code, and Django's raises AttributeError for a manifest that is a list.
    except Exception as error:
        if _is_manifest_sound(live, backend):
            problem = _storage_problem(error)
    is_enhanced = "enhanced" in "".join(each.__module__ for each in backend.__mro__)
    is_ours = any(each.__module__ == "staticserve.django.storage" for each in backend.__mro__)
    asked: Any = backend if storage is None else storage
    facts = Storage(
        hashes=True,
        is_strict=bool(asked.manifest_strict),
        names_are_md5=not is_enhanced and backend.file_hash is HashedFilesMixin.file_hash,
        misses_maps=is_ours,
        judges_references=is_enhanced or backend.url_converter is not HashedFilesMixin.url_converter,
        ignores_comments=is_enhanced or django.VERSION >= (6, 1),
        rewrites_imports=bool(asked.support_js_module_import_aggregation),
        problem=problem,
    )
    return facts, _manifest_path(live, asked)


def _is_manifest_sound(live: Settings, backend: Any) -> bool:
    try:
        read_manifest(os.path.join(live.static_root or "", backend.manifest_name))
    except ManifestError:
        return False
    return live.static_root is not None


def _storage_problem(error: Exception) -> str:
    kind, text = type(error).__name__, str(error)
    # Other messages may have the values of options, credentials among them.
    return f"{kind}: {text}" if "unexpected keyword argument" in text else kind


def _manifest_path(live: Settings, storage: Any) -> str | None:
    try:
        path: str = os.path.abspath(storage.manifest_storage.path(storage.manifest_name))
    # A class has no such object yet; not every storage has paths.
    except Exception:
        name = getattr(storage, "manifest_name", MANIFEST_NAME)
        return os.path.join(live.static_root, name) if live.static_root is not None else None
    return path
