"""A trace beside a plain list: whatever is done in whatever order, the context is the list.

Rules are a user's verbs, other handles, and stock git between them. What a verb did, undo takes back exactly: all refs
are as before it. No commit is ever lost. A failing run is printed as a program.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from trace_git import Repo, assistant, tool
from trace_git.errors import (
    BudgetError,
    InvalidInputError,
    MergeConflictError,
    RefusedError,
    StateError,
    UnsafeRewriteError,
)
from trace_git.model import Commit, Item
from trace_git.view import groups

from ..view.merging.checks import bases_of, check, pinned_twice


class Words:
    """A tokenizer that counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@dataclass(frozen=True)
class Line:
    """What one commit should hold: messages with ids, pins by id, tools, and how many commits lead there."""

    messages: tuple[tuple[str, dict[str, Any]], ...] = ()
    pinned: frozenset[str] = frozenset()
    groups: tuple[frozenset[str], ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    commits: int = 0

    def closure(self, item: str) -> frozenset[str]:
        return next((group for group in self.groups if item in group), frozenset((item,)))

    def without(self, gone: frozenset[str]) -> Line:
        left = tuple(pair for pair in self.messages if pair[0] not in gone)
        return replace(self, messages=left, groups=tuple(group for group in self.groups if not group & gone))


class State(NamedTuple):
    """All refs but the keeps, HEAD among them, and what the branches should hold."""

    refs: dict[str, str]
    lines: dict[str, Line]


class Step(NamedTuple):
    """One operation: the states before and after it."""

    before: State
    after: State


def groups_of(items: tuple[Item, ...]) -> tuple[frozenset[str], ...]:
    """The tool groups of a context; a call that nothing answers yet is one as well."""
    return tuple(frozenset(items[at].id for at in group.items) for group in groups.groups(items).all())


texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["same", "a b c", "x" * 500])
indexes = st.integers(0, 10**6)


class Machine(RuleBasedStateMachine):
    """``lines`` are the branches of the model, ``here`` is the one that the handle is bound to.

    ``done`` and ``undone`` are the operations that undo and redo should take next, last first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="trace-git-machine-"))
        self.now = 1_700_000_000
        self.calls = 0
        self.lines: dict[str, Line] = {}
        self.commits: dict[str, Line] = {}
        self.here = "main"
        self.done: list[Step] = []
        self.undone: list[Step] = []
        self.amid = False
        self.labels_known = True
        self.repo = self.opened()

    def opened(self) -> Repo:
        return Repo.open(
            self.folder / "t.trace", tokenizer=Words(), durability="os", clock=lambda: self.now, branch=self.here
        )

    @property
    def line(self) -> Line:
        return self.lines.get(self.here, Line())

    def refs(self) -> dict[str, str]:
        store = self.repo._handle.store
        store.refresh()
        left_out = ("refs/trace/keep/", "refs/kept/")
        found = {ref: value for ref, value in store.ref_names().items() if not ref.startswith(left_out)}
        return {**found, "HEAD": store.ref("HEAD") or ""}

    def state(self) -> State:
        return State(self.refs(), dict(self.lines))

    @contextmanager
    def operation(self) -> Iterator[None]:
        """What is done in this block is one operation, unless it moves nothing."""
        if self.amid:
            yield
            return
        before, self.amid = self.state(), True
        try:
            yield
        finally:
            self.amid = False
            self.noted(before)

    def noted(self, before: State) -> None:
        after = self.state()
        if after.refs != before.refs:
            self.done.append(Step(before, after))
            self.undone.clear()

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

    def moved(self, commit: Commit, **changes: Any) -> None:
        """The branch is at a new commit that differs from the last one in ``changes``."""
        self.lines[self.here] = replace(self.line, commits=self.line.commits + 1, **changes)
        self.commits[commit.id] = self.line

    def committed(self, commit: Commit, bodies: list[dict[str, Any]], *, pin: bool = False) -> None:
        items: tuple[Item, ...] = commit.items
        assert [item.message.to_dict() for item in items] == bodies
        fresh = tuple((item.id, body) for item, body in zip(items, bodies, strict=True))
        pinned = self.line.pinned | ({item.id for item in items} if pin else set())
        self.moved(commit, messages=self.line.messages + fresh, pinned=pinned)

    # -- the verbs -----------------------------------------------------------------------------

    @initialize(text=texts)
    def begin(self, text: str) -> None:
        self.append(text, "system", False, False)

    @rule(text=texts, role=st.sampled_from(["user", "assistant", "system"]), pin=st.booleans(), other=st.booleans())
    def append(self, text: str, role: str, pin: bool, other: bool) -> None:
        with self.operation(), self.handle(other) as repo:
            commit = repo.commit(text, role=role, pin=pin)
            self.committed(commit, [{"role": role, "content": text}], pin=pin)

    @rule(some=st.lists(texts, min_size=1, max_size=6))
    def append_list(self, some: list[str]) -> None:
        with self.operation():
            self.committed(self.repo.commit(some), [{"role": "user", "content": text} for text in some])

    @rule(results=st.lists(texts, min_size=1, max_size=3), together=st.booleans())
    def append_group(self, results: list[str], together: bool) -> None:
        """A message with calls and their results, in one commit or one each."""
        self.calls += 1
        ids = [f"c{self.calls}-{number}" for number in range(len(results))]
        calls = [{"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}} for id in ids]
        messages = [assistant(None, tool_calls=calls), *map(tool, results, ids)]
        before, done = self.line.groups, 0
        for part in [messages] if together else [[message] for message in messages]:
            done += len(part)
            with self.operation():
                commit = self.repo.commit(part)
                self.committed(commit, [message.to_dict() for message in part])
                group = frozenset(id for id, _ in self.line.messages[-done:])
                self.lines[self.here] = self.commits[commit.id] = replace(self.line, groups=(*before, group))

    @precondition(lambda self: self.line.messages)
    @rule(index=indexes, text=texts, other=st.booleans())
    def edit(self, index: int, text: str, other: bool) -> None:
        item = self.item(index)
        if item in {id for one in self.repo.compressions() if not one.level for id in one.items}:
            with pytest.raises(StateError, match="was shortened"):
                self.repo.edit(item, text, force=True)
            return
        with self.operation(), self.handle(other) as repo:
            if item in self.line.pinned:
                with pytest.raises(RefusedError):
                    repo.edit(item, text)
            before = repo.get("HEAD")
            after = repo.edit(item, text, force=True)
            changed = tuple((id, {**body, "content": text} if id == item else body) for id, body in self.line.messages)
            assert (after != before) == (changed != self.line.messages)
            if changed != self.line.messages:
                self.moved(after, messages=changed)

    @precondition(lambda self: len(self.line.messages) > 1)
    @rule(index=indexes, beside=indexes, behind=st.booleans(), other=st.booleans())
    def move(self, index: int, beside: int, behind: bool, other: bool) -> None:
        """One item with its tool group; where that is refused, nothing moves."""
        item, target = self.item(index), self.item(beside)
        whole, group = self.line.closure(item), self.line.closure(target)
        before, refs = [id for id, _ in self.line.messages], self.refs()
        with self.operation(), self.handle(other) as repo:
            where = {"after": target} if behind else {"before": target}
            if whole & group:
                with pytest.raises(InvalidInputError, match="beside"):
                    repo.move(item, **where)
                return
            places = [at for at, id in enumerate(before) if id in group]
            at = places[-1] + 1 if behind else places[0]
            order = [id for id in before[:at] if id not in whole] + [id for id in before if id in whole]
            order += [id for id in before[at:] if id not in whole]
            tip = repo.get("HEAD")
            try:
                result = repo.move(item, force=True, **where)
            except UnsafeRewriteError:
                assert self.refs() == refs
                return
            assert (result.commit != tip) == (order != before)
            if order != before:
                bodies = dict(self.line.messages)
                self.moved(result.commit, messages=tuple((id, bodies[id]) for id in order))

    @precondition(lambda self: self.line.messages)
    @rule(index=indexes, wanted=st.booleans())
    def pin(self, index: int, wanted: bool) -> None:
        item, whole = self.item(index), self.line.closure(self.item(index))
        pinned = self.line.pinned | whole if wanted else self.line.pinned - whole
        with self.operation():
            commit = self.repo.pin(item) if wanted else self.repo.unpin(item)
            if pinned != self.line.pinned:
                self.moved(commit, pinned=pinned)

    @precondition(lambda self: self.line.messages)
    @rule(index=indexes)
    def drop(self, index: int) -> None:
        item, whole = self.item(index), self.line.closure(self.item(index))
        if whole & self.line.pinned:
            with pytest.raises(RefusedError):
                self.repo.drop(item)
            return
        with self.operation():
            commit = self.repo.drop(item)
            self.moved(commit)
            self.lines[self.here] = self.commits[commit.id] = self.line.without(whole)

    @precondition(lambda self: self.line.messages)
    @rule(index=indexes, size=st.integers(1, 8), summary=st.booleans(), stays=st.booleans(), other=st.booleans())
    def compress(self, index: int, size: int, summary: bool, stays: bool, other: bool) -> None:
        """Items in a row, if that makes them smaller: nothing else moves, and expanding gives the very tree."""
        start = index % len(self.line.messages)
        wanted = [id for id, _ in self.line.messages[start : start + size]]
        before, refs = self.repo.get("HEAD"), self.refs()
        how: dict[str, Any] = {"summary": "short"} if summary else {"strategy": "mask"}
        with self.operation(), self.handle(other) as repo:
            try:
                made = repo.compress(wanted, **how)
            except (BudgetError, StateError, UnsafeRewriteError):
                assert self.refs() == refs
                return
            if made.commit is None:
                assert self.refs() == refs
                return
            taken = [id for run in made.runs for id in run.items]
            assert set(taken) <= set(wanted) - self.line.pinned
            messages = [(item.id, item.message.to_dict()) for item in repo.context().items]
            left = [one for one in messages if one[0] not in made.summaries]
            assert left == [one for one in self.line.messages if one[0] not in taken]
            left_groups = tuple(group for group in self.line.groups if not (summary and group & set(taken)))
            self.moved(made.commit, messages=tuple(messages), groups=left_groups)
        if stays and summary:
            return
        with self.operation():
            commit = self.repo.expand(made.summaries[0])
            assert commit.tree == before.tree
            self.moved(commit, messages=self.commits[before.id].messages, groups=self.commits[before.id].groups)

    @precondition(lambda self: self.repo.compressions())
    @rule(index=indexes)
    def expand(self, index: int) -> None:
        """Something that was compressed some time ago: its originals stand where its summaries stood."""
        found = self.repo.compressions()
        one = found[index % len(found)]
        here = [id for id, _ in self.line.messages]
        with self.operation():
            try:
                commit = self.repo.expand(one.id)
            except (StateError, RefusedError):
                return
            messages = tuple((item.id, item.message.to_dict()) for item in self.repo.context().items)
            back = [id for id, _ in messages]
            assert [id for id in back if id not in one.items] == [id for id in here if id not in one.summaries]
            assert set(one.items) <= set(back)
            paired = groups_of(self.repo.context().items)
            self.moved(commit, messages=messages, groups=paired)

    @rule(names=st.lists(st.sampled_from(["look", "read", "run"]), max_size=2, unique=True))
    def set_tools(self, names: list[str]) -> None:
        tools = tuple({"type": "function", "function": {"name": name}} for name in names)
        with self.operation():
            commit = self.repo.set_tools(tools)
            if tools != self.line.tools and commit is not None:
                self.moved(commit, tools=tools)

    @precondition(lambda self: self.line.commits)
    @rule(name=st.sampled_from(["a", "b", "deep/c", "é"]), move=st.booleans())
    def branch(self, name: str, move: bool) -> None:
        with self.operation():
            if name in self.lines:
                self.repo.switch(name)
                self.here = name
            elif move:
                self.repo.switch(name, create=True)
                self.lines[name], self.here = self.line, name
            else:
                self.repo.branch(name)
                self.lines[name] = self.line

    @precondition(lambda self: self.line.commits and len(self.lines) > 1)
    @rule(
        index=indexes,
        apart=st.sampled_from(["", "x y", "z"]),
        strategy=st.sampled_from([None, "ours", "theirs", "union"]),
        ff=st.sampled_from(["allow", "never"]),
        other=st.booleans(),
    )
    def merge(self, index: int, apart: str, strategy: str | None, ff: str, other: bool) -> None:
        """Another branch, which may go on first, as this one does. What it gives is held against its sides; it moves
        nothing when it is refused."""
        here, name = self.here, sorted(self.lines.keys() - {self.here})[index % (len(self.lines) - 1)]
        if not self.lines[name].commits:
            return
        for branch in (name, here) if apart else ():
            self.visit(branch)
            self.append(f"{apart} {branch}", "user", False, False)
        before, theirs, bases = self.repo.context(), self.repo.context(name), bases_of(self.repo, "HEAD", name)
        with self.operation(), self.handle(other) as repo:
            refs = self.refs()
            try:
                result = repo.merge(name, strategy=strategy, ff=ff, unrelated=not bases)
            except UnsafeRewriteError:
                result = None
            except MergeConflictError as error:
                settled = strategy is not None and not any(map(pinned_twice, error.conflicts))
                result = pytest.fail("a strategy settles every conflict") if settled else None
            if result is None:
                assert self.refs() == refs
                return
            if result.kind == "fast-forward":
                self.lines[self.here] = self.lines[name]
            elif result.kind == "merge":
                check(repo, before, theirs, result, bases, labels=self.labels_known)
                self.merged(repo, name)

    @precondition(lambda self: self.line.commits and len(self.lines) > 1)
    @rule(index=indexes, strategy=st.sampled_from([None, "ours", "theirs"]), merges=st.booleans(), other=st.booleans())
    def rebase(self, index: int, strategy: str | None, merges: bool, other: bool) -> None:
        """Onto another branch; where that is refused, nothing moves. Doing it again changes nothing."""
        name = sorted(self.lines.keys() - {self.here})[index % (len(self.lines) - 1)]
        if not self.lines[name].commits:
            return
        with self.operation(), self.handle(other) as repo:
            refs, theirs = self.refs(), self.lines[name]
            try:
                result = repo.rebase(name, strategy=strategy, rebase_merges=merges)
            except (UnsafeRewriteError, MergeConflictError):
                assert self.refs() == refs
                return
            self.replayed(repo, theirs, result.commit)
            assert repo.rebase(name, strategy=strategy, rebase_merges=merges).commit == result.commit

    @precondition(lambda self: self.line.commits)
    @rule(some=st.lists(indexes, min_size=1, max_size=3), at=st.none() | indexes, other=st.booleans())
    def cherry_pick(self, some: list[int], at: int | None, other: bool) -> None:
        """Any commits there ever were; where that is refused, nothing moves."""
        picked = sorted({sorted(self.commits)[index % len(self.commits)] for index in some})
        known = self.line
        for commit in picked:
            known = replace(known, groups=(*known.groups, *self.commits[commit].groups))
        place = None if at is None else at % (len(self.line.messages) + 1)
        with self.operation(), self.handle(other) as repo:
            refs = self.refs()
            try:
                result = repo.cherry_pick(picked, at=place)
            except (RefusedError, MergeConflictError, InvalidInputError):
                assert self.refs() == refs
                return
            self.replayed(repo, known, result.commit)

    def replayed(self, repo: Repo, theirs: Line, commit: Commit | None) -> None:
        """The branch is at a commit that a replay led to: at one that was there, or at a new one."""
        assert commit is not None
        assert commit == repo.get("HEAD")
        if commit.id in self.commits:
            self.lines[self.here] = self.commits[commit.id]
        else:
            self.met(repo, theirs)

    def merged(self, repo: Repo, name: str) -> None:
        self.met(repo, self.lines[name])

    def met(self, repo: Repo, theirs: Line) -> None:
        """The branch is at a commit that has what it had, and of another line what it takes from there."""
        context = repo.context()
        messages = tuple((item.id, item.message.to_dict()) for item in context.items)
        there = {item.id for item in context.items}
        pinned = frozenset(item.id for item in context.items if item.pinned)
        groups: list[frozenset[str]] = []  # of a call that was open, each side may know another part
        for group in (*self.line.groups, *theirs.groups):
            touched = [one for one in groups if one & group]
            groups = [one for one in groups if one not in touched]
            groups.append(there & group.union(*touched))
        commits = len(list(repo.log(limit=None)))
        self.lines[self.here] = Line(messages, pinned, tuple(filter(None, groups)), context.tools, commits)
        self.commits[repo.get("HEAD").id] = self.line

    @rule(index=indexes, mode=st.sampled_from(["soft", "hard"]))
    def reset(self, index: int, mode: str) -> None:
        """To any commit there ever was, undone and left behind ones included."""
        commit = sorted(self.commits)[index % len(self.commits)]
        with self.operation():
            assert self.repo.reset(commit, mode=mode).id == commit
            self.lines[self.here] = self.commits[commit]

    @rule(name=st.sampled_from(["v1", "v2"]), message=st.none() | st.just("Why."))
    def tag(self, name: str, message: str | None) -> None:
        with self.operation():
            if name in {tag.name for tag in self.repo.tags()}:
                self.repo.delete_tag(name)
            elif self.line.commits:
                self.repo.tag(name, message=message)

    @rule(name=st.sampled_from(["main", "a", "b", "deep/c", "é"]))
    def visit(self, name: str) -> None:
        """Another branch without HEAD."""
        if name in self.lines:
            self.repo.checkout(name)
            self.here = name

    @precondition(lambda self: self.line.commits)
    @rule(index=indexes, head=st.booleans())
    def look(self, index: int, head: bool) -> None:
        """At some commit, and back."""
        commit = sorted(self.commits)[index % len(self.commits)]
        with self.operation(), self.repo.batch():
            self.repo.checkout(commit, head=head)
            expected = [body for _, body in self.commits[commit].messages]
            assert self.repo.context().messages() == expected
            with pytest.raises(StateError):
                self.repo.commit("x")
            self.repo.checkout(self.here, head=head)

    @rule(some=st.lists(texts, min_size=1, max_size=30), fails=st.booleans())
    def batch(self, some: list[str], fails: bool) -> None:
        try:
            with self.operation(), self.repo.batch():
                for text in some:
                    self.append(text, "user", False, False)
                if fails:
                    raise KeyError
        except KeyError:
            assert fails

    @rule(other=st.booleans(), times=st.integers(1, 3))
    def undo(self, other: bool, times: int) -> None:
        for _ in range(times):
            self.turned("undo", other)

    @rule(other=st.booleans(), times=st.integers(1, 3))
    def redo(self, other: bool, times: int) -> None:
        for _ in range(times):
            self.turned("redo", other)

    def turned(self, verb: str, other: bool) -> None:
        taken, given = (self.done, self.undone) if verb == "undo" else (self.undone, self.done)
        with self.handle(other) as repo:
            if not taken:
                with pytest.raises(StateError, match=f"nothing to {verb}"):
                    getattr(repo, verb)()
                return
            getattr(repo, verb)()
        step = taken.pop()
        given.append(step)
        origin, target = (step.after, step.before) if verb == "undo" else (step.before, step.after)
        assert self.refs() == target.refs
        self.lines = dict(target.lines)
        if not other and origin.refs["HEAD"] == f"ref: refs/heads/{self.here}":
            self.here = target.refs["HEAD"].removeprefix("ref: refs/heads/")
        if other and f"refs/heads/{self.here}" in origin.refs.keys() - target.refs.keys():
            with pytest.raises(StateError, match=f"branch {self.here} is gone"):
                self.repo.commit("hides what was there")
            self.reopen()

    @precondition(lambda self: self.line.commits)
    @rule(some=st.lists(texts, min_size=1, max_size=4), full=st.booleans(), data=st.data())
    def agent(self, some: list[str], full: bool, data: st.DataObject) -> None:
        """One is spawned, works, is taken back and deleted; then all of it is undone, from whichever side."""
        self.calls += 1  # so that every name is new
        before, context = self.refs(), self.repo.context()
        with self.repo.spawn(f"a{self.calls}", context="full" if full else "empty", purpose="x") as child:
            spawned = self.refs()
            assert self.repo.context() == context
            kept = child.context().messages()
            assert kept == context.messages()[: len(kept)] if full else not kept
            for text in some:
                child.commit(text, role="assistant")
            worked = self.refs()
            if not self.repo.resumption().calls:
                taken = self.repo.collapse(child, summary="Done.")
                assert self.repo.context().items == (*context.items, *taken.items)
                collapsed = self.refs()
                self.repo.delete_agent(child.name)
                self.repo.undo()
                assert self.refs() == collapsed
                data.draw(st.sampled_from([self.repo, child])).undo()
                assert self.refs() == worked
            for _ in some:
                child.undo()
            assert self.refs() == spawned
            data.draw(st.sampled_from([self.repo, child])).undo()
            assert self.refs() == before
        self.append("and on", "user", False, False)  # from here on there is nothing to redo

    # -- what happens around them --------------------------------------------------------------

    @rule(seconds=st.integers(-(10**7), 10**7))
    def clock_jumps(self, seconds: int) -> None:
        self.now = max(0, self.now + seconds)

    @rule()
    def flush(self) -> None:
        self.repo.flush()
        if self.line.commits:
            assert self.git("rev-list", "--count", f"refs/heads/{self.here}") == str(self.line.commits)

    @rule()
    def reopen(self) -> None:
        self.repo.close()
        self.repo = self.opened()

    @rule(command=st.sampled_from(["gc -q --prune=now", "pack-refs --all --prune", "repack -q -a -d", "prune-packed"]))
    def git_tidies_up(self, command: str) -> None:
        self.git(*command.split())

    @precondition(lambda self: self.line.commits > 1 and "b" in self.lines)
    @rule()
    def git_moves_the_branch(self) -> None:
        """Stock git puts another branch where this one is; it stays there, until the move is undone like any other."""
        before = self.state()
        self.repo.flush()
        self.git("update-ref", f"refs/kept/{before.refs['refs/heads/b']}", "refs/heads/b")  # what git loses is lost
        self.git("update-ref", "refs/heads/b", f"refs/heads/{self.here}")
        self.lines["b"] = self.line
        with pytest.raises(StateError):
            self.repo.branch("b")  # now it is in the operation log
        self.noted(before)
        self.labels_known = False  # git moves no labels

    def git(self, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=self.folder / "t.trace", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    # -- what must hold ------------------------------------------------------------------------

    @invariant()
    def the_context_is_the_list(self) -> None:
        context = self.repo.context()
        assert [(item.id, item.message.to_dict()) for item in context.items] == list(self.line.messages)
        assert {item.id for item in context.items if item.pinned} == self.line.pinned
        assert context.tools == self.line.tools
        ids = [item.id for item in context.items]
        assert len(set(ids)) == len(ids)

    @invariant()
    def the_log_has_every_commit_and_its_tokens_add_up(self) -> None:
        log = list(self.repo.log())
        assert len(log) == self.line.commits
        if log:
            line, known = [log[0]], {commit.id: commit for commit in log}
            while line[-1].parents:
                line.append(known[line[-1].parents[0]])
            assert sum(commit.tokens or 0 for commit in line) == log[0].context_tokens == self.repo.context().tokens

    @invariant()
    def what_is_pinned_somewhere_has_a_label(self) -> None:
        if self.labels_known:
            labels = {ref.rpartition("/")[2] for ref in self.refs() if ref.startswith("refs/trace/pins/")}
            assert labels == {item for line in self.lines.values() for item in line.pinned}

    def teardown(self) -> None:
        try:
            for name, line in self.lines.items():
                if line.commits:
                    with Repo.open(self.folder / "t.trace", branch=name, tokenizer=None) as repo:
                        assert repo.context().messages() == [body for _, body in line.messages]
            found = self.repo.verify()
            assert not found or (not self.labels_known and {one.severity for one in found} == {"warning"}), found
            assert self.repo.warnings == ()
            self.repo.close()
            self.git("reflog", "expire", "--expire=now", "--all")
            self.git("gc", "-q", "--prune=now")
            for commit in self.commits:
                assert self.git("cat-file", "-t", commit) == "commit"
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
