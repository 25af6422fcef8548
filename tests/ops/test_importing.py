"""import and export: a transcript becomes commits, its forks branches, and it comes out as it went in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError

Texts = Callable[..., list[str]]
CHAT = [
    {"role": "system", "content": "You look things up."},
    {"role": "user", "content": "What is\r\nthis?"},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"b":1,"a":2}'}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "a thing"},
    {"role": "assistant", "content": "A thing.", "refusal": None},
]  # fmt: skip


def line(uuid: str, parent: str | None, role: str, text: str, second: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": role, "content": text}
    if role == "assistant":
        usage = {"input_tokens": 50, "cache_read_input_tokens": 10, "output_tokens": 5}
        content = [{"type": "text", "text": text}]
        message = {"id": f"msg_{uuid}", "type": "message", "role": role, "model": "claude-x", "content": content, "usage": usage}  # fmt: skip # noqa: E501
    when = f"2025-01-01T00:00:{second:02d}.000Z"
    return {"uuid": uuid, "parentUuid": parent, "type": role, "message": message, "timestamp": when,
            "sessionId": "s", "isSidechain": False, "userType": "external"}  # fmt: skip


FORKED = [
    line("1", None, "user", "question", 1),
    line("2", "1", "assistant", "first answer", 2),
    line("3", "2", "user", "follow-up", 3),
    line("4", "3", "assistant", "dead end", 4),
    line("5", "2", "user", "other follow-up", 5),
    line("6", "5", "assistant", "good end", 6),
]


def chat_file(folder: Path) -> Path:
    (folder / "chat.json").write_text(json.dumps(CHAT))
    return folder / "chat.json"


def forked_file(folder: Path) -> Path:
    (folder / "session.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in FORKED))
    return folder / "session.jsonl"


def test_one_commit_a_message(repo: Repo, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    result = repo.import_file(chat_file(tmp_path), progress=lambda done, total: steps.append((done, total)))
    assert (result.format, result.branches, result.commits, result.items) == ("openai", ("main",), 5, 5)
    assert steps == [(number, 5) for number in range(1, 6)]
    assert repo.context().messages() == CHAT
    assert len(list(repo.log())) == 5
    assert repo.verify() == ()


def gist(repo: Repo) -> list[tuple[Any, ...]]:
    """What a model is told, in whichever format it is kept."""
    told = []
    for message in repo.materialize().output:
        content = message["content"]
        text = content if isinstance(content, str | None) else "".join(block["text"] for block in content)
        calls = [(call["id"], json.loads(call["function"]["arguments"])) for call in message.get("tool_calls", ())]
        told.append((message["role"], text or None, calls, message.get("tool_call_id")))
    return told


@pytest.mark.parametrize("format", ["openai", "anthropic", "claude-code", "swe-agent"])
def test_what_is_exported_can_be_imported(format: str, open_repo: Callable[..., Repo], tmp_path: Path) -> None:
    repo, again = open_repo(), open_repo("again")
    repo.import_file(chat_file(tmp_path))
    (tmp_path / "exported").write_text(repo.export(format=format))
    again.import_file(tmp_path / "exported", format=format)
    assert gist(again) == gist(repo)


def test_openai_comes_out_as_it_went_in(repo: Repo, tmp_path: Path) -> None:
    repo.import_file(chat_file(tmp_path))
    assert json.dumps(json.loads(repo.export())) == json.dumps(CHAT)
    assert json.loads(repo.export("HEAD~3")) == CHAT[:2]


def test_forks_become_branches(repo: Repo, tmp_path: Path, texts: Texts) -> None:
    result = repo.import_file(forked_file(tmp_path))
    assert result.format == "claude-code"
    assert result.branches[0] == "main"
    assert len(result.branches) == 2
    assert result.commits == 6
    other = result.branches[1]
    ends = {tuple(texts(repo, name)) for name in ("main", other)}
    assert ends == {
        ("question", "first answer", "follow-up", "dead end"),
        ("question", "first answer", "other follow-up", "good end"),
    }
    assert repo.get("main~2") == repo.get(f"{other}~2")  # the fork is one commit


def test_times_models_and_usage_come_along(repo: Repo, tmp_path: Path) -> None:
    repo.import_file(forked_file(tmp_path))
    commit = repo.get("main~2")
    assert commit.timestamp == 1_735_689_602
    assert commit.author.name == "claude-x"
    assert commit.usage is not None
    assert (commit.usage.prompt, commit.usage.completion, commit.usage.cached) == (60, 5, 10)


def test_an_import_is_one_operation(repo: Repo, tmp_path: Path) -> None:
    repo.commit("before")
    result = repo.import_file(forked_file(tmp_path))
    assert "main" not in result.branches  # what is there stays
    assert [commit.subject for commit in repo.log("main")] == ["user: before"]
    entries = [entry for entry in repo._handle.store.entries() if entry.verb != "external"]
    assert len({entry.op for entry in entries}) == 2


def test_importing_twice_makes_new_branches(repo: Repo, tmp_path: Path) -> None:
    first = repo.import_file(chat_file(tmp_path))
    second = repo.import_file(chat_file(tmp_path))
    third = repo.import_file(chat_file(tmp_path))
    names = [*first.branches, *second.branches, *third.branches]
    assert len(set(names)) == 3
    assert {branch.name for branch in repo.branches()} == set(names)


@pytest.mark.parametrize("content", ["[]", "{}", "not json", "", "[{]", '{"messages": []}'])
def test_a_file_without_messages(content: str, repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InvalidInputError, match=r"x\.json"):
        repo.import_file(tmp_path / "x.json")
    assert repo.branches() == ()


def test_unknown_formats_and_nothing_to_export(repo: Repo, tmp_path: Path) -> None:
    repo.import_file(chat_file(tmp_path))
    with pytest.raises(InvalidInputError) as caught:
        repo.export(format="pdf")
    assert "openai" in (caught.value.hint or "")
    with pytest.raises(InvalidInputError):
        repo.import_file(chat_file(tmp_path), format="pdf")
