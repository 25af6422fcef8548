"""The resolver chain: who answers a conflict. Resolutions by id, then the strategy, then the caller's function; last a
model, which is asked in ``mediation``.

What an answer may be is in ``conflicts.OFFERED``; one that is not offered is refused, whoever gave it. A strategy and a
function may not give up a pin: only a resolution that was given by id does.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from ..conflicts import TOOLS, Conflict, Resolution
from ..errors import InvalidInputError, NotFoundError, TraceError
from ..llm import callables
from ..model import Item

Resolver = Callable[[Conflict], Resolution | Awaitable[Resolution | None] | None]


def answered(
    conflicts: Sequence[Conflict],
    given: Mapping[str, Resolution],
    strategy: str | None,
    resolver: Resolver | None,
) -> dict[str, Resolution]:
    """Conflict id → answer, for every conflict that somebody answers."""
    answers: dict[str, Resolution] = {}
    for conflict in conflicts:
        answer = given.get(conflict.id)
        if answer is None and strategy is not None:
            answer = by_strategy(conflict, strategy)
        if answer is None and resolver is not None:
            answer = _asked(resolver, conflict)
        if answer is not None:
            answers[conflict.id] = checked(conflict, answer)
    return answers


def check_known(conflicts: Sequence[Conflict], given: Mapping[str, Resolution]) -> None:
    """NotFoundError for a resolution of a conflict that there is not."""
    known = {one.id for one in conflicts}
    for name in given:
        if name not in known:
            raise NotFoundError(f"no conflict {name!r} in this merge", hint="a dry run lists the conflicts")


def checked(conflict: Conflict, answer: Resolution) -> Resolution:
    """``answer``, if the conflict takes it."""
    if not isinstance(answer, Resolution):
        raise InvalidInputError(
            f"conflict {conflict.id}: {type(answer).__name__} is no Resolution", field="resolution",
            hint=f"give Resolution(action), with one of: {', '.join(conflict.actions)}",
        )  # fmt: skip
    if answer.action not in conflict.actions:
        raise InvalidInputError(
            f"conflict {conflict.id} ({conflict.kind}) does not take {answer.action!r}",
            field="action",
            hint=f"one of: {', '.join(conflict.actions)}",
        )
    if answer.action == "replace" and answer.content is None:
        raise InvalidInputError(
            f"conflict {conflict.id}: replace needs content", field="content", hint="give Resolution('replace', text)"
        )
    return answer


def by_strategy(conflict: Conflict, strategy: str) -> Resolution | None:
    """What ``-X`` says: a side, or both; where that is not offered, the side that took nothing away, ours before
    theirs. A pin wins over either side.

    None when nothing that it could say keeps every pin.
    """
    sides = {"ours": conflict.ours, "theirs": conflict.theirs}
    live = sorted((side for side, items in sides.items() if items), key=lambda side: _shortened(sides[side]))
    wishes = ("both", *live, *conflict.aside) if strategy == "union" else (strategy,)
    for action in (*wishes, "ours", "theirs", "both"):
        answer = Resolution(action, reason=f"-X {strategy}")
        if action in conflict.actions and not gives_up_pin(conflict, answer):
            return answer
    return None


def _shortened(items: Sequence[Item]) -> bool:
    """Whether one of them is a version that was masked or trimmed."""
    return any("how" in (one.message.provenance or {}) for one in items)


def gives_up_pin(conflict: Conflict, answer: Resolution) -> bool:
    """Whether a pinned version would go, change, or stand there without its pin."""
    if conflict.kind == "order" or conflict.items == (TOOLS,):
        return False
    forced = {item.id for item in conflict.base if item.pinned}  # what was pinned before was edited with intent
    ours, theirs = ({item.id: "" if item.id in forced else item.blob for item in side if item.pinned}
                    for side in (conflict.ours, conflict.theirs))  # fmt: skip
    semantic = conflict.kind == "semantic"
    lost: dict[str, Collection[object]] = {
        "ours": theirs.items() - ours.items(),
        "theirs": ours.items() - theirs.items(),
        "both": () if semantic else theirs.keys() - ours.keys(),
        "defer": ours | theirs if semantic else (),
    }
    return bool(lost.get(answer.action, ours | theirs))


def advice(conflicts: Sequence[Conflict]) -> str:
    """Who may settle what is left; a hint."""
    pinned = [one.id for one in conflicts if any(item.pinned for item in (*one.ours, *one.theirs))]
    but = f"; no strategy gives up a pin, as in conflict {pinned[0]}" if pinned else ""
    return f"again with resolutions=, a resolver or a strategy (-X ours, …){but}"


def _asked(resolver: Resolver, conflict: Conflict) -> Resolution | None:
    try:
        answer: Any = resolver(conflict)
        if inspect.isawaitable(answer):
            answer = callables.finished(answer)
    except TraceError:
        raise
    except Exception as error:  # a user's code may raise anything; what leaves here is ours
        raise InvalidInputError(
            f"the resolver failed on conflict {conflict.id}: {type(error).__name__}: {error}", field="resolver"
        ) from error
    return answer  # type: ignore[no-any-return]
