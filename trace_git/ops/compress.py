"""compress: put summaries, or shorter versions, in the place of items; the originals move to the archive.

One commit on top, one archive, one id. Nothing is lost: ``expand`` moves the originals back, and the tree is then what
it was. What is taken is in ``view.compressing.ranges``, what becomes of it in ``shrinking``, what is written in
``compressed``. A model is asked before the trace is locked; when the branch moved meanwhile, the range still stands as
long as only something was added behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..errors import BudgetError, ConflictError, InvalidInputError, StateError
from ..llm import Given
from ..model import Commit, TokenCount
from ..results import CompressResult, Finding
from ..store.transaction import Transaction
from ..view import ancestry, models
from ..view import receipt as receipts
from ..view.compressing import archive, plan, ranges
from ..view.compressing.ranges import Chosen, Range
from ..view.compressing.sight import Sight
from ..view.handle import Handle
from . import keep, labels, out_of_history, shrinking, write
from .compressed import Compressed
from .shrinking import STRATEGIES, Shrunk, Ways


def compress(
    handle: Handle,
    range: Range = None,
    *,
    budget: int | None = None,
    to_fit: str | None = None,
    keep_last: int | None = None,
    summary: str | Sequence[str] | None = None,
    llm: Given = None,
    strategy: str = "auto",
    retention: float | None = None,
    rewrite: bool = False,
    dry_run: bool = False,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> CompressResult:
    """Compress ``range`` of the bound branch; see ``Repo.compress``."""
    ways = replace(_ways(strategy, summary, budget, llm, retention, dry_run), rewrite=rewrite)
    if budget is not None and to_fit is not None:
        raise InvalidInputError("budget and to_fit exclude each other", field="to_fit", hint="give one of them")
    chosen = ranges.choose(sight(handle), range, keep_last=keep_last)
    if range is not None and not chosen.places:
        shrinking.check_pins(chosen, ways)
        raise _idle(chosen)
    if to_fit is not None:
        ways = replace(ways, budget=_room(handle, chosen, to_fit))
    return of(handle, chosen, ways, message=message, timestamp=timestamp)


def sight(handle: Handle) -> Sight:
    """The context of the bound branch as it is now; StateError when there is none."""
    branch = write.branch_of(handle)
    handle.store.refresh()
    tip = handle.ref_commit(branch)
    if tip is None:
        raise StateError("no commits yet", hint="commit something first")
    return Sight(handle, handle.commit(tip))


def of(handle: Handle, chosen: Chosen, ways: Ways, *, message: str | None = None,
       timestamp: float | datetime | None = None) -> CompressResult:  # fmt: skip
    """Compress what was chosen."""
    write.check_said(message, timestamp)
    if ways.budget is not None and handle.counter is None:
        raise StateError("nobody counts tokens here, so no budget can be met", hint="open the trace with a tokenizer")
    if ways.budget is not None and not ways.texts and chosen.tokens <= ways.budget:
        return _nothing(handle, chosen, ways, "budget", f"the range has {chosen.tokens:,} tokens, within the budget "
                        f"of {ways.budget:,}")  # fmt: skip
    if not chosen.places:
        return _empty(handle, chosen, ways)
    shrunk = shrinking.shrink(handle, chosen, ways)
    if not shrunk.made and ways.budget is None:
        return _nothing(handle, chosen, ways, "nothing", "there is nothing in the range that would get shorter")
    work = _Work(handle, chosen, ways, shrunk)
    work.check()
    if ways.dry_run:
        return work.planned()
    return work.done(message, write.seconds(timestamp))


@dataclass
class _Work:
    """A compress that is decided: told or written."""

    handle: Handle
    chosen: Chosen
    ways: Ways
    shrunk: Shrunk

    @property
    def after(self) -> int:
        return plan.after(self.chosen, self.shrunk.made)

    def check(self) -> None:
        """BudgetError when the range would not be within its budget, or not smaller than it was."""
        before, budget, after = self.chosen.tokens, self.ways.budget, self.after
        if budget is not None and after > budget:
            fixed = f", {self.chosen.fixed:,} of them pinned" if self.chosen.fixed else ""
            raise BudgetError(
                f"the range would still have {after:,} tokens{fixed}, and the budget is {budget:,}",
                budget=budget, needed=after, hint=_HINTS[self.shrunk.strategy],
            )  # fmt: skip
        if self.handle.counter is not None and after >= before:
            raise BudgetError(
                f"the range has {before:,} tokens and would have {after:,}: that is no compression",
                budget=before - 1, needed=after, hint=_HINTS[self.shrunk.strategy],
            )  # fmt: skip

    def planned(self) -> CompressResult:
        told = plan.told(self.chosen, self.shrunk.made)
        most = self.ways.budget if self.ways.budget is not None else self.after
        free = bool(self.shrunk.made) and not self.ways.texts  # to look for another range
        cheaper = plan.recommended(self.chosen, self.shrunk.made, most, self.shrunk.strategy) if free else None
        return CompressResult(
            None, None, (), *self._sizes(), self._findings(), plan.receipt(self.chosen.sight, self.shrunk.made),
            self.shrunk.strategy, self.ways.budget, told, self._level(), cheaper, tuple(self.shrunk.sends),
        )  # fmt: skip

    def done(self, message: str | None, timestamp: int | None) -> CompressResult:
        handle, branch = self.handle, write.branch_of(self.handle)
        made = Compressed(handle, self.chosen.sight, self.shrunk.made)
        made.check()
        with handle.store.transaction("compress", [branch], spaces=(handle.namespace,)) as transaction:
            tip = transaction.ref(branch)
            if tip != self.chosen.sight.commit.id:
                self.chosen = self._moved(tip)
                made = Compressed(handle, self.chosen.sight, self.shrunk.made)
                made.check()
            oid = self._write(made, transaction, message, timestamp)
            if self.ways.rewrite:
                drafted = frozenset(transaction.objects)
                oid, again = out_of_history.without_originals(handle, transaction, oid, made.id, self._below())
                transaction.move(branch, oid)
                labels.follow(handle, transaction, again)
                keep.keep(handle, transaction)
                out_of_history.leave_out(transaction, drafted, oid)
            return self._told(made, handle.commit(oid))

    def _told(self, made: Compressed, commit: Commit) -> CompressResult:
        stands = tuple([one.place.item for one in made.stands])
        told = plan.told(self.chosen, self.shrunk.made, stands)
        kept = receipts.moved(self.handle, self.chosen.sight.commit, commit)
        return CompressResult(made.id, commit, stands, *self._sizes(), self._findings(), kept, self.shrunk.strategy,
                              self.ways.budget, told, self._level())  # fmt: skip

    def _below(self) -> list[str]:
        """The items for which summaries and stubs stand that are compressed now."""
        sight = self.chosen.sight
        taken = [sight.entries[at].place.item for one in self.shrunk.made for at in one.places]
        found = archive.Archive(self.handle, sight.commit).below(taken)
        return [entry.place.item for _, entries in found for entry in entries]

    def _moved(self, tip: str | None) -> Chosen:
        """The same items on a branch that moved meanwhile; ConflictError when more was done than to add to its end."""
        old, stop = self.chosen.sight, self.chosen.places[-1] + 1
        if tip is not None and ancestry.is_ancestor(self.handle, old.commit.id, tip):
            new = Sight(self.handle, self.handle.commit(tip))
            pins = ({at for at in one.pinned if at < stop} for one in (old, new))
            if new.entries[:stop] == old.entries[:stop] and next(pins) == next(pins):
                return Chosen(new, self.chosen.places, self.chosen.stay, self.chosen.findings)
        raise ConflictError("the branch moved while this was decided; nothing has changed", hint="compress again")

    def _write(self, made: Compressed, transaction: Transaction, message: str | None, timestamp: int | None) -> str:
        before, after = self._sizes()
        count = sum(len(one.places) for one in self.shrunk.made)
        items = f"{count} item{'' if count == 1 else 's'}"
        counted = self.handle.counter is not None
        title = f"compress: {before:,} → {after:,} tokens ({items})" if counted else f"compress: {items}"
        sizes = f" before={before} after={after}" if counted else ""
        trailers = {"Trace-Compress": f"{made.id} items={count}{sizes}", **self.shrunk.asked.trailers}
        change = shrinking.size(self.handle, after - before, exact=self.chosen.sight.exact) if counted else None
        return made.write(transaction, title=title, message=message, timestamp=timestamp, change=change,
                          trailers=trailers)  # fmt: skip

    def _sizes(self) -> tuple[TokenCount, TokenCount]:
        exact = self.chosen.sight.exact
        return (shrinking.size(self.handle, self.chosen.tokens, exact=exact),
                shrinking.size(self.handle, self.after, exact=exact and self.shrunk.exact))  # fmt: skip

    def _findings(self) -> tuple[Finding, ...]:
        found = (*self.chosen.findings, *self.shrunk.findings)
        return (*found, _REWRITTEN) if self.ways.rewrite else found

    def _level(self) -> int:
        return max((archive.level(one.message) for one in self.shrunk.made if one.message is not None), default=0)


_REWRITTEN = Finding(
    "rewrite",
    "history",
    "every commit is written anew without the originals; `trace undo` brings them back until gc takes the old tip",
    severity="note",
)
_HINTS = {
    "mask": "give a larger budget, or let a model summarize: llm= (--llm), or summary= (--summary)",
    "trim": 'give a larger budget, strategy="mask" (--strategy mask), or let a model summarize: llm= (--llm)',
    "manual": "give a shorter summary, or a larger budget",
    "summarize": "give a larger budget, or take more into the range",
}


def _nothing(handle: Handle, chosen: Chosen, ways: Ways, kind: str, text: str) -> CompressResult:
    """What is said when nothing is to be done."""
    size = shrinking.size(handle, chosen.tokens, exact=chosen.sight.exact)
    findings = (*chosen.findings, Finding(kind, kind, text, severity="note"))
    return CompressResult(None, None, (), size, size, findings, plan.receipt(chosen.sight, ()), budget=ways.budget)


def _empty(handle: Handle, chosen: Chosen, ways: Ways) -> CompressResult:
    """A range in which everything has to stay. What was asked for by a text or a budget is refused then."""
    shrinking.check_pins(chosen, ways)
    idle = _idle(chosen, hint=f"without a range the last {ranges.KEEP_LAST} turns stay; name a range, or give "
                 "keep_last= (--keep-last)")  # fmt: skip
    if ways.texts or ways.budget is not None:
        raise idle
    return _nothing(handle, chosen, ways, "nothing", str(idle))


def _idle(chosen: Chosen, *, hint: str = "take more into the range; `trace ls` lists the items") -> StateError:
    """Says that a range has nothing that may be compressed, and why."""
    if not chosen.findings and not chosen.stay:
        return StateError("there is nothing in the range", hint=hint)
    entries = chosen.sight.entries
    pins = " ".join(entries[at].place.item[:8] for at in chosen.stay[:5])
    why = [f"pinned: {pins}"] if pins else []
    why += [str(one) for one in chosen.findings[:1]]
    return StateError(f"everything in the range has to stay: {'; '.join(why)}", hint=hint)


# -- what was asked for --------------------------------------------------------------------


def _ways(strategy: str, summary: str | Sequence[str] | None, budget: int | None, llm: Given,
          retention: float | None, dry_run: bool) -> Ways:  # fmt: skip
    if strategy not in STRATEGIES:
        raise InvalidInputError(f"strategy {strategy!r} is unknown", field="strategy",
                                hint=f"one of: {', '.join(STRATEGIES)}")  # fmt: skip
    texts = _texts(summary)
    if texts and strategy not in ("auto", "manual"):
        raise InvalidInputError(f"summary= is a text of yours, and strategy {strategy!r} makes its own",
                                field="strategy", hint="leave one of them out")  # fmt: skip
    if strategy == "manual" and not texts:
        raise InvalidInputError("strategy 'manual' needs a text", field="summary", hint="give summary= (--summary)")
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget < 1):
        raise InvalidInputError(f"budget {budget!r} is not a number of tokens", field="budget", hint="give 1 or more")
    check_share(retention, "retention")
    return Ways(strategy, texts, budget, llm, retention, dry_run)


def check_share(value: float | None, field: str) -> None:
    """InvalidInputError when a number is no share."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1):
        raise InvalidInputError(f"{field} {value!r} is not a number from 0 to 1", field=field, hint="for example 0.9")


def _texts(summary: str | Sequence[str] | None) -> tuple[str, ...]:
    if summary is None:
        return ()
    texts = tuple(summary) if isinstance(summary, list | tuple) else (summary,)
    if not texts or not all(isinstance(one, str) and one.strip() for one in texts):
        raise InvalidInputError("a summary is empty, or no text", field="summary",
                                hint="to take items out without one, drop them: trace drop")  # fmt: skip
    return texts


def _room(handle: Handle, chosen: Chosen, model: str) -> int:
    """The tokens that the range may have for the whole context to fit into a model's window."""
    window = models.window(model, folder=handle.store.folder, readonly=not handle.store.writable)
    if window is None:
        raise InvalidInputError(f"the window of model {model!r} is not known", field="to_fit",
                                hint="give a budget in tokens: budget= (--budget)")  # fmt: skip
    outside = chosen.sight.above(window) - chosen.tokens
    if outside >= window:
        raise BudgetError(
            f"what is outside of the range takes {outside:,} tokens, and {model} reads {window:,}",
            budget=window, needed=outside, hint="take more into the range, or keep fewer turns: --keep-last",
        )  # fmt: skip
    return window - outside
