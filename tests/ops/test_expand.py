"""Expanding: the very tree again, and where originals go when things have moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from trace_git import Repo, tool
from trace_git.errors import NotFoundError, RefusedError, StateError

from ..view.merging.lines import call, ids, reorder, texts, trace
from .test_compress import conversation


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return conversation(tmp_path)


@pytest.fixture
def words(tmp_path: Path) -> Repo:
    """Items n0 to n9, one a commit."""
    repo = trace(tmp_path)
    for number in range(10):
        repo.commit(f"n{number} and some words")
    return repo


@pytest.mark.parametrize("strategy", ["mask", "trim", "manual", "runs"])
def test_it_gives_the_same_trees_and_the_same_digest(repo: Repo, strategy: str) -> None:
    repo.pin(ids(repo)[6])
    before, digest = repo.get("HEAD"), repo.materialize().digest
    how = {"manual": {"summary": "short"}, "runs": {"summary": ["a", "b"]}}.get(strategy, {"strategy": strategy})
    made = repo.compress(keep_last=0, **how)  # type: ignore[arg-type]
    if made.commit is None:
        assert strategy == "trim"
        return
    commit = repo.expand(made.id or "")
    assert (commit.op, commit.tree) == ("expand", before.tree)
    assert repo.materialize().digest == digest
    assert commit.tokens == -(made.commit.tokens or 0)


def test_whatever_names_the_compress(repo: Repo) -> None:
    tree, old = repo.get("HEAD").tree, ids(repo)[1]
    made = repo.compress(summary="short")
    assert made.commit is not None
    assert made.id is not None
    summary = next(item for item in repo.context().items if item.kind == "summary")
    for name in (made.id, made.id[:6], made.commit, made.commit.id, "HEAD", summary, summary.id, summary.id[:7], old):
        assert repo.expand(name).tree == tree
        repo.undo()
    for name in ("nothing", "HEAD~1", repo.get("HEAD~1"), ids(repo)[-1], "ab"):
        with pytest.raises(NotFoundError):
            repo.expand(name)


def test_only_one_run(words: Repo) -> None:
    words.pin(ids(words)[4])
    made = words.compress(keep_last=0, summary=["a", "b"])
    words.expand(made.id or "", only=made.summaries[1])
    assert texts(words)[:2] == ["a", "n4 and some words"]
    assert len(ids(words)) == 7
    [left] = words.compressions()
    assert (left.id, left.summaries) == (made.id, made.summaries[:1])
    words.expand(made.summaries[0])
    assert texts(words) == [f"n{number} and some words" for number in range(10)]
    assert words.compressions() == ()


def test_only_one_masked_output(repo: Repo) -> None:
    made = repo.compress(keep_last=0, strategy="mask")
    repo.expand(made.id or "", only=made.summaries[2])
    assert [text.startswith("[tool output masked") for text in texts(repo) if "word" in text or "masked" in text].count(
        True
    ) == 5
    with pytest.raises(NotFoundError, match="is not one of what compress"):
        repo.expand(made.id or "", only=made.summaries[2])


def test_one_text_for_several_runs_goes_back_to_all_of_their_places(words: Repo) -> None:
    words.pin(ids(words)[4])
    tree = words.get("HEAD").tree
    made = words.compress(keep_last=0, summary="all")
    assert texts(words) == ["all", "n4 and some words"]
    assert words.expand(made.id or "").tree == tree


def test_after_a_reorder_they_come_back_where_the_summary_is(words: Repo) -> None:
    made = words.compress(ids(words)[2:5], summary="two to four")
    here = ids(words)
    reorder(words, [*here[:2], *here[3:], here[2]])
    words.expand(made.summaries[0])
    assert texts(words) == [f"n{number} and some words" for number in (0, 1, 5, 6, 7, 8, 9, 2, 3, 4)]
    assert words.verify() == ()


def test_after_a_neighbour_moved_they_stay_together(words: Repo) -> None:
    made = words.compress(ids(words)[2:5], summary="two to four")
    here = ids(words)
    reorder(words, [*here[1:3], here[0], *here[3:]])
    words.expand(made.summaries[0])
    assert texts(words) == [f"n{number} and some words" for number in (1, 2, 3, 4, 0, 5, 6, 7, 8, 9)]


def test_after_a_merge(words: Repo) -> None:
    words.branch("other")
    made = words.compress(ids(words)[2:5], summary="two to four")
    words.checkout("other")
    words.edit(ids(words)[0], "changed there")
    words.commit("said there")
    words.checkout("main")
    words.merge("other")
    words.expand(made.summaries[0])
    middle = [f"n{number} and some words" for number in range(1, 10)]
    assert texts(words) == ["changed there", *middle, "said there"]


def test_after_a_merge_that_brought_it(words: Repo) -> None:
    words.branch("other")
    words.commit("said here")
    words.checkout("other")
    made = words.compress(ids(words)[2:5], summary="two to four")
    words.checkout("main")
    words.merge("other")
    assert len(words.peek(made.id or "")) == 3
    words.expand(made.id or "")
    assert texts(words) == [*(f"n{number} and some words" for number in range(10)), "said here"]


def test_a_masked_item_that_was_compressed_again_comes_back_in_two_steps_after_a_merge(repo: Repo) -> None:
    first, tree = texts(repo), repo.get("HEAD").tree
    repo.branch("other")
    mask = repo.compress(keep_last=0, strategy="mask")
    middle = texts(repo)
    made = repo.compress(keep_last=0, summary="all of it")
    repo.checkout("other")
    repo.set_tools([{"type": "function", "function": {"name": "look"}}])
    repo.merge("main")
    with pytest.raises(StateError, match="was compressed again") as caught:
        repo.expand(mask.id or "")
    assert f"expand {(made.id or '')[:8]} first" in str(caught.value.hint)
    repo.expand(made.id or "")
    assert texts(repo) == middle
    repo.expand(mask.id or "")
    assert texts(repo) == first
    assert repo.get("HEAD").tree != tree  # the tools
    assert repo.verify() == ()


def test_a_summary_of_which_a_merge_brought_some_items_back_masked(repo: Repo) -> None:
    """The originals of the masked ones are not the summary's, though it names the same versions."""
    repo.branch("other")
    made = repo.compress(keep_last=0, summary="all of it")
    repo.checkout("other")
    mask = repo.compress(keep_last=0, strategy="mask")
    repo.pin(mask.summaries[0])
    repo.checkout("main")
    repo.merge("other", strategy="theirs")
    found = {one.id: one for one in repo.compressions()}
    assert found.keys() == {made.id, mask.id}
    assert found[made.id or ""].summaries == made.summaries
    assert mask.summaries[0] in found[mask.id or ""].summaries
    assert set(found[mask.id or ""].summaries) <= set(mask.summaries)
    assert repo.verify() == ()


def test_a_pinned_summary_is_unpinned_first(words: Repo) -> None:
    made = words.compress(ids(words)[2:5], summary="two to four")
    words.pin(made.summaries[0])
    with pytest.raises(RefusedError, match="is pinned"):
        words.expand(made.id or "")
    words.unpin(made.summaries[0])
    words.expand(made.id or "")


def test_undo_takes_an_expansion_back(words: Repo) -> None:
    words.compress(ids(words)[2:5], summary="two to four")
    tip = words.get("HEAD")
    words.expand("HEAD")
    words.undo()
    assert words.get("HEAD") == tip


def test_peeking_shows_the_originals_and_changes_nothing(repo: Repo) -> None:
    old = repo.context().items[1:21]
    made = repo.compress(summary="short")
    again = repo.compress(keep_last=0, summary="x")
    tip = repo.get("HEAD")
    found = repo.peek(made.id or "")
    assert [item.message for item in found] == [item.message for item in old]
    assert (found.id, len(found), found[0].id) == (made.id, 20, old[0].id)
    assert [item.id for item in repo.peek(again.summaries[0])][:1] == list(made.summaries)
    assert repo.get("HEAD") == tip
    assert repo.peek(again.id or "").receipt.after > again.tokens_after


def test_what_stood_behind_a_call_that_nothing_answered_comes_back_behind_it(tmp_path: Path) -> None:
    """The compress took it from there, so the call stands at the end meanwhile."""
    repo = trace(tmp_path)
    for one in ("a question of some length", call("c"), "never mind, this is something else", "and a little more"):
        repo.commit(one, pin=not isinstance(one, str))
    tree, digest = repo.get("HEAD").tree, repo.materialize(materializer="text").digest
    repo.compress(keep_last=0, summary="short")
    assert texts(repo) == ["short", "c"]
    repo.expand("HEAD")
    assert (repo.get("HEAD").tree, repo.materialize(materializer="text").digest) == (tree, digest)


def test_nothing_comes_between_a_call_and_an_answer_that_it_has_since(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    for one in ("a question of some length", call("c"), "never mind, this is something else", "and a little more"):
        repo.commit(one, pin=not isinstance(one, str))
    repo.compress(keep_last=0, summary="short")
    repo.commit(tool("an answer", "c"))
    repo.expand(repo.compressions()[0].id)
    wanted = ["a question of some length", "c", "an answer", "never mind, this is something else", "and a little more"]
    assert texts(repo) == wanted
    assert repo.verify() == ()
