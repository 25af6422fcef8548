"""Which turns of a Claude Code session are of sub-agents: who called each, and where its work came back.

What is in the files of Claude Code 2.0 and 2.1; older ones have their side chains in the session itself:

    in the file                                          what it is
    tool_use named Task (Agent in later versions)        the call: input has description, prompt, subagent_type
    progress with data.agentId and data.message          a line of the agent; parentToolUseID is the call's id. These
                                                         lines hang on one another, the call's result hangs on the call
    isSidechain with agentId                             a line of the agent, in a file of its own
    isSidechain without                                  a line of some agent, in the session: its first message is the
                                                         prompt of its call, word for word
    tool_result with toolUseResult.agentId               the agent came back with its answer, which is the result; or,
                                                         where isAsync or status says so, began in the background
    tool_result with toolUseResult.task                  how the agent task_id is doing, and, at the end, its answer
    a call again with resume                             the same agentId goes on
    a call that the user interrupted                     a result that is an error: all there will be

An agent is told its prompt and nothing else. What is known of one whose messages are in no file is its prompt.

An agent's first turn has no parent. A side chain without a call, or one that other turns hang below, is no agent's:
it stays a leaf by itself. Nothing here reads files; how lines make turns is said elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..model import ANTHROPIC, Message
from .claude_lines import AGENT_THREAD, MAIN_THREAD, SIDE_THREAD, Told
from .transcript import Delegation, Turn

_DEEPEST = 32  # agents of agents of agents; nobody nests them so, and who imports them recurses


class Seen(NamedTuple):
    """A turn, the thread of its lines, and the call that they name."""

    key: str
    thread: str
    call: str | None
    message: Message
    timestamp: float | None


class _Call(NamedTuple):
    id: str
    caller: str  # the turn that makes it
    place: tuple[int, int]  # of that turn, in file order, and in the turn
    input: Mapping[str, Any]

    def word(self, name: str) -> str:
        value = self.input.get(name)
        return value.strip() if isinstance(value, str) else ""


@dataclass(slots=True)
class _Group:
    """The turns of one thread, or of one side chain, in file order; and the calls they work on."""

    name: str
    turns: list[Seen] = field(default_factory=list)
    calls: list[_Call] = field(default_factory=list)


def delegations(
    turns: Sequence[Seen], parents: MutableMapping[str, str | None], told: Sequence[Told], warnings: list[str]
) -> tuple[Delegation, ...]:
    """The work that was given to sub-agents, in the order of the calls. Their first turns lose their parents."""
    found = tuple(_Session(turns, parents, told).delegations(warnings))
    answered = Counter(answer for one in found for answer in one.answers)
    if several := sum(count > 1 for count in answered.values()):
        warnings.append(
            f"{several} message{'s have' if several > 1 else ' has'} the answers of several sub-agents; "
            "one of these counts as come back"
        )
    return found


class _Session:
    """All groups of a session, and which call each is about."""

    def __init__(self, turns: Sequence[Seen], parents: MutableMapping[str, str | None], told: Sequence[Told]) -> None:
        self._parents = parents
        self._told = told
        self._by_key = {turn.key: turn for turn in turns}
        self._group_of: dict[str, str] = {}
        self._groups: dict[str, _Group] = {}
        self._calls: dict[str, list[_Call]] = {}
        self._answers: dict[str, list[str]] = {}
        for place, turn in enumerate(turns):
            name = self._name(turn)
            self._group_of[turn.key] = name
            self._groups.setdefault(name, _Group(name)).turns.append(turn)
            for at, call in enumerate(turn.message.calls):
                if call.id is not None:
                    given = call.arguments if isinstance(call.arguments, Mapping) else {}
                    self._calls.setdefault(call.id, []).append(_Call(call.id, turn.key, (place, at), given))
            for answered in filter(None, turn.message.answers):
                self._answers.setdefault(answered, []).append(turn.key)
        self._places = {turn.key: place for place, turn in enumerate(turns)}

    def _name(self, turn: Seen) -> str:
        """The thread; of side chains, which are all one thread, the first turn of each as well. Parents come first."""
        if turn.thread != SIDE_THREAD:
            return turn.thread
        above = self._parents[turn.key]
        inside = above is not None and self._by_key[above].thread == SIDE_THREAD
        return self._group_of[above] if above is not None and inside else f"{SIDE_THREAD} {turn.key}"

    def delegations(self, warnings: list[str]) -> Iterator[Delegation]:
        candidates = [group for name, group in self._groups.items() if name != MAIN_THREAD and self._closed(name)]
        for group in candidates:
            group.calls = self._named(group)
        claimed = {call.id for group in candidates for call in group.calls}
        for group in candidates:
            if not group.calls and (call := self._worded(group, claimed)) is not None:
                group.calls = [call]
                claimed.add(call.id)
        called = [group for group in [*candidates, *self._unheard(claimed)] if group.calls]
        for group in sorted(called, key=lambda group: group.calls[0].place):
            if self._rooted(group):
                self._cut(group)
                yield from self._work(group)
            else:
                warnings.append(f"sub-agent {_id(group)}: its callers call each other; it is a side chain here")

    def _closed(self, name: str) -> bool:
        """Whether nothing of another group hangs below this one."""
        return not any(
            above is not None and self._group_of[above] == name != self._group_of[key]
            for key, above in self._parents.items()
        )

    def _named(self, group: _Group) -> list[_Call]:
        """The calls that the group's lines, or results, name. An agent works for one other, so all are of one group."""
        agent = group.name.removeprefix(AGENT_THREAD)
        ids = [
            *(turn.call for turn in group.turns),
            *(one.call for one in self._told if one.hired and one.agent == agent),
        ]
        found = [call for id in dict.fromkeys(ids) if id and (call := self._call(id, group)) is not None]
        found.sort(key=lambda call: call.place)
        return [call for call in found if self._group_of[call.caller] == self._group_of[found[0].caller]]

    def _call(self, id: str, group: _Group) -> _Call | None:
        """The call of that id that somebody else makes, the latest before the group begins."""
        made = [call for call in self._calls.get(id, ()) if self._group_of[call.caller] != group.name]
        begins = self._places[group.turns[0].key] if group.turns else len(self._places)
        earlier = [call for call in made if call.place[0] < begins]
        return earlier[-1] if earlier else next(iter(made), None)

    def _worded(self, group: _Group, claimed: set[str]) -> _Call | None:
        """The call whose prompt is the group's first message, the first of them that is nobody else's."""
        first = group.turns[0]
        text = first.message.text.strip()
        free = [
            call
            for calls in self._calls.values()
            for call in calls
            if call.id not in claimed and text and call.word("prompt") == text
        ]
        found = [call for call in free if self._group_of[call.caller] != group.name]
        before = [call for call in found if call.place[0] < self._places[first.key]]
        return next(iter([*before, *found]), None) if first.message.role == "user" else None

    def _unheard(self, claimed: set[str]) -> list[_Group]:
        """Agents that results name, and of which there is no message."""
        found: dict[str, _Group] = {}
        for one in self._told:
            name = AGENT_THREAD + one.agent
            if one.hired and one.call not in claimed and name not in self._groups:
                group = found.setdefault(name, _Group(name))
                call = self._call(one.call, group)
                if call is not None and call not in group.calls and call.word("prompt"):
                    group.calls.append(call)
        return list(found.values())

    def _rooted(self, group: _Group) -> bool:
        """Whether the way up from caller to caller ends outside of agents."""
        name = group.name
        calls = group.calls
        for _ in range(_DEEPEST):
            name = self._group_of[calls[0].caller]
            calls = self._groups[name].calls
            if not calls:
                return True
        return False

    def _cut(self, group: _Group) -> None:
        for turn in group.turns:
            above = self._parents[turn.key]
            if above is not None and self._group_of[above] != group.name:
                self._parents[turn.key] = None

    def _work(self, group: _Group) -> Iterator[Delegation]:
        tips, forks = self._tips(group)
        for place, call in enumerate(group.calls):
            last = place == len(group.calls) - 1
            prompt = None if group.turns else self._prompt(call)
            title = call.word("description") or call.word("subagent_type")
            purpose = call.word("description") or call.word("prompt").partition("\n")[0]
            answers = tuple(self._came_back(group, call, last=last))
            yield Delegation(
                group.name,
                title,
                purpose,
                call.caller,
                tips[place],
                answers,
                forks if last else (),
                prompt,
            )

    def _tips(self, group: _Group) -> tuple[list[str | None], tuple[tuple[str, str], ...]]:
        """The agent's last turn for each call, and its other leaves."""
        if not group.turns:
            return [None] * len(group.calls), ()
        path = self._line(group)
        tips: list[str | None] = [None] * len(group.calls)
        at = 0
        for turn in path:
            at = self._moved_on(group, turn, at)
            tips[at] = turn.key
        for place in range(1, len(tips)):  # nothing came of a call: it stands where it stood
            tips[place] = tips[place] or tips[place - 1]
        whole = {turn.key for turn in path}
        inner = set(filter(None, (self._parents[turn.key] for turn in group.turns)))
        leaves = [turn.key for turn in group.turns if turn.key not in inner and turn.key not in whole]
        return tips, tuple((f"fork-{number}", key) for number, key in enumerate(leaves, 1))

    def _line(self, group: _Group) -> list[Seen]:
        """From the agent's first turn to its latest."""
        below: dict[str, str] = {}  # the latest child
        for turn in group.turns:
            if (above := self._parents[turn.key]) is not None:
                below[above] = turn.key
        at: str | None = group.turns[-1].key
        while at in below:
            at = below[at]
        found: list[Seen] = []
        while at is not None:
            found.append(self._by_key[at])
            at = self._parents[at]
        return found[::-1]

    def _moved_on(self, group: _Group, turn: Seen, at: int) -> int:
        """Which of the calls the agent works on from this turn on: the one its line names, or whose prompt it is."""
        ids = [call.id for call in group.calls]
        if turn.call in ids[at:]:
            return ids.index(turn.call, at)
        if turn.message.role == "user" and not turn.message.answers:
            text = turn.message.text.strip()
            later = (place for place in range(at + 1, len(ids)) if group.calls[place].word("prompt") == text)
            return next(later, at)
        return at

    def _came_back(self, group: _Group, call: _Call, *, last: bool) -> Iterator[str]:
        """The turns of the caller's that have the answer to ``call``, or what became of the agent at last."""
        agent = group.name.removeprefix(AGENT_THREAD)
        said = [one for one in self._told if one.agent == agent]
        begun = {one.call for one in said if one.hired and not one.done}
        asked = [one.call for one in said if not one.hired and one.done] if last else []
        for id in dict.fromkeys([*([] if call.id in begun else [call.id]), *asked]):
            for key in self._answers.get(id, ()):
                if self._group_of[key] == self._group_of[call.caller]:
                    yield key

    def _prompt(self, call: _Call) -> Turn:
        body = {"role": "user", "content": call.word("prompt")}
        when = self._by_key[call.caller].timestamp
        return Turn(f"prompt of {call.id}", None, Message("user", body, ANTHROPIC), when)


def _id(group: _Group) -> str:
    return group.name.removeprefix(AGENT_THREAD)
