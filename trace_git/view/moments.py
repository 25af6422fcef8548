"""What an agent knew at a moment, answered along the history; clocks are only a hint.

A moment is a revision or a time. For a revision that is not on the agent's own line the answer is its last commit that
led there, through spawns and collapses: what happened beside it, and what came later by some clock, does not count.
"""

from __future__ import annotations

from datetime import datetime

from ..errors import InvalidInputError, NotFoundError, TraceError
from ..model import Context
from . import agents, revisions, times
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
    """``rev`` when it is in the agent's own history, else the agent's last commit that led to it."""
    behind = {found for found, _ in agents.histories(handle, [rev])}
    found = next((one for one in _line(handle) if one in behind), None)
    if found is not None:
        return found
    raise NotBegunError(f"{_name(handle)} had not begun when {rev[:8]} was made", hint="`trace agents` lists agents")


def _by(handle: Handle, moment: float) -> str:
    for found in _line(handle):
        if handle.store.links(found).timestamp <= moment:
            return found
    raise NotBegunError(f"{_name(handle)} had no commit by then", hint="`trace log` shows when the first was made")


def _line(handle: Handle) -> list[str]:
    """The agent's commits from where it stands to its spawn commit, the trace's to its root; first parents only."""
    found: list[str] = []
    commit = handle.head()
    while commit is not None:
        found.append(commit)
        data = handle.store.commit(commit)
        if agents.is_spawn(data) and data.trailers[agents.NAME] == handle.namespace:
            break
        commit = next(iter(data.line), None)
    return found


def _name(handle: Handle) -> str:
    return f"agent {handle.namespace}" if handle.namespace else "the trace"
