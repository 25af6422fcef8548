"""Tool groups: which result answers which call, and what is not whole."""

from __future__ import annotations

from collections.abc import Sequence

from trace_git.model import ANTHROPIC, Item, Message, assistant, system, tool, user
from trace_git.view.groups import faults, groups


def call(id: str, name: str = "look") -> dict[str, object]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}}


def items(*messages: Message) -> tuple[Item, ...]:
    def item(place: int, message: Message) -> Item:
        return Item(f"{place:016x}", message.role, f"{place:040x}", lambda _: message)

    return tuple(item(place, message) for place, message in enumerate(messages))


def kinds(context: Sequence[Item]) -> list[tuple[str, int]]:
    return [(finding.kind, int(finding.item, 16)) for finding in faults(context)]


def test_a_group_is_the_assistant_and_its_results_and_others_stand_alone() -> None:
    context = items(
        user("hi"), assistant(tool_calls=[call("a"), call("b")]), tool("1", "b"), tool("2", "a"), user("ok")
    )
    found = groups(context)
    assert found.of(1) == found.of(2) == found.of(3)
    group = found.of(1)
    assert group is not None
    assert group.items == (1, 2, 3)
    assert found.of(0) is found.of(4) is None
    assert found.closure([2]) == (1, 2, 3)
    assert found.closure([0, 4]) == (0, 4)
    assert faults(context) == ()


def test_an_id_used_again_belongs_to_the_nearest_open_call() -> None:
    context = items(
        assistant(tool_calls=[call("a")]), tool("1", "a"), assistant(tool_calls=[call("a")]), tool("2", "a")
    )
    found = groups(context)
    assert [answer.call.at for answer in found.answers if answer.call] == [0, 2]
    assert faults(context) == ()


def test_of_two_open_calls_with_one_id_the_later_message_is_answered() -> None:
    context = items(assistant(tool_calls=[call("a")]), assistant(tool_calls=[call("a")]), tool("1", "a"))
    assert groups(context).answers[0].call == groups(context).calls[1]
    assert ("unanswered", 0) in kinds(context)


def test_of_one_id_twice_in_a_message_the_first_call_is_answered_first() -> None:
    context = items(assistant(tool_calls=[call("a"), call("a")]), tool("1", "a"), tool("2", "a"))
    assert [answer.call.position for answer in groups(context).answers if answer.call] == [0, 1]
    assert faults(context) == ()


def test_open_calls_at_the_tail_are_no_fault() -> None:
    context = items(user("hi"), assistant(tool_calls=[call("a"), call("b")]), tool("1", "a"))
    assert [open.id for open in groups(context).tail] == ["b"]
    assert faults(context) == ()
    assert kinds((*context, *items(user("and?")))) == [("unanswered", 1)]


def test_orphans_and_second_answers_are_named() -> None:
    context = items(tool("1", "x"), assistant(tool_calls=[call("a")]), tool("1", "a"), tool("2", "a"))
    assert kinds(context) == [("orphan", 0), ("orphan", 3)]
    assert "call x" in str(faults(context)[0])


def test_what_stands_between_a_call_and_its_result_is_named() -> None:
    context = items(assistant(tool_calls=[call("a")]), user("hm"), tool("1", "a"))
    assert kinds(context) == [("interleaved", 1)]
    crossed = items(
        assistant(tool_calls=[call("a")]), assistant(tool_calls=[call("b")]), tool("1", "a"), tool("2", "b")
    )
    assert kinds(crossed) == [("interleaved", 1), ("interleaved", 2)]


def test_legacy_function_pairs_have_no_id_and_still_pair() -> None:
    ask = Message("assistant", {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": ""}})
    said = Message("function", {"role": "function", "name": "f", "content": "1"})
    assert faults(items(ask, said, ask, said)) == ()
    assert kinds(items(said, ask)) == [("orphan", 0)]


def test_a_user_message_that_answers_two_assistants_joins_their_groups() -> None:
    use = [{"type": "tool_use", "id": id, "name": "f", "input": {}} for id in "ab"]
    results = [{"type": "tool_result", "tool_use_id": id, "content": "1"} for id in "ab"]
    context = items(
        *(Message("assistant", {"role": "assistant", "content": [block]}, ANTHROPIC) for block in use),
        Message("user", {"role": "user", "content": results}, ANTHROPIC),
    )
    assert groups(context).closure([0]) == (0, 1, 2)
    assert faults(context) == ()


def test_pairing_an_appended_context_from_the_one_before_gives_the_same() -> None:
    context = items(
        system("s"), assistant(tool_calls=[call("a")]), tool("1", "a"), assistant(tool_calls=[call("a"), call("b")]),
        tool("1", "b"), tool("1", "a"), tool("2", "a"), user("x"),
    )  # fmt: skip
    for cut in range(len(context)):
        assert groups(context, before=groups(context[:cut])) == groups(context)
    other = items(*(item.message for item in context[:3]), user("else"))
    assert groups(context, before=groups((*other, context[0]))) == groups(context)
