"""Asking: one question, one deadline, one answer that can be used, or an ``LLMError``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from ..errors import InvalidInputError, LLMError
from .callables import Function
from .choice import MODEL_VARIABLE
from .door import Model
from .reply import DEADLINE, LIMIT, LLM, Failure, Messages, Reply, Source, Unusable, one_line, together
from .retries import Timing, persist
from .structured import demanding, extract, repairing

_T = TypeVar("_T")


class Asker:
    """Somebody to ask: a callable, or a model by name. Holds no conversation: each question stands alone.

    ``notice`` is called with the name before each question, since an answer may take minutes.
    """

    def __init__(
        self, source: Source, *, timing: Timing | None = None, notice: Callable[[str], None] | None = None
    ) -> None:
        self._source = source
        self._timing = timing or Timing()
        self._notice = notice

    @property
    def name(self) -> str:
        """The model's name, or what the callable is called."""
        return self._source.name

    def ask(self, messages: Messages, *, deadline: float = DEADLINE, limit: int = LIMIT) -> Reply:
        """The answer to ``messages``, in OpenAI's chat form.

        ``deadline`` is in seconds, for all attempts together; a callable that is not ``async`` cannot be stopped, so
        for it the time is looked at before it is called. ``limit`` is in characters of the answer.
        """
        return self._ask(messages, self._until(deadline), limit)

    def structured(self, messages: Messages, check: Callable[[dict[str, Any]], _T], *, deadline: float = DEADLINE,
                   limit: int = LIMIT) -> tuple[_T, Reply]:  # fmt: skip
        """The answer as ``check`` reads it, and the reply it was in.

        Asks for one JSON object and gives it to ``check``, which returns what it means or raises ``Unusable``. Then the
        model is told what was wrong and asked once more; its second answer counts, or LLMError. The usage and cost of
        the reply are those of both answers together.
        """
        until = self._until(deadline)
        asked = demanding(messages)
        first = self._ask(asked, until, limit)
        try:
            return check(extract(first.text)), first
        except Unusable as error:
            again = repairing(asked, first.text, error.reason)
        second = self._ask(again, until, limit)
        try:
            return check(extract(second.text)), together(first, second)
        except Unusable as error:
            raise LLMError(
                f"{self.name} gave no usable answer, asked twice: {one_line(error.reason)}",
                hint="try another model, or decide without one",
            ) from None

    def _until(self, deadline: float) -> float:
        if self._notice is not None:
            self._notice(self.name)
        self._source.ready()
        return self._timing.clock() + deadline

    def _ask(self, messages: Messages, until: float, limit: int) -> Reply:
        def attempt(seconds: float) -> Reply | Failure:
            return self._source.attempt(messages, seconds=seconds, limit=limit)

        return persist(attempt, name=self.name, until=until, timing=self._timing)

    def __repr__(self) -> str:
        return f"Asker({self.name!r})"


Given: TypeAlias = LLM | str | bool | Asker | None


def resolve(given: Given, *, default: LLM | str | Asker | None = None, timing: Timing | None = None,
            notice: Callable[[str], None] | None = None) -> Asker | None:  # fmt: skip
    """Whom ``llm=`` means; None when nobody is to be asked.

    given            who is asked
    None, False      nobody: a model is asked only where a call says so
    True             ``default``; LLMError when there is none
    a str            the model that litellm knows by this name
    a callable       it
    """
    if given is True:
        if default is None:
            raise LLMError(
                "no model is chosen",
                hint=f"pass llm= (--llm) a model's name or a callable, set {MODEL_VARIABLE}, "
                "or run `trace config --global model NAME`",
            )
        given = default
    if given is None or given is False:
        return None
    if isinstance(given, Asker):
        return given
    if isinstance(given, str) and given.strip() == given and given.isprintable() and given:
        return Asker(Model(given), timing=timing, notice=notice)
    if callable(given):
        return Asker(Function(given), timing=timing, notice=notice)
    raise InvalidInputError(
        f"llm={one_line(repr(given), most=80)} is nobody to ask",
        field="llm",
        hint='give a model\'s name as "gpt-4o", or a callable of a list of messages',
    )
