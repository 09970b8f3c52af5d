"""What a build says that it did."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

import pytest

from staticserve.pipeline.report import BuildReport, CodingReport
from tests.pipeline import PICTURE, SCRIPT, STYLE, blobs_of, build, hashed_name, make_tree, store_of

if TYPE_CHECKING:
    from pathlib import Path

REPORT: Final = BuildReport(
    release="0123456789ab",
    files=12,
    contents=7,
    bytes=1_234_567,
    bytes_linked=999,
    store_bytes=4_200,
    releases_kept=3,
    names_kept=41,
    bytes_kept=56_789,
    seconds=1.26,
    codings={
        "br": CodingReport(encoded=3, reused=4, not_worth_it=2, bytes_before=1_000_000_000, bytes_after=999_949),
        "gzip": CodingReport(encoded=0, reused=1, not_worth_it=1),
    },
)


def test_a_report_is_a_line_for_each_kind_of_thing() -> None:
    assert REPORT.lines() == [
        "files: 12 (1.2 MB), 7 contents, 999 B freed by links",
        "br: 3 encoded, 4 reused, 2 not worth it, 1.0 GB -> 999.9 kB",
        "gzip: 0 encoded, 1 reused, 1 not worth it",
        "earlier releases: 3 (41 files, 56.8 kB)",
        "store: 4.2 kB, 1.3 s",
    ]
    assert BuildReport().lines() == [
        "files: 0 (0 B), 0 contents",
        "earlier releases: 0 (0 files, 0 B)",
        "store: 0 B, 0.0 s",
    ]


def test_a_report_is_a_line() -> None:
    expected = "12 files, 1.2 MB; 3 representations encoded, 5 reused; store 4.2 kB; 1.3 s"
    assert REPORT.summary() == expected


def test_a_report_is_json() -> None:
    assert json.loads(json.dumps(REPORT.as_dict())) == {
        "release": "0123456789ab",
        "files": 12,
        "contents": 7,
        "bytes": 1_234_567,
        "bytes_linked": 999,
        "store_bytes": 4_200,
        "releases_kept": 3,
        "names_kept": 41,
        "bytes_kept": 56_789,
        "seconds": 1.26,
        "codings": {
            "br": {
                "encoded": 3,
                "reused": 4,
                "not_worth_it": 2,
                "bytes_before": 1_000_000_000,
                "bytes_after": 999_949,
            },
            "gzip": {"encoded": 0, "reused": 1, "not_worth_it": 1, "bytes_before": 0, "bytes_after": 0},
        },
    }


def test_a_report_counts_files_contents_and_bytes(tmp_path: Path) -> None:
    files = {"a.css": STYLE, hashed_name("a.css", STYLE): STYLE, "b.js": SCRIPT, "random.txt": PICTURE, "c.png": b"c"}
    report = build(make_tree(tmp_path, files))
    assert (report.files, report.contents, report.bytes) == (5, 4, sum(map(len, files.values())))
    assert report.bytes_linked == len(STYLE)
    assert report.store_bytes == os.path.getsize(store_of(tmp_path))
    kept = blobs_of(tmp_path)
    for coding in ("br", "zstd", "gzip"):
        counted = report.codings[coding]
        # Of a.css and its twin, b.js and random.txt.
        assert (counted.encoded, counted.reused, counted.not_worth_it) == (3, 0, 1)
        assert counted.bytes_before == len(STYLE) + len(SCRIPT)
        assert counted.bytes_after == len(kept["a.css", coding]) + len(kept["b.js", coding])
    again = build(tmp_path)
    for coding, counted in again.codings.items():
        assert (counted.encoded, counted.reused, counted.not_worth_it) == (0, 3, 1)
        assert counted.bytes_after == report.codings[coding].bytes_after


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_940, "999.9 kB"), (5 * 10**12, "5000.0 GB")],
)
def test_sizes_are_in_decimal_units(count: int, expected: str) -> None:
    assert BuildReport(bytes=count).lines()[0] == f"files: 0 ({expected}), 0 contents"
