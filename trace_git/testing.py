"""Fakes for tests of programs that use trace-git: public, and made of functions of yours."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from .llm import Reply

_Answer = str | Reply | BaseException


class FakeLLM:
    """An ``llm=`` that answers with what a function says: a text, a ``Reply``, or an exception, which is raised.

    ``calls`` are the questions it was asked, each a list of messages. The function may be ``async``.
    """

    def __init__(self, function: Callable[[list[dict[str, Any]]], _Answer | Awaitable[_Answer]]) -> None:
        self._function = function
        self.calls: list[list[dict[str, Any]]] = []

    @classmethod
    def answers(cls, answers: Iterable[_Answer]) -> FakeLLM:
        """One that gives these answers, one a question; a question too many raises IndexError."""
        left = list(answers)
        number = len(left)

        def answer(messages: list[dict[str, Any]]) -> _Answer:
            if not left:
                raise IndexError(f"FakeLLM has {number} answers and is asked once more")
            return left.pop(0)

        return cls(answer)

    def __call__(self, messages: list[dict[str, Any]]) -> Any:
        self.calls.append(copy.deepcopy(messages))
        answer = self._function(messages)
        return _later(answer) if isinstance(answer, Awaitable) else _given(answer)


async def _later(answer: Awaitable[_Answer]) -> str | Reply:
    return _given(await answer)


def _given(answer: _Answer) -> str | Reply:
    if isinstance(answer, BaseException):
        raise answer
    return answer
