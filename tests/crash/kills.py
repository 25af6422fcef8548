"""Killing a run at each of its changing file-system calls, one after the other, and looking at what is left."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from trace_git.errors import TraceError

from . import children
from .children import Send
from .faults import Call, Kill, Note, Watch

Run = Callable[[Path, Send], object]
"""Works in the folder and sends, after each step that the user was told is done, "ack", or "soft" when it is promised
to survive a kill, but a power loss only once a later step has been acknowledged."""
Check = Callable[[Path, int], None]
"""Raises when the folder, of which so many steps were acknowledged, is not as it must be."""

EXPECTED = (AssertionError, TraceError, OSError, ValueError, LookupError, TypeError, AttributeError)
_CHANGING = re.compile(r"tmp-[\w.-]+|[0-9a-f]{7,40}|\d+")  # what differs between faults of one kind


def copy(source: Path, target: Path) -> None:
    """Copy a folder with times, modes and hard links as they are."""
    links: dict[tuple[int, int], str] = {}
    shutil.copytree(source, target, symlinks=True, copy_function=lambda a, b: _copy_file(str(a), str(b), links))


def _copy_file(source: str, target: str, links: dict[tuple[int, int], str]) -> None:
    info = os.lstat(source)
    if info.st_nlink > 1:
        first = links.setdefault((info.st_dev, info.st_ino), target)
        if first != target:
            os.link(first, target)
            return
    if stat.S_ISREG(info.st_mode):
        shutil.copy2(source, target)


def calls_of(base: Path, work: Path, run: Run) -> list[Call]:
    """The changing calls that an undisturbed run makes."""
    copy(base, work)

    def body(send: Send) -> None:
        note = Note()
        with Watch(work, note):
            run(work, lambda message: None)
        send([Call(call.name, call.paths, (), call.size) for call in note.calls])

    found: list[Call] = children.run(body).messages[-1]
    shutil.rmtree(work)
    return found


def everywhere(base: Path, work: Path, run: Run, check: Check, *, halves: bool = True) -> int:
    """Kill ``run`` on a copy of ``base`` before each changing call, and amid each write; the number of kills.

    AssertionError lists the points after which ``check`` was not content, with the call and its error.
    """
    calls = calls_of(base, work, run)
    failures: list[tuple[str, str]] = []
    kills, number = 0, 0
    while number <= len(calls) * 2:  # the numbers of a run with a timer vary a little: go on until one ends by itself
        number += 1
        call = calls[number - 1] if number <= len(calls) else None
        if halves and call is not None and call.size > 1 and call.name in ("write", "pwrite"):
            kills += _once(base, work, run, check, Kill(number, half=True), f"amid {number} {call}", failures)
        killed = _once(base, work, run, check, Kill(number), f"before {number} {call}", failures)
        kills += killed
        if not killed and number > len(calls):
            break
    if failures:
        raise AssertionError(f"{len(failures)} of {kills} kills left a fault:\n{by_kind(failures)}")
    return kills


def by_kind(failures: list[tuple[str, str]]) -> str:
    """(where, what) pairs as one line for each kind of fault: how often, and the first place."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for where, what in failures:
        kinds.setdefault(_CHANGING.sub("#", what), []).append((where, what))
    return "\n".join(f"{len(found)} × {found[0][1]}\n    first {found[0][0]}" for found in kinds.values())


def kill(base: Path, work: Path, run: Run, plan: Kill) -> tuple[bool, int]:
    """Run a copy of ``base`` in ``work`` with ``plan``: (whether it was killed, acknowledged steps)."""
    copy(base, work)

    def body(send: Send) -> None:
        with Watch(work, plan):
            run(work, send)

    child = children.run(body)
    return child.killed, len(child.messages)


def _once(
    base: Path, work: Path, run: Run, check: Check, plan: Kill, what: str, failures: list[tuple[str, str]]
) -> bool:
    killed, acked = kill(base, work, run, plan)
    try:
        check(work, acked)
    except EXPECTED as error:
        failures.append((f"killed {what}, {acked} acknowledged", f"{type(error).__name__}: {error}"))
    finally:
        shutil.rmtree(work)
    return killed
