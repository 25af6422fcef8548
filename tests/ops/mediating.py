"""Two branches in conflict, models of several minds, and what a trace is to the last byte that matters."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

from trace_git import Repo
from trace_git.model import Commit

Messages = list[dict[str, Any]]


def both_edited(repo: Repo) -> Commit:
    """main and side gave one item other content; each went on by a message. The commit that added the item."""
    repo.commit("Rule: answer in French", role="system")
    item = repo.commit("the first version", role="assistant")
    repo.commit("go on")
    repo.branch("side")
    repo.edit(item, "ours says blue")
    repo.commit("a step on main")
    repo.switch("side")
    repo.edit(item, "theirs says green")
    repo.commit("a step on side")
    repo.switch("main")
    return item


def asked(messages: Messages) -> list[str]:
    """The ids of the conflicts that a question is about."""
    return re.findall(r"^Conflict ([0-9a-f]{16})$", messages[1]["content"], re.MULTILINE)


def items(messages: Messages, side: str) -> list[str]:
    """The ids of the items of a side that a question shows."""
    return re.findall(rf"is data: {side}, item ([0-9a-f]{{16}})", messages[1]["content"])


def resolutions(*given: dict[str, Any]) -> str:
    return json.dumps({"resolutions": list(given)})


def each(action: str, **more: Any) -> Callable[[Messages], str]:
    """A model that takes one action for every conflict that it is asked about."""
    return lambda messages: resolutions(*[{"conflict": one, "action": action, **more} for one in asked(messages)])


def findings(*given: dict[str, Any]) -> str:
    return json.dumps({"findings": list(given)})


def standing(repo: Repo) -> tuple[Any, ...]:
    """Everything that a merge that was refused may not have changed: refs, HEAD, objects, operations."""
    repo.flush()

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=repo.path, capture_output=True, text=True, check=True).stdout

    objects = sorted(git("cat-file", "--batch-all-objects", "--batch-check").split("\n"))
    return git("for-each-ref"), git("symbolic-ref", "HEAD"), objects, [one.number for one in repo.operations()]
