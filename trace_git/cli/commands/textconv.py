"""``trace textconv``: a stored message as text, for `git diff` and its like. `trace setup-git` tells git to call it.

Git runs it for both sides of each changed file, so it reads one file and imports little. It never fails: an error
here would take the whole `git log -p` with it. All that a message holds is shown, else a change could be invisible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from ...errors import CorruptTraceError
from ...model import Message
from ...store import codec
from .. import screen

_SHOWN = ("role", "content", "tool_calls", "function_call", "tool_call_id")


@click.command("textconv", short_help="Print a stored message as text, for git.")
@click.argument("file", metavar="FILE")
def command(file: str) -> None:
    """Print the stored message, or tool definitions, in FILE as text that can be read and compared.

    \b
    Examples:
      git config diff.trace.textconv "trace textconv"
      git show HEAD:tools.msgpack > t.msgpack && trace textconv t.msgpack
    """
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except OSError as error:
        screen.show([screen.paint(f"(cannot be read: {error.strerror})")])
        return
    screen.show([screen.block(line) for line in lines(data)])


def lines(data: bytes) -> Iterator[str]:
    """What a blob says, a line or several in each text; one line that says so when it is none of ours."""
    try:
        yield from _message(codec.decode(data))
    except CorruptTraceError as no_message:
        try:
            yield from _tools(codec.decode_tools(data))
        except CorruptTraceError:
            yield f"({no_message}; {len(data):,} bytes)"


def _message(message: Message) -> Iterator[str]:
    kind = "" if message.kind == "message" else f", {message.kind}"
    yield f"{message.role}{kind}"
    envelope = {"model": message.model, "name": message.name, "provenance": message.provenance}
    if message.fmt != "openai.chat":
        envelope["format"] = message.fmt
    yield from _fields({key: value for key, value in envelope.items() if value is not None}, "")
    body = message.body
    if body.get("role") != message.role:
        yield from _fields({"body role": body.get("role")}, "")
    yield from _fields({key: value for key, value in body.items() if key not in _SHOWN}, "")
    if "tool_call_id" in body:
        yield f"← answers {_word(body['tool_call_id'])}"
    yield ""
    yield from _content(body.get("content"))
    for call in _listed(body.get("tool_calls")):
        yield from _openai_call(call)
    if "function_call" in body:
        yield from _openai_call({"function": body["function_call"]})


def _content(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for block in content:
            yield from _block(block)
    elif content is not None:
        yield from _fields({"content": content}, "")


def _block(block: Any) -> Iterator[str]:
    """One block of a list of them: text as text, calls and results as such, anything else field by field."""
    if not isinstance(block, Mapping):
        yield _word(block)
        return
    kind, rest = block.get("type"), {key: value for key, value in block.items() if key != "type"}
    if kind == "text" and isinstance(block.get("text"), str):
        yield block["text"]
        rest.pop("text")
    elif kind == "tool_use":
        name, call, given = rest.pop("name", ""), rest.pop("id", None), rest.pop("input", None)
        yield from _call(name, call, given)
    elif kind == "tool_result":
        yield f"← answers {_word(rest.pop('tool_use_id', None))}"
        yield from _content(rest.pop("content", None))
    else:
        yield f"[{_word(kind)}]"
    yield from _fields(rest, "    ")


def _openai_call(call: Any) -> Iterator[str]:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping):
        yield f"→ {_word(call)}"
        return
    yield from _call(function.get("name", ""), call.get("id"), function.get("arguments"))
    rest = {key: value for key, value in call.items() if key not in ("id", "type", "function")}
    if call.get("type", "function") != "function":
        rest["type"] = call["type"]
    rest.update((key, value) for key, value in function.items() if key not in ("name", "arguments"))
    yield from _fields(rest, "    ")


def _call(name: Any, call: Any, given: Any) -> Iterator[str]:
    """A call with its arguments, one to a line where they are a JSON object."""
    import json

    yield f"→ {_word(name)}" + (f" ({_word(call)})" if call is not None else "")
    arguments = given
    if isinstance(given, str):
        try:
            arguments = json.loads(given)
        except (ValueError, RecursionError):
            arguments = None
    if isinstance(arguments, Mapping):
        yield from _fields(arguments, "    ")
    elif given is not None:
        yield _indented(given if isinstance(given, str) else _word(given), "    ")


def _fields(fields: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in fields.items():
        if isinstance(value, str) and "\n" in value:
            yield f"{indent}{key}:"
            yield _indented(value, indent + "    ")
        else:
            yield f"{indent}{key}: {_word(value)}"


def _tools(tools: tuple[dict[str, Any], ...]) -> Iterator[str]:
    import json

    for number, tool in enumerate(tools):
        given = tool.get("function", tool)
        name = given.get("name") if isinstance(given, Mapping) else None
        yield from ([""] if number else [])
        yield f"tool {_word(name if name is not None else tool.get('type'))}"
        yield _indented(json.dumps(tool, ensure_ascii=False, indent=2), "    ")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _word(value: Any) -> str:
    """A value in one line: text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False)


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line if line else "" for line in text.split("\n"))
