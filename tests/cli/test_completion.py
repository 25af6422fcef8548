"""Completion: what is offered, and that real shells offer it and evaluate none of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from trace_git.cli.app import app
from trace_git.cli.completing import KINDS

from .conftest import environment

FREE = {"tokens", "text", "file", "name", "value", "folder", "files", "number", "traces"}  # that no list can offer
SHELLS = ["bash", "zsh", "fish"]


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "Be brief.")
    trace("commit", "Why does login fail?")
    trace("branch", "try-2")
    trace("tag", "works")
    return trace


def offered(trace, *words: str) -> list[str]:
    done = trace("completion", "--complete", "--", *words)
    assert (done.code, done.err) == (0, "")
    return [line.partition("\t")[0] for line in done.out.splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sw"], ["switch"]),
        (["un"], ["unpin", "undo"]),
        (["switch", ""], ["main", "try-2"]),
        (["switch", "t"], ["try-2"]),
        (["switch", "-c", "x", "w"], ["works"]),
        (["checkout", ""], ["HEAD", "main", "try-2", "works"]),
        (["reset", "--hard", "m"], ["main"]),
        (["tag", "-d", ""], ["works"]),
        (["branch", "-d", "t"], ["try-2"]),
        (["merge", ""], ["HEAD", "main", "try-2", "works"]),
        (["merge", "--con"], ["--continue"]),
        (["resolve", ""], []),
        (["resolve", "3f2a", "t"], ["theirs"]),
        (["edit", "--f"], ["--force"]),
        (["reset", "--"], ["--soft", "--hard", "--dry-run", "--json", "--help"]),
        (["op", ""], ["log", "show"]),
        (["completion", "b"], ["bash"]),
        (["show", "w"], ["works"]),
        (["op", "log", "--l"], ["--limit"]),
        (["config", ""], ["budget", "model"]),
        (["materialize", "--as", "a"], ["anthropic"]),
        (["commit", "-m", ""], []),
        (["nonsense", ""], []),
        (["undo", ""], []),
        (["drop", "--", "--"], []),
    ],
    ids=" ".join,
)
def test_what_may_come_next(filled, words, expected):
    assert offered(filled, *words) == expected


def test_items_are_offered_newest_first_and_by_their_beginning(filled):
    ids = [item["id"] for item in filled("ls", "--json").json["items"]]
    assert offered(filled, "pin", "") == [ids[1][:8], ids[0][:8]]
    assert offered(filled, "pin", ids[0][:3]) == [ids[0][:8]]
    assert offered(filled, "pin", ids[0][:12]) == [ids[0]]
    assert offered(filled, "drop", ids[0][:8], ids[1][:4]) == [ids[1][:8]]


def test_where_only_some_items_make_sense_these_are_offered(filled):
    ids = [item["id"] for item in filled("ls", "--json").json["items"]]
    filled("pin", ids[0])
    assert offered(filled, "unpin", "") == [ids[0][:8]]
    assert offered(filled, "show", ids[1][:4]) == [ids[1][:8]]


def test_ranges_are_completed_behind_the_dots(filled):
    assert offered(filled, "log", "works..t") == ["works..try-2"]


def test_beside_an_item_stands_what_it_says_and_nothing_that_acts(filled):
    filled("commit", "red \x1b[31m and \ttab")
    line = filled("completion", "--complete", "--", "pin", "").out.splitlines()[0]
    assert line.partition("\t")[2] == "user: red \\x1b[31m and tab"


def test_another_folder_is_looked_into(filled, here, monkeypatch):
    monkeypatch.chdir("/")
    assert offered(filled, "-C", str(here), "switch", "") == ["main", "try-2"]
    assert offered(filled, "-C", "/nowhere", "switch", "") == []


def test_outside_of_a_trace_commands_are_offered_and_names_are_not(cli):
    assert "init" in offered(cli, "")
    assert offered(cli, "switch", "") == []


def commands(group: click.Group) -> list[click.Command]:
    context = click.Context(group)
    found = [group.get_command(context, name) for name in group.list_commands(context)]
    return [leaf for one in found if one for leaf in (commands(one) if isinstance(one, click.Group) else [one])]


def test_what_each_argument_may_be_is_known():
    arguments = {one.name for command in commands(app) for one in command.params if isinstance(one, click.Argument)}
    known = {one.name for command in commands(app) for one in command.params if isinstance(one.type, click.Choice)}
    assert arguments <= KINDS.keys() | FREE | known


@pytest.mark.parametrize("words", [(), ("tcsh",), ("bash", "zsh")])
def test_a_shell_that_is_not_known(cli, words):
    done = cli("completion", *words)
    assert done.code == 2
    assert "bash, zsh, fish" in done.err


# -- real shells ---------------------------------------------------------------------------


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """The environment with ``trace`` on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "trace").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m trace_git "$@"\n')
    (folder / "trace").chmod(0o755)
    return environment({"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"})


def asked(shell: str, words: list[str], env: dict[str, str]) -> list[str]:
    """What ``shell`` offers in place of the last of ``words``, with our script loaded."""
    script = {
        "bash": 'eval "$(trace completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        '_trace_complete trace; printf "%s\\n" "${COMPREPLY[@]}"',
        "zsh": "compdef() { :; }; _files() { :; }; compadd() { print -rl -- ${(q)values}; }; "
        'eval "$(trace completion zsh)"; words=("$@"); CURRENT=$#; _trace_complete',
        "fish": "trace completion fish | source; complete -C (string join ' ' -- $argv)",
    }[shell]
    name = [] if shell == "fish" else [shell]
    line = [shell, *(["--no-config"] if shell == "fish" else []), "-c", script, *name, *words]
    done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return [line.partition("\t")[0] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_offers_it(filled, programs, shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    assert asked(shell, ["trace", "switch", ""], programs) == ["main", "try-2"]
    assert sorted(asked(shell, ["trace", "un"], programs)) == ["undo", "unpin"]
    assert asked(shell, ["trace", "edit", "--fo"], programs) == ["--force"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_name_is_quoted_and_never_run(filled, programs, here, shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    names = ["x$(touch${IFS}gotcha)", "x;touch${IFS}gotcha", "x`touch${IFS}gotcha`"]
    for name in names:
        assert filled("branch", name).code == 0
    found = asked(shell, ["trace", "switch", "x"], programs)
    assert len(found) == 3
    assert shell == "fish" or not set(found) & set(names)  # fish quotes when it inserts one
    assert not (here / "gotcha").exists()
