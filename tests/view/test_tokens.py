"""Counting messages: exact where a rule is published, an estimate that says so everywhere else."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from trace_git.errors import InvalidInputError, StateError, TraceError
from trace_git.model import ANTHROPIC, SWE_AGENT, Message, TokenCount, Usage, assistant, system, tool, user
from trace_git.view import estimates
from trace_git.view.tokens import PRIMING, Counter

# The example of OpenAI's cookbook page "How to count tokens with tiktoken", with the totals its API reported.
COOKBOOK = [
    system("You are a helpful, pattern-following assistant that translates corporate jargon into plain English."),
    system("New synergies will help drive top-line growth.", name="example_user"),
    system("Things working well together will increase revenue.", name="example_assistant"),
    system(
        "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
        name="example_user",
    ),
    system("Let's talk later when we're less busy about how to do better.", name="example_assistant"),
    user("This late pivot means we don't have time to boil the ocean for the client deliverable."),
]


class Letters:
    """A tokenizer whose counts are easy to see: one token a character."""

    name = "letters"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def count(self, text: str) -> int:
        self.asked.append(text)
        return len(text)


class Kept(dict[str, tuple[int, bool]]):
    def put(self, blob: str, count: int, exact: bool) -> None:
        self[blob] = (count, exact)

    def save(self) -> None: ...


@pytest.fixture
def counter() -> Counter:
    return Counter(Letters())


def beyond_framing(counter: Counter, message: Message) -> int:
    """What a message counts above its framing and its role."""
    return counter.message(message) - 3 - len(message.role)


@pytest.mark.parametrize(("name", "total"), [("cl100k_base", 129), ("o200k_base", 124)])
def test_the_published_totals(name: str, total: int) -> None:
    counter = Counter(name)
    count = counter.total(counter.message(message) for message in COOKBOOK)
    assert (count, count.exact, count.counter) == (total, True, name)


def test_an_empty_prompt_counts_nothing(counter: Counter) -> None:
    count = counter.total([])
    assert (count, count.exact, count.counter) == (0, True, "letters")


def test_a_total_is_as_sure_as_its_least_sure_message(counter: Counter) -> None:
    sure, unsure = TokenCount(5), TokenCount(7, exact=False)
    assert counter.total([sure, sure]).exact
    assert not counter.total([sure, unsure, sure]).exact
    assert counter.total([sure, unsure]) == 12 + PRIMING


@pytest.mark.parametrize(
    ("message", "exact"),
    [
        (user("hi"), True),
        (user(""), True),
        (user("hi", name="ann"), True),
        (Message("developer", {"role": "developer", "content": "hi"}), True),
        (tool("4", "call_1"), False),
        (Message("function", {"role": "function", "name": "add", "content": "4"}), False),
        (assistant("hi", refusal="no"), False),
        (user([{"type": "text", "text": "hi"}]), False),  # type: ignore[arg-type]
        (Message("user", {"role": "user", "content": "hi"}, fmt=ANTHROPIC), False),
        (Message("user", {"role": "user", "content": "hi"}, fmt=SWE_AGENT), False),
    ],
)
def test_only_plain_openai_text_is_exact(counter: Counter, message: Message, exact: bool) -> None:
    assert counter.message(message).exact is exact


CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
SIGNED = {"type": "thinking", "thinking": "hmm", "signature": "S" * 500}


@pytest.mark.parametrize(
    ("body", "counted"),
    [
        ({"content": None, "tool_calls": [CALL]}, ["add", '{"a": 1}']),
        ({"content": "so", "tool_calls": [CALL, CALL]}, ["so", *["add", '{"a": 1}'] * 2]),
        ({"content": None, "function_call": {"name": "add", "arguments": "{}"}}, ["add", "{}"]),
        (
            {"content": [{"type": "tool_use", "id": "t", "name": "add", "input": {"b": 1, "a": "ü"}}]},
            ["add", '{"b":1,"a":"ü"}'],
        ),
        ({"content": [SIGNED, {"type": "text", "text": "so"}]}, ["hmm", "so"]),
        ({"content": [{"type": "redacted_thinking", "data": "R" * 500}]}, []),
        ({"content": [{"type": "tool_result", "tool_use_id": "t", "content": "42"}]}, ["42"]),
        (
            {"content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "42"}]}]},
            ["42"],
        ),
        ({"content": [{"type": "document", "source": {"type": "text", "data": "page"}}]}, ["page"]),
        ({"content": [{"type": "of tomorrow", "id": "x", "what": [1]}]}, ['{"what":[1]}']),
        ({"content": "so", "reasoning_content": "hmm", "reasoning": "hmm"}, ["so", "hmm"]),
        ({"content": ["bare", 7]}, ["bare", "7"]),
        ({"content": [], "tool_calls": None}, []),
    ],
)
def test_what_of_a_message_is_counted(counter: Counter, body: dict[str, Any], counted: list[str]) -> None:
    message = Message("assistant", {"role": "assistant", **body})
    assert beyond_framing(counter, message) == sum(map(len, counted))
    assert not counter.message(message).exact


# The examples of OpenAI's page on vision.
@pytest.mark.parametrize(
    ("size", "tokens"), [((1024, 1024), 765), ((2048, 4096), 1105), ((100, 100), 255), ((1, 50_000), 765), ((0, 0), 85)]
)
def test_pictures_follow_the_tile_rule(size: tuple[int, int], tokens: int) -> None:
    assert estimates.image(*size) == tokens


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0"
    return base64.b64encode(head + bytes(5_000)).decode()


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        ({"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}, 765),
        ({"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}}, 85),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64," + png(500, 500)}}, 255),
        ({"type": "input_image", "image_url": "data:image/png;base64," + png(1024, 1024)}, 765),
        ({"type": "image", "source": {"type": "base64", "data": png(600, 400)}}, 425),
        ({"type": "image", "source": {"type": "base64", "data": "not base64 at all"}}, 765),
        ({"type": "image", "source": None}, 765),
        ({"type": "input_audio", "input_audio": {"data": "A" * 10_000, "format": "mp3"}}, 6),
        ({"type": "document", "source": {"type": "base64", "data": "A" * 10_000}}, 1_500),
        ({"type": "file", "file": {"file_id": "f"}}, 1_500),
    ],
)
def test_what_is_no_text_has_a_size(counter: Counter, block: dict[str, Any], tokens: int) -> None:
    message = Message("user", {"role": "user", "content": [block]})
    assert beyond_framing(counter, message) == tokens
    assert not counter.message(message).exact


def test_tool_definitions_are_an_estimate(counter: Counter) -> None:
    definition = {"name": "add", "parameters": {"type": "object"}}
    wrapped = counter.tools([{"type": "function", "function": definition}])
    assert wrapped == counter.tools([definition]) == 7 + len('{"name":"add","parameters":{"type":"object"}}')
    assert not wrapped.exact
    assert (counter.tools([]), counter.tools([]).exact) == (0, True)


def test_a_blob_is_counted_once() -> None:
    letters, kept = Letters(), Kept()
    counter = Counter(letters, cache=kept)
    assert counter.known("b1") is None
    first = counter.message(tool("4", "c"), "b1")
    asked = len(letters.asked)
    again = counter.message(tool("4", "c"), "b1")
    assert (again, again.exact) == (first, False)
    assert len(letters.asked) == asked
    assert kept == {"b1": (first, False)}


def test_kept_counts_serve_without_the_tokenizer() -> None:
    kept = Kept(b1=(12, True), b2=(13, False))
    letters = Letters()
    counter = Counter(letters, cache=kept)
    counts = [counter.known("b1"), counter.known("b2"), counter.known("b3")]
    assert counts == [12, 13, None]
    assert counts[0] is not None
    assert (counts[0].exact, counts[0].counter) == (True, "letters")
    assert letters.asked == []


class Named:
    def __init__(self, name: Any, answer: object = 1) -> None:
        self.name: Any = name
        self._answer = answer

    def count(self, text: str) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    "tokenizer", [object(), None, Named(None), Named(""), Named("two words"), Named("a\nb"), Named("x" * 101), Named(7)]
)
def test_a_tokenizer_without_a_usable_name_is_refused(tokenizer: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Counter(tokenizer)
    assert caught.value.field == "tokenizer.name"


def test_a_tokenizer_that_cannot_count_is_refused() -> None:
    tokenizer: Any = type("Mute", (), {"name": "mute"})()
    with pytest.raises(InvalidInputError, match="mute"):
        Counter(tokenizer)


@pytest.mark.parametrize("answer", [None, -1, 1.5, "3", True])
def test_an_answer_that_is_no_count_is_refused(answer: object) -> None:
    with pytest.raises(InvalidInputError, match="mine"):
        Counter(Named("mine", answer)).message(user("hi"))


def test_what_a_tokenizer_raises_comes_out_as_ours_and_names_it() -> None:
    with pytest.raises(InvalidInputError, match=r"tokenizer 'mine' failed: KeyError: 'x y'") as caught:
        Counter(Named("mine", KeyError("x y"))).message(user("hi"))
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(KeyboardInterrupt):
        Counter(Named("mine", KeyboardInterrupt())).message(user("hi"))
    own = StateError("no table")
    with pytest.raises(TraceError) as same:
        Counter(Named("mine", own)).message(user("hi"))
    assert same.value is own


def test_a_tokenizer_may_say_that_it_estimates() -> None:
    assert not Counter(Named("mine", TokenCount(4, exact=False))).message(user("hi")).exact
    assert Counter(Named("mine", 4)).message(user("hi")).exact
    estimate = Counter("estimate").message(user("hi"))
    assert (estimate.exact, estimate.counter) == (False, "estimate")


@pytest.mark.parametrize(
    ("after", "options", "expected"),
    [
        ([], {}, (1000, True, "api")),
        ([10, 20], {}, (1030, False, "api+letters")),
        ([10], {"completion": True}, (1000 + 50 + PRIMING + 10, False, "api+letters")),
        ([10], {"gone": [300]}, (710, False, "api+letters")),
        ([], {"gone": [5000]}, (0, False, "api+letters")),
    ],
)
def test_a_reported_size_is_the_anchor(counter: Counter, after: list[int], options: Any, expected: object) -> None:
    options = {key: [TokenCount(n) for n in value] if key == "gone" else value for key, value in options.items()}
    count = counter.anchored(Usage(prompt=1000, completion=50), map(TokenCount, after), **options)
    assert (int(count), count.exact, count.counter) == expected


def test_anchored_on_an_exact_prompt_agrees_with_counting_it_all() -> None:
    counter = Counter()
    counts = [counter.message(message) for message in COOKBOOK]
    reported = Usage(prompt=counter.total(counts[:4]))
    assert counter.anchored(reported, counts[4:]) == counter.total(counts)
