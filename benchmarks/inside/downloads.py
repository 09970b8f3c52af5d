"""Asks a contender once for each file that pages name: NAME ROOT. Prints the bytes that it sent, by hashed name."""

from __future__ import annotations

import json
import os
import sys

from benchmarks.contenders import load
from benchmarks.inside.environs import ask, make_environ


def main(name: str, root: str) -> None:
    """Print what a browser downloads of each hashed file of a collected tree."""
    application = load(name).make_application(root)
    with open(os.path.join(root, "staticfiles.json"), encoding="utf-8") as file:
        hashed = sorted(set(json.load(file)["paths"].values()))
    sent = {}
    for each in hashed:
        answer = ask(application, make_environ(each))
        if answer.status != 200 or "last-modified" not in answer.fields:
            raise SystemExit(f"{name} does not serve {each}")
        sent[each] = answer.octets
    print(json.dumps(sent))


if __name__ == "__main__":
    main(*sys.argv[1:])
