"""Blame: where an item came from, through edits, merges, compressions and agents.

The index knows which commits touched an item, so no other commit is read, and no message but the item's own versions.
What an agent was given when it began is followed into the history of the one that gave it, and what was picked from
another line into that line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..answers import Blame, Step
from ..errors import AmbiguousRevisionError, InvalidInputError, NotFoundError
from ..model import Commit, Item
from ..store.snapshot import Entry
from ..store.textindex import CAME, MOVED, PINNED, SHELVED, UNPINNED, UNSHELVED, WENT, Row
from . import agents
from .handle import Handle
from .revisions import resolve
from .searching import routes
from .searching.asked import Asked
from .searching.ground import ARCHIVED, DROPPED, LIVE, History
from .searching.news import Progress
from .searching.routes import COLLAPSED, INHERITED, MERGED, PICKED, Route

_SHORTEST = 4
_TELLING = (INHERITED, COLLAPSED, MERGED, PICKED)  # routes that say more than that an item was added
_CHANGES = {
    frozenset((CAME,)): "added",
    frozenset((CAME, WENT)): "edited",
    frozenset((CAME, UNSHELVED)): "expanded",
    frozenset((CAME, WENT, UNSHELVED)): "expanded",
    frozenset((WENT,)): "dropped",
    frozenset((UNSHELVED,)): "dropped",
    frozenset((WENT, SHELVED)): "archived",
    frozenset((SHELVED,)): "archived",
    frozenset((CAME, WENT, SHELVED)): "archived",  # masked: the original is put aside
    frozenset((MOVED,)): "moved",
}
_PINS = {PINNED: "pinned", UNPINNED: "unpinned"}


def blame(
    handle: Handle, wanted: str | Item | Commit, *, rev: str | Commit = "HEAD", progress: Progress | None = None
) -> Blame:
    """The life of an item in the history behind ``rev``; see ``Repo.blame``."""
    handle.store.refresh()
    tip = resolve(handle, rev)
    asked = Asked(handle, also=[tip], progress=progress)
    history = asked.history(handle.namespace, tip)
    item = _find(asked, history, wanted)
    rows = _versions(asked, history, item)
    steps = tuple(_Life(asked, item).steps(history))
    entered = {blob: found for blob, one in rows.items()
               if (found := asked.ground.entered(history, one)) is not None}  # fmt: skip
    first = min(entered, key=lambda blob: (entered[blob].position, entered[blob].key))
    route = routes.route(asked, history, rows[first], entered[first])
    states = {history.present(one): blob for blob, one in rows.items()}
    state = LIVE if LIVE in states else ARCHIVED if ARCHIVED in states else DROPPED
    last = next(one for step in steps for one in (step.new, step.old) if one is not None)
    present = _item(handle, item, asked.blob(states[state])) if state != DROPPED else last
    if state == LIVE and item in asked.pins(history.line[-1]):
        present = present.with_pinned(True)
    child = next((step.commit for step in steps if step.change == COLLAPSED), None)
    originals = tuple(_originals(handle, tip, present, child))
    return Blame(present, state, route.kind, route.source, steps, originals, child)


def _find(asked: Asked, history: History, wanted: str | Item | Commit) -> str:
    """The id of the one item that is meant, among all that were ever known in a history."""
    if isinstance(wanted, Commit):
        found = sorted({item.id for item in wanted.items})
        name = f"commit {wanted.short_id}"
        if not found:
            raise NotFoundError(f"{name} brought no item", hint=f"it is of kind {wanted.op}; `trace ls` lists items")
    else:
        prefix = wanted.id if isinstance(wanted, Item) else wanted
        if not isinstance(prefix, str) or not _SHORTEST <= len(prefix) <= 16 or prefix.strip("0123456789abcdef"):
            raise InvalidInputError(f"{prefix!r} is not an item id",
                                    hint=f"give at least {_SHORTEST} hex digits; `trace ls` lists items")  # fmt: skip
        found, name = asked.index.items(prefix), repr(prefix)
    known = [item for item in found if _is_known(asked, history, item)]
    if len(known) > 1:
        raise AmbiguousRevisionError(f"{name} is {len(known)} items", candidates=known,
                                     hint="one of: " + " ".join(known[:8]))  # fmt: skip
    if not known:
        what = f"what {name} brought is not" if isinstance(wanted, Commit) else f"no item {name}"
        raise NotFoundError(f"{what} in this history", hint="`trace search TEXT` finds what was ever said")
    return known[0]


def _is_known(asked: Asked, history: History, item: str) -> bool:
    return any(asked.ground.entered(history, rows) for rows in _versions(asked, history, item).values())


def _versions(asked: Asked, history: History, item: str) -> dict[int, list[Row]]:
    """The changes of an item in a history, by blob."""
    found: dict[int, list[Row]] = {}
    for row in asked.index.of_items([item]):
        if row.commit in history.where:
            found.setdefault(row.blob, []).append(row)
    return found


def _item(handle: Handle, item: str, blob: str) -> Item:
    return Item.of(item, blob, handle.contexts.message(blob))


# -- what was done to it -------------------------------------------------------------------


class _Life:
    """The steps of one item. A commit is told once, whatever lines it is on."""

    def __init__(self, asked: Asked, item: str) -> None:
        self._asked = asked
        self._item = item
        self._told: set[int] = set()

    def steps(self, history: History) -> Iterator[Step]:
        """Newest first."""
        asked, versions = self._asked, _versions(self._asked, history, self._item)
        rows = [row for some in versions.values() for row in some]
        inherited = history.spawn >= 0 and any(history.present(some, history.spawn) for some in versions.values())
        line = {history.where[row.commit] for row in rows if history.on_line(row.commit)}
        since = min(line, default=len(history.line))
        commits: dict[int, list[Row]] = {}
        for row in rows:
            at = history.where[row.commit]
            beside = not history.on_line(row.commit) and at not in line and since < at  # another line had it too
            if row.commit not in self._told and not beside and at > history.spawn:
                commits.setdefault(row.commit, []).append(row)
        if inherited:
            commits.setdefault(history.line[history.spawn], [])
        self._told.update(commits)
        for commit in sorted(commits, key=lambda one: _newest(asked, history, one), reverse=True):
            yield from self._of_commit(history, commit, commits[commit], versions)
            if inherited and history.where[commit] == history.spawn:
                fork = self._asked.ground.of(commit).tip
                if fork is not None:
                    yield from self._there(fork, self._parent(commit))

    def _there(self, commit: int, agent: str) -> Iterator[Step]:
        """What was done to it on another line."""
        yield from self.steps(self._asked.ground.history(agent, commit))

    def _parent(self, spawn: int) -> str:
        """The agent that spawned another one there."""
        return self._asked.handle.store.commit(self._asked.commit(spawn)).trailers.get(agents.PARENT, "")

    def _of_commit(
        self, history: History, number: int, rows: Sequence[Row], versions: Mapping[int, list[Row]]
    ) -> Iterator[Step]:
        asked = self._asked
        commit = asked.handle.commit(asked.commit(number))
        position, there = history.where[number], history.on_line(number)
        agent = routes.maker(asked, history, position) if there else asked.whose(number)
        route = self._route(history, number, rows, versions) if there else None
        if there and position == history.spawn and any(history.present(some, position) for some in versions.values()):
            blob = next(blob for blob, some in versions.items() if history.present(some, position))
            yield Step(commit, history.agent, INHERITED, None, self._version(blob), self._parent(number))
            return
        blobs = {row.what: row.blob for row in rows}
        pins = [_PINS[what] for what in blobs if what in _PINS]
        what = frozenset(blobs).difference(_PINS)
        old = self._version(blobs.get(WENT, blobs.get(UNSHELVED)))
        new = self._version(blobs.get(CAME, blobs.get(MOVED)))
        step = Step(commit, agent, _CHANGES.get(what, "edited"), old, new)
        for pin in pins:
            version = self._version(next(blobs[one] for one in blobs if one in _PINS))
            yield replace(step, change=pin, old=version, new=version)
        if what and route is not None and route.kind in _TELLING:
            yield replace(step, change=route.kind, source=route.source)
            if route.kind == PICKED and route.origin is not None:
                yield from self._there(route.origin, route.source or "")
        elif what:
            yield step

    def _route(
        self, history: History, commit: int, rows: Sequence[Row], versions: Mapping[int, list[Row]]
    ) -> Route | None:
        """How a version came that came with this commit."""
        for row in rows:
            if row.what in (CAME, SHELVED):
                entered = self._asked.ground.entered(history, versions[row.blob])
                if entered is not None and entered.position == history.where[commit]:
                    return routes.route(self._asked, history, versions[row.blob], entered)
        return None

    def _version(self, blob: int | None) -> Item | None:
        return _item(self._asked.handle, self._item, self._asked.blob(blob)) if blob is not None else None


def _newest(asked: Asked, history: History, commit: int) -> tuple[int, bool, int, str]:
    return history.where[commit], history.on_line(commit), asked.ground.age[commit], asked.commit(commit)


# -- what it stands for --------------------------------------------------------------------


def _originals(handle: Handle, tip: str, item: Item, child: Commit | None) -> Iterator[Item]:
    """The items that a summary, a masked item or the work of an agent was made of, as far as they are there."""
    archived = {entry.place.item: entry for shelf in handle.snapshots.archived(handle.store.commit(tip).tree).values()
                for entry in shelf}  # fmt: skip
    entries: dict[str, Entry] = archived
    wanted = [str(one) for one in (item.message.provenance or {}).get("items", ())]
    if child is not None:
        work = handle.store.commit(child.parents[1])
        entries = {entry.place.item: entry for entry in handle.snapshots.entries(work.tree)}
    elif item.id in archived and archived[item.id].blob != item.blob:
        wanted = [item.id]
    elif item.kind != "summary":
        wanted = []
    for one in wanted:
        if one in entries:
            yield handle.contexts.item(entries[one], pinned=False)
