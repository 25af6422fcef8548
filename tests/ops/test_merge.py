"""merge as a verb: when it moves a branch, makes a commit or refuses; what it says, what undo makes of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from trace_git import Repo, assistant, tool
from trace_git.conflicts import Conflict, Resolution
from trace_git.errors import (
    ConflictError,
    InvalidInputError,
    MergeConflictError,
    NotFoundError,
    RefusedError,
    StateError,
    UnsafeRewriteError,
)

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
Texts = Callable[..., list[str]]
Git = Callable[..., str]


@pytest.fixture
def two(repo: Repo) -> Repo:
    """main has a, b, ours; other has a, b, theirs."""
    repo.commit("a")
    repo.commit("b")
    repo.branch("other")
    repo.commit("ours", timestamp=1)
    repo.checkout("other")
    repo.commit("theirs", timestamp=2)
    repo.checkout("main")
    return repo


@pytest.fixture
def disputed(two: Repo) -> Repo:
    """And both gave b another content."""
    _edit(two, "b", "B ours")
    two.checkout("other")
    _edit(two, "b", "B theirs")
    two.checkout("main")
    return two


def _edit(repo: Repo, old: str, new: str) -> None:
    repo.edit(next(item for item in repo.context().items if item.message.text == old), new)


def _refs(repo: Repo) -> dict[str, str]:
    store = repo._handle.store
    store.refresh()
    return {name: value for name, value in store.ref_names().items() if not name.startswith("refs/trace/keep/")}


# -- what it does ----------------------------------------------------------------------------


def test_two_lines_become_one(two: Repo, texts: Texts) -> None:
    tip, other = two.get("main"), two.get("other")
    result = two.merge("other")
    assert result.kind == "merge"
    assert texts(two) == ["a", "b", "ours", "theirs"]
    commit = result.commit
    assert commit is not None
    assert commit.parents == (tip.id, other.id)
    assert (commit.subject, commit.op, commit.author.name) == ("merge: other into main", "merge", "trace-git")
    assert [item.message.text for item in result.brought] == ["theirs"]
    assert two.get("HEAD") == commit
    assert two.get("HEAD^2") == other


def test_tokens_add_up_and_nothing_of_the_prompt_is_lost(two: Repo) -> None:
    before = two.context().tokens
    result = two.merge("other")
    assert result.commit is not None
    assert result.commit.context_tokens == two.context().tokens == before + result.commit.tokens
    receipt = result.receipt
    assert (receipt.before, receipt.after, receipt.kept, receipt.sent) == (before, two.context().tokens, before, before)
    assert receipt.breaks_at is None
    assert two.verify() == ()


def test_an_edit_of_theirs_says_where_the_prompt_breaks(two: Repo) -> None:
    two.checkout("other")
    _edit(two, "b", "B")
    two.checkout("main")
    item = two.context().items[1].id
    receipt = two.merge("other").receipt
    assert (receipt.kept_items, receipt.breaks_at) == (1, item)


def test_the_last_item_may_go(repo: Repo) -> None:
    repo.commit("a")
    repo.commit("b")
    repo.branch("other")
    repo.drop(repo.context().items[0])
    repo.checkout("other")
    repo.drop(repo.context().items[1])
    repo.checkout("main")
    result = repo.merge("other")
    assert repo.context().items == ()
    assert result.commit is not None
    assert result.commit.context_tokens == repo.context().tokens == 0
    assert repo.verify() == ()


def test_a_message_and_a_time_may_be_given(two: Repo) -> None:
    commit = two.merge("other", message="Both were right", timestamp=1_650_000_000).commit
    assert commit is not None
    assert (commit.subject, commit.timestamp) == ("Both were right", 1_650_000_000)


def test_same_inputs_same_commit(open_repo: Callable[..., Repo]) -> None:
    found = set()
    for name in ("one", "two"):
        repo = open_repo(name)
        repo.commit("a")
        repo.branch("other")
        repo.commit("ours", timestamp=1)
        repo.checkout("other")
        repo.commit("theirs", timestamp=2)
        repo.checkout("main")
        commit = repo.merge("other").commit
        assert commit is not None
        found.add((commit.id, repo.materialize().digest))
    assert len(found) == 1


def test_what_is_behind_is_up_to_date(two: Repo) -> None:
    two.merge("other")
    refs, operations = _refs(two), len(list(two.operations()))
    for rev in ("other", "HEAD", "main", "HEAD~1", "HEAD^2"):
        result = two.merge(rev)
        assert (result.kind, result.commit, result.brought) == ("up-to-date", two.get("HEAD"), ())
    assert (_refs(two), len(list(two.operations()))) == (refs, operations)


def test_merging_twice_changes_nothing_and_back_is_a_fast_forward(two: Repo, texts: Texts) -> None:
    tip = two.merge("other").commit
    two.checkout("other")
    result = two.merge("main")
    assert (result.kind, result.commit) == ("fast-forward", tip)
    assert texts(two) == ["a", "b", "ours", "theirs"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_fast_forward(two: Repo, dry_run: bool) -> None:
    two.reset("HEAD~1")
    result = two.merge("other", dry_run=dry_run)
    assert (result.kind, result.commit) == ("fast-forward", two.get("other"))
    assert [item.message.text for item in result.brought] == ["theirs"]
    assert (two.get("main") == two.get("other")) != dry_run


def test_fast_forward_into_a_branch_that_has_nothing(two: Repo) -> None:
    with Repo.open(two.path, branch="fresh", tokenizer=None) as fresh:
        assert fresh.merge("other").kind == "fast-forward"
        assert fresh.get("HEAD") == two.get("other")


def test_never_fast_forward(two: Repo, texts: Texts) -> None:
    two.reset("HEAD~1")
    result = two.merge("other", ff="never")
    assert result.kind == "merge"
    assert texts(two) == ["a", "b", "theirs"]
    assert two.get("HEAD").tree == two.get("other").tree


def test_only_fast_forward(two: Repo) -> None:
    refs = _refs(two)
    with pytest.raises(StateError, match="no fast-forward"):
        two.merge("other", ff="only")
    assert _refs(two) == refs
    two.reset("HEAD~1")
    assert two.merge("other", ff="only").kind == "fast-forward"


def test_anything_that_names_a_commit_can_be_merged(two: Repo, texts: Texts) -> None:
    tip = two.get("other")
    two.checkout("other")
    two.reset("HEAD~1")
    two.checkout("main")
    result = two.merge(tip)
    assert texts(two) == ["a", "b", "ours", "theirs"]
    assert result.commit is not None
    assert result.commit.subject == f"merge: {tip.short_id} into main"


def test_the_subject_is_safe(two: Repo) -> None:
    two.checkout("other")
    two.commit("x", message="odd \x1b[31m words")
    two.checkout("main")
    commit = two.merge(":/odd").commit
    assert commit is not None
    assert commit.subject.isprintable()


# -- what it refuses -------------------------------------------------------------------------


def test_looking_at_a_commit_there_is_nothing_to_merge_into(two: Repo) -> None:
    two.checkout("main~1")
    refs = _refs(two)
    with pytest.raises(StateError, match="read-only look") as caught:
        two.merge("other")
    assert "switch -c" in (caught.value.hint or "")
    assert _refs(two) == refs


def test_unrelated_histories_need_a_flag(two: Repo, open_repo: Callable[..., Repo], texts: Texts, git: Git) -> None:
    stranger = open_repo("stranger")
    stranger.commit("from elsewhere")
    stranger.flush()
    git(two, "fetch", "-q", str(stranger.path), "main:refs/heads/stranger")
    refs = _refs(two)
    with pytest.raises(RefusedError, match="no commit in common") as caught:
        two.merge("stranger")
    assert "unrelated" in (caught.value.hint or "")
    assert _refs(two) == refs
    result = two.merge("stranger", unrelated=True)
    assert result.conflicts == ()
    assert texts(two) == ["a", "b", "ours", "from elsewhere"]
    assert two.merge("stranger").kind == "up-to-date"


@pytest.mark.parametrize("options", [{"strategy": "best"}, {"ff": "sometimes"}, {"strategy": ""}])
def test_unknown_words_are_refused(two: Repo, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        two.merge("other", **options)
    assert "one of" in (caught.value.hint or "")


@pytest.mark.parametrize("resolutions", [["ID"], "ID", 5])
def test_resolutions_are_a_dict(disputed: Repo, resolutions: Any) -> None:
    with pytest.raises(InvalidInputError, match="resolutions is a") as caught:
        disputed.merge("other", resolutions=resolutions)
    assert "Resolution" in (caught.value.hint or "")


@pytest.mark.parametrize("answer", ["ours", {"action": "ours"}, 5])
def test_a_resolver_that_gives_no_resolution_is_refused(disputed: Repo, answer: Any) -> None:
    with pytest.raises(InvalidInputError, match="no Resolution"):
        disputed.merge("other", resolver=lambda conflict: answer)


def test_what_is_not_there_cannot_be_merged(two: Repo) -> None:
    with pytest.raises(NotFoundError):
        two.merge("nothing")


def test_a_foreign_commit_is_refused(two: Repo, git: Git) -> None:
    tree = git(two, "hash-object", "-t", "tree", "-w", "/dev/null")
    who = ("-c", "user.name=A", "-c", "user.email=a@b")
    commit = git(two, *who, "commit-tree", tree, "-p", two.get("other").id, "-m", "x")
    git(two, "update-ref", "refs/heads/foreign", commit)
    refs = _refs(two)
    for branch in ("main", "other"):
        two.checkout(branch)
        with pytest.raises(InvalidInputError, match="format"):
            two.merge("foreign")
    assert _refs(two) == refs


def test_an_open_call_is_answered_first(repo: Repo, texts: Texts) -> None:
    repo.commit("a")
    repo.branch("other")
    repo.commit(assistant(None, tool_calls=[CALL]))
    repo.checkout("other")
    repo.commit("theirs")
    repo.checkout("main")
    refs = _refs(repo)
    for dry_run in (True, False):
        with pytest.raises(UnsafeRewriteError) as caught:
            repo.merge("other", dry_run=dry_run)
        assert caught.value.findings
    assert "answer" in (caught.value.hint or "")
    assert _refs(repo) == refs
    repo.commit(tool("there", "c1"))
    repo.merge("other")
    assert texts(repo)[-2:] == ["there", "theirs"]


# -- conflicts -------------------------------------------------------------------------------


def test_what_nobody_settles_moves_nothing(disputed: Repo) -> None:
    refs = _refs(disputed)
    with pytest.raises(MergeConflictError) as caught:
        disputed.merge("other")
    (asked,) = caught.value.conflicts
    assert (asked.kind, asked.items) == ("edit", (disputed.context().items[1].id,))
    assert [side[0].message.text for side in (asked.base, asked.ours, asked.theirs)] == ["b", "B ours", "B theirs"]
    assert _refs(disputed) == refs
    assert not (disputed.path / "MERGE_HEAD").exists()


def test_a_conflict_has_the_same_id_as_long_as_the_same_is_asked(disputed: Repo) -> None:
    def asked() -> str:
        return disputed.merge("other", dry_run=True).conflicts[0].id

    before = asked()
    disputed.commit("beside it")
    assert asked() == before
    _edit(disputed, "B ours", "B, again")
    assert asked() != before


def test_a_dry_run_tells_all_and_writes_nothing(disputed: Repo, git: Git) -> None:
    disputed.flush()
    refs, objects = _refs(disputed), git(disputed, "count-objects", "-v")
    told = disputed.merge("other", dry_run=True)
    assert (told.kind, told.commit, len(told.conflicts)) == ("merge", None, 1)
    assert [one.kind for one in told.findings] == ["conflict"]
    assert [item.message.text for item in told.items] == ["a", "B ours", "ours", "theirs"]
    disputed.flush()
    assert (_refs(disputed), git(disputed, "count-objects", "-v")) == (refs, objects)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("ours", ["B ours"]), ("theirs", ["B theirs"]), ("union", ["B ours", "B theirs"])],
)
def test_strategies_settle_conflicts_only(disputed: Repo, texts: Texts, strategy: str, expected: list[str]) -> None:
    result = disputed.merge("other", strategy=strategy)
    assert texts(disputed) == ["a", *expected, "ours", "theirs"]
    (answer,) = result.resolutions.values()
    assert answer.action == {"union": "both"}.get(strategy, strategy)


@pytest.mark.parametrize("masks", ["ours", "theirs"])
def test_union_takes_an_edit_and_not_the_mask_of_what_was_edited(repo: Repo, masks: str) -> None:
    repo.commit(["look", assistant(None, tool_calls=[CALL]), tool("x" * 4000, "c1")])
    repo.branch("other")
    for name, side in (("main", "ours"), ("other", "theirs")):
        repo.checkout(name)
        if side == masks:
            repo.compress(strategy="mask", keep_last=0)
        else:
            repo.edit(repo.context().items[2].id, "the gist")
    repo.checkout("main")
    repo.merge("other", strategy="union")
    assert repo.context().items[2].message.text == "the gist"


def test_resolutions_come_before_strategy_before_resolver(disputed: Repo, texts: Texts) -> None:
    (asked,) = disputed.merge("other", dry_run=True).conflicts

    def resolver(conflict: Conflict) -> Resolution:
        return Resolution("drop")

    given = {asked.id: Resolution("replace", "B of both", reason="they agree")}
    disputed.merge("other", resolutions=given, strategy="theirs", resolver=resolver)
    assert texts(disputed)[1] == "B of both"
    assert disputed.context().items[1].id == asked.items[0]
    disputed.undo()
    disputed.merge("other", strategy="theirs", resolver=resolver)
    assert texts(disputed)[1] == "B theirs"
    disputed.undo()
    disputed.merge("other", resolver=resolver)
    assert texts(disputed) == ["a", "ours", "theirs"]


def test_a_resolver_may_be_async_may_pass_and_may_fail(disputed: Repo, texts: Texts) -> None:
    async def later(conflict: Conflict) -> Resolution:
        return Resolution("theirs")

    def fails(conflict: Conflict) -> Resolution:
        raise KeyError("oh")

    refs = _refs(disputed)
    with pytest.raises(MergeConflictError):
        disputed.merge("other", resolver=lambda conflict: None)
    with pytest.raises(InvalidInputError, match="KeyError"):
        disputed.merge("other", resolver=fails)
    assert _refs(disputed) == refs
    disputed.merge("other", resolver=later)
    assert texts(disputed)[1] == "B theirs"


def test_an_async_resolver_inside_a_running_loop(disputed: Repo, texts: Texts) -> None:
    """All conflicts are asked in one loop: a client of the caller's may be bound to it."""
    loops = set()

    async def later(conflict: Conflict) -> Resolution:
        loops.add(asyncio.get_running_loop())
        return Resolution("theirs")

    async def program() -> None:
        disputed.merge("other", resolver=later)

    for branch in ("main", "other"):
        disputed.checkout(branch)
        _edit(disputed, "a", f"A {branch}")
    disputed.checkout("main")
    asyncio.run(program())
    assert texts(disputed)[:2] == ["A other", "B theirs"]
    assert len(loops) == 1


def test_a_resolver_that_turns_to_another_branch_stops_the_merge(disputed: Repo) -> None:
    refs = _refs(disputed)

    def resolver(conflict: Conflict) -> Resolution:
        disputed.checkout("other")
        return Resolution("ours")

    with pytest.raises(ConflictError, match="nothing has changed"):
        disputed.merge("other", resolver=resolver)
    assert _refs(disputed) == refs


@pytest.mark.parametrize("answer", [Resolution("burn"), Resolution("replace"), Resolution("replace", {"role": "tool"}),
                                    Resolution("replace", object()), "ours", None])  # fmt: skip
def test_answers_that_are_not_offered_are_refused(disputed: Repo, answer: Any) -> None:
    (asked,) = disputed.merge("other", dry_run=True).conflicts
    refs = _refs(disputed)
    with pytest.raises((InvalidInputError, MergeConflictError)):
        disputed.merge("other", resolutions={asked.id: answer})
    with pytest.raises(NotFoundError):
        disputed.merge("other", resolutions={"0" * 16: Resolution("ours")})
    assert _refs(disputed) == refs


def test_second_versions_of_equal_text_are_items_of_their_own(disputed: Repo, texts: Texts) -> None:
    for branch in ("main", "other"):
        disputed.checkout(branch)
        _edit(disputed, "a", f"A {branch}")
    _edit(disputed, "B theirs", "A other")
    disputed.checkout("main")
    disputed.merge("other", strategy="union")
    assert texts(disputed) == ["A main", "A other", "B ours", "A other", "ours", "theirs"]
    assert len({item.id for item in disputed.context().items}) == 6
    assert disputed.verify() == ()


def test_how_conflicts_were_settled_is_in_the_commit(disputed: Repo, git: Git) -> None:
    result = disputed.merge("other", strategy="ours")
    (asked,) = result.conflicts
    disputed.flush()
    assert f"Trace-Resolved: edit:{asked.items[0]}=ours" in git(disputed, "log", "-1", "--format=%B")


# -- pins ------------------------------------------------------------------------------------


def test_pins_of_both_sides_stay_verbatim_with_their_labels(two: Repo, git: Git) -> None:
    two.pin(two.context().items[0])
    two.checkout("other")
    two.pin(two.context().items[1])
    two.checkout("main")
    two.merge("other")
    pinned = {item.id: item.blob for item in two.context().items if item.pinned}
    assert list(pinned) == [item.id for item in two.context().items[:2]]
    two.flush()
    held = dict(line.split()[3:1:-1] for line in git(two, "ls-tree", "HEAD:pins").splitlines())
    assert held == {f"{item}.msgpack": blob for item, blob in pinned.items()}
    labels = git(two, "for-each-ref", "--format=%(refname)", "refs/trace/pins").split()
    assert sorted(labels) == sorted(f"refs/trace/pins/{item}" for item in pinned)


def test_a_pin_deep_in_a_long_shared_beginning_comes_along(repo: Repo) -> None:
    repo.commit([f"n{number}" for number in range(200)])
    repo.branch("other")
    repo.commit("ours")
    repo.checkout("other")
    repo.pin(repo.context().items[7])
    repo.checkout("main")
    repo.merge("other")
    assert [at for at, item in enumerate(repo.context().items) if item.pinned] == [7]
    assert repo.verify() == ()


@pytest.mark.parametrize("ours_pins", [True, False])
@pytest.mark.parametrize("strategy", ["ours", "theirs", "union"])
def test_a_pin_wins_whatever_the_strategy(two: Repo, texts: Texts, ours_pins: bool, strategy: str) -> None:
    pins, edits = ("main", "other") if ours_pins else ("other", "main")
    two.checkout(pins)
    item = two.pin(two.context().items[1]).items[0]
    two.checkout(edits)
    two.edit(item.id, "B")
    two.checkout("main")
    two.merge("other", strategy=strategy)
    kept = next(one for one in two.context().items if one.id == item.id)
    assert (kept.pinned, kept.message.text) == (True, "b")


@pytest.mark.parametrize("by", ["resolutions", "resolver"])
def test_only_an_explicit_answer_gives_a_pin_up(two: Repo, texts: Texts, by: str) -> None:
    two.pin(two.context().items[1])
    two.checkout("other")
    _edit(two, "b", "B")
    two.checkout("main")
    with pytest.raises(MergeConflictError) as caught:
        two.merge("other")
    (asked,) = caught.value.conflicts
    assert f"no strategy gives up a pin, as in conflict {asked.id}" in str(caught.value.hint)
    two.merge("other", strategy="theirs")
    assert (two.context().items[1].pinned, texts(two)[1]) == (True, "b")
    two.undo()
    answer = Resolution("theirs")
    ways: dict[str, Any] = {"resolutions": {asked.id: answer}, "resolver": lambda conflict: answer}
    two.merge("other", **{by: ways[by]})
    assert [item.pinned for item in two.context().items] == [False] * 4
    assert texts(two)[1] == "B"
    assert not [ref for ref in _refs(two) if ref.startswith("refs/trace/pins/")]


# -- undo, other hands -----------------------------------------------------------------------


def test_undo_restores_the_exact_refs(two: Repo, texts: Texts) -> None:
    two.checkout("other")
    two.pin(two.context().items[1])
    two.checkout("main")
    refs = _refs(two)
    merged = two.merge("other").commit
    after = _refs(two)
    assert after != refs
    assert two.undo().verb == "undo"
    assert (_refs(two), texts(two)) == (refs, ["a", "b", "ours"])
    two.redo()
    assert (_refs(two), two.get("HEAD")) == (after, merged)


def test_undo_of_a_fast_forward(two: Repo) -> None:
    two.reset("HEAD~1")
    refs = _refs(two)
    two.merge("other")
    two.undo()
    assert _refs(two) == refs
    assert {operation.verb for operation in two.operations(limit=2)} == {"undo", "merge"}


def test_no_other_ref_moves(two: Repo) -> None:
    two.tag("v1")
    refs = _refs(two)
    two.merge("other")
    after = _refs(two)
    assert {name for name in refs.keys() | after.keys() if refs.get(name) != after.get(name)} == {"refs/heads/main"}


def test_another_handle_and_stock_git_see_it(two: Repo, open_repo: Callable[..., Repo], texts: Texts, git: Git) -> None:
    merged = two.merge("other").commit
    assert merged is not None
    assert texts(open_repo()) == ["a", "b", "ours", "theirs"]
    assert git(two, "rev-parse", "main") == merged.id


def test_a_merge_loads_no_model_library() -> None:
    code = """
import sys
from trace_git import Repo
with Repo.open(":memory:", tokenizer=None) as repo:
    repo.commit("a"); repo.branch("other"); repo.commit("b"); repo.checkout("other"); repo.commit("c")
    repo.checkout("main"); repo.merge("other")
print(sorted({"litellm", "openai", "httpx", "tiktoken", "pydantic"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
