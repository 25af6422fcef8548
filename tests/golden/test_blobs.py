"""Blobs written by earlier releases. The bytes in ``blobs.json`` never change; rows are only added."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from trace_git.model import Message
from trace_git.store import codec

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "blobs.json").read_text(encoding="ascii"))
named = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])

PARAMETERS = {"type": "object", "properties": {"b": {}, "a": {}}}
ADD = {"type": "function", "function": {"name": "add", "parameters": PARAMETERS}}
TOOLS = [
    ([], "82a5746f6f6c7390a17601"),
    (
        [ADD],
        "82a5746f6f6c739182a474797065a866756e6374696f6ea866756e6374696f6e82a46e616d65a3616464aa706172616d657465727382"
        "a474797065a66f626a656374aa70726f7065727469657382a16280a16180a17601",
    ),
]
LONG = {  # too long to print: the git blob id of a user message whose content is this many times the letter
    ("a", 65_535): "94955bace308bd02f186a829a029b1d2240787fc",
    ("a", 65_536): "fb54afa3f190b0c4a294c49c74c6a6ab81b70191",
    ("я", 70_000): "4540eaede6b721fcce1695a2df6ffd4814a720f2",
}


def blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@named
def test_an_old_blob_is_read(vector: dict[str, Any]) -> None:
    message = codec.decode(bytes.fromhex(vector["hex"]), blob_id=vector["blob"])
    assert message == Message(**vector["message"])
    assert repr(message.body) == repr(vector["message"]["body"])


@named
def test_the_same_bytes_are_written_today(vector: dict[str, Any]) -> None:
    data = codec.encode(Message(**vector["message"]))
    assert data.hex() == vector["hex"]
    assert blob_id(data) == vector["blob"]


@pytest.mark.parametrize(("letter", "count", "expected"), [(*key, expected) for key, expected in LONG.items()])
def test_long_text_has_the_id_it_had(letter: str, count: int, expected: str) -> None:
    data = codec.encode(Message("user", {"role": "user", "content": letter * count}))
    assert blob_id(data) == expected
    assert codec.decode(data).content == letter * count


@pytest.mark.parametrize(("tools", "data"), TOOLS, ids=["none", "one"])
def test_tools_have_the_bytes_they_had(tools: list[dict[str, Any]], data: str) -> None:
    assert codec.encode_tools(tools).hex() == data
    assert repr(codec.decode_tools(bytes.fromhex(data))) == repr(tuple(tools))


def documented() -> list[bytes]:
    """The bytes printed in the format page's section on blobs: the hex in front of each line's comment."""
    folder = Path(__file__).parents[2] / "docs"
    pages = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("format*.md"))]
    section = next(page for page in pages if "## Blobs\n" in page).partition("## Blobs\n")[2].partition("\n## ")[0]
    blocks = [part for block in re.findall(r"```\n(.*?)```", section, re.DOTALL) for part in block.split("\n\n")]
    lines = [[line.split('"')[0].split("map of")[0] for line in block.splitlines()] for block in blocks]
    return [bytes.fromhex("".join(block)) for block in lines]


def test_the_examples_of_the_format_page_are_real() -> None:
    hi, summary, none, one = documented()
    vectors = {vector["name"]: vector["hex"] for vector in VECTORS}
    assert hi.hex() == vectors["user text"]
    assert summary.hex() == vectors["summary with provenance"]
    assert codec.decode_tools(none) == ()
    assert codec.decode_tools(one) == ({"type": "function", "function": {"name": "add"}},)
