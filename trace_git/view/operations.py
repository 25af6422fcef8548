"""The operation log as values: what was done, which of it is undone, and the refs as they were after any of it.

An operation is all entries of the log with one number: one, or the many of a batch. Nothing is written here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ..errors import InvalidInputError, NotFoundError, RefusedError, StateError
from ..results import Operation
from ..store.records import Entry, Move
from .handle import Handle

IMPORT = "import"  # the note of a batch that brings a whole transcript; it is known by that, not by its commits


def operations(handle: Handle, *, limit: int | None = None) -> Iterator[Operation]:
    """Operations of all namespaces, newest first, read as they are asked for."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= sys.maxsize):
        raise InvalidInputError(f"limit {limit!r} is not a number of operations", field="limit", hint="give 0 or more")
    return islice(_read(handle), limit)


def _read(handle: Handle) -> Iterator[Operation]:
    said: dict[int, str] = {}  # operation → the last undo or redo about it
    for found in _grouped(handle.store.entries()):
        newest, number = found[0], found[0].op
        if all(_is_first_sight(newest, move) for move in newest.moves):
            continue
        about = newest.undoes or None
        undone = about in said if about is not None else said.get(number) == "undo"
        if about is not None:
            said.setdefault(about, newest.verb)
        yield _operation(found, undone)


def _grouped(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """The entries of each operation, newest first. Those of a batch may have others in between."""
    waiting: dict[int, list[Entry]] = {}
    for entry in entries:
        waiting.setdefault(entry.op, []).append(entry)
        if entry.seq == entry.op:  # the first record of an operation has its number
            yield waiting.pop(entry.op)
    yield from (waiting[number] for number in sorted(waiting, reverse=True))


def _is_first_sight(entry: Entry, move: Move) -> bool:
    """Whether this is a HEAD that was never written down before: it is as it was made, nobody moved it."""
    head = move.ref == "HEAD" or (move.ref.startswith("refs/namespaces/") and move.ref.split("/")[3:] == ["HEAD"])
    return head and entry.verb == "external" and move.old is None


def _operation(entries: Sequence[Entry], undone: bool) -> Operation:
    newest = entries[0]
    verbs = {entry.verb for entry in entries}
    moves: dict[str, tuple[str | None, str | None]] = {}
    for entry in reversed(entries):
        for move in entry.moves:
            moves[move.ref] = moves.get(move.ref, (move.old,))[0], move.new
    return Operation(
        number=newest.op,
        time=newest.time / 1000,
        verb=IMPORT if newest.note == IMPORT and not newest.undoes else newest.verb if len(verbs) == 1 else "batch",
        moves=moves,
        agents=tuple(dict.fromkeys(space for entry in reversed(entries) for space in entry.spaces)),
        note=next((entry.note for entry in entries if entry.note), ""),
        undoes=newest.undoes or None,
        undone=undone,
        commits=len(entries),
    )


def at(handle: Handle, number: int) -> Handle:
    """A read-only handle that sees the refs as they were after an operation.

    It stands where HEAD stood then, when ``handle`` stands where HEAD is now; else on the branch of ``handle``.
    """
    refs = _refs_after(handle, number)
    then = handle.back_then(refs)
    head = refs.get(handle.head_ref)
    _check_there(handle, refs, head, number)
    if head is not None and handle.place == handle.ref(handle.head_ref):
        then.stand(head)
    return then


def _check_there(handle: Handle, refs: Mapping[str, str], head: str | None, number: int) -> None:
    """StateError when a clean-up has removed the commit that HEAD was at."""
    value = refs.get(head[5:]) if head is not None and head.startswith("ref: ") else head
    if value is not None and handle.store.kind(value) is None:
        raise StateError(
            f"{value[:8]}, where HEAD was after operation {number}, is gone",
            hint="it was reachable no more, and removed; `trace op log` lists what was done",
        )


def _refs_after(handle: Handle, number: int) -> dict[str, str]:
    if isinstance(number, bool) or not isinstance(number, int):
        raise InvalidInputError(f"{number!r} is not the number of an operation", hint="`trace op log` lists them")
    refs: dict[str, str | None] = {**handle.store.ref_names(skip_bad=True), "HEAD": handle.store.ref("HEAD")}
    refs.update(handle.store.logged_refs())  # where stock git has put a ref since, no operation had put it
    newest, redacted = None, 0
    for entry in handle.store.entries():
        newest, redacted = newest or entry.op, entry.op if entry.verb == "redact" else 0
        if entry.op == number:
            refs.update((move.ref, move.new) for move in entry.moves)
            return {ref: value for ref, value in sorted(refs.items()) if value is not None}
        if entry.seq < number:
            break
        refs.update((move.ref, move.old) for move in entry.moves if not _is_first_sight(entry, move))
    if 0 <= number < redacted:
        raise RefusedError(
            f"operation {number} is before the whole history was redacted", hint="`trace op log` lists what is since"
        )
    hint = f"the newest is {newest}; `trace op log` lists them" if newest else "nothing has changed this trace yet"
    raise NotFoundError(f"no operation {number}", hint=hint)
