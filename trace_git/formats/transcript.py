"""What an importer hands over: conversations as trees of turns, and what it could not take as it was.

Pure values. Nothing here reads a file, and nothing here knows branches, commits or stores:
a tip is only a name for a leaf.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..model import Message, Usage

MAIN = "main"


@dataclass(frozen=True, slots=True)
class Turn:
    """A node of a conversation tree. ``timestamp`` is in seconds since 1970 (UTC); ``parent`` None is a root."""

    key: str
    parent: str | None
    message: Message
    timestamp: float | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Delegation:
    """A call that set a sub-agent to work. Several of one ``agent`` are of one that was asked again, in order.

    ``caller`` is the turn that makes the call, ``tip`` the agent's last turn for it, and ``answers`` are the turns that
    bring its work back: none while it works. ``forks`` are other leaves of the agent, by name; ``prompt`` is what it
    was told, where no turn of it is known (``tip`` None). ``title`` and ``purpose`` are words of the file's, or empty.
    """

    agent: str
    title: str
    purpose: str
    caller: str
    tip: str | None
    answers: tuple[str, ...] = ()
    forks: tuple[tuple[str, str], ...] = ()
    prompt: Turn | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A tree of turns, parents before children, and its leaves by name, ``main`` first.

    A tree may have several roots: what follows a cleared context, a rewritten first prompt and
    a sub-agent's work start from nothing. ``delegations`` say which tips are of sub-agents, and
    whose. ``tools`` is None when the file does not tell.
    """

    name: str
    turns: tuple[Turn, ...]
    tips: tuple[tuple[str, str], ...]
    tools: tuple[Mapping[str, object], ...] | None = None
    warnings: tuple[str, ...] = ()
    delegations: tuple[Delegation, ...] = ()

    def path(self, key: str) -> tuple[Turn, ...]:
        """The turns from the root to ``key``, in order."""
        known = {turn.key: turn for turn in self.turns}
        found: list[Turn] = []
        at: str | None = key
        while at is not None:
            found.append(known[at])
            at = found[-1].parent
        return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class Transcript:
    """A file that was read. ``warnings`` are one line each and name the line of the file they are about."""

    format: str
    conversations: tuple[Conversation, ...]
    warnings: tuple[str, ...] = ()


def linear(
    name: str,
    turns: Iterable[tuple[Message, Usage | None]],
    *,
    tools: tuple[Mapping[str, object], ...] | None = None,
    warnings: tuple[str, ...] = (),
) -> Conversation:
    """A conversation without forks; keys are ``1``, ``2``, …"""
    line = tuple(
        Turn(str(place), str(place - 1) if place > 1 else None, message, usage=usage)
        for place, (message, usage) in enumerate(turns, 1)
    )
    return Conversation(name, line, ((MAIN, line[-1].key),) if line else (), tools, warnings)
