"""``manage.py staticserve build``, which makes the release store after any ``collectstatic``, and ``releases``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from staticserve.errors import StaticServeError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from staticserve.django.conf import Configuration


class Command(BaseCommand):
    """Runs one of staticserve's commands for this project."""

    help = "Builds the release store of STATIC_ROOT, and lists the releases in it."
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

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Run the chosen command."""
        try:
            options["run"](options)
        except StaticServeError as error:
            raise CommandError(str(error)) from error

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
