"""gc: end what was kept long enough, remove what nothing leads to, make one pack of the rest.

What stays, in the order in which it is looked for; each reason is counted in commits:

| reason | commits that are behind |
|---|---|
| reachable | a branch, tag, label or any other ref, a HEAD, an open merge, rebase or bisect |
| kept | a keep ref whose time is not over (``expiry``) |
| never | where a branch of ``never`` has been |
| pinned | an abandoned commit with a pin that no commit above has |
| recent | what may be on its way to a ref: written lately by a program that is not ours |

All else is garbage. The keep refs that end are an operation of their own, before any object is removed. What is left
of the work is ``store.collect``'s.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError
from ..results import Ended, Finding, GcResult
from ..store import collect, files, format, packs, textindex, trees
from ..store.collect import Running, Sweep
from ..store.publish import KEEP_MARK
from ..store.reachable import Stock, lineage, reach
from ..store.records import COMMIT, Entry
from ..store.refs import is_id
from ..view import leaves
from ..view.handle import Handle
from . import expiry, keep, unfinished
from .expiry import Policy
from .roots import check_whole, roots

REASONS = ("reachable", "kept", "never", "pinned", "recent", "removed")
YOUNG = 86_400.0  # seconds in which another program may still make a ref to what it wrote
_INDEXED = 28  # bytes of an object in an index
Pin = tuple[bytes, bytes]


def gc(
    handle: Handle,
    *,
    dry_run: bool = True,
    keep_days: float = 14,
    keep_last: int | None = None,
    keep_pinned: bool = True,
    never: Sequence[str] = (),
) -> GcResult:
    """Remove garbage, or say what would go; see ``Repo.gc``."""
    policy = Policy(_days(keep_days), _number(keep_last), _patterns(never))
    check_whole(handle)
    store = handle.store
    if not dry_run:
        with store.alone():  # refused at once where nothing can be written
            pass
    with files.storing("garbage cannot be collected"), ExitStack() as stack:
        running = None if dry_run else stack.enter_context(Running(store.folder))
        stock = Stock(os.path.join(store.folder, "objects"))
        stack.callback(stock.close)
        plan = _Plan(handle, stock, policy, keep_pinned=keep_pinned)
        return plan.result() if running is None else plan.apply(running.draft)


def _days(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise InvalidInputError(f"keep_days {value!r} is not a number of days", field="keep_days", hint="0 or more")
    return float(value)


def _number(value: int | None) -> int:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= sys.maxsize):
        raise InvalidInputError(
            f"keep_last {value!r} is not a number of operations", field="keep_last", hint="0 or more"
        )
    return value or 0


def _patterns(value: Sequence[str]) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (None,)
    if not all(isinstance(name, str) and name for name in names):
        raise InvalidInputError(f"never {value!r} is not a list of branch names", field="never")
    return names


class _Plan:
    """What stays and what goes, decided without changing anything."""

    def __init__(self, handle: Handle, stock: Stock, policy: Policy, *, keep_pinned: bool) -> None:
        self._handle = handle
        self._stock = stock
        self._edge = handle.store.edge
        self._seen: dict[bytes, int] = {}
        self._folders: dict[bytes, frozenset[Pin]] = {}
        self._lost: dict[bytes, bytes] | None = None
        self.commits: dict[str, int] = dict.fromkeys(REASONS, 0)
        self._before = _size(handle.store.folder)
        self._packs = len(stock.stems)
        refs = self._roots()
        entries = list(handle.store.entries())[::-1]
        keeps = expiry.kept(handle, refs, entries)
        needed = set(unfinished.commits(handle.store.folder).values())
        self.ended = [one for one in expiry.ends(handle, keeps, policy) if one.value not in needed]
        self._reach("reachable", [value for ref, value in refs.items() if not ref.startswith(keep.KEEP)])
        ended = {one.ref for one in self.ended}
        self._reach("kept", [one.value for one in keeps if one.ref not in ended])
        self._never = [oid for value in expiry.left_by(entries, policy) if stock.has(oid := bytes.fromhex(value))]
        self._reach("never", self._never, lenient=True)
        self._pinned = self._spare_pinned() if keep_pinned else []
        self._young = self._spare_recent(entries)
        self._sweep = Sweep(stock, self._seen, self._all_roots, edge=self._edge)
        self.commits["removed"] = sum(oid in self._abandoned() for oid in self._sweep.removed)

    # -- what stays ------------------------------------------------------------------------

    def _roots(self) -> dict[str, str]:
        """As of now; objects that no file has yet are known to the stock afterwards."""
        self._handle.store.refresh()
        found = roots(self._handle)
        self._stock.lay_over(self._handle.store.unpublished())
        return found

    def _all_roots(self) -> list[bytes]:
        return [*map(bytes.fromhex, self._roots().values()), *self._never, *self._pinned]

    def _reach(self, reason: str, found: Iterable[str | bytes], *, lenient: bool = False) -> None:
        oids = [bytes.fromhex(one) if isinstance(one, str) else one for one in found]
        self.commits[reason] += reach(self._stock, oids, self._seen, edge=self._edge, lenient=lenient)

    def _abandoned(self) -> dict[bytes, bytes]:
        """The commits that nothing seen so far leads to, with their bytes."""
        if self._lost is None:
            self._lost = {}
            for oid in self._stock.ids():
                if oid not in self._seen:
                    with suppress(CorruptTraceError, NotFoundError):  # garbage may be damaged
                        kind, data = self._stock.read(oid)
                        if kind == COMMIT:
                            self._lost[oid] = data
        return self._lost

    def _spare_pinned(self) -> list[bytes]:
        """Abandoned commits that stay for a pin of theirs; keep refs that lead to them do not end."""
        held = {oid: pins for oid, data in self._abandoned().items() if (pins := self._pins(oid, data))}
        if held:
            known: set[Pin] = set()
            for oid in [oid for oid, kind in self._seen.items() if kind == COMMIT]:
                known |= self._pins(oid, self._stock.read(oid)[1])
            held = {oid: pins for oid, pins in held.items() if pins - known}
        self._reach("pinned", held, lenient=True)
        above = self._above(held)
        spared = [one for one in self.ended if bytes.fromhex(self._handle.store.peel(one.value)) in above]
        self.ended = [one for one in self.ended if one not in spared]
        self._reach("pinned", [one.value for one in spared])
        return list(held)

    def _pins(self, oid: bytes, data: bytes) -> frozenset[Pin]:
        tree, _ = lineage(oid, data)
        if not self._stock.has(tree):
            return frozenset()
        folder = trees.child(trees.parse(self._stock.read(tree)[1]), format.PINS)
        if folder is None or not self._stock.has(folder):
            return frozenset()
        if folder not in self._folders:
            found = trees.entries(trees.parse(self._stock.read(folder)[1]))
            self._folders[folder] = frozenset((entry.name, entry.oid) for entry in found)
        return self._folders[folder]

    def _above(self, held: Iterable[bytes]) -> set[bytes]:
        """Those commits, and the abandoned ones that lead to them."""
        offspring: dict[bytes, list[bytes]] = {}
        for oid, data in self._abandoned().items():
            for parent in lineage(oid, data)[1]:
                offspring.setdefault(parent, []).append(oid)
        found, todo = set(held), list(held)
        while todo:
            fresh = [oid for oid in offspring.get(todo.pop(), ()) if oid not in found]
            found.update(fresh)
            todo += fresh
        return found

    def _spare_recent(self, entries: Sequence[Entry]) -> list[bytes]:
        """What another program may be about to make a ref to: young, and never seen behind one."""
        left = [oid for oid in self._stock.ids() if oid not in self._seen]
        if not left:
            return []
        named = {value for entry in entries for move in entry.moves for value in (move.old, move.new)}
        known = dict(self._seen)
        reach(self._stock, [bytes.fromhex(one) for one in named if one and is_id(one)], known, lenient=True)
        edge = time.time() - YOUNG
        young = [oid for oid in left if oid not in known and self._stock.touched(oid) > edge]
        kept = [oid for oid in left if (stem := self._stock.stem_of(oid)) and self._stock.is_spared(stem, KEEP_MARK)]
        self._reach("recent", [*young, *kept], lenient=True)
        return young

    # -- doing it --------------------------------------------------------------------------

    def apply(self, draft: str) -> GcResult:
        store = self._handle.store
        if self.ended:
            with store.transaction("gc", sorted(one.ref for one in self.ended)) as transaction:
                for one in self.ended:
                    if transaction.ref(one.ref) == one.value:
                        transaction.move(one.ref, None)
        if not self._sweep.needless:
            self._sweep.pack(draft)
        with store.alone() as on:
            if not self._sweep.needless:
                self._sweep.swap(on, max(map(self._stock.touched, self._young), default=None))
            collect.tidy(on)
        self._clear_caches()
        folder = os.path.join(store.folder, "objects")
        return self._told(_size(store.folder), len(_packs(folder)), applied=True)

    def _clear_caches(self) -> None:
        """Caches may know things by the ids of what is gone; also from an earlier collection that was killed here."""
        store = self._handle.store
        store.refresh()
        now = Stock(os.path.join(store.folder, "objects"))
        known = set(now.ids())
        now.close()

        def here(oid: bytes) -> bool:
            return oid in known or store.lists(oid)

        textindex.forget(store.folder, here)
        leaves.forget(store.folder, here)

    def result(self) -> GcResult:
        """What would be; the size after is an estimate, for nothing is packed."""
        after = self._before - self._weight()
        return self._told(max(0, after), min(1, len(self._seen)) if not self._sweep.needless else self._packs)

    def _weight(self) -> int:
        """The bytes of what goes, as it is packed now."""
        gone, total = self._sweep.removed, 0
        for stem in self._stock.stems if gone else ():
            entries = self._stock.listed(stem)
            ends = packs.ends(entries, os.path.getsize(stem + ".pack") - packs.TRAILER)
            total += sum(end - at + _INDEXED for (oid, _, at), end in zip(entries, ends, strict=True) if oid in gone)
        return total

    def _told(self, after: int, packs_after: int, *, applied: bool = False) -> GcResult:
        ended = tuple(
            Ended(one.ref, one.value, one.operation, one.verb, one.time, tuple(map(_shown, one.branches)))
            for one in self.ended
        )
        return GcResult(
            applied=applied,
            removed=len(self._sweep.removed),
            commits=dict(self.commits),
            ended=ended,
            bytes_before=self._before,
            bytes_after=after,
            packs_before=self._packs,
            packs_after=packs_after,
            findings=tuple(self._findings()),
        )

    def _findings(self) -> Iterator[Finding]:
        if self.commits["recent"]:
            number = f"{self.commits['recent']} commits that no ref leads to were written"
            yield Finding("recent", "objects", f"{number} less than a day ago: the next gc looks again", (), "note")
        aside = os.path.join(self._handle.store.folder, "trace", "aside")
        if os.path.isdir(aside) and (size := _size_of(aside)):
            text = f"trace/aside has {size:,} bytes that a repair put aside; delete it when nothing is missed"
            yield Finding("aside", "trace/aside", text, (), "note")


def _shown(ref: str) -> str:
    return expiry.branch_name(ref) or ref


def _packs(objects: str) -> list[str]:
    return [name for name in os.listdir(os.path.join(objects, "pack")) if name.endswith(".idx")]


def _size(folder: str) -> int:
    return _size_of(os.path.join(folder, "objects"))


def _size_of(folder: str) -> int:
    """Bytes of all files below a folder."""
    total = 0
    for above, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.path.getsize(os.path.join(above, name))
    return total
