"""A rebase or cherry-pick in steps: stopped, answered, gone on with, skipped, aborted. At a conflict nothing moves."""

from __future__ import annotations

import json

import pytest

from trace_git.conflicts import Resolution
from trace_git.errors import CorruptTraceError, InvalidInputError, MergeConflictError, NotFoundError, StateError
from trace_git.ops import replay_state

from .rewriting import forked, refs, say, texts


@pytest.fixture
def disputed(repo):
    """On topic, whose second and fourth commit are in conflict with main; (the handle, commits)."""
    forked(repo)
    first, second = repo.context().items[:2]
    commits = [repo.edit(first, "a of topic"), *say(repo, "g"), repo.edit(second, "b of topic"), *say(repo, "h")]
    repo.switch("main")
    repo.edit(first, "a of main")
    repo.edit(second, "b of main")
    repo.switch("topic")
    return repo, commits


def begin(repo, upstream="main", **how):
    with pytest.raises(MergeConflictError) as caught:
        repo.open_replay.rebase(upstream, **how)
    return caught.value


def settle(repo, action):
    repo.open_replay.answer({one.id: Resolution(action) for one in repo.open_replay.conflicts()})


def test_it_stops_at_each_conflict_and_ends_in_one_operation(disputed):
    repo, commits = disputed
    before, operation = refs(repo), next(repo.operations()).number
    assert begin(repo).commit == commits[0].id
    assert refs(repo) == before
    settle(repo, "theirs")
    with pytest.raises(MergeConflictError) as caught:
        repo.open_replay.go_on()
    assert caught.value.commit == commits[2].id
    assert refs(repo) == before
    settle(repo, "ours")
    result = repo.open_replay.go_on()
    assert texts(repo) == ["a of topic", "b of main", "e", "f", "c", "d", "g", "h"]
    assert result.commit.id == repo.get("HEAD").id
    assert next(repo.operations()).number == operation + 1
    assert repo.open_replay.read() is None
    assert not (repo.path / "trace" / "replay").exists()
    repo.undo()
    assert refs(repo) == before


def test_another_process_sees_it_and_goes_on(disputed, open_repo):
    repo, _ = disputed
    begin(repo, strategy=None)
    settle(repo, "ours")
    other = open_repo(branch="topic")
    begun = other.open_replay.read()
    assert (begun.verb, begun.into, begun.name, begun.why, len(begun.answers)) == (
        "rebase",
        "topic",
        "main",
        "conflict",
        1,
    )
    other.open_replay.go_on(strategy="ours")
    assert texts(other)[:2] == ["a of main", "b of main"]


def test_skip_leaves_the_commit_out(disputed):
    repo, commits = disputed
    begin(repo)
    with pytest.raises(MergeConflictError):
        repo.open_replay.skip()
    result = repo.open_replay.skip()
    assert texts(repo) == ["a of main", "b of main", "e", "f", "c", "d", "g", "h"]
    assert [one.name for one in result.findings if one.kind == "dropped"] == [commits[0].id, commits[2].id]


def test_abort_leaves_no_trace(disputed):
    repo, _ = disputed
    before, operations = refs(repo), list(repo.operations())
    begin(repo)
    assert repo.open_replay.abort().into == "topic"
    assert (refs(repo), list(repo.operations())) == (before, operations)
    with pytest.raises(StateError, match="is open"):
        repo.open_replay.abort()


def test_only_one_thing_is_open(disputed):
    repo, _ = disputed
    begin(repo)
    for open_another in (
        lambda: repo.open_replay.rebase("main"),
        lambda: repo.open_replay.cherry_pick(["main"]),
        lambda: repo.open_merge.check_none(),
    ):
        with pytest.raises(StateError, match="the rebase of topic is open"):
            open_another()
    repo.open_replay.abort()
    repo.open_merge.begin(repo.get("main").id, name="main")
    with pytest.raises(StateError, match="the merge of main into topic is open"):
        repo.open_replay.rebase("main")


def test_an_answer_must_fit(disputed):
    repo, _ = disputed
    begin(repo)
    conflict = repo.open_replay.conflicts()[0]
    with pytest.raises(NotFoundError):
        repo.open_replay.answer({"nope": Resolution("ours")})
    with pytest.raises(InvalidInputError):
        repo.open_replay.answer({conflict.id: Resolution("frob")})
    assert repo.open_replay.read().answers == {}


def test_it_belongs_to_its_branch(disputed):
    repo, _ = disputed
    begin(repo)
    repo.switch("main")
    with pytest.raises(StateError, match="was begun on topic"):
        repo.open_replay.go_on()


def test_a_branch_that_moved_ends_it(disputed):
    repo, _ = disputed
    begin(repo)
    say(repo, "said since")
    assert repo.open_replay.read() is None
    with pytest.raises(StateError, match="has moved since"):
        repo.open_replay.go_on()
    repo.open_replay.abort()
    assert texts(repo)[-1] == "said since"


def test_an_edit_stops_with_the_branch_there(repo):
    _, ours, _ = forked(repo, ours=("c", "d", "g"))
    before = refs(repo)
    todo = f"pick {ours[0].id}\nedit {ours[1].id}\npick {ours[2].id}\n"
    begun = repo.open_replay.rebase("main", todo=todo)
    assert (begun.why, begun.stopped, begun.left) == ("edit", ours[1].id, 1)
    assert texts(repo) == ["a", "b", "e", "f", "c", "d"]
    repo.edit(repo.context().items[-1], "d, better")
    say(repo, "between")
    assert repo.open_replay.read().why == "edit"
    assert repo.open_replay.conflicts() == ()
    with pytest.raises(StateError, match="nothing to skip"):
        repo.open_replay.skip()
    repo.open_replay.go_on()
    assert texts(repo) == ["a", "b", "e", "f", "c", "d, better", "between", "g"]
    assert repo.open_replay.read() is None
    assert repo.verify() == ()
    for _ in range(4):
        repo.undo()
    assert refs(repo) == before


def test_abort_after_an_edit_moves_the_branch_back(repo):
    _, ours, _ = forked(repo)
    before = refs(repo)
    repo.open_replay.rebase("main", todo=f"edit {ours[0].id}\npick {ours[1].id}\n")
    say(repo, "between")
    between = repo.get("HEAD").id
    repo.open_replay.abort()
    assert refs(repo) == before
    assert repo.open_replay.read() is None
    repo.undo()
    assert repo.get("HEAD").id == between


def test_an_edit_where_nothing_moves_stops_too(repo):
    base, ours, _ = forked(repo)
    begun = repo.open_replay.rebase(base[-1].id, todo=f"pick {ours[0].id}\nedit {ours[1].id}\n")
    assert begun.why == "edit"
    assert repo.get("HEAD").id == ours[1].id
    assert repo.open_replay.read().left == 0
    repo.open_replay.go_on()
    assert repo.open_replay.read() is None
    assert repo.get("HEAD").id == ours[1].id


def test_a_conflict_after_an_edit_is_open_too(disputed):
    repo, commits = disputed
    todo = "\n".join(f"{verb} {one.id}" for verb, one in zip(("pick", "edit", "pick", "pick"), commits, strict=True))
    with pytest.raises(MergeConflictError):
        repo.open_replay.rebase("main", todo=todo)
    settle(repo, "theirs")
    assert repo.open_replay.go_on().why == "edit"
    with pytest.raises(MergeConflictError):
        repo.open_replay.go_on()
    assert len(repo.open_replay.conflicts()) == 1
    settle(repo, "theirs")
    repo.open_replay.go_on()
    assert texts(repo)[:2] == ["a of topic", "b of topic"]


def test_a_cherry_pick_stops_and_goes_on_at_its_place(disputed):
    repo, commits = disputed
    repo.switch("main")
    with pytest.raises(MergeConflictError):
        repo.open_replay.cherry_pick([commits[1].id, commits[0].id], at=1)
    assert repo.open_replay.read().verb == "cherry-pick"
    settle(repo, "theirs")
    repo.open_replay.go_on()
    assert texts(repo) == ["a of topic", "g", "b of main", "e", "f"]


def test_merges_that_are_made_again_stop_and_go_on(repo):
    forked(repo)
    repo.branch("side")
    first = repo.context().items[0]
    edited = repo.edit(first, "a of topic")
    repo.switch("side")
    say(repo, "s")
    repo.switch("topic")
    repo.merge("side")
    repo.switch("main")
    repo.edit(first, "a of main")
    repo.switch("topic")
    assert begin(repo, merges=True).commit == edited.id
    assert len(repo.open_replay.conflicts()) == 1
    settle(repo, "theirs")
    repo.open_replay.go_on()
    assert texts(repo) == ["a of topic", "b", "e", "f", "c", "d", "s"]
    assert len(repo.get("HEAD").parents) == 2


# -- what a crash leaves ---------------------------------------------------------------------


def test_a_file_that_a_finished_rebase_left_behind_does_not_count(disputed, monkeypatch):
    repo, _ = disputed
    begin(repo)
    with monkeypatch.context() as patch:
        patch.setattr(replay_state, "forget", lambda folder: None)
        repo.open_replay.go_on(strategy="ours")
    assert (repo.path / "trace" / "replay").exists()
    assert repo.open_replay.read() is None
    repo.open_replay.check_nothing_open()


def test_a_file_from_before_the_move_is_what_was_open_before(disputed, monkeypatch):
    repo, _commits = disputed
    begin(repo)
    settle(repo, "ours")

    class Cut(Exception):
        pass

    def cut(*_):
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr("trace_git.ops.keep.keep", cut)
        with pytest.raises(Cut):
            repo.open_replay.go_on(strategy="ours")
    assert repo.open_replay.read() is not None
    repo.open_replay.go_on(strategy="ours")
    assert texts(repo)[:2] == ["a of main", "b of main"]


@pytest.mark.parametrize("damage", ["{", "[]", '{"version": 9}', '{"version": 1}'])
def test_a_damaged_file_is_refused_and_can_be_forgotten(disputed, damage):
    repo, _ = disputed
    begin(repo)
    (repo.path / "trace" / "replay").write_text(damage)
    with pytest.raises(CorruptTraceError):
        repo.open_replay.read()
    assert repo.open_replay.abort() is None
    assert repo.open_replay.read() is None


def test_the_file_names_no_model(disputed):
    repo, _ = disputed
    asked = []

    def ask(messages):
        asked.append(messages)
        return json.dumps({"resolutions": []})

    begin(repo, llm=ask)
    assert asked
    held = json.loads((repo.path / "trace" / "replay").read_text())
    assert "ask" not in held
    assert "llm" not in held
    count = len(asked)
    with pytest.raises(MergeConflictError):
        repo.open_replay.go_on()
    assert len(asked) == count
