"""One question to a trace: its index brought up to date, who stands where in it, and what is remembered between two.

All refs count but those that keep what verbs left behind; of these only an agent that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass

from ...errors import CorruptTraceError, NotFoundError, StorageError, TraceError
from ...store.records import COMMIT
from ...store.refs import is_id
from ...store.textindex import BEGAN, IndexHolder, TextIndex
from .. import agent_tree, agents
from ..handle import Handle
from ..operations import IMPORT
from . import news
from .ground import Ground, History

_KEEP, _PINS = "refs/trace/keep/", "refs/trace/pins/"
_HEADS = "refs/heads/"
_TRIES = 3  # to fill an index that another process deletes meanwhile


class Memory:
    """What an open trace remembers from one question to the next. ``trigrams`` false is for those who compare."""

    def __init__(self, handle: Handle, *, trigrams: bool = True) -> None:
        store = handle.store
        self.holder = IndexHolder(
            store.folder, readonly=not store.writable, trigrams=trigrams, current=store.is_current
        )
        self._ground: Ground | None = None
        self.peeled: dict[str, str | None] = {}  # what a ref says → the commit that is meant
        self.left: dict[tuple[str, int], str | None] = {}  # see ``agent_tree.who_left``

    def ground(self, index: TextIndex) -> Ground:
        """The ground of an index, up to date."""
        found = self._ground
        if found is None or found.index != index.id:
            found = self._ground = Ground(index)
        found.refresh(index)
        return found

    def close(self) -> None:
        self.holder.close()


def memory(handle: Handle) -> Memory:
    """That of the handle's trace; all its handles share one."""
    kept = handle.contexts
    if not isinstance(kept.memory, Memory):
        kept.memory = Memory(handle)
    return kept.memory


@dataclass(frozen=True)
class Stand:
    """An agent, and where it stands: the name and the last commit of each of its branches, HEAD's first."""

    agent: str
    tips: tuple[tuple[str | None, str], ...]


class Asked:
    """A trace as it is at the moment of a question, in the numbers of its index."""

    def __init__(self, handle: Handle, *, also: Iterable[str] = (), progress: news.Progress | None = None) -> None:
        self.handle = handle
        self._progress = progress
        handle.store.refresh()
        self._memory = memory(handle)
        refs = {ref: tip for ref in handle.ref_names("refs/", skip_bad=True)
                if not ref.startswith(_PINS) and (tip := self._commit_at(ref)) is not None}  # fmt: skip
        self._also = [*([head] if (head := handle.head()) is not None else []), *also]
        self._kept = [(agent_tree.place(ref), tip) for ref, tip in refs.items() if ref.startswith(_KEEP)]
        self._refs = {ref: tip for ref, tip in refs.items() if not ref.startswith(_KEEP)}
        self._imports: frozenset[str] | None = None
        self._learn()

    def _learn(self) -> None:
        """Bring the index up to date, and forget what was known in the numbers of another one."""
        self._stands: tuple[Stand, ...] | None = None
        self._own: dict[str, frozenset[int]] = {}
        self._blobs: dict[int, str] = {}
        self._commits: dict[int, str] = {}
        self._pins: dict[int, Mapping[str, str]] = {}
        kept = (tip for _, tip in self._kept)
        wanted, holder = list({*self._refs.values(), *kept, *self._also}), self._memory.holder
        for _ in range(_TRIES):
            self._errors = news.learn(self.handle, holder, wanted, self._progress)
            self.index = holder.index()  # as it is now: its numbers hold to the end of this question
            self.numbers = self.index.numbers(wanted)
            if len(self.numbers) + len(self._errors) >= len(wanted):
                break
        self.ground = self._memory.ground(self.index)

    def learn_texts(self) -> dict[int, TraceError]:
        """Have the index know what all that is present says; the error of each version that cannot be read."""
        for _ in range(_TRIES):
            untold = dict(self.index.untold())
            present = self.present() if untold else frozenset()
            needed = {row.blob for row in self.index.of_blobs(untold) if row.commit in present}
            numbers = {untold[blob]: blob for blob in sorted(needed)}
            errors = news.learn_texts(self.handle, self._memory.holder, numbers, self._progress)
            found = {numbers[blob]: error for blob, error in errors.items()}
            if not needed or needed.isdisjoint(blob for blob, _ in self.index.untold() if blob not in found):
                return found
            self._learn()  # what was told went into an index that another process had begun anew
        raise StorageError("the search index is begun anew again and again", hint="search again")

    def _commit_at(self, ref: str) -> str | None:
        """The commit that a ref leads to. What ids mean is remembered: there may be many refs."""
        value = self.handle.ref(ref)
        if value is None or value.startswith("ref: "):
            return None
        peeled = self._memory.peeled
        if value not in peeled:
            try:
                commit = self.handle.store.peel(value)
                peeled[value] = commit if self.handle.store.kind(commit) == COMMIT else None
            except news.UNREADABLE:
                return None
        return peeled[value]

    def number(self, commit: str) -> int:
        """A commit in numbers; the error that reading its history gave."""
        if commit in self._errors:
            raise self._errors[commit]
        found = self.numbers.get(commit) or self.index.numbers((commit,)).get(commit)
        if found is None:
            raise NotFoundError(f"{commit[:8]} is not behind any ref", hint="`trace log` lists commits")
        return found

    def blob(self, number: int) -> str:
        """The id of a version."""
        if number not in self._blobs:
            self.read_ids((number,), ())
        return self._blobs[number]

    def commit(self, number: int) -> str:
        """The id of a commit."""
        if number not in self._commits:
            self.read_ids((), (number,))
        return self._commits[number]

    def read_ids(self, blobs: Iterable[int], commits: Iterable[int]) -> None:
        """Ask for several ids at once: who wants many saves time with it."""
        self._blobs |= self.index.blob_ids(blobs)
        self._commits |= self.index.commit_ids(commits)

    def pins(self, commit: int) -> Mapping[str, str]:
        """The pins of a commit's context: item id → blob id."""
        if commit not in self._pins:
            self._pins[commit] = self.handle.snapshots.pins(self.handle.store.commit(self.commit(commit)).tree)
        return self._pins[commit]

    def history(self, agent: str, commit: str) -> History:
        return self.ground.history(agent, self.number(commit))

    # -- who is there ----------------------------------------------------------------------

    def stands(self) -> tuple[Stand, ...]:
        """The trace itself, its agents by name, then those that are gone."""
        if self._stands is None:
            there = ["", *agents.names(self.handle)]
            found = [Stand(name, tuple(self._branches(name))) for name in there]
            for name, tips in sorted(self._gone(frozenset(there)).items()):
                found.append(Stand(name, tuple([(None, self.commit(tip)) for tip in tips])))
            self._stands = tuple([one for one in found if one.tips])
        return self._stands

    def _branches(self, agent: str) -> Iterator[tuple[str | None, str]]:
        space = _space(agent)
        prefix = space + _HEADS
        head = self.handle.ref(f"{space}HEAD") or ""
        first = head[5:] if head.startswith("ref: ") else prefix + agents.FIRST
        branches = [ref for ref in self._refs if ref.startswith(prefix)]
        for ref in sorted(branches, key=lambda ref: (ref != first, ref)):
            if self._refs[ref] not in self._errors:
                yield ref.removeprefix(prefix), self._refs[ref]

    def unread(self, agent: str | None) -> TraceError | None:
        """What kept a branch of an agent, or of anybody, from being read; None when nothing did."""
        spaces = [_space(name) for name in ("", *agents.names(self.handle)) if agent in (None, name)]
        bad = (self._errors[tip] for ref, tip in self._refs.items() if tip in self._errors
               and any(ref.startswith(space + _HEADS) for space in spaces))  # fmt: skip
        return next(bad, None)

    def _gone(self, there: Set[str]) -> dict[str, list[int]]:
        """Agents that were taken back, or abandoned with work of their own, with the last commits known of each:
        of all branches that it had at last, and of work that was taken; where it stood is first."""
        ground = self.ground
        found: dict[str, list[int]] = {}
        latest: dict[str, int] = {}
        left = [(tip, operation) for (operation, _), tip in sorted(self._kept, reverse=True) if tip in self.numbers]
        whose = self._memory.left
        whose |= agent_tree.who_left(self.handle, [one for one in left if one not in whose])
        for tip, operation in left:
            number, name = self.numbers[tip], whose[tip, operation]
            name = ground.owner[number] if name is None else name
            if name and name not in there and ground.of(number).mark != BEGAN and operation >= latest.get(name, 0):
                latest[name] = operation
                found.setdefault(name, []).append(number)
        present = [self.numbers[tip] for tip in self._refs.values() if tip in self.numbers]
        taken = {one for one in ground.taken(ground.reached(present)) if one[0] not in there}
        for name, number in sorted(taken, key=lambda one: (-ground.age[one[1]], self.commit(one[1]))):
            known = found.setdefault(name, [number])
            behind = [ground.history(name, one).where for one in known]
            if known[0] in ground.history(name, number).where:
                found[name] = list(dict.fromkeys([number, *known]))
            elif not any(number in one for one in behind):
                known.append(number)
        return found

    def present(self) -> frozenset[int]:
        """All commits that somebody who is there, or an agent that is gone, has behind him."""
        tips = {self.numbers[tip] for tip in self._refs.values() if tip in self.numbers}
        tips.update(self.numbers[tip] for tip in self._also if tip in self.numbers)
        tips.update(self.number(tip) for stand in self.stands() for _, tip in stand.tips)
        return self.ground.reached(tips)

    def own(self, agent: str) -> frozenset[int]:
        """The commits on an agent's own lines, from its beginning on."""
        if agent not in self._own:
            found: set[int] = set()
            for _, tip in next((stand.tips for stand in self.stands() if stand.agent == agent), ()):
                commit: int | None = self.number(tip)
                while commit is not None and commit not in found:
                    found.add(commit)
                    known = self.ground.of(commit)
                    commit = None if known.agent == agent and known.mark == BEGAN else self.ground.parent(commit)
            self._own[agent] = frozenset(found)
        return self._own[agent]

    def whose(self, commit: int) -> str:
        """The agent on whose line a commit is; first parents alone do not tell when one caught up with another."""
        first = self.ground.owner[commit]
        names = (first, *(stand.agent for stand in self.stands()))
        return next((name for name in names if commit in self.own(name)), first)

    # -- imports ---------------------------------------------------------------------------

    def is_import(self, commit: str) -> bool:
        """Whether a commit was made by an import into this trace. A clone has no operation log that could tell."""
        if self._imports is None:
            self._learn_imports()
            self._imports = self._memory.holder.index().imports()
        return commit in self._imports

    def _learn_imports(self) -> None:
        upto, newest = self._memory.holder.index().imported_upto, 0
        found: list[str] = []
        with suppress(CorruptTraceError):  # a log that is damaged is for fsck to tell
            for entry in self.handle.store.entries():
                if entry.seq <= upto:
                    break
                newest = newest or entry.seq
                if entry.note == IMPORT:
                    found += [move.new for move in entry.moves if move.new is not None and is_id(move.new)]
        if newest:
            self._memory.holder.add_imports(found, newest)


def _space(agent: str) -> str:
    return f"{agents.SPACES}{agent}/" if agent else ""
