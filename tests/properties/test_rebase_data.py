"""Random cherry-picks and lists on real conversations: what comes of them a provider takes, or they are refused."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo, formats
from trace_git.errors import MergeConflictError, RefusedError
from trace_git.model import Commit
from trace_git.view import groups

DATA = Path(os.environ.get("TRACE_GIT_DATA") or Path(__file__).parents[2].parent / "shared" / "data")


def conversations() -> Iterator[list[Any]]:
    for path in sorted((DATA / "tau_airline").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["messages"]
    for path in sorted((DATA / "swe_agent").glob("*.traj")):
        for one in formats.read(path).conversations:
            for _, tip in one.tips:
                yield [turn.message for turn in one.path(tip)]


def paired(messages: list[dict]) -> bool:
    """As OpenAI's API checks it: the results of a message's calls follow it at once, and there are no others."""
    waiting: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                return False
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            return False
        waiting = {one["id"] for one in message.get("tool_calls") or ()}
    return True


@pytest.mark.skipif(not DATA.is_dir(), reason="no real transcripts here: TRACE_GIT_DATA says where they are")
def test_no_pick_and_no_list_gives_what_a_provider_refuses(tmp_path):
    done = refused = 0
    for number, messages in enumerate(conversations()):
        dice = random.Random(number)
        with Repo.open(tmp_path / f"{number}.trace", tokenizer=None, durability="os") as repo:
            with repo.batch():
                commits = [repo.commit(one) for one in messages]
            whole = paired(repo.materialize(repair=True).output)
            cut = dice.randrange(1, len(commits))
            for verb in (pick, choose):
                repo.reset(commits[-1])
                try:
                    verb(repo, dice, commits, cut)
                except (RefusedError, MergeConflictError):
                    refused += 1
                    continue
                done += 1
                items = repo.context().items
                assert groups.faults(items) == (), number
                if whole and not groups.groups(items).tail:
                    assert paired(repo.materialize().output), number
                    repo.materialize(materializer="anthropic")
    assert done > 20
    assert refused > 20


def pick(repo: Repo, dice: random.Random, commits: list[Commit], cut: int) -> None:
    """A stretch of what comes later, somewhere in what was before."""
    repo.reset(commits[cut - 1])
    start = dice.randrange(cut, len(commits))
    repo.cherry_pick(commits[start : start + dice.randrange(1, 5)], at=dice.choice([cut, dice.randrange(cut + 1)]))


def choose(repo: Repo, dice: random.Random, commits: list[Commit], cut: int) -> None:
    """A list that leaves a stretch out, and at times changes the order of two others."""
    rest = commits[cut:]
    start = dice.randrange(len(rest))
    left = rest[:start] + rest[start + dice.randrange(3) :]
    if len(left) > 1 and dice.random() < 0.5:
        at = dice.randrange(len(left) - 1)
        left[at : at + 2] = left[at : at + 2][::-1]
    repo.rebase(commits[cut - 1], todo=[("pick", one) for one in left] or [("drop", rest[0])])
