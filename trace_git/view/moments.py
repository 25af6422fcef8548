"""What an agent knew at a moment, answered along the history; clocks are only a hint.

A moment is a revision or a time. A commit that the agent made, on whatever branch, is itself the answer. For one of
somebody else it is the agent's last commit that led there, through spawns and collapses: what happened beside it, and
what came later by some clock, does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from ..errors import InvalidInputError, NotFoundError, TraceError
from ..model import Context
from . import agents, lineage, revisions, times
from .handle import Handle

Moment = str | float | datetime


class NotBegunError(NotFoundError):
    """The agent had no commit at that moment."""


def context(handle: Handle, moment: Moment) -> Context:
    """The context of the handle's agent at ``moment``; NotFoundError when it had none by then."""
    return handle.context(commit(handle, moment))


def commit(handle: Handle, moment: Moment) -> str:
    """The commit at which the handle's agent stood."""
    if isinstance(moment, str):
        moment = fixed(handle, moment)
        if isinstance(moment, str):
            return _known(handle, moment)
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise InvalidInputError("the time has no zone", field="moment", hint="use datetime.now(timezone.utc)")
    if not isinstance(moment, int | float | datetime):
        raise InvalidInputError(f"{moment!r} is no moment", field="moment", hint="give a revision or a time")
    return _by(handle, moment.timestamp() if isinstance(moment, datetime) else moment)


def fixed(handle: Handle, moment: str) -> str | float:
    """The commit, or else the time, that words mean in the handle's namespace: the same for everybody."""
    try:
        return revisions.resolve(handle, moment)
    except (NotFoundError, InvalidInputError) as error:
        return _time(handle, moment, error)


def _time(handle: Handle, text: str, error: TraceError) -> float:
    try:
        return times.when(text, handle.store.now())
    except InvalidInputError:
        raise error from None


def _known(handle: Handle, rev: str) -> str:
    """``rev`` when the agent made it or stood there, else the agent's last commit that led to it."""
    line = list(_line(handle, handle.head(), handle.namespace))
    if rev in line or _is_own(handle, rev):
        return rev
    behind = {found: data.parents for found, data in agents.histories(handle, [rev])}
    found = [one for one in dict.fromkeys(_led(handle, rev, line, behind)) if one in behind]
    older: set[str] = set()
    todo = [parent for one in found for parent in behind[one]]
    while todo:
        fresh = [one for one in dict.fromkeys(todo) if one not in older]
        older.update(fresh)
        todo = [parent for one in fresh for parent in behind[one]]
    if found:
        return max((one for one in found if one not in older), key=lambda one: handle.store.links(one).timestamp)
    raise NotBegunError(f"{_name(handle)} had not begun when {rev[:8]} was made", hint="`trace agents` lists agents")


def _led(handle: Handle, rev: str, line: Sequence[str], behind: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Commits of the agent from which one comes to ``rev``: of its branches, and where it was left since, those at
    which it spawned somebody or its work was taken or merged."""
    yield from islice((one for one in line if one in behind), 1)
    for ref in handle.ref_names(f"{handle.space}refs/heads/", skip_bad=True):
        tip = agents.commit_at(handle, ref)
        yield from islice((one for one in _line(handle, tip, handle.namespace) if one in behind), 1)
    for event in lineage.behind(handle, [rev]):
        if event.taken and event.name == handle.namespace:
            yield event.taken
        elif not event.taken:
            spawn = handle.store.commit(event.at)
            if spawn.trailers.get(agents.PARENT, "") == handle.namespace:
                yield from spawn.parents[:1]
    yield from _merged(handle, behind)


def _merged(handle: Handle, behind: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Commits of the agent that merges among these brought."""
    known: dict[str, str] = {}
    sides = {side for parents in behind.values() for side in parents[1:]}
    mine = {side for side in sides if agents.maker(handle, side, known) == handle.namespace}
    if mine:
        mine -= {one for name in _others(handle) for one in _on_branches(handle, name)}
    yield from sorted(mine)


def _by(handle: Handle, moment: float) -> str:
    for found in _line(handle, handle.head(), handle.namespace):
        if handle.store.links(found).timestamp <= moment:
            return found
    raise NotBegunError(f"{_name(handle)} had no commit by then", hint="`trace log` shows when the first was made")


def _is_own(handle: Handle, rev: str) -> bool:
    """Whether the agent stood at a commit: on a branch that it has, or that nobody has any more."""
    if rev in _on_branches(handle, handle.namespace):
        return True
    made = _made(handle, rev)
    if made is not None:
        return made
    mine = agents.maker(handle, rev) == handle.namespace
    return mine and not any(rev in _on_branches(handle, name) for name in _others(handle))  # who went on was another


def _made(handle: Handle, rev: str) -> bool | None:
    """Whether a branch of the agent was the first at a commit, by the operation log; None where that does not tell."""
    made: bool | None = None
    for entry in handle.store.entries():  # the newest first
        for move in entry.moves:
            if move.new == rev and "refs/heads/" in move.ref:
                made = move.ref.startswith(f"{handle.space}refs/heads/")
    return made


def _others(handle: Handle) -> list[str]:
    return [name for name in ("", *agents.names(handle)) if name != handle.namespace]


def _on_branches(handle: Handle, agent: str) -> Iterator[str]:
    """The commits on the lines of an agent's branches, each once."""
    met: set[str] = set()
    space = f"{agents.SPACES}{agent}/" if agent else ""
    tips = (agents.commit_at(handle, ref) for ref in handle.ref_names(f"{space}refs/heads/", skip_bad=True))
    for tip in tips:
        for commit in _line(handle, tip, agent):
            if commit in met:
                break
            met.add(commit)
            yield commit


def _line(handle: Handle, commit: str | None, agent: str) -> Iterator[str]:
    """The commits of an agent from one of them to its spawn commit, of the trace to its root; first parents only."""
    while commit is not None:
        yield commit
        links = handle.store.links(commit)
        above: Sequence[str] = links.parents
        if links.agent:
            data = handle.store.commit(commit)
            if agents.is_spawn(data) and data.trailers[agents.NAME] == agent:
                break
            above = data.line
        commit = next(iter(above), None)


def _name(handle: Handle) -> str:
    return f"agent {handle.namespace}" if handle.namespace else "the trace"
