"""The commands ``doctor`` and ``explain``, for manage.py and for the command line alike."""

from __future__ import annotations

import io
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TextIO

from staticserve.doctor.diagnose import diagnose
from staticserve.doctor.explain import Line, explain
from staticserve.doctor.finding import ERROR, WARNING
from staticserve.doctor.gather import gather
from staticserve.doctor.known import know_by_parsing
from staticserve.doctor.project import Failure
from staticserve.doctor.report import print_json, print_lines, print_report
from staticserve.doctor.settings_source import parse_settings
from staticserve.errors import ReportError, StaticServeError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Mapping, Sequence

    from staticserve.doctor.entry import Entry
    from staticserve.doctor.explain import Server
    from staticserve.doctor.finding import Finding
    from staticserve.doctor.known import Known
    from staticserve.doctor.model import Diagnosis
    from staticserve.doctor.project import Project

HAS_ERRORS: Final = 1
HAS_WARNINGS: Final = 2


class Choice(NamedTuple):
    """What was asked for."""

    deploy: bool = False
    probe: bool = False
    url: str | None = None
    as_json: bool = False
    only: Sequence[str] = ()
    ignore: Sequence[str] = ()
    fail_on: str = ERROR
    html: str | None = None


def add_doctor_arguments(parser: ArgumentParser) -> None:
    """Add the options of ``doctor``."""
    parser.add_argument("--deploy", action="store_true", help="judge as with DEBUG=False, and look at Heroku's files")
    parser.add_argument("--probe", action="store_true", help="ask the project's WSGI application for every file")
    parser.add_argument("--url", metavar="URL", help="ask a live site for its files")
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="show these; may be repeated")
    parser.add_argument("--ignore", action="append", default=[], metavar="ID", help="leave these out")
    parser.add_argument("--fail-on", choices=(ERROR, WARNING), default=ERROR, help="what makes the exit code bad")
    parser.add_argument("--html", metavar="FILE", help="write a page with the findings and the files")


def read_choice(chosen: Mapping[str, Any]) -> Choice:
    """Return the options as they were parsed. Ids may be given with commas between."""
    return Choice(
        chosen["deploy"],
        chosen["probe"],
        chosen["url"],
        chosen["json"],
        _ids(chosen["only"]),
        _ids(chosen["ignore"]),
        chosen["fail_on"],
        chosen["html"],
    )


def run_doctor(entry: Entry, choice: Choice, *, is_loaded: bool) -> int:
    """Find out what is wrong with a project, say it, and return the exit code."""
    project = gather(know(entry, is_loaded=is_loaded), deploy=choice.deploy)
    extra: list[Finding] = []
    if choice.probe:
        from staticserve.doctor.probing import probe_project

        extra += probe_project(project)
    if choice.url is not None:
        from staticserve.doctor.probing import probe_site

        extra += probe_site(project, choice.url)
    _take_any_text(sys.stdout)
    diagnosis = diagnose(project, extra, only=choice.only, ignore=choice.ignore)
    if choice.html is not None:
        _write_page(diagnosis, choice.html)
    (print_json if choice.as_json else print_report)(diagnosis, sys.stdout)
    return exit_code(diagnosis, choice.fail_on)


def add_explain_arguments(parser: ArgumentParser) -> None:
    """Add what ``explain`` takes."""
    parser.add_argument("name", metavar="NAME-OR-URL", help="css/app.css, a hashed name, or a URL")


def run_explain(entry: Entry, name: str, *, is_loaded: bool) -> int:
    """Tell the life of one file; return 1 if there is no such file."""
    project = gather(know(entry, is_loaded=is_loaded), deploy=True)
    # It asks for a file that no release has, to tell what becomes of that: no news for a log.
    logging.getLogger("staticserve").setLevel(logging.ERROR)
    is_known, lines = explain(project, name, _make_server(project))
    if project.failure is not None:
        lines.append(Line("settings", f"{project.failure.what}: this is what parsing tells"))
    _take_any_text(sys.stdout)
    print_lines(lines, sys.stdout)
    return 0 if is_known else HAS_ERRORS


def _make_server(project: Project) -> Server | None:
    if project.failure is not None:
        return None
    from staticserve.django.served import make_served

    try:
        return make_served()
    # STATICSERVE or STATIC_URL cannot be used: the doctor says so.
    except StaticServeError:
        return None


def exit_code(diagnosis: Diagnosis, fail_on: str) -> int:
    """Return 1 if there are errors, 2 if there are warnings only and those count, else 0."""
    if diagnosis.count(ERROR):
        return HAS_ERRORS
    return HAS_WARNINGS if fail_on == WARNING and diagnosis.count(WARNING) else 0


def know(entry: Entry, *, is_loaded: bool) -> Known:
    """Return what there is to know before the files are looked at. ``is_loaded``: manage.py has done that."""
    parsed = parse_settings(entry.module, [entry.root, *sys.path], os.environ)
    try:
        from staticserve.django import inspection
    except ImportError as error:
        return know_by_parsing(entry, parsed, _failure("Django cannot be imported", error))
    failure = None
    if not is_loaded:
        if entry.module is None:
            nowhere = Failure("The settings are not found", "manage.py names no settings module", None, None)
            return know_by_parsing(entry, parsed, nowhere)
        failure = inspection.load(entry.root, entry.module, parsed)
    try:
        return inspection.know(entry, parsed, failure)
    # Settings may hold anything at all.
    except Exception as error:
        return know_by_parsing(entry, parsed, failure or _failure("The project cannot be looked into", error))


def _failure(what: str, error: Exception) -> Failure:
    return Failure(what, type(error).__name__, None, None)


def _take_any_text(out: TextIO) -> None:
    """Have an output of another encoding than UTF-8 show what it lacks, instead of raising."""
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")


def _write_page(diagnosis: Diagnosis, path: str) -> None:
    from staticserve.doctor.page import make_page

    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(make_page(diagnosis))
    except OSError as error:
        raise ReportError(path, error.strerror or type(error).__name__) from error


def _ids(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for each in given for name in each.replace(",", " ").split())
