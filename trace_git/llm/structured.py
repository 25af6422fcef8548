"""An answer as JSON: asking for it, finding it in what came, and saying what was wrong with it.

Which object counts must not depend on where it stands: a model that quotes an object out of the data it was shown has
not answered with that. So there is one object in an answer, or the answer is not usable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .data import delimit
from .reply import Messages, Unusable, one_line

_DEMAND = "Answer with one JSON object and with nothing else."
_FENCED = re.compile(r"^[ \t]*```[ \t]*(?:json|JSON)?[ \t]*\r?\n(.*?)^[ \t]*```[ \t]*\r?$", re.MULTILINE | re.DOTALL)
_OPENING = re.compile(r'\{(?=\s*["}])')  # a brace that begins an object, and not one in a sentence
_SHOWN = 20_000  # characters of a bad answer that the model is shown again


def demanding(messages: Messages) -> Messages:
    """The question, with the demand for JSON as its last sentence."""
    if messages and isinstance(messages[-1].get("content"), str) and messages[-1].get("role") == "user":
        last = messages[-1]
        return [*messages[:-1], {**last, "content": f"{last['content']}\n\n{_DEMAND}"}]
    return [*messages, {"role": "user", "content": _DEMAND}]


def repairing(messages: Messages, answer: str, reason: str) -> Messages:
    """The question again, with the answer that it got and what is wrong with that."""
    said = answer if len(answer) <= _SHOWN else answer[:_SHOWN] + "\n…"
    wrong = delimit("what is wrong with your answer", one_line(reason, most=1000))
    return [
        *messages,
        {"role": "assistant", "content": said},
        {"role": "user", "content": f"That answer cannot be used.\n{wrong}\nAnswer the question again. {_DEMAND}"},
    ]


def extract(text: str) -> dict[str, Any]:
    """The one JSON object of an answer: the whole of it, in a fenced block, or bare among other words.

    Unusable when there is none, when there are several that differ, when it is cut off, and for what JSON leaves
    undefined: double keys, NaN, infinity, lone surrogates.
    """
    text = text.strip()
    if text.startswith("{"):
        value, end = _decode(text, 0)
        if not text[end:].strip():
            return value
    blocks = [block.strip() for block in _FENCED.findall(text)]
    fenced = [_whole(block) for block in blocks if block.startswith("{")]
    found = fenced or list(_bare(text))
    if not found:
        raise Unusable("there is no JSON object in it")
    if any(value != found[0] for value in found):
        raise Unusable("there are several JSON objects in it, and one is wanted")
    return found[0]


def _whole(block: str) -> dict[str, Any]:
    value, end = _decode(block, 0)
    if block[end:].strip():
        raise Unusable("something follows the JSON object in its block")
    return value


def _bare(text: str) -> Iterator[dict[str, Any]]:
    at = 0
    while opening := _OPENING.search(text, at):
        value, at = _decode(text, opening.start())
        yield value


def _decode(text: str, start: int) -> tuple[dict[str, Any], int]:
    """The object that begins at ``start``, and where it ends."""
    import json

    decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)
    try:
        value, end = decoder.raw_decode(text, start)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise Unusable(f"it is not JSON: {error.msg} at character {error.pos - start} of the object") from None
    except UnicodeEncodeError:
        raise Unusable("it is not valid Unicode (a lone surrogate)") from None
    except RecursionError:
        raise Unusable("it is nested too deeply") from None
    except ValueError as error:  # a number with thousands of digits
        raise Unusable(f"it is not JSON: {one_line(str(error))}") from None
    if not isinstance(value, dict):
        raise Unusable("it is not a JSON object")
    return value, end


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Unusable("an object in it has the same key twice")
    return value


def _constant(name: str) -> Any:
    raise Unusable(f"it is not JSON: {name} is no number")
