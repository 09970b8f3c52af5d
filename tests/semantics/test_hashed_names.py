"""Names that carry the hash of what they name, as Django's manifest storage makes them."""

from __future__ import annotations

import hashlib
from typing import Final

import pytest
from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.base import ContentFile
from hypothesis import given
from hypothesis import strategies as st

from staticserve.semantics.hashed_names import parse_hashed_name

DIGEST: Final = "3f2a90c41b7d"


@pytest.mark.parametrize(
    ("name", "logical"),
    [
        (f"app.{DIGEST}.css", "app.css"),
        (f"css/app.{DIGEST}.css", "css/app.css"),
        (f"a/b.c/app.{DIGEST}.css", "a/b.c/app.css"),
        (f"jquery.min.{DIGEST}.js", "jquery.min.js"),
        (f"LICENSE.{DIGEST}", "LICENSE"),
        (f"docs/LICENSE.{DIGEST}", "docs/LICENSE"),
        (f"app.{DIGEST}.", "app."),
        (f"a b.{DIGEST}.\u00e9", "a b.\u00e9"),
    ],
)
def test_the_digest_stands_before_the_last_extension(name: str, logical: str) -> None:
    assert parse_hashed_name(name) == (logical, DIGEST)


def test_a_look_alike_is_of_that_form_and_proves_nothing() -> None:
    assert parse_hashed_name("report.202611241200.pdf") == ("report.pdf", "202611241200")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "app.css",
        DIGEST,
        f".{DIGEST}",
        f".{DIGEST}.css",
        f"css/.{DIGEST}.css",
        f"app-{DIGEST}.css",
        f"app{DIGEST}.css",
        f"app.{DIGEST[:11]}.css",
        f"app.{DIGEST}0.css",
        f"app.{DIGEST.upper()}.css",
        f"app.{DIGEST[:11]}g.css",
        f"app.{DIGEST}.min.css",
        f"app.{DIGEST}.css/x",
        f"app.{DIGEST}/app.css",
        f"app.{DIGEST}.css\n/",
    ],
)
def test_other_names_carry_no_digest(name: str) -> None:
    assert parse_hashed_name(name) is None


# What Django takes from a URL before it hashes a name (queries, fragments, escapes) is not in these.
LOGICAL: Final = st.from_regex(r"\A([a-z]{1,3}/){0,2}[a-z\u00e9_-]{1,5}(\.[a-z]{1,3}){0,3}\Z")


@given(LOGICAL, st.binary())
def test_the_names_that_django_makes_come_apart_into_what_they_were_made_of(logical: str, content: bytes) -> None:
    name = HashedFilesMixin().hashed_name(logical, ContentFile(content))
    assert parse_hashed_name(name) == (logical, hashlib.md5(content).hexdigest()[:12])


@given(st.text())
def test_no_name_is_an_error(name: str) -> None:
    parsed = parse_hashed_name(name)
    assert parsed is None or len(parsed.digest) == 12
