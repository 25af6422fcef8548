"""The blob codec: what goes in comes out, one message has one spelling, and everything else is refused by name."""

from __future__ import annotations

import contextlib
import datetime
import enum
import math
import time
import tracemalloc
from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trace_git.errors import CorruptTraceError, InvalidInputError
from trace_git.model import ANTHROPIC, KINDS, OPENAI, ROLES, Message, assistant, tool, user
from trace_git.store import codec

BLOB = "0123456789abcdef0123456789abcdef01234567"

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
bodies = st.dictionaries(st.text(), values, max_size=6)
messages = st.builds(
    Message,
    role=st.sampled_from(ROLES),
    body=bodies,
    fmt=st.sampled_from([OPENAI, ANTHROPIC]) | st.text(min_size=1),
    kind=st.sampled_from(KINDS),
    model=st.none() | st.text(),
    name=st.none() | st.text(),
    provenance=st.none() | bodies,
)


class Color(enum.IntEnum):
    RED = 1


class Text(str):
    pass


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def envelope(**changes: Any) -> dict[str, Any]:
    """A valid envelope with some fields changed; ``...`` removes one."""
    fields = {"body": {"role": "user", "content": "hi"}, "fmt": OPENAI, "kind": "message", "role": "user", "v": 1}
    fields.update(changes)
    return {key: fields[key] for key in sorted(fields) if fields[key] is not ...}


# --- what goes in comes out ---------------------------------------------------------------------------------------


@given(messages)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    again = codec.decode(codec.encode(message))
    assert again == message
    assert repr(again.body) == repr(message.body)  # order of keys at every depth, 1 apart from 1.0 and True


@given(messages)
def test_equal_messages_have_one_spelling(message: Message) -> None:
    data = codec.encode(message)
    assert codec.encode(codec.decode(data)) == data


@given(values | st.binary() | st.lists(st.binary()))
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    data = codec.encode_value(value)
    assert repr(codec.decode_value(data)) == repr(value)
    assert codec.encode_value(codec.decode_value(data)) == data


@given(st.lists(bodies, max_size=4))
def test_tools_come_back_in_order(tools: list[dict[str, Any]]) -> None:
    assert repr(codec.decode_tools(codec.encode_tools(tools))) == repr(tuple(tools))


@pytest.mark.parametrize(
    "text",
    ["", "a\r\nb\rc\n", "trailing  \n\n", "\ufeffBOM", "NUL \x00 inside", "\x1b[31m\u202e", "e\u0301 é", "𝄞 日本"],
)
def test_text_is_kept_to_the_byte(text: str) -> None:
    body = {"role": "user", "content": text, "x-unknown": {text: [text]}}
    assert codec.decode(codec.encode(Message("user", body))).to_dict() == body


def test_the_order_of_keys_inside_the_body_is_part_of_the_message() -> None:
    one = user("hi", extra={"b": 1, "a": [{"z": 1, "y": 2}]})
    other = user("hi", extra={"a": [{"z": 1, "y": 2}], "b": 1})
    assert list(codec.decode(codec.encode(one)).body["extra"]) == ["b", "a"]
    assert codec.encode(one) != codec.encode(other)


def test_absent_is_not_null() -> None:
    absent, null = Message("user", {"role": "user"}), Message("user", {"role": "user", "content": None})
    assert "content" not in codec.decode(codec.encode(absent)).body
    assert codec.decode(codec.encode(null)).to_dict() == {"role": "user", "content": None}


def test_provenance_is_ours_and_sorted() -> None:
    one = Message("user", {"content": "s"}, kind="summary", provenance={"items": ["a"], "digests": {"b": 1, "a": 2}})
    other = Message("user", {"content": "s"}, kind="summary", provenance={"digests": {"a": 2, "b": 1}, "items": ["a"]})
    assert codec.encode(one) == codec.encode(other)


def test_a_tuple_is_written_as_a_list() -> None:
    message = codec.decode(codec.encode(user("", parts=("a", ("b",)))))
    assert message.body["parts"] == ["a", ["b"]]
    assert codec.decode_value(codec.encode_value((1, (b"2",)))) == [1, [b"2"]]


def test_any_mapping_may_be_the_body() -> None:
    frozen = MappingProxyType({"role": "user", "content": "hi"})
    assert codec.encode(Message("user", frozen)) == codec.encode(user("hi"))


def test_64_levels_are_kept() -> None:
    deepest = Message("user", {"role": "user", "content": nested(63)})
    assert codec.decode(codec.encode(deepest)) == deepest


@pytest.mark.parametrize("text", ["a", "я"])
def test_twenty_megabytes_of_text_take_seconds_at_most(text: str) -> None:
    message = user(text * (20_000_000 // len(text.encode())))
    start = time.perf_counter()
    assert codec.decode(codec.encode(message)) == message
    assert time.perf_counter() - start < 10


# --- what is refused on the way in --------------------------------------------------------------------------------

itself: list[Any] = []
itself.append(itself)

UNFIT: dict[str, tuple[Any, str]] = {
    "NaN": (math.nan, "nan"),
    "infinity": (-math.inf, "-inf"),
    "int beyond 64 bit": (2**64, "64 bit"),
    "negative int beyond 64 bit": (-(2**63) - 1, "64 bit"),
    "huge int": (10**5000, "64 bit"),
    "set": ({1}, "type set"),
    "datetime": (datetime.datetime(2025, 1, 1), "type datetime"),
    "object": (object(), "type object"),
    "bytes": (b"raw", "type bytes"),
    "ext": (msgpack.ExtType(1, b""), "type ExtType"),
    "timestamp": (msgpack.Timestamp(0), "type Timestamp"),
    "int subclass": (Color.RED, "type Color"),
    "str subclass": (Text("x"), "type Text"),
    "dict subclass": (OrderedDict(a=1), "type OrderedDict"),
    "lone surrogate": ("half \ud83d", "U+D83D at 5"),
    "lone surrogate in a key": ({"\udc00": 1}, "U+DC00"),
}


@pytest.mark.parametrize(("value", "reason"), UNFIT.values(), ids=UNFIT.keys())
def test_what_cannot_be_stored_is_refused_with_its_path(value: Any, reason: str) -> None:
    call = {"id": "1", "function": {"name": "f", "arguments": {"x": value}}}
    with pytest.raises(InvalidInputError) as caught:
        codec.encode(assistant(tool_calls=[call]))
    assert caught.value.field is not None
    assert caught.value.field.startswith("tool_calls[0].function.arguments.x")
    assert reason in str(caught.value)
    assert "tool_calls[0].function.arguments.x" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()
    assert caught.value.hint


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": math.nan}, "content"),
        ({"content": [{"type": "text", "text": math.inf}]}, "content[0].text"),
        ({"a b": {"c.d": [1, 2, {3}]}}, '["a b"]["c.d"][2]'),
        ({"\x1b[31m": {1}}, '["\\u001b[31m"]'),
        ({"body": {"role": math.nan}}, "body.role"),
        ({"content": {"a": [{1: "x"}]}}, "content.a[0]"),
        ({7: "x"}, "body"),
        ({"a" * 50: math.nan}, f'["{"a" * 40}"]'),
    ],
)
def test_the_path_reads_like_an_expression(body: dict[Any, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        codec.encode(Message("user", body))
    assert caught.value.field == field


@pytest.mark.parametrize("key", [1, None, True, 1.5, b"k", ("a",), pytest.param(10**5000, id="huge")])
def test_keys_must_be_text(key: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^extra\[0\] has the key .*, which is not text$") as caught:
        codec.encode(user("", extra=[{key: 1}]))
    assert caught.value.field == "extra[0]"


@pytest.mark.parametrize("content", [nested(64), itself, {"a": itself}], ids=["depth 65", "itself", "itself below"])
def test_depth_beyond_64_is_refused_at_once(content: Any) -> None:
    with pytest.raises(InvalidInputError, match="nested deeper than 64") as caught:
        codec.encode(Message("user", {"role": "user", "content": content}))
    assert str(caught.value.field).startswith("content")
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (Message("robot", {}), "role"),
        (Message("", {}), "role"),
        (Message(Text("user"), {}), "role"),
        (Message(None, {}), "role"),  # type: ignore[arg-type]
        (Message([], {}), "role"),  # type: ignore[arg-type]
        (Message("user", {}, kind="poem"), "kind"),
        (Message("user", {}, fmt=""), "fmt"),
        (Message("user", {}, fmt=3), "fmt"),  # type: ignore[arg-type]
        (Message("user", {}, fmt="\ud800"), "fmt"),
        (Message("user", {}, model=3), "model"),  # type: ignore[arg-type]
        (Message("user", {}, name="\ud800"), "name"),
        (Message("user", "text"), "body"),  # type: ignore[arg-type]
        (Message("user", {}, provenance=["x"]), "provenance"),  # type: ignore[arg-type]
        (Message("user", {}, provenance={"tokens": math.nan}), "provenance.tokens"),
        (Message("user", {}, provenance={1: 2}), "provenance"),
    ],
)
def test_the_head_of_a_message_is_checked(message: Message, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        codec.encode(message)
    assert caught.value.field == field
    assert caught.value.hint


def test_an_unknown_role_lists_the_roles() -> None:
    with pytest.raises(InvalidInputError, match="robot") as caught:
        codec.encode(Message("robot", {}))
    assert all(role in str(caught.value.hint) for role in ROLES)


@pytest.mark.parametrize(
    ("tools", "field"),
    [
        ("x", "tools"),
        ([1], "tools"),
        (None, "tools"),
        ([{}, {"a": {1}}], "tools[1].a"),
        ([{"a": nested(64)}], "tools[0]"),
    ],
)
def test_tools_are_a_list_of_plain_dicts(tools: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        codec.encode_tools(tools)
    assert str(caught.value.field).startswith(field)


@pytest.mark.parametrize("value", [math.nan, {1}, {1: 2}, 2**64, nested(65), "\ud800"])
def test_values_are_held_to_the_same_rules(value: Any) -> None:
    with pytest.raises(InvalidInputError):
        codec.encode_value(value)


# --- what is refused on the way out -------------------------------------------------------------------------------

GOOD = codec.encode(user("hi"))


def deep(levels: int, header: bytes = b"\x91") -> bytes:
    """A blob whose body holds that many lists inside one another."""
    return msgpack.packb(envelope()).replace(b"\xa2hi", header * levels + b"\xc0")


BAD: dict[str, bytes] = {
    "empty": b"",
    "not a map": msgpack.packb([1]),
    "not msgpack": b"\xc1",
    "0xc1 inside": GOOD.replace(b"\xa2hi", b"\xc1"),
    "trailing byte": GOOD + b"\x00",
    "cut": GOOD[:-1],
    "bad UTF-8": GOOD.replace(b"\xa2hi", b"\xa2\xff\xfe"),
    "surrogate in UTF-8": GOOD.replace(b"\xa2hi", b"\xa3\xed\xa0\x80"),
    "overlong UTF-8": GOOD.replace(b"\xa2hi", b"\xa2\xc0\xaf"),
    "depth 65": deep(64),
    "depth 1025": deep(1025),
    "depth 100,000": deep(100_000),
    "list of 4 G": GOOD.replace(b"\xa2hi", b"\xdd\xff\xff\xff\xff"),
    "map of 4 G": GOOD.replace(b"\xa2hi", b"\xdf\xff\xff\xff\xff"),
    "text of 4 G": GOOD.replace(b"\xa2hi", b"\xdb\xff\xff\xff\xff"),
    "bytes of 4 G": GOOD.replace(b"\xa2hi", b"\xc6\xff\xff\xff\xff"),
    "ext of 4 G": GOOD.replace(b"\xa2hi", b"\xc9\xff\xff\xff\xff\x01"),
    "lists that lie": deep(1000, b"\xdd\x00\x0f\x00\x00") + b"\xc0" * 1_000_000,
    "ext": GOOD.replace(b"\xa2hi", b"\xd4\x01\x00"),
    "timestamp": GOOD.replace(b"\xa2hi", b"\xd6\xff\x00\x00\x00\x00"),
    "bad timestamp": GOOD.replace(b"\xa2hi", b"\xd7\xff" + b"\xff" * 8),
    "timestamp of odd size": GOOD.replace(b"\xa2hi", b"\xc7\x03\xff\x00\x00\x00"),
    "bytes": GOOD.replace(b"\xa2hi", b"\xc4\x02hi"),
    "NaN": GOOD.replace(b"\xa2hi", b"\xcb\x7f\xf8" + bytes(6)),
    "float32": GOOD.replace(b"\xa2hi", b"\xca\x3f\x80\x00\x00"),
    "long int": GOOD.replace(b"\xa2hi", b"\xcc\x05"),
    "long str": GOOD.replace(b"\xa2hi", b"\xd9\x02hi"),
    "double key in the body": GOOD.replace(b"\x82\xa4role\xa4user", b"\x83\xa4role\xa4user\xa4role\xa4user"),
    "double key in the envelope": b"\x86" + GOOD[1:] + b"\xa1v\x01",
    "int key": GOOD.replace(b"\xa7content", b"\x07"),
    "bytes key": GOOD.replace(b"\xa7content", b"\xc4\x07content"),
    "list as a key": GOOD.replace(b"\xa7content", b"\x90"),
    "envelope not sorted": msgpack.packb({"v": 1, **envelope(v=...)}),
    "provenance not sorted": msgpack.packb(envelope(provenance={"b": 1, "a": 1})),
    "deep provenance": msgpack.packb(envelope(provenance={"a": nested(64)})),
    "unknown field": msgpack.packb(envelope(extra=1)),
    "no version": msgpack.packb(envelope(v=...)),
    "version is text": msgpack.packb(envelope(v="1")),
    "version is true": msgpack.packb(envelope(v=True)),
    "no role": msgpack.packb(envelope(role=...)),
    "no body": msgpack.packb(envelope(body=...)),
    "no format": msgpack.packb(envelope(fmt=...)),
    "no kind": msgpack.packb(envelope(kind=...)),
    "body is text": msgpack.packb(envelope(body="x")),
    "role is a list": msgpack.packb(envelope(role=[])),
    "unknown role": msgpack.packb(envelope(role="robot")),
    "unknown kind": msgpack.packb(envelope(kind="poem")),
    "empty format": msgpack.packb(envelope(fmt="")),
    "null model": msgpack.packb(envelope(model=None)),
    "name is a number": msgpack.packb(envelope(name=1)),
    "provenance is a list": msgpack.packb(envelope(provenance=[])),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_bytes_we_did_not_write_are_refused_naming_the_blob(data: bytes) -> None:
    with pytest.raises(CorruptTraceError, match=BLOB) as caught:
        codec.decode(data, blob_id=BLOB)
    assert caught.value.object_id == BLOB
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_blob_that_the_bad_ones_are_made_of_is_good() -> None:
    assert codec.decode(GOOD) == user("hi")
    assert msgpack.packb(envelope()) == GOOD
    assert codec.decode(deep(63)).content == _holding_null(63)


def _holding_null(levels: int) -> Any:
    value: Any = None
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("version", [0, 2, 99, 2**64 - 1, -1])
def test_a_version_from_the_future_says_so(version: int) -> None:
    future = msgpack.packb({"v": version, "content": b"whatever", "x": msgpack.ExtType(5, b"")})
    with pytest.raises(CorruptTraceError, match=f"version is {version}") as caught:
        codec.decode(future, blob_id=BLOB)
    assert "upgrade" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["lists that lie", "list of 4 G", "text of 4 G", "depth 100,000"])
def test_lies_about_length_cost_no_memory(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(CorruptTraceError):
            codec.decode(BAD[name])
        assert tracemalloc.get_traced_memory()[1] < 20_000_000 + 4 * len(BAD[name])
    finally:
        tracemalloc.stop()


def _reads_or_refuses(data: bytes) -> None:
    try:
        message = codec.decode(data)
    except CorruptTraceError:
        return
    assert codec.encode(message) == data


@given(st.binary(max_size=300))
@example(b"\x81\xd4\x00\x00\xc0")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _reads_or_refuses(data)
    for decode in (codec.decode_value, codec.decode_tools):
        with contextlib.suppress(CorruptTraceError):
            decode(data)


@given(messages, st.data())
def test_a_damaged_blob_is_read_as_itself_or_refused(message: Message, data: st.DataObject) -> None:
    blob = bytearray(codec.encode(message))
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    _reads_or_refuses(bytes(blob))


def test_every_cut_is_refused() -> None:
    blob = codec.encode(tool("result é", "call_1", extra={"n": [1.5, 300, None]}))
    for end in range(len(blob)):
        with pytest.raises(CorruptTraceError):
            codec.decode(blob[:end])


@pytest.mark.parametrize(
    "file",
    [
        {"tools": [], "v": 2},
        {"tools": {}, "v": 1},
        {"tools": [1], "v": 1},
        {"v": 1},
        {"v": 1, "tools": []},
        [],
        {"tools": [{}]},
    ],
)
def test_a_tools_file_we_did_not_write_is_refused(file: Any) -> None:
    with pytest.raises(CorruptTraceError, match=BLOB):
        codec.decode_tools(msgpack.packb(file), blob_id=BLOB)


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"\xcc\x01", b"\x01\x01", b"\xd4\x01\x00", b"\xca\x00\x00\x00\x00", b"\x91" * 70]
)
def test_a_value_we_did_not_write_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptTraceError):
        codec.decode_value(data)
