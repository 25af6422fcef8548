"""What tests of rebase and cherry-pick share: small histories, and what is looked at in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trace_git import Repo
from trace_git.model import Commit

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ASKS: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWERS: dict[str, Any] = {"role": "tool", "tool_call_id": "c1", "content": "it is red"}


def say(repo: Repo, *texts: str) -> list[Commit]:
    """A commit for each text, in turns of user and assistant, each a minute after the one before."""
    made = []
    for text in texts:
        at = len(list(repo.log()))
        role = "assistant" if at % 2 else "user"
        made.append(repo.commit(text, role=role, timestamp=1_600_000_000 + 60 * at))
    return made


def forked(repo: Repo, base: Sequence[str] = ("a", "b"), ours: Sequence[str] = ("c", "d"),
           theirs: Sequence[str] = ("e", "f")) -> tuple[list[Commit], list[Commit], list[Commit]]:  # fmt: skip
    """Branch ``topic`` with ``ours`` on ``base``, where the handle is then, and ``main`` with ``theirs``."""
    first = say(repo, *base)
    repo.branch("topic")
    others = say(repo, *theirs)
    repo.switch("topic")
    return first, say(repo, *ours), others


def texts(repo: Repo, rev: str = "HEAD") -> list[str]:
    return [item.message.text for item in repo.context(rev).items]


def told(repo: Repo, rev: str = "HEAD") -> list[tuple[str, str, int, str]]:
    """Op, author, time and message of each commit, oldest first."""
    return [(one.op, one.author.name, one.timestamp, one.message) for one in repo.log(rev)][::-1]


def refs(repo: Repo) -> dict[str, str]:
    """All refs but the keeps."""
    store = repo._handle.store
    store.refresh()
    return {ref: value for ref, value in store.ref_names().items() if not ref.startswith("refs/trace/keep/")}


def kinds(result: Any) -> list[str]:
    return [one.kind for one in result.findings]
