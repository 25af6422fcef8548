"""Taking the work of agents back: one item, one commit with two parents, and nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from trace_git import Repo, assistant, tool
from trace_git.errors import (
    BudgetError,
    ConflictError,
    InvalidInputError,
    LLMError,
    NotFoundError,
    RefusedError,
    StateError,
)
from trace_git.testing import FakeLLM

CALL = {"id": "c1", "type": "function", "function": {"name": "delegate", "arguments": "{}"}}


def refs(repo: Repo) -> dict[str, str]:
    return dict(repo._handle.store.ref_names())


def objects(repo: Repo, git: Callable[..., str]) -> str:
    repo.flush()
    return git(repo, "count-objects", "-v")


@pytest.fixture
def child(repo: Repo) -> Iterator[Repo]:
    repo.commit("You lead.", role="system", pin=True)
    repo.commit("Why does login fail?")
    with repo.spawn("a", purpose="Find it.") as child:
        child.commit("Look at the tokens.")
        child.commit("They expire at once.", role="assistant")
        yield child


def test_one_commit_with_the_work_behind_it(repo: Repo, child: Repo, git: Callable[..., str]) -> None:
    before = repo.context().items
    commit = repo.collapse(child, summary="It is the token.")
    assert commit.op == "collapse"
    assert commit.parents == (repo.get("HEAD~1").id, child.get("HEAD").id)
    (item,) = commit.items
    assert repo.context().items == (*before, item)
    assert (item.kind, item.message.to_dict()) == ("collapse", {"role": "assistant", "content": "It is the token."})
    fresh = child.context().items[-2:]
    provenance = item.message.provenance or {}
    assert provenance["agent"] == "a"
    assert list(provenance["items"]) == [one.id for one in fresh]
    assert list(provenance["digests"]) == [one.blob for one in fresh]
    assert repo.agents()[0].state == "collapsed"
    repo.flush()
    assert git(repo, "fsck", "--strict") == ""
    assert git(repo, "rev-parse", "HEAD^2") == child.get("HEAD").id
    assert repo.materialize().output[-1] == {"role": "assistant", "content": "It is the token."}
    assert repo.context().tokens == commit.context_tokens


def test_again_takes_only_what_is_new(repo: Repo, child: Repo) -> None:
    first = repo.collapse(child, summary="One.")
    assert repo.collapse(child, summary="Nothing new.") == first == repo.get("HEAD")
    child.commit("More.")
    second = repo.collapse("a", summary="Two.")
    assert list(second.items[0].message.provenance["items"]) == [child.context().items[-1].id]
    assert repo.collapse(repo.agents()[0], summary="Nothing new.") == second


@pytest.mark.parametrize("change", ["edit", "reset", "drop", "rewritten"])
def test_what_was_rewritten_is_compared_by_item(repo: Repo, child: Repo, change: str) -> None:
    repo.collapse(child, summary="One.")
    if change == "edit":
        child.edit(child.context().items[-1], "They expire late.")
    elif change == "drop":
        child.drop(child.context().items[-1])
    elif change == "reset":
        child.reset("HEAD~1", mode="hard")
    else:
        tip = child.get("HEAD").id
        child.reset("HEAD~2")
        child.merge(child.get(tip), ff="never")
    assert repo.collapse(child, summary="Nothing new.").subject == "collapse: a: One."
    new = child.commit("Now this.")
    again = repo.collapse(child, summary="Two.")
    assert list(again.items[0].message.provenance["items"]) == [new.items[0].id]


def test_several_in_any_order(repo: Repo, child: Repo) -> None:
    others = [repo.spawn(name) for name in ("b", "c")]
    for other in others:
        other.commit(f"Said by {other.name}.")
    for one in (others[1], child, others[0]):
        repo.collapse(one, summary=f"From {one.name}.")
        one.close() if one is not child else None
    assert [item.message.text for item in repo.context().items[2:]] == ["From c.", "From a.", "From b."]
    assert {agent.state for agent in repo.agents()} == {"collapsed"}


def test_as_the_result_of_a_call(repo: Repo, child: Repo) -> None:
    repo.commit(assistant(None, tool_calls=[CALL]))
    before = refs(repo)
    with pytest.raises(RefusedError) as caught:
        repo.collapse(child, summary="Found.")
    assert "as_=" in (caught.value.hint or "")
    with pytest.raises(InvalidInputError, match="no call 'c2' is open"):
        repo.collapse(child, summary="Found.", as_="c2")
    assert refs(repo) == before
    repo.collapse(child, summary="Found.", as_="c1")
    assert repo.materialize().output[-1] == {"role": "tool", "tool_call_id": "c1", "content": "Found."}
    assert repo.status().warnings == ()
    child.commit("more")
    with pytest.raises(InvalidInputError, match="no call 'c1' is open"):
        repo.collapse(child, summary="Found.", as_="c1")


def test_a_model_is_not_asked_what_would_be_refused(repo: Repo, child: Repo) -> None:
    repo.commit(assistant(None, tool_calls=[CALL]))
    llm = FakeLLM(lambda messages: "It is the token.")
    with pytest.raises(RefusedError):
        repo.collapse(child, llm=llm)
    assert llm.calls == []


def test_a_model_says_what_was_found(repo: Repo, child: Repo) -> None:
    llm = FakeLLM(lambda messages: "It is the token.")
    commit = repo.collapse(child, llm=llm, budget=50)
    asked = str(llm.calls[0])
    assert "They expire at once." in asked
    provenance = commit.items[0].message.provenance
    assert commit.items[0].message.text == "It is the token."
    assert provenance["tokens"] > 0
    assert provenance["prompt"].startswith("summarize.v1")
    assert commit.trailers["Trace-Prompt"]


def test_what_the_agent_dropped_or_edited_away_is_not_shown(repo: Repo, child: Repo) -> None:
    child.edit(child.context().items[-1], "Now they live long.")
    child.drop(child.commit("A secret thing."))
    llm = FakeLLM(lambda messages: "Fine.")
    repo.collapse(child, llm=llm)
    assert "expire at once" not in str(llm.calls)
    assert "secret" not in str(llm.calls)


@pytest.mark.parametrize("answer", ["", "   ", "long " * 5000])
def test_an_answer_that_cannot_be_used_changes_nothing(repo: Repo, child: Repo, answer: str) -> None:
    before = refs(repo)
    with pytest.raises((LLMError, BudgetError)):
        repo.collapse(child, llm=FakeLLM(lambda messages: answer), budget=100)
    assert refs(repo) == before


def test_refusals_change_nothing(repo: Repo, child: Repo) -> None:
    before = refs(repo)
    with pytest.raises(BudgetError) as caught:
        repo.collapse(child, summary="one two three four five", budget=2)
    assert (caught.value.budget, caught.value.needed) != (None, None)
    for wrong in (
        {},
        {"summary": ""},
        {"summary": " \n"},
        {"summary": "x", "budget": 0},
        {"summary": "x", "as_": "c9"},
    ):
        with pytest.raises(InvalidInputError):
            repo.collapse(child, **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError, match="no agent 'nobody'"):
        repo.collapse("nobody", summary="x")
    with pytest.raises(InvalidInputError):
        repo.collapse("../a", summary="x")
    with pytest.raises(InvalidInputError, match="no agent of it"):
        repo.collapse(repo, summary="x")
    with repo.spawn("b") as idle, pytest.raises(StateError, match="said nothing yet"):
        repo.collapse(idle, summary="x")
    assert refs(repo).items() >= before.items()


def test_an_agent_of_another_trace_is_refused(repo: Repo, child: Repo, open_repo: Callable[..., Repo]) -> None:
    other = open_repo("other")
    other.commit("x")
    with other.spawn("a") as namesake, pytest.raises(InvalidInputError, match="another trace"):
        repo.collapse(namesake, summary="x")


def test_undo_from_both_sides(repo: Repo, child: Repo) -> None:
    before = refs(repo)["refs/heads/main"]
    after = repo.collapse(child, summary="One.").id
    for handle in (repo, child):
        handle.undo()
        assert refs(repo)["refs/heads/main"] == before
        assert repo.agents()[0].state == "running"
        handle.redo()
        assert refs(repo)["refs/heads/main"] == after
    assert repo.collapse(child, summary="Two.").id == after


def test_a_look_at_the_agent_as_it_was(repo: Repo, child: Repo) -> None:
    taken = repo.collapse(child, summary="One.")
    then = child.context().items
    child.commit("More.")
    with repo.child(taken) as look:
        assert (look.name, look.context().items) == ("a", then)
        with pytest.raises(StateError, match="read-only look"):
            look.commit("x")
    with repo.child(child.get("HEAD~3")) as look:
        assert look.context().items == then[:2]
    repo.collapse(child, summary="Two.")
    repo.delete_agent("a")
    with repo.child(taken) as look:
        assert look.context().items == then
    with pytest.raises(InvalidInputError, match="neither collapsed nor spawned"):
        repo.child("HEAD~2")


def test_deleting(repo: Repo, child: Repo, git: Callable[..., str]) -> None:
    before = refs(repo)
    with pytest.raises(RefusedError, match="nobody took back"):
        repo.delete_agent("a")
    with pytest.raises(StateError, match="itself"):
        child.delete_agent("a")
    for name, error in (("b", NotFoundError), ("../a", InvalidInputError)):
        with pytest.raises(error):
            repo.delete_agent(name)
    repo.collapse(child, summary="One.")
    child.branch("try")
    child.switch("try")
    child.commit("Not taken.")
    child.switch("main")
    with pytest.raises(RefusedError, match="nobody took back"):
        repo.delete_agent("a")
    tip = child.get("try").id
    repo.delete_agent("a", force=True)
    assert not any(ref.startswith("refs/namespaces/") for ref in refs(repo))
    git(repo, "gc", "--quiet", "--prune=now")
    assert repo.get(tip).subject == "user: Not taken."
    (agent,) = repo.agents()
    assert agent.deleted
    repo.undo()
    assert refs(repo)["refs/namespaces/a/refs/heads/try"] == tip
    assert (
        refs(repo).items()
        >= {key: value for key, value in before.items() if "namespaces/a/refs/heads/main" in key}.items()
    )
    assert git(repo, "fsck", "--strict") == ""


def test_threads_collapse_at_the_same_time(repo: Repo) -> None:
    repo.commit("Begin.")
    children = [repo.spawn(f"a{number}") for number in range(8)]
    for child in children:
        child.commit(f"Said by {child.name}.")
    threads = [
        threading.Thread(target=repo.collapse, args=(child,), kwargs={"summary": f"From {child.name}."})
        for child in children
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(item.message.text for item in repo.context().items[1:]) == [f"From a{number}." for number in range(8)]
    for child in children:
        child.close()


def test_two_who_collapse_the_same_work(repo: Repo, child: Repo) -> None:
    """Somebody is faster while a model thinks: nothing is said twice."""

    def thinking(messages: list[dict[str, object]]) -> str:
        with Repo.open(repo.path, tokenizer=None) as other:
            other.collapse("a", summary="I was faster.")
        return "Slow."

    with pytest.raises(ConflictError, match="meanwhile"):
        repo.collapse(child, llm=thinking)
    assert [item.message.text for item in repo.context().items[2:]] == ["I was faster."]


def test_the_agent_goes_on_while_a_model_thinks(repo: Repo, child: Repo) -> None:
    def thinking(messages: list[dict[str, object]]) -> str:
        child.commit("Later.")
        return "Early."

    taken = repo.collapse("a", llm=thinking)
    assert taken.parents[1] == child.get("HEAD~1").id
    again = repo.collapse("a", summary="Then.")
    assert list(again.items[0].message.provenance["items"]) == [child.context().items[-1].id]


def test_a_tool_group_of_the_agent_stays_its_own(repo: Repo, child: Repo) -> None:
    child.commit([assistant(None, tool_calls=[CALL]), tool("x", "c1")])
    commit = repo.collapse(child, summary="Done.")
    assert repo.materialize().output == repo.materialize(commit).output
    assert repo.verify() == ()


def test_a_call_of_the_legacy_format_is_answered_by_its_name(repo: Repo) -> None:
    """It has no id."""
    repo.commit("one")
    call = {"name": "ask", "arguments": "{}"}
    repo.commit({"role": "assistant", "content": None, "function_call": call})
    with repo.spawn("a") as child:
        child.commit("x", role="assistant")
        with pytest.raises(RefusedError, match="call ask waits"):
            repo.collapse(child, summary="Found.")
        repo.collapse(child, summary="Found.", as_="ask")
    item = repo.context().items[-1]
    assert item.message.to_dict() == {"role": "function", "name": "ask", "content": "Found."}
    assert repo.verify() == ()
    assert repo.resumption().calls == ()


@pytest.mark.parametrize("verb", ["branch", "tag", "spawn", "undo", "switch", "reset"])
def test_a_look_at_an_agent_writes_nothing(repo: Repo, verb: str) -> None:
    """One that is gone would be there again by half."""
    repo.commit("one")
    with repo.spawn("a") as child:
        child.commit("x", role="assistant")
        commit = repo.collapse(child, summary="done")
    repo.delete_agent("a")
    before = dict(repo._handle.store.ref_names())
    with repo.child(commit) as look:
        with pytest.raises(StateError, match="look"):
            getattr(look, verb)(*([] if verb == "undo" else ["HEAD" if verb == "reset" else "b"]))
        assert len(look.context()) == 2
    assert dict(repo._handle.store.ref_names()) == before
