"""set_tools: the definitions that go with the context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError

LOOK = {"type": "function", "function": {"name": "look", "parameters": {"z": 1, "a": 2}}}
READ = {"type": "function", "function": {"name": "read"}}


def test_tools_are_in_force_from_there_on(repo: Repo, git: Callable[..., str]) -> None:
    assert repo.tools == ()
    repo.commit("one")
    commit = repo.set_tools([LOOK, READ])
    assert commit is not None
    assert (commit.op, commit.items, commit.subject) == ("tools", (), "tools: look, read")
    repo.commit("two")
    assert repo.tools == (LOOK, READ)
    assert list(repo.tools[0]["function"]["parameters"]) == ["z", "a"]  # providers cache by order
    assert repo.context("HEAD~2").tools == ()
    assert "tools.msgpack" in git(repo, "ls-tree", "--name-only", "HEAD")
    assert repo.set_tools(None) is not None
    assert repo.tools == ()
    assert "tools.msgpack" not in git(repo, "ls-tree", "--name-only", "HEAD")


def test_tools_may_come_first(repo: Repo) -> None:
    repo.set_tools([LOOK])
    assert repo.tools == (LOOK,)
    assert repo.context().items == ()
    assert repo.commit("one").context_tokens == repo.context().tokens


def test_the_same_again_changes_nothing(repo: Repo) -> None:
    assert repo.set_tools([]) is None
    assert repo.set_tools(None) is None
    commit = repo.set_tools([LOOK])
    assert repo.set_tools((LOOK,)) == commit
    assert len(list(repo.log())) == 1


@pytest.mark.parametrize("tools", ["look", b"look", LOOK, [5], ["look"], [{"name": float("nan")}]])
def test_what_is_no_list_of_definitions(tools: Any, repo: Repo) -> None:
    with pytest.raises(InvalidInputError):
        repo.set_tools(tools)
    assert list(repo.log()) == []
