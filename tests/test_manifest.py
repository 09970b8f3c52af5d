"""``staticfiles.json``: which hashed name stands for which logical one."""

from __future__ import annotations

import json
import os
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve import ManifestError, StaticServeError
from staticserve.manifest import Manifest, parse_manifest, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

# As Django's ManifestFilesMixin.save_manifest writes it.
WRITTEN: Final[dict[str, Any]] = {
    "paths": {"app.css": "app.3f2a90c41b7d.css", "vendor.css": "vendor.css"},
    "version": "1.1",
    "hash": "5e1fc0d2a9b3",
}


def test_the_manifest_of_a_release_is_read(tmp_path: Path) -> None:
    path = tmp_path / "staticfiles.json"
    path.write_text(json.dumps(WRITTEN))
    manifest = read_manifest(str(path))
    assert manifest is not None
    assert dict(manifest.paths) == WRITTEN["paths"]
    assert manifest.release == "5e1fc0d2a9b3"
    assert manifest.name == "staticfiles.json"


def test_a_manifest_of_version_1_0_has_no_release() -> None:
    manifest = parse_manifest(json.dumps({"paths": {"a": "b"}, "version": "1.0"}), "m.json")
    assert (dict(manifest.paths), manifest.release) == ({"a": "b"}, "")


def test_a_name_that_stands_for_itself_proves_nothing() -> None:
    assert parse_manifest(json.dumps(WRITTEN), "m.json").hashed_names == {"app.3f2a90c41b7d.css"}


def test_a_manifest_cannot_be_changed() -> None:
    paths: Any = parse_manifest(json.dumps(WRITTEN), "m.json").paths
    with pytest.raises(TypeError):
        paths["b"] = "c"
    with pytest.raises(TypeError):
        Manifest().paths["b"] = "c"  # type: ignore[index]  # that is what must not work


def test_a_directory_without_a_manifest_has_none(tmp_path: Path) -> None:
    assert read_manifest(str(tmp_path / "staticfiles.json")) is None
    assert read_manifest(str(tmp_path / "missing" / "staticfiles.json")) is None


UNUSABLE: Final = {
    "nothing": "",
    "the half of one": json.dumps(WRITTEN)[:40],
    "not JSON": "<html>",
    "a list": "[]",
    "null": "null",
    "no version": json.dumps({"paths": {}}),
    "a version to come": json.dumps(WRITTEN | {"version": "2.0"}),
    "a number as version": json.dumps(WRITTEN | {"version": 1.1}),
    "a list as version": json.dumps(WRITTEN | {"version": ["1.1"]}),
    "no paths": json.dumps({"version": "1.1"}),
    "a list of paths": json.dumps(WRITTEN | {"paths": ["a"]}),
    "a path to a number": json.dumps(WRITTEN | {"paths": {"a": 1}}),
    "nested too deeply": "[" * 100_000,
    "a long number": "1" * 10_000,
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_manifest_is_an_error_that_names_the_file(text: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(text, "public/staticfiles.json")
    assert caught.value.path == "public/staticfiles.json"
    assert str(caught.value).startswith("public/staticfiles.json: ")
    assert isinstance(caught.value, StaticServeError)


def test_a_manifest_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "staticfiles.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(ManifestError):
        read_manifest(str(tmp_path / "staticfiles.json"))


def test_a_directory_in_the_manifests_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "staticfiles.json").mkdir()
    with pytest.raises(ManifestError):
        read_manifest(str(tmp_path / "staticfiles.json"))


def test_a_fifo_in_the_manifests_place_does_not_stop_the_start(tmp_path: Path) -> None:
    fifo = tmp_path / "staticfiles.json"
    os.mkfifo(fifo)
    errors: list[ManifestError] = []

    def read() -> None:
        try:
            read_manifest(str(fifo))
        except ManifestError as error:
            errors.append(error)

    reader = Thread(target=read)
    reader.start()
    reader.join(timeout=5)
    is_stopped = reader.is_alive()
    if is_stopped:
        # A writer lets it go.
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        reader.join()
    assert not is_stopped
    assert len(errors) == 1


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["1.0", "1.1"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional={"paths": JSON, "version": JSON, "hash": JSON}).map(json.dumps) | st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        manifest = parse_manifest(text, "m.json")
    except ManifestError:
        return
    assert all(isinstance(value, str) for value in manifest.paths.values())
    assert isinstance(manifest.release, str)
