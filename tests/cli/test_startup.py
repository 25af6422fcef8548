"""Start-up time is a feature: what is loaded, and how long `trace status` takes against a bare interpreter."""

from __future__ import annotations

import os
import subprocess
import sys

from .conftest import command, environment

HEAVY = {"litellm", "openai", "httpx", "tiktoken", "rich", "pydantic", "requests", "asyncio", "dulwich.porcelain"}


def test_status_loads_nothing_heavy(trace):
    trace("commit", "hello")
    code = f"import sys; from trace_git.cli import main; main(['status']); print({sorted(HEAVY)!r} and "
    code += f"sorted(set({sorted(HEAVY)!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
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
