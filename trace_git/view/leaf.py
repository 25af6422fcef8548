"""What is known of one folder of items without reading its messages: sizes by role, and what pairing needs.

A leaf is a pure value; a list of them in order stands for a context, and what status asks of a context is answered
from it here. Reading and keeping them is the affair of ``leaves``.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from ..model import SWE_AGENT, Message
from ..store import kept
from ..store.snapshot import Entry
from . import deferred, groups
from .groups import Facts, Fault

ESTIMATE = 1 << 31  # the bit of a count that says so
Row = tuple[bytes, bytes]  # a leaf on disk

_ID, _BLOB, _COUNT = 8, 20, 4  # bytes
_ONE_BY_ONE = 16  # items: more are looked up in a table


class Leaf(NamedTuple):
    """One folder of items. ``ids``, ``blobs``, ``counts`` and ``which`` have a fixed number of bytes for each of them.

    ``parts`` are the names that tokens are counted under (roles, or "summary"), with their ``totals``; ``which``
    says the part of each item. ``loose`` are the items, by place, whose calls or results are not settled in here;
    ``settled`` are the others with calls or results, packed: few ask for them. ``between`` are the places of strangers
    inside settled groups. ``model`` is the last one that spoke; ``results`` are the places of the items that hold what
    a tool gave.
    """

    ids: bytes
    blobs: bytes
    counts: bytes
    which: bytes
    parts: tuple[str, ...]
    totals: tuple[int, ...]
    exact: bool
    loose: tuple[tuple[int, Facts], ...]
    settled: bytes
    between: tuple[int, ...]
    model: str | None
    results: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        return len(self.ids) // _ID

    @property
    def tokens(self) -> int:
        return sum(self.totals)

    def items(self) -> list[bytes]:
        """The raw item ids."""
        return [self.ids[at : at + _ID] for at in range(0, len(self.ids), _ID)]

    def counted(self) -> list[tuple[str, int]]:
        """Blob id and tokens of each item."""
        return [(blob, word & ~ESTIMATE) for blob, word in self.words()]

    def words(self) -> list[tuple[str, int]]:
        """The same, with the bit ``ESTIMATE``."""
        blobs, width = self.blobs.hex(), 2 * _BLOB
        starts = range(0, len(blobs), width)
        return [(blobs[at : at + width], word) for at, word in zip(starts, self._words(), strict=True)]

    def _words(self) -> tuple[int, ...]:
        return struct.unpack(f">{self.size}I", self.counts)

    def tokens_of_each(self) -> list[int]:
        """The tokens of each item."""
        return [word & ~ESTIMATE for word in self._words()]

    def facts(self) -> dict[int, Facts]:
        """What all its items call and answer, by place, as far as they do."""
        return dict([*_unpack_facts(self.settled), *self.loose])

    def part_of_each(self) -> list[str]:
        """The name that each item is counted under."""
        return [self.parts[part] for part in self.which]


class Look(NamedTuple):
    """What is remembered of one message."""

    part: str | None  # where its role is not the answer
    facts: Facts
    model: str | None
    output: bool = False  # whether it holds what a tool gave


_PLAIN = Look(None, groups.NOTHING, None)


def look(message: Message) -> Look:
    """What is to be remembered of a message."""
    if message.kind == "message" and message.model is None and message.fmt != SWE_AGENT and groups.is_plain(message):
        return _PLAIN
    facts = groups.facts(message)
    part = message.kind if message.kind in ("summary", deferred.KIND) else None
    model = message.model if message.role == "assistant" else None
    output = is_output(message)
    return Look(part, facts, model, output) if part or model or output or any(facts) else _PLAIN


def is_output(message: Message) -> bool:
    """Whether a message holds what a tool gave. SWE-agent's older files have that as a user's message."""
    if message.fmt == SWE_AGENT and message.body.get("message_type") == "observation":
        return True
    return bool(message.answers)


def make(entries: Sequence[Entry], looks: Sequence[Look], counts: Sequence[int]) -> Leaf:
    """The leaf of a folder with these entries; a count may have the bit ``ESTIMATE``."""
    names = [one.part or entry.place.role for entry, one in zip(entries, looks, strict=True)]
    totals = dict.fromkeys(names, 0)
    for name, count in zip(names, counts, strict=True):
        totals[name] += count & ~ESTIMATE
    parts = tuple(totals)
    facts = [one.facts for one in looks]
    loose, between = settle(facts)
    open_ = {at for at, _ in loose}
    return Leaf(
        ids=bytes.fromhex("".join([entry.place.item for entry in entries])),
        blobs=bytes.fromhex("".join([entry.blob for entry in entries])),
        counts=struct.pack(f">{len(counts)}I", *counts),
        which=bytes(map(parts.index, names)),
        parts=parts,
        totals=tuple(totals.values()),
        exact=all(count < ESTIMATE for count in counts),
        loose=loose,
        settled=_pack_facts([(at, one) for at, one in enumerate(facts) if any(one) and at not in open_]),
        between=between,
        model=next((one.model for one in reversed(looks) if one.model), None),
        results=tuple([at for at, one in enumerate(looks) if one.output]),
    )


def settle(known: Sequence[Facts]) -> tuple[tuple[tuple[int, Facts], ...], tuple[int, ...]]:
    """What a folder by itself leaves open, and the strangers inside the groups that it settles.

    A result takes the nearest open call, so what is paired in here is paired so in any context; and a pair that is
    settled changes no other pair of its id, for calls of one id are answered last come, first served.
    """
    busy = [(at, facts) for at, facts in enumerate(known) if any(facts)]
    if not busy:
        return (), ()
    paired = groups.pair(busy, len(known))
    dangling = {call.at for call in paired.open} | {answer.at for answer in paired.orphans}
    open_ = frozenset(paired.closure(dangling))
    loose = tuple([(at, facts) for at, facts in busy if at in open_])
    settled = groups.pair([(at, facts) for at, facts in busy if at not in open_], len(known)) if open_ else paired
    return loose, tuple([fault.at for fault in groups.between(settled)])


def size_of(row: Row) -> int:
    """The number of items in what was kept."""
    return len(row[0]) // _ID


def to_row(leaf: Leaf) -> Row:
    """A leaf as it is kept: what tells its size, and the rest in a parcel."""
    return leaf.ids, kept.pack(leaf[1:])


def from_row(row: Row) -> Leaf | None:
    """A leaf from what was kept of it; None when it is nothing that this version keeps."""
    ids, size = row[0], len(row[0]) // _ID
    try:
        blobs, counts, which, parts, totals, exact, loose, settled, between, model, results = kept.unpack(row[1])
        if (len(blobs), len(counts), len(which), len(parts)) != (size * _BLOB, size * _COUNT, size, len(totals)):
            return None
        loose = tuple(_facts(loose))
    except (TypeError, ValueError):
        return None
    return Leaf(ids, blobs, counts, which, parts, totals, exact, loose, settled, between, model, results)


def _facts(found: Iterable[tuple[int, tuple[Any, Any]]]) -> list[tuple[int, Facts]]:
    return [(at, Facts(calls, answers)) for at, (calls, answers) in found]


def _pack_facts(known: Sequence[tuple[int, Facts]]) -> bytes:
    """Each id and name once, and their numbers in its places: a settled id is called and answered."""
    words: dict[str | None, int] = {}
    rows = [
        (
            at,
            [(words.setdefault(call, len(words)), words.setdefault(name, len(words))) for call, name in facts.calls],
            [words.setdefault(answer, len(words)) for answer in facts.answers],
        )
        for at, facts in known
    ]
    return kept.pack((list(words), rows))


def _unpack_facts(packed: bytes) -> list[tuple[int, Facts]]:
    words, rows = kept.unpack(packed)
    return [
        (at, Facts(tuple([(words[call], words[name]) for call, name in calls]), tuple([words[one] for one in answers])))
        for at, calls, answers in rows
    ]


def faults(leaves: Sequence[Leaf]) -> list[groups.Finding]:
    """What ``groups.faults`` finds in the context that these leaves are."""
    starts, paired = _paired(leaves)
    inside = {fault.at for fault in groups.between(paired)}
    inside.update(start + at for start, leaf in zip(starts, leaves, strict=False) for at in leaf.between)
    found = [*groups.dangling(paired), *(Fault(at, "interleaved") for at in inside)]
    return [fault.told(_item(leaves, starts, fault.at)) for fault in groups.in_order(found)]


def open_calls(leaves: Sequence[Leaf]) -> list[tuple[str, groups.Call]]:
    """The calls that nothing answers yet, in order, each with the id of its item."""
    starts, paired = _paired(leaves)
    return [(_item(leaves, starts, call.at), call) for call in paired.open]


def _paired(leaves: Sequence[Leaf]) -> tuple[list[int], groups.Groups]:
    """Where each leaf begins, and the pairing of what is not settled inside one."""
    starts = [0, *accumulate(leaf.size for leaf in leaves)]
    loose = [(start + at, facts) for start, leaf in zip(starts, leaves, strict=False) for at, facts in leaf.loose]
    return starts, groups.pair(loose, starts[-1])


def _item(leaves: Sequence[Leaf], starts: Sequence[int], at: int) -> str:
    which = bisect_right(starts, at) - 1
    inside = (at - starts[which]) * _ID
    return leaves[which].ids[inside : inside + _ID].hex()


def deferred_items(leaves: Sequence[Leaf]) -> int:
    """How many of the items are conflicts that a merge put off."""
    held = ((leaf, leaf.parts.index(deferred.KIND)) for leaf in leaves if deferred.KIND in leaf.parts)
    return sum(leaf.which.count(part) for leaf, part in held)


def sizes(leaves: Sequence[Leaf], pinned: Iterable[str]) -> tuple[dict[str, int], int]:
    """Tokens by part, where pinned items count as "pinned" only; and how many of the ``pinned`` ids are there."""
    found: dict[str, int] = {}
    for leaf in leaves:
        for part, tokens in zip(leaf.parts, leaf.totals, strict=True):
            found[part] = found.get(part, 0) + tokens
    places = places_of(leaves, pinned)
    for which, at in places.values():
        leaf = leaves[which]
        part = leaf.parts[leaf.which[at]]
        tokens = struct.unpack_from(">I", leaf.counts, at * _COUNT)[0] & ~ESTIMATE
        found[part] -= tokens
        found["pinned"] = found.get("pinned", 0) + tokens
    return {part: tokens for part, tokens in found.items() if tokens}, len(places)


def places_of(leaves: Sequence[Leaf], items: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Which leaf each of ``items`` is in, and its place there; those that are in none are left out."""
    wanted = list(items)
    if not wanted:
        return {}
    ids = b"".join([leaf.ids for leaf in leaves])
    table = {ids[at : at + _ID]: at for at in range(0, len(ids), _ID)} if len(wanted) > _ONE_BY_ONE else None
    starts = [0, *accumulate(len(leaf.ids) for leaf in leaves)]
    found: dict[str, tuple[int, int]] = {}
    for item in wanted:
        raw = bytes.fromhex(item)
        at = _find(ids, raw) if table is None else table.get(raw)
        if at is not None:
            which = bisect_right(starts, at) - 1
            found[item] = which, (at - starts[which]) // _ID
    return found


def _find(ids: bytes, raw: bytes) -> int | None:
    at = ids.find(raw)
    while at % _ID and at >= 0:
        at = ids.find(raw, at + 1)
    return at if at >= 0 else None
