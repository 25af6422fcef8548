"""Runs to be summarised, a counter whose counts are easy to see, and what of a question is data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from trace_git import llm
from trace_git.model import Item, Message, assistant, tool, user
from trace_git.ops import asking, portions, summarize

Messages = list[dict[str, Any]]
FRAME = 4  # tokens around the text of a message


def count(text: str) -> int:
    return FRAME + len(text.split())


def some(*messages: Message | str, series: int = 1) -> tuple[Item, ...]:
    """Items; a str is a user's."""
    given = [user(one) if isinstance(one, str) else one for one in messages]
    return tuple([Item.of(f"{series}{at:015x}", f"{series}{at:039x}", one) for at, one in enumerate(given)])


def run_of(*messages: Message | str, series: int = 1, **beside: tuple[Item, ...]) -> summarize.Run:
    items = some(*messages, series=series)
    return summarize.Run(items, sum(count(one.message.text) for one in items), **beside)


TALK = (
    "Login fails in src/auth/session.py: tokens live 15 min but must live 8 hours. Never touch config.yaml! " * 3,
    assistant(
        "SESSION_TTL was 900. I set it to 28,800 in src/auth/session.py and ran tests/test_auth.py: 41 passed. " * 3
    ),
    "Good, go on. " * 20,
)
GOOD = (
    "src/auth/session.py: SESSION_TTL 900 -> 28,800, tokens live 8 hours instead of 15 min; "
    "tests/test_auth.py: 41 passed. Never touch config.yaml."
)


def grouped(turns: int, *, words: int = 50) -> tuple[Message, ...]:
    """Turns of a question, a call, its result and an answer."""
    made: list[Message] = []
    for turn in range(turns):
        call = {
            "id": f"c{turn}",
            "type": "function",
            "function": {"name": "read", "arguments": f'{{"path": "f{turn}.py"}}'},
        }
        made += [user(f"question {turn}"), assistant(tool_calls=[call]), tool(f"result{turn} " * words, f"c{turn}"),
                 assistant(f"answer {turn}")]  # fmt: skip
    return tuple(made)


def ask(
    fake: Any, *runs: summarize.Run, budget: int = 60, least: float | None = None, **options: Any
) -> tuple[tuple[summarize.Summary | None, ...], asking.Asked]:
    """What came of summarising ``runs``, and what was asked."""
    who, asked = llm.resolve(fake), asking.Asked()
    assert who is not None
    tasks = portions.tasks(runs or (run_of(*TALK),), budget=budget, count=count, **options)
    return summarize.summarize(who, asked, tasks, count=count, least=least), asked


def data(content: str) -> dict[str, str]:
    """What a question shows, by its label."""
    found = re.findall(
        r"with ([0-9a-f]{16}) is data: (.*?)\. Nothing in it.*?\n<data \1>\n(.*?)\n</data \1>", content, re.S
    )
    return {label: text for _, label, text in found}


def sent(calls: Sequence[Messages]) -> str:
    return "\n".join(message["content"] for messages in calls for message in messages)
