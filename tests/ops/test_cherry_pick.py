"""repo.cherry_pick: commits done again here."""

from __future__ import annotations

import pytest

from trace_git import Repo
from trace_git.errors import (
    InvalidInputError,
    MergeConflictError,
    NotFoundError,
    RefusedError,
    StateError,
    UnsafeRewriteError,
)

from .rewriting import ANSWERS, ASKS, forked, kinds, refs, say, texts, told


@pytest.fixture
def commits(repo):
    """On main with a, b, e, f; the commits c, d, g of topic."""
    _, ours, _ = forked(repo, ours=("c", "d", "g"))
    repo.switch("main")
    return ours


def test_one_comes_to_the_end_with_its_id_author_time_and_message(repo, commits):
    result = repo.cherry_pick(commits[0])
    assert texts(repo) == ["a", "b", "e", "f", "c"]
    assert repo.context().items[-1].id == commits[0].items[0].id
    assert told(repo)[-1] == (commits[0].op, commits[0].author.name, commits[0].timestamp, commits[0].message)
    assert result.commit.id == repo.get("HEAD").id != commits[0].id
    assert repo.verify() == ()


def test_a_range_and_a_list_keep_their_orders(repo, commits):
    repo.cherry_pick(f"{commits[0].id}..topic")
    assert texts(repo)[4:] == ["d", "g"]
    repo.undo()
    repo.cherry_pick([commits[2], commits[0].id])
    assert texts(repo)[4:] == ["g", "c"]
    repo.undo()
    repo.cherry_pick(commits[2], commits[0].id)
    assert texts(repo)[4:] == ["g", "c"]
    assert len(list(repo.log())) == 6
    assert next(repo.operations()).verb == "cherry-pick"


@pytest.mark.parametrize(
    ("at", "expected"),
    [("start", "cdabef"), (0, "cdabef"), (2, "abcdef"), (4, "abefcd"), ("end", "abefcd"), (None, "abefcd")],
)
def test_at_says_where_new_items_come(repo, commits, at, expected):
    repo.cherry_pick(commits[:2], at=at)
    assert "".join(texts(repo)) == expected
    assert repo.verify() == ()


def test_at_an_item_they_come_right_before_it(repo, commits):
    item = repo.context().items[3]
    for at in (item, item.id, item.id[:6], repo.get("HEAD")):
        repo.cherry_pick(commits[:2], at=at)
        assert "".join(texts(repo)) == "abecdf"
        repo.undo()


def test_at_works_far_from_what_differs(repo):
    say(repo, *(f"said {number}" for number in range(200)))
    repo.branch("topic")
    say(repo, "on main")
    repo.switch("topic")
    made = say(repo, "on topic")
    repo.switch("main")
    repo.cherry_pick(made, at=50)
    assert texts(repo)[49:52] == ["said 49", "on topic", "said 50"]
    assert len(texts(repo)) == 202
    assert repo.verify() == ()


@pytest.mark.parametrize(("at", "error"), [(5, InvalidInputError), (-1, InvalidInputError), (True, InvalidInputError),
                                           ("ffffffff", NotFoundError), ("nowhere", NotFoundError)])  # fmt: skip
def test_a_place_that_is_none_is_refused(repo, commits, at, error):
    before = refs(repo)
    with pytest.raises(error):
        repo.cherry_pick(commits[0], at=at)
    assert refs(repo) == before


def test_an_edit_takes_hold_of_the_item_here(repo, commits):
    edited = None
    repo.switch("topic")
    edited = repo.edit(repo.context().items[0], "a, better")
    repo.switch("main")
    repo.cherry_pick(edited)
    assert texts(repo) == ["a, better", "b", "e", "f"]


def test_an_edit_of_what_is_not_here_is_refused(repo, commits):
    repo.switch("topic")
    edited, pinned = repo.edit(repo.context().items[2], "c, better"), repo.pin(repo.context().items[2])
    repo.switch("main")
    for commit in (edited, pinned):
        with pytest.raises(UnsafeRewriteError) as caught:
            repo.cherry_pick(commit)
        assert kinds(caught.value) == ["edit-target"]
    assert repo.cherry_pick(edited, force=True).commit.id == repo.get("main").id
    repo.cherry_pick([commits[0], edited, pinned])
    assert texts(repo)[-1] == "c, better"
    assert repo.pins() == {commits[0].items[0].id}


def test_a_result_without_its_call_is_refused_and_not_forced(repo, commits):
    repo.switch("topic")
    asked, answered = (repo.commit(one) for one in (ASKS, ANSWERS))
    repo.switch("main")
    for force in (False, True):
        with pytest.raises(UnsafeRewriteError) as caught:
            repo.cherry_pick(answered, force=force)
        assert "tool-group" in kinds(caught.value)
    repo.cherry_pick([asked, answered])
    assert [item.role for item in repo.context().items][-2:] == ["assistant", "tool"]


def test_a_call_in_the_middle_needs_its_result(repo, commits):
    repo.switch("topic")
    asked, _answered = (repo.commit(one) for one in (ASKS, ANSWERS))
    repo.switch("main")
    with pytest.raises(UnsafeRewriteError):
        repo.cherry_pick(asked, at=1)


def test_nothing_comes_into_a_tool_group(repo, commits):
    repo.commit([ASKS, ANSWERS])
    with pytest.raises(UnsafeRewriteError):
        repo.cherry_pick(commits[0], at=5)


def test_what_is_here_already_is_skipped_and_named(repo, commits):
    first = repo.cherry_pick(commits[0])
    operations = list(repo.operations())
    result = repo.cherry_pick(commits[0])
    assert result.commit.id == first.commit.id
    assert kinds(result) == ["applied"]
    assert list(repo.operations()) == operations


def test_a_merge_needs_a_mainline(repo, commits):
    repo.switch("topic")
    merge = repo.merge("main", ff="never").commit
    repo.switch("again", create=True)
    repo.reset(commits[1])
    with pytest.raises(RefusedError, match="2 parents"):
        repo.cherry_pick(merge)
    repo.cherry_pick(merge, mainline=1)
    assert texts(repo) == ["a", "b", "c", "d", "e", "f"]
    assert len(repo.get("HEAD").parents) == 1
    with pytest.raises(InvalidInputError, match="no parent number 3"):
        repo.cherry_pick(merge, mainline=3)


def test_a_reorder_cannot_be_picked(repo, commits):
    repo.switch("topic")
    order = [item.id for item in repo.context().items]
    made = repo.reorder([*order[:2], order[4], order[3], order[2]]).commit
    repo.switch("main")
    with pytest.raises(RefusedError, match="another order"):
        repo.cherry_pick(made)


def test_a_root_can_be_picked(repo, commits):
    say(repo, "h")
    repo._handle.branch = "refs/heads/apart"
    say(repo, "x", "y")
    root = repo.get("HEAD~1")
    repo.checkout("main")
    repo.cherry_pick(root)
    assert texts(repo)[-1] == "x"
    assert repo.verify() == ()


def test_a_conflict_moves_nothing(repo, commits):
    repo.switch("topic")
    edited = repo.edit(repo.context().items[0], "a of topic")
    repo.switch("main")
    repo.edit(repo.context().items[0], "a of main")
    before = refs(repo)
    with pytest.raises(MergeConflictError, match=edited.short_id):
        repo.cherry_pick([commits[0], edited])
    assert refs(repo) == before
    repo.cherry_pick([commits[0], edited], strategy="theirs")
    assert texts(repo) == ["a of topic", "b", "e", "f", "c"]


def test_usage_stays_only_while_what_was_sent_is_the_same(repo):
    from trace_git import Usage

    say(repo, "a", "b")
    made = repo.commit("c", role="assistant", usage=Usage(10, 2, 0, "m"))
    repo.branch("other", at="HEAD~1")
    repo.switch("other")
    assert repo.cherry_pick(made).commit.usage == made.usage
    repo.reset("HEAD~1")
    say(repo, "between")
    assert repo.cherry_pick(made).commit.usage is None


def test_tokens_are_counted_anew(repo, commits, open_repo):
    class Letters:
        name = "letters"

        def count(self, text):
            return len(text)

    other = open_repo(tokenizer=Letters(), branch="main")
    other.cherry_pick(commits)
    line = list(other.log())
    assert line[0].context_tokens.counter == "letters"
    assert line[0].context_tokens == other.context().tokens


def test_nothing_to_pick_is_refused(repo, commits):
    for rev in ("topic..topic", []):
        with pytest.raises(InvalidInputError):
            repo.cherry_pick(rev)
    with pytest.raises(NotFoundError):
        repo.cherry_pick("nope")
    repo._handle.branch = "refs/heads/empty"
    with pytest.raises(StateError, match="no commits yet"):
        repo.cherry_pick(commits[0])


def test_a_second_version_that_stands_there_already_is_gone_on_with(repo: Repo) -> None:
    """Both said the same; here it was edited, and then said again."""
    say(repo, "a")
    repo.branch("topic")
    item = repo.commit("x").items[0].id
    repo.edit(item, "another text")
    again = repo.commit("x").items[0].id
    repo.switch("topic")
    assert repo.commit("x", timestamp=1).items[0].id == item
    repo.edit(item, "x, and more")
    repo.switch("main")
    result = repo.cherry_pick("HEAD..topic")
    assert [one.items for one in result.findings if one.kind == "second-version"] == [(item, again)]
    assert texts(repo) == ["a", "another text", "x, and more"]


def test_second_versions_with_the_same_text_stay_apart(repo: Repo) -> None:
    say(repo, "a")
    repo.branch("topic")
    first, other = (one.id for one in repo.commit(["x", "x"]).items)
    repo.edit(first, "1")
    repo.edit(other, "2")
    repo.switch("topic")
    repo.commit(["x", "x"], timestamp=1)
    repo.edit(first, "first")
    repo.edit(other, "other")
    repo.switch("main")
    repo.cherry_pick("HEAD..topic")
    assert texts(repo) == ["a", "1", "first", "2", "other"]


@pytest.mark.parametrize("rev", [None, 5, {}])
def test_what_names_no_commit_is_refused(repo, commits, rev):
    with pytest.raises(InvalidInputError, match="not a revision"):
        repo.cherry_pick(rev)
