"""Prompts: commits name them with their digest, so a text that was released may not change."""

from __future__ import annotations

from pathlib import Path

from trace_git.llm import prompts

RELEASED = {
    "merge-conflicts.v1": "898296493d66",
    "merge-judge.v1": "a1a39d8fa9e3",
    "order-judge.v1": "73704c9934cf",
    "summarize-join.v1": "e9de480f82a5",
    "summarize.v1": "1bef703a5acc",
}


def test_each_text_is_as_it_was_released():
    """A better text is another file with a higher version, and one more line here."""
    files = {path.stem for path in Path(prompts.__file__).parent.glob("*.txt")}
    assert {name: prompts.load(name).digest for name in files} == RELEASED


def test_the_mark_is_name_and_digest():
    assert prompts.load("merge-judge.v1").mark == "merge-judge.v1@a1a39d8fa9e3"
