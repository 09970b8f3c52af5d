"""Part 8: what a browser downloads that comes back after a deploy: adjacent releases of real packages."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

import brotli
import django.contrib.admin

from benchmarks.corpus import Package, fetch_package
from benchmarks.inside.environs import ask, make_environ
from benchmarks.limits import Limit, judge
from benchmarks.machine import describe_machine
from benchmarks.measures import Measure, Result, Sample, Target, make_samples, summarise
from staticserve import StaticServe
from staticserve.options import Options
from staticserve.pipeline.build import build_store
from staticserve.pipeline.hashing import hash_names
from staticserve.pipeline.options import BuildOptions
from staticserve.store import STORE_DIRECTORY

if TYPE_CHECKING:
    from benchmarks.measures import Scale

TITLE: Final = "Deltas: what a returning browser downloads"

MEASURES: Final = (
    Measure("whitenoise B", digits=0),
    Measure("staticserve B", digits=0),
    Measure("part"),
    Measure("of the table"),
    Measure("build s"),
)
TARGETS: Final[tuple[Target, ...]] = ()

_MEDIAN: Final = "the median"
_MOST: Final = 0.15
_TOLERANCE: Final = 1.1
_WITH: Final = "build with deltas"
_WITHOUT: Final = "build without"
_MOST_TIME: Final = 1.3
_BUILDS: Final = 3


class Pair(NamedTuple):
    """A file in two adjacent releases, and what a delta between them was measured to take elsewhere (bytes)."""

    package: str
    name: str
    old: str
    new: str
    known: int


_PAIRS: Final = (
    Pair("react-dom", "cjs/react-dom-client.production.js", "19.2.9", "19.3.0", 19_862),
    Pair("react-dom", "cjs/react-dom-client.production.js", "19.3.0", "19.3.1", 126),
    Pair("react-dom", "umd/react-dom.production.min.js", "18.2.0", "18.3.1", 3_053),
    Pair("htmx.org", "dist/htmx.min.js", "2.0.10", "2.0.11", 2_767),
    Pair("alpinejs", "dist/cdn.min.js", "3.17.4", "3.17.5", 249),
    Pair("bootstrap", "dist/css/bootstrap.min.css", "5.3.8", "5.3.9", 135),
    Pair("swagger-ui-dist", "swagger-ui-bundle.js", "5.34.1", "5.35.0", 19_883),
    Pair("swagger-ui-dist", "swagger-ui.css", "5.34.1", "5.35.0", 187),
    Pair("Django", "admin/css/base.css", "5.2.8", "6.0.4", 457),
    Pair("Django", "admin/css/base.css", "6.0.4", "6.1.3", 855),
    Pair("Django", "admin/js/SelectFilter2.js", "5.2.8", "6.1.3", 1_258),
)


def why_not() -> str | None:
    """Return why this part cannot be run, if so."""
    return None if shutil.which("npm") is not None else "there is no npm to fetch the packages with"


def peer_of(subject: str) -> str:
    """Return what a subject is compared with."""
    return _MEDIAN


def measure(scale: Scale) -> Result:
    """Deploy each pair, and ask for the new file as a browser does that has the old one."""
    environment = describe_machine()
    samples: list[Sample] = []
    notes = []
    parts = []
    for pair in _PAIRS:
        subject = f"{os.path.basename(pair.name)} {pair.old} → {pair.new}"
        try:
            old, new = (_read(pair, version) for version in (pair.old, pair.new))
        except (OSError, subprocess.CalledProcessError) as error:
            notes.append(f"{subject} could not be had: {error}")
            continue
        delta, whole = _download(pair.name, old, new), len(brotli.compress(new))
        parts.append(delta / whole)
        values = {"whitenoise B": whole, "staticserve B": delta, "part": parts[-1], "of the table": delta / pair.known}
        samples += make_samples(subject, 0, values)
        notes += judge([Limit(subject, "of the table", _TOLERANCE)], samples)
    samples += make_samples(_MEDIAN, 0, {"part": median(parts)})
    for number in range(min(scale.rounds, _BUILDS)):
        for subject, deltas in ((_WITH, 3), (_WITHOUT, 0)):
            samples += make_samples(subject, number, {"build s": _time_build(deltas)})
    without = summarise(samples)[_WITHOUT, "build s"].median
    return Result(
        part="deltas",
        about=[
            "Real files of adjacent releases, collected and built one after the other. whitenoise: its br, of the new",
            "file; staticserve: what it sends to a browser that has the old one. Of the table: to what zstd 22 makes.",
            "Build: of the admin's files and three bundles, after a tenth of them has changed a little.",
        ],
        notes=[
            *judge([Limit(_MEDIAN, "part", _MOST), Limit(_WITH, "build s", without * _MOST_TIME)], samples),
            *notes,
        ],
        settings={"pairs": len(_PAIRS)},
        environment=environment,
        samples=samples,
    )


def _download(name: str, old: bytes, new: bytes) -> int:
    """Return the bytes of the new release's file for a browser that has the old release's."""
    base = os.path.basename(name)
    with tempfile.TemporaryDirectory() as root:
        for content in (old, new):
            for each in os.listdir(root):
                if each != STORE_DIRECTORY:
                    os.unlink(os.path.join(root, each))
            with open(os.path.join(root, base), "wb") as file:
                file.write(content)
            manifest = hash_names(root, Options())
            build_store(root, manifest)
        application = StaticServe(None, root, "static")
        environ = make_environ(manifest.paths[base]) | {
            "HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd, dcb, dcz",
            "HTTP_AVAILABLE_DICTIONARY": f":{base64.b64encode(hashlib.sha256(old).digest()).decode()}:",
            "wsgi.url_scheme": "https",
        }
        return int(ask(application, environ).fields["content-length"])


def _time_build(deltas: int) -> float:
    """Return the seconds that the next release's build takes when a tenth of the files has changed."""
    source = os.path.join(os.path.dirname(django.contrib.admin.__file__), "static")
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree(source, root, dirs_exist_ok=True)
        for name in ("bootstrap.css", "react-dom.js", "htmx.js"):
            with open(os.path.join(root, name), "wb") as file:
                file.write(_read(_BUNDLES[name], _BUNDLES[name].old))
        manifest = hash_names(root, Options())
        build_store(root, manifest, BuildOptions(deltas=deltas))
        names = sorted(manifest.paths)
        for name in names[9::10]:
            with open(os.path.join(root, name), "ab") as file:
                file.write(b"\n/* the next release */\n")
        manifest = hash_names(root, Options())
        started = perf_counter()
        build_store(root, manifest, BuildOptions(deltas=deltas))
        return perf_counter() - started


_BUNDLES: Final = {"react-dom.js": _PAIRS[0], "htmx.js": _PAIRS[3], "bootstrap.css": _PAIRS[5]}


def _read(pair: Pair, version: str) -> bytes:
    if pair.package == "Django":
        return _read_django(pair.name, version)
    directory = fetch_package(Package(pair.package, version, ("dist/", "umd/", "cjs/", "swagger-ui")))
    with open(os.path.join(directory, pair.package, pair.name), "rb") as file:
        return file.read()


def _read_django(name: str, version: str) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += ["--python-version", "3.13", "--dest", directory, f"Django=={version}"]
        subprocess.run(command, check=True)
        (wheel,) = os.listdir(directory)
        with zipfile.ZipFile(os.path.join(directory, wheel)) as archive:
            return archive.read(f"django/contrib/admin/static/{name}")
