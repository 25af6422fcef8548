"""What is worth knowing before a context is rewritten: the one list of findings that all rewriting verbs share.

| kind | severity | what it says |
|---|---|---|
| tool-group | error | a call and its results would be torn apart, or something would stand between them |
| result-before-call | error | a result would come before the call that it answers |
| pin-lost | error | a pinned item would be gone, or pinned no more |
| pin-changed | error | a pinned item would have other content |
| edit-target | error, may be forced | an edit is of an item that is not there |
| first-turn | error, may be forced | the conversation would begin with the assistant, which not all providers take |
| reference | warning | an item refers to another that would not come before it any more, or would be gone |
| system-moved | warning | a system or developer message would stand at another place |
| pin-moved | warning | a pinned item would |
| turn-order | warning | the user's turns would come in another order |
| cache-prefix | warning | a provider would have to read again what it has cached |
| meaning | warning | a model says that the new order means something else |

Only what a rewrite brings about is told: a fault that was there before is none of its. "edit-target" is found by verbs
that replay, "meaning" where a model is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...errors import UnsafeRewriteError
from ...model import Item, TokenCount
from ...results import Finding, Receipt
from .. import deferred
from . import moves, references, toolgroups

INVARIANTS = frozenset((toolgroups.SPLIT, toolgroups.EARLY, "pin-lost", "pin-changed"))
RISKY = frozenset(("edit-target", "first-turn"))
WARNINGS = frozenset(("reference", "system-moved", "pin-moved", "turn-order", "cache-prefix", "meaning"))
KINDS = INVARIANTS | RISKY | WARNINGS
_SYSTEM = ("system", "developer")


def findings(
    before: Sequence[Item], after: Sequence[Item], *, receipt: Receipt | None = None, origin: Sequence[Item] = ()
) -> tuple[Finding, ...]:
    """What becomes of a context of ``before`` that is rewritten to ``after``; errors first.

    ``origin`` is the context that items come from which are new in ``after``: what they refer to stands there.
    ``receipt`` adds what the rewrite costs a prompt cache.
    """
    moved = moves.moved([item.id for item in before], [item.id for item in after])
    errors = [*toolgroups.torn(before, after), *_pins(before, after), *_first(before, after)]
    warnings = [
        *references.broken(before, after, origin=origin),
        *_system(before, after, moved),
        *_moved_pins(after, moved),
        *_turns(before, after),
        *(_cache(receipt) if receipt is not None else ()),
    ]
    return (*errors, *warnings)


def refuse(found: Sequence[Finding], *, force: bool = False, hint: str | None = None) -> None:
    """UnsafeRewriteError for the errors among some findings; ``force`` lets pass those that are merely risky."""
    errors = [one for one in found if one.severity == "error" and not (force and one.kind in RISKY)]
    if not errors:
        return
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    ways = [hint or "nothing has changed; choose another order"]
    if all(one.kind in RISKY for one in errors):
        ways = [*([hint] if hint else []), "force=True (--force) goes on all the same"]
    raise UnsafeRewriteError(f"{errors[0].kind}: {errors[0].text}{more}", findings=tuple(found), hint="; ".join(ways))


def _pins(before: Sequence[Item], after: Sequence[Item]) -> Iterator[Finding]:
    there = {item.id: item for item in after}
    for item in before:
        if not item.pinned:
            continue
        now = there.get(item.id)
        if now is None or not now.pinned:
            state = "gone" if now is None else "pinned no more"
            yield Finding("pin-lost", item.id, f"item {item.id}, which is pinned, would be {state}", (item.id,))
        elif now.blob != item.blob:
            text = f"item {item.id}, which is pinned, would have other content"
            yield Finding("pin-changed", item.id, text, (item.id,))


def _first(before: Sequence[Item], after: Sequence[Item]) -> Iterator[Finding]:
    was, now = _opening(before), _opening(after)
    if now is not None and _role(now) == "assistant" and not (was is not None and _role(was) == "assistant"):
        text = f"item {now.id} of the assistant would come before the first user message, which not all providers take"
        yield Finding("first-turn", now.id, text, (now.id,))


def _opening(items: Sequence[Item]) -> Item | None:
    return next((item for item in items if item.role not in _SYSTEM), None)


def _role(item: Item) -> str:
    return deferred.shown(item.message).role


def _system(before: Sequence[Item], after: Sequence[Item], moved: frozenset[str]) -> Iterator[Finding]:
    led = {item.id for item in _leading(before)}
    lead = {item.id for item in _leading(after)}
    for item in after:
        if item.role in _SYSTEM and (item.id in moved or (item.id in led and item.id not in lead)):
            text = f"the {item.role} message {item.id} would stand at another place"
            if item.id in led and item.id not in lead:
                text = f"the {item.role} message {item.id} would not come first any more"
            yield _warning("system-moved", item.id, text)


def _leading(items: Sequence[Item]) -> Sequence[Item]:
    end = next((at for at, item in enumerate(items) if item.role not in _SYSTEM), len(items))
    return items[:end]


def _moved_pins(after: Sequence[Item], moved: frozenset[str]) -> Iterator[Finding]:
    for item in after:
        if item.pinned and item.id in moved:
            yield _warning("pin-moved", item.id, f"item {item.id}, which is pinned, would stand at another place")


def _turns(before: Sequence[Item], after: Sequence[Item]) -> Iterator[Finding]:
    turns = [[item.id for item in items if item.role == "user" and _spoken(item)] for items in (before, after)]
    moved = moves.moved(*turns)
    if moved:
        found = tuple([item for item in turns[1] if item in moved])
        count = f"{len(found)} of {len(turns[1])} user turns" if len(found) < len(turns[1]) else "the user's turns"
        yield _warning("turn-order", found[0], f"{count} would come in another order", *found[1:])


def _spoken(item: Item) -> bool:
    """Whether it is a turn, and not results alone in the form of one."""
    message = deferred.shown(item.message)
    return not message.answers or bool(message.text.strip() and _own_text(message.content))


def _own_text(content: object) -> bool:
    blocks = content if isinstance(content, list | tuple) else ()
    return isinstance(content, str) or any(isinstance(one, str) or one.get("type") == "text" for one in blocks)


def _cache(receipt: Receipt) -> Iterator[Finding]:
    sent = receipt.sent or receipt.before
    lost = sent - receipt.kept
    if lost > 0:
        at = f", from item {receipt.breaks_at} on" if receipt.breaks_at else ""
        about = "~" if isinstance(sent, TokenCount) and not sent.exact else ""
        size = f"{about}{lost:,} of {about}{sent:,} tokens ({100 * lost / sent:.0f} %)"
        text = f"{size} are a cached prefix no more{at}"
        items = (receipt.breaks_at,) if receipt.breaks_at else ()
        yield Finding("cache-prefix", receipt.breaks_at or "", text, items, severity="warning")


def _warning(kind: str, item: str, text: str, *others: str) -> Finding:
    return Finding(kind, item, text, (item, *others), severity="warning")
