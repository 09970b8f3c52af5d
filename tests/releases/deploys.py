"""Where a site runs: how each platform builds a release and what is left for the next, and who serves it then."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable  # noqa: TC003  # it is in a type that is made at run time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from wsgiref.simple_server import WSGIRequestHandler, make_server

from whitenoise import WhiteNoise

from staticserve import StaticServe
from staticserve.store import STORE_NAME, StoreReader, StoreWriter
from tests.contract.exchange import Response, exchange_in_validator
from tests.peers.pair import exchange
from tests.releases.collecting import Build, collect, run_apart
from tests.releases.site import make_files, make_page, write_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.pool import Pool
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.contract.exchange import Exchange, Request
    from tests.releases.collecting import Collected

DAY: Final = 86400


class Release(NamedTuple):
    """A release of the site as it was collected, and the directory that it is served from."""

    letter: str
    root: str
    collected: Collected


class Server(NamedTuple):
    """A server of static files, and the storage that goes with it."""

    name: str
    storage: str
    start: Callable[[Release], Exchange]


def _start_staticserve(release: Release) -> Exchange:
    return exchange_in_validator(StaticServe(None, release.root, "static", misses="answer"))


def _start_whitenoise(release: Release) -> Exchange:
    hashed = {f"/static/{name}" for name in release.collected.hashed.values()}
    # What its Django middleware decides with the help of the storage.
    application = WhiteNoise(_answer_404, release.root, "static", immutable_file_test=lambda path, url: url in hashed)

    def ask(request: Request) -> Response:
        try:
            status, fields, octets = exchange(application, request.target, request.method, dict(request.fields))
        # A file that it knows is gone. Every server answers so when an application raises.
        except OSError:
            return Response(500, (), b"")
        return Response(status, tuple(fields.items()), octets)

    return ask


def _answer_404(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
    return [b"<h1>Not Found</h1>"]


STATICSERVE: Final = Server("staticserve", "staticserve.django.storage.StaticServeStorage", _start_staticserve)
WHITENOISE: Final = Server("whitenoise", "whitenoise.storage.CompressedManifestStaticFilesStorage", _start_whitenoise)


class Worker(NamedTuple):
    """A process that serves a release: what it has now, and what it and the builds before it have had."""

    letter: str
    exchange: Exchange
    has: frozenset[str]
    """Logical names."""
    had: frozenset[str]
    """Hashed names."""


def start_worker(server: Server, release: Release, earlier: Iterable[Release] = ()) -> Worker:
    """Start a worker on a release. ``earlier`` were built before it, each with the history of those before."""
    had = {name for each in (*earlier, release) for name in each.collected.hashed.values()}
    has = frozenset(release.collected.hashed)
    return Worker(release.letter, server.start(release), has, frozenset(had))


class Platform(Protocol):
    """Somewhere to deploy to."""

    def build(self, letter: str, **options: Any) -> Release:
        """Build a release with these options of the project, and put it where it is served from."""


@dataclass
class Bench:
    """What builds have in common: the server that they are for, the processes that make them, and room on a disk."""

    server: Server
    pool: Pool
    path: Path
    builds: int = 0

    def make_room(self, name: str) -> str:
        """Return the path of a directory that is not there yet."""
        self.builds += 1
        return str(self.path / f"{name}-{self.builds}")

    def collect(
        self,
        letter: str,
        root: str,
        options: dict[str, Any],
        environment: dict[str, str] | None = None,
        *,
        clears: bool = False,
    ) -> Release:
        """Collect a release into a directory."""
        sources = write_sources(self.path / f"sources-{letter}", make_files(letter))
        job = Build(str(sources), make_page(letter), root, self.server.storage, options, environment or {}, clears)
        collected = run_apart(self.pool, collect, job)
        assert collected.warnings == []
        return Release(letter, root, collected)


@dataclass
class Heroku:
    """Each build is in a directory of its own, which becomes the slug; only CACHE_DIR is there for the next."""

    bench: Bench

    def build(self, letter: str, **options: Any) -> Release:
        """Build a slug, and copy it to a dyno."""
        directory = self.bench.make_room("build")
        self.cache_dir.mkdir(exist_ok=True)
        environment = {"BUILD_DIR": directory, "CACHE_DIR": str(self.cache_dir), "ENV_DIR": str(self.bench.path)}
        release = self.bench.collect(letter, f"{directory}/staticfiles", options, environment)
        dyno = self.bench.make_room("dyno")
        shutil.copytree(release.root, dyno)
        shutil.rmtree(directory)
        return release._replace(root=dyno)

    @property
    def cache_dir(self) -> Path:
        """Return the directory that outlives builds."""
        return self.bench.path / "cache"

    def pass_days(self, days: float) -> None:
        """Let time pass: what is kept for the next build is so much older then."""
        store = self.cache_dir / "staticserve" / os.path.basename(STORE_NAME)
        if store.exists():
            _make_older(str(store), int(days * DAY))


def _make_older(path: str, seconds: int) -> None:
    with closing(StoreReader(path)) as reader:
        snapshot = reader.snapshot()
        releases = tuple(
            row._replace(
                built=row.built - seconds,
                superseded=None if row.superseded is None else row.superseded - seconds,
            )
            for row in snapshot.releases
        )
        with StoreWriter(path) as writer:
            for content in snapshot.contents.values():
                for encoding in content.encodings:
                    if encoding.sha256 is not None:
                        writer.add_blob(reader.read_blob(encoding.sha256))
            writer.add(snapshot._replace(releases=releases))


@dataclass
class Docker:
    """Each build is in an image of its own, which is told where the static root of the image before is."""

    bench: Bench
    previous: list[str] = field(default_factory=list)

    def build(self, letter: str, **options: Any) -> Release:
        """Build an image."""
        root = self.bench.make_room("image")
        release = self.bench.collect(letter, root, {"history": self.previous[-1:], **options})
        self.previous.append(root)
        return release


@dataclass
class Machine:
    """Every release is collected into the one directory, which is served meanwhile; ``--clear`` empties it first."""

    bench: Bench
    clears: bool

    def build(self, letter: str, **options: Any) -> Release:
        """Collect in place."""
        return self.bench.collect(letter, str(self.bench.path / "staticfiles"), options, clears=self.clears)


@dataclass
class LiveSite:
    """Each build is in a directory of its own, and fetches the history from the site as it runs."""

    bench: Bench
    previous: list[str] = field(default_factory=list)

    def build(self, letter: str, **options: Any) -> Release:
        """Build beside the running site."""
        root = self.bench.make_room("release")
        with _serving(self.previous[-1] if self.previous else None) as urls:
            release = self.bench.collect(letter, root, {"history": urls, **options})
        self.previous.append(root)
        return release


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def _serving(root: str | None) -> Iterator[list[str]]:
    """Serve a static root over HTTP, with what other builds need; give its URLs."""
    if root is None:
        yield []
        return
    application = StaticServe(None, root, "static", misses="answer", release_file="files")
    with make_server("127.0.0.1", 0, application, handler_class=_SilentHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield [f"http://127.0.0.1:{server.server_port}/static/"]
        finally:
            with suppress(OSError):
                server.shutdown()
            thread.join()


PLATFORMS: Final[dict[str, Callable[[Bench], Platform]]] = {
    "heroku": Heroku,
    "docker": Docker,
    "machine, cleared": lambda bench: Machine(bench, clears=True),
    "machine": lambda bench: Machine(bench, clears=False),
    "live site": LiveSite,
}
