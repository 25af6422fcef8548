"""A merge made again on other tips, with the answers that it got the first time as far as they fit."""

from __future__ import annotations

from ..conflicts import Conflict, Resolution
from ..errors import RefusedError
from ..model import Commit, Item
from ..results import Finding
from ..view import descent
from ..view.merging import bases
from ..view.merging.plan import Merging
from .replay import Replay
from .resolving import gives_up_pin

_RESOLVED = "Trace-Resolved"
_SIDES = ("ours", "theirs", "both", "drop", "defer")


def merge(replay: Replay, commit: Commit, other: str) -> None:
    """Merge ``other`` into the tip of a replay, as ``commit`` did with what these were made from."""
    handle = replay.handle
    if len(commit.parents) != 2:
        raise RefusedError(
            f"{commit.short_id} merges {len(commit.parents) - 1} branches at once",
            hint="rebase without --rebase-merges: it puts all commits in one line",
        )
    if commit.parents == (replay.tip.id, other):
        replay.stand(commit)
        replay.mapped[commit.id] = commit.id
        return
    if descent.is_ancestor(handle, other, replay.tip.id):
        text = f"{commit.short_id} merges nothing here any more, and is left out"
        replay.findings.append(Finding("applied", commit.id, text, severity="note"))
        replay.mapped[commit.id] = replay.tip.id
        return
    tip = replay.tip.id
    replay.plain = False
    merging = bases.compared(handle, tip, other) or bases.unrelated(handle, tip, other)
    decided, plan = replay.decide(commit, merging, _remembered(commit, merging), other)
    done = replay.drafted(commit, merging, plan, decided)
    replay.put(commit, done, others=(other,))


def _remembered(commit: Commit, merging: Merging) -> dict[str, Resolution]:
    """The answers of the merge, by conflict: its trailer says kind, item and action; new content is in its tree."""
    words = [word.removesuffix("@llm").rpartition("=") for word in commit.trailers.get(_RESOLVED, "").split()]
    said = {about: action for about, _, action in words}
    items = {item.id: item for item in commit.items}
    found: dict[str, Resolution] = {}
    for one in merging.conflicts:
        action = said.get(f"{one.kind}:{one.items[0]}", "")
        answer = _again(one, action, items.get(one.items[0]))
        if answer is not None and answer.action in one.actions and not gives_up_pin(one, answer):
            found[one.id] = answer
    return found


def _again(one: Conflict, action: str, now: Item | None) -> Resolution | None:
    if action in _SIDES:
        return Resolution(action, reason="as in the merge that is made again")
    if action == "replace" and now is not None:
        return Resolution("replace", now.message.to_dict(), reason="as in the merge that is made again")
    return None
