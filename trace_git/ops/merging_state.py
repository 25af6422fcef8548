"""The file of a merge that the command line began and has not finished: ``trace/merge``, and git's own beside HEAD.

    trace/merge    JSON, see ``Begun``; it names no model, since a trace may come from somebody else
    MERGE_MSG      the subject that the merge commit will have
    MERGE_HEAD     the other tip, as git has it

The first decides. It is written before the others and removed after them, each in one step, so that a crash leaves a
merge that is open or one that is not. Only reading and writing here; what is done with it is in ``open_merge``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..conflicts import Resolution
from ..errors import CorruptTraceError
from ..store import files
from ..store.refs import is_id

VERSION = 1
REPLAY = os.path.join("trace", "replay")  # the file of what else may be open: a rebase or cherry-pick
_STATE, _HEAD, _MESSAGE = os.path.join("trace", "merge"), "MERGE_HEAD", "MERGE_MSG"
_TRAILERS = ("Trace-Model", "Trace-Prompt")
_HINT = "trace merge --abort forgets it; nothing has been merged"


@dataclass(frozen=True)
class Found:
    """A conflict that a judge found between items of the two sides; its id is what the versions of them give."""

    id: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Begun:
    """A merge that is open: of the commit ``theirs``, which was called ``name``, into ``branch`` (a full ref).

    ``ours`` is the tip it was begun at, ``answers`` what was said to its conflicts so far, by conflict id. With
    ``semantic`` a judge is to be asked, who takes for a conflict what is at or above ``threshold``; ``judged`` is what
    he found, None before he was asked. ``asked`` are the trailers that name the models that were asked so far.
    """

    branch: str
    ours: str
    theirs: str
    name: str
    unrelated: bool = False
    message: str | None = None
    answers: Mapping[str, Resolution] = field(default_factory=dict)
    semantic: bool = False
    threshold: float | None = None
    judged: tuple[Found, ...] | None = None
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def into(self) -> str:
        """The short name of the branch."""
        return self.branch.rpartition("refs/heads/")[2]

    def shape(self) -> dict[str, str]:
        """What a program is told of it."""
        return {"name": self.name, "theirs": self.theirs, "into": self.into, "ours": self.ours}

    @property
    def subject(self) -> str:
        """What the commit will say unless somebody said otherwise."""
        return f"merge: {self.name} into {self.into}"[:72]


def read(folder: str | os.PathLike[str]) -> Begun | None:
    """The open merge of the trace in ``folder``; None when there is none."""
    with files.storing("the open merge cannot be read"):
        raw = files.read(os.path.join(folder, _STATE))
    if raw is None:
        return None
    import json  # costs start-up time

    try:
        held = json.loads(raw)
        if held["version"] != VERSION:
            raise CorruptTraceError(f"the open merge is of version {held['version']}", hint="upgrade trace-git")
        answers = {name: _answer(**answer) for name, answer in held["answers"].items()}
        texts = {name: held[name] for name in ("branch", "ours", "theirs", "name")}
        _texts(*texts.values(), held["message"] or "")
        if not (is_id(held["ours"]) and is_id(held["theirs"])):
            raise ValueError("a commit is no id")
        if not held["branch"].startswith("refs/") or ".." in held["branch"]:
            raise ValueError("the branch is no ref")
        return Begun(**texts, unrelated=bool(held["unrelated"]), message=held["message"], answers=answers,
                     semantic=bool(held["semantic"]), threshold=held["threshold"], judged=_judged(held["judged"]),
                     asked=asked_of(held["asked"]))  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptTraceError(f"trace/merge, the open merge, is damaged: {error!r}", hint=_HINT) from error


def _texts(*given: Any) -> None:
    if not all(isinstance(text, str) for text in given):
        raise TypeError("a name is no text")


def _answer(action: Any, content: Any = None, reason: Any = "", by: Any = "") -> Resolution:
    _texts(action, reason, by)
    return Resolution(action, content, reason, by)


def _judged(held: Any) -> tuple[Found, ...] | None:
    if held is None:
        return None
    found = [Found(one["id"], tuple(one["ours"]), tuple(one["theirs"]), one["text"]) for one in held]
    for one in found:
        _texts(one.id, *one.ours, *one.theirs, one.text)
    return tuple(found)


def asked_of(held: Any) -> dict[str, str]:
    """Trailers for the commit: nobody else's, and each of one line."""
    for name, text in held.items():
        if name not in _TRAILERS or not isinstance(text, str) or not text.isprintable():
            raise ValueError(f"{name!r} is no trailer of a merge")
    return dict(held)


def contents(begun: Begun) -> dict[str, bytes]:
    """The files that keep an open merge, by path in the trace, in the order in which they are written."""
    import json  # costs start-up time

    answers = {name: {"action": one.action, "content": one.content, "reason": one.reason, "by": one.by}
               for name, one in begun.answers.items()}  # fmt: skip
    judged = None if begun.judged is None else [
        {"id": one.id, "ours": one.ours, "theirs": one.theirs, "text": one.text} for one in begun.judged
    ]  # fmt: skip
    held: dict[str, Any] = {
        "version": VERSION, "branch": begun.branch, "ours": begun.ours, "theirs": begun.theirs, "name": begun.name,
        "unrelated": begun.unrelated, "message": begun.message, "answers": answers, "semantic": begun.semantic,
        "threshold": begun.threshold, "judged": judged, "asked": dict(begun.asked),
    }  # fmt: skip
    message = (begun.message or begun.subject).encode("utf-8", "replace") + b"\n"
    return {_STATE: json.dumps(held, indent=1).encode() + b"\n", _MESSAGE: message,
            _HEAD: f"{begun.theirs}\n".encode()}  # fmt: skip


def write(folder: str, begun: Begun) -> None:
    """Keep an open merge. The caller holds the trace's lock."""
    with files.storing("the open merge cannot be kept"):
        for name, data in contents(begun).items():
            _put(folder, name, data)
        for changed in ("trace", ""):
            files.sync_path(os.path.join(folder, changed))


def forget(folder: str) -> None:
    """Remove what is kept of an open merge. The caller holds the trace's lock."""
    with files.storing("the open merge cannot be forgotten"):
        for name in (_HEAD, _MESSAGE, _STATE):
            files.unlink(os.path.join(folder, name))
        for changed in ("trace", ""):
            files.sync_path(os.path.join(folder, changed))


def _put(folder: str, name: str, data: bytes) -> None:
    scratch = os.path.join(folder, "trace", "tmp", f"merge-{os.getpid()}")
    files.make_folders(os.path.dirname(scratch))
    files.replace(os.path.join(folder, name), data, scratch=scratch, sync=True)
