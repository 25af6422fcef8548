"""References between items: the labelled conversations, and what their measured precision must not fall below."""

from __future__ import annotations

import time

import pytest

from trace_git.model import Item, Message, assistant, tool, user
from trace_git.view.rewriting import references

from . import cases


def items(*messages: Message) -> list[Item]:
    return [Item.of(f"{at:016x}", f"{at:040x}", one) for at, one in enumerate(messages)]


@pytest.mark.parametrize(("file", "precision", "recall"), [("references.txt", 0.98, 0.85),
                                                           ("references_unseen.txt", 0.92, 0.58)])  # fmt: skip
def test_the_labelled_conversations(file: str, precision: float, recall: float) -> None:
    """The floors are what docs/rewriting.md states."""
    found = cases.score(cases.read(file))
    print(f"{file}: {found}")
    assert found.precision >= precision
    assert found.recall >= recall


def test_there_are_enough_of_them_of_both_kinds() -> None:
    found = [case for file in cases.FILES for case in cases.read(file)]
    assert len({case.name for case in found}) > 190
    assert sum(not case.expected for case in found) > 60
    assert all(sorted(case.order) == list(range(len(case.items))) for case in found)


def test_what_a_context_refers_to() -> None:
    context = items(user("Where?"), assistant("In src/auth/tokens.py."), user("As you said, in src/auth/tokens.py."))
    (found,) = references.references(context)
    assert (found.item, found.to) == (context[2].id, context[1].id)
    assert found.reason == 'says "As you said"'
    assert list(references.references(context, [0, 1])) == []


def test_nothing_is_told_when_nothing_moves() -> None:
    for case in cases.read("references.txt"):
        assert references.broken(case.items, case.items) == []


def test_what_is_gone_is_told_as_gone() -> None:
    before = items(user("Where?"), assistant("In src/auth/tokens.py."), user("Delete src/auth/tokens.py."))
    (found,) = references.broken(before, [before[0], before[2]])
    assert found.items == (before[2].id, before[1].id)
    assert found.text.endswith("which would be gone")
    assert "names src/auth/tokens.py from item" in found.text


def test_another_one_that_stays_in_front_may_have_named_it() -> None:
    before = items(user("a/b/tokens.py?"), assistant("a/b/tokens.py has it."), user("Delete a/b/tokens.py."))
    assert references.broken(before, [before[0], before[2], before[1]]) == []


def test_an_item_from_elsewhere_is_read_where_it_stood() -> None:
    origin = items(user("Which one?"), assistant("1. red\n2. blue"), user("The second one."))
    here = [Item.of("f" * 16, "f" * 40, user("Hello."))]
    (found,) = references.broken(here, [*here, origin[2]], origin=origin)
    assert found.items == (origin[2].id, origin[1].id)
    assert references.broken(here, [*here, *origin[1:]], origin=origin) == []


def test_results_of_tools_do_not_speak() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "grep", "arguments": "{}"}}
    before = items(user("a/b/tokens.py"), assistant(None, tool_calls=[call]), tool("as you said: a/b/tokens.py", "c1"))
    assert references.broken(before, [before[1], before[2], before[0]]) == []


def test_a_long_context_is_read_in_time() -> None:
    asked = [user(f"Look at lib/part_{at}.py, as I said before.") for at in range(3_000)]
    found = [assistant(f"lib/part_{at + 1}.py is fine. " * 20) for at in range(3_000)]
    before = items(*[one for pair in zip(asked, found, strict=True) for one in pair])
    begun = time.process_time()
    assert references.broken(before, [*before[:5], *before[6:], before[5]])
    references.broken(before, before[1:])
    assert time.process_time() - begun < 5
