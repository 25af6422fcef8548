"""Whether a rewritten context is as sound as it was: tool groups whole, nothing new that a provider refuses."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from ...errors import UnsafeRewriteError
from ...model import Context, Item, TokenCount
from ...results import Finding
from .. import deferred, groups
from ..materializers import anthropic, openai
from ..materializers.draft import folded

_FORMS = (openai.FORM, anthropic.FORM)
_HINTS = {"expand": "look at the originals where they are: trace expand X --peek"}


def check(before: Sequence[Item], after: Sequence[Item], verb: str) -> None:
    """UnsafeRewriteError when ``after`` has a fault that ``before`` had not."""
    refused = _refused(after)
    if refused:
        refused -= _refused(before)
    _refuse(verb, _torn(before, after), sorted(refused))


def check_back(before: Sequence[Item], after: Sequence[Item], back: AbstractSet[str]) -> None:
    """The same for originals that come ``back``: what was wrong with them is so again, and nobody else may suffer.

    A call at the end that nothing answered yet is no worse off: what stood behind it stands there again.
    """
    paired = groups.groups(before)
    waiting = {paired.items[call.at].id for call in paired.tail}
    _refuse("expand", [one for one in _torn(before, after) if one.item not in back and not (
            one.kind == "unanswered" and one.item in waiting)], ())  # fmt: skip


def _torn(before: Sequence[Item], after: Sequence[Item]) -> list[groups.Finding]:
    known = {(one.kind, one.item) for one in groups.faults(before)}
    return [one for one in groups.faults(after) if (one.kind, one.item) not in known]


def _refuse(verb: str, torn: Sequence[groups.Finding], refused: Sequence[tuple[str, str]]) -> None:
    found = (
        *(Finding("tool-group", one.item, one.text, (one.item,)) for one in torn),
        *(Finding("provider", name, f"{name} would refuse it: {text}") for name, text in refused),
    )
    if found:
        raise UnsafeRewriteError(
            f"this {verb} would break the context: {found[0]}", findings=found,
            hint=_HINTS.get(verb, "take the whole tool group into the range, or leave it out"),
        )  # fmt: skip


def _refused(items: Sequence[Item]) -> set[tuple[str, str]]:
    """What providers would refuse: the name of the form, and the fault in words."""
    shown = deferred.settled(Context(None, tuple(items), TokenCount(0)), "ours").items
    return {(form.name, fault.text) for form in _FORMS for fault in folded(form, shown).faults}
