"""Times requests for files of the newest release, of earlier ones and of none: ROOT COUNT."""

from __future__ import annotations

import base64
import json
import logging
import random
import sys
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.inside.environs import make_environ
from benchmarks.inside.release import time_request
from staticserve import StaticServe
from staticserve.manifest import read_manifest
from staticserve.store import STORE_NAME, StoreReader

if TYPE_CHECKING:
    from staticserve.store import Snapshot


def main(root: str, count: str) -> None:
    """Print what was measured of each kind of name."""
    logging.disable(logging.CRITICAL)
    application = StaticServe(None, root, "static", misses="answer")
    reader = StoreReader(f"{root}/{STORE_NAME}")
    snapshot = reader.snapshot()
    newest = len(snapshot.releases) - 1
    manifest = read_manifest(f"{root}/staticfiles.json")
    assert manifest is not None
    site = {"site/site.css", "site/site.js"}
    current = sorted(manifest.paths[name] for name in site)
    retained = sorted(name for name, row in snapshot.resources.items() if row.release < newest)
    measured = {
        "the newest release": _ask(application, [_environ(name) for name in current], int(count)),
        "an earlier release": _ask(application, [_environ(name) for name in retained], int(count)),
        "a delta": _ask(application, _for_deltas(snapshot, current), int(count)),
        "a made-up hash": _ask_once(application, "site/none.{:012x}.css", int(count)),
        "a made-up hash of a file there is": _ask_once(application, "site/site.{:012x}.css", int(count)),
    }
    print(json.dumps(measured))


def _for_deltas(snapshot: Snapshot, names: list[str]) -> list[dict[str, Any]]:
    """Return the environs of a browser that holds what the files had before."""
    environs = []
    for name in names:
        encodings = snapshot.contents[snapshot.resources[name].sha256].encodings
        dictionary = next(each.dictionary for each in encodings if each.dictionary is not None and each.sha256)
        held = base64.b64encode(bytes.fromhex(dictionary)).decode()
        environs.append(
            _environ(name)
            | {
                "HTTP_ACCEPT_ENCODING": "br, dcz",
                "HTTP_AVAILABLE_DICTIONARY": f":{held}:",
                "HTTP_SEC_FETCH_SITE": "same-origin",
                "wsgi.url_scheme": "https",
            }
        )
    return environs


def _ask(application: StaticServe, environs: list[dict[str, Any]], count: int) -> dict[str, float]:
    cold = []
    for _ in range(max(count // 20, 5)):
        application.memory.clear()
        cold += [time_request(application, environ) for environ in environs]
    hot = [time_request(application, environs[number % len(environs)]) for number in range(count)]
    return {"cold µs": median(cold) * 1e6, "hot µs": median(hot) * 1e6}


def _ask_once(application: StaticServe, form: str, count: int) -> dict[str, float]:
    chance = random.Random(9110)
    environs = [_environ(form.format(chance.getrandbits(48))) for _ in range(count)]
    return {"hot µs": median(time_request(application, environ) for environ in environs) * 1e6}


def _environ(name: str) -> dict[str, Any]:
    return make_environ(name) | {"HTTP_ACCEPT_ENCODING": "br"}


if __name__ == "__main__":
    main(*sys.argv[1:])
