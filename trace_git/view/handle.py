"""A handle: where one program stands in one trace. Which branch it is bound to, how it counts, what it has read.

Reading verbs and writing verbs both take it. It reads; writing is what ``ops`` do with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model import Commit, Context, Item
from ..store.snapshot import Snapshots
from ..store.store import Store
from .context import Contexts
from .tokens import Counter


@dataclass
class Handle:
    """``branch`` is a full ref name, or None when looking at ``detached``, a commit id.

    ``namespace`` is an agent's name, or "" for the trace itself; ``budget`` is in tokens.
    """

    store: Store
    counter: Counter | None
    branch: str | None
    detached: str | None = None
    namespace: str = ""
    budget: int | None = None
    snapshots: Snapshots = field(init=False)
    contexts: Contexts = field(init=False)

    def __post_init__(self) -> None:
        self.snapshots = Snapshots(self.store)
        self.contexts = Contexts(self.store, self.snapshots, self.counter)

    def bound(self, branch: str) -> Handle:
        """The same trace with this handle's caches, bound to another branch (a full ref name)."""
        other = Handle(self.store, self.counter, branch, namespace=self.namespace, budget=self.budget)
        other.snapshots, other.contexts = self.snapshots, self.contexts
        return other

    def head(self) -> str | None:
        """The commit this handle stands on, or None when its branch has none yet."""
        return self.detached if self.branch is None else self.ref_commit(self.branch)

    def ref_commit(self, ref: str) -> str | None:
        """The commit a ref points to, through symbolic refs and annotated tags; None when there is no such ref."""
        value = self.store.ref(ref)
        for _ in range(5):
            if value is None or not value.startswith("ref: "):
                break
            value = self.store.ref(value[5:])
        return self.store.peel(value) if value is not None else None

    def commit(self, oid: str) -> Commit:
        data = self.store.commit(oid)
        return Commit(
            oid,
            data.tree,
            data.parents,
            data.author,
            data.committer,
            data.timestamp,
            data.message,
            data.trailers,
            self.changed,
        )

    def context(self, commit: str | None) -> Context:
        return self.contexts.at(self.commit(commit) if commit is not None else None)

    def changed(self, commit: Commit) -> tuple[Item, ...]:
        """The items that ``commit`` added or changed, in order; for a pin, those it pinned or unpinned."""
        snapshots = self.snapshots
        before = self.store.commit(commit.parents[0]).tree if commit.parents else None
        now, then = snapshots.leaf_ids(commit.tree), snapshots.leaf_ids(before) if before else []
        known = set(then)
        fresh = [entry for leaf in now if leaf not in known for entry in snapshots.leaf(leaf)]
        old = {entry for leaf in set(then) - set(now) for entry in snapshots.leaf(leaf)}
        changed = [entry for entry in fresh if entry not in old]
        pins = snapshots.pins(commit.tree)
        if not changed and before and (moved := snapshots.pins(before).keys() ^ pins.keys()):
            changed = [entry for entry in snapshots.entries(commit.tree) if entry.place.item in moved]
        return tuple(self.contexts.item(entry, pinned=entry.place.item in pins) for entry in changed)
