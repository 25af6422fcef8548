"""Which commits of a history spawned or collapsed an agent.

What is behind a commit never changes. So a handle remembers it of the tips that it asked about last and of what it
writes on top of them, and for every 256th commit or so it is kept in ``trace/cache``: finding it again reads the
commits since, however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import NamedTuple

from ..errors import CorruptTraceError, NotFoundError, StateError
from ..store.commits import AGENT, CommitData
from ..store.kept import Kept
from .handle import Handle

SPAWN, COLLAPSE = "spawn", "collapse"
_VERSION = 1
_MARKED = "00"  # what the ids of commits begin with that are kept: one of 256
_REMEMBERED = 1024  # tips


class Event(NamedTuple):
    """Commit ``at`` spawned agent ``name``, or (``taken`` is the agent's tip then) took its work back."""

    name: str
    at: str
    taken: str = ""


Events = frozenset[Event]
_NONE: Events = frozenset()


def behind(handle: Handle, tips: Iterable[str]) -> Events:
    """What the histories of ``tips``, as git sees them, say of agents. What cannot be read says nothing."""
    walk = _Walk(handle)
    found = _NONE
    for tip in tips:
        found = _union([found, walk.behind(tip)], None)
    walk.end()
    return found


def grow(handle: Handle, commit: str, data: CommitData) -> None:
    """Remember it of a new commit, when it is known of all of its parents."""
    known = handle.lineages
    parts = [known[one] for one in data.parents if one in known]
    if len(parts) == len(data.parents):
        known[commit] = _union(parts, _said(commit, data)[1])
        if data.parents and not data.parents[0].startswith(_MARKED):
            known.pop(data.parents[0], None)


def save(handle: Handle) -> None:
    """Keep what was remembered of marked commits."""
    found = {commit: events for commit, events in list(handle.lineages.items()) if commit.startswith(_MARKED)}
    if found:
        marks = _Marks(handle)
        for commit in found.keys() - marks.known():
            marks.put(commit, found[commit])
        marks.save()


class _Walk:
    """Histories that are read together: each commit once, after its parents."""

    def __init__(self, handle: Handle) -> None:
        self._store = handle.store
        self._remembered = handle.lineages
        self._marks = _Marks(handle)
        self._known: dict[str, Events] = {}
        self._whole = True

    def behind(self, tip: str) -> Events:
        read: dict[str, tuple[tuple[str, ...], Event | None]] = {}
        todo = [tip]
        while todo:
            commit = todo[-1]
            if commit in self._known or self._marked(commit):
                todo.pop()
                continue
            parents, event = read[commit] if commit in read else read.setdefault(commit, self._read(commit))
            waiting = [one for one in parents if one not in self._known]
            if waiting:
                todo += waiting
                continue
            self._known[todo.pop()] = events = _union([self._known[one] for one in parents], event)
            del read[commit]
            self._marks.put(commit, events)
        if self._whole:
            self._remember(tip)
        return self._known[tip]

    def _remember(self, tip: str) -> None:
        self._remembered.pop(tip, None)  # the last that was asked for stands last
        self._remembered[tip] = self._known[tip]

    def _marked(self, commit: str) -> bool:
        events = self._remembered.get(commit)
        events = events if events is not None else self._marks.get(commit)
        if events is not None:
            self._known[commit] = events
        return events is not None

    def _read(self, commit: str) -> tuple[tuple[str, ...], Event | None]:
        """A commit's parents as git sees them, and what it says of an agent."""
        try:
            links = self._store.links(commit)
            return _said(commit, self._store.commit(commit)) if links.agent else (links.parents, None)
        except (StateError, CorruptTraceError, NotFoundError):  # damaged, or behind the edge of a shallow clone
            self._whole = False
            return (), None

    def end(self) -> None:
        if self._whole:
            self._marks.save()
        for old in [one for one in list(self._remembered) if not one.startswith(_MARKED)][:-_REMEMBERED]:
            self._remembered.pop(old, None)


def _said(commit: str, data: CommitData) -> tuple[tuple[str, ...], Event | None]:
    name, verb = data.trailers.get(AGENT), data.trailers.get("Trace-Op")
    if name and verb == SPAWN:
        return data.parents, Event(name, commit)
    if name and verb == COLLAPSE and len(data.parents) > 1:
        return data.parents, Event(name, commit, data.parents[1])
    return data.parents, None


def _union(parts: Iterable[Events], event: Event | None) -> Events:
    """Most commits add nothing, and share the set of their parent."""
    most: Events = _NONE
    for one in parts:
        if not one <= most:
            most = one if most <= one else most | one
    return most if event is None else most | {event}


class _Marks:
    """What was kept of marked commits, and is to be."""

    def __init__(self, handle: Handle) -> None:
        self._file = Kept(handle.store.folder, "lineage", readonly=not handle.store.writable)
        value = self._file.read()
        fits = isinstance(value, tuple) and len(value) == 2 and value[0] == _VERSION and isinstance(value[1], dict)
        self._held: dict[str, tuple[tuple[str, ...], ...]] = value[1] if fits else {}
        self._fresh = False

    def known(self) -> Set[str]:
        return self._held.keys()

    def get(self, commit: str) -> Events | None:
        held = self._held.get(commit)
        return frozenset([Event(*one) for one in held]) if held is not None else None

    def put(self, commit: str, events: Events) -> None:
        if commit.startswith(_MARKED):
            self._held[commit] = tuple(sorted(events))
            self._fresh = True

    def save(self) -> None:
        if self._fresh:
            self._file.write((_VERSION, self._held))
