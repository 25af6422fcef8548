"""Finding an item in a context by id, unique prefix, the item itself, or the commit that added it."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import AmbiguousRevisionError, InvalidInputError, NotFoundError
from ..model import Commit, Item

_SHORTEST = 4


def find(items: Sequence[Item], wanted: str | Item | Commit) -> Item:
    """The one item that is meant; NotFoundError, or AmbiguousRevisionError listing the candidates."""
    if isinstance(wanted, Commit):
        return _added_by(items, wanted)
    if isinstance(wanted, Item):
        wanted = wanted.id
    if not isinstance(wanted, str) or len(wanted) < _SHORTEST:
        raise InvalidInputError(
            f"{wanted!r} is not an item id", hint=f"give at least {_SHORTEST} hex digits; `trace ls` lists items"
        )
    found = [item for item in items if item.id.startswith(wanted)]
    if len(found) > 1:
        ids = [item.id for item in found]
        raise AmbiguousRevisionError(
            f"{wanted!r} begins {len(ids)} item ids", candidates=ids, hint="one of: " + " ".join(ids[:8])
        )
    if not found:
        import difflib  # costs start-up time

        near = difflib.get_close_matches(wanted, [item.id for item in items], n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`trace ls` lists the items of this context"
        raise NotFoundError(f"no item {wanted!r} in this context", hint=hint)
    return found[0]


def _added_by(items: Sequence[Item], commit: Commit) -> Item:
    added = {item.id for item in commit.items}
    if len(added) > 1:
        ids = sorted(added)
        raise AmbiguousRevisionError(
            f"commit {commit.short_id} has {len(ids)} items", candidates=ids, hint="one of: " + " ".join(ids[:8])
        )
    found = [item for item in items if item.id in added]
    if not found:
        raise NotFoundError(
            f"no item of commit {commit.short_id} is in this context", hint="`trace ls` lists its items"
        )
    return found[0]
