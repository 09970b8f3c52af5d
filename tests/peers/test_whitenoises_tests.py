"""WhiteNoise's own tests, run with StaticServe in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.peers.whitenoises_tests import fetch_sdist, lay_out, run_tests

if TYPE_CHECKING:
    from pathlib import Path

# So that xdist has one process fetch it.
pytestmark = pytest.mark.xdist_group("whitenoises_tests")

# Its author skips it: in development a directory may come later.
_SKIPPED: Final = "test_whitenoise.test_warn_about_missing_directories[True]"


class Deviation(NamedTuple):
    """A test that StaticServe does not pass, whatever its parameters."""

    test: str
    shown_by: str
    """What its problem says each time."""
    reason: str


DEVIATIONS: Final = (
    Deviation(
        "test_whitenoise.test_get_file",
        "text/javascript; charset=utf-8",
        'It wants charset="utf-8" with quotation marks. A token needs none (RFC 9110, 8.3.1), and means the same.',
    ),
    Deviation(
        "test_whitenoise.test_get_accept_star",
        "assert 'Content-Encoding' not in",
        'It wants identity for "*", which "matches any available content coding not explicitly listed" (12.5.3).',
    ),
    Deviation(
        "test_whitenoise.test_warn_about_missing_directories",
        "no attribute 'autorefresh'",
        "It counts Python warnings and reads an attribute. Ours is a line in the log; options are in `options`.",
    ),
    Deviation(
        "test_whitenoise.test_immutable_file_test_accepts_regex",
        "no attribute 'immutable_file_test'",
        "It calls a method of the object. Regular expressions are taken; the function is in `options`.",
    ),
    Deviation(
        "test_whitenoise.test_last_modified_not_set_when_mtime_is_zero",
        "this is a part of WhiteNoise",
        "It calls StaticFile. Besides, a time is no part of our entity tags, so they stay.",
    ),
    Deviation(
        "test_whitenoise.test_file_size_matches_range_with_range_header",
        "this is a part of WhiteNoise",
        "It calls StaticFile.",
    ),
    Deviation(
        "test_whitenoise.test_chunked_file_size_matches_range_with_range_header",
        "this is a part of WhiteNoise",
        "It calls StaticFile.",
    ),
    Deviation(
        "test_whitenoise.test_path_is_child_of",
        "no attribute 'path_is_child_of'",
        "It calls a static method that finds out what a catalogue of names need not.",
    ),
    Deviation(
        "test_django_whitenoise.test_whitenoise_file_response_has_only_one_header",
        "this is a part of WhiteNoise",
        "It makes a WhiteNoiseFileResponse. Which fields are sent, others of these tests see.",
    ),
    *(
        Deviation(
            f"test_django_whitenoise.test_get_{coding}",
            "le-Dictionary' == 'Accept-Encoding'",
            "It wants Vary to be no more. What may be a dictionary varies by Available-Dictionary (RFC 9842, 6.2).",
        )
        for coding in ("gzip", "brotli")
    ),
    Deviation(
        "test_django_whitenoise.test_index_file_served_at_directory_path",
        "assert b'\\n<!doctype",
        "What the finders find is served by Django's own view, which knows no index files.",
    ),
    Deviation(
        "test_django_whitenoise.test_index_file_path_redirected",
        "assert 200 == 302",
        "The same.",
    ),
    Deviation(
        "test_django_whitenoise.test_directory_path_without_trailing_slash_redirected",
        "assert 404 == 302",
        "The same.",
    ),
)


@pytest.fixture(scope="module")
def sdist(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    # There is none with "-p no:cacheprovider".
    cache = getattr(request.config, "cache", None)
    return fetch_sdist(tmp_path_factory.mktemp("sdist") if cache is None else cache.mkdir("whitenoise"))


def test_whitenoise_passes_its_own_tests_on_our_stand(sdist: Path, tmp_path: Path) -> None:
    lay_out(sdist, tmp_path)
    outcomes = run_tests(tmp_path, "whitenoise")
    # As many as were there when the sdist was pinned.
    assert len(outcomes) == 106
    assert [name for name, problem in outcomes.items() if problem] == [_SKIPPED]


def test_staticserve_passes_them_but_where_it_means_to_deviate(sdist: Path, tmp_path: Path) -> None:
    lay_out(sdist, tmp_path)
    outcomes = run_tests(tmp_path, "staticserve")
    assert len(outcomes) == 106
    expected = {each.test: each.shown_by for each in DEVIATIONS}
    assert expected.keys() <= {name.partition("[")[0] for name in outcomes}
    wrong = {}
    for name, problem in outcomes.items():
        shown_by = expected.get(name.partition("[")[0])
        if shown_by is None and problem:
            wrong[name] = problem
        elif shown_by is not None and shown_by not in problem:
            wrong[name] = f"deviates no more, or otherwise: {problem}"
    assert wrong == {}
