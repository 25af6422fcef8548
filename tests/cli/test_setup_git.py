from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def config(folder: Path, name: str) -> str:
    done = subprocess.run(["git", "config", name], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = Path(sys.executable).parent
    if not (scripts / "trace").exists():
        pytest.skip("the scripts are not installed")
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")


def test_in_a_trace_it_sets_the_converter_and_says_so(trace, here):
    done = trace("setup-git")
    assert (done.code, done.out) == (0, "set diff.trace.textconv = trace textconv\n")
    assert config(here / ".trace", "diff.trace.textconv") == "trace textconv"
    before = (here / ".trace/config").read_bytes()
    assert trace("setup-git").out == "all was set already\n"
    assert (here / ".trace/config").read_bytes() == before


@pytest.mark.parametrize("bare", [True, False])
def test_in_a_clone_it_sets_what_a_clone_needs(bare, trace, here, monkeypatch):
    trace("commit", "one")
    subprocess.run(["git", "clone", "-q", *(["--bare"] if bare else []), ".trace", "clone"], cwd=here, check=True)
    monkeypatch.chdir(here / "clone" if bare else here / "clone" / "messages")
    done = trace("setup-git", "--json")
    assert set(done.json["set"]) == {
        "diff.trace.textconv",
        "log.initialDecorationSet",
        "merge.directoryRenames",
        "info/attributes",
    }
    for name, value in done.json["set"].items():
        assert name == "info/attributes" or config(here / "clone", name) == value
    git_dir = here / "clone" if bare else here / "clone" / ".git"
    assert (git_dir / "info/attributes").read_text().endswith("* -text\n*.msgpack diff=trace -merge\n")
    assert trace("setup-git", "--json").json["set"] == {}


def test_what_the_user_wrote_stays(trace, here):
    (here / ".trace/info/attributes").write_text("*.x text")
    with (here / ".trace/config").open("a") as file:
        file.write('[user]\n\tname = Ann ; me\n[diff "trace"]\n\tcachetextconv = true\n')
    trace("setup-git")
    assert (here / ".trace/info/attributes").read_text() == "*.x text\n* -text\n*.msgpack diff=trace -merge\n"
    assert "\tname = Ann ; me\n" in (here / ".trace/config").read_text()
    assert config(here / ".trace", "diff.trace.cachetextconv") == ""


def test_global_sets_the_converter_only(trace, here, monkeypatch):
    mine = here / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(mine))
    assert trace("setup-git", "--global").code == 0
    assert mine.read_text() == '[diff "trace"]\n\ttextconv = trace textconv\n'
    assert config(here, "diff.trace.textconv") == "trace textconv"
    assert config(here / ".trace", "log.initialDecorationSet") == "all"


def test_without_the_script_on_the_path_it_names_the_interpreter(trace, here, monkeypatch):
    trace("commit", "hello there")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert trace("setup-git").code == 0
    assert config(here / ".trace", "diff.trace.textconv") == f"{sys.executable} -m trace_git textconv"


def test_a_repository_that_is_no_trace_is_refused_untouched(cli, here):
    subprocess.run(["git", "init", "-q", "."], cwd=here, check=True)
    before = (here / ".git/config").read_bytes()
    assert cli("setup-git").code == 3
    assert (here / ".git/config").read_bytes() == before


def test_init_leaves_the_converter_out_for_git_stops_without_it(trace, here):
    """Why `trace init` does not set it: a converter that is not found is fatal to `git log -p`."""
    trace("commit", "hello")
    assert config(here / ".trace", "diff.trace.textconv") == ""
    assert subprocess.run(["git", "log", "-p"], cwd=here / ".trace", capture_output=True, check=False).returncode == 0
    subprocess.run(["git", "config", "diff.trace.textconv", "no-such-program"], cwd=here / ".trace", check=True)
    assert subprocess.run(["git", "log", "-p"], cwd=here / ".trace", capture_output=True, check=False).returncode != 0
