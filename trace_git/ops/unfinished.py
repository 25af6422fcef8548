"""What the command line has begun in a trace and not finished: a merge, a rebase or cherry-pick, bisects.

For verbs that go through all of a trace: the commits that are needed to go on or to give up, and how the files that
keep it read once commits and texts are others. What the files say is the affair of ``merging_state``, ``replay_state``
and ``bisecting_state``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..conflicts import Resolution
from ..store.refs import is_id
from . import bisecting_state, merging_state, replay_state
from .carried_out import Work
from .todo import Step


@dataclass(frozen=True)
class Rewriter:
    """``commit`` gives the id that stands for one, ``text`` what a text becomes, ``value`` what a plain value does.
    Without ``answers`` those that were given to conflicts are forgotten: nobody can tell what they are about."""

    commit: Callable[[str], str]
    text: Callable[[str], str]
    value: Callable[[Any], Any]
    answers: bool = True

    def place(self, value: str) -> str:
        """A commit, or any other word of a file."""
        return self.commit(value) if is_id(value) else value

    def line(self, text: str) -> str:
        """A text of one line, which stays one."""
        return "".join(char if char.isprintable() else " " for char in self.text(text))

    def asked(self, trailers: Mapping[str, str]) -> dict[str, str]:
        return {name: self.line(text) for name, text in trailers.items()}

    def resolutions(self, answers: Mapping[str, Resolution]) -> dict[str, Resolution]:
        if not self.answers:
            return {}
        return {
            name: replace(
                one,
                content=self.value(one.content),
                reason=self.text(one.reason),
                by=self.text(one.by),
            )
            for name, one in answers.items()
        }


def commits(folder: str) -> dict[str, str]:
    """The commits that something open in the trace at ``folder`` needs, by what needs them.

    CorruptTraceError for a damaged file, whose hint says how to forget it.
    """
    found = dict[str, str]()
    merge = merging_state.read(folder)
    if merge is not None:
        found |= {"the open merge, ours": merge.ours, "the open merge, theirs": merge.theirs}
    replay = replay_state.read(folder)
    if replay is not None:
        found |= {f"the open {replay.verb}, {one[:8]}": one for one in _of_replay(replay)}
    for agent in bisecting_state.agents(folder):
        bisect = bisecting_state.read(folder, agent)
        if bisect is not None:
            found |= {f"the open bisect, {one[:8]}": one for one in _of_bisect(bisect)}
    return found


def paths(folder: str) -> list[str]:
    """The files that keep what is open, by path in the trace."""
    merge, replay = merging_state.read(folder), replay_state.read(folder)
    bisects = {agent: bisecting_state.read(folder, agent) for agent in bisecting_state.agents(folder)}
    found = [
        *(merging_state.contents(merge) if merge is not None else ()),
        *(replay_state.contents(replay) if replay is not None else ()),
    ]
    return found + [path for agent, one in bisects.items() if one for path in bisecting_state.contents(agent, one)]


def _of_replay(begun: replay_state.Begun) -> Iterator[str]:
    works = [begun.work, *([begun.next.rest] if begun.next is not None and begun.next.rest is not None else [])]
    named = [begun.original, begun.stopped, *([begun.next.commit] if begun.next is not None else [])]
    for work in works:
        named += [work.tip, work.start, *work.forks, *(step.commit for step in work.steps)]
    yield from filter(is_id, named)


def _of_bisect(begun: bisecting_state.Begun) -> Iterator[str]:
    named = [begun.place, begun.bad or "", *begun.good, *(told for _, told in begun.answers)]
    yield from filter(is_id, named)


def rewritten(folder: str, by: Rewriter) -> dict[str, bytes | None]:
    """The files that keep what is open, by path in the trace, as far as they change."""
    found = dict[str, bytes | None]()
    merge = merging_state.read(folder)
    if merge is not None and (merged := _merge(merge, by)) != merge:
        found |= merging_state.contents(merged)
    replay = replay_state.read(folder)
    if replay is not None and (replayed := _replay(replay, by)) != replay:
        found |= replay_state.contents(replayed)
    for agent in bisecting_state.agents(folder):
        bisect = bisecting_state.read(folder, agent)
        if bisect is not None and (done := _bisect(bisect, by)) != bisect:
            found |= bisecting_state.contents(agent, done)
    return found


def _merge(begun: merging_state.Begun, by: Rewriter) -> merging_state.Begun:
    return replace(
        begun,
        ours=by.commit(begun.ours),
        theirs=by.commit(begun.theirs),
        name=by.text(begun.name),
        message=None if begun.message is None else by.text(begun.message),
        judged=begun.judged and tuple(replace(one, text=by.text(one.text)) for one in begun.judged),
        answers=by.resolutions(begun.answers),
        asked=by.asked(begun.asked),
    )


def _replay(begun: replay_state.Begun, by: Rewriter) -> replay_state.Begun:
    after = begun.next
    return replace(
        begun,
        original=by.place(begun.original),
        name=by.text(begun.name),
        stopped=by.place(begun.stopped),
        work=_work(begun.work, by),
        answers=by.resolutions(begun.answers),
        asked=by.asked(begun.asked),
        next=after
        and replace(
            after,
            commit=by.place(after.commit),
            stopped=by.place(after.stopped),
            rest=after.rest and _work(after.rest, by),
        ),
    )


def _work(work: Work, by: Rewriter) -> Work:
    return replace(
        work,
        tip=by.place(work.tip),
        start=by.place(work.start),
        steps=tuple(Step(one.action, by.place(one.commit)) for one in work.steps),
        forks=tuple(map(by.place, work.forks)),
    )


def _bisect(begun: bisecting_state.Begun, by: Rewriter) -> bisecting_state.Begun:
    return replace(
        begun,
        place=by.place(begun.place),
        bad=begun.bad and by.place(begun.bad),
        good=tuple(map(by.place, begun.good)),
        answers=tuple((answer, by.place(told)) for answer, told in begun.answers),
    )
