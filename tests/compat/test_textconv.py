"""After `trace setup-git`, in the trace and in a clone of it: stock git prints messages as text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.ops import setup_git

Git = Callable[..., str]
HOSTILE = "red \x1b[31m link \x1b]8;;http://x\x07 turned \u202e over\rwritten \x9b1m"


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = Path(sys.executable).parent
    if not (scripts / "trace").exists():
        pytest.skip("the scripts are not installed")
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(params=["the trace", "a clone"])
def where(request: pytest.FixtureRequest, open_repo: Callable[..., Repo], tmp_path: Path) -> Path:
    """Two messages, an edit of the first, a tool group's call; set up for stock git."""
    repo = open_repo()
    first = repo.commit("find the bug\nin the parser", role="user")
    call = {"id": "c1", "type": "function", "function": {"name": "grep", "arguments": '{"for": "parse"}'}}
    repo.commit({"role": "assistant", "content": None, "tool_calls": [call]})
    repo.edit(first, "find the bug\nin the lexer")
    repo.commit({"role": "tool", "tool_call_id": "c1", "content": HOSTILE})
    repo.flush()
    folder = repo.path
    if request.param == "a clone":
        folder = tmp_path / "clone"
        subprocess.run(["git", "clone", "-q", str(repo.path), str(folder)], check=True, capture_output=True)
        setup_git.setup(str(folder / ".git"))
    else:
        setup_git.setup(str(folder))
    return folder


def test_log_shows_what_was_said(where: Path, git: Git) -> None:
    shown = git(where, "log", "-p", "--reverse").split("\n")
    assert "+find the bug" in shown
    assert "+→ grep (c1)" in shown
    assert "+    for: parse" in shown
    assert {"-in the parser", "+in the lexer"} <= set(shown)
    assert "Binary files" not in "\n".join(shown)


def test_show_and_diff_of_an_edit_are_one_line(where: Path, git: Git) -> None:
    for words in (["show", "--format=", "HEAD~1"], ["diff", "HEAD~2", "HEAD~1"]):
        lines = git(where, *words).split("\n")
        assert [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
            "-in the parser",
            "+in the lexer",
        ]


def test_blame_goes_by_lines_of_text(where: Path, git: Git) -> None:
    name = git(where, "ls-tree", "-r", "--name-only", "HEAD", "messages/").split("\n")[0]
    lines = git(where, "blame", "-s", "--abbrev=7", "HEAD", "--", name).split("\n")
    assert [line.split(") ", 1)[1] for line in lines] == ["user", "", "find the bug", "in the lexer"]
    edit = git(where, "rev-parse", "--short=8", "HEAD~1")
    assert lines[3].startswith(edit)
    assert not lines[2].startswith(edit)


def test_hostile_text_comes_out_as_visible_escapes(where: Path) -> None:
    done = subprocess.run(["git", "log", "-p"], cwd=where, capture_output=True, check=True)
    shown = done.stdout.decode()
    assert "red \\x1b[31m link \\x1b]8;;http://x\\x07 turned \\u202e over\\rwritten \\x9b1m" in shown
    assert not set("\x1b\x07\u202e\r\x9b") & set(shown)


def test_pins_and_tools_are_text_too(where: Path, git: Git, open_repo: Callable[..., Repo]) -> None:
    with open_repo() as repo:
        repo.pin(repo.context().items[0])
        repo.set_tools([{"type": "function", "function": {"name": "grep"}}])
        repo.flush()
    if where.name == "clone":
        git(where, "pull", "-q")
    shown = git(where, "log", "-p", "-2")
    assert "+in the lexer" in shown
    assert "+tool grep" in shown


def test_a_blob_that_is_no_message_stops_nothing(where: Path, git: Git, open_repo: Callable[..., Repo]) -> None:
    if where.name != "clone":
        pytest.skip("needs a work tree")
    (where / "messages" / "x.msgpack").write_bytes(b"\xc1junk")
    git(where, "add", ".")
    git(where, "commit", "-q", "-m", "by hand")
    shown = git(where, "log", "-p")
    assert "+(cannot read" in shown
    assert "5 bytes)" in shown
    assert "+find the bug" in shown


def test_the_ledger(where: Path, git: Git, open_repo: Callable[..., Repo]) -> None:
    theirs = git(where, "log", "--format=%(trailers:key=Trace-Tokens,valueonly,separator=%x2C)").split("\n")
    with open_repo() as repo:
        assert theirs == [f"{commit.tokens:+d}" for commit in repo.log()]


def test_git_trace_is_a_command_of_git(where: Path, git: Git) -> None:
    if where.name == "clone":
        pytest.skip("a clone with a work tree is no trace to work in")
    assert "main" in git(where, "trace", "status")
