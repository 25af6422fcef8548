"""A user's callable as somebody to ask: called in the caller's thread, and waited for when it is ``async``.

Nothing is tried again here: a callable knows best what its errors mean, and whether it has tried already.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Awaitable
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import LLMError
from .reply import LATE_HINT, LLM, Failure, Messages, Reply, Unusable, one_line, read
from .secrets import masked

if TYPE_CHECKING:
    import asyncio

_GRACE = 1.0  # seconds for a cancelled coroutine to end
_HINT = "llm= takes a callable of a list of messages that returns the text of the answer, or a Reply"


class Function:
    """``name`` is what the callable is called in its module."""

    def __init__(self, function: LLM) -> None:
        self._function = function
        name = getattr(function, "__qualname__", None)
        self.name = one_line(name if isinstance(name, str) else type(function).__name__, most=80)

    def ready(self) -> None:
        """A callable is always ready."""

    def attempt(self, messages: Messages, *, seconds: float, limit: int) -> Reply | Failure:
        try:
            answer: object = self._function(copy.deepcopy(messages))
            if isinstance(answer, Awaitable):
                answer = finished(answer, seconds)
        except LLMError:
            raise
        except Exception as error:  # whatever a stranger's code raises; an interrupt is no Exception
            said = one_line(masked(str(error)))
            what = f"raised {type(error).__name__}" + (f": {said}" if said else "")
            return Failure(what, hint="see the error it raised; another model or callable may do", cause=error)
        if answer is _LATE:
            return Failure(f"did not answer within {seconds:.0f} s", hint=LATE_HINT)
        try:
            return read(answer, limit=limit)
        except Unusable as error:
            return Failure(error.reason, hint=_HINT)


_LATE = object()


def finished(answer: Awaitable[Any], seconds: float | None = None) -> object:
    """What an awaitable comes to, or ``_LATE``; what it raises is raised here. Without ``seconds`` it has all time."""
    import asyncio

    future = asyncio.run_coroutine_threadsafe(_outcome(answer, seconds), _loop(os.getpid()))
    try:
        value, error = future.result(seconds + 2 * _GRACE if seconds is not None else None)
    except TimeoutError:
        _loop.cache_clear()  # it blocks the loop, and with it whoever is asked next
        return _LATE
    except BaseException:
        future.cancel()
        raise
    if error is not None:
        raise error
    return value


async def _outcome(answer: Awaitable[Any], seconds: float | None) -> tuple[object, BaseException | None]:
    import asyncio

    task = asyncio.ensure_future(_caught(answer))
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done:
        return task.result()
    task.cancel()
    await asyncio.wait({task}, timeout=_GRACE)
    return _LATE, None


async def _caught(answer: Awaitable[Any]) -> tuple[object, BaseException | None]:
    """Its value or its error. An interrupt that is raised in a loop ends the loop, and nobody hears of it."""
    try:
        return await answer, None
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        return None, error


@cache
def _loop(process: int) -> asyncio.AbstractEventLoop:
    """The event loop of this process in which all coroutines run, in a thread of its own.

    One for all, since a client that is used twice keeps connections of the loop it was first used in; in a thread,
    since the caller's may have a loop running. After a fork the thread is gone, hence one for each process.
    """
    import asyncio
    import threading

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="trace-git-llm-loop", daemon=True).start()
    return loop
