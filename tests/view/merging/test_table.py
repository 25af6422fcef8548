"""What comes out when two lines are merged: one case per cell of the tables, made with the verbs, written and read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import Repo, assistant, tool
from trace_git.conflicts import Resolution
from trace_git.errors import MergeConflictError, UnsafeRewriteError
from trace_git.results import MergeResult

from .lines import (
    Steps,
    archived,
    bases_of,
    call,
    check,
    compress,
    fork,
    ids,
    mask,
    named,
    nothing,
    reorder,
    texts,
    trace,
)

Make = Callable[..., tuple[Repo, MergeResult]]
LETTERS = ["a", "b", "c", "d", "e", "f"]


def _edit(item: str, text: str) -> Steps:
    return lambda repo: repo.edit(named(repo, item), text, force=True)


def _drop(item: str) -> Steps:
    return lambda repo: repo.drop(named(repo, item))


def _pin(item: str) -> Steps:
    return lambda repo: repo.pin(named(repo, item))


def _unpin(item: str) -> Steps:
    return lambda repo: repo.unpin(named(repo, item))


def _say(*said: object) -> Steps:
    return lambda repo: [repo.commit(one) for one in said]


def _compress(items: str, text: str, name: str = "c1") -> Steps:
    return lambda repo: compress(repo, [named(repo, item) for item in items.split()], text, name=name)


def _reorder(items: str) -> Steps:
    return lambda repo: reorder(repo, [named(repo, item) for item in items.split()])


def _all(*steps: Steps) -> Steps:
    return lambda repo: [step(repo) for step in steps]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """``make(base, ours, theirs, **options)`` merges two lines and checks what must hold of any merge."""

    def merged(base: object, ours: Steps, theirs: Steps, **options: object) -> tuple[Repo, MergeResult]:
        repo = trace(tmp_path)
        fork(repo, base, ours, theirs)
        return repo, merge(repo, **options)

    return merged


def merge(repo: Repo, **options: object) -> MergeResult:
    bases = bases_of(repo, "HEAD", "other")
    before, theirs = repo.context(), repo.context("other")
    refs = _refs(repo)
    result = repo.merge("other", **{"ff": "never", **options})
    if result.commit is not None:
        check(repo, before, theirs, result, bases)
        assert repo.verify() == ()
        assert repo.merge("other").kind == "up-to-date"
        after = _refs(repo)
        repo.undo()
        assert _refs(repo) == refs
        repo.redo()
        assert _refs(repo) == after
    return result


def _refs(repo: Repo) -> dict[str, str]:
    store = repo._handle.store
    store.refresh()
    return {ref: value for ref, value in store.ref_names().items() if not ref.startswith("refs/trace/keep/")}


def conflict(repo: Repo) -> str:
    """The kind of the one conflict of merging, which moved nothing."""
    refs = _refs(repo)
    with pytest.raises(MergeConflictError) as caught:
        repo.merge("other")
    assert _refs(repo) == refs
    assert [one.id for one in repo.merge("other", dry_run=True).conflicts] == [one.id for one in caught.value.conflicts]
    assert len(caught.value.conflicts) == 1
    return caught.value.conflicts[0].kind


SUMMARIES = _compress("b c", "B+C")
CLEAN = [
    ("append beside append", _say("x", "y"), _say("z"), "a b c d e f x y z"),
    ("edit beside append", _edit("a", "A"), _say("z"), "A b c d e f z"),
    ("edit beside another edit", _edit("a", "A"), _edit("b", "B"), "A B c d e f"),
    ("edit beside the same edit", _edit("a", "A"), _all(_edit("a", "A"), _say("z")), "A b c d e f z"),
    ("drop beside append", _drop("f"), _say("z"), "a b c d e z"),
    ("drop beside the same drop", _drop("c"), _all(_drop("c"), _say("z")), "a b d e f z"),
    ("drop beside another drop", _drop("c"), _drop("d"), "a b e f"),
    ("drop beside a far edit", _drop("b"), _edit("e", "E"), "a c d E f"),
    ("pin beside append", _pin("b"), _say("z"), "a b* c d e f z"),
    ("pin beside another pin", _pin("b"), _pin("c"), "a b* c* d e f"),
    ("pin beside the same pin", _pin("b"), _all(_pin("b"), _say("z")), "a b* c d e f z"),
    ("unpin beside append", _all(_pin("b"), _unpin("b")), _say("z"), "a b c d e f z"),
    ("reorder beside append", _reorder("c a b d e f"), _say("z"), "c a b d e f z"),
    ("reorder beside the same reorder", _reorder("c a b d e f"), _all(_reorder("c a b d e f"), _say("z")),
     "c a b d e f z"),
    ("reorder beside edit", _reorder("f a b c d e"), _edit("f", "F"), "F a b c d e"),
    ("reorder beside drop", _reorder("f a b c d e"), _drop("b"), "f a c d e"),
    ("compress beside append", SUMMARIES, _say("z"), "a B+C d e f z"),
    ("compress beside a far edit", SUMMARIES, _edit("e", "E"), "a B+C d E f"),
    ("compress of the end beside append", _compress("e f", "E+F"), _say("z"), "a b c d E+F z"),
    ("compress beside another compress", SUMMARIES, _compress("d e", "D+E", "c2"), "a B+C D+E f"),
    ("compress beside the same compress, same words", SUMMARIES, _all(_compress("b c", "B+C", "c2"), _say("z")),
     "a B+C d e f z"),
    ("compress beside a reorder elsewhere", SUMMARIES, _reorder("f a b c d e"), "f a B+C d e"),
    ("a compress whose summary was moved beside a drop",
     _all(_compress("a b", "A+B"), _compress("f", "F!", "c2"), _reorder("F! A+B c d e")), _drop("c"), "F! A+B d e"),
    ("compress and append beside append", _all(SUMMARIES, _say("x")), _say("z"), "a B+C d e f x z"),
    ("compress again beside append", _all(SUMMARIES, _compress("B+C d", "B+C+D", "c2")), _say("z"), "a B+C+D e f z"),
    ("compress of own items beside append", _all(_say("x"), _compress("f x", "F+X")), _say("z"), "a b c d e F+X z"),
]  # fmt: skip


def _shown(repo: Repo) -> str:
    marks = ["*" if item.pinned else "" for item in repo.context().items]
    return " ".join(f"{text}{mark}" for text, mark in zip(texts(repo), marks, strict=True))


def _cases(cases: list[tuple[str, Steps, Steps, str]]) -> pytest.MarkDecorator:
    found = [pytest.param(*case, id=name) for name, *case in cases]
    return pytest.mark.parametrize(("ours", "theirs", "expected"), found)


@_cases(CLEAN)
def test_it_is_clean(make: Make, ours: Steps, theirs: Steps, expected: str) -> None:
    repo, result = make(LETTERS, ours, theirs)
    assert (_shown(repo), result.conflicts, result.kind) == (expected, (), "merge")


TAILS = {"append beside append", "compress and append beside append"}  # whose order says who is ours
TURNED = [case for case in CLEAN if case[0] not in TAILS]


@_cases(TURNED)
def test_it_is_clean_the_other_way_round_too(make: Make, ours: Steps, theirs: Steps, expected: str) -> None:
    repo, result = make(LETTERS, theirs, ours)
    assert (_shown(repo), result.conflicts) == (expected, ())


CONFLICTS = [
    ("edit", "edit beside another edit of the item", _edit("c", "C"), _edit("c", "CC"),
     {"ours": "a b C d e f", "theirs": "a b CC d e f", "both": "a b C CC d e f", "replace": "a b NEW d e f",
      "drop": "a b d e f"}),
    ("presence", "edit beside drop", _edit("c", "C"), _drop("c"),
     {"ours": "a b C d e f", "theirs": "a b d e f", "replace": "a b NEW d e f", "drop": "a b d e f"}),
    ("presence", "drop beside pin", _drop("c"), _pin("c"),
     {"ours": "a b d e f", "theirs": "a b c* d e f", "replace": "a b NEW* d e f", "drop": "a b d e f"}),
    ("presence", "edit beside compress", _edit("c", "C"), SUMMARIES,
     {"ours": "a B+C C d e f", "theirs": "a B+C d e f", "replace": "a B+C NEW d e f", "drop": "a B+C d e f"}),
    ("presence", "compress beside pin", SUMMARIES, _pin("b"),
     {"ours": "a B+C d e f", "theirs": "a B+C b* d e f", "drop": "a B+C d e f"}),
    ("presence", "drop beside compress", _drop("c"), SUMMARIES,
     {"ours": "a B+C d e f", "theirs": "a B+C d e f", "drop": "a B+C d e f"}),
    ("pin", "pin beside edit", _pin("c"), _edit("c", "C"),
     {"ours": "a b c* d e f", "theirs": "a b C d e f", "replace": "a b NEW* d e f", "drop": "a b d e f"}),
    ("edit", "both pinned and edited", _all(_pin("c"), _edit("c", "C")), _all(_pin("c"), _edit("c", "CC")),
     {"ours": "a b C* d e f", "theirs": "a b CC* d e f", "both": "a b C* CC* d e f"}),
    ("order", "reorder beside another reorder", _reorder("c a b d e f"), _reorder("a c b d e f"),
     {"ours": "c a b d e f", "theirs": "a c b d e f"}),
    ("summary", "two compresses of the same items", SUMMARIES, _compress("b c", "other words", "c2"),
     {"ours": "a B+C d e f", "theirs": "a other words d e f"}),
    ("summary", "overlapping compresses", SUMMARIES, _compress("c d", "C+D", "c2"),
     {"ours": "a B+C d e f", "theirs": "a b C+D e f"}),
    ("summary", "a compress of a compress beside one of its items",
     _all(SUMMARIES, _compress("B+C d", "B+C+D", "c3")), _compress("c", "C!", "c2"),
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
    assert _shown(repo) == expected
    assert result.resolutions == {asked.id: answer}
    assert result.commit is not None
    assert result.commit.trailers["Trace-Resolved"] == f"{kind}:{asked.items[0]}={action}"


def test_a_conflict_that_is_put_off_holds_both_versions(make: Make, tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, _edit("c", "C"), _edit("c", "CC"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    merge(repo, resolutions={asked.id: Resolution("defer")})
    (open_,) = repo.conflicts()
    assert [item.message.text for item in (*open_.base, *open_.ours, *open_.theirs)] == ["c", "C", "CC"]
    assert ids(repo)[2] == asked.items[0]


def test_an_item_that_both_appended_by_chance_does_not_tear_the_tails_apart(make: Make) -> None:
    """Equal text at the same number of the first commit behind the base is the same item."""
    repo, _ = make(["a"], _say(["x1", "yes", "x2"]), _say(["y1", "yes", "y2"]))
    assert texts(repo) == ["a", "x1", "yes", "x2", "y1", "y2"]


# -- archives ------------------------------------------------------------------------------


def test_archives_are_united(make: Make) -> None:
    repo, _ = make(LETTERS, SUMMARIES, _compress("d e", "D+E", "c2"))
    old = dict(zip(texts(repo, "main~2"), ids(repo, "main~2"), strict=True))
    assert archived(repo) == {"c1": {old["b"], old["c"]}, "c2": {old["d"], old["e"]}}


def test_the_archive_of_a_compress_that_gave_way_is_gone(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, SUMMARIES, _compress("c d", "C+D", "c2"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    assert [item.message.text for item in (*asked.ours, *asked.theirs)] == ["B+C", "C+D"]
    merge(repo, resolutions={asked.id: Resolution("theirs")})
    assert archived(repo) == {"c2": set(asked.items) | {named(repo, "d", "main~1")}}


def test_two_overlaps_are_settled_each_for_itself(tmp_path: Path) -> None:
    """Ours covers what two of theirs cover; it wins against the one and gives way to the other: nothing is hidden."""
    repo = trace(tmp_path)
    fork(repo, LETTERS, _compress("b c d e", "B-E"),
         _all(_compress("a b", "A+B", "c2"), _compress("e f", "E+F", "c3")))  # fmt: skip
    one, other = repo.merge("other", dry_run=True).conflicts
    merge(repo, resolutions={one.id: Resolution("ours"), other.id: Resolution("theirs")})
    assert texts(repo) == ["a", "b", "c", "d", "E+F"]
    assert archived(repo).keys() == {"c3"}


def test_a_masked_item_keeps_its_original_on_either_side(make: Make) -> None:
    repo, _ = make(LETTERS, _say("x"), lambda other: mask(other, named(other, "b"), "b…"))
    assert texts(repo) == ["a", "b…", "c", "d", "e", "f", "x"]
    assert archived(repo) == {"m1": {ids(repo)[1]}}


def test_the_original_of_a_mask_goes_when_another_version_is_taken(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, lambda one: mask(one, named(one, "b"), "b…"), _edit("b", "B"))
    assert conflict(repo) == "edit"
    merge(repo, strategy="theirs")
    assert (texts(repo)[1], archived(repo)) == ("B", {})


def test_merging_what_was_compressed_neither_doubles_nor_resurrects(make: Make) -> None:
    """And a merge back, and one more, change nothing of it."""
    repo, _ = make(LETTERS, SUMMARIES, _say("x"))
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
    goes_on: Steps = _compress("B+C d", "B+C+D", "c3") if how == "compress" else _pin("B+C")
    used, other = _all(_say("x"), SUMMARIES, goes_on), _all(_say("y"), _compress("b c", "B+C", "c2"))
    repo, result = make(LETTERS, *((used, other) if ours_goes_on else (other, used)))
    tail = ["x", "y"] if ours_goes_on else ["y", "x"]
    assert _shown(repo).split() == ["a", *(["B+C+D", "e"] if how == "compress" else ["B+C*", "d", "e"]), "f", *tail]
    assert archived(repo).keys() == ({"c1", "c3"} if how == "compress" else {"c1"})
    assert result.conflicts == ()


def test_of_two_equal_compresses_that_were_both_compressed_again_one_is_chosen(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, _all(_say("x"), SUMMARIES, _compress("B+C d", "B+C+D", "c3")),
         _all(_say("y"), _compress("b c", "B+C", "c2"), _compress("a B+C", "A+B+C", "c4")))  # fmt: skip
    assert conflict(repo) == "summary"
    merge(repo, strategy="ours")
    assert texts(repo) == ["a", "B+C+D", "e", "f", "x", "y"]
    assert archived(repo).keys() == {"c1", "c3"}


# -- tool groups ---------------------------------------------------------------------------

CALL, RESULT = call("t1"), tool("found", "t1")
OPEN = ["a", CALL]
GROUP = ["a", [CALL, RESULT], "b"]


def test_an_answer_goes_into_its_calls_group(make: Make) -> None:
    repo, result = make(OPEN, _edit("a", "A"), _say(RESULT, "y"))
    assert texts(repo) == ["A", "t1", "found", "y"]
    assert result.conflicts == ()


def test_two_results_for_two_calls_of_one_message(make: Make) -> None:
    repo, result = make(["a", call("t1", "t2")], _say(tool("one", "t1"), tool("two", "t2"), "x"),
                        _all(_edit("a", "A"), _say("y")))  # fmt: skip
    assert texts(repo) == ["A", "t1+t2", "one", "two", "x", "y"]
    assert result.conflicts == ()


def test_each_side_answers_another_call_of_a_message(make: Make) -> None:
    repo, result = make(["a", call("t1", "t2")], _say(tool("one", "t1")), _say(tool("two", "t2")))
    assert texts(repo) == ["a", "t1+t2", "one", "two"]
    assert result.conflicts == ()


@pytest.mark.parametrize(("action", "expected"), [("ours", "a t1 one x y"), ("theirs", "a t1 two x y")])
def test_two_answers_to_one_call(tmp_path: Path, action: str, expected: str) -> None:
    repo = trace(tmp_path)
    fork(repo, OPEN, _say(tool("one", "t1"), "x"), _say(tool("two", "t1"), "y"))
    assert conflict(repo) == "answer"
    merge(repo, strategy=action)
    assert texts(repo) == expected.split()


@pytest.mark.parametrize("ours_answers", [True, False])
@pytest.mark.parametrize("take", ["the answer", "the other"])
@pytest.mark.parametrize("away", ["drop", "compress"])
def test_an_answer_to_a_call_that_is_gone(tmp_path: Path, ours_answers: bool, take: str, away: str) -> None:
    answers = _say(RESULT)
    gone: Steps = _drop("t1") if away == "drop" else _compress("t1", "looked")
    repo = trace(tmp_path)
    fork(repo, OPEN, *((answers, gone) if ours_answers else (gone, answers)))
    assert conflict(repo) == "answer"
    merge(repo, strategy="ours" if ours_answers == (take == "the answer") else "theirs")
    summary = ["looked"] if away == "compress" else []
    assert texts(repo) == ["a", *summary, *(["t1", "found"] if take == "the answer" else [])]


def test_an_open_call_and_anything_new_is_refused(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, ["a"], _say(CALL), _say("y"))
    refs = _refs(repo)
    with pytest.raises(UnsafeRewriteError, match="which nothing answers") as caught:
        repo.merge("other")
    assert "answer the open call" in (caught.value.hint or "")
    assert caught.value.findings[0].items == (named(repo, "t1"),)
    assert _refs(repo) == refs
    repo.commit(RESULT)
    merge(repo)
    assert texts(repo) == ["a", "t1", "found", "y"]


def test_theirs_may_end_in_an_open_call(make: Make) -> None:
    repo, _ = make(["a"], _say("x"), _say(CALL))
    assert texts(repo) == ["a", "x", "t1"]


def test_groups_stay_whole_in_both_tails(make: Make) -> None:
    """The same call id on both sides is two calls."""
    repo, _ = make(["a"], _say("x", [CALL, tool("one", "t1")]), _say("y", [CALL, tool("two", "t1")], "z"))
    assert texts(repo) == ["a", "x", "t1", "one", "y", "t1", "two", "z"]


def test_the_same_call_appended_on_both_sides_is_one_call(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, ["a"], _say([CALL, tool("one", "t1")], "x"), _say([CALL, tool("two", "t1")], "y"))
    assert conflict(repo) == "answer"
    merge(repo, strategy="theirs")
    assert texts(repo) == ["a", "t1", "two", "x", "y"]


@pytest.mark.parametrize(("action", "expected"), [("ours", "a t1 FOUND b"), ("theirs", "a b"), ("drop", "a b")])
def test_a_group_is_in_dispute_as_a_whole(tmp_path: Path, action: str, expected: str) -> None:
    repo = trace(tmp_path)
    fork(repo, GROUP, _edit("found", "FOUND"), _drop("t1"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    assert (asked.kind, len(asked.items), asked.actions) == ("presence", 2, ("ours", "theirs", "drop"))
    merge(repo, resolutions={asked.id: Resolution(action)})
    assert texts(repo) == expected.split()


@pytest.mark.parametrize(("action", "expected"), [("ours", "a t1* found* b"), ("theirs", "a t1 FOUND b")])
def test_a_pin_of_a_group_beside_an_edit_in_it(tmp_path: Path, action: str, expected: str) -> None:
    repo = trace(tmp_path)
    fork(repo, GROUP, _pin("t1"), _edit("found", "FOUND"))
    assert conflict(repo) == "pin"
    (asked,) = repo.merge("other", dry_run=True).conflicts
    merge(repo, resolutions={asked.id: Resolution(action)})
    assert _shown(repo) == expected


def test_two_edits_of_a_result_have_no_both(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, GROUP, _edit("found", "F"), _edit("found", "FF"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    assert "both" not in asked.actions
    merge(repo, strategy="union")
    assert texts(repo) == ["a", "t1", "F", "b"]


def test_dropping_a_disputed_result_drops_its_call(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, GROUP, _edit("found", "F"), _edit("found", "FF"))
    (asked,) = repo.merge("other", dry_run=True).conflicts
    merge(repo, resolutions={asked.id: Resolution("drop")})
    assert texts(repo) == ["a", "b"]


def test_an_answered_group_that_the_other_side_dropped_with_an_edit_in_it(tmp_path: Path) -> None:
    """Edited, answered further, dropped: one question, and either answer leaves whole groups."""
    for number, action in enumerate(("ours", "theirs")):
        repo = trace(tmp_path / str(number))
        fork(repo, ["a", call("t1", "t2", text="look"), tool("one", "t1")],
             _all(_edit("one", "ONE"), _say(tool("two", "t2"))), _drop("look"))  # fmt: skip
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
    _criss_cross(repo, _all(_edit("a", "A"), _say("x")), _all(_drop("b"), _say("y")))
    repo.edit(named(repo, "c"), "C")
    repo.checkout("other")
    repo.pin(named(repo, "d"))
    repo.commit("z")
    repo.checkout("main")
    assert _shown(repo) == "A C d e f x y"
    result = merge(repo)
    assert (result.conflicts, _shown(repo)) == ((), "A C d* e f x y z")


def test_a_criss_cross_of_the_same_conflict_settled_alike_asks_no_more(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    _criss_cross(repo, _edit("c", "C"), _edit("c", "CC"), strategy="ours")
    result = merge(repo)
    assert (result.conflicts, _shown(repo)) == ((), "a b C d e f")


def test_a_criss_cross_settled_differently_asks_again(tmp_path: Path) -> None:
    """Of the base nothing is known, so what either side says counts as changed."""
    repo = trace(tmp_path)
    fork(repo, LETTERS, _edit("c", "C"), _edit("c", "CC"))
    repo.branch("there", at="other")
    repo.branch("here", at="main")
    repo.merge("there", strategy="ours")
    repo.checkout("other")
    repo.merge("here", strategy="ours")
    repo.checkout("main")
    assert conflict(repo) == "edit"
    merge(repo, strategy="theirs")
    assert _shown(repo) == "a b CC d e f"


def test_a_criss_cross_of_two_orders_keeps_ours(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, _reorder("c a b d e f"), _reorder("a c b d e f"))
    repo.branch("there", at="other")
    repo.branch("here", at="main")
    repo.merge("there", strategy="ours")
    repo.checkout("other")
    repo.merge("here", strategy="ours")
    repo.commit("z")
    repo.checkout("main")
    result = merge(repo)
    assert (result.conflicts, _shown(repo)) == ((), "c a b d e f z")


def test_a_ladder_of_criss_crosses(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    fork(repo, LETTERS, _say("x0"), _say("y0"))
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
    fork(repo, LETTERS, _say("x0"), _say("y0"))
    merge(repo)
    for number in (1, 2, 3):
        repo.commit(f"x{number}")
        repo.checkout("other")
        repo.commit(f"y{number}")
        repo.edit(named(repo, "a" if number == 1 else f"A{number - 1}"), f"A{number}")
        repo.checkout("main")
        assert merge(repo).conflicts == ()
    assert _shown(repo) == "A3 b c d e f x0 y0 x1 y1 x2 y2 x3 y3"


def test_edits_far_apart_in_a_long_context(make: Make) -> None:
    """Folders in between are the same on all sides, and are not looked at."""
    many = [[f"n{number}" for number in range(400)]]
    repo, _ = make(many, _all(_edit("n3", "N3"), _drop("n200"), _pin("n100"), _say("x")),
                   _all(_edit("n390", "N390"), _drop("n201"), _pin("n101"), _pin("n300"), _say("y")))  # fmt: skip
    shown = _shown(repo).split()
    expected = [f"n{number}" for number in range(400) if number not in (200, 201)]
    changed = {"n3": "N3", "n390": "N390", "n100": "n100*", "n101": "n101*", "n300": "n300*"}
    assert shown == [*(changed.get(one, one) for one in expected), "x", "y"]


def test_a_whole_folder_that_one_side_dropped(make: Make) -> None:
    """What is left stands side by side there, and apart on the other side."""
    def drops(repo: Repo) -> None:
        with repo.batch():
            for number in range(32, 64):
                repo.drop(named(repo, f"n{number}"))

    repo, _ = make([[f"n{number}" for number in range(128)]], _all(_edit("n0", "N0"), _say("x")), drops)
    assert texts(repo) == ["N0", *(f"n{number}" for number in (*range(1, 32), *range(64, 128))), "x"]


@pytest.mark.parametrize("gap", [1, 40, 200])
def test_a_result_far_from_its_call_finds_it(tmp_path: Path, gap: int) -> None:
    """Over folders that are the same on all sides. The trace had a fault, which the merge mends in passing."""
    many = [[f"n{number}" for number in range(30)], CALL, [f"m{number}" for number in range(gap)]]
    repo = trace(tmp_path)
    fork(repo, many, _say("x"), _say(RESULT, "y"))
    repo.merge("other")
    assert texts(repo)[29:33] == ["n29", "t1", "found", "m0"]
    assert texts(repo)[-2:] == ["x", "y"]


def test_one_assistant_turn_with_text_and_call_beside_a_pin_far_away(make: Make) -> None:
    repo, _ = make([assistant("hello"), *GROUP], _pin("hello"), _say("y"))
    assert _shown(repo) == "hello* a t1 found b y"
