"""edit: same id, same place, new content; pins and roles are guarded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trace_git import Repo, assistant, tool
from trace_git.errors import (
    AmbiguousRevisionError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    StateError,
    UnsafeRewriteError,
)

Git = Callable[..., str]
Texts = Callable[..., list[str]]
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def test_id_and_place_stay(repo: Repo, texts: Texts, git: Git) -> None:
    commits = [repo.commit(text) for text in ("one", "two", "three")]
    ids = [item.id for item in repo.context().items]
    edit = repo.edit(commits[1], "two, better")
    assert texts(repo) == ["one", "two, better", "three"]
    assert [item.id for item in repo.context().items] == ids
    assert (edit.op, [item.id for item in edit.items]) == ("edit", [ids[1]])
    changed = git(repo, "diff", "--name-status", "HEAD~1", "HEAD").split()
    assert changed[0] == "M"
    assert len(changed) == 2
    assert texts(repo, "HEAD~1") == ["one", "two", "three"]


def test_an_edit_of_an_edit_edits_the_item(repo: Repo, texts: Texts) -> None:
    commit = repo.commit("one")
    edit = repo.edit(commit, "two")
    repo.edit(edit, "three")
    repo.edit(commit.items[0], "four")
    repo.edit(commit.items[0].id[:6], "five")
    assert texts(repo) == ["five"]
    assert repo.context().items[0].id == commit.items[0].id


def test_text_keeps_what_is_not_content(repo: Repo) -> None:
    commit = repo.commit({"role": "user", "name": "ann", "content": "one", "x": 1})
    repo.edit(commit, "two")
    assert repo.context().messages() == [{"role": "user", "name": "ann", "content": "two", "x": 1}]
    repo.edit(commit, {"role": "user", "content": "three"})
    assert repo.context().messages() == [{"role": "user", "content": "three"}]


def test_the_same_again_changes_nothing(repo: Repo) -> None:
    commit = repo.commit("one")
    assert repo.edit(commit, "one") == commit
    assert len(list(repo.log())) == 1


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"role": "assistant", "content": "x"}, "role"),
        ([], None),
        (["a", "b"], None),
        ({"content": "x"}, "role"),
        ("\ud800", "content"),
        (5, None),
    ],
)
def test_what_is_no_new_version(content: Any, field: str | None, repo: Repo, texts: Texts) -> None:
    commit = repo.commit("one")
    with pytest.raises(InvalidInputError) as caught:
        repo.edit(commit, content)
    if field:
        assert caught.value.field == field
    assert texts(repo) == ["one"]


def test_a_pinned_item_needs_force_and_its_pin_follows(repo: Repo, texts: Texts, git: Git) -> None:
    commit = repo.commit("one", pin=True)
    with pytest.raises(RefusedError, match=commit.items[0].id) as caught:
        repo.edit(commit, "two")
    assert "force" in (caught.value.hint or "")
    assert texts(repo) == ["one"]
    repo.edit(commit, "two", force=True)
    assert texts(repo) == ["two"]
    assert repo.context().items[0].pinned
    blobs = [line.split()[2] for line in git(repo, "ls-tree", "-r", "HEAD").splitlines() if commit.items[0].id in line]
    assert len(blobs) == 2
    assert len(set(blobs)) == 1
    assert repo.verify() == ()


def test_whom_is_meant(repo: Repo) -> None:
    several = repo.commit(["one", "two"])
    with pytest.raises(AmbiguousRevisionError) as caught:
        repo.edit(several, "x")
    assert set(caught.value.candidates) == {item.id for item in several.items}
    with pytest.raises(NotFoundError):
        repo.edit("0" * 16, "x")
    for bad in ("", "abc"):
        with pytest.raises(InvalidInputError):
            repo.edit(bad, "x")


def test_an_empty_trace_has_nothing_to_edit(repo: Repo) -> None:
    with pytest.raises((StateError, NotFoundError)) as caught:
        repo.edit("0" * 16, "x")
    assert caught.value.hint


def test_a_message_inside_a_tool_group_is_edited_alone(repo: Repo, texts: Texts) -> None:
    repo.commit([assistant("look", tool_calls=[CALL]), tool("long " * 50, "c1")])
    items = repo.context().items
    repo.edit(items[1], "short")
    assert texts(repo) == ["look", "short"]
    assert repo.context().items[0] == items[0]
    assert repo.status().warnings == ()


def test_an_edit_leaves_no_call_and_no_result_alone(repo: Repo, texts: Texts) -> None:
    use = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "a cat"}
    repo.commit(["go", assistant(None, tool_calls=[CALL]), tool("done", "c1")])
    repo.commit([{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}])
    items = repo.context().items
    for at, content in [
        (1, {"role": "assistant", "content": "no call"}), (2, {"role": "tool", "tool_call_id": "c9", "content": "x"}),
        (3, "text instead of the call"), (4, "text instead of the result"),
    ]:  # fmt: skip
        with pytest.raises(UnsafeRewriteError) as caught:
            repo.edit(items[at], content)
        assert caught.value.findings
    assert repo.context().items == items
    repo.edit(items[4], {"role": "user", "content": [{**result, "content": "a dog"}]})
    assert repo.status().warnings == ()


def test_an_edit_may_mend_a_tool_group(repo: Repo) -> None:
    repo.commit([assistant(None, tool_calls=[CALL]), tool("done", "c9")])
    repo.edit(repo.context().items[1], {"role": "tool", "tool_call_id": "c1", "content": "done"})
    assert repo.status().warnings == ()
