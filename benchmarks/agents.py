"""Rows about many agents: as many processes as agents, each at work in its own repository of one trace."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from trace_git import Repo

from .bench import Bench, Row, Work
from .processes import environment

AGENTS, EACH = 16, 50

# A line each way, ready and go: starting an interpreter, and loading what a commit needs, is not measured.
_WORK = """
import sys
from trace_git import Repo
path, agent, many = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Repo.open(path, agent=agent or None, tokenizer=None) as repo:
    repo.commit("here", role="user")
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(many):
        repo.commit(f"message {number} of {agent}", role="assistant")
"""


def together(bench: Bench) -> list[Row]:
    """Commits a second of all agents beside a parent that collapses them, against those of one writer."""
    works: dict[str, Work] = {"agents": partial(_agents, bench), "one": partial(_one, bench)}
    took = bench.interleave("agents", works)
    total = AGENTS * EACH
    ratio = took.ratio("one", "agents")
    return [
        Row(
            f"{AGENTS} agents as processes, {EACH} durable commits each, beside a parent that collapses them",
            f"{total / took.median('agents'):,.0f} commits/s",
            f"one writer {total / took.median('one'):,.0f} commits/s",
            f"{ratio:.2f}x",
            ("≥ 1x", ratio >= 1),
            ("≥ 1.2x", ratio >= 1.2),
        )
    ]


def _agents(bench: Bench) -> float:
    folder = bench.fresh(".trace")
    names = [f"a{number}" for number in range(AGENTS)]
    with Repo.open(folder, tokenizer=None) as repo:
        repo.commit("begin")
        for name in names:
            repo.spawn(name, context="empty").close()
        seconds = _timed(bench, folder, names, EACH, repo)
        found = sum(len(repo.context(f"agents/{name}").items) for name in names)
    if found != AGENTS * (EACH + 1):
        raise AssertionError(f"{AGENTS * (EACH + 1) - found} commits are lost")
    return seconds


def _one(bench: Bench) -> float:
    folder = bench.fresh(".trace")
    with Repo.open(folder, tokenizer=None) as repo:
        repo.commit("begin")
    return _timed(bench, folder, [""], AGENTS * EACH, None)


def _timed(bench: Bench, folder: Path, names: list[str], many: int, parent: Repo | None) -> float:
    """Seconds from the starting shot until all have ended; the parent takes work back meanwhile."""
    started = [_start(bench, folder, name, many) for name in names]
    for one in started:
        assert one.stdout is not None
        one.stdout.readline()
    begun = time.perf_counter()
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.close()
    while parent is not None and any(one.poll() is None for one in started):
        for name in names:
            if parent.context(f"agents/{name}").items:
                parent.collapse(name, summary=f"{name} works.")
    if any(one.wait() for one in started):
        raise AssertionError("an agent failed")
    return time.perf_counter() - begun


def _start(bench: Bench, folder: Path, name: str, many: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WORK, str(folder), name, str(many)]
    return subprocess.Popen(
        command, env=environment(bench)[0], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
