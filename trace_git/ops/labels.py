"""Labels: refs under ``refs/trace/pins`` that show stock tools what is pinned.

There is one for each item that some branch tip of the namespace has pinned, at the commit that pinned it first. The
``pins/`` folder of the tree decides; labels follow, and every verb that moves a branch to another line calls here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from ..store import format, trees
from ..store.transaction import Transaction
from ..view.handle import Handle
from . import keep

_LOOK = 64  # commits back for the one that pinned an item
_UNREADABLE = (InvalidInputError, CorruptTraceError, NotFoundError, StateError)


def relabel(handle: Handle, transaction: Transaction) -> None:
    """Let the labels follow the branches that this transaction moves.

    A pin that no branch tip has any more loses its label; one that came along without gets it back. Folders of pins
    are read only where they differ.
    """
    before: set[str] = set()
    brought: dict[str, str] = {}  # item → a tip that has it pinned
    for move in transaction.moves:
        if move.ref.startswith(handle.space + keep.HEADS):
            old, new = _folder(handle, transaction, move.old), _folder(handle, transaction, move.new)
            if old != new:
                before |= _items(transaction, old)
                brought.update(dict.fromkeys(_items(transaction, new), move.new or ""))
    gone = before - brought.keys()
    if gone:
        moved = {move.new for move in transaction.moves if move.ref.startswith(handle.space + keep.HEADS)}
        for tip in _staying(handle, transaction) | moved:
            gone -= _items(transaction, _folder(handle, transaction, tip))
    for item in sorted(gone):
        if transaction.claim(_label(handle, item)) is not None:
            transaction.move(_label(handle, item), None)
    for item in sorted(_without_label(handle, transaction, brought.keys() - before)):
        if transaction.claim(_label(handle, item)) is None:
            transaction.move(_label(handle, item), _pinned_by(handle, transaction, brought[item], item))


def follow(handle: Handle, transaction: Transaction, mapped: Mapping[str, str]) -> None:
    """Let labels at commits that were made again go to the new ones, but where another branch has the pin."""
    known = handle.ref_names(_label(handle, ""), skip_bad=True)
    moved = {ref: mapped[value] for ref, value in known.items() if mapped.get(value, value) != value}
    if not moved:
        return
    folders = {_folder(handle, transaction, tip) for tip in _staying(handle, transaction)}
    held = {item for folder in folders for item in _items(transaction, folder)}
    for ref, new in moved.items():
        if ref.rpartition("/")[2] not in held and transaction.claim(ref) in mapped:
            transaction.move(ref, new)


def _label(handle: Handle, item: str) -> str:
    return f"{handle.space}{keep.LABELS}{item}"


def _without_label(handle: Handle, transaction: Transaction, items: set[str]) -> set[str]:
    """Those of ``items`` that ought to get a label. What another branch has pinned without one is of a clone."""
    if not items:
        return items
    known = handle.ref_names(_label(handle, ""), skip_bad=True)
    missing = {item for item in items if _label(handle, item) not in known}
    for tip in _staying(handle, transaction) if missing else ():
        missing -= _items(transaction, _folder(handle, transaction, tip))
    return missing


def _staying(handle: Handle, transaction: Transaction) -> set[str | None]:
    """Where those branches of the namespace are that the transaction does not move, as far as that can be read."""
    moved = {move.ref for move in transaction.moves}
    tips: set[str | None] = set()
    for ref in handle.ref_names(handle.space + keep.HEADS, skip_bad=True):
        with suppress(*_UNREADABLE):
            tips.add(handle.ref_commit(ref) if ref not in moved else None)
    return tips


def _folder(handle: Handle, transaction: Transaction, commit: str | None) -> bytes | None:
    """The raw id of a commit's folder of pins; None when it has none, or is no commit of a trace."""
    try:
        if commit is None:
            return None
        root = transaction.tree(bytes.fromhex(keep.written(handle, transaction, commit).tree))
    except _UNREADABLE:
        return None
    return trees.child(root, format.PINS) if trees.file(root, format.FORMAT_NAME) is not None else None


def _items(transaction: Transaction, folder: bytes | None) -> set[str]:
    """The items that a folder of pins names; none when it is damaged."""
    try:
        found = trees.entries(transaction.tree(folder)) if folder is not None else ()
        return {format.parse_pin(entry.name) for entry in found}
    except _UNREADABLE:
        return set()


def _pinned_by(handle: Handle, transaction: Transaction, commit: str, item: str) -> str:
    """The commit that pinned an item, or the last one that was looked at on the way there."""
    for _ in range(_LOOK):
        parents = keep.written(handle, transaction, commit).parents
        if not parents or item not in _items(transaction, _folder(handle, transaction, parents[0])):
            break
        commit = parents[0]
    return commit
