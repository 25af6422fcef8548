"""undo and redo: every ref exactly as before, again and again, or nothing moves."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import ConflictError, StateError

Git = Callable[..., str]
Texts = Callable[..., list[str]]


@pytest.fixture
def refs(git: Git) -> Callable[[Repo], dict[str, str]]:
    """All refs but the keeps, and HEAD, as stock git sees them."""

    def read(repo: Repo) -> dict[str, str]:
        listed = git(repo, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        found = dict(line.split() for line in listed)
        kept = {ref: value for ref, value in found.items() if not ref.startswith("refs/trace/keep/")}
        return {**kept, "HEAD": (Path(repo.path) / "HEAD").read_text()}

    return read


Refs = Callable[[Repo], dict[str, str]]


def test_there_and_back_again(repo: Repo, refs: Refs) -> None:
    states = [refs(repo)]
    repo.commit(["one", "two"])
    states.append(refs(repo))
    repo.pin(repo.context().items[0])
    states.append(refs(repo))
    repo.switch("try", create=True)
    states.append(refs(repo))
    repo.unpin(repo.context().items[0])
    states.append(refs(repo))
    repo.reset("HEAD~2")
    states.append(refs(repo))
    repo.tag("v1", message="Here.")
    states.append(refs(repo))
    for _ in range(2):
        for state in states[-2::-1]:
            repo.undo()
            assert refs(repo) == state
        with pytest.raises(StateError, match="nothing to undo"):
            repo.undo()
        for state in states[1:]:
            repo.redo()
            assert refs(repo) == state
        with pytest.raises(StateError, match="nothing to redo"):
            repo.redo()
    assert repo.verify() == ()


def test_three_times_three(repo: Repo, texts: Texts) -> None:
    for text in ("one", "two", "three"):
        repo.commit(text)
    numbers = [repo.undo().undoes for _ in range(3)]
    assert (texts(repo), repo.status().head) == ([], None)
    assert [repo.redo().undoes for _ in range(3)] == numbers[::-1]
    assert texts(repo) == ["one", "two", "three"]
    assert repo.undo().undoes == numbers[0]
    assert texts(repo) == ["one", "two"]


def test_the_log_says_what_is_undone(repo: Repo) -> None:
    repo.commit("one")
    repo.commit("two")
    undo = repo.undo()
    assert (undo.verb, undo.note, undo.undone) == ("undo", "append", False)
    assert [(one.verb, one.undone) for one in repo.operations()] == [
        ("undo", False), ("append", True), ("append", False),
    ]  # fmt: skip
    assert next(repo.operations()) == undo
    redo = repo.redo()
    assert (redo.verb, redo.undoes) == ("redo", undo.undoes)
    assert [(one.verb, one.undone) for one in repo.operations()] == [
        ("redo", False), ("undo", True), ("append", False), ("append", False),
    ]  # fmt: skip
    assert [one.number for one in repo.operations(2)] == [4, 3]
    assert [one.time for one in repo.operations()] == [1_700_000_000.0] * 4


def test_a_batch_is_one_operation(repo: Repo, texts: Texts) -> None:
    repo.commit("zero")
    with repo.batch():
        for text in ("one", "two", "three"):
            repo.commit(text)
        with pytest.raises(StateError, match="batch"):
            repo.undo()
    newest = next(repo.operations())
    assert (newest.verb, newest.commits, len(newest.moves)) == ("append", 3, 1)
    repo.undo()
    assert texts(repo) == ["zero"]
    repo.redo()
    assert texts(repo) == ["zero", "one", "two", "three"]


def test_a_batch_of_several_verbs(repo: Repo, refs: Refs) -> None:
    repo.commit("zero")
    before = refs(repo)
    with repo.batch():
        repo.branch("there")
        repo.switch("there")
        repo.pin(repo.commit("one"))
    assert next(repo.operations()).verb == "batch"
    repo.undo()
    assert (refs(repo), repo.status().branch) == (before, "main")
    repo.redo()
    assert repo.status().branch == "there"


def test_redo_ends_where_something_else_was_done(repo: Repo, texts: Texts) -> None:
    repo.commit("one")
    repo.commit("two")
    repo.undo()
    repo.commit("other")
    with pytest.raises(StateError, match="nothing to redo") as caught:
        repo.redo()
    assert caught.value.hint
    repo.undo()
    repo.undo()
    assert texts(repo) == []
    repo.redo()
    repo.redo()
    assert texts(repo) == ["one", "other"]


def test_what_changes_nothing_is_no_operation(repo: Repo) -> None:
    repo.commit("one")
    repo.reset("HEAD")
    repo.switch("main")
    repo.edit(repo.context().items[0], "one")
    with repo.batch():
        pass
    assert len([one for one in repo.operations() if one.verb != "external"]) == 1
    repo.undo()
    with pytest.raises(StateError):
        repo.undo()


def test_undo_of_the_first_commit_leaves_the_branch_unborn(repo: Repo, texts: Texts, git: Git) -> None:
    repo.commit("one")
    repo.undo()
    assert repo.status().head is None
    assert git(repo, "for-each-ref", "refs/heads") == ""
    assert git(repo, "symbolic-ref", "HEAD") == "refs/heads/main"
    repo.commit("another one")
    assert texts(repo) == ["another one"]


def test_undo_of_a_switch_takes_the_handle_along(open_repo: Callable[..., Repo], git: Git) -> None:
    one, bystander = open_repo(), open_repo()
    one.commit("one")
    one.branch("try")
    one.switch("try")
    one.undo()
    assert (one.status().branch, git(one, "symbolic-ref", "HEAD")) == ("main", "refs/heads/main")
    one.redo()
    assert (one.status().branch, git(one, "symbolic-ref", "HEAD")) == ("try", "refs/heads/try")
    assert bystander.status().branch == "main"
    bystander.undo()  # moves HEAD; this handle never stood at it
    assert bystander.status().branch == "main"
    assert one.status().branch == "try"


def test_what_a_stranger_moved_since_is_a_conflict(repo: Repo, git: Git, texts: Texts, refs: Refs) -> None:
    for text in ("one", "two", "three"):
        repo.commit(text)
    git(repo, "update-ref", "refs/heads/main", "HEAD~2")
    before = refs(repo)
    with pytest.raises(ConflictError, match="refs/heads/main") as caught:
        repo.undo()
    assert caught.value.hint
    assert refs(repo) == before
    assert repo.undo().note == "external"  # as the hint says
    assert texts(repo) == ["one", "two", "three"]
    repo.redo()
    assert texts(repo) == ["one"]


def test_one_moved_ref_stops_the_others(repo: Repo, git: Git, refs: Refs) -> None:
    repo.commit("one")
    with repo.batch():
        repo.commit("two")
        repo.branch("there")
    git(repo, "update-ref", "refs/heads/there", "HEAD~1")
    before = refs(repo)
    with pytest.raises(ConflictError, match="refs/heads/there"):
        repo.undo()
    assert refs(repo) == before


def test_a_conflict_of_a_redo(repo: Repo, git: Git, texts: Texts) -> None:
    repo.commit("one")
    repo.commit("two")
    two = repo.get("HEAD").id
    repo.commit("three")
    repo.undo()
    repo.undo()
    git(repo, "update-ref", "refs/heads/main", two)
    with pytest.raises(ConflictError, match="refs/heads/main"):
        repo.redo()
    assert texts(repo) == ["one", "two"]


def test_other_handles_and_processes(open_repo: Callable[..., Repo], texts: Texts) -> None:
    one, other = open_repo(), open_repo()
    one.commit("one")
    other.commit("two")
    one.undo()  # the trace's last operation, whoever did it
    assert texts(other) == ["one"]
    other.redo()
    assert texts(one) == ["one", "two"]


def test_many_undo_at_the_same_time(open_repo: Callable[..., Repo], texts: Texts) -> None:
    repo = open_repo(durability="os")
    for number in range(20):
        repo.commit(str(number))
    handles = [open_repo(durability="os") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        taken = [done.undoes for some in pool.map(lambda one: [one.undo() for _ in range(4)], handles) for done in some]
    assert len(set(taken)) == 16
    assert texts(repo) == ["0", "1", "2", "3"]


def test_what_is_undone_survives_stock_gc(repo: Repo, git: Git, texts: Texts) -> None:
    repo.commit(["one", "two"])
    repo.branch("side")
    repo.tag("noted", message="Why.")
    for _ in range(3):
        repo.undo()
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")
    for _ in range(3):
        repo.redo()
    assert texts(repo, "noted") == texts(repo, "side") == ["one", "two"]
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""


def test_nothing_to_undo_in_a_new_trace_or_a_clone(repo: Repo, git: Git, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="nothing to undo"):
        repo.undo()
    repo.commit("one")
    repo.flush()
    git(repo, "clone", "-q", "--bare", ".", str(tmp_path / "clone.trace"))
    with Repo.open(tmp_path / "clone.trace", tokenizer=None) as clone:
        clone.commit("two")
        clone.switch("x", create=True)
        clone.undo()
        clone.undo()
        with pytest.raises(StateError, match="nothing to undo"):
            clone.undo()
        assert [item.message.text for item in clone.context().items] == ["one"]


def test_labels_and_keeps_never_stand_in_the_way(repo: Repo, git: Git, refs: Refs) -> None:
    commit = repo.commit("one")
    before = refs(repo)
    repo.pin(commit)
    git(repo, "update-ref", "-d", f"refs/trace/pins/{commit.items[0].id}")
    repo.undo()
    assert refs(repo) == before
    for kept in git(repo, "for-each-ref", "--format=%(refname)", "refs/trace/keep").split():
        git(repo, "update-ref", "-d", kept)
    repo.redo()
    assert repo.context().items[0].pinned


def test_what_gc_took_cannot_come_back(repo: Repo, git: Git, texts: Texts) -> None:
    repo.commit("one")
    gone = repo.commit("two")
    repo.reset("HEAD~1", mode="hard")
    for kept in git(repo, "for-each-ref", "--format=%(refname)", "refs/trace/keep").split():
        git(repo, "update-ref", "-d", kept)
    repo.close()
    repo = Repo.open(repo.path, tokenizer=None)
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")
    with pytest.raises(StateError, match=gone.short_id) as caught:
        repo.undo()
    assert caught.value.hint
    assert texts(repo) == ["one"]
    repo.close()


def test_a_full_history_of_undos_keeps_few_refs(repo: Repo, git: Git) -> None:
    repo.commit("one")
    repo.commit("two")
    for _ in range(5):
        repo.undo()
        repo.redo()
    assert git(repo, "for-each-ref", "refs/trace/keep") == ""
    repo.undo()
    assert len(git(repo, "for-each-ref", "refs/trace/keep").splitlines()) == 1


def test_what_goes_on_after_its_undo_is_a_further_operation(open_repo: Callable[..., Repo], texts: Texts) -> None:
    repo, other = open_repo(), open_repo()
    repo.commit("zero")
    with repo.batch():
        repo.commit("one")
        repo.commit("two")
        other.undo()
        repo.commit("three")
        repo.commit("four")
    assert texts(repo) == ["zero", "three", "four"]
    for there in (["zero"], []):
        repo.undo()
        assert texts(repo) == there
    for there in (["zero"], ["zero", "three", "four"]):
        repo.redo()
        assert texts(repo) == there


def test_a_batch_beside_another_writer_of_the_branch(open_repo: Callable[..., Repo], texts: Texts) -> None:
    repo, other = open_repo(), open_repo()
    with repo.batch():
        repo.commit("one")
        repo.commit("two")
        other.commit("theirs")
        repo.commit("three")
        other.tag("v1")
        repo.commit("four")
    assert [(one.verb, one.commits) for one in repo.operations()] == [
        ("tag", 1), ("append", 2), ("append", 1), ("append", 2),
    ]  # fmt: skip
    repo.undo()
    for there in (["one", "two", "theirs"], ["one", "two"], []):
        repo.undo()
        assert texts(repo) == there


def test_a_long_batch_is_one_operation_beside_others(open_repo: Callable[..., Repo], texts: Texts) -> None:
    repo, other = open_repo(durability="os"), open_repo(durability="os")
    repo.commit("zero")
    with repo.batch():
        for number in range(300):
            repo.commit("x" * 8000)
            if not number % 100:
                other.tag(f"v{number}")  # which publishes, and begins a new life of the journal
                other.flush()
    assert [one.commits for one in repo.operations() if one.verb == "append"] == [300, 1]
    for _ in range(4):
        repo.undo()
    assert texts(repo) == ["zero"]


def test_a_branch_that_another_handle_undid_away_is_not_begun_anew(open_repo: Callable[..., Repo]) -> None:
    one = open_repo()
    one.commit("base")
    one.switch("try", create=True)
    one.commit("more")
    other = open_repo(branch="try")
    one.undo()
    one.undo()
    with pytest.raises(StateError, match="branch try is gone"):
        other.commit("two")
    with pytest.raises(StateError, match="branch try is gone"):
        other.set_tools([{"type": "function", "function": {"name": "f"}}])
    assert [branch.name for branch in other.branches()] == ["main"]
    one.redo()
    one.redo()
    assert [item.message.text for item in other.context().items] == ["base", "more"]


def test_who_undoes_the_first_commit_may_begin_again(repo: Repo) -> None:
    repo.commit("one")
    repo.undo()
    repo.commit("other")
    assert [item.message.text for item in repo.context().items] == ["other"]
