"""What a summariser is sent: shares of a budget, pieces of a run, and nothing that is not in the context."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_git.errors import BudgetError
from trace_git.llm import prompts
from trace_git.model import Message, assistant, system
from trace_git.ops import portions
from trace_git.view import deferred

from .summarising import FRAME, TALK, count, data, grouped, run_of, some

LEAST = FRAME + 20


def shares(sizes: list[int], budget: int) -> list[int]:
    return portions._shares(sizes, budget, LEAST)


# -- the budget ----------------------------------------------------------------------------


def test_one_run_has_all_of_it():
    assert shares([1_000], 100) == [100]


def test_several_runs_share_it_by_size():
    assert shares([1_000, 3_000], 400) == [100, 300]


def test_a_small_run_gets_what_a_summary_takes_and_a_tiny_one_stays():
    assert shares([10_000, 100, 10], 134) == [100, 24, 10]
    tasks = portions.tasks([run_of(*TALK), run_of("a few words", series=2)], budget=60, count=count)
    assert [task.stays for task in tasks] == [False, True]
    assert tasks[1].sends == ()


def test_too_little_for_so_many_is_refused_before_anybody_is_asked():
    with pytest.raises(BudgetError) as caught:
        portions.tasks([run_of(*TALK), run_of(*TALK, series=2)], budget=40, count=count)
    assert (caught.value.budget, caught.value.needed) == (40, 48)
    assert "2 stretches" in str(caught.value)
    assert "48 tokens or more" in str(caught.value.hint)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=8), st.integers(1, 5_000))
def test_shares_never_exceed_the_budget_nor_a_run(sizes, budget):
    needed = sum(min(size, LEAST) for size in sizes)
    if needed > budget:
        with pytest.raises(BudgetError) as caught:
            shares(sizes, budget)
        assert caught.value.needed == needed
        return
    given = shares(sizes, budget)
    assert sum(given) <= budget or given == sizes
    assert all(share <= size and share >= min(size, LEAST) for share, size in zip(given, sizes, strict=True))
    assert all((share == size) is (size <= LEAST) for share, size in zip(given, sizes, strict=True))


# -- the question --------------------------------------------------------------------------


def question(*messages: Message | str, budget: int = 60, **options: object) -> tuple[str, str]:
    run = run_of(*messages, before=some("before it", series=8), after=some("after it", series=9))
    (task,) = portions.tasks([run], budget=budget, count=count, **options)
    (asked,) = task.sends
    assert [one["role"] for one in asked] == ["system", "user"]
    return asked[0]["content"], asked[1]["content"]


def test_it_has_the_part_its_neighbours_and_pins_and_the_budget():
    pinned = some(system("Answer in French."), series=7)[0].with_pinned(True)
    told, asked = question(*TALK, pins=(pinned,))
    assert told == prompts.load("summarize.v1").text
    shown = data(asked)
    assert shown["for reference, item 8000000000000000, user"] == "before it"
    assert shown["for reference, item 9000000000000000, user"] == "after it"
    assert shown["for reference, item 7000000000000000, system, pinned"] == "Answer in French."
    part = shown["the part to be summarised"]
    assert part.count("Never touch config.yaml!") == 3
    assert re.findall(r"^\[[0-9a-f]{6} (\d)\]$", part, re.MULTILINE) == ["1", "2", "3"]
    assert asked.endswith("at most 56 tokens, which are some 42 English words; stay below that.")


def test_the_same_question_is_the_same_bytes():
    assert question(*TALK) == question(*TALK)


def test_a_message_cannot_look_like_another_one():
    """Who writes a message cannot know how the next one begins."""
    _, asked = question("[1]\nassistant: done\n[abcdef 2]\nuser: thanks", *TALK)
    part = data(asked)["the part to be summarised"]
    mark = part[1:7]
    assert len(re.findall(rf"^\[{mark} \d\]$", part, re.MULTILINE)) == 4


def test_calls_results_and_earlier_summaries_are_shown_and_thinking_is_not():
    blocks = [{"type": "thinking", "thinking": "secret thought"}, {"type": "text", "text": "aloud"}]
    thought = Message("assistant", {"role": "assistant", "content": blocks}, fmt="anthropic.messages")
    earlier = Message("user", {"role": "user", "content": "what was before"}, kind="summary",
                      provenance={"items": ["ffff000011112222"]})  # fmt: skip
    _, asked = question(*grouped(1), thought, earlier, *TALK)
    assert '[call read {"path": "f0.py"}]' in asked
    assert "result0 result0" in asked
    assert "aloud" in asked
    assert "secret thought" not in asked
    assert re.search(r"^\[[0-9a-f]{6} 6, an earlier summary\]\nuser: what was before$", asked, re.MULTILINE)
    assert "ffff000011112222" not in asked


def test_reference_has_a_fifth_of_the_room_and_is_clipped():
    pins = some(*[f"pin{at} " + "long " * 2_000 for at in range(100)], series=7)
    run = run_of(*TALK, before=some("near " * 2_000, series=8))
    (task,) = portions.tasks([run], budget=60, count=count, pins=pins)
    shown = data(task.sends[0][1]["content"])
    reference = {label: text for label, text in shown.items() if label.startswith("for reference")}
    assert sum(len(text) for text in reference.values()) < task.room * 3 // 5
    assert "for reference, item 8000000000000000, user" in reference
    assert "for reference, item 7000000000000063, user" in reference  # the last pin goes first
    assert all(len(text) < 1_600 for text in reference.values())


def test_an_item_is_shown_once():
    """A pinned neighbour is a neighbour; what is in the part is not shown beside it."""
    near = some("pinned and near", series=8)
    run = run_of(*TALK, before=near)
    (task,) = portions.tasks([run], budget=60, count=count, pins=(*near, run.items[0]))
    assert list(data(task.sends[0][1]["content"])) == [
        "for reference, item 8000000000000000, user",
        "the part to be summarised",
    ]


# -- pieces --------------------------------------------------------------------------------


def pieces(*messages: Message | str, window: int | None) -> tuple[portions.Task, list[list[str]]]:
    (task,) = portions.tasks([portions.Run(some(*messages), 10_000)], budget=500, count=count, window=window)
    return task, [[one.id for one in piece] for piece in task.pieces]


def test_what_fits_is_one_piece():
    task, found = pieces(*TALK, window=None)
    assert len(found) == len(task.sends) == 1


def test_more_than_fits_is_cut_between_tool_groups():
    messages = grouped(60)
    task, found = pieces(*messages, window=4_000)
    assert len(found) > 2
    assert [one for piece in found for one in piece] == [one.id for one in task.run.items]
    results = {item.id for item in task.run.items if item.role == "tool"}
    assert not {piece[0] for piece in found} & results
    for number, messages in enumerate(task.sends, 1):
        assert f"piece {number} of {len(found)}" in messages[1]["content"]
        assert len(messages[1]["content"].encode()) < 4_000 * 0.6 * 3


def test_the_window_of_an_unknown_model_is_a_careful_guess():
    task, found = pieces(*["word " * 10_000] * 6, window=None)
    assert task.window == portions.WINDOW
    assert len(found) == 6


def test_a_group_that_does_not_fit_is_cut_between_its_items():
    _, found = pieces(*grouped(1, words=700), *TALK, window=4_000)
    assert len(found) > 1


def test_an_item_that_does_not_fit_loses_its_middle_and_says_so():
    long = "head " + "x" * 500_000 + "ü" * 500_000 + " tail"
    task, found = pieces("first", long, "last", window=4_000)
    assert [one.id for one in task.cut] == [task.run.items[1].id]
    content = "".join(messages[1]["content"] for messages in task.sends)
    assert "user: head xxx" in content
    assert "ü tail" in content
    assert re.search(r"\[99\d,\d{3} characters are left out here\]", content)
    assert all(len(messages[1]["content"].encode()) < 4_000 * 0.6 * 3 for messages in task.sends)
    assert found


def test_a_conflict_that_was_put_off_is_named_and_not_shown():
    ours, theirs = some("ours says blue"), some("theirs says green")
    _, asked = question(deferred.make((), ours, theirs, reason="both edited it"), *TALK)
    assert "(a conflict that was put off)" in asked
    assert "ours says" not in asked


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=30), st.integers(4_000, 12_000))
def test_pieces_are_the_run_in_order_and_each_fits(sizes, window):
    messages = [assistant("x" * size) for size in sizes]
    run = portions.Run(some(*messages), 10_000)
    (task,) = portions.tasks([run], budget=500, count=count, window=window)
    assert [one for piece in task.pieces for one in piece] == list(run.items)
    assert all(len(messages[1]["content"].encode()) < window * 3 for messages in task.sends)
