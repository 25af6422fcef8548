"""The cache receipt: how much of the prompt a provider has seen stays in front, and what that means for the next call.

What was sent is the last context whose call an API reported, on the first-parent line; else the present one. What a
provider makes of a common prefix is in ``caching``. Only folders in which contexts differ are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..model import Commit, Item, TokenCount
from ..pricelist import Facts
from ..results import Receipt
from ..store import codec, gitconfig
from ..store.trees import blob_id
from . import caching, models, reports
from .handle import Handle
from .tokens import PRIMING

Tools = Sequence[Mapping[str, Any]]
_FOLDERS = 2  # of the end of a context, in which one looks for who spoke last


class Next(NamedTuple):
    """A context that may be sent: its size in tokens, its number of items, its tool definitions."""

    tokens: int
    items: int
    tools: Tools


def between(handle: Handle, old: Commit | None, new: Commit | None) -> Receipt:
    """The receipt of the contexts of two commits, of which the first is taken to have been sent.

    Without a tokenizer all sizes are 0.
    """
    return _told(handle, old, old, _common(handle, old, new), of(handle, new))


def moved(handle: Handle, tip: Commit | None, new: Commit) -> Receipt:
    """What it means that a branch went from ``tip`` to ``new``."""
    sent = last_sent(handle, tip)
    return _told(handle, sent, tip, _common(handle, sent, new), of(handle, new))


def forecast(handle: Handle, tip: Commit | None, after: Sequence[Item], *, tools: Tools | None = None) -> Receipt:
    """What it would mean that the context of ``tip`` becomes ``after``; ``tools`` are other definitions, if any."""
    sent = last_sent(handle, tip)
    kept = _alike(_blobs(handle, sent), (item.blob for item in after))
    present = of(handle, tip)
    new = Next(_grown(handle, tip, after), len(after), present.tools if tools is None else tools)
    return _told(handle, sent, tip, kept, new)


def planned(handle: Handle, tip: Commit, same: int, new: Next, blobs: Callable[[], Iterable[str]]) -> Receipt:
    """The same for who knows that ``new`` begins with the first ``same`` items of ``tip``, and differs behind them.

    ``blobs`` gives all of its items' blob ids; it is asked only when that is not the answer.
    """
    sent = last_sent(handle, tip)
    kept = same
    if sent is not None and sent.id != tip.id:
        stayed = _common(handle, sent, tip)
        kept = min(same, stayed)
        if same == stayed < handle.contexts.size(sent.tree):  # both differ there, and may differ in the same way
            kept = _alike(_blobs(handle, sent), blobs())
    return _told(handle, sent, tip, kept, new)


def of(handle: Handle, commit: Commit | None) -> Next:
    """The context of a commit, as what may be sent."""
    if commit is None:
        return Next(0, 0, ())
    size = handle.contexts.total(commit) if handle.counter is not None else 0
    return Next(size, handle.contexts.size(commit.tree), handle.contexts.tools(commit.tree))


def last_sent(handle: Handle, tip: Commit | None) -> Commit | None:
    """The commit whose context a provider is taken to have seen when the branch is at ``tip``.

    That is the last one on the first-parent line whose call an API reported, as far as one looks back; else ``tip``.
    """
    return (reports.last(handle, tip) or tip) if tip is not None else None


def baseline(handle: Handle, commit: str) -> str | None:
    """The commit whose context a provider is taken to have seen before ``commit``; None for a root."""
    above = reports.parent(handle, commit)
    sent = last_sent(handle, handle.commit(above)) if above is not None else None
    return sent.id if sent is not None else None


# -- what is in common -------------------------------------------------------------------


def folders(handle: Handle, commit: Commit | None) -> list[bytes]:
    """The folders of a commit's items, in order; none for no commit."""
    return handle.snapshots.leaf_ids(commit.tree) if commit is not None else []


def _blobs(handle: Handle, commit: Commit | None) -> Iterator[str]:
    return (entry.blob for oid in folders(handle, commit) for entry in handle.snapshots.leaf(oid))


def _alike(some: Iterable[str], others: Iterable[str]) -> int:
    """How many both begin with."""
    kept = 0
    for one, other in zip(some, others, strict=False):
        if one != other:
            break
        kept += 1
    return kept


def _common(handle: Handle, old: Commit | None, new: Commit | None) -> int:
    """How many items both contexts begin with. Folders that both have in front are not read."""
    mine, theirs = folders(handle, old), folders(handle, new)
    shared = _alike(map(bytes.hex, mine), map(bytes.hex, theirs))
    rest = [(entry.blob for oid in some[shared:] for entry in handle.snapshots.leaf(oid)) for some in (mine, theirs)]
    return sum(map(handle.contexts.leaves.size, mine[:shared])) + _alike(*rest)


def _prefix(handle: Handle, commit: Commit | None, items: int) -> tuple[int, str | None]:
    """The tokens of a context's first items, counted from the nearer end, and the id of the item behind them.

    The few tokens that prime the reply are counted with the end: who keeps all keeps them too.
    """
    known, ids = handle.contexts.leaves, folders(handle, commit)
    folder = 0
    while folder < len(ids) and items >= (size := known.size(ids[folder])):
        items -= size
        folder += 1
    if folder == len(ids):
        return of(handle, commit).tokens, None
    entries = handle.snapshots.leaf(ids[folder])
    behind = entries[items].place.item
    if folder * 2 < len(ids):
        return sum(map(known.tokens, ids[:folder])) + sum(known.count(one.blob) for one in entries[:items]), behind
    gone = sum(map(known.tokens, ids[folder + 1 :])) + sum(known.count(one.blob) for one in entries[items:])
    return max(of(handle, commit).tokens - gone - PRIMING, 0), behind


def _grown(handle: Handle, tip: Commit | None, after: Sequence[Item]) -> int:
    """The size of ``after``: that of ``tip``, and what differs counted."""
    if handle.counter is None:
        return 0
    before = handle.contexts.items(tip.tree) if tip is not None else ()
    if tip is None or not before or not after:
        return handle.counter.total([handle.contexts.count(item) for item in after])
    old, new = ({(item.id, item.blob) for item in some} for some in (before, after))
    come = [handle.contexts.count(item) for item in after if (item.id, item.blob) not in old]
    gone = [handle.contexts.count(item) for item in before if (item.id, item.blob) not in new]
    total = handle.contexts.total(tip)
    exact = all(one.exact for one in (total, *come, *gone))
    return TokenCount(total + sum(come) - sum(gone), exact=exact, counter=handle.counter.name)


# -- what that means ---------------------------------------------------------------------


def _told(handle: Handle, sent: Commit | None, tip: Commit | None, kept: int, new: Next) -> Receipt:
    """The receipt, when what was ``sent`` and what is ``new`` begin with the same ``kept`` items."""
    other = sent is not None and _differ(handle.contexts.tools(sent.tree), new.tools)
    tokens, broken = (0, None) if other else _prefix(handle, sent, kept)
    found = Receipt(
        before=of(handle, tip).tokens,
        after=new.tokens,
        kept=tokens,
        kept_items=0 if other else kept,
        breaks_at=broken,
        baseline=sent.id if sent is not None else None,
        sent=of(handle, sent).tokens,
        tools_changed=other,
        model=_model(handle, tip),
    )
    unknown = [] if sent is None or sent.usage else [f"whether the context of {sent.id[:8]} was sent: no usage says so"]
    if found.model is None:
        return replace(found, unknown=(*unknown, "who is asked next: no usage and no answer names a model"))
    listed = models.facts(found.model, folder=handle.store.folder, readonly=not handle.store.writable)
    rule = caching.rule(found.model, listed.minimum)
    if rule is None:
        return replace(found, unknown=(*unknown, f"by which rule {found.model} caches"))
    if handle.counter is None:
        return replace(found, rule=str(rule), unknown=(*unknown, "how many tokens it is: there is no tokenizer"))
    call = _call(handle, new, tokens, other or sent is None)
    cost = _dearer(rule, listed, call, _present(handle, sent, tip))
    unknown += rule.told(new.items - found.kept_items if call.prefix else 0, handle.counter.name)
    unknown += [] if cost is not None else [f"what {found.model} costs: the list of prices does not have it"]
    readable = max(rule.cacheable(call.prefix) - call.head, 0)
    return replace(found, rule=str(rule), cacheable=readable, cost=cost, unknown=tuple(unknown))


class _Call(NamedTuple):
    """A call, in tokens: the whole prompt, the tool definitions in front of it, and what of both was sent before."""

    prompt: int
    head: int
    prefix: int


def _call(handle: Handle, context: Next, kept: int, other: bool) -> _Call:
    head = _head(handle, context.tools)
    return _Call(context.tokens + head, head, 0 if other else kept + head)


def _present(handle: Handle, sent: Commit | None, tip: Commit | None) -> _Call:
    """The call that would come next if nothing changed."""
    present = of(handle, tip)
    if sent is None or tip is None or sent.id == tip.id:
        return _call(handle, present, present.tokens, sent is None)
    kept, _ = _prefix(handle, sent, _common(handle, sent, tip))
    return _call(handle, present, kept, _differ(handle.contexts.tools(sent.tree), present.tools))


def _dearer(rule: caching.Rule, listed: Facts, new: _Call, old: _Call) -> float | None:
    """By how many US dollars one call is dearer than another; None when there is no price."""
    prices = [listed.price(one.prompt) for one in (new, old)]
    dollars = [
        rule.cost(price, call.prompt, rule.cacheable(call.prefix))
        for price, call in zip(prices, (new, old), strict=True)
        if price is not None
    ]
    return dollars[0] - dollars[1] if len(dollars) == 2 else None


def _differ(some: Tools, others: Tools) -> bool:
    return _encoded(some) != _encoded(others)


def _encoded(tools: Tools) -> bytes:
    return codec.encode_tools(list(tools)) if tools else b""


def _head(handle: Handle, tools: Tools) -> int:
    """The tokens of tool definitions, remembered as those of messages are."""
    return handle.counter.tools(tools, blob_id(_encoded(tools))) if tools and handle.counter is not None else 0


def _model(handle: Handle, tip: Commit | None) -> str | None:
    """Who is asked next: who spoke last or was reported last, else the handle's model, else the user's."""
    if tip is not None:
        if tip.usage and tip.usage.model:
            return tip.usage.model
        ends = reversed(folders(handle, tip)[-_FOLDERS:])
        spoke = (leaf.model for oid in ends for leaf in handle.contexts.leaves.of([oid]))
        report = reports.last(handle, tip)
        found = next((one for one in spoke if one), None) or (report.usage.model if report and report.usage else None)
        if found:
            return found
    given = str(getattr(handle.llm, "name", ""))  # a callable is called something else
    return given if caching.rule(given) else gitconfig.value(handle.settings[1:], "trace", "model")
