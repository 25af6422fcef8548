"""Traces as the fault tests see them: opening, reading all of one, stock git as oracle, what may never be wrong.

``contents`` is a whole trace in plain values. ``Promise`` knows the contents after each step of a run, and holds
a trace that went through a fault to them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from trace_git import Repo
from trace_git.answers import Agent
from trace_git.errors import StateError

from . import children, kills
from .children import Send

NAME = "t.trace"
TIME = 1_700_000_000
PATIENCE = 2.0  # seconds in which the verb after a fault must have worked
TAKE_OVER = 2.0  # seconds more where a lock of unknown origin may have to be watched first


class Words:
    """A tokenizer that costs nothing."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


class Line(NamedTuple):
    """One item of a context."""

    role: str
    text: str
    pinned: bool


class Branch(NamedTuple):
    """One branch: how many commits, and the items of its tip in order."""

    name: str
    commits: int
    lines: tuple[Line, ...]


class Contents(NamedTuple):
    """All branches of a trace by name, how many pin labels and keeps it has, its tools, its tags, HEAD, its agents."""

    branches: tuple[Branch, ...] = ()
    labels: int = 0
    keeps: int = 0
    tools: int = 0
    tags: tuple[str, ...] = ()
    head: str = ""
    merging: tuple[str, ...] = ()  # the open merge: of whom, and what was answered
    bisecting: tuple[str, ...] = ()  # the answers of the open bisect
    agents: tuple[tuple[str, ...], ...] = ()  # of each: name, state, branch, texts


def open_trace(folder: Path, **options: Any) -> Repo:
    """The trace below ``folder``, made when missing."""
    return Repo.open(str(folder / NAME), **{"tokenizer": Words(), "clock": lambda: TIME, **options})


def git(folder: Path, *args: str, check: bool = True, given: str | None = None) -> str:
    """What stock git prints for the trace below ``folder``."""
    command = ["git", f"--git-dir={folder / NAME}", *args]
    done = subprocess.run(command, capture_output=True, text=True, input=given, check=False, cwd=folder)
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(args)} answers {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def lines_of(repo: Repo, rev: str = "HEAD") -> tuple[Line, ...]:
    return tuple(Line(item.role, item.message.text, item.pinned) for item in repo.context(rev).items)


def texts_of(repo: Repo) -> list[str]:
    return [item.message.text for item in repo.context().items]


def contents(folder: Path) -> Contents:
    """Everything in the trace below ``folder``; opening it finishes what was acknowledged, so stock git can list it."""
    if not (folder / NAME).exists():
        return Contents()
    with open_trace(folder) as repo:
        tools = len(repo.tools or ())
        refs = git(folder, "for-each-ref", "--format=%(refname)").split()
        merging = open_merge(repo)
        begun = repo.open_bisect.read()
        bisecting = ("open", *[f"{answer} {told}" for answer, told in begun.answers]) if begun is not None else ()
        agents = tuple(agent_of(repo, one) for one in repo.agents())
    names = [ref.removeprefix("refs/heads/") for ref in refs if ref.startswith("refs/heads/")]
    branches = []
    for name in names:
        with open_trace(folder, branch=name) as repo:
            branches.append(Branch(name, len(list(repo.log(limit=None))), lines_of(repo)))
    labels, keeps = (sum(ref.startswith(f"refs/trace/{kind}/") for ref in refs) for kind in ("pins", "keep"))
    tags = tuple(ref.removeprefix("refs/tags/") for ref in refs if ref.startswith("refs/tags/"))
    head = (folder / NAME / "HEAD").read_text().strip() if branches and not bisecting else ""  # follows the answers
    return Contents(tuple(branches), labels, keeps, tools, tags, head, merging, bisecting, agents)


def agent_of(repo: Repo, agent: Agent) -> tuple[str, ...]:
    texts = [line.text for line in lines_of(repo, agent.tip)]
    if agent.deleted:
        return (agent.name, agent.state, "deleted", *texts)
    with repo.agent(agent.name) as child:
        return (agent.name, agent.state, child.status().branch or "", *texts)


def open_merge(repo: Repo) -> tuple[str, ...]:
    """One that was done, and only not cleared away, is not open. A rebase or cherry-pick likewise."""
    replay = repo.open_replay.read()
    if replay is not None:
        return (replay.verb, replay.name, replay.why, *[answer.action for answer in replay.answers.values()])
    try:
        repo.open_merge.check_none()
    except StateError:
        begun = repo.open_merge.read()
        assert begun is not None
        return (begun.name, *[answer.action for answer in begun.answers.values()])
    return ()


def assert_sound(folder: Path) -> None:
    """Stock git finds no fault, agrees on history, and nothing of a dead process lies about."""
    done = subprocess.run(
        ["git", f"--git-dir={folder / NAME}", "fsck", "--strict", "--no-dangling"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("notice:")]
    assert done.returncode == 0, f"git fsck answers {done.returncode}: {done.stdout} {done.stderr}"
    assert not complaints, f"git fsck says {complaints}"
    with open_trace(folder) as repo:
        ours = [commit.id for commit in repo.log(limit=None)]
        theirs = git(folder, "log", "--topo-order", "--format=%H").split()
        if any(agent.context != "full" for agent in repo.agents()):  # git's order minds a link at which ours ends
            ours, theirs = sorted(ours), sorted(theirs)
        assert ours == theirs, f"the log has {len(ours)} commits, stock git's {len(theirs)}, or in another order"
    assert not leftovers(folder), f"left behind: {leftovers(folder)}"


def leftovers(folder: Path) -> list[str]:
    """Locks, keeps and scratch files; half-made traces beside the trace."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = [path for path in files if path.suffix in (".lock", ".keep") or path.parent.name == "tmp"]
    found = [path for path in found if path.parent.name != "aside"]  # torn packs are kept there for the curious
    drafts = [path for path in folder.iterdir() if path.name not in (NAME, "session.jsonl")]
    return sorted(str(path.relative_to(folder)) for path in found + drafts)


class Promise:
    """The contents after each acknowledged step of a run, the start being step 0."""

    def __init__(self, base: Path, work: Path, run: kills.Run) -> None:
        kills.copy(base, work)

        def body(send: Send) -> None:
            states = [contents(work)]
            run(work, lambda message: states.append(contents(work)))
            send(states)

        self.states: list[Contents] = children.run(body).messages[-1]
        shutil.rmtree(work)

    def check(self, folder: Path, acked: int) -> None:
        """After a kill: all that was acknowledged, at most the step in flight more; the next verb simply works."""
        self._check(folder, acked, acked + 1)
        assert_sound(folder)

    def check_durable(self, folder: Path, acked: int) -> None:
        """After a power loss: all that was acknowledged, perhaps later steps too; the next verb simply works."""
        self._check(folder, acked, len(self.states), patience=PATIENCE + TAKE_OVER)
        assert_sound(folder)

    def check_unsynced(self, folder: Path, acked: int) -> None:
        """After a power loss without syncs: an earlier step, with a warning; all refs can be followed, git gc works.

        Nobody can say that commits are gone when the disk has no trace of them.
        """
        journal = (folder / NAME / "trace" / "journal").read_bytes()
        with open_trace(folder) as repo:
            texts, warnings = texts_of(repo), repo.warnings
        known = [line.text for line in self.states[acked].branches[0].lines if line.text.encode() in journal]
        gone = [text for text in known if text not in texts]
        assert warnings or not gone, f"{gone} are in the journal and not in the context, and nothing says so"
        self._check(folder, 0, len(self.states), patience=PATIENCE + TAKE_OVER)
        git(folder, "rev-list", "--objects", "--all", "--quiet")
        git(folder, "gc", "--quiet", "--prune=now")
        assert not leftovers(folder), f"left behind: {leftovers(folder)}"

    def _check(self, folder: Path, first: int, last: int, *, patience: float = PATIENCE) -> None:
        begun = time.monotonic()
        with open_trace(folder) as repo:
            opened = time.monotonic() - begun
            found = self._settled(contents(folder))
            assert found in self.states[first : last + 1], self._differs(found, first)
            if repo.status().branch is None:  # amid a look at a commit
                repo.checkout("main")
            begun = time.monotonic()
            repo.commit("the next verb", role="user")
            took = time.monotonic() - begun + opened
            assert took < patience, f"the next verb took {took:.1f} s"
            assert texts_of(repo)[-1:] == ["the next verb"], "the next verb's commit is not at the end"

    def _settled(self, found: Contents) -> Contents:
        """``found`` without a branch that an import has just made and put nothing on yet: a step of its own."""
        fewest: dict[str, int] = {}
        for state in self.states:
            for branch in state.branches:
                fewest[branch.name] = min(branch.commits, fewest.get(branch.name, branch.commits))
        started = tuple(branch for branch in found.branches if branch.commits >= fewest.get(branch.name, 0))
        return found._replace(branches=started)

    def _differs(self, found: Contents, first: int) -> str:
        equal = [number for number, state in enumerate(self.states) if state == found]
        known = f"it is step {equal[0]}'s" if equal else "it is no step's"
        counts = ", ".join(f"{each.name}: {each.commits} commits, {len(each.lines)} items" for each in found.branches)
        return f"{first} steps were acknowledged, found ({counts or 'nothing'}; {found[1:]}): {known}"


def memory_folder() -> str | None:
    """A folder in memory, where syncs cost nothing, if the system has one."""
    return "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
