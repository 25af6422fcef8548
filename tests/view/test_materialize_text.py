"""The text and xml materializers: readable, well-formed, and with spans that cut out each item."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from trace_git.model import ANTHROPIC, Context, Item, Message, Prompt, TokenCount, assistant, system, tool, user
from trace_git.view.materialize import Renderer


def call(id: str, name: str = "look", arguments: str = '{"q": 1}') -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def claude(role: str, *blocks: dict[str, Any]) -> Message:
    return Message(role, {"role": role, "content": list(blocks)}, ANTHROPIC)


def render(form: str, *messages: Message) -> Prompt:
    def item(place: int, message: Message) -> Item:
        return Item(f"{place:016x}", message.role, f"{place:040x}", lambda _: message)

    items = tuple(item(place, message) for place, message in enumerate(messages))
    return Renderer().render(Context(None, items, TokenCount(7)), form)


TURNS = [
    system("be brief"),
    user("a < b & c"),
    assistant("let me", tool_calls=[call("a")]),
    tool("42", "a", name="look"),
    claude("user", {"type": "text", "text": "see"}, {"type": "image", "source": {}}),
]


def test_text_reads_like_a_transcript() -> None:
    assert render("text", *TURNS).output == (
        "system: be brief\n\nuser: a < b & c\n\n"
        'assistant: let me\n[call look {"q": 1}]\n\ntool look: 42\n\nuser: see\n[image]'
    )


def test_xml_parses_back_to_the_words() -> None:
    root = ElementTree.fromstring(render("xml", *TURNS).output)
    assert root.tag == "context"
    assert [message.get("role") for message in root] == ["system", "user", "assistant", "tool", "user"]
    assert root[1].text == "a < b & c"
    made, answered = root[2].find("call"), root[3].find("result")
    assert made is not None
    assert answered is not None
    assert (made.get("name"), made.text, made.get("id")) == ("look", '{"q": 1}', "a")
    assert (answered.text, answered.get("id")) == ("42", "a")


@pytest.mark.parametrize("text", ["\x00\x1b[31m", "</message>", "]]>", "a\r\nb\rc", "\ufffe", "🚀 é", "\"'<&>", ""])
def test_xml_is_well_formed_whatever_a_message_holds(text: str) -> None:
    odd = assistant(text, tool_calls=[call(text, text, text)])
    root = ElementTree.fromstring(render("xml", user(text), odd).output)
    kept = "".join("\ufffd" if char in "\x00\x1b\ufffe" else char for char in text)
    assert (root[0].text or "") == kept


def test_texts_show_results_inside_user_messages_and_no_thinking() -> None:
    turns = [
        claude(
            "assistant",
            {"type": "thinking", "thinking": "secret"},
            {"type": "tool_use", "id": "a", "name": "look", "input": {}},
        ),
        claude("user", {"type": "tool_result", "tool_use_id": "a", "content": "42"}),
    ]
    for form in ("text", "xml"):
        output = render(form, *turns).output
        assert "42" in output
        assert "look" in output
        assert "secret" not in output


@pytest.mark.parametrize("form", ["text", "xml"])
def test_spans_of_texts_cut_out_each_items_part(form: str) -> None:
    prompt = render(form, *TURNS)
    parts = [prompt.output[span.start : span.stop] for span in prompt.spans]
    assert ["be brief" in parts[0], "let me" in parts[2], "42" in parts[3], "see" in parts[4]] == [True] * 4
    between = prompt.output
    for part in parts:
        between = between.replace(part, "", 1)
    assert between.replace("context", "").strip("</>\n") == ""
