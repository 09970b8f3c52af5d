"""What a live site says that it has: which listings are believed, and what is wrong with the others."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from staticserve.pipeline.site_listing import ListedFile, Listing, parse_listing, parse_manifest_listing
from staticserve.store import ReleaseRow

DIGEST: Final = "00" * 32
DIGITS: Final = "0123456789ab"


def release(**fields: Any) -> dict[str, Any]:
    listed = {"app.css": {"sha256": DIGEST, "size": 1}}
    return {"release": "5a1b2c3d4e5f", "built": 1764030000, "superseded": None, "files": listed, **fields}


def only(**fields: Any) -> dict[str, Any]:
    return {"releases": [release(**fields)]}


def file(**fields: Any) -> dict[str, Any]:
    return only(files={"app.css": {"sha256": DIGEST, "size": 1, **fields}})


def parse(listing: Any) -> Listing | None:
    return parse_listing(json.dumps(listing).encode())


def parse_names(*names: str, **fields: Any) -> Listing:
    """Return the listing that a manifest of these names is."""
    paths = {f"logical {number}": name for number, name in enumerate(names)}
    stored = {"version": "1.1", "paths": paths, "hash": DIGITS, **fields}
    return parse_manifest_listing(json.dumps(stored).encode(), 7)


def test_a_listing_has_its_releases_from_the_oldest_and_its_files_from_the_newest() -> None:
    older = release(
        release="older", built=5, superseded=1764030000, files={"a.css": {"sha256": "11" * 32, "size": 2**53 - 1}}
    )
    assert parse({"releases": [release(), older]}) == Listing(
        [
            ReleaseRow("older", 5, 1764030000, 1, False, None, None),
            ReleaseRow("5a1b2c3d4e5f", 1764030000, None, 1, False, None, None),
        ],
        [ListedFile("app.css", 1, 1, DIGEST), ListedFile("a.css", 0, 2**53 - 1, "11" * 32)],
    )


def test_of_a_name_that_two_releases_have_the_newers_file_is_listed() -> None:
    older = release(release="older", files={"app.css": {"sha256": "11" * 32, "size": 2}})
    listing = parse({"releases": [release(), older]})
    assert listing is not None
    assert listing.files == [ListedFile("app.css", 1, 1, DIGEST)]


def test_a_release_file_without_releases_lists_nothing() -> None:
    assert parse({"release": "5a1b2c3d4e5f"}) is None


WRONG: Final[list[tuple[Any, str]]] = [
    ([], "it is not an object"),
    (None, "it is not an object"),
    ({"releases": None}, "its 'releases' cannot be None"),
    ({"releases": {}}, "its 'releases' cannot be {}"),
    ({"releases": "x" * 10**6}, "its 'releases' cannot be 'xxxxxxxxxxxx...xxxxxxxxxxxxx'"),
    ({"releases": [5]}, "5 is not an object"),
    (only(release=5), "its 'release' cannot be 5"),
    (only(release=""), "its 'release' cannot be ''"),
    (only(release="a\nb"), r"its 'release' cannot be 'a\nb'"),
    (only(release="\ud800"), r"its 'release' cannot be '\ud800'"),
    (only(built="now"), "its 'built' cannot be 'now'"),
    (only(built=None), "its 'built' cannot be None"),
    (only(built=True), "its 'built' cannot be True"),
    (only(built=1.5), "its 'built' cannot be 1.5"),
    (only(built=-1), "its 'built' cannot be -1"),
    (only(built=2**63), "its 'built' cannot be 9223372036854775808"),
    (only(superseded="x"), "its 'superseded' cannot be 'x'"),
    (only(superseded=2**80), "its 'superseded' cannot be 1208925819614629174706176"),
    (only(files=None), "its 'files' cannot be None"),
    (only(files=["a.css"]), "its 'files' cannot be ['a.css']"),
    (only(files={"a.css": 5}), "5 is not an object"),
    (file(size=None), "its 'size' cannot be None"),
    (file(size="1"), "its 'size' cannot be '1'"),
    (file(size=-1), "its 'size' cannot be -1"),
    (file(size=2**63), "its 'size' cannot be 9223372036854775808"),
    (file(sha256=None), "its 'sha256' cannot be None"),
    (file(sha256=""), "its 'sha256' cannot be ''"),
    (file(sha256=DIGEST[1:]), "its 'sha256' cannot be '000000000000...0000000000000'"),
    (file(sha256=DIGEST[1:] + "\n"), r"its 'sha256' cannot be '000000000000...00000000000\n'"),
    (file(sha256="../../../../etc/passwd"), "its 'sha256' cannot be '../../../../etc/passwd'"),
    ({"releases": [release(), release(built=5)]}, "it has a release twice"),
]


@pytest.mark.parametrize(("listing", "reason"), WRONG, ids=[reason[:40] for _, reason in WRONG])
def test_a_listing_with_a_wrong_value_is_no_listing(listing: Any, reason: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole message is compared
        parse(listing)
    assert str(raised.value) == reason


BAD_NAMES: Final = [
    "", "/", "/etc/passwd", "..", "../app.css", "css/../../app.css", "css/..", ".", "./app.css", "css/./app.css",
    "css//app.css", "css/", "//host/app.css", "css\\app.css", "..\\app.css", "app.css\0", "\ud800.css",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_no_file_of_a_tree_has_makes_a_listing_wrong(name: str) -> None:
    assert fail_names(name) == {f"it has a name that no file of a tree has: {name!r}"}


def test_a_name_that_no_path_has_room_for_makes_a_listing_wrong_and_is_not_repeated() -> None:
    (reason,) = fail_names("x" * 4096)
    assert reason.startswith("it has a name that no file of a tree has: 'xxx")
    assert len(reason) < 100


def fail_names(name: str) -> set[str]:
    """Return why neither a release file nor a manifest may have a name. It is not the only wrong one."""
    entry = {"sha256": DIGEST, "size": 1}
    with pytest.raises(ValueError) as listing:  # noqa: PT011 - the message is returned
        parse(only(files={"app.css": entry, name: entry, "../later": entry}))
    with pytest.raises(ValueError) as manifest:  # noqa: PT011 - the message is returned
        parse_names("app.css", name)
    return {str(listing.value), str(manifest.value)}


def test_of_a_manifest_names_are_the_proof() -> None:
    assert parse_names(f"b.{DIGITS}.css", "a.css") == Listing(
        [ReleaseRow(DIGITS, 7, None, 2, False, None, None)],
        [ListedFile("a.css", 0, None, ""), ListedFile(f"b.{DIGITS}.css", 0, None, DIGITS)],
    )


@pytest.mark.parametrize("fields", [{"version": "1.0", "hash": ""}, {"hash": 5}, {"hash": "a\nb"}])
def test_a_manifest_without_a_hash_is_named_by_its_names(fields: dict[str, Any]) -> None:
    listings = [parse_names(*names, **fields) for names in (("a.css", "b.css"), ("b.css", "a.css"), ("c.css",))]
    names = [listing.releases[0].name for listing in listings]
    assert names[0] == names[1] != names[2]
    assert all(len(name) == 12 and set(name) <= set("0123456789abcdef") for name in names)
