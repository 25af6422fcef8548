"""What one agent knew and another did not: two contexts held against each other, item by item.

Knowing is having in the context: what was archived, edited away or dropped is not known any more. Equal words are
known, whatever item says them.
"""

from __future__ import annotations

from ..answers import Difference
from ..model import Context, TokenCount
from . import moments
from .handle import Handle
from .moments import Moment, NotBegunError


def known(handle: Handle, moment: Moment | None) -> Context:
    """The context of the handle's agent at a moment; now when none is given, empty before its first commit."""
    return handle.context(handle.head()) if moment is None else moments.context(handle, moment)


def known_by_then(handle: Handle, moment: Moment | None) -> Context:
    """The same, and nothing for an agent that had not begun."""
    try:
        return known(handle, moment)
    except NotBegunError:
        return Context(None, (), TokenCount(0))


def difference(knew: Context, lacked: Context) -> Difference:
    """What is in the one context and not in the other."""
    theirs = {item.id: item for item in lacked.items}
    words = {item.blob for item in lacked.items}
    fresh = tuple([one for one in knew.items if one.id not in theirs and one.blob not in words])
    changed = tuple([(one, theirs[one.id]) for one in knew.items
                     if one.id in theirs and one.blob != theirs[one.id].blob and one.blob not in words])  # fmt: skip
    return Difference(knew, lacked, fresh, changed)
