"""expand: the originals of a compress come back, and what stood for them goes. The inverse of ``compress``.

They come back where the summary stands now, which may be another place than at first: after a merge, a rebase or a
reorder. Right after the compress the tree becomes what it was before it, object for object.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import InvalidInputError, NotFoundError, RefusedError, StateError
from ..model import Author, Commit, Item, TokenCount
from ..results import Compression, Peek, Receipt, RewriteResult
from ..store import keys
from ..store.snapshot import Draft, Entry
from ..store.transaction import Transaction
from ..view import groups, revisions
from ..view import receipt as receipts
from ..view.compressing import soundness
from ..view.compressing.archive import Archive, Stand
from ..view.handle import Handle
from . import planned, write

Wanted = str | Item | Commit


def expand(
    handle: Handle,
    wanted: Wanted,
    *,
    only: str | Item | None = None,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> Commit:
    """Commit the context with the originals of a compress back in it; see ``Repo.expand``."""
    branch = write.branch_of(handle)
    with handle.store.transaction("expand", [branch], spaces=(handle.namespace,)) as transaction:
        tip = transaction.ref(branch)
        if tip is None:
            raise StateError("no commits yet", hint="commit something first")
        work = _Expansion(Archive(handle, handle.commit(tip)), wanted, only)
        work.check()
        oid = work.write(transaction, message, write.seconds(timestamp))
    return handle.commit(oid)


def dry_run(
    handle: Handle,
    wanted: Wanted,
    *,
    only: str | Item | None = None,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> RewriteResult:
    """What the same expand would give."""
    parent = planned.parent(handle, planned.tip(handle, message=message, timestamp=timestamp))
    work = _Expansion(Archive(handle, parent), wanted, only)
    work.check()
    return planned.result(handle, parent, work.items())


def peek(handle: Handle, wanted: Wanted, *, only: str | Item | None = None) -> Peek:
    """What ``expand`` would bring back; nothing is changed, so it may also be something that was compressed again."""
    tip = handle.head()
    if tip is None:
        raise StateError("no commits yet", hint="commit something first")
    archive = Archive(handle, handle.commit(tip))
    work = _Expansion(archive, wanted, only)
    items = tuple([archive.item(one) for one in work.originals])
    return Peek(work.under, items, tuple([one.id for one in work.stands]), work.receipt())


def compressions(handle: Handle, commit: Commit) -> tuple[Compression, ...]:
    """The compresses that a commit's context has, in the order of its items; those below others last."""
    archive = Archive(handle, commit)
    places = {entry.place.item: at for at, entry in enumerate(archive.entries)}
    found = []
    for under, entries in archive.shelves.items():
        stands = archive.stands[under]
        live = all(one.live for one in stands)
        at = min((places.get(one.id, len(places)) for one in stands), default=len(places))
        made = Compression(
            under, tuple([one.place.item for one in entries]), tuple([one.id for one in stands]),
            _tokens(handle, entries), _tokens(handle, [one.entry for one in stands]),
            max((one.level for one in stands), default=0), live,
        )  # fmt: skip
        found.append((not live, at, under, made))
    return tuple([one[-1] for one in sorted(found, key=lambda one: one[:3])])


def _tokens(handle: Handle, entries: Sequence[Entry]) -> int:
    return sum(handle.contexts.leaves.count(one.blob) for one in entries)


@dataclass
class _Expansion:
    """One compress, or one run of it, about to be undone. ``lost`` are originals that nothing stands for."""

    archive: Archive
    wanted: Wanted
    only: str | Item | None
    under: str = field(init=False)
    stands: tuple[Stand, ...] = field(init=False)
    lost: tuple[Entry, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.under = _meant(self.archive, self.wanted)
        self.stands = self.archive.stands[self.under]
        self.lost = self.archive.stands_alone(self.under)
        if self.only is not None:
            self.stands, self.lost = (self._one(self.only),), ()

    def _one(self, only: str | Item) -> Stand:
        word = only.id if isinstance(only, Item) else only
        found = [one for one in self.stands if one.id.startswith(word) or
                 any(original.place.item.startswith(word) for original in one.originals)]  # fmt: skip
        if len(found) != 1:
            ids = " ".join(one.id for one in self.stands[:8])
            raise NotFoundError(f"{word!r} is not one of what compress {self.under} left", hint=f"one of: {ids}")
        return found[0]

    @property
    def originals(self) -> list[Entry]:
        return sorted([*(entry for one in self.stands for entry in one.originals), *self.lost])

    # -- whether it can be done ------------------------------------------------------------

    def check(self) -> None:
        """StateError when a summary was compressed again; RefusedError when a pinned item would go or change, or when
        what comes back would tear a tool group."""
        pins = self.archive.handle.snapshots.pins(self.archive.commit.tree)
        for one in self.stands:
            if not one.live:
                above = self.archive.above(one.entry)
                raise StateError(
                    f"item {one.id}, which stands for compress {self.under}, was compressed again",
                    hint=f"expand {above[:8]} first, or look at it: trace expand {self.under[:8]} --peek",
                )  # fmt: skip
            if one.id in pins:
                raise RefusedError(f"item {one.id} stands for what is compressed, and is pinned",
                                   hint=f"unpin it first: trace unpin {one.id[:8]}")  # fmt: skip
        back = frozenset([one.place.item for one in self.originals])
        before = self.archive.handle.context(self.archive.commit.id).items
        soundness.check_back(before, self.items(), back)

    # -- what comes of it ------------------------------------------------------------------

    def line(self) -> list[Entry]:
        """The items as they will be, in order, with the keys that they had; see ``placed``."""
        whole = {one.id: one for one in self.stands if one.is_summary}
        masked = {entry.place.item: entry for one in self.stands if not one.is_summary for entry in one.originals}
        masked |= {one.place.item: one for one in self.lost}
        found: list[Entry] = []
        later: list[list[Entry]] = []
        for entry in self.archive.entries:
            if (stand := whole.get(entry.place.item)) is not None:
                first, *others = _stretches(stand)
                found += first
                later += others
            else:
                original = masked.pop(entry.place.item, None)
                found.append(entry._replace(blob=original.blob) if original else entry)
        together = self._groups() if later else {}
        for stretch in later:  # behind the live item that it followed
            at = bisect_left([one.place.key for one in found], stretch[0].place.key)
            while 0 < at < len(found) and _same(together, found[at - 1], found[at]):
                at += 1  # its call was answered since
            found[at:at] = stretch
        for one in masked.values():
            at = bisect_left([other.place.key for other in found], one.place.key)
            found.insert(at, one)
        return found

    def _groups(self) -> dict[str, groups.Group]:
        """The tool groups of the present context with nothing in between, by item."""
        paired = groups.groups(self.archive.handle.context(self.archive.commit.id).items)
        return {paired.items[at].id: group for group in paired.all() if group.whole for at in group.items}

    def placed(self) -> list[Entry]:
        """``line`` with keys that rise: those they had, where that is possible."""
        line = self.line()
        known = {one.place.item: one.place.key for one in line}
        fresh = keys.assigned([one.place.item for one in line], known)
        return [one._replace(place=one.place._replace(key=fresh[one.place.item])) for one in line]

    def items(self) -> list[Item]:
        known = {item.id: item for item in self.archive.handle.context(self.archive.commit.id).items}
        found = ((known.get(one.place.item), one) for one in self.line())
        return [item if item and item.blob == one.blob else self.archive.item(one) for item, one in found]

    def receipt(self) -> Receipt:
        """What it means for the prompt's cache."""
        handle = self.archive.handle
        return receipts.forecast(handle, self.archive.commit, self.items())

    def write(self, transaction: Transaction, message: str | None, timestamp: int | None) -> str:
        handle, parent = self.archive.handle, self.archive.commit
        before, after = set(self.archive.entries), self.placed()
        draft = Draft(transaction, handle.snapshots, parent.tree, handle.namespace)
        paths = {one.place for one in after}
        draft.remove([one for one in self.archive.entries if one.place not in paths])
        for one in after:
            if one not in before:
                draft.put(one)
        draft.unshelve(self.under, self.originals)
        count = len(self.originals)
        title = f"expand: {count} item{'' if count == 1 else 's'} of compress {self.under[:8]}"
        change = write.Change("expand", title, Author("trace-git", "expand@trace"), self._change(), timestamp, message,
                              {"Trace-Compress": f"{self.under} items={count}"})  # fmt: skip
        return write.commit(handle, transaction, draft, parent, change)

    def _change(self) -> TokenCount | None:
        handle = self.archive.handle
        if handle.counter is None:
            return None
        leaves = handle.contexts.leaves
        stands = [one.entry for one in self.stands]
        exact = all(leaves.exact(one.blob) for one in (*self.originals, *stands))
        value = _tokens(handle, self.originals) - _tokens(handle, stands)
        return TokenCount(value, exact=exact, counter=handle.counter.name)


def _meant(archive: Archive, wanted: Wanted) -> str:
    """The compress that is meant; a word may also be a revision, of the commit that compressed."""
    try:
        return archive.compress_of(wanted)
    except NotFoundError:
        if not isinstance(wanted, str):
            raise
        try:
            commit = revisions.resolve(archive.handle, wanted)
        except (NotFoundError, InvalidInputError):
            commit = None
        if commit is None:
            raise
        return archive.compress_of(archive.handle.commit(commit))


def _same(together: Mapping[str, groups.Group], one: Entry, other: Entry) -> bool:
    """Whether both are in one tool group."""
    group = together.get(one.place.item)
    return group is not None and group is together.get(other.place.item)


def _stretches(stand: Stand) -> list[list[Entry]]:
    """The originals of a summary as they stood together."""
    found, left = [], list(stand.originals)
    if sum(stand.runs) != len(left):  # a part of them was dropped or came back otherwise
        return [left]
    for size in stand.runs:
        found.append(left[:size])
        del left[:size]
    return found
