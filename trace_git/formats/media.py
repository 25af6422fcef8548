"""Images and documents between OpenAI's parts and Anthropic's blocks.

A ``data:`` URL on one side is a base64 source on the other; nothing is decoded, fetched or
checked. Kinds that the other side has no place for (audio, file ids) give None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def openai_media(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """The OpenAI part for an Anthropic ``image`` or ``document`` block."""
    kind, source = block.get("type"), block.get("source")
    if not isinstance(source, Mapping) or kind not in ("image", "document"):
        return None
    form = source.get("type")
    if kind == "document" and form == "text":
        return {"type": "text", "text": source.get("data", "")}
    if form == "base64":
        url = f"data:{source.get('media_type')};base64,{source.get('data')}"
        if kind == "image":
            return {"type": "image_url", "image_url": {"url": url}}
        return {"type": "file", "file": {"filename": block.get("title") or "document.pdf", "file_data": url}}
    if form == "url" and kind == "image":
        return {"type": "image_url", "image_url": {"url": source.get("url")}}
    return None


def anthropic_media(part: Mapping[str, Any]) -> dict[str, Any] | None:
    """The Anthropic block for an OpenAI ``image_url`` or ``file`` part; Anthropic's own pass."""
    kind = part.get("type")
    if kind in ("image", "document"):
        return dict(part)
    if kind == "image_url":
        given = part.get("image_url")
        url = given.get("url") if isinstance(given, Mapping) else given
        if isinstance(url, str):
            return {"type": "image", "source": _data_source(url) or {"type": "url", "url": url}}
    if kind == "file" and isinstance(part.get("file"), Mapping):
        file = part["file"]
        source = _data_source(str(file.get("file_data", "")))
        if source is not None:
            title = {"title": file["filename"]} if file.get("filename") else {}
            return {"type": "document", "source": source, **title}
    return None


def _data_source(url: str) -> dict[str, Any] | None:
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        return None
    return {"type": "base64", "media_type": head[len("data:") : -len(";base64")].partition(";")[0], "data": data}
