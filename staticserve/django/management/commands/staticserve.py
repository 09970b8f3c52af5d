"""``manage.py staticserve build``, ``releases``, ``doctor`` and ``explain``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from staticserve.cli import (
    add_build_arguments,
    add_releases_arguments,
    make_build,
    run_build,
    run_releases,
)
from staticserve.django.conf import read_configuration
from staticserve.django.static import read_project_manifest
from staticserve.doctor.command import (
    add_doctor_arguments,
    add_explain_arguments,
    read_choice,
    run_doctor,
    run_explain,
)
from staticserve.doctor.entry import Entry
from staticserve.errors import StaticServeError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from staticserve.django.conf import Configuration


class Command(BaseCommand):
    """Runs one of staticserve's commands for this project."""

    help = "Builds the release store of STATIC_ROOT, lists its releases; says what is wrong with static files."
    # Like collectstatic, it has no use for the database, nor for what needs one.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the commands."""
        commands = parser.add_subparsers(required=True, metavar="COMMAND")
        build = commands.add_parser("build", help="make the release store of STATIC_ROOT")
        add_build_arguments(build)
        build.set_defaults(run=self._build)
        releases = commands.add_parser("releases", help="list the releases that the store of STATIC_ROOT holds")
        add_releases_arguments(releases)
        releases.set_defaults(run=self._releases)
        doctor = commands.add_parser("doctor", help="say what is wrong with the static files, and how to mend it")
        add_doctor_arguments(doctor)
        doctor.set_defaults(run=self._doctor)
        explain = commands.add_parser("explain", help="tell the life of one static file")
        add_explain_arguments(explain)
        explain.set_defaults(run=self._explain)

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Run the chosen command."""
        try:
            options["run"](options)
        except StaticServeError as error:
            raise CommandError(str(error)) from error

    def _doctor(self, chosen: dict[str, Any]) -> None:
        sys.exit(run_doctor(self._entry(), read_choice(chosen), is_loaded=True))

    def _explain(self, chosen: dict[str, Any]) -> None:
        sys.exit(run_explain(self._entry(), chosen["name"], is_loaded=True))

    def _entry(self) -> Entry:
        # manage.py's own directory, wherever it was called from; django-admin has none.
        directory, name = os.path.split(os.path.abspath(sys.argv[0]))
        return Entry(directory if name == "manage.py" else os.getcwd(), settings.SETTINGS_MODULE)

    def _build(self, chosen: dict[str, Any]) -> None:
        configuration, root = _read_root()
        build = make_build(configuration.build, chosen)
        run_build(root, read_project_manifest(root), build, as_json=chosen["json"])

    def _releases(self, chosen: dict[str, Any]) -> None:
        configuration, root = _read_root()
        run_releases(root, configuration.build.retention, chosen)


def _read_root() -> tuple[Configuration, str]:
    configuration = read_configuration()
    if configuration.static_root is None:
        raise CommandError("STATIC_ROOT is not set; set it to a directory and run `manage.py collectstatic`")
    return configuration, configuration.static_root
