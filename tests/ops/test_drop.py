"""drop: an item and its tool group leave the context, the history keeps them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trace_git import Repo, assistant, tool
from trace_git.errors import AmbiguousRevisionError, InvalidInputError, NotFoundError, RefusedError, StateError

Git = Callable[..., str]
Texts = Callable[..., list[str]]


def call(id: str) -> dict[str, object]:
    return {"id": id, "type": "function", "function": {"name": "look", "arguments": "{}"}}


def test_one_item_goes_and_all_others_stay(repo: Repo, texts: Texts, git: Git) -> None:
    repo.commit(["one", "two", "three"])
    items = repo.context().items
    drop = repo.drop(items[1])
    assert texts(repo) == ["one", "three"]
    assert repo.context().items == (items[0], items[2])
    assert (drop.op, drop.subject, drop.author.name) == ("drop", f"drop: {items[1].id[:8]} two", "trace-git")
    assert texts(repo, "HEAD~1") == ["one", "two", "three"]
    changed = git(repo, "diff", "--name-status", "HEAD~1", "HEAD").split()
    assert changed[0] == "D"
    assert len(changed) == 2
    assert repo.verify() == ()


def test_the_ledger(repo: Repo, git: Git) -> None:
    repo.commit("one two three")
    repo.commit("four")
    drop = repo.drop(repo.context().items[0])
    assert drop.tokens is not None
    assert drop.tokens < 0
    assert drop.context_tokens == repo.context().tokens == repo.status().tokens
    assert sum(commit.tokens or 0 for commit in repo.log()) == drop.context_tokens
    assert git(repo, "log", "-1", "--format=%(trailers:key=Trace-Tokens,valueonly)") == str(int(drop.tokens))


def test_a_tool_group_goes_as_a_whole(repo: Repo, texts: Texts) -> None:
    repo.commit("look")
    repo.commit(assistant(None, tool_calls=[call("a"), call("b")]))
    repo.commit(tool("1", "a"))
    second = repo.commit(tool("2", "b"))
    repo.commit("thanks")
    drop = repo.drop(second)
    assert texts(repo) == ["look", "thanks"]
    assert drop.subject.endswith(" 2 (and 2 of its tool group)")
    assert repo.status().warnings == ()
    repo.materialize()


def test_what_is_pinned_stays(repo: Repo, texts: Texts) -> None:
    repo.commit([assistant(None, tool_calls=[call("a")]), tool("1", "a")], pin=True)
    repo.commit("free")
    asked, answer, _ = repo.context().items
    for item in (asked, answer):
        with pytest.raises(RefusedError, match=f"{item.id} is pinned") as caught:
            repo.drop(item)
        assert "unpin" in (caught.value.hint or "")
    repo.unpin(answer)
    repo.drop(answer)
    assert texts(repo) == ["free"]


def test_a_pinned_member_protects_its_group(repo: Repo) -> None:
    early = repo.commit(assistant(None, tool_calls=[call("a")]), pin=True)
    late = repo.commit(tool("1", "a"), pin=False)
    assert [item.pinned for item in repo.context().items] == [True, False]
    with pytest.raises(RefusedError, match=f"tool group with {early.items[0].id}"):
        repo.drop(late)
    assert repo.status().items == 2


def test_the_last_item_may_go(repo: Repo, texts: Texts, git: Git) -> None:
    repo.commit("one")
    drop = repo.drop(repo.context().items[0])
    assert (texts(repo), drop.context_tokens, repo.context().tokens, drop.items) == ([], 0, 0, ())
    status = repo.status()
    assert (status.items, status.tokens, status.head, status.warnings) == (0, 0, drop.id, ())
    assert repo.materialize().output == []
    assert [repo.materialize(materializer=kind).tokens for kind in ("text", "xml")] == [0, 0]
    assert len(list(repo.log())) == 2
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == [".gitattributes", "format"]
    again = repo.commit("two")
    assert texts(repo) == ["two"]
    assert again.context_tokens == repo.context().tokens
    assert repo.context().items[0].id != drop.id
    assert repo.verify() == ()


def test_an_append_after_a_drop_of_the_last_item(repo: Repo, texts: Texts) -> None:
    repo.commit(["one", "two"])
    gone = repo.context().items[1]
    repo.drop(gone)
    repo.commit("two")
    assert texts(repo) == ["one", "two"]
    assert repo.context().items[1].id != gone.id


def test_undo_brings_it_back_at_its_place(repo: Repo) -> None:
    repo.commit(["one", "two", "three"])
    context = repo.context()
    repo.drop(context.items[1])
    repo.undo()
    assert repo.context() == context
    repo.redo()
    assert repo.status().items == 2


def test_message_and_time_are_the_callers(repo: Repo) -> None:
    repo.commit(["one", "two"])
    drop = repo.drop(repo.context().items[0], message="A dead end\n\nIt led nowhere.", timestamp=1_600_000_000)
    assert (drop.subject, drop.timestamp) == ("A dead end", 1_600_000_000)


def test_without_a_tokenizer(open_repo: Callable[..., Repo], texts: Texts) -> None:
    repo = open_repo("bare", tokenizer=None)
    repo.commit(["one", "two"])
    assert repo.drop(repo.context().items[0]).tokens is None
    assert texts(repo) == ["two"]


def test_whom_is_meant(repo: Repo) -> None:
    with pytest.raises(StateError, match="no commits yet") as caught:
        repo.drop("0" * 16)
    assert caught.value.hint
    several = repo.commit(["one", "two"])
    with pytest.raises(AmbiguousRevisionError):
        repo.drop(several)
    with pytest.raises(NotFoundError):
        repo.drop("0" * 16)
    with pytest.raises(InvalidInputError):
        repo.drop("")
    gone = several.items[0]
    repo.drop(gone.id[:6])
    with pytest.raises(NotFoundError):
        repo.drop(gone)
