"""Start-up time is a feature: what is loaded, and how long `trace status` takes against a bare interpreter."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from .conftest import command, environment

HEAVY = {"litellm", "openai", "httpx", "tiktoken", "rich", "pydantic", "requests", "asyncio", "dulwich"}
NEEDLESS = {"difflib", "json", "pathlib", "secrets", "shutil", "subprocess", "tempfile", "urllib.parse"}


@pytest.mark.parametrize("words", [["status"], ["log"], ["show"], ["ls"], ["diff"]], ids=" ".join)
def test_a_reading_command_loads_nothing_that_it_does_not_need(trace, words):
    trace("commit", "hello")
    found = f"sorted({HEAVY | NEEDLESS!r} & set(sys.modules))"
    code = f"import sys; from trace_git.cli import main; main({words!r}); print({found})"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_status_is_quick(trace, monkeypatch, tmp_path):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "pyc"))  # compiled once, as in an installation
    for number in range(20):
        trace("commit", f"message {number}")
    _cpu(command("status"))
    rounds = [(_cpu(command("status")), _cpu([sys.executable, "-c", "pass"])) for _ in range(7)]
    ours, bare = min(rounds, key=lambda one: one[0] / one[1])  # other work disturbs a round, never speeds it up alone
    assert ours <= 14 * bare, f"{ours * 1000:.0f} ms of CPU against {bare * 1000:.0f} ms of a bare interpreter"


def _cpu(words: list[str]) -> float:
    """Seconds of CPU: what a process takes, whatever else runs on the machine."""
    child = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return usage.ru_utime + usage.ru_stime
