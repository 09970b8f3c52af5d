"""What stays of earlier releases: the rules, as tables and properties over snapshots that nothing was built for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staticserve.pipeline.releases import (
    RetentionRules,
    count_names,
    held_bytes,
    join_histories,
    prune,
    select_kept,
    succeed,
    why_foreign,
    without_names,
)
from staticserve.store import ContentRow, Encoding, ReleaseRow, ResourceRow, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY: Final = 86_400
NOTHING: Final = Snapshot((), {}, {}, {}, {})


def sha(content: str) -> str:
    """Return the SHA-256 of a content, which these tests write as a word."""
    return hashlib.sha256(content.encode()).hexdigest()


def a_release(name: str, built: int, superseded: int | None = None) -> ReleaseRow:
    return ReleaseRow(name, built, superseded, 1, False, "staticfiles.json", name)


def a_content(size: int, *codings: tuple[str, int | None]) -> ContentRow:
    """Return a content; of a coding without a size nothing was kept."""
    encodings = tuple(
        Encoding(coding, coding, 999 if kept is None else kept, None if kept is None else sha(f"{coding}{kept}"))
        for coding, kept in codings
    )
    return ContentRow(size, "0" * 12, encodings)


Names = dict[str, str]
"""Hashed names, and the word that each one's content is. One that ends with a ``?`` is not proven."""


def snapshot(*releases: tuple[ReleaseRow, Names], forgotten: Mapping[str, str] | None = None) -> Snapshot:
    """Return a store of releases, the oldest first, each with the names that it was the last to have."""
    resources = {
        name.rstrip("?"): ResourceRow(place, sha(word), 7, 8, not name.endswith("?"))
        for place, (_, names) in enumerate(releases)
        for name, word in names.items()
    }
    words = {word for _, names in releases for word in names.values()}
    contents = {sha(word): a_content(len(word)) for word in words}
    return Snapshot(tuple(row for row, _ in releases), resources, contents, {}, dict(forgotten or {}))


def names_of(whole: Snapshot) -> dict[str, Names]:
    """Return the names of each release, with the sizes' words left out."""
    found: dict[str, Names] = {row.name: {} for row in whole.releases}
    for name, row in whole.resources.items():
        found[whole.releases[row.release].name][name] = row.sha256
    return found


def check_whole(whole: Snapshot) -> None:
    """Check that a snapshot holds together: what a writer would write can be read."""
    assert {row.sha256 for row in whole.resources.values()} == set(whole.contents)
    assert all(0 <= row.release < len(whole.releases) for row in whole.resources.values())
    assert len({row.name for row in whole.releases}) == len(whole.releases)
    assert not set(whole.forgotten) & set(whole.resources)


# --- Joining what several stores know


def test_nothing_joined_is_nothing() -> None:
    assert join_histories([]) == NOTHING
    assert join_histories([NOTHING, NOTHING]) == NOTHING


def test_one_history_joined_says_what_it_said_of_releases_names_and_contents() -> None:
    history = snapshot((a_release("a", 1, 2), {"x.css": "x"}), (a_release("b", 2), {"y.css": "y"}))
    joined = join_histories([history])
    assert (joined.releases, joined.resources, joined.contents) == (
        history.releases,
        history.resources,
        history.contents,
    )


def test_releases_are_joined_in_the_order_in_which_they_were_superseded() -> None:
    first = snapshot((a_release("a", 1, 20), {}), (a_release("c", 3, 40), {}), (a_release("e", 50), {}))
    second = snapshot((a_release("b", 2, 30), {}), (a_release("d", 4), {}))
    for histories in ([first, second], [second, first]):
        assert [row.name for row in join_histories(histories).releases] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("reverse", [False, True])
def test_of_a_name_the_newer_releases_word_counts(reverse: bool) -> None:
    older = snapshot((a_release("a", 1), {"x.css": "old", "only.css": "only"}))
    newer = snapshot((a_release("a", 1, 2), {}), (a_release("b", 2), {"x.css": "new"}))
    joined = join_histories([newer, older] if reverse else [older, newer])
    assert names_of(joined) == {"a": {"only.css": sha("only")}, "b": {"x.css": sha("new")}}


@pytest.mark.parametrize("reverse", [False, True])
def test_who_has_seen_the_next_release_come_is_believed(reverse: bool) -> None:
    before = snapshot((a_release("a", 1), {"x.css": "x"}))
    after = snapshot((a_release("a", 1, 9), {"x.css": "x"}), (a_release("b", 9), {"y.css": "y"}))
    joined = join_histories([after, before] if reverse else [before, after])
    assert joined.releases == (a_release("a", 1, 9), a_release("b", 9))


@pytest.mark.parametrize("reverse", [False, True])
def test_a_release_that_was_built_again_after_a_rollback_is_not_superseded_by_an_older_copy(reverse: bool) -> None:
    rolled_back = snapshot((a_release("b", 20, 30), {"y.css": "y"}), (a_release("a", 30), {"x.css": "x"}))
    copy = snapshot((a_release("a", 10, 20), {"x.css": "x"}), (a_release("b", 20), {"y.css": "y"}))
    joined = join_histories([copy, rolled_back] if reverse else [rolled_back, copy])
    assert joined.releases == (a_release("b", 20, 30), a_release("a", 30))


@pytest.mark.parametrize("reverse", [False, True])
def test_of_a_content_that_has_codings_in_one_history_these_stay(reverse: bool) -> None:
    bare = snapshot((a_release("a", 1), {"x.css": "x"}))
    coded = bare._replace(contents={sha("x"): a_content(1, ("br", 1))})
    joined = join_histories([bare, coded] if reverse else [coded, bare])
    assert joined.contents == coded.contents


def test_a_name_that_one_history_has_is_forgotten_by_no_other() -> None:
    has = snapshot((a_release("a", 1), {"x.css": "x"}))
    had = snapshot((a_release("b", 2), {"y.css": "y"}), forgotten={"x.css": "a", "z.css": "z"})
    current = snapshot((a_release("c", 3), {"w.css": "w"}))
    whole = succeed(current, join_histories([has, had]), 3)
    assert whole.forgotten == {"z.css": "z"}
    assert "x.css" in whole.resources


# --- A new release after those before it


def test_the_first_release_is_alone() -> None:
    current = snapshot((a_release("a", 5), {"x.css": "x", "plain.css?": "x"}))
    assert succeed(current, join_histories([]), 5) == current


def test_a_new_release_supersedes_the_newest_now_and_no_other_again() -> None:
    history = snapshot((a_release("a", 1, 2), {"x.css": "x"}), (a_release("b", 2), {"y.css": "y"}))
    whole = succeed(snapshot((a_release("c", 50), {"z.css": "z"})), history, 50)
    assert whole.releases == (a_release("a", 1, 2), a_release("b", 2, 50), a_release("c", 50))
    assert names_of(whole) == {"a": {"x.css": sha("x")}, "b": {"y.css": sha("y")}, "c": {"z.css": sha("z")}}
    check_whole(whole)


def test_the_same_release_again_is_as_old_as_it_was() -> None:
    history = snapshot((a_release("a", 1, 2), {"x.css": "x"}), (a_release("b", 2), {"y.css": "y"}))
    assert succeed(snapshot((a_release("b", 70), {"y.css": "y"})), history, 70) == history


def test_after_a_rollback_the_release_is_the_newest_again_and_the_one_it_replaced_is_superseded_now() -> None:
    history = snapshot((a_release("a", 1, 2), {"x.css": "x"}), (a_release("b", 2), {"y.css": "y"}))
    whole = succeed(snapshot((a_release("a", 90), {"x.css": "x"})), history, 90)
    assert whole.releases == (a_release("b", 2, 90), a_release("a", 90))
    assert names_of(whole) == {"b": {"y.css": sha("y")}, "a": {"x.css": sha("x")}}
    check_whole(whole)


def test_of_earlier_releases_only_proven_names_stay() -> None:
    history = snapshot((a_release("a", 1), {"x.css": "x", "robots.txt?": "robots", "shared.txt?": "x"}))
    whole = succeed(snapshot((a_release("b", 2), {"y.css": "y", "robots.txt?": "other"})), history, 2)
    assert names_of(whole)["a"] == {"x.css": sha("x")}
    assert sha("robots") not in whole.contents
    check_whole(whole)


def test_what_the_tree_has_now_counts_whatever_a_name_was_before() -> None:
    history = snapshot((a_release("a", 1), {"x.css": "x", "both.css": "x"}))
    whole = succeed(snapshot((a_release("b", 2), {"both.css": "other"})), history, 2)
    assert names_of(whole) == {"a": {"x.css": sha("x")}, "b": {"both.css": sha("other")}}


def test_a_file_that_an_earlier_release_has_left_in_the_tree_is_as_proven_as_it_was() -> None:
    # A bundler's name, say, which only the manifest of its own release proves.
    history = snapshot((a_release("a", 1), {"left.js": "left", "written-anew.js": "old"}))
    current = snapshot((a_release("b", 2), {"left.js?": "left", "written-anew.js?": "new"}))
    whole = succeed(current, history, 2)
    assert whole.resources["left.js"].is_proven
    assert not whole.resources["written-anew.js"].is_proven


def test_what_was_forgotten_and_is_there_again_is_not_forgotten() -> None:
    history = snapshot((a_release("b", 2), {"y.css": "y"}), forgotten={"x.css": "a", "z.css": "a"})
    whole = succeed(snapshot((a_release("a", 9), {"x.css": "x"})), history, 9)
    assert whole.forgotten == {"z.css": "a"}


def test_an_earlier_release_whose_every_name_is_in_the_new_one_is_still_listed() -> None:
    history = snapshot((a_release("a", 1), {"x.css": "x"}))
    whole = succeed(snapshot((a_release("b", 2), {"x.css": "x", "y.css": "y"})), history, 2)
    assert names_of(whole) == {"a": {}, "b": {"x.css": sha("x"), "y.css": sha("y")}}


# --- What is held for each release


def test_a_content_is_held_for_the_newest_release_that_has_it() -> None:
    whole = snapshot(
        (a_release("a", 1, 2), {"a1.css": "one", "a2.css": "three"}),
        (a_release("b", 2, 3), {"b1.css": "four", "b2.css": "four"}),
        (a_release("c", 3), {"c1.css": "three"}),
    )
    assert held_bytes(whole) == [3, 4, 5]
    assert count_names(whole) == [2, 2, 1]


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (a_content(100), 100),
        (a_content(100, ("br", None), ("gzip", None)), 100),
        (a_content(100, ("br", 20), ("gzip", 30)), 50),
        (a_content(100, ("br", 20), ("gzip", None)), 20),
        (a_content(0), 0),
    ],
)
def test_a_content_takes_the_bytes_of_its_codings_and_its_own_if_it_has_none(content: ContentRow, held: int) -> None:
    whole = snapshot((a_release("a", 1), {"x.css": "x"}))._replace(contents={sha("x"): content})
    assert held_bytes(whole) == [held]


# --- What stays

# Five releases, a day apart, built at noon; the last is the newest. Each holds 100 bytes.
NOON: Final = 1_700_000_000
WEEK: Final = snapshot(
    *(
        (
            a_release(name, NOON + day * DAY, NOON + (day + 1) * DAY if day < 4 else None),
            {f"{name}.css": name * 100, "shared.css": "shared" * 1000} if day == 4 else {f"{name}.css": name * 100},
        )
        for day, name in enumerate("abcde")
    )
)
# Ten hours after the newest was built: d was superseded 10 hours ago, c 34, b 58, a 82.
NOW: Final = NOON + 4 * DAY + 10 * 3600
MUCH: Final = 10**12


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        # By count alone.
        (RetentionRules(keep_releases=0, keep_for=0, keep_bytes=MUCH), "e"),
        (RetentionRules(keep_releases=1, keep_for=0, keep_bytes=MUCH), "de"),
        (RetentionRules(keep_releases=3, keep_for=0, keep_bytes=MUCH), "bcde"),
        (RetentionRules(keep_releases=99, keep_for=0, keep_bytes=MUCH), "abcde"),
        # By age alone.
        (RetentionRules(keep_releases=0, keep_for=9 * 3600, keep_bytes=MUCH), "e"),
        (RetentionRules(keep_releases=0, keep_for=10 * 3600 + 1, keep_bytes=MUCH), "de"),
        (RetentionRules(keep_releases=0, keep_for=35 * 3600, keep_bytes=MUCH), "cde"),
        (RetentionRules(keep_releases=0, keep_for=7 * DAY, keep_bytes=MUCH), "abcde"),
        # What one of both would keep stays.
        (RetentionRules(keep_releases=3, keep_for=11 * 3600, keep_bytes=MUCH), "bcde"),
        (RetentionRules(keep_releases=1, keep_for=60 * 3600, keep_bytes=MUCH), "bcde"),
        # The cap drops the oldest, whatever the others say.
        (RetentionRules(keep_releases=99, keep_for=99 * DAY, keep_bytes=400), "abcde"),
        (RetentionRules(keep_releases=99, keep_for=99 * DAY, keep_bytes=399), "bcde"),
        (RetentionRules(keep_releases=99, keep_for=99 * DAY, keep_bytes=200), "cde"),
        (RetentionRules(keep_releases=99, keep_for=99 * DAY, keep_bytes=99), "e"),
        (RetentionRules(keep_releases=99, keep_for=99 * DAY, keep_bytes=0), "e"),
        # The default: three, and a fortnight.
        (RetentionRules(), "abcde"),
    ],
)
def test_a_release_stays_by_count_or_by_age_within_the_bytes_and_the_newest_always(
    rules: RetentionRules, kept: str
) -> None:
    assert select_kept(WEEK, rules, NOW) == [name in kept for name in "abcde"]
    left = prune(WEEK, rules, NOW)
    assert [row.name for row in left.releases] == [*kept]
    assert names_of(left) == {name: names for name, names in names_of(WEEK).items() if name in kept}
    assert left.forgotten == {f"{name}.css": name for name in "abcde" if name not in kept}
    check_whole(left)


def test_by_default_a_quiet_projects_last_three_releases_stay_and_a_busy_ones_of_a_fortnight() -> None:
    quiet = prune(WEEK, RetentionRules(), NOON + 1000 * DAY)
    assert [row.name for row in quiet.releases] == ["b", "c", "d", "e"]
    busy = snapshot(*((a_release(f"r{hour}", hour, hour + 1), {}) for hour in range(50)), (a_release("new", 51), {}))
    assert len(prune(busy, RetentionRules(), 14 * DAY).releases) == 51


def test_what_is_shared_with_a_newer_release_neither_counts_nor_goes() -> None:
    whole = snapshot(
        (a_release("a", 1, 2), {"a.css": "shared" * 1000, "a2.css": "a"}),
        (a_release("b", 2, 3), {"b.css": "shared" * 1000}),
        (a_release("c", 3), {"c.css": "shared" * 1000}),
    )
    everything = RetentionRules(keep_releases=9, keep_for=0, keep_bytes=1)
    assert prune(whole, everything, 3) == whole
    without_a = prune(whole, RetentionRules(keep_releases=9, keep_for=0, keep_bytes=0), 3)
    assert names_of(without_a) == {"b": {"b.css": sha("shared" * 1000)}, "c": {"c.css": sha("shared" * 1000)}}


def test_a_clock_that_was_set_back_drops_nothing_that_is_young() -> None:
    rules = RetentionRules(keep_releases=0, keep_for=DAY, keep_bytes=MUCH)
    assert [row.name for row in prune(WEEK, rules, 0).releases] == [*"abcde"]


def test_names_that_are_kept_no_longer_are_remembered_the_latest_ones_and_not_for_ever() -> None:
    rules = RetentionRules(keep_releases=0, keep_for=0, keep_bytes=MUCH)
    many = snapshot(
        (a_release("old", 1, 2), {f"{number}.css": "x" for number in range(1500)}),
        (a_release("new", 2), {"new.css": "y"}),
        forgotten={f"before-{number}.css": "before" for number in range(1500)},
    )
    forgotten = prune(many, rules, 10).forgotten
    assert 1500 <= len(forgotten) < 3000
    assert all(forgotten[f"{number}.css"] == "old" for number in range(1500))


def test_an_empty_release_stays_and_goes_as_any_other() -> None:
    whole = snapshot((a_release("a", 1, 2), {}), (a_release("b", 2), {}))
    assert prune(whole, RetentionRules(), 2) == whole
    assert prune(whole, RetentionRules(keep_releases=0, keep_for=0), 3).releases == (a_release("b", 2),)


# --- Whose history it is


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        (["shop/a.0123456789ab.css"], ["shop/a.ba9876543210.css"]),
        (["shop/a.0123456789ab.css"], ["shop/a.css"]),
        (["admin/a.css", "shop/a.css"], ["admin/a.css", "shop/a.css", "gone.css"]),
        # Nothing can be said of a project that has only what every project has.
        (["admin/a.css"], ["admin/b.css"]),
        (["admin/a.css"], ["shop/a.css"]),
        (["shop/a.css"], ["admin/a.css", "gis/b.css"]),
        ([], ["shop/a.css"]),
        (["shop/a.css"], []),
        # Of a live site only the names are known, not what they were without a bundler's hash.
        (["assets/index-BRBmoGS9.js"], ["assets/index-DiwrgTda.js"]),
        (["assets/main.5f0a1b2c3d4e5f6a7b8c.js"], ["assets/main.00a1b2c3d4e5f6a7b8c9.js"]),
    ],
)
def test_a_history_that_may_be_ours_is_taken(own: list[str], theirs: list[str]) -> None:
    current, history = (snapshot((a_release("a", 1), dict.fromkeys(names, "x"))) for names in (own, theirs))
    assert why_foreign(current, history) is None


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        (["shop/a.css"], ["blog/b.css"]),
        (["shop/a.0123456789ab.css"], ["blog/a.0123456789ab.css"]),
        (["admin/a.css", "shop/a.css"], ["admin/a.css", "gis/b.css", "blog/b.css"]),
    ],
)
def test_a_history_that_shares_nothing_but_what_every_project_has_is_another_projects(
    own: list[str], theirs: list[str]
) -> None:
    current, history = (snapshot((a_release("a", 1), dict.fromkeys(names, "x"))) for names in (own, theirs))
    why = why_foreign(current, history)
    assert why is not None
    assert "another project" in why
    assert "\n" not in why


@pytest.mark.parametrize(
    "name",
    [
        *("../x.css", "/x.css", "a//b.css", "a\\b.css", "a/\0.css", "", ".", "..", "a/../b.css", "a/./b.css", "a/"),
        *("..\\x.css", "//host/x.css", "\ud800.0123456789ab.css"),
    ],
)
def test_a_history_with_a_name_that_no_file_can_have_is_refused_whole(name: str) -> None:
    current = snapshot((a_release("a", 1), {"x.css": "x"}))
    history = snapshot((a_release("a", 1), {"x.css": "x", name: "x"}))
    why = why_foreign(current, history)
    assert why is not None
    # It is printed in a terminal.
    assert why.isprintable()


@pytest.mark.parametrize("name", ["a..b/x.css", "...", "\u00e9 x.css", "a:b.css", "~/x", "%2e%2e/x", ".well-known/x"])
def test_a_name_that_only_looks_like_a_trick_is_taken(name: str) -> None:
    current = snapshot((a_release("a", 1), {"x.css": "x"}))
    assert why_foreign(current, snapshot((a_release("a", 1), {"x.css": "x", name: "x"}))) is None


def test_names_go_and_with_them_the_contents_that_no_other_name_has() -> None:
    whole = snapshot((a_release("a", 1), {"x.css": "x", "x2.css": "x", "y.css": "y"}))
    assert without_names(whole, []) == whole
    left = without_names(whole, ["x.css", "y.css", "unknown.css"])
    assert names_of(left) == {"a": {"x2.css": sha("x")}}
    assert set(left.contents) == {sha("x")}


# --- Whatever is deployed, promoted and rolled back

# The sites of a project: what each release has, by its letter. Names carry their content, as hashed names do.
WORDS: Final = st.sampled_from(["red", "green", "blue", "white"])
SITES: Final = st.fixed_dictionaries({letter: st.sets(WORDS, max_size=3) for letter in "ABCD"})
DEPLOYS: Final = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.integers(0, 3 * DAY), st.booleans()), min_size=1, max_size=8
)
RULES: Final = st.builds(
    RetentionRules,
    keep_releases=st.integers(0, 4),
    keep_for=st.integers(0, 5 * DAY),
    keep_bytes=st.sampled_from([0, 4, 9, MUCH]),
)


def site(letter: str, words: set[str], now: int) -> Snapshot:
    names = {f"{word}.css": word for word in words} | {"robots.txt?": letter}
    return snapshot((a_release(letter, now), names))


@given(SITES, DEPLOYS, RULES)
def test_every_name_within_the_period_is_there_with_its_own_content_after_any_deploys(
    sites: dict[str, set[str]], deploys: list[tuple[str, int, bool]], rules: RetentionRules
) -> None:
    whole, copy, now = NOTHING, NOTHING, NOON
    last_live: dict[str, int] = {}
    live = None
    for letter, pause, keeps_copy in deploys:
        now += pause
        if live is not None and live != letter:
            last_live[live] = now
        live = letter
        history = join_histories([whole, copy] if keeps_copy else [copy, whole])
        whole = prune(succeed(site(letter, sites[letter], now), history, now), rules, now)
        if keeps_copy:
            copy = whole
        check_whole(whole)
        # The newest is what was deployed, and it is whole.
        assert whole.releases[-1].name == letter
        assert whole.releases[-1].superseded is None
        assert {f"{word}.css" for word in sites[letter]} <= set(whole.resources)
        for name, row in whole.resources.items():
            assert row.sha256 == sha(letter if name == "robots.txt" else name.removesuffix(".css"))
        assert prune(whole, rules, now) == whole
        # The same release again changes nothing.
        assert prune(succeed(site(letter, sites[letter], now), whole, now), rules, now) == whole
        if rules.keep_bytes == MUCH:
            for earlier, ended in last_live.items():
                if now - ended < rules.keep_for and earlier != letter:
                    assert {f"{word}.css" for word in sites[earlier]} <= set(whole.resources)
        else:
            assert sum(held_bytes(whole)[:-1]) <= rules.keep_bytes


@given(SITES, DEPLOYS, RULES, st.integers(0, 9 * DAY))
def test_pruning_is_done_once_and_takes_nothing_from_a_release_that_stays(
    sites: dict[str, set[str]], deploys: list[tuple[str, int, bool]], rules: RetentionRules, later: int
) -> None:
    whole, now = NOTHING, NOON
    for letter, pause, _ in deploys:
        now += pause
        whole = succeed(site(letter, sites[letter], now), whole, now)
    kept = select_kept(whole, rules, now + later)
    left = prune(whole, rules, now + later)
    check_whole(left)
    assert prune(left, rules, now + later) == left
    assert [row for row, stays in zip(whole.releases, kept, strict=True) if stays] == [*left.releases]
    for name, row in whole.resources.items():
        if kept[row.release]:
            assert left.resources[name] == row._replace(release=left.releases.index(whole.releases[row.release]))
            assert left.contents[row.sha256] == whole.contents[row.sha256]
        else:
            assert name not in left.resources
            assert left.forgotten[name] == whole.releases[row.release].name


@given(SITES, DEPLOYS, st.randoms())
def test_joining_does_not_depend_on_the_order_of_the_histories(
    sites: dict[str, set[str]], deploys: list[tuple[str, int, bool]], random: Any
) -> None:
    stages, now = [NOTHING, NOTHING], NOON
    for letter, pause, is_production in deploys:
        now += pause + 1
        stages[is_production] = succeed(site(letter, sites[letter], now), stages[is_production], now)
    histories = [stage for stage in stages if stage.releases]
    joined = join_histories(histories)
    random.shuffle(histories)
    again = join_histories(histories)
    assert names_of(joined).keys() == names_of(again).keys()
    assert {name: row.sha256 for name, row in joined.resources.items() if row.is_proven} == {
        name: row.sha256 for name, row in again.resources.items() if row.is_proven
    }
    assert joined.contents == again.contents
    for stage in stages:
        assert set(stage.resources) <= set(joined.resources)
