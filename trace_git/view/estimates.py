"""What of a message that is more than plain text costs tokens: its texts, and sizes of what is no text.

Providers publish no rule for most of this, so whatever comes from here is an estimate. Signatures,
ids and encrypted thinking are not counted: they are bookkeeping, or their size says little. Not done
here: turning texts into tokens (see ``tokens``).
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..model import Message

# OpenAI's published rule for pictures: a base, and so much for each tile of 512 by 512 once the picture
# is shrunk into 2048 by 2048 and its short side to 768. With ``detail: low`` the base is all.
IMAGE_BASE = 85
IMAGE_TILE = 170
IMAGE = IMAGE_BASE + 4 * IMAGE_TILE  # a picture of unknown size: as one of 1024 by 1024

FILE = 1_500  # a document whose text is not known: about one page
AUDIO_CHARACTERS = 2_000  # base64 of sound for one token: ten tokens a second at 128 kbit/s

_OPAQUE = frozenset({"type", "id", "tool_use_id", "signature", "encrypted_content", "cache_control"})

Part = str | int  # a text to be counted, or a number of tokens


def parts(message: Message) -> Iterator[Part]:
    """Content, calls, refusal and reasoning of a message, in that order; role and name left out."""
    body = message.body
    yield from _content(body.get("content"))
    for call in message.calls:
        yield call.name
        if call.arguments is not None:
            yield as_text(call.arguments)
    if isinstance(refusal := body.get("refusal"), str):
        yield refusal
    for key in ("reasoning_content", "reasoning"):  # two dialects; a message that has both says it twice
        if isinstance(reasoning := body.get(key), str):
            yield reasoning
            return


def as_text(value: Any) -> str:
    """Text as it is, anything else as compact JSON."""
    if isinstance(value, str):
        return value
    import json  # costs start-up time

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def image(width: int, height: int) -> int:
    """Tokens of a picture in full detail."""
    shrink = min(1.0, 2048 / max(width, height, 1))
    shrink *= min(1.0, 768 / max(min(width, height) * shrink, 1))
    tiles = math.ceil(width * shrink / 512) * math.ceil(height * shrink / 512)
    return IMAGE_BASE + IMAGE_TILE * tiles


def _content(content: Any) -> Iterator[Part]:
    if content is None:
        return
    for block in content if isinstance(content, list | tuple) else (content,):
        if isinstance(block, Mapping):
            yield from _BLOCKS.get(str(block.get("type")), _other)(block)
        else:
            yield as_text(block)


def _other(block: Mapping[str, Any]) -> Iterator[Part]:
    text = block.get("text")
    yield text if isinstance(text, str) else as_text({key: block[key] for key in block if key not in _OPAQUE})


def _nothing(block: Mapping[str, Any]) -> Iterator[Part]:
    return iter(())


def _thinking(block: Mapping[str, Any]) -> Iterator[Part]:
    yield as_text(block.get("thinking") or "")


def _result(block: Mapping[str, Any]) -> Iterator[Part]:
    return _content(block.get("content"))


def _image(block: Mapping[str, Any]) -> Iterator[Part]:
    source = block.get("image_url") or block.get("source") or {}
    if isinstance(source, str):
        source = {"url": source, "detail": block.get("detail")}
    if not isinstance(source, Mapping):
        yield IMAGE
    elif source.get("detail") == "low":
        yield IMAGE_BASE
    else:
        size = _png_size(str(source.get("data") or source.get("url") or "")[:100])
        yield image(*size) if size else IMAGE


def _png_size(start: str) -> tuple[int, int] | None:
    """Width and height from the beginning of a PNG in base64, bare or as a data URL."""
    try:
        head = binascii.a2b_base64(start.rpartition(",")[2][:32])
    except ValueError:
        return None
    if len(head) < 24 or not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _audio(block: Mapping[str, Any]) -> Iterator[Part]:
    sound = block.get("input_audio") or block.get("source") or {}
    data = sound.get("data") if isinstance(sound, Mapping) else None
    yield len(data) // AUDIO_CHARACTERS + 1 if isinstance(data, str) else FILE


def _file(block: Mapping[str, Any]) -> Iterator[Part]:
    source = block.get("source")
    if isinstance(source, Mapping) and source.get("type") == "text":
        yield as_text(source.get("data") or "")
    elif isinstance(source, Mapping) and source.get("type") == "content":
        yield from _content(source.get("content"))
    else:
        yield FILE


_BLOCKS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Part]]] = {
    "thinking": _thinking,
    "redacted_thinking": _nothing,
    "tool_use": _nothing,  # counted with the calls
    "tool_result": _result,
    "image": _image,
    "image_url": _image,
    "input_image": _image,
    "input_audio": _audio,
    "audio": _audio,
    "document": _file,
    "file": _file,
    "input_file": _file,
}
