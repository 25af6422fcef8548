"""reorder and move: the same items in another order, on one commit, or nothing at all."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from trace_git import Repo, assistant, tool
from trace_git.conflicts import Resolution
from trace_git.errors import (
    AmbiguousRevisionError,
    ConflictError,
    InvalidInputError,
    LLMError,
    NotFoundError,
    StateError,
    UnsafeRewriteError,
)
from trace_git.llm import prompts
from trace_git.model import Usage
from trace_git.ops import asking, order_judge
from trace_git.results import RewriteResult
from trace_git.testing import FakeLLM

from ..view.merging.lines import compress

Git = Callable[..., str]
Texts = Callable[..., list[str]]


def call(id: str) -> dict[str, object]:
    return {"id": id, "type": "function", "function": {"name": "look", "arguments": "{}"}}


@pytest.fixture
def talk(repo: Repo) -> Repo:
    """system, user, call, result, assistant, user"""
    repo.commit("Be brief.", role="system", pin=True)
    repo.commit("Look at the yard.")
    repo.commit([assistant(None, tool_calls=[call("a")]), tool("a dog", "a")])
    repo.commit("A dog is there.", role="assistant")
    repo.commit("What is the time?")
    return repo


def ids(repo: Repo) -> list[str]:
    return [item.id for item in repo.context().items]


def refs(repo: Repo) -> dict[str, str]:
    """All refs but what undo keeps."""
    found = repo._handle.store.ref_names()
    return {ref: value for ref, value in found.items() if not ref.startswith("refs/trace/keep/")}


def kinds(result: RewriteResult) -> list[str]:
    return [one.kind for one in result.findings]


# -- the order -----------------------------------------------------------------------------


def test_one_commit_on_top_with_the_same_items(talk: Repo, git: Git) -> None:
    before = talk.context()
    order = [before.items[at] for at in (0, 5, 1, 2, 3, 4)]
    result = talk.reorder(order, timestamp=1_600_000_000)
    commit = result.commit
    assert commit is not None
    assert (commit.op, commit.tokens, commit.timestamp) == ("reorder", 0, 1_600_000_000)
    assert commit.subject == f"reorder: {order[1].id[:8]} What is the time?"
    assert (commit.author.name, commit.parents) == ("trace-git", (before.commit,))
    assert talk.context().items == tuple(order)
    assert talk.context().tokens == before.tokens == commit.context_tokens
    changed = git(talk, "diff", "--name-status", "-M", "HEAD~1", "HEAD").splitlines()
    assert len(changed) == 1
    assert changed[0].startswith("R100")
    assert talk.verify() == ()


def test_names_may_be_prefixes_items_or_commits(repo: Repo, texts: Texts) -> None:
    commits = [repo.commit(text) for text in ("one", "two", "three")]
    one, two, _ = repo.context().items
    repo.reorder([commits[2], two.id[:8], one])
    assert texts(repo) == ["three", "two", "one"]


def test_the_order_that_it_has_makes_no_commit(talk: Repo) -> None:
    before, count = refs(talk), len(list(talk.operations()))
    result = talk.reorder(ids(talk))
    assert (result.commit, result.findings) == (talk.get("HEAD"), ())
    assert talk.move(ids(talk)[1], after=ids(talk)[0]).commit == talk.get("HEAD")
    assert (refs(talk), len(list(talk.operations()))) == (before, count)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda ids: ids[:-1], "missing: {5}"),
        (lambda ids: [*ids, ids[0]], "named twice: {0}"),
        (lambda ids: [*ids, "f" * 16], "not there: ffff"),
        (lambda ids: [ids[0], ids[0], *ids[2:], "0badc0de"], "not there: 0badc0de; named twice: {0}; missing: {1}"),
        (lambda ids: [], "missing: {0}, {1}, {2}, {3}, {4} and 1 more"),
    ],
)
def test_every_item_once(talk: Repo, change: Callable[[list[str]], list[str]], said: str) -> None:
    before = refs(talk)
    with pytest.raises(InvalidInputError) as caught:
        talk.reorder(change(ids(talk)))
    assert said.format(*ids(talk)) in str(caught.value)
    assert "each of the 6 items once" in str(caught.value)
    assert caught.value.hint
    assert refs(talk) == before


def test_what_is_no_order(talk: Repo) -> None:
    for wrong in ("abcdef", None, 5):
        with pytest.raises(InvalidInputError, match="not a list of items"):
            talk.reorder(wrong)  # type: ignore[arg-type]
    with pytest.raises(AmbiguousRevisionError):
        talk.reorder([talk.get("HEAD~2"), *ids(talk)])
    with pytest.raises(InvalidInputError, match="not an item id"):
        talk.reorder(["ab", *ids(talk)])


def test_a_branch_without_commits(repo: Repo) -> None:
    with pytest.raises(StateError, match="no commits yet"):
        repo.reorder([])


def test_a_look_at_a_commit(talk: Repo) -> None:
    talk.checkout("HEAD~1")
    for dry_run in (False, True):
        with pytest.raises(StateError, match="read-only look"):
            talk.reorder(ids(talk)[::-1], dry_run=dry_run)


def test_undo_brings_every_ref_back(talk: Repo) -> None:
    before, order = refs(talk), ids(talk)
    talk.move(order[5], before=order[1])
    after = refs(talk)
    talk.undo()
    assert (refs(talk), ids(talk)) == (before, order)
    talk.redo()
    assert refs(talk) == after


def test_there_and_back_gives_the_first_digest(talk: Repo) -> None:
    order, digest = ids(talk), talk.materialize().digest
    talk.move(order[5], before=order[1])
    assert talk.materialize().digest != digest
    talk.reorder(order)
    assert talk.materialize().digest == digest


def test_pins_and_edits_stay_with_their_items(talk: Repo, git: Git) -> None:
    order = ids(talk)
    talk.pin(order[4])
    talk.edit(order[5], "What time is it?")
    pins = git(talk, "ls-tree", "-r", "HEAD", "pins/")
    blobs = {item.id: item.blob for item in talk.context().items}
    talk.move(order[5], before=order[1])
    assert git(talk, "ls-tree", "-r", "HEAD", "pins/") == pins
    assert {item.id: item.blob for item in talk.context().items} == blobs
    assert [item.id for item in talk.context().items if item.pinned] == [order[0], order[4]]


def test_an_append_goes_on_behind(talk: Repo, texts: Texts) -> None:
    talk.move(ids(talk)[5], before=ids(talk)[1])
    talk.commit("the end")
    assert texts(talk)[-1] == "the end"
    assert texts(talk)[1] == "What is the time?"
    assert talk.verify() == ()


def test_many_moves_to_one_place_find_room(repo: Repo, texts: Texts) -> None:
    repo.commit([f"n{number}" for number in range(40)])
    with repo.batch():
        for _ in range(120):
            repo.move(ids(repo)[-1], after=ids(repo)[0])
    assert sorted(texts(repo)) == sorted(f"n{number}" for number in range(40))
    assert repo.verify() == ()


def test_a_summary_moves_without_its_archive(repo: Repo, git: Git) -> None:
    repo.commit([f"n{number}" for number in range(6)])
    compress(repo, ids(repo)[1:3], "n1 and n2")
    archive = git(repo, "ls-tree", "-r", "HEAD", "archive/")
    summary = next(item for item in repo.context().items if item.kind == "summary")
    repo.move(summary, after=ids(repo)[-1])
    assert ids(repo)[-1] == summary.id
    assert git(repo, "ls-tree", "-r", "HEAD", "archive/") == archive
    assert archive


def test_a_conflict_that_was_put_off_moves(repo: Repo) -> None:
    item = repo.commit("Use one").items[0]
    repo.commit("the end")
    repo.branch("try")
    repo.edit(item.id, "Use two")
    repo.switch("try")
    repo.edit(item.id, "Use three")
    repo.switch("main")
    repo.merge("try", resolver=lambda _: Resolution("defer"))
    (before,) = repo.conflicts()
    repo.move(item.id, after=ids(repo)[-1])
    assert ids(repo)[-1] == item.id
    assert repo.conflicts() == (before,)


# -- one item ------------------------------------------------------------------------------


def test_a_tool_group_moves_as_a_whole(talk: Repo) -> None:
    order = ids(talk)
    for member in (order[2], order[3]):
        talk.move(member, after=order[5])
        assert ids(talk) == [order[0], order[1], order[4], order[5], order[2], order[3]]
        talk.undo()


def test_beside_a_tool_group_is_outside_of_it(talk: Repo) -> None:
    order = ids(talk)
    talk.move(order[5], before=order[3])
    assert ids(talk) == [*order[:2], order[5], *order[2:5]]
    talk.undo()
    talk.move(order[5], after=order[2])
    assert ids(talk) == [*order[:4], order[5], order[4]]


def test_where_to_must_be_said_once(talk: Repo) -> None:
    order = ids(talk)
    for where in ({}, {"before": order[0], "after": order[1]}):
        with pytest.raises(InvalidInputError, match="where to"):
            talk.move(order[5], **where)
    with pytest.raises(InvalidInputError, match="beside itself"):
        talk.move(order[5], before=order[5])
    with pytest.raises(InvalidInputError, match="of its own tool group"):
        talk.move(order[2], after=order[3])
    with pytest.raises(NotFoundError):
        talk.move("f" * 16, after=order[0])
    with pytest.raises(NotFoundError):
        talk.move(order[0], after="f" * 16)


# -- findings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "kind"), [((0, 1, 3, 2, 4, 5), "result-before-call"), ((0, 1, 2, 4, 3, 5), "tool-group")]
)
def test_an_order_that_tears_a_tool_group_is_refused(talk: Repo, order: tuple[int, ...], kind: str) -> None:
    before, known = refs(talk), ids(talk)
    for force in (False, True):
        for dry_run in (False, True):
            with pytest.raises(UnsafeRewriteError, match=kind) as caught:
                talk.reorder([known[at] for at in order], force=force, dry_run=dry_run)
            assert {one.kind for one in caught.value.findings if one.severity == "error"} == {kind}
            assert caught.value.hint
    assert refs(talk) == before


def test_an_open_call_stays_at_the_end(repo: Repo) -> None:
    repo.commit(["one", "two"])
    repo.commit(assistant(None, tool_calls=[call("a")]))
    with pytest.raises(UnsafeRewriteError, match="tool-group"):
        repo.move(ids(repo)[0], after=ids(repo)[2])
    repo.move(ids(repo)[0], after=ids(repo)[1])


def test_what_is_merely_risky_may_be_forced(repo: Repo, texts: Texts) -> None:
    repo.commit("Hello.")
    repo.commit("Hi.", role="assistant")
    order = ids(repo)[::-1]
    with pytest.raises(UnsafeRewriteError, match="first-turn") as caught:
        repo.reorder(order)
    assert "force" in (caught.value.hint or "")
    result = repo.reorder(order, force=True)
    assert "first-turn" in kinds(result)
    assert texts(repo) == ["Hi.", "Hello."]


def test_warnings_stop_nothing_and_are_told(talk: Repo) -> None:
    order = ids(talk)
    result = talk.reorder([order[5], order[0], *order[1:5]])
    assert kinds(result) == ["system-moved", "turn-order", "cache-prefix"]
    assert all(one.severity == "warning" and one.items for one in result.findings)


def test_the_receipt_is_against_what_was_sent(repo: Repo) -> None:
    repo.commit("one two three")
    repo.commit("an answer", role="assistant", usage=Usage(prompt=5, completion=2, model="m"))
    repo.commit("one more")
    result = repo.move(ids(repo)[2], before=ids(repo)[1])
    assert result.receipt.before == result.receipt.after
    assert result.receipt.kept_items == 1
    assert result.receipt.kept < result.receipt.before
    (cache,) = [one for one in result.findings if one.kind == "cache-prefix"]
    assert cache.name == result.receipt.breaks_at


def test_without_a_tokenizer(open_repo: Callable[..., Repo], texts: Texts) -> None:
    repo = open_repo("bare", tokenizer=None)
    repo.commit(["one", "two"])
    result = repo.reorder(ids(repo)[::-1])
    assert result.commit is not None
    assert result.commit.tokens is None
    assert texts(repo) == ["two", "one"]
    assert kinds(result) == ["turn-order"]


# -- looking before ------------------------------------------------------------------------


def test_a_dry_run_tells_all_and_writes_nothing(talk: Repo) -> None:
    before, order = refs(talk), ids(talk)
    plan = talk.move(order[5], before=order[1], dry_run=True)
    assert (plan.commit, refs(talk), ids(talk)) == (None, before, order)
    assert [item.id for item in plan.items] == [order[0], order[5], *order[1:5]]
    done = talk.move(order[5], before=order[1])
    assert (plan.findings, plan.receipt) == (done.findings, done.receipt)
    assert [item.id for item in plan.items] == ids(talk)


def test_whoever_approves_may_stop_it(talk: Repo) -> None:
    before, order = refs(talk), ids(talk)
    seen: list[RewriteResult] = []

    def no(plan: RewriteResult) -> None:
        seen.append(plan)
        raise KeyError

    with pytest.raises(KeyError):
        talk.move(order[5], before=order[1], approve=no)
    assert refs(talk) == before
    talk.move(order[5], before=order[1], approve=seen.append)
    assert seen[0] == seen[1]
    assert [item.id for item in seen[1].items] == ids(talk)


def test_the_branch_moves_while_somebody_thinks(talk: Repo, open_repo: Callable[..., Repo]) -> None:
    order = ids(talk)
    with pytest.raises(ConflictError, match="the branch moved"):
        talk.move(order[5], before=order[1], approve=lambda _: open_repo().commit("meanwhile"))
    assert ids(talk)[:6] == order


# -- a judge -------------------------------------------------------------------------------


def verdict(*findings: dict[str, object]) -> str:
    return json.dumps({"findings": list(findings)})


def test_a_judge_sees_the_new_order_and_nothing_that_is_gone(talk: Repo) -> None:
    order = ids(talk)
    secret = talk.commit("The code is swordfish.").items[0]
    talk.drop(secret.id)
    talk.edit(order[5], "What was the time?")
    fake = FakeLLM.answers([verdict({"items": [order[5], order[4]], "confidence": 0.75, "reason": "It asks before."})])
    result = talk.move(order[5], before=order[1], llm=fake)
    (meaning,) = [one for one in result.findings if one.kind == "meaning"]
    assert (meaning.items, meaning.severity) == ((order[5], order[4]), "warning")
    assert meaning.text == "(0.75) It asks before."
    (question,) = fake.calls
    assert question[0]["content"] == prompts.load(order_judge.PROMPT).text
    shown = question[1]["content"]
    first, second = f"place 2, which was place 6, item {order[5]}", f"place 3, which was place 2, item {order[1]}"
    assert shown.index(first) < shown.index(second)
    assert order[0] not in shown  # it stands where it stood
    for gone in ("swordfish", "What is the time?"):
        assert gone not in shown
    assert result.commit is not None
    assert result.commit.trailers["Trace-Prompt"].startswith("order-judge.v1@")
    assert kinds(result)[-1] == "llm"


def test_a_dry_run_asks_nobody(talk: Repo) -> None:
    order = ids(talk)
    fake = FakeLLM.answers([])
    plan = talk.move(order[5], before=order[1], llm=fake, dry_run=True)
    assert fake.calls == []
    assert kinds(plan)[-1] == "llm"
    asking = FakeLLM.answers([verdict()])
    talk.move(order[5], before=order[1], llm=asking)
    assert tuple(asking.calls) == plan.sends


@pytest.mark.parametrize(
    "bad",
    [
        "no",
        '{"findings": {}}',
        '{"findings": [{"items": ["f00d"], "confidence": 1, "reason": "x"}]}',
        '{"findings": [{"items": [], "confidence": 1, "reason": "x"}]}',
        '{"findings": [{"items": ["ID"], "confidence": 2, "reason": "x"}]}',
        '{"findings": [{"items": ["ID"], "confidence": true, "reason": "x"}]}',
        '{"findings": [{"items": ["ID"], "confidence": 0.5}]}',
        '{"findings": ["ID"]}',
    ],
)
def test_a_bad_answer_is_asked_for_once_more(talk: Repo, bad: str) -> None:
    order, before = ids(talk), refs(talk)
    bad = bad.replace("ID", order[5])
    with pytest.raises(LLMError, match="no usable verdict, asked twice"):
        talk.move(order[5], before=order[1], llm=FakeLLM.answers([bad, bad]))
    assert refs(talk) == before
    mended = FakeLLM.answers([bad, verdict()])
    assert talk.move(order[5], before=order[1], llm=mended).commit == talk.get("HEAD")
    assert len(mended.calls) == 2


def test_nobody_is_asked_about_what_is_refused_or_the_same(talk: Repo) -> None:
    order, fake = ids(talk), FakeLLM.answers([])
    with pytest.raises(UnsafeRewriteError):
        talk.reorder([*order[:2], order[3], order[2], *order[4:]], llm=fake)
    talk.reorder(order, llm=fake)
    assert fake.calls == []


def test_a_long_order_is_judged_where_it_changed(repo: Repo) -> None:
    with repo.batch():
        for number in range(60):
            repo.commit(f"n{number} " + "word " * 4_000)
    order = ids(repo)
    fake = FakeLLM.answers([verdict()])
    result = repo.move(order[59], before=order[0], llm=fake)
    shown = fake.calls[0][1]["content"]
    assert len(shown) < 250_000
    assert order[59] in shown
    assert order[0] in shown
    (left,) = [one for one in result.findings if one.kind == "not-judged"]
    assert "were not judged" in left.text


def test_a_long_order_has_room_for_as_many_tokens_in_any_language(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ROOM", 4_000)  # characters would fit
    for number in range(4):
        repo.commit(f"{number} " + "我们" * 300)
    order = ids(repo)
    fake = FakeLLM.answers([verdict()])
    repo.move(order[3], before=order[0], llm=fake)
    shown = fake.calls[0][1]["content"]
    assert "我们" in shown
    assert len(shown.encode()) < 5_000
