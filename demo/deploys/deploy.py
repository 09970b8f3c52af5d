"""Makes the next release: its sources, collectstatic, and new workers."""

import fcntl
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.staticfiles import finders

from deploys.sources import make_script, make_style_sheet

STYLE_SHEET = "deploys/app.css"
SCRIPT = "deploys/app.js"


class Deployed(NamedTuple):
    """A release: its number, and what staticserve calls it."""

    number: int
    name: str


class DeployError(Exception):
    """A deploy that came to nothing. The message is for whoever pressed the button."""


def deploy_next() -> Deployed:
    """Make the next release and have gunicorn start workers that serve it. Raises ``DeployError``."""
    try:
        with _alone():
            number = read_number() + 1
            _write_sources(number)
            _collect()
            name = json.loads((settings.STATIC_ROOT / "staticfiles.json").read_text())["hash"]
            # gunicorn's master starts new workers, and then has the old ones finish what they are at and end: this
            # request, too. A worker opens the release store and the manifest when it first needs them.
            os.kill(os.getppid(), signal.SIGHUP)
    except OSError as error:
        raise DeployError(f"The files cannot be written: {error.strerror}.") from error
    return Deployed(number, name)


def read_number() -> int:
    """Return the number of the release whose sources collectstatic would find."""
    path = finders.find(SCRIPT)
    match = re.match(r"// Release (\d+)", Path(path).read_text()) if path else None
    return int(match[1]) if match else 1


@contextmanager
def _alone() -> Iterator[None]:
    """Raise ``DeployError`` if another deploy is under way, in whichever worker."""
    settings.DEPLOYED_DIR.mkdir(exist_ok=True)
    with (settings.DEPLOYED_DIR / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DeployError("A deploy is under way. One at a time.") from None
        yield


def _write_sources(number: int) -> None:
    # collectstatic passes over a file whose copy is not older, and looks at whole seconds only.
    modified = math.ceil(time.time())
    for name, text in ((STYLE_SHEET, make_style_sheet(number)), (SCRIPT, make_script(number))):
        path = settings.DEPLOYED_DIR / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        os.utime(path, (modified, modified))


def _collect() -> None:
    command = [sys.executable, "manage.py", "collectstatic", "--noinput"]
    try:
        subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=True)
    except subprocess.TimeoutExpired as error:
        raise DeployError("collectstatic has not come to an end within a minute.") from error
    except subprocess.CalledProcessError as error:
        last_line = error.stderr.strip().rpartition("\n")[2]
        raise DeployError(f"collectstatic failed: {last_line}") from error
