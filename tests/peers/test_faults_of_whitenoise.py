"""What WhiteNoise gets wrong, seen in both: it is there, and not here."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

import brotli
import pytest
from whitenoise import WhiteNoise

from staticserve import StaticServe
from tests.peers.pair import exchange, make_pair

if TYPE_CHECKING:
    from pathlib import Path

_OLD = b"let number = 1;\n" * 40
_NEW = b"let number = 2;\n" * 40


def _write(path: Path, content: bytes, modified: int = 1_709_634_030) -> None:
    path.write_bytes(content)
    os.utime(path, (modified, modified))


def _revalidate(root: Path, content: bytes, modified: int) -> tuple[int, int]:
    """Return either's status for the tag of one deploy, after the next, in which app.js is as given."""
    statuses = []
    before = make_pair(str(root))
    tags = [exchange(each, "/app.js", "GET", {})[1]["ETag"] for each in before]
    _write(root / "app.js", content, modified)
    for each, tag in zip(make_pair(str(root)), tags, strict=True):
        statuses.append(exchange(each, "/app.js", "GET", {"If-None-Match": tag})[0])
    return statuses[0], statuses[1]


def test_other_content_of_the_same_size_and_time_is_no_304(tmp_path: Path) -> None:
    _write(tmp_path / "app.js", _OLD)
    assert _revalidate(tmp_path, _NEW, 1_709_634_030) == (304, 200)


def test_the_same_content_of_another_time_is_a_304(tmp_path: Path) -> None:
    _write(tmp_path / "app.js", _OLD)
    assert _revalidate(tmp_path, _OLD, 1_709_640_000) == (200, 304)


def test_each_coding_has_a_tag_of_its_own(tmp_path: Path) -> None:
    _write(tmp_path / "app.js", _OLD)
    _write(tmp_path / "app.js.br", brotli.compress(_OLD))
    tags = [
        {exchange(each, "/app.js", "GET", {"Accept-Encoding": value})[1]["ETag"] for value in ("", "br")}
        for each in make_pair(str(tmp_path))
    ]
    assert [len(each) for each in tags] == [1, 2]


def test_a_sidecar_that_was_left_behind_is_not_sent(tmp_path: Path) -> None:
    _write(tmp_path / "app.js", _NEW, 1_709_640_000)
    _write(tmp_path / "app.js.br", brotli.compress(_OLD))
    theirs, ours = (exchange(each, "/app.js", "GET", {"Accept-Encoding": "br"}) for each in make_pair(str(tmp_path)))
    assert brotli.decompress(theirs[2]) == _OLD
    assert ours[2] == _NEW
    assert "Content-Encoding" not in ours[1]


def test_a_file_that_is_replaced_is_sent_with_its_own_length(tmp_path: Path) -> None:
    _write(tmp_path / "app.js", _OLD)
    theirs, ours = make_pair(str(tmp_path))
    _write(tmp_path / "app.js", _NEW * 2)
    lengths = []
    for each in (theirs, ours):
        _, fields, content = exchange(each, "/app.js", "GET", {})
        lengths.append((int(fields["Content-Length"]), len(content)))
    assert lengths == [(len(_OLD), 2 * len(_NEW)), (2 * len(_NEW), 2 * len(_NEW))]


def test_a_file_that_is_deleted_is_not_an_error(tmp_path: Path) -> None:
    _write(tmp_path / "app.js", _OLD)
    theirs, ours = make_pair(str(tmp_path))
    (tmp_path / "app.js").unlink()
    with pytest.raises(FileNotFoundError):
        exchange(theirs, "/app.js", "GET", {})
    assert exchange(ours, "/app.js", "GET", {})[0] == 404


# WhiteNoise leaves directories open behind it.
@pytest.mark.filterwarnings("ignore:unclosed scandir iterator:ResourceWarning")
@pytest.mark.parametrize("target", ["nowhere", "."], ids=["a broken link", "a link to where it is"])
def test_a_link_does_not_keep_a_site_from_starting(target: str, tmp_path: Path) -> None:
    _write(tmp_path / "app.js", _OLD)
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(OSError, match="link"):
        WhiteNoise(None, str(tmp_path))
    # Now, while that warning is ignored.
    gc.collect()
    assert exchange(StaticServe(None, str(tmp_path)), "/app.js", "GET", {})[0] == 200


@pytest.mark.parametrize(
    ("status", "asked"),
    [(304, {"If-Modified-Since": "Fri, 11 Apr 2100 11:47:06 GMT"}), (416, {"Range": "bytes=9999-"})],
)
def test_the_users_fields_are_on_every_answer(status: int, asked: dict[str, str], tmp_path: Path) -> None:
    def add(headers: Any, path: str, url: str) -> None:
        headers["Timing-Allow-Origin"] = "*"

    _write(tmp_path / "app.js", _OLD)
    answers = [exchange(each, "/app.js", "GET", asked) for each in make_pair(str(tmp_path), add_headers_function=add)]
    assert [answer[0] for answer in answers] == [status, status]
    names = ("Timing-Allow-Origin", "Access-Control-Allow-Origin")
    assert [[answer[1].get(name) for name in names] for answer in answers] == [[None, None], ["*", "*"]]


def test_a_405_has_a_length(tmp_path: Path) -> None:
    _write(tmp_path / "app.js", _OLD)
    answers = [exchange(each, "/app.js", "POST", {}) for each in make_pair(str(tmp_path))]
    assert [(status, fields.get("Content-Length")) for status, fields, _ in answers] == [(405, None), (405, "0")]
