"""Findings in what collectstatic made: the manifest, the collected files and the release store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from staticserve.doctor.findings.places import where
from staticserve.doctor.rule import Rule, Seen, show, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staticserve.doctor.project import Project

_COLLECT: Final = "python manage.py collectstatic --noinput"

_ADMIN: Final = "django.contrib.admin"
_ADMIN_CSS: Final = "admin/css/base.css"

_HOUR: Final = 3600


def _no_manifest(project: Project) -> Iterator[Seen]:
    if not project.is_deployed or not project.lacks_manifest or not project.storage.is_strict:
        return
    # Said by E035 together with what follows from it there.
    if project.settings.static_root is None or project.manifest_path is None or project.error_page:
        return
    path = project.relative(project.manifest_path)
    yield Seen(
        f"The storage {show(project.settings.storage)} needs {path}, and there is none.",
        f"{_COLLECT}  # in the build; and unset DISABLE_COLLECTSTATIC",
        project.manifest_path,
    )


def _bad_manifest(project: Project) -> Iterator[Seen]:
    if project.manifest_problem is not None and project.manifest_path is not None:
        path = project.relative(project.manifest_path)
        yield Seen(
            f"{path} cannot be read: {project.manifest_problem}.", f"rm {path} && {_COLLECT}", project.manifest_path
        )


def _no_admin(project: Project) -> Iterator[Seen]:
    if not project.is_deployed or _ADMIN not in project.settings.apps or not project.settings.static_root:
        return
    if project.manifest is not None and project.storage.hashes:
        is_there, in_what = _ADMIN_CSS in project.manifest.paths, "the manifest"
    elif project.collected and not project.storage.hashes:
        is_there, in_what = _ADMIN_CSS in project.collected, "STATIC_ROOT"
    else:
        return
    if not is_there:
        yield Seen(f"The admin is installed, but {_ADMIN_CSS} is not in {in_what}.", _COLLECT)


def _changed(project: Project) -> Iterator[Seen]:
    if project.changed:
        yield Seen(
            f"{len(project.changed)} collected files no longer have the content that their names are made from: "
            f"{some(project.changed)}.",
            f"{_COLLECT}  # and minify before it, not after",
            project.collected_path(project.changed[0]),
        )
    if project.manifest is not None and project.storage.hashes and project.collected and project.storage.is_strict:
        gone = [hashed for hashed in project.manifest.paths.values() if hashed not in project.collected]
        if gone:
            yield Seen(
                f"{len(gone)} files that the manifest lists are not there: {some(gone)}.",
                f"{_COLLECT}  # and copy STATIC_ROOT whole",
                project.collected_path(gone[0]),
            )


def _nothing_collected(project: Project) -> Iterator[Seen]:
    root = project.settings.static_root
    if not project.is_deployed or not root or project.collected or project.storage.hashes:
        return
    state = "is empty" if os.path.isdir(root) else "does not exist"
    yield Seen(f"STATIC_ROOT, {show(project.relative(root))}, {state}.", _COLLECT, *where(project, "STATIC_ROOT"))


def _stale(project: Project) -> Iterator[Seen]:
    manifest, written = project.manifest, project.manifest_time
    if manifest is None or written is None or not _judges_manifest(project) or not project.storage.is_strict:
        return
    # Older ones have been left out, with "collectstatic --ignore".
    names = [name for name, file in project.found.items() if file.mtime > written and name not in manifest.paths]
    if names:
        yield Seen(f"{len(names)} static files came after the last collectstatic: {some(names)}.", _COLLECT)


def _unproven(project: Project) -> Iterator[Seen]:
    if project.storage.is_strict or not _judges_manifest(project) or project.server == "staticserve":
        return
    paths = project.manifest.paths if project.manifest is not None else {}
    names = [name for name in project.found if name in project.collected and name not in paths]
    if names:
        yield Seen(
            f"manifest_strict is False, and {len(names)} files are not in the manifest: {some(names)}. Pages link to "
            "hashed names of them that do not exist.",
            _COLLECT,
        )


def _judges_manifest(project: Project) -> bool:
    return project.storage.hashes and project.is_deployed


def _one_off_dyno(project: Project) -> Iterator[Seen]:
    dyno = project.environment.get("DYNO", "")
    written, deployed = project.manifest_time, project.deployed_time
    if dyno.startswith("run.") and written is not None and deployed is not None and written - deployed > _HOUR:
        yield Seen(
            f"The static files here were collected on the one-off dyno {dyno}, not in the build.",
            "heroku config:unset DISABLE_COLLECTSTATIC && git commit --allow-empty -m Rebuild && git push heroku",
        )
    for number, line in enumerate(project.deployment.get("Procfile", "").splitlines(), 1):
        if project.deploy and line.startswith("release:") and "collectstatic" in line:
            yield Seen(
                "The release phase runs collectstatic, on a dyno of its own.",
                "Take it out of the Procfile: the build runs collectstatic.",
                os.path.join(project.root, "Procfile"),
                number,
            )


def _bad_store(project: Project) -> Iterator[Seen]:
    if project.store_problem is not None:
        yield Seen(f"The release store cannot be used: {project.store_problem}.", "python manage.py staticserve build")


RULES: Final = (
    Rule(
        "E001",
        "collecting",
        "there is no manifest",
        "Every page that uses {% static %} is an error 500: Missing staticfiles manifest entry.",
        _no_manifest,
    ),
    Rule(
        "E014", "collecting", "the admin's files are not collected", "The admin is shown without its style.", _no_admin
    ),
    Rule(
        "E020",
        "collecting",
        "the manifest cannot be read",
        "Pages are errors 500, and collectstatic fails on it too.",
        _bad_manifest,
    ),
    Rule(
        "W022",
        "collecting",
        "a collected file is not what its name says",
        "Browsers and CDNs that keep the hashed name for ever keep one of two contents.",
        _changed,
    ),
    Rule(
        "W024",
        "collecting",
        "files are collected where they are lost",
        "A one-off dyno has a file system of its own, which ends with it: the web dynos never see the files.",
        _one_off_dyno,
    ),
    Rule("W027", "collecting", "nothing is collected", "The server has nothing to serve.", _nothing_collected),
    Rule(
        "W037",
        "collecting",
        "files are not in the manifest",
        "They work with DEBUG=True, and raise in production.",
        _stale,
    ),
    Rule(
        "W039", "collecting", "hashed names without files", "They are 404, although the plain file is there.", _unproven
    ),
    Rule(
        "W045",
        "collecting",
        "the release store cannot be used",
        "The directory is served instead: without its codings and without earlier releases.",
        _bad_store,
    ),
)
