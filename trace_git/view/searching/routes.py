"""By which route something came into an agent's history.

    own            said by the agent itself, or by those who talk to it; and whatever it edited
    inherited      there when the agent began: from the one that spawned it
    collapsed      what the agent was told of the work of another one, which it took back
    merged         brought by a merge, or a fast-forward to another agent's work
    cherry-picked  the same item is on another line that no merge connects, and was there first
    imported       from a transcript
    summarised     what a compress put in the place of others

An item's id tells where it was born, for it is a hash of that place. So an item that was carried here is known from one
that was said here, without anything being written down about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...store import format
from ...store.commits import CommitData
from ...store.textindex import BEGAN, CAME, SHELVED, TOOK, Row
from .. import agents
from .asked import Asked
from .ground import Entered, History

OWN, INHERITED, COLLAPSED, MERGED = "own", "inherited", "collapsed", "merged"
PICKED, IMPORTED, SUMMARISED = "cherry-picked", "imported", "summarised"
ROUTES = (OWN, INHERITED, COLLAPSED, MERGED, PICKED, IMPORTED, SUMMARISED)


class Route(NamedTuple):
    """``kind`` is one of ROUTES; ``source`` the agent it came from and ``origin`` the commit there, where known."""

    kind: str
    source: str | None = None
    origin: int | None = None


def route(asked: Asked, history: History, rows: Sequence[Row], entered: Entered) -> Route:
    """How one version of an item, with all its changes, came into a history."""
    commit = history.line[entered.position]
    data = _data(asked, commit)
    if entered.inherited:
        return Route(INHERITED, data.trailers.get(agents.PARENT, ""), _behind(history, rows, entered.position))
    here = [row for row in rows if row.commit == commit and row.what in (CAME, SHELVED)]
    known = asked.ground.of(commit)
    if here and known.mark == TOOK:
        return Route(COLLAPSED, known.agent, known.tip)
    side = [row for row in rows if row.what in (CAME, SHELVED) and row.commit != commit
            and history.where.get(row.commit) == entered.position]  # fmt: skip
    if side:
        origin = min(side, key=lambda row: (asked.ground.age[row.commit], row.commit)).commit
        return Route(MERGED, asked.whose(origin), origin)
    if len(known.parents) > 1:
        return Route(OWN)  # the merge itself wrote it: an answer to a conflict
    if data.trailers.get("Trace-Op") == "compress":
        return Route(SUMMARISED)
    return _on_the_line(asked, history, here, entered, data)


def maker(asked: Asked, history: History, position: int) -> str:
    """The agent that made a commit of the line: another one's where a fast-forward brought it."""
    names = [name for at, name in history.spawns if at <= position]
    name = names[-1] if names else ""
    if name == history.agent or position < history.spawn:
        return name
    return name if history.line[position] in asked.own(name) else history.agent


def _on_the_line(asked: Asked, history: History, here: Sequence[Row], entered: Entered, data: CommitData) -> Route:
    commit, row = history.line[entered.position], here[0]
    who = maker(asked, history, entered.position)
    names = dict.fromkeys((who, history.agent, asked.ground.owner[commit]))
    born = next((name for name in names if _born(asked, data, row, name)), None)
    if born is None:
        others = list(asked.index.of_items([row.item]))
        before = any(history.where.get(one.commit, entered.position) < entered.position for one in others)
        found = _elsewhere(asked, history, row, entered, others, edited=before)
        if found is not None:
            return Route(PICKED, asked.whose(found), found)
    elif born != who and born == history.agent:
        who = born
    if who != history.agent:
        return Route(MERGED, who, commit)
    return Route(IMPORTED if asked.is_import(asked.commit(commit)) else OWN)


def _elsewhere(
    asked: Asked, history: History, row: Row, entered: Entered, others: Iterable[Row], *, edited: bool
) -> int | None:
    """A commit of another line that had it first: where the item was born, else the oldest; or the same edit."""
    present, ground = asked.present(), asked.ground
    found = {one.commit: one for one in others
             if one.what == CAME and (not edited or one.blob == row.blob) and one.commit in present
             and ground.of(one.commit).mark != BEGAN  # an agent was given it, and has its parent behind it
             and not history.where.get(one.commit, entered.position + 1) <= entered.position}  # fmt: skip
    for commit, one in found.items() if not edited else ():
        if _born(asked, _data(asked, commit), one, ground.owner[commit]):
            return commit
    now = _time(asked, row.commit)  # its birth is gone, as after a redact, or it is the same edit: clocks are the hint
    earlier = [one for one in found if _time(asked, one) < now]
    return min(earlier, key=lambda commit: (ground.age[commit], commit), default=None)


def _born(asked: Asked, data: CommitData, row: Row, agent: str) -> bool:
    """Whether an item's id says that it was born in this commit, in an agent's namespace."""
    parent, blob = next(iter(data.parents), None), bytes.fromhex(asked.blob(row.blob))
    return any(format.item_id(agent, parent, at, blob) == row.item for at in (row.at, *range(row.at)))


def _behind(history: History, rows: Iterable[Row], position: int) -> int | None:
    """The oldest commit behind a position that brought a version."""
    found = [(at, row.commit) for row in rows if row.what in (CAME, SHELVED)
             and (at := history.where.get(row.commit)) is not None and at < position]  # fmt: skip
    return min(found)[1] if found else None


def _data(asked: Asked, commit: int) -> CommitData:
    return asked.handle.store.commit(asked.commit(commit))


def _time(asked: Asked, commit: int) -> int:
    return asked.handle.store.links(asked.commit(commit)).timestamp
