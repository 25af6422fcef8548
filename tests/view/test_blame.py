"""Blame: the life of an item, as a list kept by hand while it was lived."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git import AmbiguousRevisionError, InvalidInputError, NotFoundError, Repo
from trace_git.answers import Blame

from . import asking
from .merging import lines

Life = dict[str, list[tuple[str, str]]]  # item → what was done to it and by which commit, oldest first


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    with asking.opened(tmp_path, tokenizer=lines.Words()) as repo:
        repo.commit("begin")
        yield repo


def life(found: Blame) -> list[tuple[str, str]]:
    """What was done, and by whose commits, newest first."""
    return [(step.change, step.agent) for step in found]


def words(found: Blame) -> list[tuple[str | None, str | None]]:
    return [(step.old and step.old.message.text, step.new and step.new.message.text) for step in found]


# -- lives ---------------------------------------------------------------------------------


def test_edits_and_pins_newest_first_with_what_they_changed(repo):
    made = repo.commit("first")
    second = repo.edit(made, "second")
    pinned = repo.pin(made)
    third = repo.edit(made, "third", force=True)
    found = repo.blame(made)
    assert [(step.change, step.commit.id) for step in found] == [
        ("edited", third.id), ("pinned", pinned.id), ("edited", second.id), ("added", made.id)]  # fmt: skip
    assert words(found) == [("second", "third"), ("second", "second"), ("first", "second"), (None, "first")]
    assert (found.state, found.route, found.source, len(found)) == ("live", "own", None, 4)
    assert found.item.message.text == "third"
    assert found.item.pinned
    assert [step.verb for step in found] == ["edit", "pin", "edit", "append"]
    assert found.steps[-1].commit.author.name == "user"


def test_what_was_dropped_can_be_asked_for(repo):
    made = repo.commit("gone soon")
    repo.drop(made)
    found = repo.blame(made)
    assert (life(found), found.state) == ([("dropped", ""), ("added", "")], "dropped")
    assert found.item.message.text == "gone soon"


def test_a_merge_and_what_was_done_before_it_on_the_other_branch(repo):
    made = repo.commit("words")
    repo.branch("other")
    repo.checkout("other")
    repo.edit(made, "better words")
    new = repo.commit("said there")
    repo.edit(new, "said better")
    repo.checkout("main")
    repo.commit("meanwhile")
    merge = repo.merge("other").commit
    found = repo.blame(new)
    assert life(found) == [("merged", ""), ("edited", ""), ("added", "")]
    assert (found.route, found.steps[0].commit) == ("merged", merge)
    assert life(repo.blame(made)) == [("merged", ""), ("edited", ""), ("added", "")]
    assert repo.blame(made).route == "own"
    assert words(repo.blame(made))[0] == ("words", "better words")


def test_a_summary_has_originals_and_they_were_archived(repo):
    items = [repo.commit(text).items[0].id for text in ("one", "two")]
    summary = lines.compress(repo, items, "one and two")
    found = repo.blame(summary)
    assert (found.route, [one.message.text for one in found.originals]) == ("summarised", ["one", "two"])
    aside = repo.blame(items[0])
    assert (aside.state, life(aside)) == ("archived", [("archived", ""), ("added", "")])


def test_a_masked_item_has_its_original(repo):
    made = repo.commit("a very long text").items[0].id
    lines.mask(repo, made, "short")
    found = repo.blame(made)
    assert [one.message.text for one in found.originals] == ["a very long text"]
    assert (found.state, found.item.message.text) == ("live", "short")


def test_a_reorder_is_told_of_what_moved(repo):
    items = [repo.commit(text).items[0].id for text in ("one", "two", "three")]
    order = lines.ids(repo)
    lines.reorder(repo, [order[0], items[2], items[0], items[1]])
    assert sum("moved" in dict(life(repo.blame(one))) for one in items) in (1, 2)
    assert life(repo.blame(order[0])) == [("added", "")]


def test_the_work_of_an_agent_can_be_opened(repo):
    with repo.spawn("child", context="empty") as child:
        child.commit("I looked")
        child.commit("and I found")
        repo.collapse(child, summary="found it")
    repo.edit(repo.context().items[-1], "found it, edited")
    found = repo.blame(repo.context().items[-1])
    assert life(found) == [("edited", ""), ("collapsed", "")]
    assert (found.route, found.source, found.steps[1].source) == ("collapsed", "child", "child")
    assert [one.message.text for one in found.originals] == ["I looked", "and I found"]
    assert found.child is not None
    with repo.child(found.child) as child:
        assert child.blame(found.originals[0]).item.message.text == "I looked"


@pytest.mark.parametrize("context", ["full", "chosen"])
def test_what_was_inherited_is_followed_to_where_it_was_said(repo, context):
    made = repo.commit("asked")
    repo.edit(made, "asked again")
    with repo.spawn("child", context="full" if context == "full" else [made]) as child:
        child.edit(made, "asked by the child")
        repo.edit(made, "asked later, which the child cannot know")
        with child.spawn("grandchild", context="full" if context == "full" else [made]) as grandchild:
            found = grandchild.blame(made)
            assert life(found) == [("inherited", "grandchild"), ("edited", "child"), ("inherited", "child"),
                                   ("edited", ""), ("added", "")]  # fmt: skip
            assert [step.source for step in found][:3] == ["child", None, ""]
            assert (found.route, found.source) == ("inherited", "child")
    assert life(repo.blame(made)) == [("edited", ""), ("edited", ""), ("added", "")]


def test_what_was_picked_is_followed_to_the_line_it_came_from(repo):
    with repo.spawn("child") as child:
        said = child.commit("said by the child")
        picked = asking.brought(repo, child, said.items[0].id)
        repo.commit("meanwhile")
        repo.merge("agents/child")
        assert life(repo.blame(said)) == [("cherry-picked", ""), ("added", "child")]
        repo.edit(said.items[0], "edited here")
        found = repo.blame(said)
        assert life(found) == [("edited", ""), ("cherry-picked", ""), ("added", "child")]
        assert [step.commit.id for step in found][1:] == [picked.id, said.id]
        assert life(child.blame(said)) == [("added", "child")]


def test_another_revision_has_another_history(repo):
    made = repo.commit("first")
    repo.edit(made, "second")
    assert life(repo.blame(made, rev="HEAD~1")) == [("added", "")]


# -- which item ----------------------------------------------------------------------------


def test_an_item_may_be_named_by_id_prefix_commit_or_itself(repo):
    made = repo.commit("this one")
    (item,) = made.items
    assert {repo.blame(one).item.id for one in (made, item, item.id, item.id[:6])} == {item.id}


def test_what_means_several_or_none_is_refused(repo):
    several = repo.commit(["one", "two"])
    with pytest.raises(AmbiguousRevisionError) as caught:
        repo.blame(several)
    assert set(caught.value.candidates) == {item.id for item in several.items}
    for wrong in ("0" * 16, several.items[0].id[:5] + "0" * 11):
        with pytest.raises(NotFoundError):
            repo.blame(wrong)
    for wrong in ("xyz!", "abc", "a" * 17, 7):
        with pytest.raises(InvalidInputError):
            repo.blame(wrong)


def test_what_another_line_alone_knows_is_not_found_here(repo):
    repo.branch("other")
    repo.checkout("other")
    made = repo.commit("only there")
    repo.checkout("main")
    with pytest.raises(NotFoundError):
        repo.blame(made.items[0].id)


# -- against a list kept by hand -----------------------------------------------------------


def lived(repo: Repo, dice: random.Random, steps: int) -> Life:
    """Some history, and what was done to each item in it."""
    lives: Life = {}

    def note(item: str, change: str, commit: str) -> None:
        lives.setdefault(item, []).append((change, commit))

    def one(repo: Repo, number: int) -> set[str]:
        """One change of a random kind; the items that it touched."""
        items = repo.context().items
        verb = dice.choice(["commit", "edit", "edit", "drop", "pin", "unpin"])
        item = dice.choice(items) if items else None
        if item is None or verb == "commit" or (verb in ("edit", "drop") and item.pinned):
            made = repo.commit([f"said {number}", f"and {number}"][: dice.randint(1, 2)])
            for new in made.items:
                note(new.id, "added", made.id)
            return {new.id for new in made.items}
        if verb in ("pin", "unpin") and item.pinned == (verb == "pin"):
            return set()
        made = repo.edit(item, f"edit {number}") if verb == "edit" else getattr(repo, verb)(item)
        note(item.id, {"edit": "edited", "drop": "dropped"}.get(verb, verb + "ned"), made.id)
        return {item.id}

    for number in range(steps):
        if dice.random() < 0.15 and len(repo.context().items) > 1:
            repo.branch(f"b{number}")
            repo.checkout(f"b{number}")
            made = repo.commit(f"beside {number}")
            edited = repo.edit(made, f"beside {number}, edited")
            repo.checkout("main")
            one(repo, number)
            merge = repo.merge(f"b{number}", ff="never").commit
            lives[made.items[0].id] = [("added", made.id), ("edited", edited.id), ("merged", merge.id)]
        else:
            one(repo, number)
    return lives


@given(st.randoms(use_true_random=False), st.integers(1, 14))
@settings(max_examples=15)
def test_it_is_the_list_kept_by_hand(dice, steps):
    with tempfile.TemporaryDirectory() as folder, asking.opened(Path(folder)) as repo:
        for item, steps_ in lived(repo, dice, steps).items():
            assert [(step.change, step.commit.id) for step in repo.blame(item)] == steps_[::-1]


def test_an_item_that_came_later_than_its_line_has_its_beginning(repo: Repo) -> None:
    """A collapse spoke for it, so the first merge left it where it was; what was edited there brought it."""
    repo.commit("one")
    with repo.spawn("kid") as kid:
        item = kid.commit("first words", role="assistant").items[0]
        repo.collapse(kid, summary="found")
        kid.commit("more")
        repo.merge("agents/kid")
        kid.edit(item, "second words")
        repo.merge("agents/kid", strategy="theirs")
    steps = [(one.change, one.verb) for one in repo.blame(item.id)]
    assert steps == [("merged", "merge"), ("edited", "edit"), ("added", "append")]
