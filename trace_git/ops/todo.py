"""The list of a rebase: which commits are done again, in which order, and how. Steps, and as text for an editor.

    pick      do it again
    drop      leave it out, as does deleting its line
    edit      do it again, then stop: what is changed there goes on under the commits that follow
    squash    do it again and make one commit of it and the one above
    move      as pick: where a line stands is where its commit goes

Reading knows nothing of what the commits did; that is for ``replay``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..errors import InvalidInputError, StateError, TraceError
from ..model import Commit
from ..safe import safe_text

ACTIONS = ("pick", "drop", "edit", "squash")
_WORDS = {name: name for name in ACTIONS} | {name[0]: name for name in ACTIONS} | {"move": "pick", "m": "pick"}
_HELP = """
# Rebase of {branch} onto {onto}: {count}, the first one on top.
#
# p, pick COMMIT    do it again
# d, drop COMMIT    leave it out; deleting the line does the same
# e, edit COMMIT    do it again, then stop, so that you may change something
# s, squash COMMIT  make one commit of it and the one above
#
# Move a line to move its commit. What follows the id is not read.
# To give up, delete every line.
"""


class Step(NamedTuple):
    """What is done with a commit: an action, and the commit's id. "merge" makes a merge again, and is not for lists."""

    action: str
    commit: str


def text(commits: Sequence[Commit], *, branch: str, onto: str) -> str:
    """The list of commits, oldest first, to be edited."""
    lines = [f"pick {one.short_id} {safe_text(one.subject)}" for one in commits]
    count = f"{len(commits)} commit{'' if len(commits) == 1 else 's'}"
    said = _HELP.format(branch=safe_text(branch), onto=safe_text(onto), count=count)
    return "\n".join([*lines, said.rstrip("\n")])


def unstopped(given: str) -> str:
    """The list with every edit as a pick: what comes of it when nobody changes anything where it stops."""
    return re.sub(r"^([ \t]*)(?:edit|e)(?=[ \t])", r"\1pick", given, flags=re.MULTILINE)


def parse(given: str, resolve: Callable[[str], str]) -> tuple[Step, ...]:
    """The steps that a text says; ``resolve`` gives a commit's id.

    InvalidInputError naming the line. StateError for a text without lines: that gives up.
    """
    steps: list[Step] = []
    for number, line in _lines(given):
        word, _, rest = line.partition(" ")
        name = rest.split()[0] if rest.split() else ""
        where = f"line {number} of the list"
        if word not in _WORDS:
            raise InvalidInputError(f"{where}: {safe_text(word)[:30]!r} is no command", field="todo",
                                    hint=f"one of: {', '.join(sorted({*ACTIONS, 'move'}))}")  # fmt: skip
        if not name:
            raise InvalidInputError(f"{where}: {word} names no commit", field="todo", hint=f"{word} COMMIT")
        try:
            step = Step(_WORDS[word], resolve(name))
        except TraceError as error:
            raise InvalidInputError(f"{where}: {error}", field="todo", hint=error.hint) from error
        _check(steps, step, where)
        steps.append(step)
    if not steps:
        raise StateError("the list has no lines", hint="nothing changed")
    return tuple(steps)


def steps(given: Sequence[tuple[str, str | Commit]], resolve: Callable[[str | Commit], str]) -> tuple[Step, ...]:
    """The steps that a program gives: pairs of an action and a revision."""
    if not isinstance(given, list | tuple):
        raise InvalidInputError(f"{given!r} is no list of steps", field="todo", hint="pairs of an action and a commit")
    if not given:
        raise StateError("the list has no steps", hint="to leave every commit out, reset; nothing changed")
    found: list[Step] = []
    for number, pair in enumerate(given, 1):
        where = f"step {number} of the list"
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise InvalidInputError(f"{where} is no pair of an action and a commit", field="todo")
        if pair[0] not in _WORDS:
            raise InvalidInputError(f"{where}: {pair[0]!r} is no action", field="todo", hint=", ".join(ACTIONS))
        step = Step(_WORDS[pair[0]], resolve(pair[1]))
        _check(found, step, where)
        found.append(step)
    return tuple(found)


def _check(before: Sequence[Step], step: Step, where: str) -> None:
    if any(one.commit == step.commit for one in before):
        raise InvalidInputError(f"{where}: {step.commit[:8]} is in the list already", field="todo")
    if step.action == "squash" and all(one.action == "drop" for one in before):
        raise InvalidInputError(
            f"{where}: there is no commit above to squash into", field="todo", hint="pick one first"
        )


def _lines(given: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(given.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def shape(some: Sequence[Step]) -> list[list[str]]:
    """Steps as JSON."""
    return [[one.action, one.commit] for one in some]


def from_shape(given: Sequence[Sequence[str]]) -> tuple[Step, ...]:
    """ValueError for what ``shape`` did not give."""
    found = tuple([Step(*map(str, one)) for one in given])
    if any(one.action not in (*ACTIONS, "merge") or len(one.commit) != 40 for one in found):
        raise ValueError("a step is none")
    return found
