"""A trace beside a plain list: whatever is done in whatever order, the context is the list.

Rules are a user's verbs, other handles, and stock git between them. A failing run is printed as a program.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from trace_git import Repo, assistant, tool
from trace_git.errors import RefusedError
from trace_git.model import Commit, Item


class Words:
    """A tokenizer that counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@dataclass
class Line:
    """What one branch should hold: messages with ids, pins by id, tools, and how many commits lead there."""

    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    pinned: set[str] = field(default_factory=set)
    groups: list[frozenset[str]] = field(default_factory=list)
    tools: tuple[dict[str, Any], ...] = ()
    commits: int = 0

    def copy(self) -> Line:
        return Line(list(self.messages), set(self.pinned), list(self.groups), self.tools, self.commits)

    def closure(self, item: str) -> frozenset[str]:
        return next((group for group in self.groups if item in group), frozenset((item,)))


texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["same", "a b c", "x" * 500])
indexes = st.integers(0, 10**6)


class Machine(RuleBasedStateMachine):
    """``lines`` are the branches of the model; ``here`` is the one that the handle is bound to."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="trace-git-machine-"))
        self.now = 1_700_000_000
        self.calls = 0
        self.lines: dict[str, Line] = {}
        self.here = "main"
        self.repo = self.opened()

    def opened(self) -> Repo:
        return Repo.open(
            self.folder / "t.trace", tokenizer=Words(), durability="os", clock=lambda: self.now, branch=self.here
        )

    @property
    def line(self) -> Line:
        return self.lines.setdefault(self.here, Line())

    @contextmanager
    def handle(self, other: bool) -> Iterator[Repo]:
        """The machine's own handle, or a second one for once."""
        if not other:
            yield self.repo
            return
        with self.opened() as repo:
            yield repo

    def item(self, index: int) -> str:
        return self.line.messages[index % len(self.line.messages)][0]

    def committed(self, commit: Commit, bodies: list[dict[str, Any]], *, pin: bool = False) -> None:
        items: tuple[Item, ...] = commit.items
        assert [item.message.to_dict() for item in items] == bodies
        self.line.messages += [(item.id, body) for item, body in zip(items, bodies, strict=True)]
        self.line.pinned |= {item.id for item in items} if pin else set()
        self.line.commits += 1

    # -- the verbs -----------------------------------------------------------------------------

    @initialize(text=texts)
    def begin(self, text: str) -> None:
        self.append(text, "system", False, False)

    @rule(text=texts, role=st.sampled_from(["user", "assistant", "system"]), pin=st.booleans(), other=st.booleans())
    def append(self, text: str, role: str, pin: bool, other: bool) -> None:
        with self.handle(other) as repo:
            commit = repo.commit(text, role=role, pin=pin)
            self.committed(commit, [{"role": role, "content": text}], pin=pin)

    @rule(some=st.lists(texts, min_size=1, max_size=6))
    def append_list(self, some: list[str]) -> None:
        self.committed(self.repo.commit(some), [{"role": "user", "content": text} for text in some])

    @rule(results=st.lists(texts, min_size=1, max_size=3), together=st.booleans())
    def append_group(self, results: list[str], together: bool) -> None:
        """A message with calls and their results, in one commit or one each."""
        self.calls += 1
        ids = [f"c{self.calls}-{number}" for number in range(len(results))]
        calls = [{"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}} for id in ids]
        messages = [assistant(None, tool_calls=calls), *map(tool, results, ids)]
        for part in [messages] if together else [[message] for message in messages]:
            self.committed(self.repo.commit(part), [message.to_dict() for message in part])
        self.line.groups.append(frozenset(id for id, _ in self.line.messages[-len(messages) :]))

    @precondition(lambda self: self.line.messages)
    @rule(index=indexes, text=texts, other=st.booleans())
    def edit(self, index: int, text: str, other: bool) -> None:
        item = self.item(index)
        with self.handle(other) as repo:
            if item in self.line.pinned:
                with pytest.raises(RefusedError):
                    repo.edit(item, text)
            before = repo.get("HEAD")
            after = repo.edit(item, text, force=True)
        changed = [(id, {**body, "content": text} if id == item else body) for id, body in self.line.messages]
        assert (after != before) == (changed != self.line.messages)
        self.line.commits += changed != self.line.messages
        self.line.messages = changed

    @precondition(lambda self: self.line.messages)
    @rule(index=indexes, wanted=st.booleans())
    def pin(self, index: int, wanted: bool) -> None:
        whole = self.line.closure(self.item(index))
        before = set(self.line.pinned)
        if wanted:
            self.repo.pin(self.item(index))
            self.line.pinned |= whole
        else:
            self.repo.unpin(self.item(index))
            self.line.pinned -= whole
        self.line.commits += self.line.pinned != before

    @rule(names=st.lists(st.sampled_from(["look", "read", "run"]), max_size=2, unique=True))
    def set_tools(self, names: list[str]) -> None:
        tools = tuple({"type": "function", "function": {"name": name}} for name in names)
        self.repo.set_tools(tools)
        self.line.commits += tools != self.line.tools
        self.line.tools = tools

    @precondition(lambda self: self.line.commits)
    @rule(name=st.sampled_from(["a", "b", "deep/c", "é"]), move=st.booleans())
    def branch(self, name: str, move: bool) -> None:
        if name not in self.lines:
            self.repo.branch(name)
            self.lines[name] = self.line.copy()
        if move:
            self.switch(name)

    @rule(name=st.sampled_from(["main", "a", "b", "deep/c", "é"]))
    def switch(self, name: str) -> None:
        if name in self.lines:
            self.repo.switch(name)
            self.here = name

    @rule(some=st.lists(texts, min_size=1, max_size=30), fails=st.booleans())
    def batch(self, some: list[str], fails: bool) -> None:
        try:
            with self.repo.batch():
                for text in some:
                    self.append(text, "user", False, False)
                if fails:
                    raise KeyError
        except KeyError:
            assert fails

    # -- what happens around them --------------------------------------------------------------

    @rule(seconds=st.integers(-(10**7), 10**7))
    def clock_jumps(self, seconds: int) -> None:
        self.now = max(0, self.now + seconds)

    @rule()
    def flush(self) -> None:
        self.repo.flush()
        assert self.git("rev-list", "--count", f"refs/heads/{self.here}") == str(self.line.commits)

    @rule()
    def reopen(self) -> None:
        self.repo.close()
        self.repo = self.opened()

    @rule(command=st.sampled_from(["gc -q --prune=now", "pack-refs --all --prune", "repack -q -a -d", "prune-packed"]))
    def git_tidies_up(self, command: str) -> None:
        self.git(*command.split())

    @precondition(lambda self: self.line.commits > 1)
    @rule()
    def git_moves_the_branch(self) -> None:
        """Stock git puts another branch where this one is; it stays there."""
        self.repo.flush()
        self.git("update-ref", "refs/heads/b", f"refs/heads/{self.here}")
        self.lines["b"] = self.line.copy()

    def git(self, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=self.folder / "t.trace", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    # -- what must hold ------------------------------------------------------------------------

    @invariant()
    def the_context_is_the_list(self) -> None:
        context = self.repo.context()
        assert [(item.id, item.message.to_dict()) for item in context.items] == self.line.messages
        assert {item.id for item in context.items if item.pinned} == self.line.pinned
        assert context.tools == self.line.tools
        ids = [item.id for item in context.items]
        assert len(set(ids)) == len(ids)

    @invariant()
    def the_log_has_every_commit_and_its_tokens_add_up(self) -> None:
        log = list(self.repo.log())
        assert len(log) == self.line.commits
        if log:
            assert sum(commit.tokens or 0 for commit in log) == log[0].context_tokens == self.repo.context().tokens

    def teardown(self) -> None:
        try:
            for name, line in self.lines.items():
                if line.commits:
                    with Repo.open(self.folder / "t.trace", branch=name, tokenizer=None) as repo:
                        assert repo.context().messages() == [body for _, body in line.messages]
            assert self.repo.verify() == ()
            assert self.repo.warnings == ()
            self.repo.close()
            assert self.git("fsck", "--strict", "--no-dangling") == ""
            packs = list((self.folder / "t.trace" / "objects" / "pack").glob("*.idx"))
            assert len(packs) < 50
        finally:
            self.repo.close()
            shutil.rmtree(self.folder)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
