"""The file of a rebase or cherry-pick that the command line began and has not finished: ``trace/replay``.

It is JSON, see ``Begun``, and names no model, since a trace may come from somebody else. It is written before the
branch moves, with what is to be true then (``Next``), in one step: so a crash leaves the work as it was, or as it is
when the branch has moved. Only reading and writing here; what is done with it is in ``open_replay``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..conflicts import Resolution
from ..errors import CorruptTraceError
from ..store import files
from . import todo
from .carried_out import Work
from .merging_state import REPLAY, asked_of

VERSION = 1
CONFLICT, EDIT = "conflict", "edit"
_HINT = "trace rebase --abort forgets it"


@dataclass(frozen=True)
class Next:
    """What is true once the branch is at ``commit``: ``rest`` is left to do, as it stopped for an edit of ``stopped``;
    None when all is done."""

    commit: str
    rest: Work | None = None
    stopped: str = ""


@dataclass(frozen=True)
class Begun:
    """Work that is open on ``branch`` (a full ref), which was at ``original`` before it; ``name`` is what was rebased
    onto, or picked.

    ``stopped`` is the commit it stopped at, ``why`` a "conflict" there or an "edit" after it. ``time`` is when it
    began, and the committer's time of all its commits: so each try gives the same. ``answers`` are what was said
    to conflicts so far, by conflict id.
    """

    branch: str
    original: str
    name: str
    work: Work
    time: int
    stopped: str = ""
    why: str = CONFLICT
    strategy: str | None = None
    force: bool = False
    answers: Mapping[str, Resolution] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    next: Next | None = None

    @property
    def into(self) -> str:
        """The short name of the branch."""
        return self.branch.rpartition("refs/heads/")[2]

    @property
    def verb(self) -> str:
        return self.work.verb

    @property
    def left(self) -> int:
        """How many commits are to be done yet, the one it stopped at included where that is in dispute."""
        commits = [step.commit for step in self.work.steps if step.action != "drop"]
        return len(commits) - (commits.index(self.stopped) if self.stopped in commits else 0)

    def shape(self) -> dict[str, Any]:
        """What a program is told of it."""
        return {"verb": self.verb, "name": self.name, "into": self.into, "ours": self.work.tip,
                "original": self.original, "stopped": self.stopped, "why": self.why, "left": self.left}  # fmt: skip


def read(folder: str | os.PathLike[str]) -> Begun | None:
    """What is kept in the trace in ``folder``; None when there is nothing."""
    with files.storing("the open rebase cannot be read"):
        raw = files.read(os.path.join(folder, REPLAY))
    if raw is None:
        return None
    import json  # costs start-up time

    try:
        held = json.loads(raw)
        if held["version"] != VERSION:
            raise CorruptTraceError(f"the open rebase is of version {held['version']}", hint="upgrade trace-git")
        texts = {name: str(held[name]) for name in ("branch", "original", "name", "stopped", "why")}
        answers = {name: Resolution(**answer) for name, answer in held["answers"].items()}
        asked = asked_of(held["asked"])
        then = held["next"]
        rest = _work(then["rest"]) if then and then["rest"] else None
        after = Next(str(then["commit"]), rest, str(then["stopped"])) if then else None
        return Begun(**texts, work=_work(held["work"]), time=int(held["time"]), strategy=held["strategy"],
                     force=bool(held["force"]), answers=answers, asked=asked, next=after)  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptTraceError(f"trace/replay, the open rebase, is damaged: {error!r}", hint=_HINT) from error


def _work(held: Mapping[str, Any]) -> Work:
    mainline, anchor, floor = held["mainline"], held["anchor"], held["floor"]
    return Work(
        verb=str(held["verb"]),
        tip=str(held["tip"]),
        start=str(held["start"]),
        steps=todo.from_shape(held["steps"]),
        merges=bool(held["merges"]),
        forks=tuple(map(str, held["forks"])),
        mainline=None if mainline is None else int(mainline),
        anchor=None if anchor is None else str(anchor),
        again=bool(held["again"]),
        floor=None if floor is None else str(floor),
    )


def _shape(work: Work) -> dict[str, Any]:
    return {"verb": work.verb, "tip": work.tip, "start": work.start, "steps": todo.shape(work.steps),
            "merges": work.merges, "forks": list(work.forks), "mainline": work.mainline, "anchor": work.anchor,
            "again": work.again, "floor": work.floor}  # fmt: skip


def contents(begun: Begun) -> dict[str, bytes]:
    """The file that keeps it, by path in the trace."""
    import json  # costs start-up time

    after = begun.next
    held: dict[str, Any] = {
        "version": VERSION, "branch": begun.branch, "original": begun.original, "name": begun.name, "time": begun.time,
        "stopped": begun.stopped, "why": begun.why, "strategy": begun.strategy, "force": begun.force,
        "answers": {name: asdict(answer) for name, answer in begun.answers.items()}, "asked": dict(begun.asked),
        "work": _shape(begun.work),
        "next": after and {"commit": after.commit, "rest": after.rest and _shape(after.rest), "stopped": after.stopped},
    }  # fmt: skip
    return {REPLAY: json.dumps(held, indent=1).encode() + b"\n"}


def write(folder: str, begun: Begun) -> None:
    """Keep it. The caller holds the trace's lock."""
    scratch = os.path.join(folder, "trace", "tmp", f"replay-{os.getpid()}")
    with files.storing("the open rebase cannot be kept"):
        files.make_folders(os.path.dirname(scratch))
        for name, data in contents(begun).items():
            files.replace(os.path.join(folder, name), data, scratch=scratch, sync=True)
        files.sync_path(os.path.join(folder, "trace"))


def forget(folder: str) -> None:
    """Remove it. The caller holds the trace's lock."""
    with files.storing("the open rebase cannot be forgotten"):
        files.unlink(os.path.join(folder, REPLAY))
        files.sync_path(os.path.join(folder, "trace"))
