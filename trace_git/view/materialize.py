"""A context as what a model is sent: a pure function with a digest of what it gave.

``Renderer`` finds the materializer, keeps its last draft so that rendering again costs what
changed, hashes, and refuses or mends what a provider would refuse. The formats themselves
are in ``materializers``; tokens are counted elsewhere and come in with the context.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from ..errors import InvalidInputError, RefusedError, TraceError
from ..model import Context, Item, Prompt, TokenCount
from ..store.codec import encode_value
from . import deferred
from .materializers import anthropic, openai, text
from .materializers.draft import Draft, Form, folded, fresh, mended

FORMAT = 1  # of the trace, as in its file ``format``: a part of every digest
MATERIALIZERS: Mapping[str, Form] = MappingProxyType(
    {form.name: form for form in (openai.FORM, anthropic.FORM, text.TEXT, text.XML)}
)
Materializer = str | Callable[[Context], Any]

_STRIDE = 64  # parts between two hash states that are kept
_NAMED = 3  # faults named in a refusal


@dataclass(slots=True)
class _Kept:
    """What a renderer remembers of one materializer: the draft, and how far it was hashed.

    ``marks`` are (parts hashed, sha256 state) in order; the first stands for the header alone.
    ``version`` counts the changes, so that a digest read late adds no marks to another draft.
    """

    draft: Draft = field(default_factory=Draft)
    tools: Sequence[Mapping[str, Any]] | None = None
    marks: list[tuple[int, Any]] = field(default_factory=list)
    version: int = 0

    def follow(self, form: Form, context: Context, load: Callable[[Sequence[Item]], None]) -> None:
        """Bring the draft to ``context``, folding only what is not the same as before."""
        if self.tools is None or self.tools != context.tools:
            self.tools, self.marks = context.tools, [(0, _begun(form.name, context.tools))]
            self.version += 1
        kept = _common(self.draft.items, context.items)
        if kept == len(self.draft.items) == len(context.items):
            return
        start = self.draft.rewind(kept)
        while self.marks[-1][0] > len(self.draft.parts):
            self.marks.pop()
        load(context.items[start:])
        form.fold(context.items, start, self.draft)
        self.draft.items = context.items
        self.version += 1


class Renderer:
    """Renders the contexts of one open handle; one renderer may serve several threads.

    ``load`` is told which items are about to be read; ``count`` says what one of them counts, None when nobody knows.
    """

    def __init__(
        self,
        load: Callable[[Sequence[Item]], None] = lambda items: None,
        count: Callable[[Item], int | None] = lambda item: None,
    ) -> None:
        self._load = load
        self._count = count
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def render(
        self,
        context: Context,
        materializer: Materializer = "openai",
        *,
        repair: bool = False,
        conflicts: str | None = None,
    ) -> Prompt:
        """``context`` as ``openai``, ``anthropic``, ``text``, ``xml``, or whatever a callable makes of it.

        RefusedError when the provider would refuse the result; with ``repair`` the offending blocks
        and messages are left out instead, each named in ``warnings``. Conflicts that a merge put off
        are refused too, ``repair`` or not; ``conflicts`` says whose version to show, "ours" or "theirs".
        """
        if conflicts is not None or not isinstance(materializer, str):
            context = deferred.settled(context, conflicts)
        if not isinstance(materializer, str):
            if not callable(materializer):
                raise _unknown(materializer)
            return _called(context, materializer)
        form = _form(materializer)
        tools, formless = form.tools(context.tools)
        with self._lock:
            # Put back only when whole: an error in the middle leaves no half of a draft behind.
            kept = self._kept.pop(form.name, None) or _Kept()
            kept.follow(form, context, self._load)
            self._kept[form.name] = kept
            faults = (*formless, *(fault.text for fault in kept.draft.faults))
            if not faults:
                return self._prompt(form, context, kept, tools)
        if not repair:
            raise _refusal(form.name, faults)
        items, told = mended(form, context.items)
        whole = _Kept()
        context = replace(context, tokens=self._without(context, items))
        whole.follow(form, replace(context, items=items), self._load)
        return self._prompt(form, context, whole, tools, (*(f"left out: {line}" for line in formless), *told))

    def _without(self, context: Context, left: Sequence[Item]) -> TokenCount:
        """The size of a context of which only some items are left."""
        here = {item.id for item in left}
        gone = sum(self._count(item) or 0 for item in context.items if item.id not in here)
        return TokenCount(context.tokens - gone, exact=False, counter=context.tokens.counter)

    def _prompt(
        self, form: Form, context: Context, kept: _Kept, tools: list[Any], left_out: tuple[str, ...] = ()
    ) -> Prompt:
        parts, items = kept.draft.parts.copy(), kept.draft.items
        marks, version = kept.marks.copy(), kept.version

        def digest() -> str:
            hexdigest, reached = _digest(parts, marks)
            with self._lock:
                if kept.version == version:
                    kept.marks = reached
            return hexdigest

        tokens = context.tokens
        if left_out or (form is not openai.FORM and tokens.counter != "api"):
            tokens = TokenCount(tokens, exact=False, counter=tokens.counter)
        return Prompt(
            build=lambda: form.finish(parts, tools),
            spans=lambda: tuple(folded(form, items, spans=True).spans or ()),
            tokens=tokens,
            digest=digest,
            warnings=(*left_out, *(line for _, line in kept.draft.warnings)),
            commit=context.commit,
            items=context.items,
        )


def _common(old: tuple[Item, ...], new: tuple[Item, ...]) -> int:
    """How many leading items are equal; unchanged items are mostly the same objects, which compares fast."""
    low, high = 0, min(len(old), len(new))
    if old[:high] == new[:high]:
        return high
    while low < high - 1:
        middle = (low + high) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _begun(name: str, tools: Sequence[Mapping[str, Any]]) -> Any:
    """sha256 of what stands before the parts. Each value is self-delimiting, so nothing runs together."""
    state = sha256(encode_value([FORMAT, name, len(tools)]))
    for tool in tools:
        state.update(encode_value(fresh(tool)))
    return state


def _digest(parts: Sequence[Any], marks: list[tuple[int, Any]]) -> tuple[str, list[tuple[int, Any]]]:
    """The digest of ``parts``, hashed from the last mark on, and the marks with those passed on the way."""
    done, state = marks[-1]
    marks, state = marks.copy(), state.copy()
    for count in range(done, len(parts)):
        if count % _STRIDE == 0 and count > done:
            marks.append((count, state.copy()))
        state.update(encode_value(parts[count]))
    return str(state.hexdigest()), marks


def _called(context: Context, materializer: Callable[[Context], Any]) -> Prompt:
    """The prompt of a user's own materializer. Its output is kept apart from the copy that is handed out."""
    name = getattr(materializer, "__qualname__", type(materializer).__qualname__)
    try:
        output = materializer(context)
    except TraceError:
        raise
    except Exception as error:  # the caller's code may raise anything; it becomes ours, by name
        reason = str(error).partition("\n")[0]
        raise TraceError(
            f"materializer {name} failed: {type(error).__name__}: {reason}", hint="see the cause above, and mend it"
        ) from error
    try:
        state = _begun(f"callable:{name}", context.tools)
        state.update(encode_value(output))
    except InvalidInputError as error:
        raise InvalidInputError(
            f"materializer {name} returned what cannot be digested: {error}",
            field=error.field,
            hint="return text, numbers, true, false, null, lists and dicts only",
        ) from error
    kept = fresh(output)
    tokens = TokenCount(context.tokens, exact=False, counter=context.tokens.counter)
    return Prompt(
        build=lambda: kept,
        spans=tuple,
        tokens=tokens,
        digest=str(state.hexdigest()),
        commit=context.commit,
        items=context.items,
    )


def _form(name: str) -> Form:
    form = MATERIALIZERS.get(name)
    if form is not None:
        return form
    raise _unknown(name)


def _unknown(name: object) -> InvalidInputError:
    near = difflib.get_close_matches(name, MATERIALIZERS, n=1) if isinstance(name, str) else []
    hint = f"did you mean {near[0]}?" if near else f"use one of: {', '.join(MATERIALIZERS)}, or a callable"
    return InvalidInputError(f"unknown materializer {name!r}", field="materializer", hint=hint)


def _refusal(name: str, faults: Sequence[str]) -> RefusedError:
    more = f" (and {len(faults) - _NAMED} more)" if len(faults) > _NAMED else ""
    return RefusedError(
        f"{name} would refuse this context: {'; '.join(faults[:_NAMED])}{more}",
        hint="repair=True, on the command line --repair, leaves out what is named",
    )
