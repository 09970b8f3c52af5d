"""What a site with bundles collects: packages from npm, of fixed versions, beside Django's admin."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from typing import Final, NamedTuple


class Package(NamedTuple):
    """A package of npm's registry, and the directories of it that a site has among its static files."""

    name: str
    version: str
    directories: tuple[str, ...]


PACKAGES: Final = (
    Package("bootstrap", "5.3.8", ("dist/",)),
    Package("@fortawesome/fontawesome-free", "6.7.2", ("css/", "js/", "sprites/", "svgs/", "webfonts/")),
    Package("swagger-ui-dist", "5.30.2", ("",)),
    Package("htmx.org", "2.0.8", ("dist/",)),
    Package("react-dom", "18.3.1", ("umd/",)),
    Package("three", "0.181.2", ("build/", "examples/")),
)

_CACHE: Final = os.path.join(tempfile.gettempdir(), "staticserve-benchmarks")
# What npm puts before each name.
_TOP: Final = "package/"


def why_no_corpus() -> str | None:
    """Return why the packages cannot be had, if so."""
    if all(os.path.isdir(_directory(package)) for package in PACKAGES) or shutil.which("npm") is not None:
        return None
    return "there is no npm to fetch the packages with"


def fetch_packages() -> list[str]:
    """Return a directory for each package, which holds it below its name. They are fetched once and kept."""
    return [fetch_package(package) for package in PACKAGES]


def fetch_package(package: Package) -> str:
    """Return the directory that holds a package below its name. It is fetched once and kept."""
    if not os.path.isdir(_directory(package)):
        _fetch(package)
    return _directory(package)


def _directory(package: Package) -> str:
    return os.path.join(_CACHE, f"{package.name.rpartition('/')[2]}-{package.version}")


def _fetch(package: Package) -> None:
    os.makedirs(_CACHE, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_CACHE) as directory:
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        packed = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        making = os.path.join(directory, "made")
        with tarfile.open(os.path.join(directory, packed)) as archive:
            for member in archive:
                name = member.name.removeprefix(_TOP)
                if member.isfile() and name.startswith(package.directories):
                    _extract(archive, member, os.path.join(making, package.name, name))
        os.rename(making, _directory(package))


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    content = archive.extractfile(member)
    assert content is not None
    with content, open(path, "wb") as file:
        shutil.copyfileobj(content, file)
