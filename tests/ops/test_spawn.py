"""Spawning agents: repositories of their own that share what their parent knows, and leave it as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trace_git import Repo, Session, assistant, tool
from trace_git.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError, StateError

CALL = {"id": "c1", "type": "function", "function": {"name": "delegate", "arguments": "{}"}}
OTHER = {"id": "c2", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def refs(repo: Repo) -> dict[str, str]:
    return dict(repo._handle.store.ref_names())


@pytest.fixture
def talk(repo: Repo) -> Repo:
    """Five items: a pinned one, a question, a settled tool group, an answer."""
    repo.commit("You lead.", role="system", pin=True)
    repo.commit("Why does login fail?")
    repo.commit([assistant("I look.", tool_calls=[OTHER]), tool("auth.py", "c2")])
    repo.commit("It expires.", role="assistant")
    return repo


def test_the_parent_stays_as_it_is(talk: Repo) -> None:
    before = talk.context(), talk.materialize().digest, [one.id for one in talk.log()], talk.get("HEAD")
    with (
        talk.spawn("a", purpose="Look."),
        talk.spawn("b", context="empty"),
        talk.spawn("c", context=before[0].items[:1]),
    ):
        assert (talk.context(), talk.materialize().digest, [one.id for one in talk.log()], talk.get("HEAD")) == before


def test_a_full_context_is_the_same_prompt(talk: Repo) -> None:
    with talk.spawn("a") as child:
        assert child.materialize().output == talk.materialize().output
        assert child.materialize().digest == talk.materialize().digest
        assert child.context().items == talk.context().items
        assert child.pins() == talk.pins()
        assert child.context().tokens == talk.context().tokens == child.get("HEAD").context_tokens


def test_a_call_that_is_open_is_left_out_with_its_whole_group(talk: Repo, git: Callable[..., str]) -> None:
    whole = talk.materialize().output
    two = [CALL, {**OTHER, "id": "c3"}]
    talk.commit([assistant("I ask two.", tool_calls=two), tool("one answered", "c3")], pin=True)
    with talk.spawn("a") as child:
        assert child.materialize().output == whole
        assert child.pins() <= {item.id for item in child.context().items}
        left_out = child.get("HEAD").trailers["Trace-Left-Out"].split()
        assert left_out == [item.id for item in talk.context().items[-2:]]
        assert child.context().tokens == child._handle.counter.total(map(child.count, child.context().items))
        assert child.verify() == ()


def test_a_group_that_reaches_over_folders_is_left_out_whole(repo: Repo) -> None:
    """An open call with more answers than one folder has items."""
    repo.commit("Begin.")
    calls = [{**CALL, "id": f"c{number}"} for number in range(80)]
    repo.commit(assistant(None, tool_calls=calls))
    for number in range(79):
        repo.commit(tool(str(number), f"c{number}"))
    with repo.spawn("a") as child:
        assert [item.message.text for item in child.context().items] == ["Begin."]


def test_chosen_items_come_with_their_tool_group_and_pins(talk: Repo) -> None:
    items = talk.context().items
    with talk.spawn("a", context=[items[3], items[0].id]) as child:
        assert [item.id for item in child.context().items] == [items[0].id, items[2].id, items[3].id]
        assert child.pins() == {items[0].id}
        assert child.context().tokens == child._handle.counter.total(map(child.count, child.context().items))


def test_an_empty_context_has_nothing(talk: Repo) -> None:
    for name, context in (("a", "empty"), ("b", [])):
        with talk.spawn(name, context=context) as child:
            assert child.context().items == ()
            assert child.context().tokens == 0
            assert child.commit("Begin.").context_tokens == child.context().tokens


def test_what_the_agent_is_for_stands_in_its_spawn_commit(talk: Repo) -> None:
    purpose = "Find the cause.\n\nAll of it: do not stop.\n\nTrace-Agent: other"
    with talk.spawn("a", purpose=purpose, budget=500) as child:
        child.commit("x")
        (found,) = talk.agents()
        assert (found.name, found.parent, found.purpose, found.budget) == ("a", "", purpose, 500)
        assert (found.context, found.state, found.tokens) == ("full", "running", child.context().tokens)
        assert (child.status().budget, child.status().budget_from, child.status().agent) == (500, "spawn", "a")
        commit = child.get("HEAD~1")
        assert (commit.op, commit.subject, commit.parents) == ("spawn", "spawn: a", (talk.get("HEAD").id,))


def test_a_boundary_ends_the_history(talk: Repo, git: Callable[..., str]) -> None:
    with talk.spawn("a", context="empty") as child:
        child.commit("one")
        assert [one.subject for one in child.log()] == ["user: one", "spawn: a"]
        with pytest.raises(NotFoundError):
            child.get("HEAD~2")
        assert [change.kinds for change in child.diff("HEAD~1", "HEAD").changes] == [("added",)]
        assert child.diff(None, "HEAD~1").changes == ()
        with pytest.raises((StateError, RefusedError), match="no commit in common"):
            talk.merge("agents/a")
        assert talk.merge("agents/a", unrelated=True).kind == "merge"
        talk.flush()
        assert git(talk, "merge-base", "refs/namespaces/a/refs/heads/main", "HEAD~1") == talk.get("HEAD~1").id


def test_a_full_agent_is_merged_like_a_branch(talk: Repo) -> None:
    with talk.spawn("a") as child:
        child.commit("Said by a.")
    talk.commit("Said here.")
    talk.merge("agents/a")
    assert [item.message.text for item in talk.context().items][-2:] == ["Said here.", "Said by a."]


def test_revisions_of_other_agents(talk: Repo) -> None:
    with talk.spawn("a") as child:
        child.commit("one")
        child.branch("try", at="HEAD~1")
        assert talk.get("agents/a").id == child.get("HEAD").id
        assert talk.get("agents/a~1").id == talk.get("agents/a/try").id == child.get("HEAD~1").id
        assert child.get("trace/main").id == talk.get("HEAD").id
        child.switch("try")
        assert talk.get("agents/a").id == child.get("try").id
        assert [one.subject for one in talk.log("HEAD..agents/a/main")] == ["user: one", "spawn: a"]
        with pytest.raises(NotFoundError) as caught:
            talk.get("agents/b")
        assert "agents/a" in (caught.value.hint or "")
        for name in ("agents/x", "trace/x"):
            with pytest.raises(InvalidInputError):
                talk.branch(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A",
        "a/b",
        "../../x",
        "CON",
        "con",
        "nul.txt",
        "a..b",
        "a.lock",
        "a.",
        ".a",
        "-a",
        "é",
        "a b",
        "x" * 64,
        "a\n",
    ],
)
def test_names_that_are_refused(talk: Repo, name: str) -> None:
    before = refs(talk)
    with pytest.raises(InvalidInputError) as caught:
        talk.spawn(name)
    assert caught.value.hint
    assert refs(talk) == before


@pytest.mark.parametrize("name", ["a", "0", "a.b-c_d", "x" * 63, "console"])
def test_names_that_are_fine(talk: Repo, name: str) -> None:
    with talk.spawn(name) as child:
        assert child.name == name


def test_a_name_is_given_once(talk: Repo) -> None:
    with talk.spawn("a") as child:
        with pytest.raises(StateError, match="exists already"):
            talk.spawn("a")
        with pytest.raises(StateError, match="exists already"):
            child.spawn("a")
        child.commit("done")
        talk.collapse(child, summary="Done.")
    talk.delete_agent("a")
    with pytest.raises(StateError, match="was here before"):
        talk.spawn("a")


def test_a_name_that_was_abandoned_is_not_given_again(talk: Repo) -> None:
    with talk.spawn("a") as child:
        child.commit("done")
    talk.delete_agent("a", force=True)
    with pytest.raises(StateError, match="was here before"):
        talk.spawn("a")
    path = talk.path
    talk.close()
    with Repo.open(path, tokenizer=None) as repo, pytest.raises(StateError, match="was here before"):
        repo.spawn("a")


def test_an_abandoned_agent_is_known_also_when_somebody_else_left_its_work_again(talk: Repo) -> None:
    with talk.spawn("a") as child:
        tip = child.commit("done").id
    talk.delete_agent("a", force=True)
    talk.branch("look", at=tip)
    talk.delete_branch("look", force=True)
    assert [(one.name, one.tip) for one in talk.agents()] == [("a", tip)]
    with Session.open(talk.path, tokenizer=None) as session:
        assert [hit.agent for hit in session.search("done")] == ["a"]
    with pytest.raises(StateError, match="was here before"):
        talk.spawn("a")


@pytest.mark.parametrize("kind", ["fast-forward", "merge"])
def test_a_name_that_a_merge_brought_is_not_given_again(talk: Repo, git: Callable[..., str], kind: str) -> None:
    with talk.spawn("a") as child:
        child.commit("done")
    if kind == "merge":
        talk.commit("meanwhile")
    assert talk.merge("agents/a").kind == kind
    talk.delete_agent("a", force=True)
    talk.gc(dry_run=False, keep_days=0)
    git(talk, "clone", "-q", "--bare", ".", "../copy.trace")
    with Repo.open(talk.path.parent / "copy.trace", tokenizer=None) as copy:
        for repo in (talk, copy):
            with pytest.raises(StateError, match="was here before"):
                repo.spawn("a")


def test_who_cannot_undo_a_collapse_is_told_who_has_gone_on(talk: Repo) -> None:
    with talk.spawn("a") as child:
        child.commit("x", role="assistant")
        talk.collapse(child, summary="done")
        talk.commit("on")
        with pytest.raises(ConflictError) as caught:
            child.undo()
        assert "first: trace undo" in (caught.value.hint or "")


@pytest.mark.parametrize("made", ["branch", "tag"])
def test_what_an_agent_made_since_keeps_its_spawn_from_being_undone(talk: Repo, made: str) -> None:
    """Its HEAD and main are where they were, and without them nobody could open the other branch."""
    with talk.spawn("a") as child:
        getattr(child, made)("other")
        before = refs(talk)
        with pytest.raises(ConflictError, match="other was moved since") as caught:
            talk.undo()
        assert "trace --agent a undo" in (caught.value.hint or "")
        assert refs(talk) == before
        child.undo()
        talk.undo()
    assert talk.agents() == ()


def test_an_agent_does_not_go_back_behind_its_beginning(talk: Repo) -> None:
    """From there its parent, and what it is for, would not be known, and its work could not be taken back."""
    with talk.spawn("a", purpose="Look.") as child:
        child.commit("x", role="assistant")
        for rev, dry_run in (("HEAD~2", False), ("trace/main", False), ("HEAD~2", True)):
            with pytest.raises(RefusedError, match="had not begun"):
                child.reset(rev, dry_run=dry_run)
        child.reset("HEAD~1")
        child.switch("before", create=True)
        assert child.get("HEAD").op == "spawn"
        child.branch("elsewhere", at="trace/main")
        child.switch("elsewhere")
        child.commit("y", role="assistant")
        with pytest.raises(StateError, match="where it stands"):
            talk.collapse(child, summary="S")


def test_a_name_is_not_given_again_while_a_collapse_that_was_left_behind_has_it(talk: Repo) -> None:
    with talk.spawn("a") as child:
        child.commit("x", role="assistant")
        talk.collapse(child, summary="done")
    talk.delete_agent("a")
    talk.reset("HEAD~1")
    with pytest.raises(StateError, match="was here before"):
        talk.spawn("a")
    talk.undo()
    assert [one.name for one in talk.agents()] == ["a"]


def test_a_spawn_that_was_undone_left_nothing(talk: Repo) -> None:
    before = refs(talk)
    talk.spawn("a").close()
    talk.undo()
    assert {ref: value for ref, value in refs(talk).items() if "/keep/" not in ref} == before
    with talk.spawn("a") as child:
        assert child.context().items == talk.context().items


def test_undo_and_redo_from_both_sides_restore_the_exact_refs(talk: Repo) -> None:
    def heads() -> dict[str, str]:
        return {ref: value for ref, value in refs(talk).items() if "/keep/" not in ref}

    before = heads()
    child = talk.spawn("a")
    after = heads()
    talk.undo()
    assert heads() == before
    talk.redo()
    assert heads() == after
    child.undo()
    assert heads() == before
    child.redo()
    assert heads() == after
    child.commit("work")
    with pytest.raises(ConflictError):
        talk.undo()
    child.close()


def test_children_of_children(talk: Repo, git: Callable[..., str]) -> None:
    with talk.spawn("a") as one, one.spawn("b", context="empty") as two, two.spawn("c") as three:
        three.commit("deep")
        two.collapse(three, summary="It is deep.")
        assert [(agent.name, agent.parent) for agent in talk.agents()] == [("a", ""), ("b", "a"), ("c", "b")]
        with pytest.raises(StateError, match="spawned by agent b"):
            talk.collapse(three, summary="x")
    assert git(talk, "fsck", "--strict") == ""
    assert talk.verify() == ()


def test_nothing_to_spawn_from(repo: Repo) -> None:
    with pytest.raises(StateError, match="no commits yet"):
        repo.spawn("a")
    repo.commit("x")
    for context in ("half", "HEAD"):
        with pytest.raises(InvalidInputError, match="context"):
            repo.spawn("a", context=context)
    for budget in (0, -1, True, "x"):
        with pytest.raises(InvalidInputError, match="budget"):
            repo.spawn("a", budget=budget)  # type: ignore[arg-type]
    assert repo.agents() == ()


@pytest.mark.parametrize("said", [{"context": None}, {"context": 5}, {"purpose": None}])
def test_what_is_no_context_and_no_purpose_is_named(talk: Repo, said: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(said))):
        talk.spawn("a", **said)
    assert talk.agents() == ()


def test_an_agents_own_branches_pins_and_undo(talk: Repo) -> None:
    with talk.spawn("a") as child:
        child.pin(child.commit("mine"))
        child.switch("try", create=True)
        child.commit("there")
        assert [one.name for one in child.branches()] == ["main", "try"]
        assert [one.name for one in talk.branches()] == ["main"]
        child.undo()
        assert child.get("HEAD").id == child.get("main").id
        with talk.agent("a") as again:
            assert again.status().branch == "try"
    with Repo.open(talk.path, agent="a", tokenizer=None) as again:
        assert again.status().branch == "try"


def _noting(read: Callable[[str], bytes], noted: list[str]) -> Callable[[str], bytes]:
    def noting(oid: str) -> bytes:
        noted.append(oid)
        return read(oid)

    return noting


def test_how_much_is_read_does_not_grow_with_the_context(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten times the messages no more blobs are read, by spawn and by collapse."""
    numbers = []
    for size in (100, 900):
        with repo.batch():
            for number in range(size):
                repo.commit(f"message {number}")
        with Repo.open(repo.path, tokenizer=None) as fresh:
            blobs: list[str] = []
            monkeypatch.setattr(fresh._handle.store, "blob", _noting(fresh._handle.store.blob, blobs))
            with fresh.spawn(f"a{size}") as child:
                child.commit("done")
                fresh.collapse(child, summary="Done.")
            numbers.append(len(blobs))
    assert numbers[1] <= numbers[0] + 5 < 120


def test_stock_git_sees_the_tree_and_never_an_unborn_head(talk: Repo, git: Callable[..., str]) -> None:
    with talk.batch(), talk.spawn("a") as child:
        child.commit("x")
        child.switch("other", create=True)
        child.delete_branch("main", force=True)
    assert git(talk, "fsck", "--strict") == ""
    assert git(talk, "rev-parse", "refs/namespaces/a/HEAD") == talk.get("agents/a").id
    assert "spawn: a" in git(talk, "log", "--graph", "--all", "--oneline")
