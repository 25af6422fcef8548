"""The nouns of trace-git: frozen values that every floor speaks.

Pure values. Identity (hashes, refs, files) is storage's affair: nothing here reads
or writes anything, and nothing here knows git. Only the standard library is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from .message import ANTHROPIC, KINDS, OPENAI, ROLES, SWE_AGENT, Message, ToolCall, assistant, system, tool, user
from .safe import safe_number

__all__ = [
    "ANTHROPIC",
    "ESTIMATE",
    "KINDS",
    "OPENAI",
    "ROLES",
    "SWE_AGENT",
    "Author",
    "Branch",
    "Commit",
    "Context",
    "Item",
    "Message",
    "Prompt",
    "Span",
    "Status",
    "TokenCount",
    "Tokenizer",
    "ToolCall",
    "Usage",
    "assistant",
    "system",
    "tool",
    "user",
]

ESTIMATE = "estimate"  # stands behind the tokenizer's name in a trailer whose count is not exact


class TokenCount(int):
    """A number of tokens that says how it was found.

    ``exact`` is false when a part is an estimate (tool calls, images, another
    provider's framing). ``counter`` names who counted: a tokenizer, or ``"api"``.
    """

    exact: bool
    counter: str

    def __new__(cls, value: int, *, exact: bool = True, counter: str = "") -> TokenCount:
        self = super().__new__(cls, value)
        self.exact = exact
        self.counter = counter
        return self

    def __repr__(self) -> str:
        return f"TokenCount({int(self)}, exact={self.exact}, counter={self.counter!r})"

    __str__ = int.__repr__

    def __getnewargs_ex__(self) -> tuple[tuple[int], dict[str, Any]]:
        return (int(self),), {"exact": self.exact, "counter": self.counter}


@runtime_checkable
class Tokenizer(Protocol):
    """Anything with a ``name`` and ``count(text) -> int`` counts for a trace."""

    @property
    def name(self) -> str: ...

    def count(self, text: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as an API reported them. ``prompt`` includes the ``cached`` ones."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    model: str | None = None


class Item:
    """One message at one place of a context.

    ``id`` is 16 hex digits and stable for life; ``blob`` is the git blob id of the
    present version. ``message`` and ``kind`` are read when first asked for.
    """

    __slots__ = ("_load", "_message", "blob", "id", "pinned", "role")

    def __init__(self, id: str, role: str, blob: str, load: Callable[[str], Message], *, pinned: bool = False) -> None:
        self.id = id
        self.role = role
        self.blob = blob
        self.pinned = pinned
        self._load = load
        self._message: Message | None = None

    @classmethod
    def of(cls, id: str, blob: str, message: Message) -> Item:
        """An item whose message is at hand."""
        item = cls(id, message.role, blob, lambda _: message)
        item._message = message
        return item

    @property
    def message(self) -> Message:
        if self._message is None:
            self._message = self._load(self.blob)
        return self._message

    @property
    def loaded(self) -> bool:
        """Whether its message was read."""
        return self._message is not None

    def give(self, message: Message) -> None:
        """Have its message at hand, as who asks for it would."""
        self._message = message

    @property
    def kind(self) -> str:
        return self.message.kind

    def with_pinned(self, pinned: bool) -> Item:
        """The same item with another pin state; what was read already is shared."""
        other = Item(self.id, self.role, self.blob, self._load, pinned=pinned)
        other._message = self._message
        return other

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Item):
            return NotImplemented
        return (self.id, self.blob, self.pinned) == (other.id, other.blob, other.pinned)

    def __hash__(self) -> int:
        return hash((self.id, self.blob, self.pinned))

    def __repr__(self) -> str:
        return f"Item({self.id} {self.role}{' pinned' if self.pinned else ''})"


@dataclass(frozen=True)
class Context:
    """The ordered items of one commit: what a model would be shown.

    ``commit`` is the commit id, or None for a trace with no commit yet; ``tools`` are
    the tool definitions in force. ``tokens`` counts the items as a prompt (see ``Prompt``).
    """

    commit: str | None
    items: tuple[Item, ...]
    tokens: TokenCount
    tools: tuple[Mapping[str, Any], ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def messages(self) -> list[dict[str, Any]]:
        """Each item's message as it was given, in order, as fresh dicts."""
        return [item.message.to_dict() for item in self.items]


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of a prompt's output came from which item.

    For list outputs ``start:stop`` index the list; for text they are character
    offsets; ``block`` is ``(first, last)`` inside a merged message, or None.
    """

    item: str
    start: int
    stop: int
    block: tuple[int, int] | None = None


class Prompt:
    """A context rendered for a model.

    ``output`` is what to send (built freshly at first access and then yours to change);
    ``tokens`` counts it; ``digest`` is 64 hex of sha256 over format version, materializer,
    canonical output and tools; ``spans`` maps items to parts of the output; ``warnings``
    are one line each.
    """

    __slots__ = ("_build", "_digest", "_output", "_spans", "commit", "items", "tokens", "warnings")

    def __init__(
        self,
        *,
        build: Callable[[], Any],
        spans: Callable[[], tuple[Span, ...]],
        tokens: TokenCount,
        digest: str | Callable[[], str],
        warnings: tuple[str, ...] = (),
        commit: str | None = None,
        items: tuple[Item, ...] = (),
    ) -> None:
        self._build: Callable[[], Any] | None = build
        self._output: Any = None
        self._spans: tuple[Span, ...] | Callable[[], tuple[Span, ...]] = spans
        self.tokens = tokens
        self._digest = digest
        self.warnings = warnings
        self.commit = commit
        self.items = items

    @property
    def output(self) -> Any:
        if self._build is not None:
            self._output, self._build = self._build(), None
        return self._output

    @property
    def digest(self) -> str:
        if callable(self._digest):
            self._digest = self._digest()
        return self._digest

    @property
    def spans(self) -> tuple[Span, ...]:
        if callable(self._spans):
            self._spans = self._spans()
        return self._spans

    def __repr__(self) -> str:
        return f"Prompt(tokens={int(self.tokens)}, digest={self.digest[:12]}…)"


@dataclass(frozen=True, slots=True)
class Author:
    """Who produced something: a role, a model, an agent or a person."""

    name: str
    email: str


@dataclass(frozen=True)
class Commit:
    """One commit of a trace. Ids are 40 hex; ``timestamp`` is the author's, in seconds since 1970 (UTC).

    ``tokens`` is the change of the context's size, ``context_tokens`` the size after it;
    both are None when no tokenizer was there. ``items`` are the items it added or changed.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Author
    committer: Author
    timestamp: int
    message: str
    trailers: Mapping[str, str]
    load_items: Callable[[Commit], tuple[Item, ...]] = field(repr=False, compare=False)

    @property
    def short_id(self) -> str:
        return self.id[:8]

    @property
    def subject(self) -> str:
        return self.message.split("\n", 1)[0]

    @property
    def op(self) -> str:
        """The verb that made it: append, edit, pin, unpin, drop, merge, compress, … ; "" for a foreign commit."""
        return self.trailers.get("Trace-Op", "")

    @property
    def tokens(self) -> TokenCount | None:
        return self._count("Trace-Tokens")

    @property
    def context_tokens(self) -> TokenCount | None:
        return self._count("Trace-Context-Tokens")

    @property
    def usage(self) -> Usage | None:
        """What the API reported for the call that produced this commit, if it did."""
        words = dict(word.split("=", 1) for word in self.trailers.get("Trace-Usage", "").split() if "=" in word)
        if not words:
            return None
        numbers = [safe_number(words.get(key, "")) or 0 for key in ("prompt", "completion", "cached")]
        model = words.get("model")
        if model and "%" in model:
            from urllib.parse import unquote  # costs start-up time, and few names need it

            model = unquote(model)
        return Usage(numbers[0], numbers[1], numbers[2], model)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return self.load_items(self)

    def _count(self, key: str) -> TokenCount | None:
        text = self.trailers.get(key, "")
        try:
            value = int(text)
        except ValueError:
            return None
        counter, _, mark = self.trailers.get("Trace-Tokenizer", "").partition(" ")
        return TokenCount(value, exact=mark != ESTIMATE, counter=counter)


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch: its short name, the commit it is at, and whether the handle is bound to it."""

    name: str
    commit: str
    current: bool


@dataclass(frozen=True, slots=True)
class Status:
    """Where a handle stands. ``roles`` maps a role (or "pinned", "summary", "conflict") to its tokens.

    ``branch`` is None when looking at a commit (detached); ``reported`` is the prompt size an
    API last reported for this very context, or None; ``budget`` is in tokens, or None. It is from what was "given"
    to ``Repo.open``, or to an agent by its "spawn", from git's "config", or from the "model", whose ``window`` is what
    it reads at most. ``agent`` is whose repository this is, "" for the trace itself. ``tools`` is what tool definitions
    add to a prompt, an estimate that is not in ``tokens``; None where there are none, or nobody counts.
    """

    path: str
    branch: str | None
    head: str | None
    items: int
    tokens: TokenCount
    roles: Mapping[str, int]
    pinned: int
    reported: TokenCount | None
    budget: int | None
    warnings: tuple[str, ...]
    model: str | None = None
    window: int | None = None
    budget_from: str | None = None
    agent: str = ""
    tools: TokenCount | None = None
