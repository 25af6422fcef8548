"""The order of a merge, by letters alone: lower case for what the base has, upper case for what is new."""

from __future__ import annotations

import pytest

from trace_git.store.format import Place
from trace_git.store.snapshot import Entry
from trace_git.view.merging.places import line, skeleton, woven
from trace_git.view.merging.sides import Side

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


def nothing(item: str) -> str:
    """What is covered by an item that is no summary."""
    return ""


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "whose"),
    [
        ("abc", "abc", "abc", "ours"),
        ("abc", "cab", "abc", "ours"),
        ("abc", "abc", "cab", "theirs"),
        ("abc", "cab", "cab", "ours"),
        ("abc", "cab", "bac", None),
        ("abc", "ab", "ba", "theirs"),  # what one side dropped says nothing
        ("ab", "aXb", "bYa", "theirs"),
        ("", "XY", "YX", "ours"),
    ],
)
def test_the_order_is_that_of_the_side_that_changed_it(base: str, ours: str, theirs: str, whose: str | None) -> None:
    assert skeleton(base, ours, theirs) == whose


@pytest.mark.parametrize(
    ("ours", "theirs", "prefer", "wanted", "result"),
    [
        ("abX", "abY", "ours", "abXY", "abXY"),
        ("abXx", "abYy", "ours", "abXxYy", "abXxYy"),
        ("aXb", "abY", "ours", "abXY", "aXbY"),
        ("aXb", "aYb", "ours", "abXY", "aXYb"),
        ("Xab", "Yab", "ours", "abXY", "XYab"),
        ("abX", "baY", "theirs", "abXY", "baXY"),  # tails are tails, whatever their predecessor did
        ("abcX", "aYbc", "ours", "acXY", "aYcX"),
        ("acX", "abYcZ", "ours", "acXYZ", "aYcXZ"),  # b is gone: its follower stands behind a
        ("X", "Y", "ours", "XY", "XY"),
        ("aX", "aX", "ours", "aX", "aX"),  # the same new item, once
        ("aXY", "aXZ", "ours", "aXYZ", "aXYZ"),
        ("aPXQ", "aRXS", "ours", "aPQRSX", "aPXQRS"),  # and it does not tear the tails apart
    ],
)
def test_new_items_follow_what_they_followed(ours: str, theirs: str, prefer: str, wanted: str, result: str) -> None:
    found = woven(ours, theirs, placed=LETTERS, prefer=prefer, wanted=set(wanted), behind=({}, {}), covered=nothing)
    assert "".join(one for one in found if one in wanted) == result


@pytest.mark.parametrize(
    ("ours", "theirs", "behind", "result"),
    [
        ("abX", "abR", ({}, {"R": "a"}), "aRbX"),
        ("aPb", "abQ", ({"P": "a"}, {"Q": "a"}), "aPQb"),
        ("ab", "abRS", ({}, {"R": "a", "S": "R"}), "aRSb"),
        ("baP", "baX", ({"P": "a"}, {}), "baPX"),
    ],
)
def test_a_result_goes_behind_its_call(ours: str, theirs: str, behind: tuple[dict[str, str], ...], result: str) -> None:
    wanted = set(ours) | set(theirs)
    found = woven(ours, theirs, placed=LETTERS, prefer="ours", wanted=wanted, behind=behind, covered=nothing)
    assert "".join(found) == result


def test_a_result_whose_call_is_gone_is_not_lost() -> None:
    behind = ({}, {"R": "a"})
    found = woven("bX", "abR", placed=LETTERS, prefer="ours", wanted=set("bXR"), behind=behind, covered=nothing)
    assert "".join(found) == "bXR"


def _side(live: str, **archived: str) -> Side:
    def entry(at: int, item: str) -> Entry:
        return Entry(Place(f"100000{at}", "user", item), "0" * 40)

    keys = {item: at for at, item in enumerate("abcdefg")}
    entries = tuple([entry(keys.get(item.lower(), 9), item) for item in live])
    return Side(entries, archived={under: tuple(entry(keys[one], one) for one in items)
                                   for under, items in archived.items()})  # fmt: skip


COVERS = {"B": "bc", "E": "Bd", "C": "bd"}


@pytest.mark.parametrize(
    ("live", "archived", "result"),
    [
        ("abc", {}, "abc"),
        ("aBd", {"c1": "bc"}, "aBbcd"),
        ("Bda", {"c1": "bc"}, "Bbcda"),  # moved since: with the summary
        ("acC", {"c1": "bd"}, "acCbd"),
        ("ad", {"c1": "bc"}, "ad"),  # nothing stands for them
    ],
)
def test_what_is_archived_stands_behind_its_summary(live: str, archived: dict[str, str], result: str) -> None:
    assert "".join(line(_side(live, **archived), lambda item: COVERS.get(item, ""), lambda _: False)) == result


def test_a_summary_that_was_compressed_again_unfolds_in_place() -> None:
    side = _side("aEf", c1="bc", c2="d")
    nested = Side(side.entries, archived={**side.archived, "c3": (Entry(Place("1000001", "user", "B"), "0" * 40),)})
    assert "".join(line(nested, lambda item: COVERS.get(item, ""), lambda _: False)) == "aEBbcdf"


def test_new_items_stand_behind_the_summary_of_their_predecessor() -> None:
    """Ours or theirs compressed b and c; the other put X behind c."""
    covered = lambda item: COVERS.get(item, "")  # noqa: E731
    one, other = line(_side("aBd", c1="bc"), covered, lambda _: False), list("abcXd")
    for sides in ((one, other), (other, one)):
        found = woven(*sides, placed=LETTERS, prefer="ours", wanted=set("aBdX"), behind=({}, {}), covered=covered)
        assert "".join(item for item in found if item in "aBdX") == "aBXd"


def test_a_summary_stands_for_its_items_where_these_would_stand() -> None:
    """The other moved a, which is before them, to the end; X is new behind the summary."""
    covered = lambda item: COVERS.get(item, "")  # noqa: E731
    one, other = line(_side("aBXd", c1="bc"), covered, lambda _: False), list("bcda")
    assert "".join(one) == "aBbcXd"
    for sides, prefer in (((one, other), "theirs"), ((other, one), "ours")):
        found = woven(*sides, placed=LETTERS, prefer=prefer, wanted=set("aBdX"), behind=({}, {}), covered=covered)
        assert "".join(item for item in found if item in "aBdX") == "BXda"
