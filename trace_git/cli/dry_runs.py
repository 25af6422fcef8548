"""What the dry run of a verb shows: what would become of each item, the sizes, the cache receipt. Nothing was written.

The plan of a merge is in ``merging``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .. import view
from ..model import Item
from ..repo import Repo
from ..results import ItemChange, Receipt, RewriteResult
from . import changes, differences, receipts, screen, shapes


def show(repo: Repo, results: Sequence[RewriteResult], verb: str, *, as_json: bool) -> None:
    """What these would do together, each told by a dry run from the present context; ``verb`` is what it is called."""
    before = repo.context().items
    after = results[0].items if len(results) == 1 else together(before, results)
    told = results[0].receipt if len(results) == 1 else repo.forecast(after)
    found = view.diff.of_items(before, after, repo.count)
    if as_json:
        shown = [differences.shape(one, words=False) for one in found]
        screen.emit(dry_run=True, changes=shown, receipt=receipts.shape(told))
    elif all(one.commit is not None for one in results):
        screen.note("nothing would change")
    else:
        screen.show(_lines(found, told, f"Would {verb} {changes.branch(repo) or 'HEAD'}"), paged=True)


def _lines(found: Sequence[ItemChange], told: Receipt, title: str) -> Iterator[str]:
    yield screen.paint(title, "bold")
    yield ""
    yield from differences.rows(found)
    yield ""
    yield differences.summary(found) or "the same items"
    yield from receipts.lines(told, shapes.short_ids(one.item for one in found))


def together(before: Sequence[Item], results: Sequence[RewriteResult]) -> tuple[Item, ...]:
    """The context after several changes, each of which was planned from ``before`` and leaves the order alone."""
    made: dict[str, tuple[Item, ...]] = {}
    for result in results:
        made |= _instead(before, result.items)
    return tuple([one for item in before for one in made.get(item.id, (item,))])


def _instead(before: Sequence[Item], after: Sequence[Item]) -> dict[str, tuple[Item, ...]]:
    """What stands in the place of each item that is not as it was: nothing, or another version and what is behind."""
    old = {item.id: item for item in before}
    found: dict[str, tuple[Item, ...]] = {item.id: () for item in before}
    last = ""
    for item in after:
        last = item.id if item.id in old else last
        found[last] = (*found[last], item)
    return {item: some for item, some in found.items() if some != (old[item],)}
