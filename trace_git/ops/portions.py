"""What a summariser is sent: a budget divided among runs, runs cut into what a model can read, questions to the letter.

Only what stands in the context is shown: the items of a run, and for reference its neighbours and pinned items. Items
come as they are now, so what was edited away or dropped is in no question.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count as counting

from .. import llm
from ..errors import BudgetError
from ..llm import prompts
from ..llm.reply import Messages
from ..model import Item
from ..view import deferred, groups
from ..view.materializers import text
from . import asking

PROMPT, JOINING = "summarize.v1", "summarize-join.v1"
Count = Callable[[str], int]  # tokens of a summary with this text, as the message that will be committed

WINDOW = 32_000  # tokens that a model reads at most, when that is not known
_QUESTION = 100_000  # tokens of data in one question at most: in longer ones models overlook things
_FILLED = 0.6  # of the window, as its tokens may be others than those that are counted here
_TOLD = 1_000  # tokens of the question beside its data
_BYTES = 3  # UTF-8 bytes of a token: English has four, code and Chinese have three
_SHORTEST = 20  # tokens of a text that is worth calling a summary
_BESIDE = 1_500  # characters of a message that is shown for reference


@dataclass(frozen=True)
class Run:
    """Adjacent items that one summary will stand for; ``tokens`` is what they count in the context.

    ``before`` and ``after`` are the nearest items beside it that stay: shown for reference.
    """

    items: tuple[Item, ...]
    tokens: int
    before: tuple[Item, ...] = ()
    after: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Task:
    """What is to be done about one run. ``share`` is how many tokens its summary may have, as a message.

    ``pieces`` are the stretches of the run that are asked about one by one. With more than one, the answers are notes,
    of which further questions make one summary. None at all: the run is no longer than a summary, and stays as it is.
    """

    run: Run
    share: int
    overhead: int  # tokens of the message around the text
    pins: tuple[Item, ...]
    window: int

    @property
    def stays(self) -> bool:
        return self.share >= self.run.tokens

    @property
    def room(self) -> int:
        """Tokens of data in one question, what is shown for reference among them."""
        return max(min(int(self.window * _FILLED), _QUESTION) - _TOLD, _TOLD)

    @property
    def most(self) -> int:
        """Tokens of text that an answer may have: the share, unless the model could not read or write as much."""
        return min(self.share - self.overhead, self.room // 4)

    @cached_property
    def pieces(self) -> tuple[tuple[Item, ...], ...]:
        return () if self.stays else tuple(_pieces(self.run.items, self._longest))

    @cached_property
    def sends(self) -> tuple[Messages, ...]:
        """The first questions, to the letter."""
        several = len(self.pieces) > 1
        return tuple([self._question(number, piece, several) for number, piece in enumerate(self.pieces, 1)])

    @property
    def cut(self) -> tuple[Item, ...]:
        """Items that are too long to be shown whole."""
        return tuple([one for one in self.run.items if not self.stays and _size(one) > self._longest])

    def joining(self, notes: Sequence[str]) -> Messages:
        """The question that makes one summary of ``notes``."""
        shown = [llm.delimit(f"notes {number} of {len(notes)}", note) for number, note in enumerate(notes, 1)]
        asks = f"Make one summary of these {len(notes)} notes. {_limit(self.most)}"
        return _messages(JOINING, [self._reference, *shown, asks])

    def together(self, notes: Sequence[str]) -> list[Sequence[str]]:
        """Which notes are joined in one question: as many as it has room for, at least two."""
        step = max(2, self.room // (2 * self.most + 100) - 1)
        return [notes[at : at + step] for at in range(0, len(notes), step)]

    def _question(self, number: int, piece: Sequence[Item], several: bool) -> Messages:
        label, asks = "the part to be summarised", "Summarise this part."
        if several:
            label += f", piece {number} of {len(self.pieces)}"
            asks = "Summarise this piece; one summary will be made of your text and those of the other pieces."
        part = llm.delimit(label, _dialogue(piece, self._longest))
        return _messages(PROMPT, [self._reference, part, f"{asks} {_limit(self.most)}"])

    @cached_property
    def _longest(self) -> int:
        """Bytes of the conversation in one question."""
        return self.room * _BYTES - len(self._reference.encode())

    @cached_property
    def _reference(self) -> str:
        """Neighbours and pins, for which there is a fifth of the room; the nearest and the last ones first in line."""
        room, seen = self.room * _BYTES // 5, {one.id for one in self.run.items}
        places = {"Before the part": self.run.before, "After the part": self.run.after, "Pinned": self.pins}
        shown: dict[str, list[str]] = {}
        for place, items in places.items():
            for one in reversed(items) if place != "After the part" else items:
                told = asking.shown("for reference,", one, most=_BESIDE)
                if one.id in seen or len(told.encode()) > room:
                    continue
                room -= len(told.encode())
                seen.add(one.id)
                shown.setdefault(place, []).insert(0 if place != "After the part" else len(shown[place]), told)
        return "\n\n".join([f"{place}, for reference:\n" + "\n".join(told) for place, told in shown.items()])


def tasks(runs: Sequence[Run], *, budget: int, count: Count, pins: Sequence[Item] = (),
          window: int | None = None) -> tuple[Task, ...]:  # fmt: skip
    """One task a run, in order; nobody is asked. ``budget`` is in tokens, for all of the runs together.

    Each run gets a share by its size, and at least what a short summary takes; one that is no longer than that stays
    as it is. ``pins`` are pinned items of the context, shown for reference; ``window`` is what the model reads at most
    in tokens, None when that is not known. BudgetError when the budget has no room for so many summaries.
    """
    overhead = count("")
    shares = _shares([run.tokens for run in runs], budget, overhead + _SHORTEST)
    window = max(window or WINDOW, 4 * _TOLD)
    return tuple([Task(run, share, overhead, tuple(pins), window) for run, share in zip(runs, shares, strict=True)])


def _shares(sizes: Sequence[int], budget: int, least: int) -> list[int]:
    """``budget`` divided by size, to each at least ``least`` or, when that is no more, its size."""
    needed = sum(min(size, least) for size in sizes)
    if needed > budget:
        what = "a summary of" if len(sizes) == 1 else f"summaries of {len(sizes)} stretches of"
        raise BudgetError(
            f"{what} {sum(sizes):,} tokens cannot be had in {budget:,}: at least {needed:,} are needed",
            budget=budget, needed=needed, hint=f"give a budget of {needed:,} tokens or more, or choose another range",
        )  # fmt: skip
    shares = {at: size for at, size in enumerate(sizes) if size <= least}
    while True:
        rest = [at for at in range(len(sizes)) if at not in shares]
        left, total = budget - sum(shares.values()), sum(sizes[at] for at in rest)
        small = [at for at in rest if left * sizes[at] < least * total]
        if not small:
            return [shares.get(at) or min(left * sizes[at] // total, sizes[at] - 1) for at in range(len(sizes))]
        shares.update(dict.fromkeys(small, least))


def _limit(most: int) -> str:
    words = most * 3 // 4
    return f"The summary may have at most {most:,} tokens, which are some {words:,} English words; stay below that."


def _messages(prompt: str, parts: Sequence[str]) -> Messages:
    asked = "\n\n".join(filter(None, parts))
    return [{"role": "system", "content": prompts.load(prompt).text}, {"role": "user", "content": asked}]


def _pieces(items: Sequence[Item], most: int) -> Iterator[tuple[Item, ...]]:
    """``items`` in stretches of at most ``most`` bytes, cut between tool groups, else inside one, never in an item."""
    piece: list[Item] = []
    filled = 0
    for part, size in _parts(items, most):
        if piece and filled + size > most:
            yield tuple(piece)
            piece, filled = [], 0
        piece.extend(part)
        filled += size
    if piece:
        yield tuple(piece)


def _parts(items: Sequence[Item], most: int) -> Iterator[tuple[tuple[Item, ...], int]]:
    """What a cut may stand between, and its bytes: tool groups whole where they fit, else their items."""
    for unit in _units(items):
        sizes = [_size(one) for one in unit]
        if sum(sizes) <= most:
            yield unit, sum(sizes)
        else:
            yield from (((one,), size) for one, size in zip(unit, sizes, strict=True))


def _units(items: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
    """The items one by one, those from a call to its last result together."""
    found, start, end = groups.groups(items), 0, 0
    for at in range(len(items)):
        group = found.of(at)
        end = max(end, group.items[-1] if group else at)
        if at == end:
            yield tuple(items[start : at + 1])
            start = end = at + 1


def _said(item: Item) -> str:
    return "(a conflict that was put off)" if item.kind == deferred.KIND else text.as_text(item.message)


def _size(item: Item) -> int:
    return len(_said(item).encode("utf-8", "surrogatepass")) + 40


def _dialogue(items: Sequence[Item], most: int) -> str:
    """Messages as one text; where each begins is marked by what stands in none of them."""
    said = [_shortened(_said(one), most - 200) for one in items]
    whole = hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass")).hexdigest()
    mark = next(mark for at in counting() if not any((mark := _mark(whole, at)) in one for one in said))
    kinds = {"summary": ", an earlier summary"}
    heads = [f"[{mark} {number}{kinds.get(one.kind, '')}]" for number, one in enumerate(items, 1)]
    return "\n".join(f"{head}\n{one}" for head, one in zip(heads, said, strict=True))


def _mark(whole: str, at: int) -> str:
    return hashlib.sha256(f"{at} {whole}".encode()).hexdigest()[:6]


def _shortened(said: str, most: int) -> str:
    """A text of at most ``most`` bytes: what is too long loses its middle."""
    raw = said.encode("utf-8", "surrogatepass")
    if len(raw) <= most:
        return said
    head, tail = (part.decode("utf-8", "ignore") for part in (raw[: most * 2 // 3], raw[len(raw) - most // 3 :]))
    return f"{head}\n[{len(said) - len(head) - len(tail):,} characters are left out here]\n{tail}"
