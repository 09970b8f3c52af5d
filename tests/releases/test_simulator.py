"""Deploys of a changing site, with clients that hold pages of all its releases: every answer is checked."""

from __future__ import annotations

import shutil
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.releases.clients import MISSING, PREFIX, REDIRECTED, RIGHT, TOO_EARLY, Client, Site, Tally
from tests.releases.deploys import PLATFORMS, STATICSERVE, WHITENOISE, Bench, Heroku, Worker, start_worker
from tests.releases.site import LETTERS, UNHASHED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from multiprocessing.pool import Pool
    from pathlib import Path

    from tests.releases.conftest import Fortnight, Record
    from tests.releases.deploys import Platform, Release, Server


def build_all(platform: Platform) -> Iterable[Release]:
    """Build every release, each when it is wanted."""
    return (platform.build(letter) for letter in LETTERS)


def make_bench(server: Server, builders: Pool, path: Path) -> Bench:
    """Make a directory for a server's builds."""
    (path / server.name).mkdir()
    return Bench(server, builders, path / server.name)


def keep_pages_open(server: Server, releases: Iterable[Release]) -> Tally:
    """Deploy one release after another; each one's page stays open to the end, and is loaded after every deploy.

    The worker of the release before goes on answering those who know no newer page. When it is new, and in the end,
    a page is examined.
    """
    tally, site = Tally(), Site()
    clients: list[Client] = []
    built: list[Release] = []
    workers: list[Worker] = []
    for release in releases:
        built.append(release)
        site.add(release)
        for client in clients:
            client.load(workers[-1])
        workers.append(start_worker(server, release, built))
        clients.append(Client(site, release.letter, tally, Random(release.letter)))
        for client in clients:
            client.load(workers[-1])
        clients[-1].examine(workers[-1])
    for client in clients:
        client.examine(workers[-1])
    return tally


def load_pages(site: Site, letters: Iterable[str], *workers: Worker) -> Tally:
    """Load the pages of some releases, several times, while these workers answer."""
    tally = Tally()
    for letter in letters:
        for number in range(4):
            Client(site, letter, tally, Random(f"{letter}{number}")).load(*workers)
    return tally


def add_up(tallies: Iterable[Tally]) -> Tally:
    """Return one tally of all."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def test_a_page_refers_to_every_file_of_its_release(ours: Fortnight) -> None:
    for slug in ours.slugs:
        site = Site([slug])
        seen = Client(site, slug.letter, Tally(), Random(1)).load(start_worker(STATICSERVE, slug))
        hashed = {PREFIX + name for name in site.names[slug.letter]}
        assert seen - hashed == {PREFIX + UNHASHED}
        assert {site.logical[url.removeprefix(PREFIX)] for url in hashed - seen} == {UNHASHED}


@pytest.mark.parametrize("name", PLATFORMS)
def test_pages_that_stay_open_lose_nothing(
    name: str, builders: Pool, tmp_path: Path, ours: Fortnight, theirs: Fortnight, record: Record
) -> None:
    make_platform = PLATFORMS[name]
    releases: Iterable[Release] = ours.slugs
    if name != "heroku":
        releases = build_all(make_platform(make_bench(STATICSERVE, builders, tmp_path)))
    # In a directory of its own a build of theirs makes the same, whatever was there before.
    their_releases: Iterable[Release] = theirs.slugs
    if name.startswith("machine"):
        their_releases = build_all(make_platform(make_bench(WHITENOISE, builders, tmp_path)))
    tally, their_tally = keep_pages_open(STATICSERVE, releases), keep_pages_open(WHITENOISE, their_releases)
    record(f"open pages, {name}, staticserve", tally)
    record(f"open pages, {name}, whitenoise", their_tally)

    assert tally.problems == []
    assert tally.outcomes.keys() == {RIGHT}
    assert tally.revalidated == tally.conditions > 0
    # Where nobody clears the directory, old files are there for everybody.
    assert (their_tally.outcomes[MISSING] > 0) == (name != "machine")


def roll(server: Server, slugs: Sequence[Release], *, with_new_pages: bool) -> Tally:
    """Go from each slug to the next while workers of both answer in turn, those with old pages or with new ones."""
    site, tallies = Site(slugs), []
    for place in range(1, len(slugs)):
        old, new = (start_worker(server, slugs[number], slugs[:number]) for number in (place - 1, place))
        letters = [slug.letter for slug in (slugs[place : place + 1] if with_new_pages else slugs[:place])]
        tallies.append(load_pages(site, letters, old, new))
    return add_up(tallies)


def test_a_rolling_deploy_breaks_no_old_page(ours: Fortnight, theirs: Fortnight, record: Record) -> None:
    tally = roll(STATICSERVE, ours.slugs, with_new_pages=False)
    their_tally = roll(WHITENOISE, theirs.slugs, with_new_pages=False)
    record("rolling deploy, old pages, staticserve", tally)
    record("rolling deploy, old pages, whitenoise", their_tally)

    assert tally.problems == []
    assert tally.outcomes.keys() == {RIGHT}
    assert their_tally.outcomes[MISSING] > 0


def test_a_rolling_deploy_gives_new_pages_what_there_is(ours: Fortnight, theirs: Fortnight, record: Record) -> None:
    tally = roll(STATICSERVE, ours.slugs, with_new_pages=True)
    their_tally = roll(WHITENOISE, theirs.slugs, with_new_pages=True)
    record("rolling deploy, new pages, staticserve", tally)
    record("rolling deploy, new pages, whitenoise", their_tally)

    # The old worker cannot have the new file: it has one of that name, or there was none.
    assert tally.problems == []
    assert tally.outcomes.keys() == {RIGHT, REDIRECTED, TOO_EARLY}
    assert tally.storable_misses == 0
    assert their_tally.outcomes[MISSING] > 0
    assert their_tally.storable_misses > 0


def test_a_rollback_breaks_no_page_and_neither_does_going_forward_again(
    ours: Fortnight, theirs: Fortnight, record: Record
) -> None:
    site, their_site = Site(ours.slugs[:5]), Site(theirs.slugs[:5])

    def visit(server: Server, fortnight: Fortnight, its_site: Site, place: int, letters: str) -> Tally:
        worker = start_worker(server, fortnight.slugs[place], fortnight.slugs[:place])
        return load_pages(its_site, letters, worker)

    # From D back to B, as it was built before C and D; then to D again, and on to E.
    known = visit(STATICSERVE, ours, site, 1, "AB")
    newer = visit(STATICSERVE, ours, site, 1, "CD")
    forward = [visit(STATICSERVE, ours, site, 3, "ABCD"), visit(STATICSERVE, ours, site, 4, "ABCDE")]
    their_back = visit(WHITENOISE, theirs, their_site, 1, "ABCD")
    their_forward = [
        visit(WHITENOISE, theirs, their_site, 3, "ABCD"),
        visit(WHITENOISE, theirs, their_site, 4, "ABCDE"),
    ]
    record("rollback to the old slug, staticserve", add_up([known, newer]))
    record("rollback to the old slug, whitenoise", their_back)
    record("forward again, staticserve", add_up(forward))
    record("forward again, whitenoise", add_up(their_forward))

    assert [each.problems for each in (known, newer, *forward)] == [[], [], [], []]
    assert known.outcomes.keys() == {RIGHT}
    assert newer.outcomes.keys() == {RIGHT, REDIRECTED, TOO_EARLY}
    assert newer.storable_misses == 0
    assert add_up(forward).outcomes.keys() == {RIGHT}
    assert their_back.outcomes[MISSING] > 0
    assert add_up(their_forward).outcomes[MISSING] > 0


def test_a_release_that_is_built_again_loses_nothing_of_those_that_it_takes_back(
    builders: Pool, tmp_path: Path, record: Record
) -> None:
    platform = Heroku(make_bench(STATICSERVE, builders, tmp_path))
    built: list[Release] = []
    site, tallies = Site(), []
    for letter in "ABCAD":
        built.append(platform.build(letter))
        site.add(built[-1])
        worker = start_worker(STATICSERVE, built[-1], built)
        tallies.append(load_pages(site, site.pages, worker))
    record("A built again after C, staticserve", add_up(tallies))

    assert [each.problems for each in tallies] == [[]] * 5
    assert add_up(tallies).outcomes.keys() == {RIGHT}


def promote(server: Server, slugs: Sequence[Release]) -> Tally:
    """Give every third slug of staging to production, whose pages stay open."""
    site, tallies = Site(slugs), []
    workers: list[Worker] = []
    for place in range(0, len(slugs), 3):
        # Its history is staging's.
        workers.append(start_worker(server, slugs[place], slugs[:place]))
        letters = [slug.letter for slug in slugs[: place + 1 : 3]]
        # While it rolls, those whose pages both know; then all.
        tallies.append(load_pages(site, letters[:-1], *workers[-2:]))
        tallies.append(load_pages(site, letters, workers[-1]))
    return add_up(tallies)


def test_a_pipeline_that_promotes_every_third_slug_breaks_no_page(
    ours: Fortnight, theirs: Fortnight, record: Record
) -> None:
    tally, their_tally = promote(STATICSERVE, ours.slugs), promote(WHITENOISE, theirs.slugs)
    record("promotion of every third, staticserve", tally)
    record("promotion of every third, whitenoise", their_tally)

    assert tally.problems == []
    assert tally.outcomes.keys() == {RIGHT}
    assert their_tally.outcomes[MISSING] > 0


@pytest.mark.parametrize(
    ("days", "options", "stays"),
    [
        # A's successor came ten days before G did, B's eight, and so on.
        (3.9, {}, "ABCDEFG"),
        (6.1, {}, "CDEFG"),
        (30, {}, "DEFG"),
        (0, {"keep_for": 0, "keep_releases": 1}, "FG"),
        (0, {"keep_for": 5 * 86400, "keep_releases": 0}, "DEFG"),
    ],
)
def test_after_its_time_a_release_is_redirected_or_missing_but_never_wrong(
    days: float, options: dict[str, Any], stays: str, builders: Pool, tmp_path: Path, ours: Fortnight, record: Record
) -> None:
    heroku = Heroku(make_bench(STATICSERVE, builders, tmp_path))
    shutil.copytree(ours.cache_dir, heroku.cache_dir)
    heroku.pass_days(days)
    site = Site(ours.slugs)
    worker = start_worker(STATICSERVE, heroku.build("G", **options), ours.slugs)
    kept = load_pages(site, stays, worker)
    dropped = {letter: load_pages(site, letter, worker) for letter in LETTERS if letter not in stays}
    told = ", ".join(f"{name} = {value}" for name, value in options.items())
    record(f"{days} days after G{told and f', {told}'}: kept", kept)
    if dropped:
        record(f"{days} days after G{told and f', {told}'}: dropped", add_up(dropped.values()))

    assert kept.problems == []
    assert kept.outcomes.keys() == {RIGHT}
    for tally in dropped.values():
        assert tally.outcomes.keys() <= {RIGHT, REDIRECTED, MISSING}
        assert tally.outcomes[REDIRECTED]
        assert tally.storable_misses == 0
