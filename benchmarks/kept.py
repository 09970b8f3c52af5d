"""Results that are kept: one JSON file for each part."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from benchmarks.measures import Result

DIRECTORY: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "results")


def write_result(result: Result, directory: str) -> None:
    """Keep a result, in the place of the one before."""
    with open(_path(directory, result["part"]), "w", encoding="utf-8") as file:
        file.write(_to_json(result))


def read_result(part: str, directory: str) -> Result | None:
    """Return the result of a part that was kept, if there is one."""
    try:
        with open(_path(directory, part), encoding="utf-8") as file:
            return cast("Result", json.load(file))
    except FileNotFoundError:
        return None


def _to_json(result: Result) -> str:
    """One line for each sample, so that a change can be read."""
    head = json.dumps({**result, "samples": []}, ensure_ascii=False, indent=2)
    samples = ",\n".join(
        "    " + json.dumps({**sample, "value": float(f"{sample['value']:.6g}")}, ensure_ascii=False)
        for sample in result["samples"]
    )
    return head.replace('"samples": []', f'"samples": [\n{samples}\n  ]') + "\n"


def _path(directory: str, part: str) -> str:
    return os.path.join(directory, f"{part}.json")
