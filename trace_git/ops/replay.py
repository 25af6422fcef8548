"""Replay: what commits did to their parents, done again on another tip. The heart of rebase and cherry-pick.

Each is a three-way merge whose base is the commit's parent, so item ids travel, and edits and pins with them. What only
appends is compared in whole runs and written commit by commit (see ``runs``). Author, time and message stay;
tokens are counted anew. Nothing is written and no ref moves: objects go into a plan, conflicts raise.

    target of an edit or pin that this line never had     error "edit-target"; left out when forced
    result of a call that this line never had             error "tool-group"
    same id added here with other text                    warning "second-version": the later one gets a new id
    added by this very commit here, and edited since      taken as it is here
    nothing is left to do                                 note "applied": the commit is left out
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from ..conflicts import TOOLS, Conflict, Resolution
from ..errors import InvalidInputError, MergeConflictError, RefusedError
from ..llm.reply import Messages
from ..model import Commit, TokenCount
from ..results import Finding
from ..safe import safe_text
from ..store.commits import CommitData
from ..store.snapshot import Draft, Entry
from ..store.transaction import Transaction
from ..view import lanes, reports
from ..view.handle import Handle
from ..view.merging import bases
from ..view.merging.plan import Merging, Plan
from ..view.merging.sides import LIVE, Side
from ..view.rewriting import findings
from . import deciding, merged, past, resolving, write
from .deciding import Decided, Ways

_TOKENS = ("Trace-Tokens", "Trace-Context-Tokens", "Trace-Tokenizer")
_USAGE = "Trace-Usage"
HINT = "leave the commit out, or bring along what it belongs to"
_AT_END = "pick all of the tool group to the end, then move it: trace reorder move ITEM --before ITEM"


class Done(NamedTuple):
    """What a step of a replay came to: the tree of the next commit, what it adds, and trailers that say how."""

    tree: str
    tokens: TokenCount | None
    trailers: Mapping[str, str]


class Replay:
    """A line of commits in the making. ``tip`` is its present end, ``conflicts`` all that came up so far, ``mapped``
    what stands for each commit that was picked. It is ``plain`` while no more happened than that items were appended.

    ``ways`` says who settles conflicts; ``timestamp`` is the committer's time. ``anchor`` is the item before which new
    ones are put; else they go to the end. With ``keep`` a commit whose parent is the tip already stays as it is.
    ``floor`` is the commit that nothing is squashed into: where the work began, when that is not ``tip``.
    """

    def __init__(
        self,
        handle: Handle,
        plan: Transaction,
        tip: str,
        ways: Ways,
        *,
        floor: str | None = None,
        timestamp: int | None = None,
        anchor: str | None = None,
        keep: bool = True,
        force: bool = False,
    ) -> None:
        self.handle = handle
        self.plan = plan
        self.floor = tip if floor is None else floor
        self.tip = handle.commit(tip)
        self.ways = ways
        self.anchor = anchor
        self.force = force
        self.findings: list[Finding] = []
        self.conflicts: list[Conflict] = []
        self.answers: dict[str, Resolution] = {}
        self.sends: list[Messages] = []
        self.who: dict[str, str] = {}
        self.mapped: dict[str, str] = {}
        self.plain = True
        self._keep = keep
        self._left = False  # whether the last step has errors, or conflicts in a dry run
        self._now = handle.store.now() if timestamp is None else timestamp
        self._names: dict[str, str] = {}  # item of a commit → the new id that it got here
        self._past = past.Past(handle)
        self._sent: deque[str] | None = None  # digests of the last contexts of the new line, once somebody asks
        self._running: reports.Running | None = None

    # -- steps -----------------------------------------------------------------------------

    def pick(self, commit: Commit, base: str | None, *, others: tuple[str, ...] = ()) -> bool:
        """Do what ``commit`` did to ``base``, one of its parents or None; whether that is a commit here.

        ``others`` are further parents that it is to have here too.
        """
        if self.stays(commit, others):
            return True
        if lanes.begins_other(self.handle, commit.trailers):
            self._note("applied", commit, "began an agent, and is left out of this line", "note")
            self.mapped[commit.id] = self.tip.id
            return False
        done = self.step(commit, base)
        if done is None:
            self._applied(commit)
            return False
        self.put(commit, done, others=others)
        return True

    def stays(self, commit: Commit, others: tuple[str, ...] = ()) -> bool:
        """Whether it is at its place already; then it is the tip now."""
        if not self._keep or commit.parents != (self.tip.id, *others) or self.anchor is not None:
            return False
        self.stand(commit)
        self.mapped[commit.id] = commit.id
        return True

    def _applied(self, commit: Commit) -> None:
        if not self._left:
            self._note("applied", commit, "is here already: nothing is left of it", "note")
        self.mapped[commit.id] = self.tip.id

    def squash(self, commit: Commit, base: str | None) -> None:
        """Do the same and make one commit of it and the one before."""
        first = self.tip
        if first.id == self.floor:  # what it was to be squashed into was here already
            self.pick(commit, base)
            return
        for one in (first, commit):
            if lanes.takes(one.trailers, one.parents):
                raise RefusedError(
                    f"{named(one)} took the work of an agent back, and has its history for a parent: it cannot be"
                    " squashed", hint="pick it, and move it away from the commits that are squashed",
                )  # fmt: skip
        done = self.step(commit, base)
        if done is None:
            self._applied(commit)
            return
        self.put(commit, done)
        second, parents = self.tip, first.parents
        before = self.handle.contexts.total(self.handle.commit(parents[0])) if parents else TokenCount(0)
        after = self.handle.contexts.total(second)
        op = first.op if first.op == second.op else "squash"
        trailers = {**second.trailers, **first.trailers, "Trace-Op": op}
        trailers = {name: text for name, text in trailers.items() if name not in _TOKENS and name != _USAGE}
        if self.handle.counter is not None:
            exact = TokenCount(after - before, exact=before.exact and after.exact, counter=after.counter)
            trailers |= write.told(exact, after)
        if _USAGE in first.trailers:
            trailers[_USAGE] = first.trailers[_USAGE]
        message = f"{first.message}\n\n{second.message}"
        self._commit(first, second.tree, parents, trailers, message)
        both = (first.id, second.id)
        self.mapped = {old: self.tip.id if new in both else new for old, new in self.mapped.items()}

    def stand(self, commit: Commit) -> None:
        """Go on from a commit that there is already."""
        self.tip = commit
        self._running = self._sent = None

    # -- one commit ------------------------------------------------------------------------

    def merging(self, commit: Commit, base: str | None) -> Merging:
        """The comparison that picking ``commit`` is."""
        also = (self.anchor,) if self.anchor is not None else ()
        found = bases.replayed(self.handle, base, self.tip.id, commit.id, also=also)
        if not self._names:
            return found
        return Merging(self.handle, self._renamed(found.base), found.ours, self._renamed(found.theirs))

    def step(self, commit: Commit, base: str | None) -> Done | None:
        """What it comes to; None when that is nothing. MergeConflictError for what nobody settles."""
        self.plain = False
        merging, known = self.merging(commit, base), len(self.findings)
        decided, plan = self.decide(commit, merging, self._own(commit, merging))
        if self.anchor is not None:
            plan = _before(plan, merging.ours, self.anchor)
        done = self.drafted(commit, merging, plan, decided)
        empty = base is not None and self.handle.commit(base).tree == commit.tree
        self._left = any(one.severity == "error" for one in self.findings[known:])
        return None if done.tree == self.tip.tree and not empty else done

    def decide(
        self, commit: Commit, merging: Merging, own: Mapping[str, Resolution], theirs: str | None = None
    ) -> tuple[Decided, Plan]:
        """Ask whoever is to be asked; ``own`` are answers that go without asking."""
        known = [one.id for one in merging.conflicts]
        given = {name: self.ways.resolutions[name] for name in known if name in self.ways.resolutions}
        ways = replace(self.ways, resolutions={**own, **given})
        decided = deciding.decide(self.handle, merging, self.tip.id, theirs or commit.id, ways)
        plan = merging.settled(decided.answers)
        asked = [one for one in merging.conflicts if one.id not in own or one.id in given]
        self.conflicts += asked
        self.answers |= {one.id: decided.answers[one.id] for one in asked if one.id in decided.answers}
        self.findings += decided.findings
        self.sends += decided.sends
        self.who |= decided.who
        if plan.unresolved and not self.ways.dry_run:
            self.check()
            raise self._conflicts(commit, plan, decided)
        self.findings += [Finding("conflict", one.id, f"{named(commit)}: {one.kind}: {one.text}", one.items)
                          for one in plan.unresolved]  # fmt: skip
        return decided, plan

    def drafted(self, commit: Commit, merging: Merging, plan: Plan, decided: Decided) -> Done:
        """The tree that a settled comparison gives; faults of its tool groups become findings."""
        made = merged.merged(self.handle, merging, plan, self.tip)
        for fault in made.outcome.faults() if not plan.unresolved else ():
            self._note("tool-group", commit, fault.text, "error", (fault.item,))
        self._learn_names(merging, decided, made.entries)
        draft = Draft(self.plan, self.handle.snapshots, self.tip.tree, self.handle.namespace)
        merged.write(draft, merging, plan, made)
        return Done(draft.write(), made.outcome.tokens, {} if plan.unresolved else decided.trailers)

    def _own(self, commit: Commit, merging: Merging) -> dict[str, Resolution]:
        """What is no matter of taste: an item that is not here cannot be changed, two texts under one id are two."""
        found: dict[str, Resolution] = {}
        for one in merging.conflicts:
            if self._is_second(one):
                applied = self._past.did(self.tip.id, commit)
                found[one.id] = (
                    Resolution("ours", reason="it was added here, and changed since")
                    if applied
                    else Resolution("both", reason="the same id, added with another text")
                )
            elif one.id not in self.ways.resolutions and self._is_strange(commit, merging, one):
                found[one.id] = Resolution("ours", reason="it is not here")
                self._miss(commit, merging, one)
        return found

    def _is_second(self, one: Conflict) -> bool:
        new = one.kind == "edit" and one.items != (TOOLS,) and not one.base and one.ours and one.theirs
        return bool(new) and "both" in one.actions

    def _is_strange(self, commit: Commit, merging: Merging, one: Conflict) -> bool:
        """Whether it is about items that this line never had. That the originals of a compress differ is a conflict."""
        ours, theirs = merging.ours.states(), merging.theirs.states()
        if one.kind not in ("presence", "answer") or any(item in ours for item in one.items):
            return False
        compressed = any(item in theirs and theirs[item].presence != LIVE for item in one.items)
        return not compressed and not self._past.had(self.tip.id, commit.id, one.items)

    def _miss(self, commit: Commit, merging: Merging, one: Conflict) -> None:
        item, base, theirs = one.items[0], merging.base.states(), merging.theirs.states()
        if one.kind == "answer":
            self._note("tool-group", commit, f"answers a call of item {item}, which is not here", "error", one.items)
        elif any(theirs[item].blob != base[item].blob or theirs[item].pinned for item in one.items if item in base):
            self._note("edit-target", commit, f"changes item {item}, which is not here", "error", one.items)

    # -- new ids ---------------------------------------------------------------------------

    def _renamed(self, side: Side) -> Side:
        def name(one: Entry) -> Entry:
            return Entry(one.place._replace(item=self._names.get(one.place.item, one.place.item)), one.blob)

        archived = {under: tuple(map(name, entries)) for under, entries in side.archived.items()}
        pins = {self._names.get(item, item): blob for item, blob in side.pins.items()}
        ends = frozenset(self._names.get(item, item) for item in side.ends)
        return replace(side, entries=tuple(map(name, side.entries)), pins=pins, archived=archived, ends=ends)

    def _learn_names(self, merging: Merging, decided: Decided, entries: Sequence[Entry]) -> None:
        """Remember under which id a second version goes on, for the commits behind that change it."""
        behind = {one.place.item: other.place.item for one, other in pairwise(entries)}
        for one in merging.conflicts:
            if self._is_second(one) and decided.answers.get(one.id, Resolution("")).action == "both":
                item, other = one.items[0], behind[one.items[0]]
                self._names[item] = other
                text = f"item {item} is here with another text; the one that came later is item {other}"
                self.findings.append(Finding("second-version", item, text, (item, other), severity="warning"))

    # -- commits ---------------------------------------------------------------------------

    def put(
        self, commit: Commit, done: Done, *, others: Sequence[str] = (), blobs: Sequence[str] | None = None
    ) -> None:
        """Make the next commit: ``commit`` again, with another tree. ``blobs`` are what it appends, if it does that."""
        kept = {name: text for name, text in commit.trailers.items() if name not in _TOKENS}
        if _USAGE in kept and not self._covers(commit):
            del kept[_USAGE]
        op = {"Trace-Op": kept.pop("Trace-Op")} if "Trace-Op" in kept else {}
        tokens = write.counts(self.handle, self.tip, done.tokens)
        trailers = {**op, **tokens, **kept, **done.trailers}
        self._commit(commit, done.tree, (self.tip.id, *others), trailers, commit.message)
        self.mapped[commit.id] = self.tip.id
        if self._sent is not None:
            if self._running is None or blobs is None:
                self._running, blobs = reports.Running(self.handle, self.tip.tree), ()
            self._sent.appendleft(self._running.add(blobs))

    def _commit(
        self, like: Commit, tree: str, parents: tuple[str, ...], trailers: Mapping[str, str], message: str
    ) -> None:
        committer = self.handle.store.committer
        data = CommitData(tree, parents, like.author, committer, self._now, message, trailers, like.timestamp)
        self.tip = self.handle.commit(self.plan.put_commit(data))

    def _covers(self, commit: Commit) -> bool:
        """Whether what was sent for its report of usage is the context that it has here too: that of the parent, or of
        an earlier commit if it was one before."""
        if self._sent is None:
            self._sent = deque(reports.digests(self.handle, self.tip), maxlen=reports.LOOK_BACK)
            self._running = reports.Running(self.handle, self.tip.tree)
        over = commit.trailers[_USAGE].rpartition(" over=")[2]
        if over == self._sent[0] or over not in self._sent:
            return over == self._sent[0]
        before = self.handle.commit(commit.parents[0]) if commit.parents else None
        return before is None or next(reports.digests(self.handle, before)) != over

    # -- refusing --------------------------------------------------------------------------

    def check(self) -> None:
        """UnsafeRewriteError for errors that were found, but for those that are forced."""
        findings.refuse([one for one in self.findings if one.kind != "conflict"], force=self.force, hint=HINT)

    def _note(self, kind: str, commit: Commit, text: str, severity: str, items: tuple[str, ...] = ()) -> None:
        self.findings.append(Finding(kind, commit.id, f"{named(commit)} {text}", items, severity))

    def _conflicts(self, commit: Commit, plan: Plan, decided: Decided) -> MergeConflictError:
        count = len(plan.unresolved)
        return MergeConflictError(
            f"{count} conflict{'' if count == 1 else 's'} to settle at {named(commit)}; nothing has changed",
            conflicts=plan.unresolved,
            settled=self.answers,
            asked=self.who,
            findings=self.findings,
            commit=commit.id,
            hint=f"try {resolving.advice(plan.unresolved)}",
        )


def parent(commit: Commit, mainline: int | None = None) -> str | None:
    """The parent that a pick of ``commit`` compares with; RefusedError for a merge unless ``mainline`` says which."""
    if len(commit.parents) > 1 and mainline is None:
        raise RefusedError(
            f"{named(commit)} has {len(commit.parents)} parents: which one is it to be compared with?",
            hint="say so with mainline=1, the first of them (--mainline 1)",
        )
    number = mainline or 1
    if number < 1 or (commit.parents and number > len(commit.parents)):
        raise InvalidInputError(
            f"{named(commit)} has no parent number {number}", field="mainline", hint="parents are counted from 1"
        )
    return commit.parents[number - 1] if commit.parents else None


def hint(found: Sequence[Finding], anchor: str | None) -> str:
    """The next step after errors. A call that is not at the end waits for its result in the commit itself."""
    return _AT_END if anchor is not None and any(one.kind == "tool-group" for one in found) else HINT


def named(commit: Commit) -> str:
    """A commit as a finding calls it."""
    return f"{commit.short_id} ({safe_text(commit.subject)[:50]})"


def _before(plan: Plan, ours: Side, anchor: str) -> Plan:
    """The plan with all that is new put right before an item, with what of it was put aside."""
    if anchor not in plan.order:
        raise InvalidInputError(f"item {anchor} is not there any more", field="at", hint="put them at another place")

    def placed(line: Sequence[str]) -> tuple[str, ...]:
        fresh = [item for item in line if item not in (here if item in live else known)]
        some = frozenset(fresh)
        rest = [item for item in line if item not in some]
        at = rest.index(anchor)
        return (*rest[:at], *fresh, *rest[at:])

    live, known = set(plan.order), ours.states()
    here = {one.place.item for one in ours.entries}
    return replace(plan, order=placed(plan.order), line=placed(plan.line))
