"""Which items refer to which, and what of that a rewrite breaks. No model is asked: words are compared.

An item refers to an earlier one when it points there ("as above", "the file you just read", "the second option", "yes"
to a question), or when it names what the other one named first (a file, an identifier, the id of a tool call, a line
that it quotes). ``cues`` knows the words that point, ``named`` what is a name. Only English is read. What users and
assistants say can refer; results of tools and system messages do not.

It is made to be right where it speaks rather than to find everything; docs/rewriting.md says how often it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ...model import Item
from ...results import Finding
from ...safe import safe_text
from .cues import CUES, FAR, NEAR, Cue, Match
from .reading import Reading

_CUES_EACH = 3  # matches of one cue in one message


class Reference(NamedTuple):
    """``item`` refers to ``to``, an item id; ``reason`` is a few words."""

    item: str
    to: str
    reason: str


def references(items: Sequence[Item], places: Collection[int] | None = None) -> Iterator[Reference]:
    """What the items at ``places`` (all by default) of a context refer to, in order; each pair of items once."""
    reading = Reading(items)
    for at in range(len(items)) if places is None else sorted(places):
        told: set[int] = set()
        pointed = [(target, f'says "{_words(match)}"') for _, match, target in _pointed(reading, at)]
        named = [(name.target, f"names {name}") for name in _named(reading, at)]
        for target, reason in (*pointed, *named):
            if target not in told:
                told.add(target)
                yield Reference(items[at].id, items[target].id, reason)


def broken(before: Sequence[Item], after: Sequence[Item], *, origin: Sequence[Item] = ()) -> list[Finding]:
    """The warnings for references that a rewrite breaks, in the order of the new context.

    An item that is new in ``after`` is read where it stands in ``origin``.
    """
    found = _Comparing(before, after).broken()
    if origin:
        known = {item.id for item in before}
        found += [one for one in _Comparing(origin, after).broken() if one.name not in known]
    places = {item.id: at for at, item in enumerate(after)}
    return sorted(found, key=lambda one: places[one.name])


def _pointed(reading: Reading, at: int) -> Iterator[tuple[Cue, Match, int]]:
    """The cues of an item, with what each points at."""
    text = reading.spoken(at)
    lower = text.lower()
    for cue in CUES if text else ():
        if not any(map(lower.__contains__, cue.words)):
            continue
        for match, _ in zip(cue.pattern.finditer(text), range(_CUES_EACH), strict=False):
            target = cue.find(reading, at, match)
            if target is not None:
                yield cue, match, target


class _Name(NamedTuple):
    """A name, or what is quoted, and the place of the item that has it first."""

    target: int
    words: str
    quoted: bool = False

    def __str__(self) -> str:
        return f'"{_short(self.words)}"' if self.quoted else self.words


def _named(reading: Reading, at: int) -> Iterator[_Name]:
    """What an item quotes of another one, and what it names that another one named first."""
    if reading.role(at) not in ("user", "assistant"):
        return
    for quote in reading.quoted(at):
        first = reading.first(quote, at)
        if first is not None:
            yield _Name(first, quote, quoted=True)
    for name in sorted(reading.names(at)):
        first = reading.mentions[name][0]
        if first < at and reading.role(first) != "system":
            yield _Name(first, name)


def _words(match: Match) -> str:
    return _short(" ".join(match[0].split()))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39].rstrip() + "…"


class _Comparing:
    """Two orders of items, read as far as they differ. Places are those before, unless said otherwise."""

    def __init__(self, before: Sequence[Item], after: Sequence[Item]) -> None:
        self._old, self._new = Reading(before), Reading(after)
        places = {item.id: at for at, item in enumerate(after)}
        self._gone = len(after)
        self._after = [places.get(item.id, self._gone) for item in before]  # where each is now

    def broken(self) -> list[Finding]:
        found: list[Finding] = []
        most = -1  # where the last one of those in front is now
        for at, now in enumerate(self._after):
            if now < self._gone:
                told: set[int] = set()
                if max(self._after[max(0, at - FAR) : at], default=-1) > now or self._beside(at):
                    found += self._misread(at, told)
                if most > now:
                    found += self._unheard(at, told)
            most = max(most, now)
        return found

    def _beside(self, at: int) -> bool:
        """Whether an item has others near it than it had."""
        now = self._after[at]
        near = list(range(max(0, now - NEAR), now + 2))
        return self._after[max(0, at - NEAR) : at + 2] != near[: 2 + min(at, NEAR)]

    def _misread(self, at: int, told: set[int]) -> Iterator[Finding]:
        """What an item points at that it does not reach any more."""
        for cue, match, target in _pointed(self._old, at):
            why = self._missed(cue, match, self._after[at], self._after[target])
            if why and target not in told:
                told.add(target)
                yield self._finding(at, target, "refers to", f' ("{_words(match)}"), {why}')

    def _unheard(self, at: int, told: set[int]) -> Iterator[Finding]:
        """What an item names that nobody has named in front of it any more."""
        now = self._after[at]
        for name in _named(self._old, at):
            if self._after[name.target] > now and name.target not in told and not self._heard(name, now):
                told.add(name.target)
                where = _where(self._after[name.target] == self._gone)
                yield self._finding(at, name.target, f"names {name} from", f", {where}")

    def _missed(self, cue: Cue, match: Match, now: int, there: int) -> str:
        """Why a pointing item does not reach its target in the new order; nothing when it does."""
        if there == self._gone:
            return _where(True)
        if cue.forward:
            return "which would come before it" if there < now else ""
        if there > now:
            return _where(False)
        found = cue.find(self._new, now, match) if cue.near else there
        return "" if found in (None, there) else f"but would be read as about item {self._new.items[found].id}"

    def _heard(self, name: _Name, now: int) -> bool:
        """Whether something that is still in front has it as well."""
        if name.quoted:
            return self._new.first(name.words, now) is not None
        return self._new.mentions.get(name.words, [now])[0] < now

    def _finding(self, at: int, target: int, how: str, why: str) -> Finding:
        item, to = self._old.items[at].id, self._old.items[target].id
        return Finding(
            "reference", item, safe_text(f"item {item} {how} item {to}{why}"), (item, to), severity="warning"
        )


def _where(gone: bool) -> str:
    return "which would be gone" if gone else "which would come after it"
