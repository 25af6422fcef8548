"""What comes out when two lines are merged: one case per cell of the tables, made with the verbs, written and read."""

from __future__ import annotations

from pathlib import Path

import pytest

from trace_git import Repo, assistant, tool
from trace_git.conflicts import Resolution
from trace_git.errors import InvalidInputError, RefusedError, UnsafeRewriteError

from .lines import Steps, archived, call, fork, ids, named, nothing, texts, trace
from .steps import (
    LETTERS,
    SUMMARIES,
    Make,
    all_of,
    conflict,
    drop,
    edit,
    merge,
    moved,
    pin,
    put_aside,
    refs_of,
    say,
    shown,
    unpin,
)

CLEAN = [
    ("append beside append", say("x", "y"), say("z"), "a b c d e f x y z"),
    ("edit beside append", edit("a", "A"), say("z"), "A b c d e f z"),
    ("edit beside another edit", edit("a", "A"), edit("b", "B"), "A B c d e f"),
    ("edit beside the same edit", edit("a", "A"), all_of(edit("a", "A"), say("z")), "A b c d e f z"),
    ("drop beside append", drop("f"), say("z"), "a b c d e z"),
    ("drop beside the same drop", drop("c"), all_of(drop("c"), say("z")), "a b d e f z"),
    ("drop beside another drop", drop("c"), drop("d"), "a b e f"),
    ("drop beside a far edit", drop("b"), edit("e", "E"), "a c d E f"),
    ("pin beside append", pin("b"), say("z"), "a b* c d e f z"),
    ("pin beside another pin", pin("b"), pin("c"), "a b* c* d e f"),
    ("pin beside the same pin", pin("b"), all_of(pin("b"), say("z")), "a b* c d e f z"),
    ("unpin beside append", all_of(pin("b"), unpin("b")), say("z"), "a b c d e f z"),
    ("reorder beside append", moved("c a b d e f"), say("z"), "c a b d e f z"),
    ("reorder beside the same reorder", moved("c a b d e f"), all_of(moved("c a b d e f"), say("z")),
     "c a b d e f z"),
    ("reorder beside edit", moved("f a b c d e"), edit("f", "F"), "F a b c d e"),
    ("reorder beside drop", moved("f a b c d e"), drop("b"), "f a c d e"),
    ("compress beside append", SUMMARIES, say("z"), "a B+C d e f z"),
    ("compress beside a far edit", SUMMARIES, edit("e", "E"), "a B+C d E f"),
    ("compress of the end beside append", put_aside("e f", "E+F"), say("z"), "a b c d E+F z"),
    ("compress beside another compress", SUMMARIES, put_aside("d e", "D+E", "c2"), "a B+C D+E f"),
    ("compress beside the same compress, same words", SUMMARIES, all_of(put_aside("b c", "B+C", "c2"), say("z")),
     "a B+C d e f z"),
    ("compress beside a reorder elsewhere", SUMMARIES, moved("f a b c d e"), "f a B+C d e"),
    ("a compress whose summary was moved beside a drop",
     all_of(put_aside("a b", "A+B"), put_aside("f", "F!", "c2"), moved("F! A+B c d e")), drop("c"), "F! A+B d e"),
    ("compress beside a reorder of what it stood behind", put_aside("d", "D!"), moved("c a b d e f"), "c a b D! e f"),
    ("compress and append beside append", all_of(SUMMARIES, say("x")), say("z"), "a B+C d e f x z"),
    ("compress again beside append", all_of(SUMMARIES, put_aside("B+C d", "B+C+D", "c2")), say("z"), "a B+C+D e f z"),
    ("compress of own items beside append", all_of(say("x"), put_aside("f x", "F+X")), say("z"), "a b c d e F+X z"),
]  # fmt: skip


def _cases(cases: list[tuple[str, Steps, Steps, str]]) -> pytest.MarkDecorator:
    found = [pytest.param(*case, id=name) for name, *case in cases]
    return pytest.mark.parametrize(("ours", "theirs", "expected"), found)


@_cases(CLEAN)
def test_it_is_clean(make: Make, ours: Steps, theirs: Steps, expected: str) -> None:
    repo, result = make(LETTERS, ours, theirs)
    assert (shown(repo), result.conflicts, result.kind) == (expected, (), "merge")


TAILS = {"append beside append", "compress and append beside append"}  # whose order says who is ours
TURNED = [case for case in CLEAN if case[0] not in TAILS]


@_cases(TURNED)
def test_it_is_clean_the_other_way_round_too(make: Make, ours: Steps, theirs: Steps, expected: str) -> None:
    repo, result = make(LETTERS, theirs, ours)
    assert (shown(repo), result.conflicts) == (expected, ())


CONFLICTS = [
    ("edit", "edit beside another edit of the item", edit("c", "C"), edit("c", "CC"),
     {"ours": "a b C d e f", "theirs": "a b CC d e f", "both": "a b C CC d e f", "replace": "a b NEW d e f",
      "drop": "a b d e f"}),
    ("presence", "edit beside drop", edit("c", "C"), drop("c"),
     {"ours": "a b C d e f", "theirs": "a b d e f", "replace": "a b NEW d e f", "drop": "a b d e f"}),
    ("presence", "drop beside pin", drop("c"), pin("c"),
     {"ours": "a b d e f", "theirs": "a b c* d e f", "replace": "a b NEW* d e f", "drop": "a b d e f"}),
    ("presence", "edit beside compress", edit("c", "C"), SUMMARIES,
     {"ours": "a B+C C d e f", "theirs": "a B+C d e f", "replace": "a B+C NEW d e f", "drop": "a B+C d e f"}),
    ("presence", "compress beside pin", SUMMARIES, pin("b"),
     {"ours": "a B+C d e f", "theirs": "a B+C b* d e f", "drop": "a B+C d e f"}),
    ("presence", "drop beside compress", drop("c"), SUMMARIES,
     {"ours": "a B+C d e f", "theirs": "a B+C d e f", "drop": "a B+C d e f"}),
    ("pin", "pin beside edit", pin("c"), edit("c", "C"),
     {"ours": "a b c* d e f", "theirs": "a b C d e f", "replace": "a b NEW* d e f", "drop": "a b d e f"}),
    ("edit", "both pinned and edited", all_of(pin("c"), edit("c", "C")), all_of(pin("c"), edit("c", "CC")),
     {"ours": "a b C* d e f", "theirs": "a b CC* d e f", "both": "a b C* CC* d e f"}),
    ("order", "reorder beside another reorder", moved("c a b d e f"), moved("a c b d e f"),
     {"ours": "c a b d e f", "theirs": "a c b d e f"}),
    ("summary", "two compresses of the same items", SUMMARIES, put_aside("b c", "other words", "c2"),
     {"ours": "a B+C d e f", "theirs": "a other words d e f"}),
    ("summary", "overlapping compresses", SUMMARIES, put_aside("c d", "C+D", "c2"),
     {"ours": "a B+C d e f", "theirs": "a b C+D e f"}),
    ("summary", "a compress of a compress beside one of its items",
     all_of(SUMMARIES, put_aside("B+C d", "B+C+D", "c3")), put_aside("c", "C!", "c2"),
     {"ours": "a B+C+D e f", "theirs": "a b C! d e f"}),
]  # fmt: skip
ANSWERS = [(kind, ours, theirs, action, expected) for kind, _, ours, theirs, by in CONFLICTS
           for action, expected in by.items()]  # fmt: skip
ANSWERED = [f"{case[1]}, {action}" for case in CONFLICTS for action in case[4]]


@pytest.mark.parametrize(("kind", "ours", "theirs", "action", "expected"), ANSWERS, ids=ANSWERED)
def test_it_asks_and_does_what_is_answered(
    tmp_path: Path, kind: str, ours: Steps, theirs: Steps, action: str, expected: str
) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, ours, theirs)
    assert conflict(repo) == kind
    (asked,) = repo.merge("other", dry_run=True).conflicts
    answer = Resolution(action, "NEW" if action == "replace" else None)
    result = merge(repo, resolutions={asked.id: answer})
    assert shown(repo) == expected
    assert result.resolutions == {asked.id: answer}
    assert result.commit is not None
    assert result.commit.trailers["Trace-Resolved"] == f"{kind}:{asked.items[0]}={action}"


def test_a_conflict_that_is_put_off_holds_both_versions(make: Make, tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, edit("c", "C"), edit("c", "CC"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    merge(repo, resolutions={asked.id: Resolution("defer")})
    (open_,) = repo.conflicts()
    assert [item.message.text for item in (*open_.base, *open_.ours, *open_.theirs)] == ["c", "C", "CC"]
    assert ids(repo)[2] == asked.items[0]


@pytest.mark.parametrize("ours_lives", [True, False])
@pytest.mark.parametrize("away", [drop("c"), SUMMARIES])
@pytest.mark.parametrize("lives", [edit("c", "C"), pin("c")])
def test_a_union_takes_nothing_away(tmp_path: Path, lives: Steps, away: Steps, ours_lives: bool) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, *((lives, away) if ours_lives else (away, lives)))
    merge(repo, strategy="union")
    assert {"C", "c*"} & set(shown(repo).split())


@pytest.mark.parametrize("ours_drops", [True, False])
def test_drop_beside_compress_says_which_side_did_what(tmp_path: Path, ours_drops: bool) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, *((drop("c"), SUMMARIES) if ours_drops else (SUMMARIES, drop("c"))))
    assert conflict(repo) == "presence"
    (asked,) = repo.merge("other", dry_run=True).conflicts
    assert asked.aside == (("theirs",) if ours_drops else ("ours",))
    repo.checkout("other")
    (turned,) = repo.merge("main", dry_run=True).conflicts
    assert turned.id != asked.id
    repo.checkout("main")
    merge(repo, strategy="union")
    assert archived(repo)["c1"] == {named(repo, "b", "main~1^1~1"), asked.items[0]}


def test_what_a_side_compressed_is_not_put_off(tmp_path: Path) -> None:
    """It would be in no archive any more, should that side be taken later."""
    repo = trace(tmp_path)
    fork(repo, LETTERS, edit("c", "C"), SUMMARIES)
    (asked,) = repo.merge("other", dry_run=True).conflicts
    assert asked.actions == ("ours", "theirs", "replace", "drop")
    with pytest.raises(InvalidInputError, match="does not take 'defer'"):
        repo.merge("other", resolutions={asked.id: Resolution("defer")})


@pytest.mark.parametrize("strategy", ["ours", "theirs", "union"])
def test_other_words_that_both_pinned_stay_both(tmp_path: Path, strategy: str) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, all_of(edit("c", "C"), pin("C")), all_of(edit("c", "CC"), pin("CC")))
    assert conflict(repo) == "edit"
    merge(repo, strategy=strategy)
    assert shown(repo) == "a b C* CC* d e f"


def test_both_versions_of_a_criss_cross_do_not_add_up(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, edit("c", "C"), edit("c", "CC"))
    for _ in range(4):
        here, there = repo.get("main"), repo.get("other")
        repo.merge(there, strategy="union", ff="never")
        repo.checkout("other")
        repo.merge(here, strategy="union", ff="never")
        repo.checkout("main")
    assert sorted(set(texts(repo))) == ["C", "CC", "a", "b", "d", "e", "f"]
    assert len(texts(repo)) <= 8


def test_what_was_put_off_again_and_again_is_settled_some_day(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, edit("c", "C"), edit("c", "0"))

    def put_off(number: int) -> None:
        repo.checkout("other")
        edit(str(number), str(number + 1))(repo)
        repo.checkout("main")
        repo.merge("other", resolver=lambda asked: Resolution("defer"))

    with pytest.raises(RefusedError, match="nested too deeply") as caught:
        list(map(put_off, range(60)))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    assert f"trace resolve {asked.items[0][:8]}" in (caught.value.hint or "")
    merge(repo, strategy="theirs")
    assert repo.conflicts() == ()


def test_an_item_that_both_appended_by_chance_does_not_tear_the_tails_apart(make: Make) -> None:
    """Equal text at the same number of the first commit behind the base is the same item."""
    repo, _ = make(["a"], say(["x1", "yes", "x2"]), say(["y1", "yes", "y2"]))
    assert texts(repo) == ["a", "x1", "yes", "x2", "y1", "y2"]


# -- tool groups ---------------------------------------------------------------------------

CALL, RESULT = call("t1"), tool("found", "t1")
OPEN = ["a", CALL]
GROUP = ["a", [CALL, RESULT], "b"]


def test_an_answer_goes_into_its_calls_group(make: Make) -> None:
    repo, result = make(OPEN, edit("a", "A"), say(RESULT, "y"))
    assert texts(repo) == ["A", "t1", "found", "y"]
    assert result.conflicts == ()


def test_two_results_for_two_calls_of_one_message(make: Make) -> None:
    repo, result = make(["a", call("t1", "t2")], say(tool("one", "t1"), tool("two", "t2"), "x"),
                        all_of(edit("a", "A"), say("y")))  # fmt: skip
    assert texts(repo) == ["A", "t1+t2", "one", "two", "x", "y"]
    assert result.conflicts == ()


def test_each_side_answers_another_call_of_a_message(make: Make) -> None:
    repo, result = make(["a", call("t1", "t2")], say(tool("one", "t1")), say(tool("two", "t2")))
    assert texts(repo) == ["a", "t1+t2", "one", "two"]
    assert result.conflicts == ()


@pytest.mark.parametrize(("action", "expected"), [("ours", "a t1 one x y"), ("theirs", "a t1 two x y")])
def test_two_answers_to_one_call(tmp_path: Path, action: str, expected: str) -> None:
    repo = trace(tmp_path)
    fork(repo, OPEN, say(tool("one", "t1"), "x"), say(tool("two", "t1"), "y"))
    assert conflict(repo) == "answer"
    merge(repo, strategy=action)
    assert texts(repo) == expected.split()


@pytest.mark.parametrize("ours_answers", [True, False])
@pytest.mark.parametrize("take", ["the answer", "the other"])
@pytest.mark.parametrize("away", ["drop", "compress"])
def test_an_answer_to_a_call_that_is_gone(tmp_path: Path, ours_answers: bool, take: str, away: str) -> None:
    answers = say(RESULT)
    gone: Steps = drop("t1") if away == "drop" else put_aside("t1", "looked")
    repo = trace(tmp_path)
    fork(repo, OPEN, *((answers, gone) if ours_answers else (gone, answers)))
    assert conflict(repo) == "answer"
    merge(repo, strategy="ours" if ours_answers == (take == "the answer") else "theirs")
    put_aside_now = ["looked"] if away == "compress" else []  # of what is back nothing tells twice
    assert texts(repo) == ["a", *(["t1", "found"] if take == "the answer" else put_aside_now)]


TWO_CALLS = ["a", call("t1", "t2")]
ONE, TWO, UNO, DOS = tool("one", "t1"), tool("two", "t2"), tool("uno", "t1"), tool("dos", "t2")


@pytest.mark.parametrize(
    ("ours", "theirs", "action", "expected"),
    [
        ([ONE, TWO, "x"], [UNO, DOS, "y"], "ours", "one two x y"),
        ([ONE, TWO, "x"], [UNO, DOS, "y"], "theirs", "uno dos x y"),
        ([ONE, TWO, "x"], [DOS, UNO, "y"], "theirs", "dos uno x y"),
        ([TWO, ONE, "x"], [UNO, "y"], "theirs", "two uno x y"),
        ([ONE, "x"], [UNO, DOS, "y"], "ours", "one dos x y"),
    ],
)
def test_results_that_are_taken_stand_behind_their_call(
    tmp_path: Path, ours: list[object], theirs: list[object], action: str, expected: str
) -> None:
    repo = trace(tmp_path)
    fork(repo, TWO_CALLS, say(*ours), say(*theirs))
    assert conflict(repo) == "answer"
    merge(repo, strategy=action)
    assert texts(repo) == ["a", "t1+t2", *expected.split()]


@pytest.mark.parametrize(
    ("edits", "answers", "expected"),
    [
        ("ours", "ours", "a OURS one x y"),
        ("ours", "theirs", "a OURS two x y"),
        ("theirs", "ours", "a THEIRS one x y"),
        ("drop", "ours", "a x y"),
        ("drop", "theirs", "a x y"),
    ],
)
def test_two_answers_to_a_call_that_both_edited(tmp_path: Path, edits: str, answers: str, expected: str) -> None:
    repo = trace(tmp_path)
    fork(repo, OPEN, all_of(edit("t1", "OURS"), say(tool("one", "t1"), "x")),
         all_of(edit("t1", "THEIRS"), say(tool("two", "t1"), "y")))  # fmt: skip
    asked = {one.kind: one for one in repo.merge("other", dry_run=True).conflicts}
    assert asked.keys() == {"edit", "answer"}
    merge(repo, resolutions={asked["edit"].id: Resolution(edits), asked["answer"].id: Resolution(answers)})
    assert texts(repo) == expected.split()


def test_an_open_call_and_anything_new_is_refused(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, ["a"], say(CALL), say("y"))
    refs = refs_of(repo)
    with pytest.raises(UnsafeRewriteError, match="which nothing answers") as caught:
        repo.merge("other")
    assert "answer the open call" in (caught.value.hint or "")
    assert caught.value.findings[0].items == (named(repo, "t1"),)
    assert refs_of(repo) == refs
    repo.commit(RESULT)
    merge(repo)
    assert texts(repo) == ["a", "t1", "found", "y"]


def test_theirs_may_end_in_an_open_call(make: Make) -> None:
    repo, _ = make(["a"], say("x"), say(CALL))
    assert texts(repo) == ["a", "x", "t1"]


def test_groups_stay_whole_in_both_tails(make: Make) -> None:
    """The same call id on both sides is two calls."""
    repo, _ = make(["a"], say("x", [CALL, tool("one", "t1")]), say("y", [CALL, tool("two", "t1")], "z"))
    assert texts(repo) == ["a", "x", "t1", "one", "y", "t1", "two", "z"]


def test_the_same_call_appended_on_both_sides_is_one_call(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, ["a"], say([CALL, tool("one", "t1")], "x"), say([CALL, tool("two", "t1")], "y"))
    assert conflict(repo) == "answer"
    merge(repo, strategy="theirs")
    assert texts(repo) == ["a", "t1", "two", "x", "y"]


@pytest.mark.parametrize(("action", "expected"), [("ours", "a t1 FOUND b"), ("theirs", "a b"), ("drop", "a b")])
def test_a_group_is_in_dispute_as_a_whole(tmp_path: Path, action: str, expected: str) -> None:
    repo = trace(tmp_path)
    fork(repo, GROUP, edit("found", "FOUND"), drop("t1"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    assert (asked.kind, len(asked.items), asked.actions) == ("presence", 2, ("ours", "theirs", "drop"))
    merge(repo, resolutions={asked.id: Resolution(action)})
    assert texts(repo) == expected.split()


@pytest.mark.parametrize(("action", "expected"), [("ours", "a t1* found* b"), ("theirs", "a t1 FOUND b")])
def test_a_pin_of_a_group_beside_an_edit_in_it(tmp_path: Path, action: str, expected: str) -> None:
    repo = trace(tmp_path)
    fork(repo, GROUP, pin("t1"), edit("found", "FOUND"))
    assert conflict(repo) == "pin"
    (asked,) = repo.merge("other", dry_run=True).conflicts
    merge(repo, resolutions={asked.id: Resolution(action)})
    assert shown(repo) == expected


def test_two_edits_of_a_result_have_no_both(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, GROUP, edit("found", "F"), edit("found", "FF"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    assert "both" not in asked.actions
    merge(repo, strategy="union")
    assert texts(repo) == ["a", "t1", "F", "b"]


def test_dropping_a_disputed_result_drops_its_call(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, GROUP, edit("found", "F"), edit("found", "FF"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    merge(repo, resolutions={asked.id: Resolution("drop")})
    assert texts(repo) == ["a", "b"]


def test_an_answered_group_that_the_other_side_dropped_with_an_edit_in_it(tmp_path: Path) -> None:
    """Edited, answered further, dropped: one question, and either answer leaves whole groups."""
    for number, action in enumerate(("ours", "theirs")):
        repo = trace(tmp_path / str(number))
        fork(repo, ["a", call("t1", "t2", text="look"), tool("one", "t1")],
             all_of(edit("one", "ONE"), say(tool("two", "t2"))), drop("look"))  # fmt: skip
        assert conflict(repo) == "presence"
        merge(repo, strategy=action)
        assert texts(repo) == (["a", "look", "ONE", "two"] if action == "ours" else ["a"])


# -- tools, many bases ---------------------------------------------------------------------


def _tools(*names: str) -> Steps:
    return lambda repo: repo.set_tools([{"type": "function", "function": {"name": name}} for name in names])


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [(_tools("x"), nothing, "x"), (nothing, _tools("y"), "y"), (_tools("x"), _tools("x"), "x")],
)
def test_tools_are_one_item(make: Make, ours: Steps, theirs: Steps, expected: str) -> None:
    repo, _ = make(["a"], ours, theirs)
    assert [one["function"]["name"] for one in repo.tools or ()] == [expected]


@pytest.mark.parametrize(("action", "expected"), [("ours", "x"), ("theirs", "y"), ("union", "x")])
def test_two_changes_of_the_tools(tmp_path: Path, action: str, expected: str) -> None:
    repo = trace(tmp_path)
    fork(repo, ["a"], _tools("x"), _tools("y"))
    assert conflict(repo) == "edit"
    merge(repo, strategy=action)
    assert [one["function"]["name"] for one in repo.tools or ()] == [expected]


def _criss_cross(repo: Repo, ours: Steps, theirs: Steps, **options: object) -> None:
    """main and other merged each other's tips at the same time."""
    fork(repo, LETTERS, ours, theirs)
    repo.branch("there", at="other")
    repo.branch("here", at="main")
    repo.merge("there", ff="never", **options)
    repo.checkout("other")
    repo.merge("here", ff="never", **({**options, "strategy": {"ours": "theirs", "theirs": "ours"}[
        str(options["strategy"])]} if "strategy" in options else options))  # fmt: skip
    repo.checkout("main")


def test_a_criss_cross_is_clean_where_its_bases_agree(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    _criss_cross(repo, all_of(edit("a", "A"), say("x")), all_of(drop("b"), say("y")))
    repo.edit(named(repo, "c"), "C")
    repo.checkout("other")
    repo.pin(named(repo, "d"))
    repo.commit("z")
    repo.checkout("main")
    assert shown(repo) == "A C d e f x y"
    result = merge(repo)
    assert (result.conflicts, shown(repo)) == ((), "A C d* e f x y z")


def test_a_criss_cross_of_the_same_conflict_settled_alike_asks_no_more(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    _criss_cross(repo, edit("c", "C"), edit("c", "CC"), strategy="ours")
    result = merge(repo)
    assert (result.conflicts, shown(repo)) == ((), "a b C d e f")


def test_a_criss_cross_settled_differently_asks_again(tmp_path: Path) -> None:
    """Of the base nothing is known, so what either side says counts as changed."""
    repo = trace(tmp_path)
    fork(repo, LETTERS, edit("c", "C"), edit("c", "CC"))
    repo.branch("there", at="other")
    repo.branch("here", at="main")
    repo.merge("there", strategy="ours")
    repo.checkout("other")
    repo.merge("here", strategy="ours")
    repo.checkout("main")
    assert conflict(repo) == "edit"
    merge(repo, strategy="theirs")
    assert shown(repo) == "a b CC d e f"


def test_a_criss_cross_of_two_orders_keeps_ours(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, moved("c a b d e f"), moved("a c b d e f"))
    repo.branch("there", at="other")
    repo.branch("here", at="main")
    repo.merge("there", strategy="ours")
    repo.checkout("other")
    repo.merge("here", strategy="ours")
    repo.commit("z")
    repo.checkout("main")
    result = merge(repo)
    assert (result.conflicts, shown(repo)) == ((), "c a b d e f z")


def test_a_ladder_of_criss_crosses(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, say("x0"), say("y0"))
    for number in range(1, 6):
        tips = [repo.get("main"), repo.get("other")]
        repo.merge(tips[1], ff="never")
        repo.commit(f"x{number}")
        repo.checkout("other")
        repo.merge(tips[0], ff="never")
        repo.commit(f"y{number}")
        repo.checkout("main")
    merge(repo)
    assert sorted(texts(repo)) == sorted([*LETTERS, *(f"{side}{at}" for side in "xy" for at in range(6))])


def test_the_same_branch_again_and_again(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, say("x0"), say("y0"))
    merge(repo)
    for number in (1, 2, 3):
        repo.commit(f"x{number}")
        repo.checkout("other")
        repo.commit(f"y{number}")
        repo.edit(named(repo, "a" if number == 1 else f"A{number - 1}"), f"A{number}")
        repo.checkout("main")
        assert merge(repo).conflicts == ()
    assert shown(repo) == "A3 b c d e f x0 y0 x1 y1 x2 y2 x3 y3"


def test_edits_far_apart_in_a_long_context(make: Make) -> None:
    """Folders in between are the same on all sides, and are not looked at."""
    many = [[f"n{number}" for number in range(400)]]
    repo, _ = make(many, all_of(edit("n3", "N3"), drop("n200"), pin("n100"), say("x")),
                   all_of(edit("n390", "N390"), drop("n201"), pin("n101"), pin("n300"), say("y")))  # fmt: skip
    now = shown(repo).split()
    expected = [f"n{number}" for number in range(400) if number not in (200, 201)]
    changed = {"n3": "N3", "n390": "N390", "n100": "n100*", "n101": "n101*", "n300": "n300*"}
    assert now == [*(changed.get(one, one) for one in expected), "x", "y"]


def test_a_whole_folder_that_one_side_dropped(make: Make) -> None:
    """What is left stands side by side there, and apart on the other side."""

    def drops(repo: Repo) -> None:
        with repo.batch():
            for number in range(32, 64):
                repo.drop(named(repo, f"n{number}"))

    repo, _ = make([[f"n{number}" for number in range(128)]], all_of(edit("n0", "N0"), say("x")), drops)
    assert texts(repo) == ["N0", *(f"n{number}" for number in (*range(1, 32), *range(64, 128))), "x"]


@pytest.mark.parametrize("gap", [1, 40, 200])
def test_a_result_far_from_its_call_finds_it(tmp_path: Path, gap: int) -> None:
    """Over folders that are the same on all sides. The trace had a fault, which the merge mends in passing."""
    many = [[f"n{number}" for number in range(30)], CALL, [f"m{number}" for number in range(gap)]]
    repo = trace(tmp_path)
    fork(repo, many, say("x"), say(RESULT, "y"))
    repo.merge("other")
    assert texts(repo)[29:33] == ["n29", "t1", "found", "m0"]
    assert texts(repo)[-2:] == ["x", "y"]


def test_one_assistant_turn_with_text_and_call_beside_a_pin_far_away(make: Make) -> None:
    repo, _ = make([assistant("hello"), *GROUP], pin("hello"), say("y"))
    assert shown(repo) == "hello* a t1 found b y"
