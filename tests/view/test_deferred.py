"""Conflicts that a merge put off: how they stand in a context, what they count, who is shown them, how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from trace_git import Message, Repo, assistant, tool, user
from trace_git.conflicts import Conflict, Resolution
from trace_git.errors import CorruptTraceError, InvalidInputError, MergeConflictError, RefusedError, StateError
from trace_git.model import Commit, Context, Item
from trace_git.view import deferred

Change = Callable[[Repo, Commit], Any]


class Words:
    """A tokenizer that counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@dataclass(frozen=True)
class Torn:
    """A trace whose context holds one conflict that was put off, about the item that ``commit`` added."""

    repo: Repo
    commit: Commit
    question: Conflict

    @property
    def item(self) -> str:
        return self.commit.items[0].id

    def texts(self) -> list[str]:
        return [item.message.text for item in self.repo.context().items]


def _edit(text: str) -> Change:
    return lambda repo, commit: repo.edit(commit, text)


def torn(ours: Change, theirs: Change, *, kind: str, content: Any = "why") -> Torn:
    repo = Repo.open(":memory:", tokenizer=Words(), clock=lambda: 1_700_000_000)
    repo.commit("first")
    commit = repo.commit(content)
    repo.commit("last")
    repo.branch("try")
    ours(repo, commit)
    repo.switch("try")
    theirs(repo, commit)
    repo.switch("main")
    with pytest.raises(MergeConflictError) as caught:
        repo.merge("try")
    (conflict,) = caught.value.conflicts
    assert isinstance(conflict, Conflict)
    assert conflict.kind == kind
    repo.merge("try", resolutions={conflict.id: Resolution("defer")})
    return Torn(repo, commit, conflict)


@pytest.fixture
def edited() -> Iterator[Torn]:
    made = torn(_edit("why not"), _edit("why not now or then"), kind="edit")
    with made.repo:
        yield made


# -- in a context ----------------------------------------------------------------------------


def test_it_keeps_id_place_and_role_and_asks_what_the_merge_asked(edited: Torn) -> None:
    item = edited.repo.context().items[1]
    assert (item.id, item.role, item.kind, item.pinned) == (edited.item, "user", "conflict", False)
    assert edited.repo.conflicts() == (edited.question,)
    assert edited.repo.conflicts()[0].id == edited.question.id
    assert edited.repo.conflicts("HEAD~1") == ()
    assert edited.repo.get("HEAD").subject == "merge: try into main (1 deferred)"
    assert edited.repo.verify() == ()


def test_it_counts_as_ours_and_that_is_an_estimate(edited: Torn) -> None:
    before = edited.repo.context("HEAD~1")
    after = edited.repo.context()
    assert int(after.tokens) == int(before.tokens)
    assert (before.tokens.exact, after.tokens.exact) == (True, False)
    assert edited.repo.get("HEAD").context_tokens == after.tokens
    status = edited.repo.status()
    assert status.roles["conflict"] == edited.repo.count(after.items[1])
    assert status.warnings == ("1 deferred conflict: `trace conflicts` lists what is to be settled",)


def test_status_says_so_again_from_what_was_kept_on_disk(edited: Torn) -> None:
    edited.repo.flush()
    with Repo.open(edited.repo.path, tokenizer=Words()) as other:
        assert other.status().warnings == edited.repo.status().warnings


def test_a_call_that_was_put_off_stays_the_call_of_its_result() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}

    def change(text: str) -> Change:
        return lambda repo, commit: repo.edit(commit.items[0].id, assistant(text, tool_calls=[call]))

    repo = Repo.open(":memory:", tokenizer=Words())
    with repo:
        repo.commit("first")
        commit = repo.commit(assistant("I look", tool_calls=[call]))
        repo.commit(tool("found", "c1"))
        repo.branch("try")
        change("I look here")(repo, commit)
        repo.switch("try")
        change("I look there")(repo, commit)
        repo.switch("main")
        dry = repo.merge("try", dry_run=True)
        repo.merge("try", resolutions={one.id: Resolution("defer") for one in dry.conflicts})
        assert [one for one in repo.status().warnings if "deferred" not in one] == []
        assert repo.verify() == ()
        assert repo.materialize(conflicts="theirs").output[1]["tool_calls"] == [call]
        with pytest.raises(InvalidInputError):
            repo.resolve(commit.items[0].id, Resolution("nonsense"))
        repo.resolve(commit.items[0].id, Resolution("drop"))  # its result goes along
        assert [item.message.text for item in repo.context().items] == ["first"]


# -- for a model -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["openai", "anthropic", "text", "xml", lambda context: len(context.items)])
def test_nobody_is_shown_it_who_does_not_say_which_side(form: Any, edited: Torn) -> None:
    for repair in (False, True):
        with pytest.raises(RefusedError, match=f"item {edited.item} is an unresolved conflict") as caught:
            edited.repo.materialize(materializer=form, repair=repair)
        assert "trace resolve" in (caught.value.hint or "")
    with pytest.raises(RefusedError):
        edited.repo.export()
    assert edited.repo.materialize("HEAD~1", materializer=form).output


@pytest.mark.parametrize(("side", "text"), [("ours", "why not"), ("theirs", "why not now or then")])
def test_a_side_is_shown_as_if_it_had_been_taken(side: str, text: str, edited: Torn) -> None:
    prompt = edited.repo.materialize(conflicts=side)
    assert [message["content"] for message in prompt.output] == ["first", text, "last"]
    assert not prompt.tokens.exact
    taken = edited.repo.materialize(edited.repo.resolve(edited.item, Resolution(side)))
    assert taken.digest == prompt.digest
    assert [item.blob for item in taken.items] == [item.blob for item in prompt.items]


def test_a_side_that_took_the_item_away_is_shown_without_it() -> None:
    made = torn(_edit("why not"), lambda repo, commit: repo.drop(commit), kind="presence")
    with made.repo as repo:
        assert [one["content"] for one in repo.materialize(conflicts="theirs").output] == ["first", "last"]
        assert [one["content"] for one in repo.materialize(conflicts="ours").output] == ["first", "why not", "last"]
        assert repo.materialize(conflicts="ours").output  # after the other side, from the same renderer


def test_a_side_that_there_is_not_is_refused(edited: Torn) -> None:
    with pytest.raises(InvalidInputError, match="conflicts='base'"):
        edited.repo.materialize(conflicts="base")


def test_a_refusal_names_a_few_of_many() -> None:
    items = [Item.of(f"{at:016x}", "0" * 40, Message("user", {"role": "user"}, kind="conflict")) for at in range(5)]
    assert str(deferred.refusal(items)).startswith(f"items {'0' * 16}, {1:016x}, {2:016x} (and 2 more) are unresolved")


def test_a_context_without_any_is_left_as_it_is() -> None:
    whole = Context(None, (Item.of("0" * 16, "0" * 40, user("hi")),), Repo.open(":memory:").context().tokens)
    assert deferred.settled(whole, None) is whole


# -- settled ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        (Resolution("ours"), ["first", "why not", "last"]),
        (Resolution("theirs"), ["first", "why not now or then", "last"]),
        (Resolution("both"), ["first", "why not", "why not now or then", "last"]),
        (Resolution("replace", "because"), ["first", "because", "last"]),
        (Resolution("replace", {"role": "user", "content": "because"}), ["first", "because", "last"]),
        (Resolution("drop"), ["first", "last"]),
    ],
    ids=lambda value: value.action if isinstance(value, Resolution) else "",
)
def test_each_answer_is_one_commit_that_undo_takes_back(answer: Resolution, texts: list[str], edited: Torn) -> None:
    repo, before = edited.repo, edited.repo.get("HEAD")
    commit = repo.resolve(edited.item, answer)
    assert (commit.op, commit.parents) == ("resolve", (before.id,))
    assert commit.subject.startswith(f"resolve: {edited.item[:8]} {answer.action}, ")
    assert commit.trailers["Trace-Resolved"] == f"edit:{edited.item}={answer.action}"
    assert edited.texts() == texts
    assert repo.conflicts() == ()
    assert repo.materialize().output
    counted = [repo.count(item) or 0 for item in repo.context().items]
    assert commit.context_tokens == sum(counted) + 3
    assert (edited.item in {item.id for item in repo.context().items}) == (answer.action != "drop")
    assert repo.verify() == ()
    repo.undo()
    assert repo.conflicts() == (edited.question,)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Resolution("defer"), "is put off already"),
        (Resolution("maybe"), "does not take 'maybe'"),
        (Resolution("replace"), "replace needs content"),
    ],
)
def test_what_is_no_answer_changes_nothing(answer: Resolution, message: str, edited: Torn) -> None:
    before = edited.repo.get("HEAD").id
    with pytest.raises(InvalidInputError, match=message):
        edited.repo.resolve(edited.item, answer)
    assert edited.repo.get("HEAD").id == before


def test_another_item_is_none(edited: Torn) -> None:
    with pytest.raises(StateError, match="is no deferred conflict"):
        edited.repo.resolve(edited.repo.context().items[0].id, Resolution("ours"))


def test_an_edit_settles_it_and_a_drop_takes_it_out(edited: Torn) -> None:
    repo = edited.repo
    repo.edit(edited.item, "because")
    assert (edited.texts(), repo.conflicts()) == (["first", "because", "last"], ())
    repo.undo()
    repo.drop(edited.item)
    assert (edited.texts(), repo.conflicts()) == (["first", "last"], ())


def test_a_side_that_took_it_away_can_be_taken() -> None:
    made = torn(_edit("why not"), lambda repo, commit: repo.drop(commit), kind="presence")
    with made.repo as repo:
        assert repo.conflicts()[0].theirs == ()
        with pytest.raises(InvalidInputError, match="does not take 'both'"):
            repo.resolve(made.item, Resolution("both"))
        repo.resolve(made.item, Resolution("theirs"))
        assert made.texts() == ["first", "last"]


def pin(repo: Repo, commit: Commit) -> None:
    repo.pin(commit)


@pytest.mark.parametrize(("ours", "theirs"), [(pin, _edit("why not")), (_edit("why not"), pin)])
def test_a_pin_of_either_side_holds_until_somebody_says_otherwise(ours: Change, theirs: Change) -> None:
    made = torn(ours, theirs, kind="pin")
    with made.repo as repo:
        assert repo.context().items[1].pinned
        with pytest.raises(RefusedError, match="pinned"):
            repo.drop(made.item)
        keeps, gives_up = ("ours", "theirs") if ours is pin else ("theirs", "ours")
        repo.resolve(made.item, Resolution(keeps))
        assert (made.texts()[1], repo.context().items[1].pinned) == ("why", True)
        assert repo.verify() == ()
        repo.undo()
        repo.resolve(made.item, Resolution(gives_up))
        assert (made.texts()[1], repo.context().items[1].pinned) == ("why not", False)
        assert repo.verify() == ()
        repo.undo()
        repo.resolve(made.item, Resolution("drop"))
        assert made.texts() == ["first", "last"]
        assert repo.verify() == ()


@pytest.mark.parametrize("action", ["ours", "theirs", "both", "replace"])
def test_a_pin_that_came_since_stays(edited: Torn, action: str) -> None:
    """No side is chosen by it, so no choice of a side gives it up."""
    repo = edited.repo
    repo.pin(edited.item)
    repo.resolve(edited.item, Resolution(action, "because" if action == "replace" else None))
    assert [item.pinned for item in repo.context().items if item.id == edited.item] == [True]
    assert repo.verify() == ()


# -- the item itself -------------------------------------------------------------------------


def test_versions_come_back_as_they_were_whatever_they_hold() -> None:
    message = Message(
        "assistant",
        {"role": "assistant", "content": [{"type": "text", "text": "hi"}], "z": 1, "a": None},
        fmt="anthropic.messages",
        kind="summary",
        model="some-model",
        name="Ann",
        provenance={"items": ["1" * 16]},
    )
    item = Item.of("0" * 16, "0" * 40, message).with_pinned(True)
    made = deferred.make((), (item,), (), reason="why", kind="presence")
    assert (made.kind, made.role) == ("conflict", "assistant")
    assert deferred.version(made, "ours") == message
    assert deferred.version(made, "theirs") is None
    asked = deferred.conflict(Item.of("0" * 16, "1" * 40, made))
    assert (asked.kind, asked.text, asked.items, asked.base, asked.theirs) == ("presence", "why", ("0" * 16,), (), ())
    assert asked.ours[0].pinned
    assert deferred.actions(asked) == ("ours", "theirs", "replace", "drop")


def test_a_conflict_of_conflicts_is_shown_by_the_first_message_in_it() -> None:
    def item(message: Message) -> Item:
        return Item.of("0" * 16, "0" * 40, message)

    inner = deferred.make((), (item(user("a")),), (item(user("b")),), reason="")
    outer = item(deferred.make((), (item(inner),), (item(user("c")),), reason=""))
    assert deferred.shown(outer.message) == user("a")
    whole = Context(None, (outer,), Repo.open(":memory:").context().tokens)
    assert [one.message for one in deferred.settled(whole, "ours").items] == [user("a")]
    assert [one.message for one in deferred.settled(whole, "theirs").items] == [user("c")]


@pytest.mark.parametrize("held", [None, "text", {"ours": {"nonsense": 1}}, {}])
def test_bytes_that_hold_no_version_are_damage(held: Any) -> None:
    message = Message("user", {"role": "user", "content": "", "conflict": held}, kind="conflict")
    with pytest.raises(CorruptTraceError):
        deferred.shown(message)
