"""Bundlers' manifests: which names they prove, and which only look like it. ``tests/bundlers`` is what tools wrote."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.bundlers import NOTHING_BUNDLED, Bundled, logical_names, read_bundled

WRITTEN: Final = Path(__file__).parent / "bundlers"
TOOLS: Final = sorted(path.parent.name for path in WRITTEN.glob("*/files.txt"))

# A tool → what it wrote and does not prove, source maps aside: what was copied, what has no hash, what is not listed.
UNPROVEN: Final = {
    "esbuild": {"meta.json"},
    "esbuild-renamed": {"metafile.json"},
    "esbuild-unhashed": {"meta.json", "my-ELEMENTS.js"},
    "parcel": {"index.html", "parcel-manifest.json", "src/admin.css", "src/admin.js"}
    | {"lazy-part.bf9aab21.css", "parcel.c97315aa.css"},
    "vite-4": {"manifest.json", "my-elements.js", "photo-0a1b2c3d.jpg", "report-20261124.pdf"},
    "vite-7": {"my-elements.js", "photo-0a1b2c3d.jpg", "report-20261124.pdf"},
    "vite-8": {"my-elements.js", "photo-0a1b2c3d.jpg", "report-20261124.pdf"},
    "vite-unhashed": {"copied-0a1b2c3d.css", "copied-0a1b2c3d.js", "my-elements2B.js", "photo-0a1b2c3d.svg"},
    "webpack": {"my-elements.js", "photo.0a1b2c3d.jpg", "report-20261124.pdf"}
    | {"asset-manifest.json", "assets-manifest.json", "manifest.json", "webpack-stats.json"},
}
# Only esbuild hashes a source map, too.
PROVES_MAPS: Final = {"esbuild", "esbuild-renamed"}


def read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def files_of(tool: str) -> list[str]:
    """Return what a tool wrote and a scan finds."""
    return [name for name in read_lines(WRITTEN / tool / "files.txt") if not name.startswith(".")]


def proven_of(tool: str) -> set[str]:
    names = set(files_of(tool)) - UNPROVEN[tool]
    return names if tool in PROVES_MAPS else {name for name in names if not name.endswith(".map")}


def bundle(root: Path, manifests: dict[str, Any], *names: str) -> Bundled:
    """Write manifests, and return what they prove of ``names``."""
    for name, stored in manifests.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stored if isinstance(stored, bytes) else json.dumps(stored).encode())
    return read_bundled(str(root), [*names, *(name for name in manifests if ".vite" not in name)])


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tools_manifest_proves_its_hashed_names(tool: str) -> None:
    assert read_bundled(str(WRITTEN / tool), files_of(tool)).names == proven_of(tool)


def test_manifests_are_found_at_any_depth() -> None:
    names = [f"{tool}/{name}" for tool in TOOLS for name in files_of(tool)]
    proven = {f"{tool}/{name}" for tool in TOOLS for name in proven_of(tool)}
    assert read_bundled(str(WRITTEN), names).names == proven


@pytest.mark.parametrize("manifest", ["manifest.json", "asset-manifest.json", "assets-manifest.json"])
def test_webpacks_manifests_prove_what_webpack_says_is_immutable(manifest: str, tmp_path: Path) -> None:
    stored = json.loads((WRITTEN / "webpack" / manifest).read_bytes())
    found = bundle(tmp_path, {manifest: stored}, *(name for name in files_of("webpack") if not name.endswith(".json")))
    assert found.names == set(read_lines(WRITTEN / "webpack" / "immutable.txt"))


def test_webpack_bundle_trackers_file_proves_the_same_from_elsewhere(tmp_path: Path) -> None:
    stored = json.loads((WRITTEN / "webpack" / "webpack-stats.json").read_bytes())
    names = [f"dist/{name}" for name in files_of("webpack") if not name.endswith(".json")]
    immutable = {f"dist/{name}" for name in read_lines(WRITTEN / "webpack" / "immutable.txt")}
    assert bundle(tmp_path, {"webpack-stats.json": stored}, *names).names == immutable


@pytest.mark.parametrize("tool", TOOLS)
def test_an_alias_is_what_a_request_for_another_hash_may_mean(tool: str) -> None:
    aliases = read_bundled(str(WRITTEN / tool), files_of(tool)).aliases
    assert all(alias in logical_names(name) for alias, name in aliases.items())


def test_the_aliases_of_a_build() -> None:
    # There are two main-*.js.
    assert read_bundled(str(WRITTEN / "vite-8"), files_of("vite-8")).aliases == {
        "assets/admin.js": "assets/admin-lh96W5xM.js",
        "assets/lazy-part.css": "assets/lazy-part-Bz57l0-g.css",
        "assets/lazy-part.js": "assets/lazy-part-Xs22R7vQ.js",
        "assets/logo.svg": "assets/logo-mMMlCKoN.svg",
        "assets/main.css": "assets/main-DOdycKw1.css",
    }


def test_a_name_that_a_file_has_is_no_alias(tmp_path: Path) -> None:
    found = bundle(tmp_path, {"manifest.json": {"a.js": "a.0a1b2c3d.js"}}, "a.0a1b2c3d.js", "a.js")
    assert found == Bundled(frozenset({"a.0a1b2c3d.js"}), {})


def test_what_was_found_cannot_be_changed() -> None:
    aliases: Any = read_bundled(str(WRITTEN / "vite-8"), files_of("vite-8")).aliases
    with pytest.raises(TypeError):
        aliases["a"] = "b"


def test_where_there_is_no_manifest_nothing_is_bundled(tmp_path: Path) -> None:
    assert read_bundled(str(tmp_path), ["a-BRBmoGS9.js", "b/c.0a1b2c3d.js"]) == NOTHING_BUNDLED
    assert read_bundled(str(tmp_path / "missing"), []) == NOTHING_BUNDLED


# A listed value → the file below dist/ that it means.
MEANT: Final = {
    "js/a.0a1b2c3d.js": "js/a.0a1b2c3d.js",
    "/js/a.0a1b2c3d.js": "js/a.0a1b2c3d.js",
    "./js/a.0a1b2c3d.js": "js/a.0a1b2c3d.js",
    "auto/js/a.0a1b2c3d.js": "js/a.0a1b2c3d.js",
    "/static/dist/js/a.0a1b2c3d.js": "js/a.0a1b2c3d.js",
    "https://cdn.example/static/dist/js/a.0a1b2c3d.js": "js/a.0a1b2c3d.js",
    "//cdn.example/a.0a1b2c3d.js?v=/2#/x": "a.0a1b2c3d.js",
    "../frontend/dist/js/a.0a1b2c3d.js": "js/a.0a1b2c3d.js",
    "C:/site/dist/js/a.0a1b2c3d.js": "js/a.0a1b2c3d.js",
    "/".join("abcdefghijklmnopqrstuvwxyz") + "/js/a.0a1b2c3d.js": "js/a.0a1b2c3d.js",
}


@pytest.mark.parametrize(("listed", "name"), MEANT.items())
def test_a_value_means_the_file_that_ends_with_the_most_of_it(listed: str, name: str, tmp_path: Path) -> None:
    names = ["dist/a.0a1b2c3d.js", "dist/js/a.0a1b2c3d.js", "js/a.0a1b2c3d.js"]
    assert bundle(tmp_path, {"dist/manifest.json": {"a.js": listed}}, *names).names == {f"dist/{name}"}


def test_a_manifest_may_be_in_a_directory_beside_its_files(tmp_path: Path) -> None:
    found = bundle(tmp_path, {"dist/meta/manifest.json": {"a.js": "js/a.0a1b2c3d.js"}}, "dist/js/a.0a1b2c3d.js")
    assert found.names == {"dist/js/a.0a1b2c3d.js"}


@pytest.mark.parametrize(
    "listed", ["../a-0a1b2c3d.js", "/etc/a-0a1b2c3d.js", "x/../../a-0a1b2c3d.js", "a-0a1b2c3d.js/"]
)
def test_only_a_file_of_the_static_root_is_proven(listed: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "a-0a1b2c3d.js").touch()
    assert bundle(root, {"manifest.json": {"a.js": listed}}, "b.js") == NOTHING_BUNDLED


def vite(file: str, **entry: Any) -> dict[str, Any]:
    return {"manifest.json": {"src/app.js": {"file": file, "src": "src/app.js", **entry}}}


# Manifests, and whether they prove the one name in them that looks hashed.
EVIDENCE: Final[dict[str, tuple[dict[str, Any], str, bool]]] = {
    "Vite's source": (vite("app-BRBmoGSx.js"), "app-BRBmoGSx.js", True),
    "Vite's name": (vite("_id_-BRBmoGSx.js", name="_id_"), "_id_-BRBmoGSx.js", True),
    "Vite's style": (vite("app.js", css=["app-BRBmoGSx.css"]), "app-BRBmoGSx.css", True),
    "another style with a digit": (vite("app.js", css=["button-BRBmoGS9.css"]), "button-BRBmoGS9.css", True),
    "another style without one": (vite("app.js", css=["button-BRBmoGSx.css"]), "button-BRBmoGSx.css", False),
    "a word": (vite("app.production.js"), "app.production.js", False),
    "a word with a number": (vite("app-release2.js"), "app-release2.js", False),
    "words": (vite("app-esm-browser.js"), "app-esm-browser.js", False),
    "a date": (vite("app-20261124.js"), "app-20261124.js", False),
    "digits": (vite("app-90261124.js"), "app-90261124.js", True),
    "webpack's key": ({"manifest.json": {"js/a.js": "/s/a.0123456789.min.js"}}, "a.0123456789.min.js", True),
    "webpack's key with .min": ({"manifest.json": {"a.min.js": "a-90261124.min.js"}}, "a-90261124.min.js", True),
    "webpack's base64url": ({"manifest.json": {"a.js": "a.PxW0-_VvVXk1bqO3.js"}}, "a.PxW0-_VvVXk1bqO3.js", True),
    "another key": ({"manifest.json": {"src/main.js": "parcel.cc5d3f71.js"}}, "parcel.cc5d3f71.js", True),
    "another key, digits only": ({"manifest.json": {"main.js": "parcel.12345678.js"}}, "parcel.12345678.js", False),
    "another key, a camel": ({"manifest.json": {"x.js": "jquery.dataTables.js"}}, "jquery.dataTables.js", False),
    "the same key": ({"manifest.json": {"a-0a1b2c3d.js": "/s/a-0a1b2c3d.js"}}, "a-0a1b2c3d.js", False),
    "the same key of .ts": ({"manifest.json": {"a-0a1b2c3d.ts": "/s/a-0a1b2c3d.js"}}, "a-0a1b2c3d.js", False),
    "the same stem": ({"manifest.json": {"x.0a1b2c3d.min.js": "x.0a1b2c3d.min.js"}}, "x.0a1b2c3d.min.js", False),
    "the same name, in pieces": ({"manifest.json": {"x.0a1b2c3d": "x.0a1b2c3d.min.js"}}, "x.0a1b2c3d.min.js", False),
    "webpack's number": ({"manifest.json": {"856.0a1b2c3d.js": "856.0a1b2c3d.js"}}, "856.0a1b2c3d.js", True),
    "a picture's number": ({"manifest.json": {"856.0a1b2c3d.jpg": "856.0a1b2c3d.jpg"}}, "856.0a1b2c3d.jpg", False),
    "a source map": ({"manifest.json": {"a.js.map": "a.0a1b2c3d.js.map"}}, "a.0a1b2c3d.js.map", False),
    "a licence": ({"manifest.json": {"x": "a.0a1b2c3d.js.LICENSE.txt"}}, "a.0a1b2c3d.js.LICENSE.txt", False),
    "no stem": ({"parcel-manifest.json": {"a.js": "/d/5f0796534fe28927.js"}}, "5f0796534fe28927.js", False),
    "React's": ({"asset-manifest.json": {"files": {"a.js": "/a.90261124.chunk.js"}}}, "a.90261124.chunk.js", True),
    "a tracker": ({"webpack-stats.json": {"chunks": {"a": [{"path": "/x/a-90261124.js"}]}}}, "a-90261124.js", True),
    "an app": ({"manifest.json": {"name": "A", "icons": [{"src": "/b-0a1b2c3d.png"}]}}, "b-0a1b2c3d.png", False),
    "a file of another name": ({"names.json": {"a.js": "a-0a1b2c3d.js"}}, "a-0a1b2c3d.js", False),
}  # fmt: skip


@pytest.mark.parametrize(("manifests", "name", "is_proven"), EVIDENCE.values(), ids=EVIDENCE)
def test_the_evidence_decides(manifests: dict[str, Any], name: str, is_proven: bool, tmp_path: Path) -> None:
    assert bundle(tmp_path, manifests, name).names == ({name} if is_proven else set())


def test_a_file_that_one_manifest_shows_to_be_a_copy_is_not_proven_by_another(tmp_path: Path) -> None:
    manifests = {
        "manifest.json": {"a-0a1b2c3d.js": "a-0a1b2c3d.js"},
        "webpack-stats.json": {"chunks": {"x": []}, "assets": {"a-0a1b2c3d.js": {"name": "a-0a1b2c3d.js"}}},
    }
    assert bundle(tmp_path, manifests, "a-0a1b2c3d.js").names == set()


UNUSABLE: Final = {
    "nothing": b"",
    "the half of one": b'{"a.js": "a-0a1b2c',
    "not JSON": b"<html>",
    "not UTF-8": b'{"a.js": "\xff\xff"}',
    "nested too deeply": b"[" * 100_000,
    "a long number": b"1" * 10_000,
    "too large": b'{"a.js": "a-0a1b2c3d.js"}' + b" " * (16 << 20),
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_manifest_is_left_out_with_a_warning(
    text: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = {"b/.vite/manifest.json": {"b.js": {"file": "b-0a1b2c3d.js"}}}
    found = bundle(tmp_path, {"a/manifest.json": text} | good, "a/a-0a1b2c3d.js", "b/b-0a1b2c3d.js")
    assert found.names == {"b/b-0a1b2c3d.js"}
    assert [(record.name, record.levelno) for record in caplog.records] == [("staticserve", logging.WARNING)]
    assert "a/manifest.json" in caplog.text


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("nowhere", path)])
def test_what_is_no_file_is_left_out_with_a_warning(
    make: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path / "manifest.json")
    assert read_bundled(str(tmp_path), ["manifest.json", "a-0a1b2c3d.js"]) == NOTHING_BUNDLED
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "stored", [[], 1, None, "a-0a1b2c3d.js", {"outputs": 1, "files": [], "chunks": {}}, {"a": [1]}]
)
def test_what_is_no_manifest_is_left_out_quietly(stored: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert bundle(tmp_path, {"manifest.json": stored}, "a-0a1b2c3d.js") == NOTHING_BUNDLED
    assert not caplog.records


NAMES: Final = st.sampled_from(["a-0a1b2c3d.js", "a.js", "../a-0a1b2c3d.js", "/x/a-0a1b2c3d.js", "\ud800-0a1b2c3d.js"])
KEYS: Final = st.sampled_from(
    ["file", "src", "name", "css", "assets", "files", "chunks", "outputs", "entryPoint", "inputs", "cssBundle", "path"]
)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | NAMES | st.text(max_size=5),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(KEYS | NAMES | st.text(max_size=3), values, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON.map(json.dumps).map(str.encode) | st.binary(max_size=50), st.sampled_from(["manifest.json", "d/meta.json"]))
def test_no_manifest_raises_or_proves_what_is_not_there(stored: bytes, manifest: str) -> None:
    with TemporaryDirectory() as root:
        found = bundle(Path(root), {manifest: stored}, "a-0a1b2c3d.js", "d/a-0a1b2c3d.js", "\udcff/b.js")
    assert found.names <= {"a-0a1b2c3d.js", "d/a-0a1b2c3d.js"}
    assert set(found.aliases.values()) <= found.names


# A name, and what it may be without its hash.
LOGICAL: Final = {
    "assets/foo-BRBmoGS9.js": ["assets/foo.js"],
    "assets/lazy-part-Bz57l0-g.css": ["assets/lazy-part.css"],
    "assets/main-DzP-oiwT.js": ["assets/main.js"],
    "assets/main-DeQ3d2B_.js.map": ["assets/main.js.map"],
    "assets/main--zP_oiwT.js": ["assets/main.js"],
    "main.0a1b2c3d4e5f6a7b8c9d.js": ["main.js"],
    "js/856.a6258c88.chunk.js": ["js/856.chunk.js"],
    "chunk-5Q3TJ7U5.js": ["chunk.js"],
    "jquery-dataTables-BRBmoGS9.js": ["jquery-dataTables.js"],
    "a-BRBmoGS9.0123456789ab.js": ["a-BRBmoGS9.js", "a.0123456789ab.js"],
    "é-0a1b2c3d.js": ["é.js"],
    "": [],
    "app.js": [],
    "my-elements.js": [],
    "app-Version2.js": [],
    "my-awesome-component-library.js": [],
    "report-20261124.pdf": [],
    "0a1b2c3d4e5f6a7b.js": [],
    ".0a1b2c3d.js": [],
    "a-0a1b2c3d": [],
    "a-0a1b2c3d.": [],
    "a-0a1b2c3d.js/b.js": [],
    "a" * 242 + "-0a1b2c3d.js": ["a" * 242 + ".js"],
    "a" * 244 + "-0a1b2c3d.js": [],
}


@pytest.mark.parametrize(("name", "logical"), LOGICAL.items())
def test_a_name_without_its_hash(name: str, logical: list[str]) -> None:
    assert logical_names(name) == logical


# With a regular expression that tries all ways, one of these would take minutes, not a few milliseconds.
HOSTILE: Final = [
    "-" * 10_000,
    "a-" * 5000 + ".js",
    "a" * 10_000,
    "-aaaaaaaa." * 1000,
    "0a1b2c3d." * 1111,
    "/" * 10_000,
]


def test_a_hostile_name_is_done_with_at_once() -> None:
    hostile = [name[:length] for name in HOSTILE for length in (255, 10_000)] + [f"{'a-' * 5000}/{'-_' * 124}.js"]
    program = f"from staticserve.bundlers import logical_names\nfor name in {hostile} * 20: logical_names(name)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


@given(st.text() | st.text("-_.aA1/", max_size=300))
def test_no_name_raises_and_each_candidate_is_the_name_without_a_piece(name: str) -> None:
    for logical in logical_names(name):
        # A separator and 8 to 64 digits.
        assert len(name) - 65 <= len(logical) <= len(name) - 9
        cut = len(name) - len(logical)
        assert any(name[:start] + name[start + cut :] == logical for start in range(len(name)))
