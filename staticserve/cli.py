"""The command line: ``staticserve build``, ``serve``, ``releases``, ``doctor`` and ``explain``."""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from staticserve.doctor.command import (
    add_doctor_arguments,
    add_explain_arguments,
    read_choice,
    run_doctor,
    run_explain,
)
from staticserve.doctor.entry import find_entry
from staticserve.errors import ManifestError, StaticServeError, StoreError
from staticserve.manifest import MANIFEST_NAME, Manifest, read_manifest
from staticserve.options import make_options
from staticserve.pipeline.build import build_store
from staticserve.pipeline.hashing import hash_names
from staticserve.pipeline.options import BuildOptions
from staticserve.pipeline.pruning import describe_held, list_held, prune_store
from staticserve.pipeline.releases import RETENTION_NAMES, RetentionRules
from staticserve.semantics.negotiation import WHOLE_CODINGS
from staticserve.store import STORE_NAME
from staticserve.wsgi import StaticServe, make_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

FAILED: Final = 1
WRONG_USAGE: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code: 0, 1 if it failed, 2 if it was called wrongly."""
    logging.basicConfig(format="%(message)s")
    parser = argparse.ArgumentParser(prog="staticserve", description="Builds and serves directories of static files.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="make the release store of a directory")
    build.add_argument("directory", metavar="DIR")
    build.add_argument("--hash", action="store_true", help="give the files hashed names and write a manifest, first")
    build.add_argument("--follow-symlinks", action="store_true", help="also links that leave the directory")
    build.add_argument("--hard-links", action="store_true", help="let equal files share their blocks")
    build.add_argument("--dotfiles", action="store_true", help="also names that begin with a dot")
    add_build_arguments(build)
    build.set_defaults(run=_build)
    releases = commands.add_parser("releases", help="list the releases that a directory's store holds")
    releases.add_argument("directory", metavar="DIR")
    add_releases_arguments(releases)
    releases.set_defaults(run=_releases)
    serve = commands.add_parser("serve", help="serve a directory, to look at it")
    serve.add_argument("directory", metavar="DIR")
    serve.add_argument("--prefix", default="/", help="the URL path below which it is served (default /)")
    serve.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT", help="default 127.0.0.1:8000")
    serve.set_defaults(run=_serve)
    doctor = commands.add_parser("doctor", help="say what is wrong with a Django project's static files")
    _add_project_arguments(doctor, add_doctor_arguments)
    doctor.set_defaults(run=partial(_look_into, run=run_doctor, read=read_choice))
    explain = commands.add_parser("explain", help="tell the life of one of a Django project's static files")
    _add_project_arguments(explain, add_explain_arguments)
    explain.set_defaults(run=partial(_look_into, run=run_explain, read=itemgetter("name")))
    chosen = parser.parse_args(arguments)
    try:
        result: int = chosen.run(chosen)
    except StaticServeError as error:
        print(f"staticserve: {error}", file=sys.stderr)
        return FAILED
    return result


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every way to build takes."""
    parser.add_argument("--cache-dir", metavar="PATH", help="where a copy of the store is kept between builds")
    parser.add_argument(
        "--coding",
        action="append",
        choices=WHOLE_CODINGS,
        dest="codings",
        help="one to make; may be repeated (default all)",
    )
    parser.add_argument(
        "--history",
        action="append",
        metavar="PATH-OR-URL",
        help="where else the store of the release before may be: a static root, a copy of its store, or the STATIC_URL"
        " of the live site; may be repeated",
    )
    parser.add_argument(
        "--deltas", type=_count, metavar="N", help="against how many earlier releases' files to make deltas (default 3)"
    )
    _add_retention_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def add_releases_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every way to list releases takes."""
    _add_retention_arguments(parser)
    parser.add_argument("--prune", action="store_true", help="drop those that need not stay, first")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def _add_retention_arguments(parser: argparse.ArgumentParser) -> None:
    def add(name: str, metavar: str, text: str) -> None:
        parser.add_argument(name, type=_count, metavar=metavar, help=text)

    add("--keep-releases", "N", "how many earlier releases stay at least")
    add("--keep-for", "SECONDS", "how long a release stays after the next was built")
    add("--keep-bytes", "N", "how many bytes earlier releases may take in all")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"a whole number that is not negative, not {text!r}")
    return int(text)


def make_build(build: BuildOptions, chosen: Mapping[str, Any]) -> BuildOptions:
    """Return the options of a build as the command line changes them."""
    if chosen["cache_dir"]:
        build = replace(build, cache_dir=chosen["cache_dir"])
    if chosen["codings"]:
        build = replace(build, options=replace(build.options, codings=tuple(chosen["codings"])))
    if chosen["deltas"] is not None:
        build = replace(build, deltas=chosen["deltas"])
    if chosen["history"]:
        build = replace(build, history=tuple(chosen["history"]))
    return replace(build, retention=_make_retention(build.retention, chosen))


def _make_retention(rules: RetentionRules, chosen: Mapping[str, Any]) -> RetentionRules:
    return replace(rules, **{name: chosen[name] for name in RETENTION_NAMES if chosen[name] is not None})


def run_releases(root: str, rules: RetentionRules, chosen: Mapping[str, Any]) -> None:
    """List the releases in the store of ``root``; with ``--prune`` drop those that need not stay, first."""
    if not os.path.exists(f"{root}/{STORE_NAME}"):
        raise StoreError(f"{root}/{STORE_NAME}", "there is none; make it with `staticserve build` or `collectstatic`")
    rules, now = _make_retention(rules, chosen), int(time.time())
    if chosen["prune"]:
        prune_store(root, rules, now)
    held = list_held(root, rules, now)
    if chosen["json"]:
        print(json.dumps([each.as_dict() for each in held], indent=2))
    else:
        print("\n".join(describe_held(held, now)))


def _add_project_arguments(parser: argparse.ArgumentParser, add_arguments: Callable[..., None]) -> None:
    add_arguments(parser)
    parser.add_argument("project", metavar="DIR", nargs="?", default=".", help="where manage.py is (default here)")
    parser.add_argument("--settings", metavar="MODULE", help="the settings module, if not manage.py's")


def _look_into(chosen: argparse.Namespace, run: Callable[..., int], read: Callable[..., Any]) -> int:
    """Run a command for the Django project of a directory, as manage.py would if its settings import."""
    entry = find_entry(chosen.project, chosen.settings, os.environ)
    if entry is None:
        where = os.path.abspath(chosen.project)
        print(f"staticserve: there is no manage.py in {where}; give its directory, or --settings", file=sys.stderr)
        return WRONG_USAGE
    choice = read(vars(chosen))
    os.chdir(entry.root)
    sys.path.insert(0, entry.root)
    return run(entry, choice, is_loaded=False)


def run_build(root: str, manifest: Manifest, build: BuildOptions, *, as_json: bool) -> None:
    """Build a store and print what was done."""
    with _progress(hidden=as_json) as progress:
        report = build_store(root, manifest, build, progress)
    if as_json:
        print(json.dumps(report.as_dict(), indent=2))
    else:
        print("\n".join(report.lines()))


def _build(chosen: argparse.Namespace) -> int:
    root = os.path.abspath(chosen.directory)
    if not os.path.isdir(root):
        print(f"staticserve: there is no directory {root}", file=sys.stderr)
        return WRONG_USAGE
    given: dict[str, Any] = {"follow_symlinks": chosen.follow_symlinks, "dotfiles": chosen.dotfiles}
    options = make_options(given, "staticserve build")
    manifest = hash_names(root, options) if chosen.hash else _read_manifest(root)
    # In a directory that somebody edits, links would surprise: a change to one file would be one to another.
    build = BuildOptions(options=options, hard_links=chosen.hard_links)
    run_build(root, manifest, make_build(build, vars(chosen)), as_json=chosen.json)
    return 0


def _releases(chosen: argparse.Namespace) -> int:
    root = os.path.abspath(chosen.directory)
    if not os.path.isdir(root):
        print(f"staticserve: there is no directory {root}", file=sys.stderr)
        return WRONG_USAGE
    run_releases(root, RetentionRules(), vars(chosen))
    return 0


def _read_manifest(root: str) -> Manifest:
    try:
        return read_manifest(os.path.join(root, MANIFEST_NAME)) or Manifest()
    except ManifestError as error:
        print(f"staticserve: {error}; hashed names are proven by their content only", file=sys.stderr)
        return Manifest()


def _serve(chosen: argparse.Namespace) -> int:
    root = os.path.abspath(chosen.directory)
    if not os.path.isdir(root):
        print(f"staticserve: there is no directory {root}", file=sys.stderr)
        return WRONG_USAGE
    host, _, port = chosen.bind.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        print(f"staticserve: --bind is HOST:PORT, not {chosen.bind}", file=sys.stderr)
        return WRONG_USAGE
    prefix = make_prefix(chosen.prefix)
    print(f"serving {root} at http://{chosen.bind}{prefix}")
    sys.stdout.flush()
    if importlib.util.find_spec("gunicorn"):
        # gunicorn imports and calls what it is told, in each of its workers.
        application = f"staticserve:StaticServe(None, {root!r}, {prefix!r}, index_file=True)"
        # Not where it would find somebody's gunicorn.conf.py.
        os.chdir("/")
        command = [sys.executable, "-m", "gunicorn", "--threads", "4", "--bind", chosen.bind, application]
        os.execv(sys.executable, command)  # noqa: S606  # no shell
    from werkzeug.serving import run_simple

    run_simple(host.strip("[]"), int(port), StaticServe(None, root, prefix, index_file=True), threaded=True)
    return 0


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on a terminal, and nothing elsewhere."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("encoding", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
