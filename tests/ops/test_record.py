"""commit: every kind of input, what is written down beside it, and what is refused with nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from trace_git import Message, Repo, Usage, assistant, system, tool, user
from trace_git.errors import ConflictError, InvalidInputError, StateError

Git = Callable[..., str]
Texts = Callable[..., list[str]]
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"b": 1, "a": 2}'}}
ANTHROPIC = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {"b": 1}}]}
COMPLETION = {
    "id": "x",
    "object": "chat.completion",
    "model": "gpt-x",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "done"}}],
    "usage": {"prompt_tokens": 40, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 8}},
}


# -- what may be committed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "bodies"),
    [
        ("hello", [{"role": "user", "content": "hello"}]),
        ("", [{"role": "user", "content": ""}]),
        ("a\r\n b \ufeff\0 \u202e", [{"role": "user", "content": "a\r\n b \ufeff\0 \u202e"}]),
        ({"role": "system", "content": "x", "y": [1, None]}, [{"role": "system", "content": "x", "y": [1, None]}]),
        (user("x", name="ann"), [{"role": "user", "content": "x", "name": "ann"}]),
        (assistant(None, tool_calls=[CALL]), [{"role": "assistant", "content": None, "tool_calls": [CALL]}]),
        (ANTHROPIC, [ANTHROPIC]),
        (["a", {"role": "assistant", "content": "b"}, tool("c", "c1")],
         [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
          {"role": "tool", "tool_call_id": "c1", "content": "c"}]),
        (("a", "b"), [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]),
        (COMPLETION, [{"role": "assistant", "content": "done"}]),
    ],
)  # fmt: skip
def test_messages_come_back_as_they_were_given(content: Any, bodies: list[dict[str, Any]], repo: Repo) -> None:
    commit = repo.commit(content)
    found = repo.context().messages()
    assert json.dumps(found) == json.dumps(bodies)  # the order of keys included
    assert [item.message.to_dict() for item in commit.items] == bodies
    assert repo.verify() == ()


def test_the_value_that_was_given_is_not_kept(repo: Repo) -> None:
    given = {"role": "user", "content": [{"type": "text", "text": "one"}]}
    repo.commit(given)
    given["content"][0]["text"] = "changed"  # type: ignore[index]
    repo.context().messages()[0]["content"] = "changed"
    assert repo.context().messages() == [{"role": "user", "content": [{"type": "text", "text": "one"}]}]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ([], None),
        ((), None),
        ({"content": "x"}, "role"),
        ({"role": "robot", "content": "x"}, "role"),
        ({"role": "user", "content": None}, "content"),
        ({"role": "user", "content": float("nan")}, "content"),
        (["fine", {"role": "robot", "content": "x"}], "[1].role"),
        (b"bytes", None),
        (5, None),
        (iter(["stream"]), None),
        ({**COMPLETION, "choices": COMPLETION["choices"] * 2}, "choices"),
        ("\ud800", "content"),
    ],
)
def test_what_cannot_be_committed_is_refused_and_changes_nothing(content: Any, field: str | None, repo: Repo) -> None:
    before = repo.commit("before")
    with pytest.raises(InvalidInputError) as caught:
        repo.commit(content)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    if field:
        assert caught.value.field == field
    assert repo.get("HEAD") == before
    assert len(list(repo.log())) == 1


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant"])
def test_text_takes_the_role_that_is_asked_for(role: str, repo: Repo) -> None:
    commit = repo.commit("x", role=role)
    assert (commit.items[0].role, commit.author.name, commit.op) == (role, role, "append")
    with pytest.raises(InvalidInputError):
        repo.commit({"role": "tool", "tool_call_id": "c", "content": "x"}, role=role)
    with pytest.raises(InvalidInputError):
        repo.commit("x", role="robot")


# -- what a commit says ------------------------------------------------------------------------


def test_the_subject_says_what_was_committed(repo: Repo) -> None:
    assert repo.commit("one\ntwo  three").subject == "user: one two three"
    assert repo.commit(["a", "b", "c"]).subject == "user: a (+2 more)"
    assert repo.commit(assistant(None, tool_calls=[CALL])).subject == "assistant: → look"
    assert repo.commit("").subject == "user: (empty)"
    assert len(repo.commit("x" * 500).subject) <= 72


def test_a_subject_is_safe_for_a_terminal(repo: Repo, git: Git) -> None:
    repo.commit("\x1b[31mred\x07 \x9b \u202egnp \r")
    for text in (repo.get("HEAD").subject, git(repo, "log", "--format=%B%an")):
        assert not any(char in text for char in "\x1b\x07\x9b\u202e\r")
    assert repo.context().items[0].message.text == "\x1b[31mred\x07 \x9b \u202egnp \r"


def test_the_commit_message_is_the_callers(repo: Repo, git: Git) -> None:
    commit = repo.commit("x", message="Why login fails\n\nIt is the clock.\n\nTrace-Op: pin\n")
    assert commit.subject == "Why login fails"
    assert commit.message == "Why login fails\n\nIt is the clock.\n\nTrace-Op: pin"
    assert commit.op == "append"
    assert git(repo, "log", "--format=%(trailers:key=Trace-Op,valueonly)") == "append"
    assert repo.context().messages() == [{"role": "user", "content": "x"}]
    for bad in ("", " \n", 5):
        with pytest.raises(InvalidInputError):
            repo.commit("x", message=bad)  # type: ignore[arg-type]


def test_who_said_it_is_the_author_and_who_runs_it_the_committer(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repo.commit(COMPLETION).author.name == "gpt-x"
    assert repo.commit("x").committer.name == "trace-git"
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Ann")
    with Repo.open(repo.path, tokenizer=None) as other:
        assert other.commit("x").committer.name == "Ann"


@pytest.mark.parametrize(
    ("when", "seconds"),
    [
        (0, 0),
        (1_600_000_000.9, 1_600_000_000),
        (datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC), 1_600_000_000),
        (datetime(2020, 9, 13, 14, 26, 40, tzinfo=timezone(timedelta(hours=2))), 1_600_000_000),
        (None, 1_700_000_000),
    ],
)
def test_timestamps(when: Any, seconds: int, repo: Repo, git: Git) -> None:
    assert repo.commit("x", timestamp=when).timestamp == seconds
    assert git(repo, "log", "--format=%at %ct") == f"{seconds} {seconds}"


@pytest.mark.parametrize(
    "when", [datetime(2020, 9, 13), -1, float("nan"), float("inf"), 2.0**60, "yesterday", True, datetime.max]
)
def test_what_is_no_time(when: Any, repo: Repo) -> None:
    with pytest.raises(InvalidInputError) as caught:
        repo.commit("x", timestamp=when)
    assert caught.value.field == "timestamp"
    assert list(repo.log()) == []


def test_times_do_not_make_history(repo: Repo) -> None:
    for when in (3_000_000_000, 5, 2_000_000_000):
        repo.commit(str(when), timestamp=when)
    assert [commit.timestamp for commit in repo.log()] == [2_000_000_000, 5, 3_000_000_000]


def test_the_same_again_gives_the_same_ids(open_repo: Callable[..., Repo]) -> None:
    def run(repo: Repo) -> list[str]:
        repo.commit("sys", role="system", pin=True, timestamp=1)
        first = repo.commit([user("a"), assistant(None, tool_calls=[CALL])], timestamp=2)
        repo.commit(tool("r", "c1"), timestamp=3)
        repo.edit(first.items[0].id, "b", timestamp=4)
        repo.pin(first.items[1].id)
        repo.set_tools([{"type": "function", "function": {"name": "look"}}])
        repo.commit("x", usage=Usage(1, 2, 0, "m"), timestamp=5)
        return [commit.id for commit in repo.log()] + [item.id for item in repo.context().items]

    assert run(open_repo("a")) == run(open_repo("b", durability="os"))


# -- tokens ------------------------------------------------------------------------------------


def test_tokens_add_up(repo: Repo) -> None:
    repo.set_tools([{"type": "function", "function": {"name": "look"}}])
    one = repo.commit("one two three")
    repo.commit(["four", assistant("five six"), "seven"])
    repo.edit(one, "one")
    repo.pin(one)
    log = list(repo.log())
    for commit, before in zip(log, [*log[1:], None], strict=True):
        total = before.context_tokens if before else 0
        assert commit.context_tokens == (total or 0) + (commit.tokens or 0)
    assert sum(commit.tokens or 0 for commit in log) == log[0].context_tokens == repo.context().tokens
    assert repo.context().tokens == sum((1, 1, 2, 1)) + 4 * (3 + 1) + 3  # words, framing with role, priming
    assert repo.context().tokens.exact


def test_an_estimate_says_so(repo: Repo, git: Git) -> None:
    assert repo.commit("plain").context_tokens.exact  # type: ignore[union-attr]
    commit = repo.commit(assistant(None, tool_calls=[CALL]))
    assert commit.context_tokens is not None
    assert not commit.context_tokens.exact
    assert commit.context_tokens.counter == "words"
    assert git(repo, "log", "-1", "--format=%(trailers:key=Trace-Tokenizer,valueonly)") == "words estimate"


def test_without_a_tokenizer_nothing_is_said_of_tokens(open_repo: Callable[..., Repo], git: Git) -> None:
    repo = open_repo(tokenizer=None)
    commit = repo.commit("one two")
    assert commit.tokens is commit.context_tokens is None
    assert git(repo, "log", "--format=%(trailers)").split("\n") == ["Trace-Op: append"]
    assert open_repo().context().tokens == 9  # who counts now counts what nobody counted
    later = open_repo().commit("three")
    assert later.context_tokens == 14


def test_another_tokenizer_counts_anew(open_repo: Callable[..., Repo]) -> None:
    class Letters:
        name = "letters"

        def count(self, text: str) -> int:
            return len(text)

    open_repo().commit("one two")
    with open_repo(tokenizer=Letters()) as repo:
        assert repo.context().tokens == len("one two") + len("user") + 3 + 3
        assert repo.commit("x").context_tokens == 7 + 1 + 2 * (4 + 3) + 3
    assert open_repo().context().tokens == 2 + 1 + 2 * 4 + 3


@pytest.mark.parametrize(("tokenizer", "total"), [("cl100k_base", 129), ("o200k_base", 124)])
def test_the_published_totals(tokenizer: str, total: int, open_repo: Callable[..., Repo]) -> None:
    """The example of OpenAI's cookbook page on counting tokens, with the totals its API reported."""
    repo = open_repo(tokenizer=tokenizer)
    for message in [
        system("You are a helpful, pattern-following assistant that translates corporate jargon into plain English."),
        system("New synergies will help drive top-line growth.", name="example_user"),
        system("Things working well together will increase revenue.", name="example_assistant"),
        system(
            "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
            name="example_user",
        ),
        system("Let's talk later when we're less busy about how to do better.", name="example_assistant"),
        user("This late pivot means we don't have time to boil the ocean for the client deliverable."),
    ]:
        repo.commit(message)
    prompt = repo.materialize()
    assert (prompt.tokens, prompt.tokens.exact, prompt.tokens.counter) == (total, True, tokenizer)
    assert sum(commit.tokens or 0 for commit in repo.log()) == total


# -- usage -------------------------------------------------------------------------------------


def test_a_response_brings_its_usage(repo: Repo, git: Git) -> None:
    repo.commit("question")
    prompt = repo.materialize()
    commit = repo.commit(COMPLETION, prompt=prompt)
    assert commit.usage == Usage(40, 7, 8, "gpt-x")
    said = git(repo, "log", "-1", "--format=%(trailers:key=Trace-Usage,valueonly)")
    assert said.startswith("prompt=40 completion=7 cached=8 model=gpt-x over=")
    assert "choices" not in repo.context().messages()[-1]


@pytest.mark.parametrize("model", ["gpt-4o", "anthropic/claude:1@x", "my model é", "a=b over=c", None])
def test_usage_is_read_back_as_it_was_given(model: str | None, repo: Repo) -> None:
    usage = Usage(10, 5, 2, model)
    assert repo.commit("answer", role="assistant", usage=usage).usage == usage
    assert repo.get("HEAD").usage == usage


def test_usage_of_another_shape_is_refused(repo: Repo) -> None:
    with pytest.raises(InvalidInputError, match="is no Usage"):
        repo.commit("hi", usage={"prompt_tokens": 4})  # type: ignore[arg-type]


def test_usage_names_what_was_sent(repo: Repo) -> None:
    repo.commit("one")
    early = repo.materialize()
    repo.commit("two")
    late = repo.materialize()

    def over(**options: Any) -> str:
        return (
            repo.commit("x", role="assistant", usage=Usage(9, 1), **options).trailers["Trace-Usage"].split("over=")[1]
        )

    assert over(prompt=early) != over(prompt=late)
    assert over(prompt=early) == over(prompt=early)


def test_no_usage_is_written_when_none_was_reported(repo: Repo) -> None:
    commit = repo.commit({**COMPLETION, "usage": {"prompt_tokens": 0, "completion_tokens": 0}})
    assert commit.usage is None
    assert "Trace-Usage" not in commit.trailers


# -- pin, expect, handles ----------------------------------------------------------------------


def test_pin_pins_what_is_committed(repo: Repo, git: Git) -> None:
    commit = repo.commit(["a", "b"], pin=True)
    assert [item.pinned for item in repo.context().items] == [True, True]
    for item in commit.items:
        assert git(repo, "rev-parse", f"refs/trace/pins/{item.id}") == commit.id
    repo.commit("c")
    assert [item.pinned for item in repo.context().items] == [True, True, False]


def test_pinning_a_result_pins_its_call(repo: Repo) -> None:
    repo.commit(assistant(None, tool_calls=[CALL]))
    repo.commit(tool("r", "c1"), pin=True)
    assert [item.pinned for item in repo.context().items] == [True, True]


def test_expect_is_compare_and_swap(repo: Repo, open_repo: Callable[..., Repo], texts: Texts) -> None:
    one = repo.commit("one")
    open_repo().commit("somebody else's")
    for expected in (one, one.id):
        with pytest.raises(ConflictError) as caught:
            repo.commit("two", expect=expected)
        assert one.id in str(caught.value)
    assert texts(repo) == ["one", "somebody else's"]
    repo.commit("two", expect=repo.get("HEAD"))
    assert texts(repo)[-1] == "two"


def test_expecting_a_commit_on_an_empty_branch(repo: Repo) -> None:
    with pytest.raises(ConflictError):
        repo.commit("two", expect="ab" * 20)
    assert list(repo.log()) == []


def test_a_batch_commits_what_it_commits(repo: Repo, texts: Texts) -> None:
    with repo.batch():
        for number in range(50):
            repo.commit(str(number))
        assert len(texts(repo)) == 50
    assert texts(repo) == [str(number) for number in range(50)]


def test_a_closed_handle_is_of_no_use(repo: Repo) -> None:
    repo.commit("one")
    repo.close()
    repo.close()
    verbs: list[Callable[[], object]] = [
        lambda: repo.commit("x"), repo.context, repo.materialize, repo.log, repo.status, repo.branches, repo.verify,
        lambda: repo.get("HEAD"), lambda: repo.branch("x"), lambda: repo.set_tools([]), lambda: repo.tools,
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(StateError, match="closed"):
            verb()


def test_a_message_that_was_not_read_before_the_end() -> None:
    with Repo.open(":memory:", tokenizer=None) as writer:
        writer.commit("one")
        with Repo.open(writer.path, tokenizer=None) as reader:
            item = reader.context().items[0]
    with pytest.raises(StateError):
        _ = item.message


def test_a_response_message_of_any_format_may_be_a_message(repo: Repo) -> None:
    body = {"role": "assistant", "content": [{"type": "thinking", "thinking": "h", "signature": "s"}]}
    repo.commit(Message("assistant", body, "anthropic.messages", model="claude-x"))
    found = repo.context().items[0].message
    assert (found.fmt, found.model, found.to_dict()) == ("anthropic.messages", "claude-x", body)


@pytest.mark.parametrize(
    ("given", "field"), [({"prompt": 5}, "prompt"), ({"expect": "HEAD"}, "expect"), ({"expect": 5}, "expect")]
)
def test_what_is_no_prompt_and_no_commit_is_refused_by_name(repo: Repo, given: dict[str, Any], field: str) -> None:
    first = repo.commit("one")
    with pytest.raises(InvalidInputError) as caught:
        repo.commit("two", usage=Usage(5, 1), **given)
    assert caught.value.field == field
    assert repo.commit("two", expect=first.id).parents == (first.id,)


def test_tools_that_are_no_list_are_refused(repo: Repo) -> None:
    with pytest.raises(InvalidInputError, match="not a list"):
        repo.set_tools(5)  # type: ignore[call-overload]


def test_a_mended_prompt_counts_what_is_left_of_it() -> None:
    with Repo.open(":memory:") as repo:
        alone = repo.commit("hello").context_tokens
        repo.commit(tool("x " * 1000, "no such call"))
        prompt = repo.materialize(repair=True)
        assert len(prompt.output) == 1
        assert (prompt.tokens, prompt.tokens.exact) == (alone, False)
