"""``Session``: all agents of a trace, or of several, at once. Short methods, no logic, as in ``repo``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import ops, view
from .errors import AmbiguousRevisionError, InvalidInputError, NotFoundError
from .repo import Repo

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from .answers import Agent, Difference, Hit, Resumption
    from .model import Context

Where = str | os.PathLike[str]


class Session:
    """The agents of one trace or several. Open one with ``Session.open``; close it, or use it as a context manager.

    An agent is called by its name, the trace itself by "". Of several traces a name that is in more than one of them
    stands behind its trace's, as in ``run/researcher``; ``run/`` is that trace itself.
    """

    def __init__(self, traces: dict[str, Repo]) -> None:
        self._traces = traces
        self._opened: list[Repo] = []

    @classmethod
    def open(cls, path: Where | Iterable[Where] = ".trace", **settings: Any) -> Session:
        """Open one trace, or each of several; ``settings`` are those of ``Repo.open``. Nothing is made."""
        paths = [path] if isinstance(path, str | os.PathLike) else list(path)
        if not paths:
            raise InvalidInputError("no trace is given", field="path", hint="give a path, or a list of paths")
        traces: dict[str, Repo] = {}
        try:
            for one in paths:
                repo = Repo.open(one, **{"create": False, **settings})
                traces[_label(repo.path, traces)] = repo
        except BaseException:
            for repo in traces.values():
                repo.close()
            raise
        return cls(traces)

    @property
    def traces(self) -> dict[str, Repo]:
        """The traces by the name they have here: that of the folder, without ``.trace``."""
        return dict(self._traces)

    def agents(self) -> tuple[Agent, ...]:
        """Every agent of every trace, each behind the one that spawned it."""
        if len(self._traces) == 1:
            return next(iter(self)).agents()
        return tuple(replace(agent, trace=label) for label, repo in self._traces.items() for agent in repo.agents())

    def repo(self, name: str = "") -> Repo:
        """An agent's repository, or the trace itself (""). It is closed with this session."""
        trace, agent = self._found(name)
        found = trace.agent(agent)
        self._opened.append(found)
        return found

    def at(self, moment: str | float | datetime | None = None, *, agent: str = "") -> Context:
        """What an agent knew at a moment: a revision, or a time (in seconds, a datetime, or words as in git); or now.

        A revision of another agent means: as of the last of this agent's commits that led to it, through spawns and
        collapses. NotFoundError when the agent had no commit by then. An agent that is gone is asked too.
        """
        with self._look(agent) as repo:
            return view.knowledge.known(repo._handle, moment)

    def search(self, text: str, *, agent: str | None = None, regex: bool = False, case: bool = False,
               live: bool = False, limit: int | None = None,
               progress: Callable[[int, int], None] | None = None) -> Iterator[Hit]:  # fmt: skip
        """Who knew this: the messages that say ``text``, newest first, once for each agent that knows it, with the
        route by which it came to know. Looked through are the histories of all branches of all agents, be they gone by
        now; or those of one (``agent``; "" is the trace itself). See ``Repo.search``.
        """
        how = view.search.ways(text, regex=regex, case=case, live=live, limit=limit)
        one = self._found(agent) if agent is not None else None
        several = len(self._traces) > 1
        asked = [
            view.search.everywhere(
                repo._handle, how, agent=one[1] if one else None, trace=label if several else "", progress=progress
            )
            for label, repo in self._traces.items()
            if one is None or one[0] is repo
        ]
        return view.search.together(asked, how)

    def difference(self, knew: str, lacked: str, *, at: str | float | datetime | None = None) -> Difference:
        """What one agent knew and another did not, now or at a moment (see ``at``; a revision is the first one's).

        An agent that had not begun by then knew nothing; NotFoundError when it is the first one.
        """
        with self._look(knew) as first, self._look(lacked) as second:
            if isinstance(at, str):
                at = view.moments.fixed(first._handle, at)
            mine = view.knowledge.known(first._handle, at)
            if isinstance(at, str) and first.path != second.path:
                at = first.get(at).timestamp  # nothing but a clock connects two traces
            return view.knowledge.difference(mine, view.knowledge.known_by_then(second._handle, at))

    def resume(self, name: str = "") -> Resumption:
        """Where an agent goes on after a crash or a restart: its last acknowledged commit, what is open, what waits."""
        trace, agent = self._found(name)
        with trace.agent(agent) as repo:
            return repo.resumption()

    def _look(self, name: str) -> Repo:
        """An agent to read as, be it gone by now."""
        trace, agent = self._found(name)
        return Repo(ops.opening.look(trace._handle, agent))

    def _found(self, name: str) -> tuple[Repo, str]:
        """The trace that is meant, and the agent's name in it."""
        label, slash, rest = name.partition("/")
        if slash and label in self._traces:
            return self._traces[label], rest
        if slash and any(self._traces):
            raise NotFoundError(f"no trace {label!r} in this session", hint=f"there are: {', '.join(self._traces)}")
        if len(self._traces) == 1:
            return next(iter(self._traces.values())), name
        having = [label for label, repo in self._traces.items() if not name or name in _names(repo)]
        having = having or [label for label, repo in self._traces.items() if _was_in(repo, name)]
        if len(having) > 1:
            names = [f"{label}/{name}" for label in having]
            what = f"several traces have an agent {name!r}" if name else "there are several traces, and none is named"
            raise AmbiguousRevisionError(what, candidates=names,
                                         hint="one of: " + " ".join(names))  # fmt: skip
        if not having:
            raise NotFoundError(f"no agent {name!r} in any of {', '.join(self._traces)}",
                                hint="agents() lists them")  # fmt: skip
        return self._traces[having[0]], name

    def close(self) -> None:
        """Close every repository that was opened here; closing twice is harmless."""
        for repo in (*self._opened, *self._traces.values()):
            repo.close()
        self._opened.clear()

    def __iter__(self) -> Iterator[Repo]:
        return iter(self._traces.values())

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _names(repo: Repo) -> list[str]:
    return view.agents.names(repo._handle)


def _was_in(repo: Repo, name: str) -> bool:
    return view.agent_tree.last_tip(repo._handle, name) is not None


def _label(path: Path, taken: Iterable[str]) -> str:
    """A short name for a trace: its folder's, or for ``.trace`` that of the folder around it."""
    name = path.parent.name if path.name == ".trace" else path.name.removesuffix(".trace")
    name = name.replace("/", "-") or "trace"
    label, number = name, 2
    while label in taken:
        label, number = f"{name}-{number}", number + 1
    return label


__all__ = ["Session"]
