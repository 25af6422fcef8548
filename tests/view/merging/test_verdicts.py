"""The table of ``verdicts``, one case per cell, by values alone."""

from __future__ import annotations

import pytest

from trace_git.view.merging.sides import ABSENT, LIVE, Side, State
from trace_git.view.merging.verdicts import judge, merged

A, B, C = (State(LIVE, letter * 40, False) for letter in "abc")
PINNED, PINNED_B = A._replace(pinned=True), B._replace(pinned=True)
ASIDE, ASIDE_2 = State("c1", "a" * 40, False), State("c2", "a" * 40, False)

TAKEN = [
    ("nothing", A, A, A, A),
    ("an edit", A, B, A, B),
    ("the same edit", A, B, B, B),
    ("a drop", A, ABSENT, A, ABSENT),
    ("the same drop", A, ABSENT, ABSENT, ABSENT),
    ("a pin", A, PINNED, A, PINNED),
    ("the same pin", A, PINNED, PINNED, PINNED),
    ("an unpin", PINNED, A, PINNED, A),
    ("an unpin beside an edit", PINNED, A, PINNED_B, B),
    ("an unpin beside an unpin and a drop", PINNED, A, ABSENT, ABSENT),
    ("an unpin beside an unpin and a compress", PINNED, A, ASIDE, ASIDE),
    ("a pin and an edit of one side", A, PINNED_B, A, PINNED_B),
    ("a pin and an edit beside the same edit", A, PINNED_B, B, PINNED_B),
    ("a compress", A, ASIDE, A, ASIDE),
    ("an expand", ASIDE, A, ASIDE, A),
    ("the same compress", A, ASIDE, ASIDE, ASIDE),
    ("an append", ABSENT, A, ABSENT, A),
    ("the same append", ABSENT, A, A, A),
    ("the same append, pinned once", ABSENT, PINNED, A, PINNED),
    ("an append that was dropped again elsewhere", ABSENT, A, ABSENT, A),
]
DISPUTED = [
    ("other edits", A, B, C, "edit"),
    ("the same append, edited", ABSENT, A, B, "edit"),
    ("the same append, compressed", ABSENT, A, ASIDE, "presence"),
    ("other edits of a pinned item", PINNED, PINNED_B, C._replace(pinned=True), "edit"),
    ("edit and drop", A, B, ABSENT, "presence"),
    ("pin and drop", A, PINNED, ABSENT, "presence"),
    ("edit and compress", A, B, ASIDE, "presence"),
    ("pin and compress", A, PINNED, ASIDE, "presence"),
    ("drop and compress", A, ABSENT, ASIDE, "presence"),
    ("expand and drop", ASIDE, A, ABSENT, "presence"),
    ("expand and compress again", ASIDE, A, ASIDE_2, "presence"),
    ("pin and edit", A, PINNED, B, "pin"),
    ("two compresses", A, ASIDE, ASIDE_2, "summary"),
]


def _both_ways(cases: list[tuple[object, ...]]) -> list[object]:
    ways = [(f"{name}, {way}", *sides) for name, base, *two, verdict in cases
            for way, sides in (("ours", (base, *two, verdict)), ("theirs", (base, *two[::-1], verdict)))]  # fmt: skip
    return [pytest.param(*sides, id=str(name)) for name, *sides in ways]


@pytest.mark.parametrize(("base", "ours", "theirs", "verdict"), _both_ways(TAKEN))
def test_what_one_side_did_or_both_alike_is_taken(base: State, ours: State, theirs: State, verdict: State) -> None:
    assert merged(base, ours, theirs) == verdict


@pytest.mark.parametrize(("base", "ours", "theirs", "kind"), _both_ways(DISPUTED))
def test_what_excludes_each_other_is_a_conflict(base: State, ours: State, theirs: State, kind: str) -> None:
    assert merged(base, ours, theirs) == kind


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [(A, A, A), (A, B, "edit"), (A, ABSENT, "presence"), (A, PINNED, "pin"), (ASIDE, ASIDE_2, "summary")],
)
def test_of_an_unknown_base_only_equal_sides_are_settled(ours: State, theirs: State, verdict: object) -> None:
    assert merged(None, ours, theirs) == verdict


@pytest.mark.parametrize(("took", "kind"), [(ABSENT, "presence"), (PINNED, "pin")])
def test_a_tool_group_is_in_dispute_as_a_whole(took: State, kind: str) -> None:
    """One member was edited where the others were only taken away, or pinned."""
    before = {"call": A, "result": A, "other": A}
    sides = (before, {**before, "result": B}, {**before, "call": took, "result": took})
    found = judge(Side(()), sides, lambda item: ("call", "result") if item != "other" else (item,))
    assert found.disputed == [(kind, ("call", "result"))]
    assert found.states == {"other": A}


def test_two_compresses_are_one_dispute_whatever_they_share() -> None:
    before = dict.fromkeys("uvw", A)
    sides = (before, dict.fromkeys("uvw", ASIDE), {"u": A, "v": ASIDE_2, "w": ASIDE_2})
    found = judge(Side(()), sides, lambda item: (item,))
    assert found.disputed == [("summary", ("v", "w"))]
    assert found.states == {"u": ASIDE}
