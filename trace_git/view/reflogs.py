"""What ``name@{2}`` and ``name@{yesterday}`` mean: git's rules for reading a reflog as the history of one ref."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import dropwhile, islice

from ..errors import InvalidInputError, NotFoundError
from ..store.reflog import Line
from . import names, times
from .handle import Handle

_TIME_FROM = 100_000_000  # a number from here on is seconds since 1970, below it counts moves
_NUMBER = re.compile(r"[0-9]+\Z")


def at(handle: Handle, name: str, place: str) -> str:
    """The commit that ``name@{place}`` means: ``place`` is a number of moves ago, or a time.

    NotFoundError when the log does not know; before its oldest entry the oldest value is the answer, with a warning.
    """
    shown = names.shown(f"{name}@{{{place}}}")
    if place.lower() in ("u", "upstream", "push"):
        raise NotFoundError(f"{shown}: no upstream is configured", hint="name the branch itself, as in origin/main")
    if re.match(r"-[0-9]+\Z", place):
        raise InvalidInputError(f"{shown}: moves are counted from 0 upwards", field="rev", hint="@{1} is one move ago")
    number = int(place.lstrip("0")[:10] or 0) if _NUMBER.match(place) else _TIME_FROM
    moment = times.when(place, handle.store.now()) if number >= _TIME_FROM else None
    ref, now = _logged(handle, name, shown)
    value = _moves_ago(handle, ref, number, now, shown) if moment is None else _at(handle, ref, moment, now, shown)
    if handle.store.kind(value) is None:
        raise NotFoundError(f"{shown} was {value[:8]}, which is gone", hint="it was reachable no more, and pruned")
    return names.commit_at(handle, shown, handle.store.peel(value))


def _logged(handle: Handle, name: str, shown: str) -> tuple[str, str]:
    """The ref whose log is meant, and the commit it is at. No name means the handle's branch; HEAD where it stands."""
    if name in ("", "HEAD", "@"):
        head, branch = handle.head_ref, handle.branch
        if handle.ref(head) == handle.place:
            return (head if name or branch is None else branch), names.head(handle)
        if branch is None:
            raise NotFoundError(f"{shown}: this look at a commit has no log", hint="name a branch, as in main@{1}")
        return branch, names.head(handle)  # HEAD's log is about another branch than the handle's
    found = {ref: value for ref in names.refs_of(handle, name) if (value := handle.ref_commit(ref)) is not None}
    if not found:
        raise names.unknown(handle, name)
    ref = next((ref for ref in found if next(_lines(handle, ref, found[ref]), None)), next(iter(found)))
    return ref, found[ref]


def _lines(handle: Handle, ref: str, now: str) -> Iterator[Line]:
    """The log of a ref that is at ``now``; on a look back without what came after that moment."""
    lines = handle.store.reflog(ref)
    return lines if handle.past is None else dropwhile(lambda line: line.new != now, lines)


def _moves_ago(handle: Handle, ref: str, number: int, now: str, shown: str) -> str:
    lines = list(islice(_lines(handle, ref, now), number + 1))
    if not lines:
        raise _no_log(shown)
    if number == 0:
        return now
    found = lines[number].new if number < len(lines) else lines[-1].old if number == len(lines) else None
    if found is None:
        entries = "one entry" if len(lines) == 1 else f"{len(lines)} entries"
        raise NotFoundError(f"{shown}: its log has {entries}", hint=f"the oldest is @{{{len(lines) - 1}}}")
    return found


def _at(handle: Handle, ref: str, moment: int, now: str, shown: str) -> str:
    line = None
    for index, line in enumerate(_lines(handle, ref, now)):
        if line.time <= moment:
            return now if index == 0 else _existing(line.new, shown)
    if line is None:
        raise _no_log(shown)
    warning = f"{shown}: its log only goes back to {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(line.time))}"
    if warning not in handle.store.warnings:
        handle.store.warnings.append(warning)
    return _existing(line.old or line.new, shown)


def _existing(value: str | None, shown: str) -> str:
    if value is None:
        raise NotFoundError(f"{shown}: it did not exist then", hint="name a later time")
    return value


def _no_log(shown: str) -> NotFoundError:
    return NotFoundError(f"{shown}: there is no log of where it was", hint="`trace op log` tells what moved when")
