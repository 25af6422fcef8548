"""What a terminal gets to see, and streams that are closed, cut or interrupted."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from contextlib import suppress

import pytest

from trace_git.cli import app, exits

from .conftest import command, environment

HOSTILE = "x\x1b[31m\x1b]8;;http://evil\x07\x1b]52;c;QQ==\x1b\\\u202e\u2066\x9b31m\x85over\rwritten\x00"
SPOKEN = HOSTILE.replace("\0", "")  # no argument can hold a NUL
HARMFUL = set("\x1b\x07\u202e\u2066\x9b\x85\r\x00")


AUTHOR = HOSTILE.translate({ord(char): None for char in "\0\r\n<>"})
BRANCH = "x\u202e\u2066y\x9b31m\x85z"  # what git allows in a name


@pytest.fixture
def hostile(trace, here):
    """A trace in which everything that a stranger can choose is hostile: content, names, subject, author, refs."""
    trace("commit", "--messages", input=_message())
    trace("commit", SPOKEN, "-m", SPOKEN)
    env = environment({"GIT_AUTHOR_NAME": AUTHOR, "GIT_AUTHOR_EMAIL": "x", "GIT_COMMITTER_NAME": AUTHOR})
    env = {**env, "GIT_COMMITTER_EMAIL": "x"}
    git = ["git", "-C", ".trace"]
    made = [*git, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", SPOKEN]
    commit = subprocess.run(made, env=env, capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run([*git, "update-ref", f"refs/heads/{BRANCH}", commit], check=True)
    subprocess.run([*git, "update-ref", f"refs/tags/{BRANCH}", commit], check=True)
    (here / "hostile.json").write_bytes(b"[" + _message() + b"]")
    (here / SPOKEN.replace("/", "")).write_bytes(b"[" + _message() + b"]")
    return trace


def _message() -> bytes:
    call = {"id": HOSTILE, "type": "function", "function": {"name": HOSTILE, "arguments": HOSTILE}}
    return json.dumps({"role": "assistant", "content": HOSTILE, "name": HOSTILE, "tool_calls": [call]}).encode()


RUNS = {  # each command on the hostile trace: the words of its runs; ITEM and FILE are filled in
    "init": ["", "sub"],
    "import": ["hostile.json", "FILE"],
    "commit": ["x -m TEXT", "TEXT"],
    "status": ["", "--grid --budget 100"],
    "log": ["", "--oneline", "--all --graph", "--stat", "--grep over", "BRANCH"],
    "show": ["", "HEAD~1", "BRANCH", "HEAD:ITEM"],
    "ls": ["", "--long", "HEAD~1"],
    "diff": ["", "HEAD~1 BRANCH", "--stat", "BRANCH..HEAD~1"],
    "edit": ["ITEM TEXT", "ITEM TEXT -m TEXT"],
    "pin": ["ITEM"],
    "unpin": ["ITEM"],
    "drop": ["ITEM"],
    "reset": ["HEAD~1", "BRANCH"],
    "checkout": ["HEAD~1", "BRANCH"],
    "switch": ["BRANCH"],
    "branch": ["", "TEXT", "new BRANCH", "-d BRANCH", "-D BRANCH", "-m BRANCH new", "-m TEXT"],
    "merge": [
        "BRANCH",
        "BRANCH --no-ff -m TEXT",
        "BRANCH --dry-run",
        "TEXT",
        "--continue",
        "--abort",
        "BRANCH --dry-run --llm TEXT",
        "BRANCH --no-ff --dry-run --llm=openai/gpt-4o --semantic --json",
    ],
    "compress": ["", "--strategy mask", "HEAD --summary TEXT", "TEXT --dry-run"],
    "expand": ["", "TEXT", "TEXT --peek"],
    "budget": ["", "TEXT"],
    "rebase": ["BRANCH --dry-run", "BRANCH --yes", "TEXT", "--continue"],
    "cherry-pick": ["BRANCH --dry-run", "BRANCH --yes", "TEXT"],
    "range-diff": ["HEAD~1 BRANCH", "TEXT BRANCH"],
    "reorder": ["ITEM TEXT", "move ITEM --before TEXT"],
    "gc": ["", "--never BRANCH"],
    "redact": ["over --dry-run", "TEXT --dry-run", "over --yes"],
    "spawn": ["a --purpose TEXT", "TEXT"],
    "collapse": ["TEXT x", "a TEXT"],
    "agents": ["", "--delete TEXT"],
    "resume": ["", "TEXT"],
    "bisect": ["start HEAD HEAD~1", "start TEXT", "log", "run TEXT"],
    "search": ["over", "TEXT"],
    "blame": ["ITEM", "ITEM --words", "TEXT"],
    "who": ["over", "TEXT"],
    "knew": ["", "TEXT", "--at BRANCH", "--at TEXT"],
    "conflicts": [""],
    "resolve": ["ITEM ours", "TEXT ours", "ITEM replace TEXT", "--all ours"],
    "tag": ["", "TEXT", "new BRANCH -m TEXT"],
    "undo": [""],
    "redo": [""],
    "op": ["log", "show 1", "show 2"],
    "config": ["", "TEXT", "budget TEXT", "--list", "--global model TEXT", "model TEXT"],
    "fsck": ["", "--repair"],
    "materialize": ["--as text", "--as text --repair BRANCH"],
    "export": [""],
    "completion": ["bash", "TEXT"],
    "setup-git": [""],
    "textconv": ["FILE"],
}
EXACT = {"materialize", "export", "textconv"}  # a pipe gets the bytes as they are; only a terminal is looked at


def test_every_command_is_tried_here():
    assert set(RUNS) == set(app.COMMANDS)


def _words(line: str, item: str) -> list[str]:
    known = {"ITEM": item, "TEXT": SPOKEN, "BRANCH": BRANCH, "FILE": SPOKEN.replace("/", "")}
    return [_filled(word, known) for word in line.split()]


def _filled(word: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        word = word.replace(name, value)
    return word


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, lines in RUNS.items() for line in lines])
def test_nothing_out_of_a_message_acts_on_a_terminal_or_hides_in_a_pipe(hostile, shown, name, line):
    item = hostile("ls", "--json").json["items"][-1]["id"]
    words = [name, *_words(line, item)]
    piped = hostile(*words)
    assert piped.code != exits.BUG
    assert not HARMFUL & set(piped.err)
    assert name in EXACT or not HARMFUL & set(piped.out)
    screen = shown(*words, code=None)
    assert not HARMFUL & set(re.sub(r"\x1b\[\d+m", "", screen))


@pytest.mark.parametrize("name", app.COMMANDS)
def test_a_hostile_argument_is_shown_as_escapes(hostile, name):
    for words in ([name, SPOKEN], [name, SPOKEN, "--json"], [name, f"--{SPOKEN}"]):
        done = hostile(*words, input=b"")
        assert done.code != exits.BUG
        assert not HARMFUL & set(done.err)
        assert name in EXACT or not HARMFUL & set(done.out)


@pytest.mark.parametrize(
    "words", [("log",), ("show",), ("diff", "HEAD~1"), ("ls",), ("status",), ("branch",)], ids=" ".join
)
def test_on_a_real_terminal(hostile, terminal, words):
    text = terminal(*words, env={"NO_COLOR": "1"}).out
    assert not HARMFUL & set(text)
    assert "Traceback" not in text


def test_stock_git_shows_no_escape_of_ours_either(hostile, here):
    words = ["git", "-C", ".trace", "log", "--format=%an %s%n%b"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert not HARMFUL & set(shown)


@pytest.mark.parametrize(
    "env",
    [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}, {"COLUMNS": "1"}, {"COLUMNS": "0"}, {"COLUMNS": "wide"}],
    ids=str,
)
@pytest.mark.parametrize(
    "words", [("log", "--graph"), ("status", "--grid"), ("show",), ("ls",), ("diff",)], ids=lambda words: words[0]
)
def test_odd_terminals(trace, terminal, env, words):
    trace("commit", "hello there, this is a message with a few words")
    done = terminal(*words, env=env)
    assert done.code == 0
    assert "Traceback" not in done.out
    if "NO_COLOR" in env or env.get("TERM") == "dumb":
        assert "\x1b" not in done.out


def test_a_pager_is_used_on_a_terminal_only(trace, terminal, process, here):
    trace("commit", "hello")
    pager = here / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\ncat\n")
    pager.chmod(0o755)
    env = {"TRACE_GIT_PAGER": str(pager)}
    assert "PAGED" in terminal("log", env=env).out
    assert "PAGED" in terminal("log", env={"TRACE_GIT_PAGER": None, "PAGER": str(pager)}).out
    assert "PAGED" not in terminal("--no-pager", "log", env=env).out
    assert "PAGED" not in terminal("status", env=env).out
    assert "PAGED" not in process("log", env=env).out


def test_a_pager_that_is_left_early_is_fine(trace, terminal):
    trace("commit", "\n".join(f"line {number}" for number in range(50_000)))
    assert terminal("show", env={"TRACE_GIT_PAGER": "true"}).code == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_output_that_cannot_show_a_character(trace, process, encoding):
    trace("commit", "né 🚀")
    done = process("log", env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert done.code == 0
    assert b"\\U0001f680" in done.data


def test_no_home_no_identity(trace, process):
    done = process("commit", "hello", env={"HOME": None, "USER": None, "LOGNAME": None, "GIT_CONFIG_GLOBAL": None})
    assert done.code == 0
    assert done.err == ""


@pytest.mark.parametrize(
    ("words", "redirect", "codes"),
    [
        ("log", ">&-", {0}),
        ("log", "2>&-", {0}),
        ("log nope", "2>&-", {3}),
        ("log nope", ">&- 2>&-", {3}),
        ("log --json nope", ">&-", {3}),
        ("materialize", ">&-", {0}),
        ("commit", "<&-", {2}),
        ("status", "<&- >&- 2>&-", {0}),
        ("materialize --as text", "| head -c 1", {0, 141}),
        ("show", "| true", {0, 141}),
        ("show", "> /dev/full", {7}),
        ("materialize", "> /dev/full", {7}),
    ],
)
def test_closed_cut_and_full_streams(trace, words, redirect, codes):
    trace("commit", "line\n" * 100_000)
    line = f"{' '.join(command())} {words} {redirect}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode in codes
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_interrupted_while_it_waits(trace, here):
    child = subprocess.Popen(
        command("commit"), env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    _until_it_reads_stdin(child.pid)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    assert trace("log", "--json").json["commits"] == []


def _until_it_reads_stdin(pid: int) -> None:
    """Waits until the process sleeps, with its trace open."""
    for _ in range(400):
        time.sleep(0.025)
        links = []
        with suppress(FileNotFoundError):  # one was closed meanwhile
            links = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
        if any(link.endswith("/trace/lock") or link.endswith("/trace/journal") for link in links):
            time.sleep(0.2)
            return
