"""The cache receipt as lines and as JSON, in one style for all commands. What it says is ``view``'s affair.

One line behind a change that was made; all that is known for a difference, a plan or a merge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import ConflictError, NotFoundError
from ..model import Commit
from ..repo import Repo
from ..results import Receipt
from . import screen, shapes

_LEAST = 0.0001  # dollars: less is told as less than that
_NO_IDS: Mapping[str, str] = {}


def after(repo: Repo, commit: Commit, since: str | Commit | None = None) -> Receipt | None:
    """That of a change that was made; None when another program removed meanwhile what it was made from.

    The change is done all the same, so it is told without a receipt.
    """
    try:
        return repo.receipt(commit, since=since)
    except (ConflictError, NotFoundError):
        return None


def shape(found: Receipt) -> dict[str, Any]:
    """A receipt as JSON."""
    return {
        "before": found.before,
        "after": found.after,
        "kept": found.kept,
        "kept_items": found.kept_items,
        "breaks_at": found.breaks_at,
        "share": found.share,
        "baseline": found.baseline,
        "sent": found.sent,
        "tools_changed": found.tools_changed,
        "model": found.model,
        "rule": found.rule,
        "cacheable": found.cacheable,
        "cost": found.cost,
        "unknown": list(found.unknown),
    }


def lines(found: Receipt, ids: Mapping[str, str] = _NO_IDS) -> Iterator[str]:
    """All of it: the sizes, what stays in front, the next call, what cannot be known. ``ids`` are items' short ids."""
    yield sizes(found)
    yield cache(found, ids)
    if found.model is not None:
        yield screen.paint(f"next call: {_call(found)}")
        yield screen.paint("not known:", "dim")
        yield from (screen.paint(f"  {one}", "dim") for one in found.unknown)


def line(found: Receipt) -> str:
    """What a change that was made did to the cache."""
    price = _price(found)
    return cache(found) + (f", next call {price}" if price else "")


def sizes(found: Receipt) -> str:
    """Tokens of the two contexts."""
    about = shapes.mark(found.before) or shapes.mark(found.after)
    grown = f"{about}{found.after - found.before:+,}"
    return f"tokens: {shapes.number(found.before)} → {shapes.number(found.after)} ({grown})"


def cache(found: Receipt, ids: Mapping[str, str] = _NO_IDS) -> str:
    """What of the prompt that was sent stays in front."""
    if not found.sent:
        return "cache: there was nothing to keep"
    if found.tools_changed:
        return "cache: no token stays a prefix, for the tool definitions in front changed"
    sent, about = shapes.number(found.sent), shapes.mark(found.sent)
    if found.kept >= found.sent:
        return f"cache: all {sent} tokens stay a prefix"
    broken = found.breaks_at
    at = f", breaks at item {ids.get(broken, broken[:8])}" if broken else ""
    kept = f"{about if found.kept else ''}{found.kept:,} of {sent} tokens stay a prefix"
    return f"cache: {kept} ({shapes.percent(found.kept / found.sent)}){at}"


def _call(found: Receipt) -> str:
    if found.rule is None or found.cacheable is None:
        return f"to {found.model}, and how much of it is cached is not known"
    about = shapes.mark(found.after)
    part = f"up to {about}{found.cacheable:,} of {about}{found.after:,} tokens ({shapes.percent(found.share)})"
    read = f"{part if found.cacheable else 'nothing'} from the cache of {found.model} ({found.rule})"
    return ", ".join(filter(None, [read, _price(found)]))


def _price(found: Receipt) -> str:
    """By how much the next call is dearer or cheaper; nothing where that is not known."""
    if found.cost is None:
        return ""
    if not round(found.cost, 9):
        return "for the same price"
    dollars = f"${abs(found.cost):.4f}" if abs(found.cost) >= _LEAST else f"less than ${_LEAST:.4f}"
    return f"{dollars} {'dearer' if found.cost > 0 else 'cheaper'}"
