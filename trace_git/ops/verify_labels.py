"""What verify says of a trace that is whole: labels that do not name their pins, merges that git made line by line.

These are warnings: nothing is damaged, and a reader should know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from ..results import Finding
from ..store.refs import is_id
from ..view.handle import Handle

_UNREADABLE = (CorruptTraceError, InvalidInputError, NotFoundError, StateError)
_HEADS, _LABELS = "refs/heads/", "refs/trace/pins/"


@dataclass(frozen=True)
class Label:
    """A ref that ought to be at the commit that pinned ``item``; ``tip`` is a branch tip that has the pin."""

    ref: str
    item: str
    tip: str
    value: str | None


def wrong_labels(handle: Handle, refs: Mapping[str, str]) -> Iterator[Label]:
    """Labels that are missing, or at a commit without the pin. ``refs`` are all refs whose values are good."""
    wanted: dict[str, tuple[str, str]] = {}
    for ref, value in refs.items():
        space, heads, _ = ref.partition(_HEADS)
        if heads and (not space or space.startswith("refs/namespaces/")):
            tip = _tip(refs, value)
            for item in pinned(handle, tip) if tip else ():
                wanted.setdefault(f"{space}{_LABELS}{item}", (item, tip or ""))
    for name, (item, tip) in sorted(wanted.items()):
        found = refs.get(name)
        if found is None or item not in pinned(handle, found):
            yield Label(name, item, tip, found)


def _tip(refs: Mapping[str, str], value: str) -> str | None:
    target = refs.get(value[5:]) if value.startswith("ref: ") else value
    return target if is_id(target) else None


def pinned(handle: Handle, commit: str) -> frozenset[str]:
    """The items that a commit has pinned; none when it cannot be read, or is no commit of a trace."""
    try:
        return frozenset(handle.snapshots.pins(handle.store.commit(handle.store.peel(commit)).tree))
    except _UNREADABLE:
        return frozenset()


def pinned_by(handle: Handle, label: Label) -> str:
    """The commit on the way back from the tip that pinned the item."""
    commit = handle.store.peel(label.tip)
    while (parents := handle.store.commit(commit).parents) and label.item in pinned(handle, parents[0]):
        commit = parents[0]
    return commit


def label_findings(handle: Handle, refs: Mapping[str, str]) -> Iterator[Finding]:
    logged = handle.store.logged_refs()
    for label in wrong_labels(handle, refs):
        if label.value is None and logged.get(label.ref) is None:
            continue  # it was never here: a bare clone brings branches, and no labels
        what = f"is missing, and {label.tip[:8]} has that pin"
        if label.value is not None:
            what = f"is at {label.value[:8]}, which does not have that pin"
        yield Finding("label", label.ref, f"label {label.ref} {what}", (label.item,), "warning")


def interleaved(handle: Handle, commit: str) -> Finding | None:
    """A finding when a commit that trace-git did not make has mixed the items of its two parents."""
    data = handle.store.commit(commit)
    if len(data.parents) != 2 or "Trace-Op" in data.trailers:
        return None
    try:
        ours, theirs = (_items(handle, handle.store.commit(parent).tree) for parent in data.parents)
        order = _items(handle, data.tree)
    except _UNREADABLE:
        return None
    sides = [item in ours for item in order if (item in ours) != (item in theirs)]
    if sum(one != other for one, other in pairwise(sides)) < 2:
        return None
    text = f"commit {commit[:8]}: a merge by stock git mixed the messages of {data.parents[0][:8]} and "
    items = tuple(item for item in order if (item in ours) != (item in theirs))
    return Finding("merge", commit, f"{text}{data.parents[1][:8]}: they alternate", items, "warning")


def _items(handle: Handle, tree: str) -> dict[str, None]:
    return dict.fromkeys(entry.place.item for entry in handle.snapshots.entries(tree))
