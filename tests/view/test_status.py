"""status: where a handle stands, and a prompt's size anchored on what an API reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from trace_git import Message, Repo, Usage, assistant, tool
from trace_git.model import Prompt
from trace_git.view import models

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
EACH = 3 + 1  # framing and the role of a message of one word less


class Words:
    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    with Repo.open(tmp_path / "t.trace", tokenizer=Words(), budget=500) as repo:
        yield repo


def answer(repo: Repo, prompt: Prompt | None = None, *, reported: int = 100) -> None:
    repo.commit("the answer", role="assistant", usage=Usage(reported, 7), prompt=prompt)


def test_an_empty_trace(repo: Repo) -> None:
    status = repo.status()
    assert (status.branch, status.head, status.items, status.tokens) == ("main", None, 0, 0)
    assert (status.roles, status.pinned, status.reported, status.warnings) == ({}, 0, None, ())
    assert (status.budget, status.path) == (500, str(repo.path))


def test_a_branch_without_a_commit_beside_one_that_has_some_is_told(repo: Repo) -> None:
    repo.commit("one two")
    Path(repo.path, "HEAD").write_text("ref: refs/heads/mahn\n")  # one bit of it was flipped
    with Repo.open(repo.path) as other:
        assert other.status().warnings == ("this branch has no commit, while main has",)
    assert repo.status().warnings == ()


def test_tokens_by_role_with_pins_apart(repo: Repo) -> None:
    repo.commit("one two", role="system", pin=True)
    repo.commit(["a", "b c"])
    commit = repo.commit("d", role="assistant")
    status = repo.status()
    assert status.roles == {"pinned": 2 + EACH, "user": 3 + 2 * EACH, "assistant": 1 + EACH}
    assert sum(status.roles.values()) + 3 == status.tokens == repo.context().tokens
    assert (status.items, status.pinned, status.head) == (4, 1, commit.id)


def test_what_a_provider_would_stumble_over_is_told(repo: Repo) -> None:
    repo.commit(tool("r", "c1"))
    (warning,) = repo.status().warnings
    assert repo.context().items[0].id in warning
    repo.commit("x")
    repo.commit(assistant(None, tool_calls=[CALL]))
    assert len(repo.status().warnings) == 1  # a call at the tail waits for its answer
    repo.commit("y")
    assert len(repo.status().warnings) == 2


def test_without_a_tokenizer(repo: Repo) -> None:
    repo.commit("one")
    with Repo.open(repo.path, tokenizer=None) as other:
        status = other.status()
        assert (status.items, status.roles, status.reported) == (1, {}, None)
        assert status.tokens == repo.context().tokens  # as the commit says


def test_no_report_no_anchor(repo: Repo) -> None:
    repo.commit("one")
    assert repo.status().reported is None


def test_a_report_is_the_anchor_and_the_rest_is_estimated(repo: Repo) -> None:
    repo.commit("one")
    answer(repo)
    reported = repo.status().reported
    assert reported == 100 + 2 + EACH
    assert reported is not None
    assert not reported.exact
    assert reported.counter.startswith("api")
    repo.commit("x y z")
    assert repo.status().reported == 100 + 2 + EACH + 3 + EACH
    answer(repo, reported=200)
    assert repo.status().reported == 200 + 2 + EACH  # the last report counts


def test_a_report_is_of_the_prompt_that_was_sent(repo: Repo) -> None:
    repo.commit("one two three")
    prompt = repo.materialize()
    repo.commit("a nudge meanwhile")
    answer(repo, prompt)
    assert repo.status().reported == 100 + (3 + EACH) + (2 + EACH)


def test_an_edit_of_what_was_sent_moves_the_anchor(repo: Repo) -> None:
    commit = repo.commit("one two three")
    answer(repo, repo.materialize())
    repo.edit(commit, "one")
    assert repo.status().reported == 100 - 2 + (2 + EACH)


def test_an_edit_of_what_came_later_is_estimated(repo: Repo) -> None:
    repo.commit("one")
    answer(repo, repo.materialize())
    later = repo.commit("x y z")
    repo.edit(later, "x")
    assert repo.status().reported == 100 + (2 + EACH) + (1 + EACH)


def test_a_pin_changes_nothing_of_that(repo: Repo) -> None:
    commit = repo.commit("one")
    answer(repo, repo.materialize())
    before = repo.status().reported
    repo.pin(commit)
    assert repo.status().reported == before


def test_the_model_is_the_one_that_spoke_last(repo: Repo) -> None:
    assert repo.status().model is None
    repo.commit("one")
    answer(repo)
    assert repo.status().model is None
    repo.commit("another", role="assistant", usage=Usage(100, 5, 0, "reported-model"))
    assert repo.status().model == "reported-model"
    repo.commit(Message("assistant", {"role": "assistant", "content": "hi"}, model="my-model"))
    repo.commit("two")
    assert repo.status().model == "my-model"


def test_the_budget_is_what_was_given_else_configured_else_the_models_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "window", lambda model, **_: {"my-model": 9_000}.get(model))

    def told(budget: int | None = None) -> tuple[int | None, str | None, int | None]:
        with Repo.open(tmp_path / "b.trace", tokenizer=Words(), budget=budget) as repo:
            status = repo.status()
            return status.budget, status.budget_from, status.window

    with Repo.open(tmp_path / "b.trace", tokenizer=Words()) as repo:
        repo.commit("hi")
        assert told() == (None, None, None)
        repo.commit(Message("assistant", {"role": "assistant", "content": "hi"}, model="unheard-of"))
        assert told() == (None, None, None)
        repo.commit(Message("assistant", {"role": "assistant", "content": "hi"}, model="my-model"))
        assert told() == (9_000, "model", 9_000)
        repo.set_config("budget", 700)
        assert told() == (700, "config", 9_000)
        assert told(budget=50) == (50, "given", 9_000)


def test_summaries_have_a_part_of_their_own(repo: Repo) -> None:
    repo.commit("one two")
    repo.commit(Message("user", {"role": "user", "content": "in short"}, kind="summary"))
    assert repo.status().roles == {"user": 2 + EACH, "summary": 2 + EACH}


def test_sizes_of_a_commit_by_others_are_counted(repo: Repo) -> None:
    repo.commit("one two")

    class Letters(Words):
        name = "letters"

        def count(self, text: str) -> int:
            return len(text)

    with Repo.open(repo.path, tokenizer=Letters()) as other:
        status = other.status()
        assert status.tokens == other.context().tokens == 7 + 3 + 4 + 3
        assert (status.tokens.counter, status.tokens.exact) == ("letters", True)


def test_an_old_report_is_let_go(repo: Repo) -> None:
    repo.commit("one")
    answer(repo)
    with repo.batch():
        for number in range(49):
            repo.commit(str(number))
    assert repo.status().reported is not None
    repo.commit("one too many")
    assert repo.status().reported is None


def test_of_a_merge_only_the_first_parent_is_looked_at(repo: Repo) -> None:
    """A report on the other side is of another prompt."""
    repo.commit("one")
    repo.branch("side")
    first = repo.commit("two")
    repo.switch("side")
    answer(repo)
    side = repo.get("HEAD")
    repo.switch("main")
    store = repo._handle.store
    with store.transaction("merge", ["refs/heads/main"]) as transaction:
        data = store.commit(first.id)
        merge = data._replace(parents=(first.id, side.id), message="merge", trailers={"Trace-Op": "merge"})
        transaction.move("refs/heads/main", transaction.put_commit(merge))
    assert repo.status().reported is None


def test_a_report_of_less_than_has_gone_says_nothing(repo: Repo) -> None:
    """As after the import of a transcript whose program had sent less than it kept."""
    repo.commit("word " * 500)
    answer(repo, reported=100)
    assert repo.status().reported is not None
    repo.drop(repo.context().items[0])
    assert repo.status().reported is None
