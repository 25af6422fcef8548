"""The messages that every benchmark stores: real conversations when they are there, else synthetic ones of their sizes.

No message is stored twice unless the data itself repeats it: a copy would cost a trace no blob and no
tokenizing, and the peers the full price. So each further cycle over the conversations carries a mark.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import Any

Dict = dict[str, Any]

_ROOT = Path(__file__).resolve().parent.parent
_VOCABULARY = """
    flight ticket user the for a and reservation cancel change cabin economy business passenger payment baggage
    insurance airport date time policy agent tool may can not must if book refund certificate gift card number
    please confirm details before proceed thank sure would like to help status booked available seats price hour
"""
_WORDS = _VOCABULARY.split()
# characters of content per role at the quantiles 0, .1, .25, .5, .75, .9, 1 of 100 airline conversations
_LENGTHS = {
    "user": (15, 35, 57, 87, 125, 161, 296),
    "assistant": (20, 60, 110, 215, 350, 515, 1230),
    "tool": (2, 15, 80, 700, 850, 985, 5500),
}


def data_folder() -> Path | None:
    """The folder of real transcripts, or None when this machine has none."""
    folder = Path(os.environ.get("TRACE_GIT_DATA", _ROOT.parent / "shared" / "data"))
    return folder if folder.is_dir() else None


def source() -> str:
    """One line for the report: what the messages are."""
    return "tau_airline, cycled" if _airline() is not None else "synthetic, sizes of tau_airline"


def messages(number: int, *, salt: int = 0) -> list[Dict]:
    """``number`` messages in OpenAI's chat format; another ``salt`` gives others of the same sizes."""
    base = _conversations()
    stream = (_marked(message, salt, cycle) for cycle in count() for message in base)
    return list(islice(stream, number))


def largest_import(scratch: Path) -> tuple[Path, str]:
    """The largest file of the data and its name; without the data, a synthetic file of that size."""
    folder = data_folder()
    files = [path for path in folder.glob("*/*") if path.suffix in (".jsonl", ".json", ".traj")] if folder else []
    sessions = [path for path in files if path.parent.name == "claude_code"]
    if sessions:
        path = max(sessions, key=lambda path: path.stat().st_size)
        return path, f"claude_code/{path.name}, {path.stat().st_size / 1e6:.1f} MB"
    path = scratch / "synthetic.json"
    path.write_text(json.dumps(messages(2600)))
    return path, f"synthetic OpenAI chat, {path.stat().st_size / 1e6:.1f} MB"


@cache
def _airline() -> tuple[Dict, ...] | None:
    folder = data_folder()
    files = sorted((folder / "tau_airline").glob("*.jsonl")) if folder else []
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines() if line]
    return tuple(message for line in lines for message in json.loads(line)["messages"]) or None


@cache
def _conversations() -> tuple[Dict, ...]:
    return _airline() or tuple(islice(_synthetic(random.Random(2718)), 2658))


def _marked(message: Dict, salt: int, cycle: int) -> Dict:
    """The message as it is in the first cycle of salt 0, else told apart by a mark in its text and its call ids."""
    if salt == cycle == 0:
        return message
    mark = f"{salt}.{cycle}"
    marked = dict(message)
    if isinstance(message.get("content"), str):
        marked["content"] = f"[{mark}] {message['content']}"
    if message.get("tool_calls"):
        marked["tool_calls"] = [{**call, "id": f"{call['id']}-{mark}"} for call in message["tool_calls"]]
    if message.get("tool_call_id"):
        marked["tool_call_id"] = f"{message['tool_call_id']}-{mark}"
    return marked


def _synthetic(dice: random.Random) -> Iterator[Dict]:
    """Conversations for ever: a long system prompt, then user turns, some with a tool call and its result."""
    prompt = _text(dice, 6100)
    for number in count():
        yield {"role": "system", "content": prompt}
        for turn in range(dice.choice((4, 6, 8, 11))):
            yield {"role": "user", "content": _sized(dice, "user")}
            if dice.random() < 0.75:
                call = f"call_{number:06}{turn:02}{dice.randrange(16**12):012x}"
                function = {"name": dice.choice(_WORDS), "arguments": json.dumps({"id": _text(dice, 12)})}
                yield {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": call, "type": "function", "function": function}],
                }
                name, result = function["name"], _sized(dice, "tool")
                yield {"role": "tool", "tool_call_id": call, "name": name, "content": result}
            yield {"role": "assistant", "content": _sized(dice, "assistant")}


def _sized(dice: random.Random, role: str) -> str:
    lengths = _LENGTHS[role]
    place = dice.randrange(len(lengths) - 1)
    low, high = lengths[place], lengths[place + 1]
    return _text(dice, dice.randint(low, low + (high - low) // (4 if place == len(lengths) - 2 else 1)))


def _text(dice: random.Random, length: int) -> str:
    return " ".join(dice.choices(_WORDS, k=length // 5 + 1))[:length]
