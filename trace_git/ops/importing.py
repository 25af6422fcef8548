"""import: a transcript becomes commits, one a turn; its forks become branches, its sub-agents agents.

The first line of a conversation goes to the present branch when that has no commit yet; everything else gets a
branch of its own name. Timestamps, models and API-reported usage come along.

A sub-agent is spawned, with an empty context, from the commit of the turn that calls it, and its turns go to a
namespace of its own. The turn that brings its answer back is a collapse, with the agent's tip as second parent: the
message stays what it was, so its caller's context is the same as without all this.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..errors import InvalidInputError, StateError
from ..formats import Conversation, Delegation, Turn, read
from ..store.refs import check_name
from ..view import agent_tree
from ..view import agents as view_agents
from ..view.handle import Handle
from ..view.operations import IMPORT
from . import branches, collapse, record, spawn, tools

_UNFIT = re.compile(r"[^\w.+-]+")
_UNFIT_FOR_AGENTS = re.compile(r"[^a-z0-9]+")
_LONGEST = 48  # of an agent's name, before its number


@dataclass(frozen=True)
class ImportResult:
    """What an import made: branches, agents, numbers of commits and items, and what a reader should know."""

    format: str
    branches: tuple[str, ...]
    commits: int
    items: int
    warnings: tuple[str, ...]
    agents: tuple[str, ...] = ()


def import_file(
    handle: Handle,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportResult:
    """Import a transcript file; ``format`` forces one of the known formats. See ``Repo.import_file``."""
    transcript = read(path, format)
    conversations = transcript.conversations
    importer = _Importer(handle, os.path.splitext(os.path.basename(os.fspath(path)))[0], conversations, progress)
    with handle.store.batch(IMPORT):
        for conversation in conversations:
            importer.conversation(conversation)
    warnings = [*transcript.warnings, *(text for one in conversations for text in one.warnings)]
    if not importer.made:
        raise InvalidInputError(f"{os.fspath(path)}: there is no message in it", hint="is it a transcript?")
    made, agents = tuple(importer.made), tuple(importer.agents)
    return ImportResult(transcript.format, made, importer.commits, importer.items, tuple(warnings), agents)


class _Conversation:
    """A conversation on its way in: which commit each turn became, and which agent each sub-agent."""

    def __init__(self, conversation: Conversation) -> None:
        self.whole = conversation
        self.done: dict[str, str] = {}  # turn → commit
        self.agents: dict[str, Handle] = {}
        self.called: dict[str, list[Delegation]] = {}  # turn that calls → what for
        self.answered: dict[str, Delegation] = {}  # turn that answers → what
        for one in conversation.delegations:
            self.called.setdefault(one.caller, []).append(one)
            for answer in one.answers:
                self.answered.setdefault(answer, one)
        theirs = {tip for one in conversation.delegations for tip in (one.tip, *(tip for _, tip in one.forks))}
        self.tips = [(name, tip) for name, tip in conversation.tips if tip not in theirs]

    def path(self, one: Delegation) -> tuple[Turn, ...]:
        """The agent's turns, up to the last for this call."""
        if one.tip is not None:
            return self.whole.path(one.tip)
        return (one.prompt,) if one.prompt is not None else ()

    def left(self, path: Sequence[Turn]) -> tuple[str | None, Sequence[Turn]]:
        """Where a line of turns leaves what is there already (a commit, or None), and its turns from there."""
        start = next((at for at in range(len(path), 0, -1) if path[at - 1].key in self.done), 0)
        return self.done[path[start - 1].key] if start else None, path[start:]


class _Importer:
    """The state of one import: which branches and agents it made, and how far it got."""

    def __init__(
        self,
        handle: Handle,
        stem: str,
        conversations: Iterable[Conversation],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._handle = handle
        self._stem = stem
        self._total = sum(map(_commits, conversations))
        self._progress = progress
        self._home: Conversation | None = None  # the one whose main line went to the present branch
        self._names: set[str] | None = None  # of agents that are or were there
        self.made: list[str] = []
        self.agents: list[str] = []
        self.items = 0

    def conversation(self, conversation: Conversation) -> None:
        work = _Conversation(conversation)
        for name, tip in work.tips:
            self._line(work, name, conversation.path(tip))

    def _line(self, work: _Conversation, name: str, path: Sequence[Turn]) -> None:
        """One line of turns: a branch from where it leaves what is there already."""
        at, turns = work.left(path)
        bound = self._branch(work.whole, name, at)
        if at is None and work.whole.tools:
            tools.set_tools(bound, work.whole.tools, timestamp=_time(path[0]) if path else None)
        self._turns(work, bound, turns)

    def _turns(self, work: _Conversation, bound: Handle, turns: Sequence[Turn]) -> None:
        for turn in turns:
            work.done[turn.key] = self._answer(work, bound, turn) or self._plain(bound, turn)
            self.items += 1
            self._tell()
            for one in work.called.get(turn.key, ()):
                self._delegate(work, bound, one, turn)

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self.commits, self._total)

    @property
    def commits(self) -> int:
        return self.items + len(self.agents)

    def _plain(self, bound: Handle, turn: Turn) -> str:
        return record.append(bound, [turn.message], timestamp=_time(turn), usage=turn.usage).id

    # -- agents ----------------------------------------------------------------------------

    def _answer(self, work: _Conversation, bound: Handle, turn: Turn) -> str | None:
        """The collapse that this turn is; None when it brings back nothing new of any agent's."""
        one = work.answered.get(turn.key)
        child = work.agents.get(one.agent) if one is not None else None
        path = work.path(one) if one is not None else ()
        if child is None or not path or path[-1].key not in work.done:
            return None
        tip = work.done[path[-1].key]
        made = collapse.returned(bound, child.namespace, tip, turn.message, timestamp=_time(turn))
        return made.id if made is not None else None

    def _delegate(self, work: _Conversation, bound: Handle, one: Delegation, turn: Turn) -> None:
        """What a sub-agent said for one call, in a namespace of its own; begun at the call, or going on."""
        child = work.agents.get(one.agent)
        if child is None:
            child = work.agents[one.agent] = self._spawn(bound, one, turn)
        begin = child.head()
        assert begin is not None
        self._turns(work, child, work.left(work.path(one))[1])
        for name, tip in one.forks:
            at, turns = work.left(work.whole.path(tip))
            branches.branch(child, name, at=at or begin)
            self._turns(work, child.bound(branches.ref_of(child, name)), turns)

    def _spawn(self, bound: Handle, one: Delegation, turn: Turn) -> Handle:
        if self._names is None:
            self._names = set(agent_tree.names(bound))
        base, number = _agent_name(one), 1
        while True:
            name = base if number == 1 else f"{base}-{number}"
            number += 1
            if name in self._names:
                continue
            self._names.add(name)
            try:
                child = spawn.begun(
                    bound, name, purpose=one.purpose, context=view_agents.EMPTY, timestamp=_time(turn), unheard=True
                )
            except StateError:
                if name in view_agents.names(bound):  # another program took it meanwhile
                    continue
                raise
            self.agents.append(name)
            self._tell()
            return child

    # -- branches --------------------------------------------------------------------------

    def _branch(self, conversation: Conversation, name: str, at: str | None) -> Handle:
        """A handle on the branch for this line: the present one while it is empty, else a new one."""
        here = self._handle
        if not self.made and at is None and here.branch is not None and here.head() is None:
            self.made.append(here.branch.rpartition("refs/heads/")[2])
            self._home = conversation
            return here
        whole = conversation.name or self._stem
        wanted = whole if name == "main" else name if conversation is self._home else f"{whole}-{name}"
        free = self._free(wanted)
        self.made.append(free)
        if at is not None:
            branches.branch(here, free, at=at)
        return here.bound(branches.ref_of(here, free))

    def _free(self, wanted: str) -> str:
        taken = {branch.name.partition("/")[0] for branch in branches.branches(self._handle)}
        base = _fit(wanted)
        name, number = base, 2
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        return check_name(name)


def _commits(conversation: Conversation) -> int:
    """How many it makes: one a turn, one to spawn each agent, one for a prompt that is all there is of an agent."""
    prompts = [one for one in conversation.delegations if one.prompt]
    return len(conversation.turns) + len({one.agent for one in conversation.delegations}) + len(prompts)


def _fit(wanted: str) -> str:
    """A name without folders that git accepts."""
    text = _UNFIT.sub("-", wanted).replace("..", "-").strip("-.")[:60].removesuffix(".lock")
    return text if text and text not in ("trace", "agents", "HEAD") else f"x-{text}"


def _agent_name(one: Delegation) -> str:
    """A name for an agent: the words of its title, else its id."""
    for wanted in (one.title, f"agent {one.title}", one.agent):
        name = _UNFIT_FOR_AGENTS.sub("-", wanted.lower()).strip("-")[:_LONGEST].rstrip("-")
        try:
            if name and name != "agent":
                return view_agents.check_name(name)
        except InvalidInputError:
            continue
    return "agent"


def _time(turn: Turn) -> int | None:
    return int(turn.timestamp) if turn.timestamp is not None and turn.timestamp >= 0 else None
