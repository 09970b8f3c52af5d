"""Part 4: collecting a site with bundles, from nothing and with nothing changed: time, disk, and what browsers get."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.collecting import collect, disk_bytes
from benchmarks.contenders import installed_version
from benchmarks.corpus import PACKAGES, fetch_packages, why_no_corpus
from benchmarks.machine import describe_machine
from benchmarks.measures import FULL, Measure, Result, Sample, Target, make_samples
from benchmarks.rounds import interleave, run_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.collecting import Collection
    from benchmarks.measures import Scale

TITLE: Final = "Build: collectstatic of a site with bundles"

MEASURES: Final = (
    Measure("seconds"),
    Measure("CPU s"),
    Measure("peak MB", digits=0),
    Measure("disk MB", digits=1),
    Measure("download MB"),
)

TARGETS: Final = (
    Target("staticserve, cold", "seconds", 1 / 0.4),
    Target("staticserve, cold", "disk MB", 1 / 0.65),
    Target("staticserve, cold", "download MB", 1),
    Target("staticserve, warm", "seconds", 1 / 1.25),
)

# A cold run of WhiteNoise takes minutes, and a warm one as long again. Nothing in them varies but the machine's load.
_MOST_SLOW_ROUNDS: Final = 1

# What matches is collected by nobody: a package whose own references lead nowhere would end it for all.
_IGNORED: Final[tuple[str, ...]] = ()

# Only developer tools ask for source maps, and only Node for .cjs: what is sent of them counts for nothing here.
_UNSOUGHT: Final = (".map", ".cjs")


class Builder(NamedTuple):
    """A storage, and the contender that serves what it leaves."""

    name: str
    storage: str
    server: str


_BUILDERS: Final = (
    # Django's own has no server; Werkzeug's sends the files as they are.
    Builder("Django", "django.contrib.staticfiles.storage.ManifestStaticFilesStorage", "werkzeug"),
    Builder("whitenoise", "whitenoise.storage.CompressedManifestStaticFilesStorage", "whitenoise"),
    Builder("staticserve", "staticserve.django.storage.StaticServeStorage", "staticserve"),
)
_SLOW: Final = frozenset({"whitenoise"})


def why_not() -> str | None:
    """Return why this part cannot be run, if so."""
    return why_no_corpus()


def peer_of(subject: str) -> str:
    """Return what a subject is compared with: cold, WhiteNoise; warm, Django's own storage."""
    return "Django, warm" if subject.endswith(", warm") else "whitenoise, cold"


def measure(scale: Scale) -> Result:
    """Collect with every storage, then again with nothing changed."""
    environment = describe_machine()
    environment["versions"] |= {"Django": installed_version("Django"), "brotli": installed_version("brotli")}
    # A smoke run fetches nothing and collects the admin's files alone.
    sources = fetch_packages() if scale.urls >= FULL.urls else []
    slow_rounds = min(scale.rounds, _MOST_SLOW_ROUNDS)
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as directory:
        roots = {}
        for number, builder in interleave(_BUILDERS, slow_rounds):
            root = roots[builder] = os.path.join(directory, f"{builder.name}-{number}")
            values = _values(collect(builder.storage, sources, root, _IGNORED))
            values["disk MB"] = disk_bytes(root) / 1e6
            samples += make_samples(f"{builder.name}, cold", number, values)
        for number, builder in interleave(_BUILDERS, scale.rounds):
            if number < slow_rounds or builder.name not in _SLOW:
                values = _values(collect(builder.storage, sources, roots[builder], _IGNORED))
                values["disk MB"] = disk_bytes(roots[builder]) / 1e6
                samples += make_samples(f"{builder.name}, warm", number, values)
        sent = {builder.name: run_inside("downloads", builder.server, roots[builder]) for builder in _BUILDERS}
    for name, sizes in sent.items():
        downloaded = sum(size for file, size in sizes.items() if not file.endswith(_UNSOUGHT))
        samples += make_samples(f"{name}, cold", 0, {"download MB": downloaded / 1e6})
    larger = _find_larger(sent["staticserve"], sent["whitenoise"])
    identical = sent["Django"]
    return Result(
        part="build",
        about=[
            f"Collected: {_describe_corpus(sources)}",
            f"{len(identical):,} hashed files, {sum(identical.values()) / 1e6:.1f} MB. Cold: into an empty directory;",
            "warm: into the same again. Disk: blocks, links counted once. Download: what the storage's server sends of",
            "each hashed file that a page loads (no .map, no .cjs), to a client that takes gzip, br and zstd.",
            "Ratios: cold, to whitenoise; warm, to Django's ManifestStaticFilesStorage, warm.",
            f"Such files of which staticserve sends more than whitenoise: {len(larger)}.",
        ],
        notes=larger,
        settings={"rounds, cold": slow_rounds, "rounds, warm": scale.rounds},
        environment=environment,
        samples=samples,
    )


def _values(collection: Collection) -> dict[str, float]:
    return {"seconds": collection.seconds, "CPU s": collection.processor, "peak MB": collection.peak / 1e6}


def _find_larger(mine: dict[str, int], theirs: dict[str, int]) -> list[str]:
    """Return a line for each file of which we send more."""
    if mine.keys() != theirs.keys():
        return ["the storages made different hashed names: the downloads cannot be compared"]
    return [
        f"{name}: {size:,} bytes, whitenoise {theirs[name]:,}"
        for name, size in mine.items()
        if size > theirs[name] and not name.endswith(_UNSOUGHT)
    ]


def _describe_corpus(sources: Sequence[str]) -> str:
    packages = [f"{package.name} {package.version}" for package in PACKAGES] if sources else []
    return ", ".join((*packages, "the admin of Django")) + "."
