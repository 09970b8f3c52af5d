"""What a URL gets that this release does not have."""

from __future__ import annotations

import pytest

from staticserve.content import open_body
from staticserve.misses import plan_miss


def test_a_miss_is_text_that_no_cache_keeps() -> None:
    plan = plan_miss("GET")
    body = b"".join(open_body(plan, None))
    assert plan.status == 404
    assert dict(plan.fields) == {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    assert body
    assert b"<" not in body


@pytest.mark.parametrize("fields", [(), (("X-Own", "1"),)])
def test_a_head_has_the_fields_of_a_get_and_no_body(fields: tuple[tuple[str, str], ...]) -> None:
    plan = plan_miss("HEAD", fields)
    assert plan.fields == plan_miss("GET", fields).fields
    assert list(open_body(plan, None)) == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW", ""])
def test_there_is_nothing_for_any_method(method: str) -> None:
    assert plan_miss(method).status == 404


def test_a_miss_carries_the_users_own_fields() -> None:
    assert ("X-Own", "1") in plan_miss("GET", (("X-Own", "1"),)).fields


@pytest.mark.parametrize("name", ["Cache-Control", "cache-control", "Content-Type", "X-Content-Type-Options"])
def test_a_users_field_never_replaces_or_doubles_what_makes_a_miss_safe(name: str) -> None:
    fields = plan_miss("GET", ((name, "max-age=31536000"),)).fields
    assert [value for field, value in fields if field.lower() == name.lower()] == [
        dict(plan_miss("GET").fields)[name.title()]
    ]
