"""How many tokens a message takes in a prompt, and how sure that is.

The framing of a chat is OpenAI's published rule ("How to count tokens with tiktoken" in its
cookbook): three tokens a message, the tokens of role, content and name, one more for a name,
and three to prime the reply. For plain text messages in that format the count is exact. All
else is an estimate and says so: tool calls and their results, images, audio, files, thinking,
several content blocks, another provider's format. Not done here: finding tokenizers (see
``encodings``), taking other messages apart (``estimates``) and keeping counts on disk (the
``cache`` that a counter is given).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ..errors import InvalidInputError, TraceError
from ..model import OPENAI, Message, TokenCount, Tokenizer, Usage
from . import deferred, encodings, estimates

RULES = 1  # version of what is counted in a message beside its tokenizer: kept counts of another one are void
PRIMING = 3
PER_MESSAGE = 3
PER_NAME = 1
PER_TOOL = 7  # around a tool definition, as the cookbook gives it for o200k_base models

_PLAIN_KEYS = frozenset({"role", "content", "name"})
_PLAIN_ROLES = frozenset({"system", "developer", "user", "assistant"})
_LONGEST_NAME = 100


class CountStore(Protocol):
    """Where counts are kept by blob id: ``get`` answers (tokens, exact) or None."""

    def get(self, blob: str) -> tuple[int, bool] | None: ...

    def put(self, blob: str, count: int, exact: bool) -> None: ...

    def save(self) -> None: ...


class Counter:
    """Counts messages with one tokenizer: its name, or an object with ``name`` and ``count(text)``.

    Every answer is a ``TokenCount`` that knows whether it is exact. Answers are remembered by
    blob id, and in ``cache`` when there is one. ``exact`` of an own tokenizer's plain ints is
    believed; it may return a ``TokenCount`` to say otherwise.
    """

    def __init__(self, tokenizer: str | Tokenizer = encodings.DEFAULT, *, cache: CountStore | None = None) -> None:
        self._tokenizer = encodings.load(tokenizer) if isinstance(tokenizer, str) else _checked(tokenizer)
        self.name = self._tokenizer.name
        self.cache = cache
        self._known: dict[str, TokenCount] = {}
        self._roles: dict[str, int] = {}

    def known(self, blob: str) -> TokenCount | None:
        """The count of a blob that was counted before, without reading the message."""
        count = self._known.get(blob)
        if count is None and self.cache is not None and (kept := self.cache.get(blob)) is not None:
            count = self._known[blob] = TokenCount(kept[0], exact=kept[1], counter=self.name)
        return count

    def message(self, message: Message, blob: str | None = None) -> TokenCount:
        """Tokens of one message inside a prompt, its framing included; remembered under ``blob``."""
        if blob is not None and (known := self.known(blob)) is not None:
            return known
        return self._remembered(self._message(message), blob)

    def messages(self, messages: Iterable[Message], blobs: Iterable[str]) -> TokenCount:
        """Tokens that several messages take together; each is remembered under its blob."""
        counts = [self.message(one, blob) for one, blob in zip(messages, blobs, strict=True)]
        return TokenCount(sum(counts), exact=all(count.exact for count in counts), counter=self.name)

    def _remembered(self, count: TokenCount, blob: str | None) -> TokenCount:
        if blob is not None:
            self._known[blob] = count
            if self.cache is not None:
                self.cache.put(blob, count, count.exact)
        return count

    def total(self, counts: Iterable[TokenCount]) -> TokenCount:
        """The prompt made of messages that count ``counts``; nothing at all is 0."""
        counts = list(counts)
        value = sum(counts) + (PRIMING if counts else 0)
        return TokenCount(value, exact=all(count.exact for count in counts), counter=self.name)

    def tools(self, definitions: Iterable[Mapping[str, Any]], blob: str | None = None) -> TokenCount:
        """An estimate of what tool definitions add to a prompt; remembered under ``blob``."""
        if blob is not None and (known := self.known(blob)) is not None:
            return known
        value, exact = 0, True
        for definition in definitions:
            value += PER_TOOL + self._count(estimates.as_text(definition.get("function", definition)))
            exact = False
        return self._remembered(TokenCount(value, exact=exact, counter=self.name), blob)

    def text(self, text: str) -> TokenCount:
        """Tokens of a bare text, without any framing."""
        value = self._count(text)
        return TokenCount(value, exact=getattr(value, "exact", True), counter=self.name)

    def anchored(
        self,
        reported: Usage,
        after: Iterable[TokenCount],
        *,
        gone: Iterable[TokenCount] = (),
        completion: bool = False,
    ) -> TokenCount:
        """A context's size from the last report of an API: what was sent, as reported, and what came since.

        ``after`` are the messages that follow the prompt the report is about, the reply among them;
        ``gone`` are messages of that prompt that are in the context no more. With ``completion=True`` the
        reply counts as reported too and is not in ``after``: right for a reply without hidden reasoning,
        which is reported and never sent back. Exact only when nothing came and nothing went.
        """
        came, went = list(after), list(gone)
        if not came and not went and not completion:
            return TokenCount(reported.prompt, exact=True, counter="api")
        # The reported prompt is primed already, and that priming became the framing of the reply.
        value = reported.prompt + (reported.completion + PRIMING if completion else 0) + sum(came) - sum(went)
        return TokenCount(max(value, 0), exact=False, counter=f"api+{self.name}")

    def _message(self, message: Message) -> TokenCount:
        if message.kind == deferred.KIND:
            return TokenCount(self._message(deferred.shown(message)), exact=False, counter=self.name)
        body, content = message.body, message.content
        value = self._framing(message.role)
        plain = type(content) is str and body.keys() <= _PLAIN_KEYS
        exact = plain and message.fmt == OPENAI and message.role in _PLAIN_ROLES
        if isinstance(name := body.get("name"), str):
            value += PER_NAME + self._count(name)
        for part in (content,) if plain else estimates.parts(message):
            count = part if isinstance(part, int) else self._count(part)
            value += count
            exact = exact and getattr(count, "exact", True)
        return TokenCount(value, exact=exact, counter=self.name)

    def _framing(self, role: str) -> int:
        tokens = self._roles.get(role)
        if tokens is None:
            tokens = self._roles[role] = PER_MESSAGE + self._count(role)
        return tokens

    def _count(self, text: str) -> int:
        try:
            count = self._tokenizer.count(text)
        except TraceError:
            raise
        except Exception as error:  # a user's code may raise anything; what leaves here is ours
            raise InvalidInputError(
                f"tokenizer {self.name!r} failed: {' '.join(f'{type(error).__name__}: {error}'.split())}",
                field="tokenizer",
                hint="its `count(text)` has to answer for every text",
            ) from error
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise InvalidInputError(
                f"tokenizer {self.name!r} counted {count!r}, which is not a number of tokens",
                field="tokenizer",
                hint="its `count(text)` has to return an int, 0 or more",
            )
        return count


def _checked(tokenizer: Tokenizer) -> Tokenizer:
    name = getattr(tokenizer, "name", None)
    # The name stands in commit trailers, where white space ends it.
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or " " in name:
        raise InvalidInputError(
            f"a tokenizer of type {type(tokenizer).__name__} has no usable name: {name!r}",
            field="tokenizer.name",
            hint=f"give it a `name`: a str of 1 to {_LONGEST_NAME} printable characters without spaces",
        )
    if not callable(getattr(tokenizer, "count", None)):
        raise InvalidInputError(
            f"tokenizer {name!r} cannot count",
            field="tokenizer.count",
            hint="give it a method `count(text) -> int`",
        )
    return tokenizer
