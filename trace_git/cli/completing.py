"""What may come next on a command line: the answers that ``trace completion`` gives to a shell.

It reads the same table of commands and options that runs them, so there is no second list to keep. What an argument
may be is told from its name. Where nothing is known the answer is empty, and the shell offers files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

import click

from ..errors import TraceError
from ..ops.config import KEYS
from ..repo import Repo
from . import conflicts, merging, messages, screen, shapes
from .app import app
from .shells import SCRIPTS

_MOST = 200  # items that are offered: the newest
_ROOM = 50  # columns of what stands beside it


class _Place(NamedTuple):
    """Where the words before the cursor lead: a command, how many arguments it has, an option that wants a value."""

    command: click.Command
    given: int = 0
    wanting: click.Option | None = None
    literal: bool = False


def candidates(words: Sequence[str]) -> list[str]:
    """Each a word that may stand for the last of ``words``, or the word, a tab, and what it is."""
    *before, begun = words or ("",)
    context = click.Context(app, info_name="trace", resilient_parsing=True, **app.context_settings)
    with suppress(TraceError, OSError):
        place = _walk(context, before)
        found = _next(context, place, begun) if place else ()
        return [line for line in found if line.startswith(begun) and line.replace("\t", "", 1).isprintable()]
    return []


def _walk(context: click.Context, words: Iterable[str]) -> _Place | None:
    place = _Place(app)
    for word in words:
        if place.wanting is not None:
            if place.wanting.name == "folders":
                os.chdir(word)
            place = place._replace(wanting=None)
        elif word == "--" and not place.literal:
            place = place._replace(literal=True)
        elif word.startswith("-") and word != "-" and not place.literal:
            place = place._replace(wanting=_wanting(place.command, word))
        elif isinstance(place.command, click.Group):
            command = place.command.get_command(context, word)
            if command is None:
                return None
            place = _Place(command)
        else:
            place = place._replace(given=place.given + 1)
    return place


def _wanting(command: click.Command, word: str) -> click.Option | None:
    """The option ``word``, when its value is the next word."""
    options = (one for one in command.params if isinstance(one, click.Option) and not one.is_flag)
    return next((one for one in options if word in one.opts), None)


def _next(context: click.Context, place: _Place, begun: str) -> Iterable[str]:
    command = place.command
    if place.wanting is not None:
        return _choices(place.wanting)
    if begun.startswith("-") and not place.literal:
        return _options(context, command)
    if isinstance(command, click.Group):
        return _commands(context, command)
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    if not arguments or (place.given >= len(arguments) and arguments[-1].nargs != -1):
        return ()
    argument = arguments[min(place.given, len(arguments) - 1)]
    kind = KINDS.get(argument.name or "")
    return kind(begun) if kind else _choices(argument)


def _choices(parameter: click.Parameter) -> Sequence[str]:
    if parameter.name == "agent":
        return _agents("")
    return [str(one) for one in parameter.type.choices] if isinstance(parameter.type, click.Choice) else ()


def _options(context: click.Context, command: click.Command) -> Iterator[str]:
    for one in command.get_params(context):
        if isinstance(one, click.Option) and not one.hidden:
            for name in (*one.opts, *one.secondary_opts):
                yield f"{name}\t{one.help or ''}".rstrip()


def _commands(context: click.Context, group: click.Group) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield f"{name}\t{command.get_short_help_str(_ROOM)}"


# -- what is in the trace ------------------------------------------------------------------


def _opened() -> Repo:
    where = os.environ.get("TRACE_GIT_DIR") or Repo.find()
    return Repo.open(where, create=False, agent=os.environ.get("TRACE_GIT_AGENT") or None, tokenizer=None)


def _branches(_: str) -> list[str]:
    with _opened() as repo:
        return [one.name for one in repo.branches()]


def _tags(_: str) -> list[str]:
    with _opened() as repo:
        return [one.name for one in repo.tags()]


def _agents(_: str) -> list[str]:
    with _opened() as repo:
        return list(repo.agent_tips())


def _keys(_: str) -> Sequence[str]:
    return KEYS


def _revisions(begun: str) -> Iterator[str]:
    """Branches, tags and HEAD; behind ``A..`` as well."""
    start, dots, _ = begun.rpartition("..")
    agents = (f"agents/{name}" for name in _agents(begun)) if begun[len(start + dots) :].startswith("ag") else ()
    return (start + dots + name for name in chain(["HEAD"], _branches(begun), _tags(begun), agents))


def _shown(begun: str) -> Iterator[str]:
    """What ``show`` takes: revisions, and items once a few digits tell which."""
    return chain(_revisions(begun), _items(begun) if begun else ())


def _pinned(begun: str) -> list[str]:
    return _items(begun, pinned=True)


def _shells(_: str) -> Iterable[str]:
    return SCRIPTS


def _items(begun: str, *, pinned: bool = False) -> list[str]:
    """Beginnings of item ids that mean one item, newest first, with what it says beside each."""
    with _opened() as repo:
        items = repo.context().items
        short = shapes.short_ids(items)
        found = [one for one in reversed(items) if one.id.startswith(begun) and (one.pinned or not pinned)]
        found = found[:_MOST]
        names = [short[one.id] if short[one.id].startswith(begun) else one.id for one in found]
        said = [screen.cut(f"{one.role}: {messages.words(one.message)}", _ROOM) for one in found]
        return [f"{name}\t{text}" for name, text in zip(names, said, strict=True)]


def _conflicts(_: str) -> list[str]:
    """The conflicts of the open merge that are left, and the items that hold one that was put off."""
    with _opened() as repo:
        begun = merging.under_way(repo).here()
        found = merging.under_way(repo).conflicts() if begun is not None else ()
        left = [(one.id, one) for one in found if begun is not None and one.id not in begun.answers]
        put_off = [(one.items[0], one) for one in repo.conflicts()]
        return [f"{name[:8]}\t{conflicts.about(one)}: {one.text}" for name, one in [*left, *put_off]]


def _compresses(_: str) -> list[str]:
    with _opened() as repo:
        return [f"{one.id[:8]}\t{len(one.items)} items" for one in repo.compressions()]


KINDS: Mapping[str, Callable[[str], Iterable[str]]] = {
    "rev": _revisions,
    "revs": _revisions,
    "upstream": _revisions,
    "item": _items,
    "items": _items,
    "order": _items,
    "pinned": _pinned,
    "shown": _shown,
    "words": _shells,
    "agent": _agents,
    "branch": _branches,
    "conflict": _conflicts,
    "key": _keys,
    "tag": _tags,
    "ranges": _shown,
    "compress": _compresses,
}  # name of an argument → what it may be
