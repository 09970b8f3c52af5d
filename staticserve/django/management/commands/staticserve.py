"""``manage.py staticserve build``: makes the release store after any ``collectstatic``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from staticserve.cli import add_build_arguments, run_build
from staticserve.django.conf import read_configuration
from staticserve.django.static import read_project_manifest
from staticserve.errors import StaticServeError

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Runs one of staticserve's commands for this project."""

    help = "Builds the release store of STATIC_ROOT."
    # Like collectstatic, it has no use for the database, nor for what needs one.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the commands."""
        commands = parser.add_subparsers(required=True, metavar="COMMAND")
        build = commands.add_parser("build", help="make the release store of STATIC_ROOT")
        add_build_arguments(build)
        build.set_defaults(run=self._build)

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Run the chosen command."""
        try:
            options["run"](options)
        except StaticServeError as error:
            raise CommandError(str(error)) from error

    def _build(self, chosen: dict[str, Any]) -> None:
        configuration = read_configuration()
        root = configuration.static_root
        if root is None:
            raise CommandError("STATIC_ROOT is not set; set it to a directory and run `manage.py collectstatic`")
        build = configuration.build
        if chosen["cache_dir"]:
            build = replace(build, cache_dir=chosen["cache_dir"])
        if chosen["codings"]:
            build = replace(build, options=replace(build.options, codings=tuple(chosen["codings"])))
        run_build(root, read_project_manifest(root), build, as_json=chosen["json"])
