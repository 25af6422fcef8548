"""A handle: where one program stands in one trace. Which branch it is bound to, how it counts, what it has read.

Reading verbs and writing verbs both take it. It reads; writing is what ``ops`` do with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import StateError
from ..model import Commit, Context, Item
from ..store.snapshot import Snapshots
from ..store.store import Store
from .context import Contexts
from .tokens import Counter


@dataclass
class Handle:
    """``branch`` is a full ref name, or None when looking at ``detached``, a commit id.

    ``namespace`` is an agent's name, or "" for the trace itself; ``budget`` is in tokens. ``past`` are the refs of an
    earlier moment, for a handle that looks back: it reads refs there, and writes nothing. ``looks`` is the same for one
    that looks at an agent as it was, which may have no refs any more. ``settings`` are the paths of
    git's configuration files, the trace's own first. ``llm`` is who is asked when a verb is told ``llm=True``;
    ``seen`` is the last branch that was found to have commits; ``written`` the branches it wrote to; ``lineages``
    is what the histories of some commits say of agents.
    """

    store: Store
    counter: Counter | None
    branch: str | None
    detached: str | None = None
    namespace: str = ""
    budget: int | None = None
    past: Mapping[str, str] | None = None
    settings: tuple[str, ...] = ()
    llm: Any = None
    seen: str | None = None
    written: set[str] = field(default_factory=set)
    closed: bool = False
    looks: bool = False
    lineages: dict[str, frozenset[Any]] = field(default_factory=dict)
    snapshots: Snapshots = field(init=False)
    contexts: Contexts = field(init=False)

    def __post_init__(self) -> None:
        self.snapshots = Snapshots(self.store)
        self.contexts = Contexts(self.store, self.snapshots, self.counter)

    def bound(self, branch: str) -> Handle:
        """The same trace with this handle's caches, bound to another branch (a full ref name)."""
        return self._with(branch, self.past)

    def of_agent(self, name: str, branch: str) -> Handle:
        """The same trace with this handle's caches, as another agent, bound to its branch (a full ref name).

        Its budget is what its spawn commit says, until somebody gives another.
        """
        other = self.bound(branch)
        other.namespace, other.budget = name, None
        return other

    def back_then(self, refs: Mapping[str, str]) -> Handle:
        """A read-only handle of the moment when the refs were these, with this handle's caches, bound to its branch."""
        other = self._with(self.branch, refs)
        other.detached = self.detached
        return other

    def _with(self, branch: str | None, past: Mapping[str, str] | None) -> Handle:
        other = Handle(self.store, self.counter, branch, namespace=self.namespace, budget=self.budget, past=past)
        other.settings, other.llm = self.settings, self.llm
        other.snapshots, other.contexts, other.lineages = self.snapshots, self.contexts, self.lineages
        return other

    def check_present(self) -> None:
        """StateError when closed, or on a look at an earlier moment: nothing can be written. Writing verbs ask."""
        if self.closed:
            raise StateError("this trace was closed", hint="open it again with Repo.open()")
        if self.past is not None:
            raise StateError("this is a look at an earlier moment", hint="open the trace without an operation number")
        if self.looks:
            raise StateError(
                f"this is a read-only look at agent {self.namespace} as it was",
                hint=f"where the agent is still there: repo.agent({self.namespace!r})",
            )

    @property
    def space(self) -> str:
        """What the refs of this namespace begin with: nothing, or ``refs/namespaces/<agent>/``."""
        return f"refs/namespaces/{self.namespace}/" if self.namespace else ""

    @property
    def head_ref(self) -> str:
        """The HEAD of this namespace."""
        return f"{self.space}HEAD"

    @property
    def place(self) -> str | None:
        """Where this handle stands, in the words of HEAD: ``ref: refs/heads/…`` or a commit id."""
        return self.detached if self.branch is None else f"ref: {self.branch}"

    def stand(self, place: str) -> None:
        """Stand at what a HEAD says."""
        symbolic = place.startswith("ref: ")
        self.branch, self.detached = (place[5:], None) if symbolic else (None, place)

    def ref(self, name: str) -> str | None:
        """The value of a ref: 40 hex, ``ref: …``, or None. Reading goes through here, so that it can look back."""
        return self.store.ref(name) if self.past is None else self.past.get(name)

    def ref_names(self, prefix: str = "refs/", *, skip_bad: bool = False) -> dict[str, str]:
        """All refs below ``prefix`` with their values, by name; see ``Store.ref_names``."""
        if self.past is None:
            return self.store.ref_names(prefix, skip_bad=skip_bad)
        return {ref: value for ref, value in self.past.items() if ref.startswith(prefix)}

    def head(self) -> str | None:
        """The commit this handle stands on, or None when its branch has none yet. StateError when it was removed."""
        if self.branch is None:
            self._check_there()
            return self.detached
        tip = self.ref_commit(self.branch)
        if tip is not None:
            self.seen = self.branch
        return tip

    def _check_there(self) -> None:
        if self.detached is None or not self.store.was_shaken or self.store.lists(bytes.fromhex(self.detached)):
            return
        raise StateError(
            f"commit {self.detached[:8]}, which this handle looks at, is gone: removed by gc, or rewritten by redact",
            hint="go on at a branch: repo.switch(name), repo.checkout(rev), or open the trace again",
        )

    def ref_commit(self, ref: str) -> str | None:
        """The commit a ref points to, through symbolic refs and annotated tags; None when there is no such ref."""
        value = self.ref(ref)
        for _ in range(5):
            if value is None or not value.startswith("ref: "):
                break
            value = self.ref(value[5:])
        return self.store.peel(value) if value is not None else None

    def commit(self, oid: str) -> Commit:
        data = self.store.commit(oid)
        return Commit(
            oid,
            data.tree,
            data.parents,
            data.author,
            data.committer,
            data.timestamp if data.authored is None else data.authored,
            data.message,
            data.trailers,
            self.changed,
        )

    def context(self, commit: str | None) -> Context:
        return self.contexts.at(self.commit(commit) if commit is not None else None)

    def changed(self, commit: Commit) -> tuple[Item, ...]:
        """The items that ``commit`` added or changed, in order; for a pin, those it pinned or unpinned."""
        snapshots = self.snapshots
        parents = self.store.links(commit.id).parents
        before = self.store.commit(parents[0]).tree if parents else None
        now, then = snapshots.leaf_ids(commit.tree), snapshots.leaf_ids(before) if before else []
        known = set(then)
        fresh = [entry for leaf in now if leaf not in known for entry in snapshots.leaf(leaf)]
        old = {entry for leaf in set(then) - set(now) for entry in snapshots.leaf(leaf)}
        changed = [entry for entry in fresh if entry not in old]
        pins = snapshots.pins(commit.tree)
        if not changed and before and (moved := snapshots.pins(before).keys() ^ pins.keys()):
            changed = [entry for entry in snapshots.entries(commit.tree) if entry.place.item in moved]
        return tuple(self.contexts.item(entry, pinned=entry.place.item in pins) for entry in changed)
