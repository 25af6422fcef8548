"""Two lines of a trace for a merge: made in a few words, and held against what any merge may do to them.

``compress`` and ``reorder`` write trees as those verbs do. ``check`` knows nothing of how a merge is computed: it
compares the contexts of base, ours, theirs and the result, item by item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from trace_git import Repo, assistant
from trace_git.conflicts import Conflict
from trace_git.model import Author, Commit, Context, Item, Message, TokenCount
from trace_git.ops import labels, write
from trace_git.results import MergeResult
from trace_git.store import codec, format, keys
from trace_git.store.format import Place
from trace_git.store.snapshot import Draft, Entry
from trace_git.store.trees import blob_id
from trace_git.view import ancestry, deferred, groups

NOW = 1_700_000_000


class Words:
    """A tokenizer that counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


def trace(folder: Path, **options: Any) -> Repo:
    clock = count(NOW)  # else the same commit twice is one commit
    settings = {"tokenizer": Words(), "clock": lambda: next(clock), "durability": "os", **options}
    return Repo.open(folder / "t.trace", **settings)


def call(*ids: str, text: str | None = None) -> Message:
    calls = [{"id": id, "type": "function", "function": {"name": "look", "arguments": "{}"}} for id in ids]
    return assistant(text, tool_calls=calls)


def ids(repo: Repo, rev: str = "HEAD") -> list[str]:
    return [item.id for item in repo.context(rev).items]


def texts(repo: Repo, rev: str = "HEAD") -> list[str]:
    """The texts of a context; of a call its ids."""
    return [item.message.text or "+".join(str(one.id) for one in item.message.calls)
            for item in repo.context(rev).items]  # fmt: skip


def named(repo: Repo, text: str, rev: str = "HEAD") -> str:
    """The id of the item with that text."""
    return ids(repo, rev)[texts(repo, rev).index(text)]


# -- trees that no verb makes yet ----------------------------------------------------------


def rewritten(repo: Repo, verb: str, change: Callable[[Draft, Mapping[str, Entry], Commit], None]) -> Commit:
    """A commit of another tree; its token trailers are what counting anew gives."""
    handle = repo._handle
    branch = write.branch_of(handle)
    with handle.store.transaction(verb, [branch], spaces=("",)) as transaction:
        tip = transaction.ref(branch)
        assert tip is not None
        parent = handle.commit(tip)
        draft = Draft(transaction, handle.snapshots, parent.tree, "")
        puts: list[int] = []
        original = draft.put

        def put(entry: Entry, data: bytes | None = None) -> Entry:
            if data is not None:
                puts.append(int(handle.counter.message(codec.decode(data), blob_id(data))))
            return original(entry, data)

        draft.put = put  # type: ignore[method-assign]
        entries = {entry.place.item: entry for entry in handle.snapshots.entries(parent.tree)}
        before = {item.id: int(handle.contexts.count(item)) for item in handle.context(tip).items}
        gone: list[str] = change(draft, entries, parent) or []  # type: ignore[func-returns-value]
        tokens = TokenCount(sum(puts) - sum(before[item] for item in gone), counter="words")
        made = write.Change(verb, f"{verb}: by a test", Author("trace-git", f"{verb}@trace"), tokens)
        oid = write.commit(handle, transaction, draft, parent, made)
        labels.relabel(handle, transaction)
    return handle.commit(oid)


def compress(repo: Repo, items: Sequence[str], text: str, *, name: str = "c1", pinned: bool = False) -> str:
    """Put items aside under a compress id; the id of the summary that stands for them."""
    made: list[str] = []

    def change(draft: Draft, entries: Mapping[str, Entry], parent: Commit) -> list[str]:
        data = codec.encode(Message("user", {"role": "user", "content": text}, kind="summary",
                                    provenance={"items": list(items)}))  # fmt: skip
        blob = blob_id(data)
        item = format.item_id("", parent.id, 0, bytes.fromhex(blob))
        old = [entries[one] for one in items]
        draft.remove(old)
        draft.shelve(name, old)
        entry = draft.put(Entry(Place(old[0].place.key, "user", item), blob), data)
        if pinned:
            draft.pin([entry])
        made.append(item)
        return list(items)

    rewritten(repo, "compress", change)
    return made[0]


def mask(repo: Repo, item: str, text: str, *, name: str = "m1") -> None:
    """A shorter version of an item in its place, its original put aside."""

    def change(draft: Draft, entries: Mapping[str, Entry], parent: Commit) -> list[str]:
        old = repo.context().items[ids(repo).index(item)].message
        draft.shelve(name, [entries[item]])
        data = codec.encode(Message(old.role, {**old.body, "content": text}))
        draft.put(Entry(entries[item].place, blob_id(data)), data)
        return [item]

    rewritten(repo, "compress", change)


def reorder(repo: Repo, order: Sequence[str]) -> Commit:
    """The items in another order."""

    def change(draft: Draft, entries: Mapping[str, Entry], parent: Commit) -> None:
        placed = keys.assigned(order, {item: entry.place.key for item, entry in entries.items()})
        moved = [entries[item] for item in order if placed[item] != entries[item].place.key]
        draft.remove(moved)
        for entry in moved:
            draft.put(Entry(entry.place._replace(key=placed[entry.place.item]), entry.blob))

    return rewritten(repo, "reorder", change)


def archived(repo: Repo, rev: str = "HEAD") -> dict[str, set[str]]:
    """Compress id → the items that lie in its archive."""
    commit = repo.get(rev)
    found = repo._handle.snapshots.archived(commit.tree)
    return {under: {one.place.item for one in entries} for under, entries in found.items()}


# -- two lines -----------------------------------------------------------------------------

Steps = Callable[[Repo], object]


def nothing(repo: Repo) -> None:
    """A line that does nothing of interest, so that there is a merge at all."""
    repo.commit("elsewhere")


def fork(repo: Repo, base: Iterable[Any], ours: Steps, theirs: Steps) -> None:
    """``base`` on main; then main went on with ``ours``, the branch "other" with ``theirs``. The handle is on main."""
    for message in base:
        repo.commit(message)
    repo.branch("other")
    repo.checkout("other")
    theirs(repo)
    repo.checkout("main")
    ours(repo)


# -- what must hold ------------------------------------------------------------------------

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
    if not asked:
        _in_order(after, before, theirs, bases)
    _groups(after, (before, theirs))
    _pins(repo, now, mine, other, old, asked)
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
    for side in sides:  # a summary that was compressed again goes with what it was compressed into
        asked.update(item.id for item in side.items
                     if asked & {str(one) for one in (item.message.provenance or {}).get("items", ())})  # fmt: skip
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
    said = {item.blob for item in now.values()}.union(*(_originals(repo, item) for item in _aside(repo)))
    for item in (mine.keys() | other.keys()) - now.keys() - asked:
        there, gone = (mine, other) if item in mine else (other, mine)
        if there[item].kind == "summary" and there[item].blob in said:
            continue  # the other side said the same of the same items
        assert item in old, f"{item} is lost"
        assert item not in gone, f"{item} is lost"
        assert (there[item].blob, there[item].pinned) in old[item], f"{item} had changed"
    shelves = [(item, under) for under, items in archived(repo).items() for item in items]
    both = [item for item, _ in shelves if item in now]
    assert len({item for item, _ in shelves}) == len(shelves), "archived twice"
    assert all(now[item].blob not in _originals(repo, item) for item in both), "live and archived"
    assert all(_masked(item, now, (mine, other)) for item in both if item not in asked), "live and archived"


def _masked(item: str, now: Items, sides: Sequence[Items]) -> bool:
    return any(item in side and side[item].blob == now[item].blob for side in sides)


def _aside(repo: Repo) -> set[str]:
    return {item for items in archived(repo).values() for item in items}


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
    open_: list[tuple[str | None, str]] = []
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
        open_ += [(one.id, item.id) for one in message.calls]
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
                assert now[item].blob == side[item].blob or forced, f"the pin {item} is not verbatim"
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
