"""Probes a project in process, or a live site."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from staticserve.doctor.findings.serving import nobody_serves
from staticserve.doctor.probe import Targets, Troubles, make_findings, probe
from staticserve.doctor.rule import show, without_credentials
from staticserve.doctor.site import MAX_NAMES, WORKERS, Site

if TYPE_CHECKING:
    from staticserve.doctor.finding import Finding
    from staticserve.doctor.project import Project


def probe_project(project: Project) -> list[Finding]:
    """Ask the project's own WSGI application, as with DEBUG=False."""
    if project.failure is not None:
        return _nobody("the project does not load")
    from staticserve.django.probe import Application

    application = Application.load()
    if isinstance(application, str):
        return _nobody(application)
    with application:
        targets = Targets(project.settings.static_path, _names(project), application.pages)
        return _judged(probe(targets, application.ask), project, is_running=False)


def probe_site(project: Project, url: str) -> list[Finding]:
    """Ask a live site for the files of the manifest here."""
    base = without_credentials(url if url.endswith("/") else f"{url}/")
    host = _host(base)
    if host is None:
        return _nobody(f"{show(url)} is not the URL of a site")
    static_url = urljoin(base, without_credentials(project.settings.static_url or "static/"))
    names = _names(project)
    step = max(1, len(names) // MAX_NAMES)
    targets = Targets(static_url, names[::step][:MAX_NAMES], [base])
    site = Site()
    try:
        site.ask(base, {})
        with ThreadPoolExecutor(WORKERS) as executor:
            return _judged(probe(targets, site.ask, executor), project, is_running=True)
    except OSError as error:
        return _nobody(f"{host} cannot be asked ({type(error).__name__})")


def _names(project: Project) -> list[tuple[str, str]]:
    if project.manifest is not None and project.storage.hashes:
        return sorted(project.manifest.paths.items())
    return [(name, name) for name in sorted(project.collected)]


def _nobody(reason: str) -> list[Finding]:
    return make_findings(Troubles({"E056": [reason]}))


def _host(url: str) -> str | None:
    """Return the host of a site's URL; nothing if it is none."""
    try:
        split = urlsplit(url)
        return split.hostname if split.scheme in ("http", "https") else None
    except ValueError:
        return None


def _judged(troubles: Troubles, project: Project, *, is_running: bool) -> list[Finding]:
    """Return the findings. Where another says the cause, its consequences are left out."""
    missing = [*troubles.seen.get("E050", ()), *troubles.seen.get("E013", ())]
    is_unserved = any(nobody_serves(project))
    is_older = is_running and troubles.page_links_found > 0
    if missing and (is_unserved or is_older):
        for number in ("E050", "E013"):
            troubles.seen.pop(number, None)
        if not is_unserved:
            troubles.seen["W034"] = missing
    return make_findings(troubles)
