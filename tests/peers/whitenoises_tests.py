"""Fetches WhiteNoise's tests, lays beside them what they import, and runs them. No copy of them is kept here."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from xml.etree import ElementTree as ET

import pytest

VERSION: Final = "6.12.0"

_NAME: Final = f"whitenoise-{VERSION}.tar.gz"
_SHA256: Final = "f723ebb76a112e98816ff80fcea0a6c9b8ecde835f8ddda25df7a30a3c2db6ad"  # as on PyPI
_MODULES: Final = ("test_whitenoise", "test_django_whitenoise")

_ROOT: Final = Path(__file__).parents[2]
_STAND: Final = {"server.py": "utils.py", "settings.py": "settings.py", "replacement.py": "conftest.py"}

# A test that was skipped has not passed.
_PROBLEMS: Final = ("failure", "error", "skipped")

_STYLE: Final = b".box { margin: 0; padding: 0; border: 0 }\n" * 40
_SCRIPT: Final = b'document.title = "An asset that compresses";\n' * 40
_FILES: Final = {
    "assets/subdir/javascript.js": _SCRIPT,
    "assets/compressed.css": _STYLE,
    "assets/compressed.css.gz": gzip.compress(_STYLE, mtime=0),
    "assets/custom-mime.foobar": b"foo bar\n",
    "assets/with-index/index.html": b"<!doctype html><title>Index</title>\n",
    "root/robots.txt": b"User-agent: *\nDisallow:\n",
    "static/app.js": _SCRIPT,
    "static/nonascii\u2713.txt": b"A name that is not ASCII\n",
    "static/with-index/index.html": b"<!doctype html><title>Index</title>\n",
    "static/directory/inside.txt": b"So that there is a directory\n",
}


def fetch_sdist(cache: Path) -> Path:
    """Return the path of WhiteNoise's sdist, after a download if it is not in ``cache``. Skips the test if it fails."""
    path = cache / _NAME
    if not _is_right(path):
        with TemporaryDirectory(dir=cache) as directory:
            problem = _download(directory)
            if problem:
                pytest.skip(f"whitenoise {VERSION} cannot be fetched: {problem}")
            fetched = Path(directory, _NAME)
            assert _is_right(fetched), "this is not the file that was published"
            os.replace(fetched, path)
    return path


def lay_out(sdist: Path, directory: Path) -> None:
    """Unpack the tests into ``directory``, and put beside them what they import and serve."""
    tests = directory / "tests"
    for name, content in {"__init__.py": b"", **{f"files/{name}": content for name, content in _FILES.items()}}.items():
        (tests / name).parent.mkdir(parents=True, exist_ok=True)
        (tests / name).write_bytes(content)
    for ours, name in _STAND.items():
        shutil.copy(_ROOT / "tests/peers/stand" / ours, tests / name)
    with tarfile.open(sdist) as archive:
        for module in _MODULES:
            member = archive.extractfile(f"whitenoise-{VERSION}/tests/{module}.py")
            assert member is not None
            (tests / f"{module}.py").write_bytes(member.read())
    (directory / "pytest.ini").write_text("[pytest]\nxfail_strict = true\n")


def run_tests(directory: Path, served_by: str) -> dict[str, str]:
    """Return by test, ``module.test[parameters]``, why it did not pass; an empty string if it did."""
    report = directory / f"{served_by}.xml"
    # Ours are on the path, too, but theirs come first.
    path = os.pathsep.join((str(directory), str(_ROOT)))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment |= {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "tests.settings", "SERVED_BY": served_by}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", f"--junit-xml={report}", "tests"],
        cwd=directory,
        env=environment,
        text=True,
        capture_output=True,
        timeout=60,
    )
    # 1: some failed. All else is a failure of the stand.
    assert done.returncode in (0, 1), done.stdout + done.stderr
    outcomes: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.attrib['classname'].removeprefix('tests.')}.{case.attrib['name']}"
        problems = [f"{each.tag}: {each.attrib['message']}" for each in case if each.tag in _PROBLEMS]
        # One that fails, and whose fixtures fail after it, is there twice.
        outcomes[name] = "; ".join(filter(None, (outcomes.get(name), *problems)))
    return outcomes


def _download(directory: str) -> str:
    """Return why it failed, in pip's words; an empty string if it did not."""
    arguments = ("download", "--quiet", "--no-deps", "--no-binary=whitenoise", f"--dest={directory}")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", *arguments, "--retries=0", "--timeout=5", f"whitenoise=={VERSION}"],
            text=True,
            capture_output=True,
            timeout=60,
        )
    except subprocess.TimeoutExpired:
        return "pip takes longer than a minute"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["pip says nothing"])[-1]
    return ""


def _is_right(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == _SHA256
