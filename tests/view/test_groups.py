"""Pairing from facts alone, and pairing that stays quick (what pairs with what is in test_materialize_groups)."""

from __future__ import annotations

import time

from trace_git.model import Item, Message, assistant, tool, user
from trace_git.view.groups import Facts, Groups, faults, groups, pair


def call(id: str) -> dict[str, object]:
    return {"id": id, "type": "function", "function": {"name": "look", "arguments": "{}"}}


def items(*messages: Message) -> tuple[Item, ...]:
    return tuple(Item(f"{at:016x}", one.role, f"{at:040x}", lambda _, one=one: one) for at, one in enumerate(messages))


def test_items_without_facts_may_be_left_out() -> None:
    context = items(user("a"), assistant(tool_calls=[call("x")]), user("b"), tool("1", "x"), user("c"))
    found = groups(context)
    sparse = pair([(1, Facts((("x", "look"),), ())), (3, Facts((), ("x",)))], 5)
    assert (sparse.calls, sparse.answers, sparse.open) == (found.calls, found.answers, found.open)
    assert sparse.of(3) == found.of(3)
    assert sparse.closure([3]) == (1, 3)


def test_a_group_is_whole_when_nothing_stands_between() -> None:
    def whole(found: Groups) -> list[bool]:
        return [group.whole for group in found.all()]

    assert whole(groups(items(assistant(tool_calls=[call("x")]), tool("1", "x")))) == [True]
    assert whole(groups(items(assistant(tool_calls=[call("x")]), user("a"), tool("1", "x")))) == [False]


def test_many_groups_around_each_other_are_judged_in_time_that_fits() -> None:
    count = 3_000
    calls = [assistant(tool_calls=[call(str(at))]) for at in range(count)]
    results = [tool("1", str(at)) for at in reversed(range(count))]
    context = items(*calls, *results)
    begun = time.process_time()
    found = faults(context)
    assert time.process_time() - begun < 2
    assert len(found) == 2 * count - 2  # all but the outermost pair stand inside another's
