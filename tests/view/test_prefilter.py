"""Pairs of new items that are worth a look, found without a model."""

from __future__ import annotations

import json
import random
import time

import pytest

from trace_git.model import Item, Message, assistant, tool, user
from trace_git.view import prefilter
from trace_git.view.prefilter import candidates


def some(messages: list[Message], side: int) -> list[Item]:
    return [Item.of(f"{side}{at:015x}", f"{side}{at:039x}", one) for at, one in enumerate(messages)]


def reasons(ours: list[Message], theirs: list[Message]) -> list[str]:
    return [pair.why for pair in candidates(some(ours, 1), some(theirs, 2))]


def calls(name: str, arguments: object) -> Message:
    said = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return assistant(tool_calls=[{"id": "c", "type": "function", "function": {"name": name, "arguments": said}}])


def uses(name: str, given: object) -> Message:
    return Message("assistant", {"role": "assistant", "content": [
        {"type": "tool_use", "id": "t", "name": name, "input": given}]}, fmt="anthropic.messages")  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        ("We use PostgreSQL.", "We do not use PostgreSQL.", "both speak of postgresql, one with a negation"),
        ("In src/app.py it is 30", "In src/app.py we set 60", "both speak of src/app.py, with other numbers"),
        ("`max_items` is 5", "Keep `max_items` at 7", "both speak of max_items, with other numbers"),
        ("Call parse_header here.", "parse_header isn't needed.", "both speak of parse_header, one with a negation"),
        ('The title is "Old Tom".', 'Never say "Old Tom".', "both speak of old tom, one with a negation"),
        ("We keep logs for 30 days.", "Don’t keep logs for 30 days.", "both speak of 30 days, one with a negation"),
        ("please ask Anna first", "please never ask Anna", "both speak of anna, one with a negation"),
        ("The port is 8080", "The port is 9090", "they say almost the same, with other numbers"),
        ("The tests pass on this machine", "the tests pass on this machine!", "they say almost the same"),
    ],
)
def test_what_is_a_candidate(ours, theirs, why):
    assert reasons([user(ours)], [user(theirs)])[0] == why


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("We use PostgreSQL.", "PostgreSQL it is."),
        ("apples are nice", "the weather in Rome"),
        ("", "We do not use PostgreSQL."),
        ("Never.", "Always."),
        ("See src/app.py. There are 3 tests.", "See src/app.py. It has 5 errors, in lib/other.py. No."),
    ],
)
def test_what_is_none(ours, theirs):
    assert reasons([user(ours)], [user(theirs)]) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        (calls("read", {"path": "a.py", "lines": 5}), calls("read", {"lines": 9, "path": "a.py"}), True),
        (calls("read", {"path": "a.py"}), uses("read", {"path": "a.py"}), True),
        (calls("read", {"path": "a.py"}), calls("read", {"path": "b.py"}), False),
        (calls("read", {"path": "a.py"}), calls("write", {"path": "a.py"}), False),
        (calls("run", "not json {"), calls("run", "not  json {"), True),
        (calls("now", {}), calls("now", {}), True),
        (calls("sum", {"a": 1, "b": 2}), calls("sum", {"a": 1, "b": 3}), False),
    ],
)
def test_calls_of_the_same_tool_on_the_same_thing(ours, theirs, same):
    assert any("both call" in why for why in reasons([ours], [theirs])) == same


def test_the_most_telling_come_first_and_each_pair_once():
    ours = [user("We use PostgreSQL in src/db.py."), calls("read", {"path": "x"})]
    theirs = [user("We do not use PostgreSQL in src/db.py."), calls("read", {"path": "x"})]
    assert reasons(ours, theirs) == ["both call read on x", "both speak of postgresql, one with a negation"]


def test_what_everybody_says_points_nowhere():
    ours = [user(f"main.py has line {at}") for at in range(40)]
    theirs = [user(f"not main.py {at}") for at in range(40)]
    assert not any("main.py" in why for why in reasons(ours, theirs))


def test_there_are_at_most_so_many():
    ours = [user(f"file{at}.py is {at}. file{at + 1}.py is fine") for at in range(100)]
    theirs = [user(f"file{at}.py is not {at}") for at in range(100)]
    assert len(reasons(ours, theirs)) == prefilter.MOST


def test_reasons_are_one_safe_line():
    bad = '"a\x1b[2J\u202eb"'
    (why, *_) = reasons([user(f"use {bad} now")], [user(f"never use {bad}")])
    assert why.isprintable()
    long = "x" * 70 + "/" + "y" * 150
    assert all(len(why) <= 200 for why in reasons([user(f"{long} is 1")], [user(f"{long} is 2")]))


@pytest.mark.parametrize("part", ["a", "/", "a.", "1,", "a_", "aA", '"', "a-", "1 ", "n't"])
def test_hostile_texts_cost_no_time(part):
    text, began = part * 300_000, time.process_time()
    candidates(some([user(text), tool(text, "c")], 1), some([user(text), calls("run", text)], 2))
    assert time.process_time() - began < 2


def test_a_thousand_items_on_each_side():
    words = [f"word{at}" for at in range(5000)]
    chance = random.Random(7)
    ours, theirs = ([user(" ".join(chance.choices(words, k=40))) for _ in range(1000)] for _ in range(2))
    theirs[500] = user(ours[3].text + " not")
    began = time.process_time()
    (pair,) = candidates(some(ours, 1), some(theirs, 2))
    assert (int(pair.ours[1:], 16), int(pair.theirs[1:], 16)) == (3, 500)
    assert time.process_time() - began < 5
