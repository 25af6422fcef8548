"""What becomes of the items that a compress takes: shorter versions, or summaries; and what that comes to.

Masking and trimming go from the oldest output to the newest and stop when the range is within its goal, so the newest
stay as they are where that is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ...model import Message, TokenCount
from ...results import CompressedRun, Receipt, Recommendation
from .. import receipt as receipts
from . import shortening
from .ranges import Chosen
from .sight import Sight

SHARE = 4  # without a budget the goal is one of so many parts of what can be compressed
_SUMMARY = 25  # tokens that a summary takes at least, its message included
_WORTH = 20  # a part that keeps less than one of so many parts of the context more is not worth a word
_EXACTLY = 256  # outputs; of more than these a plan estimates what masking gives
_ABOUT = {"mask": shortening.STUB_TOKENS, "trim": shortening.STUB_TOKENS + (shortening.HEAD + shortening.TAIL) // 4}


@dataclass(frozen=True)
class Replacement:
    """What stands for the items at ``places`` from now on, in the place of the first of them.

    ``message`` is a summary, or a shorter version of the only item; None in a plan, while nobody wrote it. ``runs`` is
    how many of the places stand together, one number a stretch; ``tokens`` what it counts.
    """

    places: tuple[int, ...]
    strategy: str
    tokens: int
    message: Message | None = None
    runs: tuple[int, ...] = ()

    @property
    def keeps_id(self) -> bool:
        return self.strategy in shortening.HOW


def goal(chosen: Chosen, budget: int | None) -> int:
    """The tokens that the range may have."""
    return budget if budget is not None else chosen.fixed + (chosen.tokens - chosen.fixed) // SHARE


def outputs(chosen: Chosen) -> list[int]:
    """The places of the range that have results of tools, oldest first."""
    inside = frozenset(chosen.places)
    return [at for at in chosen.sight.results if at in inside]


def after(chosen: Chosen, made: Sequence[Replacement]) -> int:
    """The tokens of the range once the replacements stand."""
    return chosen.tokens + sum(one.tokens - chosen.sight.tokens(one.places) for one in made)


def shortened(chosen: Chosen, how: str, most: int | None, *, plan: bool = False) -> tuple[list[Replacement], bool]:
    """Masked or trimmed outputs, as many as it takes to come down to ``most`` tokens, all for None; and whether their
    sizes are known and not estimated, which a ``plan`` of very many may do."""
    sight, left = chosen.sight, chosen.tokens
    found = outputs(chosen)
    about = plan and len(found) > _EXACTLY and sight.handle.counter is not None
    made = []
    for at in found:
        if most is not None and left <= most:
            break
        one = _about(sight, at, how) if about else _short(sight, at, how)
        if one is not None:
            made.append(one)
            left += one.tokens - sight.counts[at]
    return made, not about


def _about(sight: Sight, at: int, how: str) -> Replacement | None:
    tokens = _ABOUT[how]
    return Replacement((at,), how, tokens) if sight.counts[at] > tokens else None


def _short(sight: Sight, at: int, how: str) -> Replacement | None:
    counter = sight.handle.counter
    message = shortening.shortened(sight.items[at], how, counter.message if counter else None)
    if message is None:
        return None
    return Replacement((at,), how, int(counter.message(message)) if counter else 0, message, (1,))


def told(chosen: Chosen, made: Sequence[Replacement], stands: Sequence[str] = ()) -> tuple[CompressedRun, ...]:
    """What is replaced, run by run. ``stands`` are the ids of the replacements, in their order."""
    sight, ids = chosen.sight, [entry.place.item for entry in chosen.sight.entries]
    by_first = dict(zip([one.places[0] for one in made], stands, strict=False))
    owner = {at: one for one in made for at in one.places}
    found = []
    for run in chosen.runs:
        for one, grouped in groupby(run, key=lambda at: owner[at].strategy if at in owner else ""):
            places = list(grouped)
            if not one:
                continue
            firsts = [at for at in places if owner[at].places[0] == at]
            size = sum(owner[at].tokens for at in firsts)
            items = tuple([ids[at] for at in places])
            there = tuple([by_first[at] for at in firsts if at in by_first])
            found.append(CompressedRun(items, one, sight.tokens(places), size, there))
    return tuple(found)


def receipt(sight: Sight, made: Sequence[Replacement]) -> Receipt:
    """What the replacements will mean for a prompt's cache, before anything is written."""
    first = min((one.places[0] for one in made), default=sight.size)
    change = sum(one.tokens - sight.tokens(one.places) for one in made)
    gone = sum(len(one.places) - 1 for one in made)
    present = receipts.of(sight.handle, sight.commit)
    tokens = TokenCount(present.tokens + change, exact=False)
    new = receipts.Next(tokens if made else present.tokens, present.items - gone, present.tools)
    return receipts.planned(sight.handle, sight.commit, first, new,
                            lambda: [*(entry.blob for entry in sight.entries[:first]), ""])  # fmt: skip


def recommended(chosen: Chosen, made: Sequence[Replacement], most: int, how: str) -> Recommendation | None:
    """The cheapest part of a range that brings the context down as far as ``made`` would, the range at ``most`` tokens.

    What a range costs is the prefix behind its first item, which no cache has any more; so it is the latest start from
    which enough can be saved: of outputs all but a stub, of anything else all but a fourth. None when that keeps no
    more of the prefix than the whole range does, or no part of it would do.
    """
    sight, wanted = chosen.sight, chosen.tokens - most
    later, first = part(chosen, wanted, how), min(one.places[0] for one in made)
    if later is None or sight.sums[later.places[0]] - sight.sums[first] < max(sight.total // _WORTH, 1):
        return None
    later = later.before(later.places[-1])
    change = Replacement(later.places, how, sight.tokens(later.places) - wanted)
    items = tuple([sight.entries[at].place.item for at in sorted((*later.places, *later.stay))])
    return Recommendation(items, later.tokens, later.tokens - wanted, receipt(sight, [change]))


def part(chosen: Chosen, wanted: int, how: str) -> Chosen | None:
    """The latest part of a range in which so many tokens can be saved; None when all of it is not enough."""
    sight, left, taken, runs, stop = chosen.sight, wanted, 0, 0, -1
    results = frozenset(sight.results)
    for at in reversed(chosen.places):
        tokens = sight.counts[at]
        taken, runs, stop = taken + tokens, runs + (at + 1 != stop), at
        if how in _ABOUT:
            left -= max(tokens - _ABOUT[how], 0) if at in results else 0
        else:
            left -= tokens - tokens // SHARE
        if left <= 0 and (how in _ABOUT or taken - wanted >= runs * _SUMMARY):
            return chosen.behind(sight.group_start(at))
    return None
