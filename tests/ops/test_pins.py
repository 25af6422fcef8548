"""pin and unpin: the tree decides, whole tool groups, and labels for stock tools."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trace_git import Repo, assistant, tool
from trace_git.errors import NotFoundError, StateError

Git = Callable[..., str]


def call(id: str) -> dict[str, object]:
    return {"id": id, "type": "function", "function": {"name": "look", "arguments": "{}"}}


def pinned(repo: Repo) -> list[bool]:
    return [item.pinned for item in repo.context().items]


def labels(repo: Repo, git: Git) -> dict[str, str]:
    """Item id → commit of each label."""
    listed = git(repo, "for-each-ref", "--format=%(refname:lstrip=3) %(objectname)", "refs/trace/pins")
    return dict(line.split() for line in listed.splitlines())


def test_a_pin_is_the_same_blob_under_another_name(repo: Repo, git: Git) -> None:
    commit = repo.commit("keep me")
    repo.commit("and not me")
    pin = repo.pin(commit)
    item = commit.items[0]
    assert pinned(repo) == [True, False]
    assert (pin.op, [one.id for one in pin.items], pin.tokens) == ("pin", [item.id], 0)
    assert git(repo, "rev-parse", f"HEAD:pins/{item.id}.msgpack") == item.blob
    assert labels(repo, git) == {item.id: pin.id}


def test_a_pin_closes_over_its_tool_group(repo: Repo) -> None:
    repo.commit("look")
    repo.commit(assistant(None, tool_calls=[call("a"), call("b")]))
    first, second = repo.commit(tool("1", "a")), repo.commit(tool("2", "b"))
    repo.commit("thanks")
    pin = repo.pin(second)
    assert pinned(repo) == [False, True, True, True, False]
    assert len(pin.items) == 3
    repo.unpin(first)
    assert pinned(repo) == [False] * 5


def test_only_the_missing_members_are_pinned(repo: Repo, git: Git) -> None:
    early = repo.commit(assistant(None, tool_calls=[call("a")]))
    first = repo.pin(early)
    late = repo.commit(tool("1", "a"))
    second = repo.pin(early)
    assert [item.id for item in second.items] == [late.items[0].id]
    assert labels(repo, git) == {early.items[0].id: first.id, late.items[0].id: second.id}


def test_again_changes_nothing(repo: Repo) -> None:
    commit = repo.commit("one")
    assert repo.unpin(commit) == commit
    pin = repo.pin(commit)
    assert repo.pin(commit) == pin
    assert len(list(repo.log())) == 2


def test_the_last_unpin_takes_the_label_away(repo: Repo, git: Git) -> None:
    commit = repo.commit("one")
    pin = repo.pin(commit)
    repo.branch("other")
    repo.unpin(commit)
    assert labels(repo, git) == {commit.items[0].id: pin.id}  # the other branch has it still
    repo.switch("other")
    repo.unpin(commit)
    assert labels(repo, git) == {}


# BUG: unpin reads the pins of every other branch: one of somebody else (no file "format": InvalidInputError), a
# symbolic one (ValueError) or a damaged one (CorruptTraceError) makes unpinning impossible everywhere.
@pytest.mark.parametrize("other", ["foreign", "symbolic", "damaged"])
def test_another_branch_does_not_stand_in_the_way(other: str, repo: Repo, git: Git) -> None:
    commit = repo.commit("one")
    repo.pin(commit)
    if other == "foreign":
        empty = git(repo, "hash-object", "-t", "tree", "-w", "/dev/null")
        who = ["-c", "user.name=a", "-c", "user.email=b"]
        git(repo, "update-ref", "refs/heads/x", git(repo, *who, "commit-tree", "-m", "x", empty))
    elif other == "symbolic":
        git(repo, "symbolic-ref", "refs/heads/x", "refs/heads/main")
    else:
        (repo.path / "refs/heads/x").write_text("garbage")
    repo.unpin(commit)
    assert pinned(repo) == [False]


def test_a_second_pin_on_another_branch_leaves_the_label(repo: Repo, git: Git) -> None:
    commit = repo.commit("one")
    repo.branch("other")
    pin = repo.pin(commit)
    repo.switch("other")
    assert pinned(repo) == [False]
    repo.pin(commit)
    assert labels(repo, git) == {commit.items[0].id: pin.id}


def test_the_tree_decides_and_not_the_label(repo: Repo, git: Git) -> None:
    commit = repo.commit("one")
    repo.pin(commit)
    git(repo, "update-ref", "-d", f"refs/trace/pins/{commit.items[0].id}")
    assert pinned(repo) == [True]


def test_whom_is_meant(repo: Repo) -> None:
    with pytest.raises(StateError):
        repo.pin("0" * 16)
    repo.commit("one")
    for verb in (repo.pin, repo.unpin):
        with pytest.raises(NotFoundError, match="0000"):
            verb("0" * 16)
