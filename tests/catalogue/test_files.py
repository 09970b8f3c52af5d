"""Describes a file and its sidecars, at their first request, as a resource."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import brotli
import pytest

from staticserve.catalogue.files import FileReader, is_within
from staticserve.manifest import Manifest
from staticserve.octets import FileOctets, open_octets
from tests.catalogue import DEFAULTS, LAST_MODIFIED, MTIME, replace_file, sidecars, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from staticserve.model import Resource
    from staticserve.options import Options

CONTENT: Final = b"body { color: red }\n" * 50
BIG: Final = b"0123456789abcdef" * 100_000
ALL: Final = (".br", ".gz", ".zst")
FOREVER: Final = "max-age=315360000, public, immutable"
MUTABLE: Final = "max-age=60, public"


def make_reader(root: Path, options: Options = DEFAULTS, manifest: Manifest | None = None) -> FileReader:
    return FileReader(str(root), options, (manifest or Manifest()).hashed_names)


def read(root: Path, name: str, suffixes: tuple[str, ...] = (), options: Options = DEFAULTS) -> Resource:
    resource = make_reader(root, options).read(name, suffixes, f"/static/{name}")
    assert resource is not None
    return resource


def codings_of(resource: Resource) -> set[str]:
    return {each.coding for each in resource.representations}


def life_of(resource: Resource | None) -> str | None:
    assert resource is not None
    return dict(resource.representations[0].fields).get("Cache-Control")


def test_a_file_is_a_resource_with_its_octets_tag_and_time(tmp_path: Path) -> None:
    write_files(tmp_path, {"app.css": CONTENT})
    resource = read(tmp_path, "app.css")
    (identity,) = resource.representations
    assert identity.octets == CONTENT
    assert identity.etag == f'"{hashlib.sha256(CONTENT).hexdigest()[:32]}"'
    assert resource.last_modified == LAST_MODIFIED


def test_an_empty_file_is_a_resource(tmp_path: Path) -> None:
    write_files(tmp_path, {"empty.css": b""})
    assert read(tmp_path, "empty.css").representations[0].octets == b""


def test_a_big_file_stays_on_the_disk(tmp_path: Path) -> None:
    write_files(tmp_path, {"film.mp4": BIG})
    (identity,) = read(tmp_path, "film.mp4").representations
    assert isinstance(identity.octets, FileOctets)
    assert identity.size == len(BIG)
    assert identity.etag == f'"{hashlib.sha256(BIG).hexdigest()[:32]}"'
    with open_octets(identity.octets) as file:
        assert file.read() == BIG


def test_an_option_says_how_big_a_file_in_memory_may_be(tmp_path: Path) -> None:
    write_files(tmp_path, {"app.css": CONTENT, "film.mp4": BIG})
    small, large = (replace(DEFAULTS, memory_per_file=limit) for limit in (len(CONTENT) - 1, len(BIG)))
    assert isinstance(read(tmp_path, "app.css", (), small).representations[0].octets, FileOctets)
    assert read(tmp_path, "film.mp4", (), large).representations[0].octets == BIG


def test_sidecars_are_codings_of_the_file(tmp_path: Path) -> None:
    files = sidecars("app.css", CONTENT)
    write_files(tmp_path, files)
    resource = read(tmp_path, "app.css", ALL)
    assert {each.coding: each.octets for each in resource.representations} == {
        "identity": CONTENT,
        "gzip": files["app.css.gz"],
        "br": files["app.css.br"],
        "zstd": files["app.css.zst"],
    }
    assert len({each.etag for each in resource.representations}) == 4


def test_sidecars_of_a_big_file_are_codings_of_it(tmp_path: Path) -> None:
    write_files(tmp_path, sidecars("data.json", BIG))
    assert codings_of(read(tmp_path, "data.json", ALL)) == {"identity", "gzip", "br", "zstd"}


def test_two_sidecars_of_one_coding_count_once(tmp_path: Path) -> None:
    files = sidecars("app.css", CONTENT)
    write_files(tmp_path, {**files, "app.css.zstd": files["app.css.zst"]})
    resource = read(tmp_path, "app.css", (".zst", ".zstd"))
    assert [each.coding for each in resource.representations] == ["identity", "zstd"]


@pytest.mark.parametrize("suffix", ALL)
def test_a_stale_sidecar_is_never_sent(tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture) -> None:
    stale = sidecars("app.css", CONTENT.swapcase())[f"app.css{suffix}"]
    # Of the same time and the same size, as a build that normalises them leaves it.
    write_files(tmp_path, {"app.css": CONTENT, f"app.css{suffix}": stale})
    assert codings_of(read(tmp_path, "app.css", (suffix,))) == {"identity"}
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "octets", [b"", b"junk", gzip.compress(CONTENT, mtime=0)[:-1]], ids=["empty", "junk", "truncated"]
)
def test_a_damaged_sidecar_is_never_sent(tmp_path: Path, octets: bytes) -> None:
    write_files(tmp_path, {"app.css": CONTENT, "app.css.gz": octets})
    assert codings_of(read(tmp_path, "app.css", (".gz",))) == {"identity"}


def test_a_sidecar_that_saves_nothing_is_not_sent(tmp_path: Path) -> None:
    content = b"short"
    write_files(tmp_path, sidecars("app.css", content))
    assert codings_of(read(tmp_path, "app.css", ALL)) == {"identity"}


def test_only_the_codings_of_the_options_are_sent(tmp_path: Path) -> None:
    write_files(tmp_path, sidecars("app.css", CONTENT))
    assert codings_of(read(tmp_path, "app.css", ALL, replace(DEFAULTS, codings=("br",)))) == {"identity", "br"}
    assert codings_of(read(tmp_path, "app.css", ALL, replace(DEFAULTS, codings=()))) == {"identity"}


def test_a_missing_sidecar_is_logged_and_the_file_is_served(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_files(tmp_path, {"app.css": CONTENT})
    assert codings_of(read(tmp_path, "app.css", (".gz",))) == {"identity"}
    assert len(caplog.records) == 1


def test_what_cannot_be_read_is_nothing_and_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reader = make_reader(tmp_path)
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "broken").symlink_to("missing")
    (tmp_path / "loop").symlink_to("loop")
    names = ("missing", "directory", "fifo", "broken", "loop")
    for name in names * 2:
        assert reader.read(name, (), f"/{name}") is None
    assert len(caplog.records) == len(names)


def test_a_file_that_has_become_a_link_out_of_the_root_is_nothing(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write_files(tmp_path, {"root/a.css": b"", "secret.css": b"secret", "root/a.css.gz": b""})
    reader = make_reader(root)
    (root / "a.css").unlink()
    (root / "a.css").symlink_to("../secret.css")
    assert reader.read("a.css", (), "/a.css") is None
    (root / "directory").symlink_to("..")
    assert reader.read("directory/secret.css", (), "/directory/secret.css") is None
    assert read(root, "a.css", (), replace(DEFAULTS, follow_symlinks=True)).representations[0].octets == b"secret"


def test_a_sidecar_that_is_a_link_out_of_the_root_is_not_sent(tmp_path: Path) -> None:
    write_files(tmp_path, {"root/a.css": CONTENT, "a.css.gz": gzip.compress(CONTENT)})
    (tmp_path / "root" / "a.css.gz").symlink_to("../a.css.gz")
    assert codings_of(read(tmp_path / "root", "a.css", (".gz",))) == {"identity"}


@pytest.mark.parametrize(
    ("path", "root", "answer"),
    [
        ("/srv/site", "/srv/site", True),
        ("/srv/site/a", "/srv/site", True),
        ("/srv/site-secret/a", "/srv/site", False),
        ("/srv", "/srv/site", False),
        ("/etc/passwd", "/srv/site", False),
        ("/etc/passwd", "/", True),
    ],
)
def test_what_is_within_a_root_is_it_or_below_it(path: str, root: str, answer: bool) -> None:
    assert is_within(path, root) is answer


def hashed_name(content: bytes) -> str:
    return f"app.{hashlib.md5(content).hexdigest()[:12]}.css"


def test_a_name_with_the_md5_of_its_content_is_immutable(tmp_path: Path) -> None:
    write_files(tmp_path, {hashed_name(CONTENT): CONTENT, hashed_name(BIG): BIG})
    assert life_of(read(tmp_path, hashed_name(CONTENT))) == FOREVER
    assert life_of(read(tmp_path, hashed_name(BIG))) == FOREVER


@pytest.mark.parametrize("name", [hashed_name(b"other"), "report.202611241200.pdf", "app.css", "app.0123456789ab"])
def test_a_look_alike_is_not_immutable(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, {name: CONTENT})
    assert life_of(read(tmp_path, name)) == MUTABLE


def test_a_name_that_the_manifest_made_is_immutable(tmp_path: Path) -> None:
    # Django's references inside CSS are rewritten after the name is made, so the MD5 need not be the content's.
    write_files(tmp_path, {"app.aaaaaaaaaaaa.css": CONTENT, "vendor.css": CONTENT, "app.css": CONTENT})
    manifest = Manifest({"app.css": "app.aaaaaaaaaaaa.css", "vendor.css": "vendor.css"})
    reader = make_reader(tmp_path, manifest=manifest)
    assert life_of(reader.read("app.aaaaaaaaaaaa.css", (), "/x")) == FOREVER
    assert life_of(reader.read("app.css", (), "/x")) == MUTABLE
    # Somebody else made the name.
    assert life_of(reader.read("vendor.css", (), "/x")) == MUTABLE


def test_a_file_that_changes_is_no_longer_what_the_manifest_proves(tmp_path: Path) -> None:
    write_files(tmp_path, {"app.aaaaaaaaaaaa.css": CONTENT})
    reader = make_reader(tmp_path, manifest=Manifest({"app.css": "app.aaaaaaaaaaaa.css"}))
    assert life_of(reader.read("app.aaaaaaaaaaaa.css", (), "/x")) == FOREVER
    replace_file(tmp_path / "app.aaaaaaaaaaaa.css", CONTENT.swapcase())
    assert life_of(reader.read("app.aaaaaaaaaaaa.css", (), "/x")) == MUTABLE


def test_a_big_file_that_is_replaced_is_described_anew(tmp_path: Path) -> None:
    write_files(tmp_path, {"film.mp4": BIG})
    reader = make_reader(tmp_path)
    first = reader.read("film.mp4", (), "/x")
    replace_file(tmp_path / "film.mp4", BIG.swapcase())
    # A build that normalises times leaves the same one.
    os.utime(tmp_path / "film.mp4", (MTIME, MTIME))
    second = reader.read("film.mp4", (), "/x")
    assert first is not None
    assert second is not None
    assert second.representations[0].etag == f'"{hashlib.sha256(BIG.swapcase()).hexdigest()[:32]}"'


@pytest.mark.parametrize("mtime", [0, 1, 315_532_800, -1])
def test_a_time_of_a_reproducible_build_is_no_last_modified(tmp_path: Path, mtime: int) -> None:
    write_files(tmp_path, {"app.css": CONTENT})
    os.utime(tmp_path / "app.css", (mtime, mtime))
    assert read(tmp_path, "app.css").last_modified is None


def test_a_file_from_the_future_was_not_modified_later_than_now(tmp_path: Path) -> None:
    # "If the last modification time is derived from implementation-specific metadata that evaluates to some time
    # in the future, ... the origin server MUST replace that value with the message origination date" (8.8.2.1).
    write_files(tmp_path, {"app.css": CONTENT})
    tomorrow = time.time() + 86_400
    os.utime(tmp_path / "app.css", (tomorrow, tomorrow))
    last_modified = read(tmp_path, "app.css").last_modified
    assert last_modified is None or parsedate_to_datetime(last_modified).timestamp() <= time.time()


def test_a_brotli_sidecar_of_a_file_of_a_megabyte_is_sent(tmp_path: Path) -> None:
    content = b"".join(hashlib.sha256(str(number).encode()).hexdigest().encode() for number in range(16_000))
    write_files(tmp_path, {"vendor.js": content, "vendor.js.br": brotli.compress(content, quality=5)})
    assert codings_of(read(tmp_path, "vendor.js", (".br",))) == {"identity", "br"}
