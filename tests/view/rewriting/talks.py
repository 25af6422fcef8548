"""Conversations made of whole tool groups, and the rule that an order of them must keep: the tests' own, since they
know which items belong together without looking at a message. It shares no code with what it judges."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trace_git.model import ANTHROPIC, Item, Message, assistant, system, tool, user


@dataclass(frozen=True)
class Talk:
    """Items, and for each the number of the unit that it belongs to. The last unit may be ``open``: not all of its
    calls are answered yet."""

    items: tuple[Item, ...]
    units: tuple[int, ...]
    open: bool = False

    def whole(self, order: Sequence[int]) -> bool:
        """Whether a new order keeps every unit together, its call in front, and an open one at the end."""
        units = [self.units[at] for at in order]
        for unit in set(units):
            places = [place for place, one in enumerate(units) if one == unit]
            members = [order[place] for place in places]
            if places[-1] - places[0] >= len(places) or (len(members) > 1 and members[0] != min(members)):
                return False
        return not self.open or units[-1] == max(units)


def talk(rng: random.Random, *, turns: int, ids: int = 3, forms: str = "oal", open_end: bool = False) -> Talk:
    """A conversation of some turns. ``ids`` is how many call ids there are, used again and again; ``forms`` are those
    of its groups: o OpenAI, a Anthropic, l legacy functions."""
    messages: list[list[Message]] = [[system("Be brief.")]] if rng.random() < 0.5 else []
    messages.append([user("Hello.")])
    for number in range(turns):
        kind = rng.choice(["user", "assistant", "group", "group"])
        if kind == "group":
            messages.append(_group(rng, number, ids, rng.choice(forms)))
        else:
            messages.append([user(f"u{number}") if kind == "user" else assistant(f"a{number}")])
    if open_end:
        messages.append(_group(rng, turns, ids, "o")[:-1])
    flat = [(one, unit) for unit, some in enumerate(messages) for one in some]
    items = [Item.of(f"{at + 1:016x}", f"{at + 1:040x}", one) for at, (one, _) in enumerate(flat)]
    return Talk(tuple(items), tuple(unit for _, unit in flat), open_end)


def _group(rng: random.Random, number: int, ids: int, form: str) -> list[Message]:
    names = rng.sample([f"c{one}" for one in range(max(ids, 3))], rng.randint(1, 3))
    if form == "l":
        made = assistant(None, function_call={"name": "look", "arguments": "{}"})
        return [made, Message("function", {"role": "function", "name": "look", "content": f"r{number}"})]
    if form == "o":
        calls = [{"id": id, "type": "function", "function": {"name": "look", "arguments": "{}"}} for id in names]
        return [assistant(f"I look {number}.", tool_calls=calls), *[tool(f"r{number} {id}", id) for id in names]]
    uses: list[dict[str, Any]] = [{"type": "tool_use", "id": id, "name": "look", "input": {}} for id in names]
    results = [{"type": "tool_result", "tool_use_id": id, "content": f"r{number} {id}"} for id in names]
    said = [{"type": "text", "text": f"And {number}?"}] if rng.random() < 0.5 else []
    return [_claude("assistant", uses), _claude("user", [*results, *said])]


def _claude(role: str, blocks: list[dict[str, Any]]) -> Message:
    return Message(role, {"role": role, "content": blocks}, ANTHROPIC)


def shuffled(rng: random.Random, talk: Talk) -> list[int]:
    """A new order: of the units, of the items, or with one item or one unit moved."""
    places = list(range(len(talk.items)))
    way = rng.choice(["units", "units", "items", "one", "one unit"])
    if way == "items":
        rng.shuffle(places)
    elif way == "one":
        places.insert(rng.randrange(len(places)), places.pop(rng.randrange(len(places))))
    else:
        units = sorted(set(talk.units))
        if way == "units":
            rng.shuffle(units)
        else:
            units.insert(rng.randrange(len(units)), units.pop(rng.randrange(len(units))))
        places = [place for unit in units for place in places if talk.units[place] == unit]
    return places
