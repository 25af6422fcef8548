"""What any merge may do to two lines, held against one that was made.

Nothing here knows how a merge is computed: the contexts of base, ours, theirs and the result are compared by item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trace_git import Repo
from trace_git.conflicts import Conflict
from trace_git.model import Context, Item
from trace_git.results import MergeResult
from trace_git.view import ancestry, deferred, groups

from .lines import archived

Items = Mapping[str, Item]
Old = dict[str, set[tuple[str, bool]]]
"""Item id → blob and pin as the merge bases have it."""


def check(repo: Repo, before: Context, theirs: Context, result: MergeResult, bases: Sequence[Context],
          *, labels: bool = True) -> None:  # fmt: skip
    """Whether the context at HEAD is a merge of the two, as far as one can say without merging.

    ``labels`` is false where stock git moved branches, and with them no labels of pins.
    """
    after = repo.context()
    now, mine, other = ({item.id: item for item in one.items} for one in (after, before, theirs))
    old: Old = {}
    for base in bases:
        for item in base.items:
            old.setdefault(item.id, set()).add((item.blob, item.pinned))
    asked = _asked((before, theirs), result)
    assert len(now) == len(after.items), "an item twice"
    _contents(now, mine, other, old, asked)
    _accounted(repo, now, mine, other, old, asked)
    _put_aside(repo, after, (before, theirs), bases, asked)
    if all(item in now for one in result.conflicts if one.kind != "summary" for item in one.items):
        _stood_for(repo, after, (before, theirs))
    if not asked:
        _in_order(after, before, theirs, bases)
    _groups(after, (before, theirs))
    by_strategy = all(answer.reason.startswith("-X ") for answer in result.resolutions.values())
    _pins(repo, now, mine, other, old, set() if by_strategy else asked)
    if labels:
        _labelled(repo, now)
    _told(repo, before, after, result)


def pinned_twice(conflict: Conflict) -> bool:
    """Whether both sides have a pin at stake: no strategy can keep both."""
    return all(any(item.pinned for item in side) for side in (conflict.ours, conflict.theirs))


def bases_of(repo: Repo, ours: str, theirs: str) -> list[Context]:
    found = ancestry.merge_bases(repo._handle, repo.get(ours).id, repo.get(theirs).id)
    return [repo.context(one) for one in found]


def _asked(sides: Sequence[Context], result: MergeResult) -> set[str]:
    """The items that conflicts are about, summaries of two compresses, and tool groups of what is dropped."""
    asked = {item for conflict in result.conflicts for item in conflict.items}
    for conflict in result.conflicts:
        if conflict.kind == "summary":
            asked.update(item.id for item in (*conflict.ours, *conflict.theirs))
        if result.resolutions[conflict.id].action == "drop":
            for side in sides:
                paired = groups.groups(side.items)
                places = [at for at, item in enumerate(side.items) if item.id in conflict.items]
                asked.update(side.items[at].id for at in paired.closure(places))
    return asked


def _contents(now: Items, mine: Items, other: Items, old: Old, asked: set[str]) -> None:
    """Nothing that was not asked about has a content that no side gave it, and no edit of one side alone is lost."""
    for item in now.keys() - asked:
        sides = [side[item].blob for side in (mine, other) if item in side]
        if not sides:
            continue  # it came live again
        assert now[item].blob in sides
        known = {blob for blob, _ in old.get(item, ())}
        changed = {blob for blob in sides if blob not in known}
        assert not changed or now[item].blob in changed, "an edit of one side is lost"


def _accounted(repo: Repo, now: Items, mine: Items, other: Items, old: Old, asked: set[str]) -> None:
    """Whatever stood on a side is there, or was asked about, or the other side alone took it away."""
    message = repo._handle.contexts.message
    shelves = _shelves(repo, repo.context())
    put_aside = {blob for item in shelves for blob in _originals(repo, item)}
    said = {item.message.text for item in now.values()} | {message(blob).text for blob in put_aside}
    stood_for = _summaries(repo, repo.context())
    for item in (mine.keys() | other.keys()) - now.keys() - asked:
        there, gone = (mine, other) if item in mine else (other, mine)
        if there[item].kind == "summary" and there[item].message.text in said:
            continue  # the other side said the same of the same items
        if stood_for.get(item, set()) & asked:
            continue  # of the other side the summary was taken
        covered = {*(there[item].message.provenance or {}).get("items", ())} if there[item].kind == "summary" else set()
        if covered & asked and not covered & shelves.keys():
            continue  # ... or all that it stood for
        assert item in old, f"{item} is lost"
        assert item not in gone, f"{item} is lost"
        changed = (there[item].blob, there[item].pinned) not in old[item]
        unpinned = (there[item].blob, True) in old[item]  # to release it is no reason to keep it
        assert unpinned or not changed, f"{item} had changed"
    both = [item for item in _shelves(repo, repo.context()) if item in now]
    assert all(now[item].blob not in _originals(repo, item) for item in both), "live and archived"
    assert all(_masked(item, now, (mine, other)) for item in both if item not in asked), "live and archived"


def _masked(item: str, now: Items, sides: Sequence[Items]) -> bool:
    return any(item in side and side[item].blob == now[item].blob for side in sides)


def _put_aside(repo: Repo, after: Context, sides: Sequence[Context], bases: Sequence[Context], asked: set[str]) -> None:
    """What lay in an archive lies there as on a side, or lives, or the other side alone took it away."""
    now, *shelves = (_shelves(repo, one) for one in (after, *sides))
    old = {item for base in bases for item in _known(repo, base)}
    here, *there = (_known(repo, one) for one in (after, *sides))
    for item in now.keys() - asked:
        assert any(now[item] == one.get(item) for one in shelves), f"{item} is archived as on neither side"
    for side, another in ((0, 1), (1, 0)):
        gone = {item for item in old if item not in there[another]}
        stand = _summaries(repo, sides[side])
        for item in shelves[side].keys() - asked - gone:
            if stand[item] & asked and _is_summary(repo, sides[side], item):
                continue  # it goes with what it was compressed into
            assert item in here, f"{item} is lost with its archive"


def _stood_for(repo: Repo, after: Context, sides: Sequence[Context]) -> None:
    """A summary stands for what lies in the archive, if one did on each side that has it there."""
    before = [_summaries(repo, one) for one in sides]
    live = {item.id for item in after.items}
    for item, summaries in _summaries(repo, after).items():
        assert item in live or summaries or not all(one.get(item, item) for one in before), f"nothing stands for {item}"


def _is_summary(repo: Repo, context: Context, item: str) -> bool:
    found = repo._handle.snapshots.archived(repo.get(context.commit or "HEAD").tree)
    blobs = [one.blob for entries in found.values() for one in entries if one.place.item == item]
    return repo._handle.contexts.message(blobs[0]).kind == "summary"


def _summaries(repo: Repo, context: Context) -> dict[str, set[str]]:
    """Archived item → the summaries that stand for it, a live one and those through which it does."""
    message = repo._handle.contexts.message
    under = repo._handle.snapshots.archived(repo.get(context.commit or "HEAD").tree)
    blobs = {one.place.item: one.blob for entries in under.values() for one in entries}
    found: dict[str, set[str]] = {item: set() for item in blobs}
    for top in [one for one in context.items if one.kind == "summary"]:
        todo = [(top.message, {top.id})]
        while todo:
            one, through = todo.pop()
            for item in [item for item in (one.provenance or {}).get("items", ()) if item in blobs]:
                if not through <= found[item]:
                    found[item] |= through
                    todo.append((message(blobs[item]), through | {item}))
    return found


def _shelves(repo: Repo, context: Context) -> dict[str, set[str]]:
    """Archived item → the compresses that it is archived under."""
    found: dict[str, set[str]] = {}
    for under, items in archived(repo, context.commit or "HEAD").items():
        for item in items:
            found.setdefault(item, set()).add(under)
    return found


def _known(repo: Repo, context: Context) -> set[str]:
    """What is live or archived."""
    return {item.id for item in context.items} | _shelves(repo, context).keys()


def _originals(repo: Repo, item: str) -> set[str]:
    found = repo._handle.snapshots.archived(repo.get("HEAD").tree)
    return {one.blob for entries in found.values() for one in entries if one.place.item == item}


def _in_order(after: Context, before: Context, theirs: Context, bases: Sequence[Context]) -> None:
    """The order of at least one side, and of the other too unless they differ in what both have, or had."""

    def line(context: Context, among: set[str]) -> list[str]:
        return [item.id for item in context.items if item.id in among]

    there = {item.id for item in after.items}
    sides = [{item.id for item in side.items} & there for side in (before, theirs)]
    sides[1] -= sides[0] - {item.id for base in bases for item in base.items}  # what both appended stands in ours
    kept = [line(after, some) == line(side, some) for some, side in zip(sides, (before, theirs), strict=True)]
    assert any(kept), "the order of neither side"
    if not all(kept):
        among = [{item.id for item in context.items} for context in (before, theirs, *bases)]
        pairs = [(0, 1), *((side, 2 + at) for at in range(len(bases)) for side in (0, 1))]
        lines = [[line(context, among[one] & among[other])
                  for context in ((before, theirs, *bases)[one], (before, theirs, *bases)[other])]
                 for one, other in pairs]  # fmt: skip
        assert any(one != other for one, other in lines), "the order of one side is lost"


def _groups(after: Context, sides: Sequence[Context]) -> None:
    """Every result right behind its call or another result of it; every call answered, or open at the end.

    But for what was so on a side already.
    """
    known = {fault for side in sides for fault in _faults(side)}
    assert not [fault for fault in _faults(after) if fault not in known]


def _faults(context: Context) -> list[tuple[str, str]]:
    open_: list[tuple[str, str]] = []
    found = []
    for item in context.items:
        message = deferred.shown(item.message)
        answers = [str(one) for one in message.answers]
        if open_ and not answers:
            found += [("unanswered", one[1]) for one in open_]
            open_ = []
        for answer in answers:
            match = next((one for one in open_ if one[0] == answer), None)
            if match is None:
                found.append(("orphan", item.id))
            else:
                open_.remove(match)
        open_ += [(str(one.id), item.id) for one in message.calls]
    return found


def _pins(repo: Repo, now: Items, mine: Items, other: Items, old: Old, asked: set[str]) -> None:
    """What was pinned on a side is pinned and the same; the tree has each as the blob of its message."""
    for side, another in ((mine, other), (other, mine)):
        for item in [item for item in side if side[item].pinned and item not in asked]:
            forced = any(pinned for _, pinned in old.get(item, ()))  # it was, so the other side meant what it did
            unpinned = forced and item in another and not another[item].pinned
            assert item in now or (forced and item not in another), f"the pin {item} is lost"
            if item in now:
                assert now[item].pinned or unpinned, f"the pin {item} is lost"
                verbatim = any(one.pinned and one.blob == side[item].blob for one in now.values())  # or a second one
                assert verbatim or forced, f"the pin {item} is not verbatim"
    held = repo._handle.snapshots.pins(repo.get("HEAD").tree)
    assert held == {item: one.blob for item, one in now.items() if one.pinned}


def _labelled(repo: Repo, now: Items) -> None:
    store = repo._handle.store
    store.refresh()
    named = {ref.rpartition("/")[2] for ref in store.ref_names("refs/trace/pins/")}
    assert {item for item, one in now.items() if one.pinned} <= named


def _told(repo: Repo, before: Context, after: Context, result: MergeResult) -> None:
    """Trailers, result and receipt say what is the case."""
    commit = result.commit
    assert commit is not None
    counted = sum(_count(repo, one) for one in after.items) + (3 if after.items else 0)
    assert commit.context_tokens == after.tokens == counted
    assert commit.tokens == after.tokens - before.tokens
    assert {one.id for one in result.brought} == {one.id for one in after.items} - {one.id for one in before.items}
    kept = 0
    while kept < min(len(before), len(after)) and before.items[kept].blob == after.items[kept].blob:
        kept += 1
    told = result.receipt
    assert (told.before, told.after, told.tools_changed) == (before.tokens, after.tokens, before.tools != after.tools)
    if told.tools_changed:  # they stand in front of all
        assert (told.kept, told.kept_items, told.breaks_at) == (0, 0, None)
        return
    assert told.kept_items == kept
    left = [_count(repo, one) for one in before.items[kept:]]
    assert told.kept == before.tokens - (sum(left) + 3 if left else 0)
    assert told.breaks_at == (before.items[kept].id if left else None)


def _count(repo: Repo, item: Item) -> int:
    return int(repo._handle.contexts.count(item))
