"""repo.rebase: commits done again on another tip, all or none."""

from __future__ import annotations

import pytest

from trace_git import tool
from trace_git.conflicts import Resolution
from trace_git.errors import (
    InvalidInputError,
    MergeConflictError,
    NotFoundError,
    StateError,
    UnsafeRewriteError,
)

from .rewriting import ANSWERS, ASKS, forked, kinds, refs, say, texts, told


def test_the_branch_comes_on_top_with_ids_authors_times_and_messages(repo):
    _base, _ours, theirs = forked(repo)
    items, before = repo.context().items, told(repo)
    result = repo.rebase("main")
    assert texts(repo) == ["a", "b", "e", "f", "c", "d"]
    assert [item.id for item in repo.context().items[-2:]] == [item.id for item in items[-2:]]
    assert told(repo)[-2:] == before[-2:]
    assert result.commit.id == repo.get("HEAD").id
    assert repo.get("HEAD~2").id == theirs[-1].id
    assert repo.get("HEAD").context_tokens == repo.context().tokens
    assert repo.verify() == ()


def test_the_committers_time_is_now_and_the_authors_stays(repo, git):
    forked(repo)
    repo.rebase("main", timestamp=1_650_000_000)
    assert git(repo, "log", "-2", "--format=%at %ct", "topic").splitlines() == [
        "1600000180 1650000000",
        "1600000120 1650000000",
    ]


def test_it_is_one_operation_and_undo_restores_the_refs(repo):
    forked(repo)
    repo.pin(repo.context().items[-1])
    before, count = refs(repo), next(repo.operations()).number
    repo.rebase("main")
    done = next(repo.operations())
    assert (done.verb, done.number) == ("rebase", count + 1)
    assert any(ref.startswith("refs/trace/keep/") and new == before["refs/heads/topic"]
               for ref, (_, new) in done.moves.items())  # fmt: skip
    repo.undo()
    assert refs(repo) == before
    repo.redo()
    assert texts(repo)[2:4] == ["e", "f"]


def test_edits_pins_drops_and_tools_of_the_branch_hold(repo):
    forked(repo)
    first, last = repo.context().items[-2:]
    repo.edit(first, "c, better")
    repo.pin(last)
    repo.drop(repo.context().items[1])
    repo.set_tools([{"type": "function", "function": {"name": "look"}}])
    repo.rebase("main")
    assert texts(repo) == ["a", "e", "f", "c, better", "d"]
    assert repo.pins() == {last.id}
    assert repo.tools[0]["function"]["name"] == "look"
    assert repo.verify() == ()


def test_the_label_of_a_pin_goes_along(repo):
    forked(repo)
    item = repo.context().items[-1].id
    repo.pin(item)
    repo.rebase("main")
    assert refs(repo)[f"refs/trace/pins/{item}"] == repo.get("HEAD").id


def test_a_label_that_another_branch_needs_stays(repo):
    forked(repo)
    item = repo.context().items[-1].id
    pinned = repo.pin(item)
    repo.branch("same")
    repo.rebase("main")
    assert refs(repo)[f"refs/trace/pins/{item}"] == pinned.id


def test_what_stands_there_already_changes_nothing(repo):
    base, ours, _ = forked(repo)
    before = list(repo.operations())
    assert repo.rebase(base[-1]).commit.id == ours[-1].id
    assert repo.rebase("topic").commit.id == ours[-1].id
    assert list(repo.operations()) == before


def test_a_branch_that_is_behind_just_moves(repo):
    base, _, theirs = forked(repo)
    repo.reset(base[-1])
    assert repo.rebase("main").commit.id == theirs[-1].id


def test_onto_takes_only_what_upstream_has_not(repo):
    _, ours, _ = forked(repo)
    repo.rebase(ours[0], onto="main")
    assert texts(repo) == ["a", "b", "e", "f", "d"]


def test_what_is_there_already_is_skipped_and_named(repo):
    _, ours, _ = forked(repo)
    repo.switch("main")
    repo.cherry_pick(ours[0])
    repo.switch("topic")
    result = repo.rebase("main")
    assert texts(repo) == ["a", "b", "e", "f", "c", "d"]
    assert [(one.kind, one.name, one.severity) for one in result.findings if one.kind == "applied"] == [
        ("applied", ours[0].id, "note")
    ]


def test_there_and_back_gives_the_first_digest(repo):
    base, _, _ = forked(repo)
    digest = repo.materialize().digest
    repo.rebase("main")
    repo.rebase("main", onto=base[-1])
    assert repo.materialize().digest == digest


def test_unrelated_histories_are_put_on_top(repo):
    say(repo, "a", "b")
    repo.branch("other")
    repo._handle.branch = "refs/heads/apart"
    say(repo, "x", "y")
    repo.rebase("other")
    assert texts(repo) == ["a", "b", "x", "y"]
    assert repo.get("HEAD").context_tokens == repo.context().tokens


# -- conflicts -------------------------------------------------------------------------------


def disputed(repo):
    """Both branches edited the first item, ours between two appends."""
    forked(repo)
    first = repo.context().items[0]
    picked = repo.edit(first, "a of topic")
    say(repo, "g")
    repo.switch("main")
    repo.edit(first, "a of main")
    repo.switch("topic")
    return picked


def test_a_conflict_names_its_commit_and_nothing_moves(repo):
    picked = disputed(repo)
    before, operations = refs(repo), list(repo.operations())
    with pytest.raises(MergeConflictError, match=picked.short_id) as caught:
        repo.rebase("main")
    assert caught.value.commit == picked.id
    assert [one.kind for one in caught.value.conflicts] == ["edit"]
    assert (refs(repo), list(repo.operations())) == (before, operations)


@pytest.mark.parametrize(("how", "text"), [("ours", "a of main"), ("theirs", "a of topic")])
def test_a_strategy_settles_it_where_ours_is_what_is_rebased_onto(repo, how, text):
    disputed(repo)
    result = repo.rebase("main", strategy=how)
    assert texts(repo) == [text, "b", "e", "f", "c", "d", "g"]
    assert [one.action for one in result.resolutions.values()] == [how]


def test_resolutions_and_a_resolver_settle_it(repo):
    disputed(repo)
    with pytest.raises(MergeConflictError) as caught:
        repo.rebase("main")
    name = caught.value.conflicts[0].id
    repo.rebase("main", resolutions={name: Resolution("replace", "a of both")})
    assert texts(repo)[0] == "a of both"
    repo.undo()
    repo.rebase("main", resolver=lambda conflict: Resolution("theirs"))
    assert texts(repo)[0] == "a of topic"


def test_a_resolution_of_no_conflict_is_refused(repo):
    forked(repo)
    with pytest.raises(NotFoundError, match="no conflict 'nope'"):
        repo.rebase("main", resolutions={"nope": Resolution("ours")})


def test_a_dry_run_says_what_would_come_and_writes_nothing(repo):
    disputed(repo)
    before, operations = refs(repo), list(repo.operations())
    result = repo.rebase("main", dry_run=True)
    assert result.commit is None
    assert "conflict" in kinds(result)
    assert [item.message.text for item in result.items] == ["a of main", "b", "e", "f", "c", "d", "g"]
    assert result.receipt.after == 7 * 4 + 3 + 2 + 0 or result.receipt.after > result.receipt.before
    assert (refs(repo), list(repo.operations())) == (before, operations)


def test_the_items_of_a_dry_run_can_be_read_afterwards(repo):
    disputed(repo)
    result = repo.rebase("main", resolver=lambda one: Resolution("replace", "written by nobody"), dry_run=True)
    assert result.items[0].message.text == "written by nobody"


def test_an_edit_of_what_was_dropped_there_is_a_conflict(repo):
    forked(repo)
    repo.edit(repo.context().items[0], "a, better")
    repo.switch("main")
    repo.drop(repo.context().items[0])
    repo.switch("topic")
    with pytest.raises(MergeConflictError) as caught:
        repo.rebase("main")
    assert [one.kind for one in caught.value.conflicts] == ["presence"]
    repo.rebase("main", strategy="theirs")
    assert texts(repo)[0] == "a, better"


def test_the_same_id_with_another_text_gets_a_new_id_that_later_edits_follow(repo):
    say(repo, "a")
    repo.branch("topic")
    repo.commit("b", role="assistant", timestamp=5)
    item = repo.context().items[-1].id
    repo.edit(item, "b of main")
    repo.switch("topic")
    repo.commit("b", role="assistant", timestamp=6)
    assert repo.context().items[-1].id == item
    repo.edit(item, "b of topic")
    repo.pin(item)
    result = repo.rebase("main")
    assert texts(repo) == ["a", "b of main", "b of topic"]
    first, second = repo.context().items[1:]
    assert first.id == item != second.id
    assert repo.pins() == {second.id}
    assert [one.items for one in result.findings if one.kind == "second-version"] == [(item, second.id)]


def test_what_was_picked_and_edited_there_is_there_once(repo):
    _, ours, _ = forked(repo)
    item = ours[0].items[0].id
    repo.edit(item, "c of topic")
    repo.switch("main")
    repo.cherry_pick(ours[0])
    repo.edit(item, "c of main")
    repo.switch("topic")
    with pytest.raises(MergeConflictError) as caught:
        repo.rebase("main")
    assert [(one.kind, one.items) for one in caught.value.conflicts] == [("edit", (item,))]
    result = repo.rebase("main", strategy="theirs")
    assert texts(repo) == ["a", "b", "e", "f", "c of topic", "d"]
    assert "applied" in kinds(result)


# -- lists -----------------------------------------------------------------------------------


def test_a_list_drops_moves_and_squashes(repo):
    _, ours, _ = forked(repo, ours=("c", "d", "g", "h"))
    result = repo.rebase("main", todo=[("pick", ours[2]), ("squash", ours[0]), ("drop", ours[1]), ("move", ours[3])])
    assert texts(repo) == ["a", "b", "e", "f", "g", "c", "h"]
    assert [one.message for one in repo.log(limit=2)] == ["assistant: h", "user: g\n\nuser: c"]
    assert repo.get("HEAD~1").timestamp == ours[2].timestamp
    assert kinds(result).count("dropped") == 1
    line = list(repo.log())
    assert sum(one.tokens for one in line) == repo.context().tokens == line[0].context_tokens


def test_a_list_without_a_commit_drops_it(repo):
    _, ours, _ = forked(repo)
    result = repo.rebase("main", todo=f"pick {ours[1].short_id} whatever\n# pick {ours[0].short_id}\n")
    assert texts(repo) == ["a", "b", "e", "f", "d"]
    assert [one.name for one in result.findings if one.kind == "dropped"] == [ours[0].id]


def test_commits_that_stay_in_front_keep_their_ids(repo):
    base, ours, _ = forked(repo, ours=("c", "d", "g"))
    repo.rebase(base[-1], todo=[("pick", ours[0]), ("pick", ours[2])])
    assert [one.id for one in repo.log()][1:] == [ours[0].id, base[1].id, base[0].id]


def test_an_edit_without_what_it_edits_is_refused_or_forced(repo):
    base, ours, _ = forked(repo)
    edited = repo.edit(repo.context().items[-1], "d, better")
    before = refs(repo)
    todo = [("pick", ours[0]), ("pick", edited)]
    with pytest.raises(UnsafeRewriteError) as caught:
        repo.rebase(base[-1], todo=todo)
    assert kinds(caught.value)[0] == "edit-target"
    assert refs(repo) == before
    repo.rebase(base[-1], todo=todo, force=True)
    assert texts(repo) == ["a", "b", "c"]


@pytest.mark.parametrize("order", [(0, 2, 1, 3), (1, 0, 2, 3), (0, 2, 3), (1, 2)])
def test_no_list_tears_a_tool_group_even_when_forced(repo, order):
    say(repo, "a")
    made = [repo.commit(one) for one in (ASKS, ANSWERS)]
    made += say(repo, "b", "c")
    before = refs(repo)
    for force in (False, True):
        with pytest.raises(UnsafeRewriteError) as caught:
            repo.rebase("HEAD~4", todo=[("pick", made[at]) for at in order], force=force)
        assert {one.kind for one in caught.value.findings if one.severity == "error"} & {
            "tool-group",
            "result-before-call",
        }
    assert refs(repo) == before


def test_a_result_whose_call_goes_along_stays_behind_it(repo):
    say(repo, "a", "b")
    repo.branch("topic")
    say(repo, "e")
    repo.switch("topic")
    repo.commit([ASKS, tool("it is red", call_id="c1")])
    repo.rebase("main")
    assert [item.role for item in repo.context().items] == ["user", "assistant", "user", "assistant", "tool"]


@pytest.mark.parametrize(
    ("todo", "error", "text"),
    [
        ("pick nope", InvalidInputError, "line 1"),
        ("\nfrob HEAD", InvalidInputError, "line 2 of the list: 'frob'"),
        ("pick", InvalidInputError, "line 1 of the list: pick names no commit"),
        ("pick HEAD\npick HEAD", InvalidInputError, "line 2"),
        ("drop HEAD~1\nsquash HEAD", InvalidInputError, "no commit above"),
        ("edit HEAD", InvalidInputError, "edit"),
        ("# nothing", StateError, "no lines"),
        ([("frob", "HEAD")], InvalidInputError, "step 1"),
        (["pick HEAD"], InvalidInputError, "step 1"),
    ],
)
def test_a_wrong_list_is_refused_by_line(repo, todo, error, text):
    forked(repo)
    before = refs(repo)
    with pytest.raises(error, match=text):
        repo.rebase("main", todo=todo)
    assert refs(repo) == before


# -- merges ----------------------------------------------------------------------------------


def merged(repo):
    """topic has a merge of a side branch that both edited an item in; main went on."""
    base, _ours, _ = forked(repo)
    repo.switch("side", create=True)
    say(repo, "s")
    repo.edit(repo.context().items[2], "c of side")
    repo.switch("topic")
    repo.edit(repo.context().items[2], "c of topic")
    repo.merge("side", strategy="theirs")
    say(repo, "g")
    return base


def test_merges_are_left_out_with_a_warning(repo):
    merged(repo)
    result = repo.rebase("main", strategy="theirs")
    assert ("merges", "warning") in [(one.kind, one.severity) for one in result.findings]
    assert all(len(one.parents) < 2 for one in repo.log())
    assert sorted(texts(repo)) == sorted(["a", "b", "e", "f", texts(repo)[4], "d", "s", "g"])


def test_merges_are_made_again_with_the_answers_they_got(repo):
    merged(repo)
    result = repo.rebase("main", rebase_merges=True)
    assert texts(repo) == ["a", "b", "e", "f", "c of side", "d", "s", "g"]
    merge = repo.get("HEAD~1")
    assert (merge.op, len(merge.parents)) == ("merge", 2)
    assert "merges" not in kinds(result)
    assert repo.verify() == ()


def test_a_list_and_merges_exclude_each_other(repo):
    merged(repo)
    with pytest.raises(InvalidInputError, match="exclude"):
        repo.rebase("main", todo="pick HEAD", rebase_merges=True)


# -- refusals --------------------------------------------------------------------------------


def test_a_branch_without_commits_and_a_look_are_refused(repo, open_repo):
    with pytest.raises((StateError, NotFoundError)):
        repo.rebase("main")
    forked(repo)
    repo.checkout(repo.get("HEAD"))
    with pytest.raises(StateError, match="read-only"):
        repo.rebase("main")


def test_an_unknown_strategy_is_refused(repo):
    forked(repo)
    with pytest.raises(InvalidInputError, match="'mine'"):
        repo.rebase("main", strategy="mine")


def test_a_branch_that_moves_meanwhile_is_not_overwritten(repo, open_repo):
    disputed(repo)
    other = open_repo(branch="topic")

    def slow(conflict):
        other.commit("said meanwhile")
        return Resolution("ours")

    with pytest.raises(Exception, match="moved"):
        repo.rebase("main", resolver=slow)
    assert texts(repo)[-1] == "said meanwhile"


@pytest.mark.parametrize(("todo", "error"), [([], StateError), ((), StateError), (5, InvalidInputError)])
def test_a_list_without_steps_leaves_the_branch_alone(repo, todo, error):
    """As the editor's: who deletes every line gives up."""
    say(repo, "a", "b")
    before = refs(repo)
    with pytest.raises(error):
        repo.rebase("HEAD~1", todo=todo)
    assert refs(repo) == before
