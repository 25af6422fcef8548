from __future__ import annotations

import os
import subprocess
from pathlib import Path


def test_without_a_folder_it_makes_dot_trace(cli, here):
    done = cli("init")
    assert done.code == 0
    assert done.out == f"Empty trace: {here / '.trace'}\n"
    assert (here / ".trace" / "HEAD").is_file()


def test_a_folder_is_the_trace_itself_and_git_knows_it(cli, here):
    assert cli("init", "run.trace").code == 0
    found = subprocess.run(
        ["git", "-C", "run.trace", "rev-parse", "--is-bare-repository"], capture_output=True, text=True, check=True
    )
    assert found.stdout == "true\n"


def test_a_trace_that_is_there_is_left_alone(trace, here):
    trace("commit", "hello")
    done = trace("init")
    assert done.code == 0
    assert done.out.startswith("Already a trace")
    assert trace("init", "--json").json["created"] is False
    assert len(trace("log", "--json").json["commits"]) == 1


def test_a_folder_with_other_things_is_refused_and_untouched(cli, here):
    (here / "work").mkdir()
    (here / "work" / "notes.txt").write_text("mine")
    done = cli("init", "work")
    assert done.code == 2
    assert "work is not empty" in done.err
    assert os.listdir(here / "work") == ["notes.txt"]


def test_trace_git_dir_says_where(cli, here: Path, monkeypatch):
    monkeypatch.setenv("TRACE_GIT_DIR", "elsewhere.trace")
    assert cli("init").code == 0
    assert (here / "elsewhere.trace" / "HEAD").is_file()
