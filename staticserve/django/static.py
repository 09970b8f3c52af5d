"""Makes the ``StaticServe`` of a Django project, with the manifest that its storage has."""

from __future__ import annotations

import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.core.files.storage.handler import InvalidStorageError
from django.utils.module_loading import import_string

from staticserve.manifest import MANIFEST_NAME, Manifest, make_manifest, read_manifest
from staticserve.wsgi import StaticServe

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from staticserve.django.conf import Configuration

log = logging.getLogger("staticserve")

_COLLECT = "run `manage.py collectstatic`"


def make_static(
    application: WSGIApplication | None, configuration: Configuration, *, with_static_root: bool = True
) -> StaticServe:
    """Return the middleware for STATIC_ROOT and the files of the root directory, under the configured options."""
    static = StaticServe.from_options(application, configuration.options)
    if configuration.root_files is not None:
        static.add_directory(configuration.root_files, ("/",), Manifest, answers_misses=False)
    if with_static_root:
        if configuration.static_root is None:
            log.error("STATIC_ROOT is not set: no static files are served; set it to a directory and %s", _COLLECT)
        else:
            static.add_directory(
                configuration.static_root,
                configuration.prefixes,
                partial(read_project_manifest, configuration.static_root),
                answers_misses=configuration.answers_misses,
                cure=f"; {_COLLECT}",
            )
    return static


def read_project_manifest(static_root: str) -> Manifest:
    """Return the manifest of the project's static files storage; an empty one, and a log line, if there is none.

    Of the project's own storage, because that may give it another name or keep it elsewhere.
    """
    try:
        storage = _make_storage()
        if storage is None:
            return read_manifest(os.path.join(static_root, MANIFEST_NAME)) or Manifest()
        manifest = make_manifest(
            storage.hashed_files,
            storage.manifest_hash,
            storage.manifest_name,
            name_within(static_root, storage),
        )
    # A storage is the project's own code, and Django's raises AttributeError for a manifest that is a list.
    except Exception as error:
        log.error("no manifest can be read (%s): hashed names are proven by their content only; %s", error, _COLLECT)
        return Manifest()
    if not manifest.paths:
        log.error("there is no manifest %s: {%% static %%} will fail; %s", storage.manifest_name, _COLLECT)
    return manifest


def _make_storage() -> Any:
    """Return a new object of the project's storage if it has a manifest.

    Not Django's own object: making that one reads STATIC_URL and MEDIA_URL before the first request has told the
    script prefix, and keeps what it read. What was read here is forgotten again.
    """
    parameters = settings.STORAGES.get("staticfiles")
    if parameters is None:
        raise InvalidStorageError("STORAGES has no 'staticfiles'")
    backend = import_string(parameters["BACKEND"])
    if not (isinstance(backend, type) and issubclass(backend, ManifestFilesMixin)):
        return None
    read_before = set(vars(settings))
    try:
        return storages.create_storage(parameters)
    finally:
        for name in {"STATIC_URL", "MEDIA_URL"} - read_before:
            vars(settings).pop(name, None)


def name_within(static_root: str, storage: Any) -> str | None:
    """Return the manifest's name below ``static_root``, or nothing if the storage keeps it elsewhere."""
    try:
        path = os.path.abspath(storage.manifest_storage.path(storage.manifest_name))
    # Not every storage has files (FileSystemStorage.path is optional), and STATIC_ROOT may be unset in it.
    except (NotImplementedError, ImproperlyConfigured):
        return None
    name = os.path.relpath(path, static_root)
    return None if name.startswith("..") else name
