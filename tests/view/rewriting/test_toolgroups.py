"""Findings about tool groups, held to a rule of the tests' own and to judges of what providers take."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from trace_git import formats
from trace_git.errors import RefusedError
from trace_git.model import Context, Item, Message, TokenCount, assistant, tool, user
from trace_git.view.materialize import Renderer
from trace_git.view.rewriting import findings
from trace_git.view.rewriting.toolgroups import EARLY, SPLIT, torn

from ..test_materialize_properties import JUDGES
from .talks import Talk, shuffled, talk

DATA = Path(os.environ.get("TRACE_GIT_DATA") or Path(__file__).parents[3].parent / "shared" / "data")


def items(*messages: Message) -> list[Item]:
    return [Item.of(f"{at:016x}", f"{at:040x}", one) for at, one in enumerate(messages)]


def calls(*ids: str) -> Message:
    return assistant(None, tool_calls=[{"id": id, "type": "function", "function": {"name": "look"}} for id in ids])


def kinds(before: list[Item], order: str) -> list[tuple[str, str]]:
    """(kind, place of the item) of the errors when the items at these places come in this order."""
    found = torn(before, [before[int(at)] for at in order])
    return [(one.kind, str(int(one.name, 16))) for one in found]


# -- each fault ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("0123", []),
        ("1203", []),
        ("3120", []),
        ("0132", [(SPLIT, "1")]),
        ("1023", [(SPLIT, "1")]),
        ("2130", [(EARLY, "2")]),
        ("0213", [(EARLY, "2")]),
    ],
)
def test_a_call_and_its_result(order: str, expected: list[tuple[str, str]]) -> None:
    before = items(user("a"), calls("x"), tool("1", "x"), user("b"))
    assert kinds(before, order) == expected


def test_results_of_one_message_may_change_places() -> None:
    assert kinds(items(calls("x", "y"), tool("1", "x"), tool("2", "y")), "021") == []


def test_a_result_that_would_answer_another_call_with_the_same_id() -> None:
    before = items(calls("x"), tool("1", "x"), calls("x"), tool("2", "x"))
    assert kinds(before, "2301") == []
    assert {kind for kind, _ in kinds(before, "0321")} >= {SPLIT}
    assert kinds(before, "0123") == []


def test_what_goes_takes_its_group_along_or_tears_it() -> None:
    before = items(user("a"), calls("x"), tool("1", "x"), user("b"))
    assert kinds(before, "03") == []
    assert kinds(before, "013") == [(SPLIT, "1")]
    assert kinds(before, "023") == [(SPLIT, "2")]


def test_a_call_that_waits_at_the_end_must_stay_there() -> None:
    before = items(user("a"), user("b"), calls("x"))
    assert kinds(before, "102") == []
    assert kinds(before, "021") == [(SPLIT, "2")]
    assert kinds(items(user("a"), calls("x", "y"), tool("1", "x")), "120") == [(SPLIT, "1")]


def test_faults_that_were_there_are_none_of_its() -> None:
    before = items(user("a"), tool("1", "gone"), calls("x"), user("inside"), tool("1", "x"), calls("never"), user("z"))
    assert kinds(before, "0123456") == []
    assert kinds(before, "1023456") == []
    assert kinds(before, "0124563") == []  # mended
    assert kinds(before, "0123546") == [(SPLIT, "2")]  # another one stands inside now
    assert torn(before, before) == []


def test_a_finding_names_who_is_involved() -> None:
    before = items(user("a"), calls("x"), tool("1", "x"), user("b"))
    (early,) = torn(before, [before[0], before[2], before[1], before[3]])
    assert early.items == (before[2].id, before[1].id)
    assert early.severity == "error"
    (split,) = torn(before, [before[1], before[0], before[3], before[2]])
    assert split.items == (before[1].id, before[0].id, before[3].id)
    assert "and 1 more would stand inside the tool group" in split.text


# -- any order -----------------------------------------------------------------------------


def random_talks(count: int) -> Iterator[tuple[random.Random, Talk]]:
    for seed in range(count):
        rng = random.Random(seed)
        yield rng, talk(rng, turns=rng.randint(1, 9), open_end=rng.random() < 0.2)


def test_they_are_complete_and_sound() -> None:
    """An order has errors exactly when it tears a unit, whatever ids are used again."""
    agreed = {True: 0, False: 0}
    for rng, made in random_talks(400):
        for _ in range(4):
            order = shuffled(rng, made)
            found = torn(made.items, [made.items[at] for at in order])
            assert (not found) == made.whole(order), (made, order, found)
            agreed[made.whole(order)] += 1
    assert min(agreed.values()) > 300


def taken(items: tuple[Item, ...], form: str) -> bool:
    """Whether a provider would take the prompt."""
    try:
        output = Renderer().render(Context(None, items, TokenCount(1)), form).output
    except RefusedError:
        return False
    return not list(JUDGES[form](output))


def test_what_has_no_error_is_taken_by_whoever_took_it_before() -> None:
    passed = 0
    for rng, made in random_talks(250):
        for form in JUDGES:
            kept = made if form == "openai" else talk(rng, turns=6, forms="oa")
            if not taken(kept.items, form):
                continue
            for _ in range(3):
                after = tuple(kept.items[at] for at in shuffled(rng, kept))
                if all(one.severity != "error" for one in findings.findings(kept.items, after)):
                    assert taken(after, form)
                    passed += 1
    assert passed > 300


# -- real conversations ----------------------------------------------------------------------


def real() -> Iterator[list[Message]]:
    if not DATA.is_dir():
        pytest.skip("no real transcripts here: set TRACE_GIT_DATA to their folder")
    for path in sorted((DATA / "tau_airline").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield [Message(one["role"], one) for one in json.loads(line)["messages"]]
    for path in sorted((DATA / "swe_agent").glob("*.traj")):
        for conversation in formats.read(path).conversations:
            for _, tip in conversation.tips:
                yield [turn.message for turn in conversation.path(tip)]


def test_real_conversations_in_random_orders_are_taken_or_refused() -> None:
    passed, refused = 0, 0
    for number, messages in enumerate(real()):
        rng = random.Random(number)
        known = tuple(items(*messages))
        forms = [form for form in JUDGES if taken(known, form)]
        for _ in range(2):
            after = tuple(known[at] for at in shuffled(rng, Talk(known, tuple(units(messages)))))
            found = [one for one in findings.findings(known, after) if one.severity == "error"]
            assert {one.kind for one in found} <= findings.KINDS
            if found:
                refused += 1
                continue
            for form in forms:
                assert taken(after, form), number
                passed += 1
    assert passed > 50
    assert refused > 10


def units(messages: list[Message]) -> Iterator[int]:
    """Numbers that are the same for an assistant message and the results right behind it."""
    number = 0
    for message in messages:
        number += not message.answers
        yield number
