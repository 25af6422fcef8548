"""What is open (a merge, a rebase, a bisect) beside verbs that remove objects or rewrite them: it goes on, or back."""

from __future__ import annotations

import json

import pytest

from trace_git.conflicts import Resolution
from trace_git.errors import ConflictError, CorruptTraceError, MergeConflictError, RefusedError
from trace_git.ops import bisecting_state, unfinished

from .rewriting import forked, refs, say, texts

SECRET = "tok_live_4815162342"


def sweep(repo):
    return repo.gc(dry_run=False, keep_days=0, keep_pinned=False)


def stopped_for_edit(repo):
    """A rebase of topic that stopped after its first commit; what was there before."""
    forked(repo)
    repo.switch("topic")
    before, tip = texts(repo), repo.get("HEAD").id
    commits = [one.id for one in list(repo.log())[:2]][::-1]
    plan = f"edit {commits[0]}\npick {commits[1]}\n"
    assert repo.open_replay.rebase("main", todo=plan).why == "edit"
    return before, tip


def begun_conflict(repo, text="b"):
    """A rebase of topic that stopped at a conflict."""
    forked(repo)
    first = repo.context().items[0]
    repo.switch("topic")
    repo.edit(first, f"a of topic, {text}")
    say(repo, "h")
    repo.switch("main")
    repo.edit(first, f"a of main, {text}")
    repo.switch("topic")
    with pytest.raises(MergeConflictError):
        repo.open_replay.rebase("main")


def nowhere(repo, text):
    repo.flush()
    return not [path for path in repo.path.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


# -- gc ----------------------------------------------------------------------------------------


def test_a_rebase_that_stopped_goes_on_after_gc(repo, git):
    stopped_for_edit(repo)
    sweep(repo)
    git(repo, "gc", "--prune=now", "--quiet")
    repo.open_replay.go_on()
    assert texts(repo) == ["a", "b", "e", "f", "c", "d"]
    assert repo.verify() == ()


def test_a_rebase_that_stopped_is_given_up_after_gc(repo, git):
    before, tip = stopped_for_edit(repo)
    sweep(repo)
    git(repo, "gc", "--prune=now", "--quiet")
    repo.open_replay.abort()
    assert repo.get("HEAD").id == tip
    assert texts(repo) == before
    assert repo.verify() == ()


def test_what_is_open_is_kept_until_it_is_over(repo):
    stopped_for_edit(repo)
    assert sweep(repo).ended == ()
    repo.open_replay.go_on()
    found = sweep(repo)
    assert found.ended
    assert found.commits["removed"]


def test_a_pick_from_a_branch_that_is_gone_goes_on(repo):
    forked(repo)
    first = repo.context().items[0]
    repo.switch("topic")
    repo.edit(first, "of topic")
    picked = repo.get("HEAD").id
    repo.switch("main")
    repo.edit(first, "of main")
    with pytest.raises(MergeConflictError):
        repo.open_replay.cherry_pick([picked])
    repo.delete_branch("topic", force=True)
    sweep(repo)
    repo.open_replay.answer({one.id: Resolution("theirs") for one in repo.open_replay.conflicts()})
    repo.open_replay.go_on()
    assert "of topic" in texts(repo)


def test_a_bisect_goes_on_after_gc(repo):
    commits = say(repo, *"abcdefgh")
    repo.branch("try")
    repo.reset(commits[0].id, mode="hard")
    repo.switch("try")
    repo.open_bisect.start("HEAD", [commits[0].id])
    repo.checkout(commits[0].id)
    repo.delete_branch("try", force=True)
    sweep(repo)
    begun = repo.open_bisect.tell("good", [commits[5].id])
    assert repo.open_bisect.suspects(begun).search.left


def test_what_is_damaged_is_no_reason_to_remove_it(repo):
    stopped_for_edit(repo)
    (repo.path / "trace" / "replay").write_text("{")
    before = refs(repo)
    for verb in (lambda: sweep(repo), lambda: repo.redact(item=repo.context().items[0])):
        with pytest.raises(CorruptTraceError) as caught:
            verb()
        assert "--abort" in caught.value.hint
    assert refs(repo) == before
    repo.open_replay.abort()
    sweep(repo)


def test_a_ref_never_goes_where_nothing_is(repo):
    say(repo, "a")
    before = refs(repo)
    with (
        pytest.raises(ConflictError, match="11111111"),
        repo._handle.store.transaction("reset", ["refs/heads/main"]) as transaction,
    ):
        transaction.move("refs/heads/main", "1" * 40)
    assert refs(repo) == before


# -- redact ------------------------------------------------------------------------------------


def test_a_rebase_in_conflict_goes_on_after_redact(repo):
    begun_conflict(repo, SECRET)
    answers = {
        one.id: Resolution("replace", f"both, {SECRET}", f"for {SECRET}") for one in repo.open_replay.conflicts()
    }
    repo.open_replay.answer(answers)
    repo.redact(SECRET)
    assert nowhere(repo, SECRET)
    repo.open_replay.answer({one.id: Resolution("theirs") for one in repo.open_replay.conflicts()})
    repo.open_replay.go_on()
    assert texts(repo)[0] == "a of topic, [redacted]"
    assert "h" in texts(repo)
    assert repo.verify() == ()


@pytest.mark.parametrize("end", ["go_on", "abort"])
def test_a_rebase_that_stopped_goes_on_or_back_after_redact(end, repo):
    before, _ = stopped_for_edit(repo)
    repo.redact(item=repo.context().items[0])  # the first message: all commits are others now
    getattr(repo.open_replay, end)()
    assert texts(repo)[0] == "[redacted]"
    assert set(before[1:]) <= set(texts(repo))
    assert repo.open_replay.read() is None
    assert repo.verify() == ()


def test_answers_go_with_an_item(repo):
    begun_conflict(repo, SECRET)
    item = repo.context().items[0]
    answers = {one.id: Resolution("replace", f"both, {SECRET}") for one in repo.open_replay.conflicts()}
    repo.open_replay.answer(answers)
    repo.redact(item=item)
    assert nowhere(repo, SECRET)
    assert repo.open_replay.read().answers == {}


def test_a_bisect_follows_the_commits(repo):
    commits = say(repo, *[f"{SECRET} {number}" for number in range(8)])
    repo.open_bisect.start("HEAD", [commits[0].id])
    repo.open_bisect.tell("good", [commits[2].id])
    repo.redact(SECRET)
    begun = repo.open_bisect.read()
    now = [one.id for one in repo.log(begun.bad)][::-1]
    assert (begun.bad, begun.good, begun.answers) == (now[7], (now[0],), (("good", now[2]),))
    repo.open_bisect.tell("bad", [now[3]])
    assert repo.open_bisect.result().commit.id == now[3]
    repo.open_bisect.reset()
    assert repo.status().branch == "main"


def test_the_bisect_of_an_agent_follows_too(repo):
    say(repo, "a")
    child = repo.spawn("helper", purpose="look")
    commits = say(child, *[f"{SECRET} {number}" for number in range(4)])
    child.open_bisect.start("HEAD", [commits[0].id])
    repo.redact(SECRET)
    begun = bisecting_state.read(str(repo.path), "helper")
    assert begun.bad == next(one.id for one in child.log(begun.bad))
    assert begun.good[0] != commits[0].id
    child.checkout("main~1")  # where it stood is gone
    child.open_bisect.tell("good")
    assert set(unfinished.paths(str(repo.path))) == {"trace/bisect-helper"}


# -- files of others ---------------------------------------------------------------------------


def test_what_git_found_lying_about_goes(repo):
    say(repo, "a")
    left = repo.path / "lost-found" / "other" / ("0" * 40)
    left.parent.mkdir(parents=True)
    left.write_text(SECRET)
    repo.commit(SECRET)
    repo.redact(SECRET)
    assert nowhere(repo, SECRET)


@pytest.mark.parametrize(
    "name", ["notes.txt", "trace/notes.txt", "hooks/post-update", "MERGE_MSG", "rr-cache/1/preimage"]
)
def test_a_file_that_is_not_ours_is_named(name, repo):
    say(repo, SECRET)
    path = repo.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([SECRET]))
    before = refs(repo)
    with pytest.raises(RefusedError, match=name):
        repo.redact(SECRET)
    assert refs(repo) == before
    path.unlink()
    repo.redact(SECRET)
    assert nowhere(repo, SECRET)


def test_words_of_git_may_be_redacted(repo):
    say(repo, "heads up")
    repo.redact("heads")
    assert texts(repo) == ["[redacted] up"]
