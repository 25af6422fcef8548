"""What a model answers, and what can be wrong with an answer. Values only: nobody is asked here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

from ..model import Usage
from ..safe import safe_text

DEADLINE = 300.0  # seconds for a question, all attempts and pauses together
LIMIT = 1_000_000  # characters of an answer
LATE_HINT = "try again later, ask for less at once, or allow more time"

Messages: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's answer. ``usage`` and ``model`` are as the API reported them; ``cost`` is in US dollars.

    What was not reported is None.
    """

    text: str
    usage: Usage | None = None
    model: str | None = None
    cost: float | None = None


LLM: TypeAlias = Callable[[Messages], "str | Reply | Awaitable[str | Reply]"]


class Unusable(Exception):
    """An answer that cannot be used; ``reason`` is one line, and is shown to the model when it is asked again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that brought no answer.

    ``text`` goes on after the name of who was asked. ``attempts`` is how many attempts are made in all when they end
    like this one; ``retry_after`` is the header of that name, unread.
    """

    text: str
    attempts: int = 1
    hint: str | None = None
    retry_after: str | None = None
    cause: Exception | None = None


class Source(Protocol):
    """Somebody who can be asked once."""

    @property
    def name(self) -> str: ...

    def ready(self) -> None:
        """Load what asking needs, before a deadline begins. LLMError when it is not there."""

    def attempt(self, messages: Messages, *, seconds: float, limit: int) -> Reply | Failure: ...


def read(answer: object, *, limit: int) -> Reply:
    """``answer`` as a Reply with a text in it; else Unusable, saying what came instead."""
    reply = Reply(answer) if isinstance(answer, str) else answer
    if not isinstance(reply, Reply):
        raise Unusable(f"answered with {_kind(answer)}, which is neither a str nor a Reply")
    for field, kinds in (("text", str), ("usage", Usage | None), ("model", str | None), ("cost", float | int | None)):
        if not isinstance(value := getattr(reply, field), kinds):
            raise Unusable(f"answered with a Reply whose {field} is {_kind(value)}")
    if not reply.text.strip():
        raise Unusable("gave an empty answer")
    if len(reply.text) > limit:
        raise Unusable(f"answered with {len(reply.text):,} characters, and {limit:,} are allowed")
    try:
        reply.text.encode()
    except UnicodeEncodeError:
        raise Unusable("answered with text that is not valid Unicode (a lone surrogate)") from None
    return reply


def together(first: Reply, second: Reply) -> Reply:
    """The second answer, with what both took. What one of them did not report stays unknown."""
    one, two = first.usage, second.usage
    usage = None
    if one is not None and two is not None:
        sums = (one.prompt + two.prompt, one.completion + two.completion, one.cached + two.cached)
        usage = Usage(*sums, model=two.model)
    cost = None if first.cost is None or second.cost is None else first.cost + second.cost
    return replace(second, usage=usage, cost=cost)


def one_line(text: str, *, most: int = 200) -> str:
    """Text of strangers for an error message: harmless, on one line, not too long."""
    line = safe_text(" ".join(text[: 4 * most].split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def _kind(value: object) -> str:
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
