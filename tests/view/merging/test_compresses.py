"""What was compressed, on one side or on both: neither doubled nor brought back, and nothing lost with an archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from trace_git.conflicts import Resolution

from .lines import Steps, archived, fork, ids, mask, named, texts, trace
from .steps import (
    LETTERS,
    SUMMARIES,
    Make,
    all_of,
    conflict,
    edit,
    expanded,
    forgotten,
    masked,
    merge,
    pin,
    put_aside,
    say,
    shown,
)


def test_archives_are_united(make: Make) -> None:
    repo, _ = make(LETTERS, SUMMARIES, put_aside("d e", "D+E", "c2"))
    old = dict(zip(texts(repo, "main~2"), ids(repo, "main~2"), strict=True))
    assert archived(repo) == {"c1": {old["b"], old["c"]}, "c2": {old["d"], old["e"]}}


def test_the_archive_of_a_compress_that_gave_way_is_gone(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, SUMMARIES, put_aside("c d", "C+D", "c2"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    assert [item.message.text for item in (*asked.ours, *asked.theirs)] == ["B+C", "C+D"]
    merge(repo, resolutions={asked.id: Resolution("theirs")})
    assert archived(repo) == {"c2": set(asked.items) | {named(repo, "d", "main~1")}}


def test_two_overlaps_are_settled_each_for_itself(tmp_path: Path) -> None:
    """Ours covers what two of theirs cover; it wins against the one and gives way to the other: nothing is hidden."""
    repo = trace(tmp_path)
    fork(repo, LETTERS, put_aside("b c d e", "B-E"),
         all_of(put_aside("a b", "A+B", "c2"), put_aside("e f", "E+F", "c3")))  # fmt: skip
    one, other = repo.merge("other", dry_run=True).conflicts
    merge(repo, resolutions={one.id: Resolution("ours"), other.id: Resolution("theirs")})
    assert texts(repo) == ["a", "b", "c", "d", "E+F"]
    assert archived(repo).keys() == {"c3"}


def test_a_masked_item_keeps_its_original_on_either_side(make: Make) -> None:
    repo, _ = make(LETTERS, say("x"), lambda other: mask(other, named(other, "b"), "b…"))
    assert texts(repo) == ["a", "b…", "c", "d", "e", "f", "x"]
    assert archived(repo) == {"m1": {ids(repo)[1]}}


def test_the_original_of_a_mask_goes_when_another_version_is_taken(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, lambda one: mask(one, named(one, "b"), "b…"), edit("b", "B"))
    assert conflict(repo) == "edit"
    merge(repo, strategy="theirs")
    assert (texts(repo)[1], archived(repo)) == ("B", {})


def test_merging_what_was_compressed_neither_doubles_nor_resurrects(make: Make) -> None:
    """And a merge back, and one more, change nothing of it."""
    repo, _ = make(LETTERS, SUMMARIES, say("x"))
    repo.checkout("other")
    assert repo.merge("main").kind == "fast-forward"
    repo.commit("y")
    repo.checkout("main")
    repo.commit("z")
    repo.merge("other")
    assert texts(repo) == ["a", "B+C", "d", "e", "f", "x", "z", "y"]
    assert archived(repo).keys() == {"c1"}


@pytest.mark.parametrize("ours_goes_on", [True, False])
@pytest.mark.parametrize("how", ["compress", "pin"])
def test_of_two_equal_compresses_the_one_that_was_used_stays(make: Make, ours_goes_on: bool, how: str) -> None:
    goes_on: Steps = put_aside("B+C d", "B+C+D", "c3") if how == "compress" else pin("B+C")
    used, other = all_of(say("x"), SUMMARIES, goes_on), all_of(say("y"), put_aside("b c", "B+C", "c2"))
    repo, result = make(LETTERS, *((used, other) if ours_goes_on else (other, used)))
    tail = ["x", "y"] if ours_goes_on else ["y", "x"]
    assert shown(repo).split() == ["a", *(["B+C+D", "e"] if how == "compress" else ["B+C*", "d", "e"]), "f", *tail]
    assert archived(repo).keys() == ({"c1", "c3"} if how == "compress" else {"c1"})
    assert result.conflicts == ()


def test_of_two_equal_compresses_that_were_both_compressed_again_one_is_chosen(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, all_of(say("x"), SUMMARIES, put_aside("B+C d", "B+C+D", "c3")),
         all_of(say("y"), put_aside("b c", "B+C", "c2"), put_aside("a B+C", "A+B+C", "c4")))  # fmt: skip
    assert conflict(repo) == "summary"
    merge(repo, strategy="ours")
    assert texts(repo) == ["a", "B+C+D", "e", "f", "x", "y"]
    assert archived(repo).keys() == {"c1", "c3"}


# -- summaries of summaries ----------------------------------------------------------------

NESTED = all_of(SUMMARIES, put_aside("B+C d", "B+C+D", "c3"))


@pytest.mark.parametrize("strategy", ["ours", "theirs", "union"])
@pytest.mark.parametrize("ours_nests", [True, False])
def test_a_pin_of_a_summary_of_summaries_is_at_stake(tmp_path: Path, ours_nests: bool, strategy: str) -> None:
    pinned, other = all_of(NESTED, pin("B+C+D")), put_aside("c", "C!", "c2")
    repo = trace(tmp_path)
    fork(repo, LETTERS, *((pinned, other) if ours_nests else (other, pinned)))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    sides = (asked.ours, asked.theirs) if ours_nests else (asked.theirs, asked.ours)
    assert [[item.message.text for item in side] for side in sides] == [["B+C+D"], ["C!"]]
    merge(repo, strategy=strategy)
    assert shown(repo) == "a B+C+D* e f"


def test_two_summaries_of_the_same_items_do_not_double_what_they_stand_for(tmp_path: Path) -> None:
    """Both versions were kept of a summary that two branches edited; the other never saw the compress."""
    repo = trace(tmp_path)
    fork(repo, LETTERS, SUMMARIES, say("y"))
    repo.branch("twin")
    all_of(edit("B+C", "one"), say("x"))(repo)
    repo.checkout("twin")
    edit("B+C", "two")(repo)
    repo.checkout("main")
    repo.merge("twin", strategy="union")
    merge(repo)
    assert texts(repo) == ["a", "one", "two", "d", "e", "f", "x", "y"]


# -- an edit, a drop, an expand of a summary -------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "action", "expected"),
    [
        ("forgets", "ours", "a d e f"),
        ("forgets", "theirs", "a BC d e f"),
        ("forgets", "replace", "a NEW d e f"),
        ("forgets", "drop", "a d e f"),
        ("expands", "ours", "a b c d e f"),
        ("expands", "theirs", "a BC d e f"),
        ("expands", "replace", "a NEW d e f"),
    ],
)
def test_what_a_summary_stands_for_goes_where_it_goes(tmp_path: Path, ours: str, action: str, expected: str) -> None:
    repo = trace(tmp_path)
    all_of(say(*LETTERS), SUMMARIES)(repo)
    aside = archived(repo)
    fork(repo, [], forgotten("B+C") if ours == "forgets" else expanded(), edit("B+C", "BC"))
    assert conflict(repo) == "presence"
    (asked,) = repo.merge("other", dry_run=True).conflicts
    merge(repo, resolutions={asked.id: Resolution(action, "NEW" if action == "replace" else None)})
    assert shown(repo) == expected
    assert archived(repo) == (aside if {"BC", "NEW"} & set(expected.split()) else {})


# -- masks, and what becomes of them ---------------------------------------------------------


@pytest.mark.parametrize("name", ["c9", "z9"])
@pytest.mark.parametrize("ours_does_it", [True, False])
@pytest.mark.parametrize("base_is_masked", [True, False])
def test_a_masked_item_that_was_compressed(tmp_path: Path, name: str, ours_does_it: bool, base_is_masked: bool) -> None:
    """It lies in two archives, the shorter version in one and the original in the other, whatever their names."""
    repo = trace(tmp_path)
    say(*LETTERS)(repo)
    if base_is_masked:
        masked("b", "b…")(repo)
    steps = put_aside("b… c", "B+C", name)
    one = steps if base_is_masked else all_of(masked("b", "b…"), steps)
    fork(repo, [], *((one, say("x")) if ours_does_it else (say("x"), one)))
    result = merge(repo)
    assert (texts(repo), result.conflicts) == (["a", "B+C", "d", "e", "f", "x"], ())
    assert {under: len(items) for under, items in archived(repo).items()} == {name: 2, "m1": 1}


def test_a_masked_item_in_two_compresses(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    all_of(say(*LETTERS), masked("b", "b…"))(repo)
    fork(repo, [], put_aside("a b…", "A+B"), put_aside("b… c", "B+C", "c2"))
    assert conflict(repo) == "summary"
    merge(repo, strategy="theirs")
    assert texts(repo) == ["a", "B+C", "d", "e", "f"]
    assert {under: len(items) for under, items in archived(repo).items()} == {"c2": 2, "m1": 1}


@pytest.mark.parametrize("ours_masks", [True, False])
def test_an_item_that_was_masked_twice_keeps_both_originals(make: Make, ours_masks: bool) -> None:
    twice = all_of(masked("b", "b, shorter"), masked("b, shorter", "b…", "m2"))
    repo, _ = make(LETTERS, *((twice, say("x")) if ours_masks else (say("x"), twice)))
    assert texts(repo) == ["a", "b…", "c", "d", "e", "f", "x"]
    assert archived(repo).keys() == {"m1", "m2"}


# -- criss-cross -----------------------------------------------------------------------------


@pytest.mark.parametrize("ours", ["ours", "theirs"])
@pytest.mark.parametrize("theirs", ["ours", "theirs"])
@pytest.mark.parametrize("last", ["ours", "theirs"])
def test_a_criss_cross_of_two_compresses_keeps_the_summary_that_is_taken(
    tmp_path: Path, ours: str, theirs: str, last: str
) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, SUMMARIES, put_aside("c d", "C+D", "c2"))
    repo.branch("there", at="other")
    repo.branch("here", at="main")
    repo.merge("there", strategy=ours)
    repo.checkout("other")
    repo.merge("here", strategy=theirs)
    repo.checkout("main")
    mine, others = ("B+C" if ours == "ours" else "C+D"), ("C+D" if theirs == "ours" else "B+C")
    result = merge(repo, strategy=last)
    taken = mine if last == "ours" else others
    assert shown(repo) == ("a B+C d e f" if taken == "B+C" else "a b C+D e f")
    assert archived(repo).keys() == {"c1" if taken == "B+C" else "c2"}
    assert bool(result.conflicts) == (mine != others)
