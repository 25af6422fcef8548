"""Where each turn of a Claude Code file hangs: the tree a person would draw.

The file's own parents are almost that tree. What differs, and what is done:

    in the file                                    in the tree
    an API message is a chain of lines             one turn; children of any line are its children
    results of parallel calls are siblings         a chain in file order, and what follows any follows the last
    the message goes on below its first result     what follows hangs below that result
    two results of one call                        a fork: both are kept
    a parent that is not in the file               the turn before it in the file
    no parent, in a file that has parents          a root: a cleared context, a first prompt rewritten
    no parents at all in the file                  file order

Works on keys, calls and answers; it sees no contents and reads no files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Step(NamedTuple):
    """One line, in file order: which turn it belongs to and what it says it follows."""

    number: int | str  # of the line, for warnings
    uuid: str
    parent: str | None
    turn: str
    thread: str


@dataclass(slots=True)
class Node:
    """A turn as the tree sees it: the calls it makes, the calls it answers."""

    key: str
    thread: str
    calls: frozenset[str | None]
    answers: frozenset[str | None]
    place: int = 0  # of its first step, counted from 1
    after: str | None = None  # the turn its first line follows
    parent: str | None = None


@dataclass(slots=True)
class _Chain:
    """Results of one turn's calls, one after another."""

    members: list[str]
    answered: set[str | None] = field(default_factory=set)


def grow(
    steps: Sequence[Step], nodes: Mapping[str, Node], links: Mapping[str, str | None], warnings: list[str]
) -> dict[str, str | None]:
    """Turn → parent turn, parents before children."""
    _follow(steps, nodes, _Uuids(steps, links), warnings)
    chains, chain_of = _chains(nodes)
    for node in nodes.values():
        if node.key in chain_of:
            continue
        if node.after in chain_of:
            node.parent = chain_of[node.after].members[-1]
        elif node.after in chains:
            node.parent = chains[node.after][0].members[-1]
        else:
            node.parent = node.after
    return _ordered({key: node.parent for key, node in nodes.items()}, warnings)


class _Uuids:
    """Which line a uuid stands for: a message line itself, or the nearest one above a link."""

    def __init__(self, steps: Iterable[Step], links: Mapping[str, str | None]) -> None:
        self.lines: dict[str, Step] = {}
        for step in steps:
            self.lines.setdefault(step.uuid, step)
        self._links = links

    def resolve(self, uuid: str | None) -> tuple[Step | None, bool]:
        """The line, and whether the way up ended at a uuid that is not in the file."""
        seen: set[str] = set()
        while uuid is not None and uuid not in self.lines:
            if uuid not in self._links or uuid in seen:
                return None, True
            seen.add(uuid)
            uuid = self._links[uuid]
        return (self.lines[uuid], False) if uuid is not None else (None, False)


def _follow(steps: Sequence[Step], nodes: Mapping[str, Node], uuids: _Uuids, warnings: list[str]) -> None:
    """Set ``after`` of each node, seeing lines in file order."""
    rootless = {step.thread for step in steps} - {step.thread for step in steps if uuids.resolve(step.parent)[0]}
    below: dict[str, str] = {}  # uuid of a line → the turn that a child of the line follows
    before: dict[str, str] = {}  # thread → its latest turn
    for place, step in enumerate(steps, 1):
        node = nodes[step.turn]
        above, dangling = uuids.resolve(step.parent)
        follows = below.get(above.uuid, above.turn) if above is not None else None
        if node.place:  # a further line of a message: its children go below what came in between
            between = follows is not None and nodes[follows].place > node.place
            follows = follows if between else node.key
        else:
            node.place = place
            if above is None:
                follows = before.get(step.thread) if dangling or step.thread in rootless else None
                _tell(step, dangling, follows, warnings)
            node.after = follows if follows != node.key else None
            follows = node.key
        below.setdefault(step.uuid, follows or node.key)
        before[step.thread] = follows or node.key


def _tell(step: Step, dangling: bool, follows: str | None, warnings: list[str]) -> None:
    if dangling:
        where = "follows the message before it" if follows else "begins a conversation"
        warnings.append(f"line {step.number}: its parent is not in the file; it {where}")
    elif follows:
        text = "the lines name no parents; messages are taken in file order"
        if text not in warnings:
            warnings.append(text)


def _chains(nodes: Mapping[str, Node]) -> tuple[dict[str, list[_Chain]], dict[str, _Chain]]:
    """The chains of results below each turn that makes calls, and the chain of each result."""
    chains: dict[str, list[_Chain]] = {}
    chain_of: dict[str, _Chain] = {}
    caller: dict[str, str] = {}
    for node in nodes.values():
        if node.after is None or not node.answers:
            continue
        made_by = caller.get(node.after, node.after)
        if not node.answers <= nodes[made_by].calls:
            continue
        own = chains.setdefault(made_by, [])
        free = [chain for chain in own if chain.answered.isdisjoint(node.answers)]
        chain = chain_of.get(node.after) or next(iter(free), None)
        if chain is None:
            chain = _Chain([])
            own.append(chain)
        node.parent = chain.members[-1] if chain.members else node.after
        chain.members.append(node.key)
        chain.answered |= node.answers
        chain_of[node.key] = chain
        caller[node.key] = made_by
    return chains, chain_of


def _ordered(parents: dict[str, str | None], warnings: list[str]) -> dict[str, str | None]:
    """The same, parents first and otherwise in file order; a ring of parents is cut."""
    done: dict[str, str | None] = {}
    for key in parents:
        way: dict[str, None] = {}
        at: str | None = key
        while at is not None and at not in done:
            if at in way:
                warnings.append("some messages are each other's parents; the ring was cut")
                parents[next(reversed(way))] = None
                break
            way[at] = None
            at = parents[at]
        for step in reversed(way):
            done[step] = parents[step]
    return done
