"""Compressing: what is written, what is refused, and what it says of itself."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo, tool
from trace_git.errors import (
    BudgetError,
    ConflictError,
    InvalidInputError,
    LLMError,
    NotFoundError,
    StateError,
    UnsafeRewriteError,
)
from trace_git.model import ANTHROPIC, SWE_AGENT, Message
from trace_git.testing import FakeLLM

from ..view.merging.lines import call, ids, texts, trace

OUTPUT = "word " * 80


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A system message and six turns, each a question, a call, its long result and an answer."""
    return conversation(tmp_path)


def conversation(folder: Path, **options: Any) -> Repo:
    repo = trace(folder, **options)
    repo.commit("be brief", role="system")
    for number in range(6):
        answer = {"role": "assistant", "content": f"answer {number} and ten more words that fill up a line"}
        repo.commit([f"question {number} of mine", call(f"c{number}"), tool(OUTPUT, f"c{number}"), answer])
    return repo


def tree(repo: Repo, path: str = "") -> str:
    repo.flush()
    done = subprocess.run(["git", "ls-tree", "-r", f"HEAD:{path}"], cwd=repo.path, capture_output=True, check=True)
    return done.stdout.decode()


# -- what is written -----------------------------------------------------------------------


def test_one_commit_on_top_with_a_summary_in_the_place_of_the_items(repo: Repo) -> None:
    before, tip = repo.context().items, repo.get("HEAD")
    made = repo.compress(ids(repo)[5:9], summary="Question 1 is answered.")
    assert made.commit is not None
    assert (made.commit.parents, made.commit.op) == ((tip.id,), "compress")
    after = repo.context().items
    assert [item.id for item in after] == [*[item.id for item in before[:5]], *made.summaries,
                                           *[item.id for item in before[9:]]]  # fmt: skip
    summary = after[5]
    assert (summary.role, summary.kind, summary.message.text) == ("user", "summary", "Question 1 is answered.")
    assert summary.message.to_dict() == {"role": "user", "content": "Question 1 is answered."}
    assert made.commit.items == (summary,)
    assert made.commit.subject == f"compress: {made.tokens_before} → {made.tokens_after} tokens (4 items)"
    assert made.tokens_before - made.tokens_after == -(made.commit.tokens or 0)


def test_a_summary_says_what_it_stands_for(repo: Repo) -> None:
    old = repo.context().items[5:9]
    made = repo.compress(list(old), summary="short")
    assert repo.context().items[5].message.provenance == {
        "items": [item.id for item in old],
        "digests": [item.blob for item in old],
        "tokens": {"before": made.tokens_before, "after": made.tokens_after},
        "level": 1,
    }


def test_for_stock_git_it_is_renames_into_the_archive(repo: Repo) -> None:
    made = repo.compress(ids(repo)[5:9], summary="short")
    assert made.commit is not None
    repo.flush()
    command = ["git", "diff", "--name-status", "-M100%", made.commit.parents[0], made.commit.id]
    done = subprocess.run(command, cwd=repo.path, capture_output=True, text=True, check=True)
    kinds = sorted(line.split("\t")[0] for line in done.stdout.splitlines())
    assert kinds == ["A", "R100", "R100", "R100", "R100"]
    assert all(f"archive/{made.id}/" in line for line in done.stdout.splitlines() if line.startswith("R"))


def test_equal_inputs_give_equal_ids(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with conversation(tmp_path / name) as repo:
            for how in ({"strategy": "mask", "budget": 300}, {"summary": "short", "keep_last": 0}):
                result = repo.compress(timestamp=1_700_000_500, **how)  # type: ignore[arg-type]
                assert result.commit is not None
                made.append((name, result.commit.id, result.id, result.summaries))
    assert [one[1:] for one in made[:2]] == [one[1:] for one in made[2:]]


def test_pins_split_the_range_and_stay(repo: Repo) -> None:
    pinned = ids(repo)[6]
    repo.pin(pinned)
    pins = tree(repo, "pins")
    made = repo.compress(keep_last=0, summary="short")
    assert [len(run.items) for run in made.runs] == [5, 17]
    assert [item.kind for item in repo.context().items] == ["message", "summary", "message", "message"]
    assert tree(repo, "pins") == pins
    repo.commit(["said later", "and more"])
    again = repo.compress(keep_last=0, summary="x")
    assert tree(repo, "pins") == pins
    assert again.level == 2


def test_a_text_for_each_run(repo: Repo) -> None:
    repo.pin(ids(repo)[6])
    made = repo.compress(keep_last=0, summary=["before the pin", "behind the pin"])
    assert texts(repo)[1:] == ["before the pin", "c1", OUTPUT, "behind the pin"]
    assert [run.stands for run in made.runs] == [(one,) for one in made.summaries]
    repo.undo()
    with pytest.raises(InvalidInputError, match="3 summaries are given, and the range has 2 runs"):
        repo.compress(keep_last=0, summary=["a", "b", "c"])


def test_masking_keeps_ids_and_places_and_stops_when_the_budget_is_met(repo: Repo) -> None:
    before = ids(repo)
    tokens = repo.compress(keep_last=0, strategy="mask", dry_run=True).tokens_before
    made = repo.compress(keep_last=0, strategy="mask", budget=tokens - 100)
    assert ids(repo) == before
    assert made.summaries == (before[3], before[7])  # the oldest ones, as many as it takes
    assert made.tokens_after <= tokens - 100
    every = repo.compress(keep_last=0, strategy="mask")
    assert every.summaries == (before[11], before[15], before[19], before[23])
    assert repo.compress(keep_last=0, strategy="mask").commit is None


def test_of_a_mixed_message_only_the_result_is_masked(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    use = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": OUTPUT}
    repo.commit([
        "look", Message("assistant", {"role": "assistant", "content": [use]}, ANTHROPIC),
        Message("user", {"role": "user", "content": [result, {"type": "text", "text": "go on"}]}, ANTHROPIC),
    ])  # fmt: skip
    repo.compress(keep_last=0, strategy="mask")
    masked, said = repo.context().items[2].message.content
    assert masked["content"].startswith("[tool output masked: 400 bytes")
    assert said == {"type": "text", "text": "go on"}


def test_auto_masks_and_asks_nobody_when_that_is_enough(repo: Repo) -> None:
    model = FakeLLM(lambda messages: "short")
    before = repo.compress(keep_last=0, dry_run=True).tokens_before
    made = repo.compress(keep_last=0, budget=before - 200, llm=model)
    assert (made.strategy, model.calls) == ("mask", [])
    made = repo.compress(keep_last=0, budget=80, llm=model)
    assert made.strategy == "summarize"
    assert made.tokens_after <= 80
    assert len(model.calls) >= 1
    assert made.commit is not None
    assert made.commit.trailers["Trace-Model"] == "FakeLLM"
    assert made.commit.trailers["Trace-Prompt"].startswith("summarize.v1@")
    assert repo.context().items[1].message.model == "FakeLLM"


def test_the_models_summary_is_verbatim_and_says_by_whom(repo: Repo) -> None:
    made = repo.compress(strategy="summarize", llm=FakeLLM(lambda messages: "They asked and asked."), budget=100)
    [item] = [item for item in repo.context().items if item.id in made.summaries]
    assert item.message.text == "They asked and asked."
    assert (item.message.provenance or {})["prompt"].startswith("summarize.v1@")


def test_the_handles_model_is_asked_unless_nobody_may_be(tmp_path: Path) -> None:
    model = FakeLLM(lambda messages: "short")
    repo = conversation(tmp_path, llm=model)
    with pytest.raises(LLMError, match="no model is chosen"):
        repo.compress(strategy="summarize", llm=False)
    repo.compress(strategy="summarize")
    assert model.calls


def test_summaries_of_summaries_keep_their_levels(repo: Repo) -> None:
    first = repo.compress(ids(repo)[1:9], summary="first half")
    second = repo.compress(ids(repo)[:6], summary="more")
    third = repo.compress(keep_last=0, summary="all")
    assert [one.level for one in (first, second, third)] == [1, 2, 3]
    assert [(one.id, one.level, one.live) for one in repo.compressions()] == [
        (third.id, 3, True), *sorted([(first.id, 1, False), (second.id, 2, False)])]  # fmt: skip


def test_system_messages_only_by_id(repo: Repo) -> None:
    made = repo.compress("HEAD", summary="short", keep_last=1)
    assert [item.role for item in repo.context().items][:2] == ["system", "user"]
    assert "system" in {one.kind for one in made.findings}
    repo.undo()
    repo.compress(ids(repo)[:9], summary="short")
    assert repo.context().items[0].kind == "summary"


def test_what_a_masked_item_says_is_counted_and_sound_for_git(repo: Repo) -> None:
    repo.compress(strategy="mask")
    counts = [int(repo.count(item) or 0) for item in repo.context().items]
    assert repo.context().tokens == sum(counts) + 3
    assert repo.verify() == ()
    assert subprocess.run(["git", "fsck", "--strict"], cwd=repo.path, capture_output=True, check=False).returncode == 0


def test_trimming(repo: Repo, tmp_path: Path) -> None:
    repo.commit([call("z"), tool("\n".join(f"line {n} says a few words" for n in range(300)), "z"), "next"])
    made = repo.compress(keep_last=0, strategy="trim")
    assert made.summaries == (ids(repo)[26],)
    assert "characters cut" in texts(repo)[26]


# -- budgets -------------------------------------------------------------------------------


def test_a_range_within_its_budget_stays_as_it_is(repo: Repo) -> None:
    tip = repo.get("HEAD")
    size = repo.compress(dry_run=True).tokens_before
    made = repo.compress(budget=size, llm=False)
    assert (made.commit, made.id, made.summaries, bool(made)) == (None, None, (), False)
    assert made.tokens_before == made.tokens_after == size
    assert repo.get("HEAD") == tip
    assert repo.compress(budget=size, summary="a text always acts").commit is not None


def test_pins_above_the_budget_are_refused_with_both_numbers(repo: Repo) -> None:
    repo.pin(ids(repo)[3])
    with pytest.raises(BudgetError, match="pinned items of the range take") as caught:
        repo.compress(keep_last=0, budget=50, summary="short")
    assert caught.value.budget == 50
    assert caught.value.needed == sum(int(repo.count(item) or 0) for item in repo.context().items if item.pinned)


def test_pins_inside_the_range_count(repo: Repo) -> None:
    repo.pin(ids(repo)[3])
    fixed = sum(int(repo.count(item) or 0) for item in repo.context().items if item.pinned)
    with pytest.raises(BudgetError, match="would still have"):
        repo.compress(keep_last=0, budget=fixed + 2, summary="short")
    made = repo.compress(keep_last=0, budget=fixed + 10, summary="short")
    assert fixed < made.tokens_after <= fixed + 10


@pytest.mark.parametrize(
    ("how", "needs"),
    [
        ({"budget": 3, "summary": "far too long for that"}, "would still have"),
        ({"budget": 60, "strategy": "mask"}, "would still have"),
        ({"budget": 60, "strategy": "trim"}, "would still have"),
        ({"summary": "word " * 900}, "no compression"),
        ({"budget": 60, "llm": FakeLLM(lambda messages: "word " * 500)}, "gave no summary within"),
    ],
)
def test_over_budget_is_refused_and_nothing_moves(repo: Repo, how: dict[str, Any], needs: str) -> None:
    before = repo._handle.store.ref_names()
    with pytest.raises(BudgetError, match=needs):
        repo.compress(keep_last=0, **how)
    assert repo._handle.store.ref_names() == before


def test_to_fit_leaves_room_for_what_is_outside(repo: Repo) -> None:
    made = repo.compress(to_fit="gpt-4o", llm=False)
    assert made.commit is None
    assert made.budget == 128_000 - (int(repo.context().tokens) - made.tokens_before)
    with pytest.raises(InvalidInputError, match="window of model 'no-such-model' is not known"):
        repo.compress(to_fit="no-such-model")


def test_without_a_model_the_error_says_what_works(repo: Repo) -> None:
    with pytest.raises(LLMError, match=r"masking leaves \d+") as caught:
        repo.compress(budget=60)
    assert "summary=" in str(caught.value.hint)
    assert "mask" in str(caught.value.hint)


def test_a_summary_that_loses_too_many_facts_is_refused(repo: Repo) -> None:
    repo.commit(["look at src/app.py and src/db.py", "please"])
    with pytest.raises(UnsafeRewriteError, match="keeps 0% of the facts"):
        repo.compress(ids(repo)[-2:], summary="look", retention=0.5)
    made = repo.compress(ids(repo)[-2:], summary="src/app.py src/db.py", retention=1)
    assert "retention 100 %: 0 of 2 lost" in [one.text for one in made.findings]


@pytest.mark.parametrize("said", ["", "   ", RuntimeError("broken"), 7, None])
def test_a_model_that_gives_nothing_changes_nothing(repo: Repo, said: Any) -> None:
    tip = repo.get("HEAD")
    with pytest.raises(LLMError):
        repo.compress(strategy="summarize", llm=FakeLLM(lambda messages: said))
    assert repo.get("HEAD") == tip


def test_without_a_tokenizer_a_text_works_and_a_budget_does_not(tmp_path: Path) -> None:
    repo = conversation(tmp_path, tokenizer=None)
    for how in ({"budget": 10}, {"strategy": "summarize", "llm": FakeLLM(lambda messages: "x")}):
        with pytest.raises(StateError, match="nobody counts tokens"):
            repo.compress(**how)  # type: ignore[arg-type]
    made = repo.compress(summary="short")
    assert made.commit is not None
    assert made.commit.subject == "compress: 20 items"
    assert repo.compress(keep_last=0, strategy="mask").commit is not None


@pytest.mark.parametrize(
    "how",
    [
        {"strategy": "magic"},
        {"strategy": "manual"},
        {"strategy": "mask", "summary": "x"},
        {"summary": ""},
        {"summary": "  \n"},
        {"summary": []},
        {"summary": ["a", ""]},
        {"budget": 0},
        {"budget": True},
        {"budget": "9"},
        {"budget": 9, "to_fit": "gpt-4o"},
        {"keep_last": -1},
        {"retention": 2},
    ],
)
def test_what_makes_no_sense_is_refused(repo: Repo, how: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        repo.compress(**how)


@pytest.mark.parametrize("how", [{}, {"strategy": "mask"}, {"budget": 9_999}, {"summary": "short"}], ids=str)
def test_a_range_that_was_named_and_has_nothing_is_refused(repo: Repo, how: dict[str, Any]) -> None:
    with pytest.raises(StateError, match="nothing in the range"):
        repo.compress("HEAD..HEAD", **how)
    pinned = ids(repo)[1]
    repo.pin(pinned)
    with pytest.raises(StateError, match=f"has to stay: pinned: {pinned[:8]}"):
        repo.compress([pinned], **how)


@pytest.mark.parametrize("summary", [5, b"bytes", object()])
def test_a_summary_that_is_no_text_is_refused(repo: Repo, summary: Any) -> None:
    with pytest.raises(InvalidInputError, match="no text"):
        repo.compress("HEAD", summary=summary)


def test_expanding_what_is_no_name_is_refused(repo: Repo) -> None:
    with pytest.raises(NotFoundError):
        repo.expand(None)  # type: ignore[call-overload]


def test_a_range_in_which_all_stays_is_refused_or_nothing(repo: Repo) -> None:
    assert repo.compress(keep_last=99).commit is None
    with pytest.raises(StateError, match="nothing in the range"):
        repo.compress(keep_last=99, summary="short")
    repo.pin(ids(repo)[1])
    with pytest.raises(StateError, match="has to stay"):
        repo.compress([ids(repo)[1]], summary="short")


def test_an_empty_trace_has_nothing_to_compress(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="no commits yet"):
        trace(tmp_path).compress(summary="x")


# -- beforehand ----------------------------------------------------------------------------


def test_a_dry_run_changes_nothing_asks_nobody_and_tells_the_same(repo: Repo) -> None:
    model, tip = FakeLLM(lambda messages: "short"), repo.get("HEAD")
    plan = repo.compress(strategy="summarize", budget=100, llm=model, dry_run=True)
    assert (plan.commit, model.calls, repo.get("HEAD")) == (None, [], tip)
    assert plan.tokens_after <= 100
    assert [message["role"] for message in plan.sends[0]] == ["system", "user"]
    for how in ({"strategy": "mask"}, {"summary": "short"}):
        plan = repo.compress(dry_run=True, **how)  # type: ignore[arg-type]
        made = repo.compress(**how)  # type: ignore[arg-type]
        assert (plan.tokens_before, plan.tokens_after) == (made.tokens_before, made.tokens_after)
        assert plan.receipt == made.receipt
        assert [run.items for run in plan.runs] == [run.items for run in made.runs]
        repo.undo()


def test_the_receipt_says_where_the_cache_breaks(repo: Repo) -> None:
    items = repo.context().items
    made = repo.compress([item.id for item in items[13:17]], summary="short")
    assert (made.receipt.kept_items, made.receipt.breaks_at) == (13, items[13].id)
    assert made.receipt.kept == sum(int(repo.count(item) or 0) for item in items[:13])


def test_a_dry_run_recommends_the_latest_part_that_does(repo: Repo) -> None:
    before = repo.compress(dry_run=True).tokens_before
    plan = repo.compress(dry_run=True, budget=before - 150, strategy="summarize")
    better = plan.recommended
    assert better is not None
    assert better.receipt.kept > plan.receipt.kept
    assert better.receipt.after == plan.receipt.after
    model = FakeLLM(lambda messages: "short")
    made = repo.compress(better.range, budget=better.budget, llm=model, strategy="summarize")
    assert made.receipt.kept == better.receipt.kept
    assert repo.context().tokens <= plan.receipt.after


# -- while others write --------------------------------------------------------------------


def meanwhile(repo: Repo, path: Path, change: Any) -> FakeLLM:
    """A model; while it thinks, another handle changes the branch."""

    def answer(messages: list[dict[str, Any]]) -> str:
        with Repo.open(path, tokenizer=None, durability="os") as other:
            change(other)
        return "short"

    return FakeLLM(answer)


def test_what_is_added_behind_the_range_meanwhile_stays_behind_it(repo: Repo) -> None:
    model = meanwhile(repo, repo.path, lambda other: other.commit("and another thing"))
    made = repo.compress(strategy="summarize", llm=model)
    assert texts(repo)[1] == "short"
    assert texts(repo)[-1] == "and another thing"
    assert made.commit is not None
    assert repo.get(made.commit.parents[0]).subject == "user: and another thing"


@pytest.mark.parametrize("verb", ["edit", "pin", "drop", "undo"])
def test_a_range_that_changed_meanwhile_is_a_conflict(repo: Repo, verb: str) -> None:
    def change(other: Repo) -> None:
        item = other.context().items[2]
        if verb == "undo":
            other.undo()
        else:
            getattr(other, verb)(item, *(["else"] if verb == "edit" else []))

    if verb == "edit":
        repo.commit("x")
        change = lambda other: other.edit(other.context().items[1], "else")  # noqa: E731
    with pytest.raises(ConflictError, match="moved while this was decided"):
        repo.compress(strategy="summarize", llm=meanwhile(repo, repo.path, change), keep_last=0)
    assert not repo.compressions()


# -- editing beside an archive -------------------------------------------------------------


def test_an_archived_item_is_expanded_before_it_is_edited_pinned_or_dropped(repo: Repo) -> None:
    old = ids(repo)[1]
    made = repo.compress(summary="short")
    for verb in (lambda: repo.edit(old, "x"), lambda: repo.pin(old), lambda: repo.drop(old)):
        with pytest.raises(StateError, match="is archived") as caught:
            verb()
        assert f"trace expand {(made.id or '')[:8]}" in str(caught.value.hint)


def test_a_masked_item_is_expanded_before_it_is_edited(repo: Repo) -> None:
    made = repo.compress(strategy="mask")
    with pytest.raises(StateError, match="was shortened by compress"):
        repo.edit(made.summaries[0], "else", force=True)


def test_dropping_a_summary_drops_all_that_is_below_it(repo: Repo) -> None:
    repo.compress(ids(repo)[1:9], summary="first")
    second = repo.compress(ids(repo)[:6], summary="second")
    before = repo.get("HEAD").tree
    repo.drop(second.summaries[0])
    assert repo.compressions() == ()
    assert "archive/" not in tree(repo)
    repo.undo()
    assert repo.get("HEAD").tree == before


def test_dropping_one_summary_leaves_the_others_originals(repo: Repo) -> None:
    repo.pin(ids(repo)[6])
    made = repo.compress(keep_last=0, summary=["before", "behind"])
    repo.drop(made.summaries[0])
    [left] = repo.compressions()
    assert (left.id, left.summaries) == (made.id, made.summaries[1:])
    assert repo.verify() == ()


def test_the_task_that_swe_agent_calls_an_observation_is_no_output(repo: Repo) -> None:
    def entry(role: str, kind: str, text: str) -> Message:
        return Message(role, {"role": role, "content": text, "message_type": kind, "agent": "primary"}, SWE_AGENT)

    task, seen = "We're currently solving the following issue. " * 40, "AUTHORS.rst CHANGELOG.rst " * 40
    said = [entry("user", "observation", task)]
    for _ in range(3):
        said += [entry("assistant", "action", "ls"), entry("user", "observation", seen)]
    with Repo.open(":memory:") as other:
        other.commit(said)
        made = other.compress(keep_last=0, strategy="mask")
        now = [item.message.text for item in other.context().items]
        assert now[0] == task
        assert [text.startswith("[tool output masked") for text in now] == [False] + [False, True] * 3
        assert len(made.summaries) == 3
