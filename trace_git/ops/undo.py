"""undo and redo: every ref that an operation moved goes back, all or none.

| verb | takes | and moves its refs |
|---|---|---|
| undo | the newest operation of the namespace that is not undone | from the new values back to the old ones |
| redo | the newest undo that is not redone, when nothing else was done after it | the same with the undo |

An undo is an operation too: it is in the log with the number of what it took back, so it can be repeated and redone.
A branch or tag that somebody moved since is a conflict, and then nothing moves. Keeps and labels only follow.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ConflictError, RefusedError, StateError
from ..results import Operation
from ..store.refs import is_id
from ..store.transaction import Transaction
from ..view import agents
from ..view.handle import Handle
from ..view.operations import operations
from . import keep

Moves = Mapping[str, tuple[str | None, str | None]]

_NEVER = ("undo", "redo", "keep", "recover")  # what undo leaves alone
_ATTEMPTS = 100  # each failed one means that somebody else got on


def undo(handle: Handle) -> Operation:
    """Take back the last operation; see ``Repo.undo``."""
    return _turn(handle, "undo")


def redo(handle: Handle) -> Operation:
    """Do again what was undone last; see ``Repo.redo``."""
    return _turn(handle, "redo")


def _turn(handle: Handle, verb: str) -> Operation:
    handle.check_present()
    if handle.store.in_batch:
        raise StateError(f"{verb} inside a batch, which is an operation itself", hint="leave the batch first")
    for _ in range(_ATTEMPTS):
        target = _chosen(handle, verb)
        moves = _moves(target)
        with handle.store.transaction(verb, sorted(moves), spaces=target.agents) as transaction:
            strange = _moved_since(transaction, moves) or _made_since(handle, transaction, moves)
            if strange is None:
                _move_back(handle, transaction, moves)
                transaction.undoes = target.undoes or target.number
                transaction.note = target.note if target.undoes else target.verb
                done = _operation(handle, transaction, target.agents)
                break
            newest = next(operations(handle))
            if newest.verb == "external" or _chosen(handle, verb).number == target.number:
                raise _conflict(handle, strange, target, transaction.ref(strange))
        # another program of ours was faster: look again
    else:
        raise ConflictError("other programs keep changing this trace", hint="try again")
    _follow(handle, moves)
    return next((one for one in operations(handle) if one.number == done.number), done)  # a redact begins the log anew


def _operation(handle: Handle, transaction: Transaction, agents: tuple[str, ...]) -> Operation:
    """What the log will say of it."""
    moves = {one.ref: (one.old, one.new) for one in transaction.moves}
    return Operation(transaction.op, float(handle.store.now()), transaction.verb, moves, agents, transaction.note,
                     transaction.undoes, undone=False, commits=1)  # fmt: skip


def _chosen(handle: Handle, verb: str) -> Operation:
    """The operation that ``verb`` turns around; StateError when there is none."""
    for one in operations(handle):
        if one.verb == "redact":
            raise RefusedError(
                f"operation {one.number} redacted the whole history: nothing before it can be undone or redone",
                hint="what was redacted is gone for good",
            )
        if handle.namespace not in one.agents:
            continue
        if verb == "undo" and one.verb not in _NEVER and not one.undone and _matters(one):
            return one
        if verb == "redo" and one.verb == "undo" and not one.undone:
            return one
        if verb == "redo" and one.verb not in _NEVER and _matters(one):
            break
    raise StateError(f"nothing to {verb}", hint="`trace op log` lists what was done")


def _matters(one: Operation) -> bool:
    return any(not keep.is_own(ref) for ref in _moves(one))


def _moves(one: Operation) -> Moves:
    """What there is to turn around. A ref that was seen for the first time, as after a clone, was not made then."""
    first = one.verb == "external"
    return {ref: (old, new) for ref, (old, new) in one.moves.items() if old != new and not (first and old is None)}


def _moved_since(transaction: Transaction, moves: Moves) -> str | None:
    """A branch, tag or HEAD that is not where the operation had put it."""
    return next((ref for ref, (_, new) in moves.items() if not keep.is_own(ref) and transaction.ref(ref) != new), None)


def _made_since(handle: Handle, transaction: Transaction, moves: Moves) -> str | None:
    """A branch or tag that was made since in an agent that is to go: it would stay, and nobody could open it."""
    spaces = [head.removesuffix("HEAD") for head, (old, _) in moves.items() if old is None and _is_head(head)]
    refs = [ref for space in spaces for ref in handle.ref_names(space, skip_bad=True)]
    made = next((ref for ref in refs if ref not in moves and not keep.is_own(ref)), None)
    if made is not None:
        transaction.claim(made)
    return made


def _is_head(ref: str) -> bool:
    return ref.startswith(agents.SPACES) and ref.split("/")[3:] == ["HEAD"]


def _move_back(handle: Handle, transaction: Transaction, moves: Moves) -> None:
    for ref, (old, new) in moves.items():
        gone = old is not None and is_id(old) and handle.store.kind(old) is None
        if keep.is_own(ref) and (gone or transaction.ref(ref) != new):
            continue
        if gone:
            raise StateError(
                f"{(old or '')[:8]}, where {ref} was, is gone",
                hint="it was removed as unreachable; `trace op log` lists what was done",
            )
        transaction.move(ref, old)
    keep.keep(handle, transaction)


def _follow(handle: Handle, moves: Moves) -> None:
    """Where HEAD went back, a handle that stood at it goes along. Its branch may have no commits now."""
    handle.seen = None
    old, new = moves.get(handle.head_ref, (None, None))
    if old is not None and handle.place == new:
        handle.stand(old)


def _conflict(handle: Handle, ref: str, target: Operation, present: str | None) -> ConflictError:
    put, found = _short(target.moves.get(ref, (None, None))[1]), _short(present)
    return ConflictError(
        f"{ref} was moved since operation {target.number} ({target.verb}): it is at {found}, not at {put}",
        hint=_way_on(handle, ref, target),
    )


def _way_on(handle: Handle, ref: str, target: Operation) -> str:
    name = ref.split("/")[2] if ref.startswith(agents.SPACES) else ""
    if name and target.moves.get(f"{agents.SPACES}{name}/HEAD", ("", None))[0] is None:
        return f"agent {name} went on: trace --agent {name} undo; or give it up: trace agents --delete {name} --force"
    if name != handle.namespace:
        return f"it is not this agent's: take that back first: {f'trace --agent {name} undo' if name else 'trace undo'}"
    return "`trace op log` shows what moved it; undo again takes that back"


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    return value[5:] if value.startswith("ref: ") else value[:8]
