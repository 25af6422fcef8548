"""at_op: a read-only look at all refs as they were after an operation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError, NotFoundError, StateError

Git = Callable[..., str]
Texts = Callable[..., list[str]]


def state(repo: Repo) -> tuple[object, ...]:
    """What reading verbs say."""
    status = repo.status()
    log = [commit.id for commit in repo.log()] if status.head else []
    return status.branch, status.head, status.items, log, repo.branches(), repo.tags()


def test_every_moment_can_be_looked_at(repo: Repo) -> None:
    verbs: list[Callable[[], object]] = [
        lambda: repo.commit(["one", "two"]), lambda: repo.branch("side"), lambda: repo.commit("three"),
        lambda: repo.tag("v1"), lambda: repo.switch("side"), lambda: repo.drop(repo.context().items[0]),
        lambda: repo.reset("v1"), lambda: repo.undo(), lambda: repo.delete_tag("v1"),
        lambda: repo.checkout("main", head=True), lambda: repo.checkout("HEAD~1", head=True),
    ]  # fmt: skip
    moments = []
    for verb in verbs:
        verb()
        moments.append((next(repo.operations()).number, state(repo)))
    for number, then in moments:
        assert state(repo.at_op(number)) == then


def test_a_batch_is_seen_whole(repo: Repo, texts: Texts) -> None:
    with repo.batch():
        repo.commit("one")
        repo.commit("two")
    number = next(repo.operations()).number
    repo.commit("three")
    assert texts(repo.at_op(number)) == ["one", "two"]
    with pytest.raises(NotFoundError):
        repo.at_op(number + 1)  # the second record of the batch, no operation


def test_revisions_mean_what_they_meant(repo: Repo, texts: Texts) -> None:
    repo.commit("one")
    number = next(repo.operations()).number
    repo.commit("two")
    repo.branch("later")
    then = repo.at_op(number)
    assert texts(then, "main") == texts(then, "HEAD") == ["one"]
    for rev in ("later", "HEAD~1"):
        with pytest.raises(NotFoundError):
            then.get(rev)


def test_nothing_can_be_written_there(repo: Repo, texts: Texts) -> None:
    repo.commit(["one", "two"])
    repo.tag("v1")
    number = next(repo.operations()).number
    then = repo.at_op(number)
    item = then.context().items[0]
    verbs: list[Callable[[], object]] = [
        lambda: then.commit("x"), lambda: then.edit(item, "x"), lambda: then.pin(item), lambda: then.unpin(item),
        lambda: then.drop(item), lambda: then.set_tools([{"name": "f"}]), lambda: then.reset("HEAD"),
        lambda: then.branch("x"), lambda: then.switch("main"), lambda: then.switch("x", create=True),
        lambda: then.checkout("main", head=True), lambda: then.tag("x"), lambda: then.delete_tag("v1"),
        lambda: then.undo(), lambda: then.redo(), lambda: then.repair(),
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(StateError, match="earlier moment") as caught:
            verb()
        assert caught.value.hint
    assert next(repo.operations()).number == number
    then.checkout("v1")
    assert texts(then) == ["one", "two"]


def test_a_handle_on_another_branch_than_head_stays_on_it(open_repo: Callable[..., Repo], texts: Texts) -> None:
    repo = open_repo()
    repo.commit("one")
    repo.branch("side")
    with open_repo(branch="side") as side:
        side.commit("two")
        number = next(repo.operations()).number
        repo.commit("three")
        assert texts(side.at_op(number)) == ["one", "two"]
        assert texts(repo.at_op(number)) == ["one"]


def test_closing_the_look_leaves_the_trace_open(repo: Repo, texts: Texts) -> None:
    repo.commit("one")
    with repo.at_op(next(repo.operations()).number) as then:
        assert texts(then) == ["one"]
    repo.commit("two")
    assert texts(repo) == ["one", "two"]


def test_unknown_numbers(repo: Repo) -> None:
    for number in (0, 1, 99, -1):
        with pytest.raises(NotFoundError, match=str(number)) as caught:
            repo.at_op(number)
        assert caught.value.hint
    repo.commit("one")
    with pytest.raises(NotFoundError, match="99") as caught:
        repo.at_op(99)
    assert caught.value.hint == "the newest is 1; `trace op log` lists them"
    for bad in ("1", None, 1.0, True):
        with pytest.raises(InvalidInputError):
            repo.at_op(bad)  # type: ignore[arg-type]


def test_the_log_survives_checkpoints(repo: Repo, open_repo: Callable[..., Repo], texts: Texts) -> None:
    repo.commit("one")
    repo.close()
    with open_repo() as again:
        again.commit("two")
        assert [one.verb for one in again.operations()] == ["append", "append"]
        assert texts(again.at_op(1)) == ["one"]


def test_limits(repo: Repo) -> None:
    repo.commit("one")
    repo.commit("two")
    assert len(list(repo.operations(1))) == 1
    assert list(repo.operations(limit=0)) == []
    for bad in (-1, "1", True):
        with pytest.raises(InvalidInputError):
            repo.operations(bad)  # type: ignore[arg-type]


def test_what_stock_git_moved_since_is_not_how_it_was(repo: Repo, git: Git, texts: Texts) -> None:
    first = repo.commit("one")
    repo.commit("two")
    repo.tag("v1")
    repo.flush()
    number = next(repo.operations()).number
    git(repo, "update-ref", "refs/heads/main", first.id)
    git(repo, "tag", "-d", "v1")
    assert texts(repo.at_op(number)) == ["one", "two"]
    assert [tag.name for tag in repo.at_op(number).tags()] == ["v1"]
    assert texts(repo) == ["one"]
