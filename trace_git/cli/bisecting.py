"""A bisect on the command line: a program that checks a context, and what is said of where it stands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import click

from .. import view
from ..errors import NotFoundError, RefusedError, StateError
from ..model import Context
from ..repo import Repo
from . import changes, exits, messages, screen

_SKIP, _BAD = 125, range(1, 128)  # exit codes of a check, as for git
_NOT_RUN = (126, 127)  # what a shell says of a program that cannot be run, or is not there


def _check_there(program: str) -> None:
    """A program that is not there would call everything bad."""
    plain = all(char.isalnum() or char in "._-/+" for char in program)
    builtin = subprocess.run(["sh", "-c", 'command -v "$1"', "sh", program], capture_output=True, check=False)
    if plain and builtin.returncode and shutil.which(program) is None:
        raise NotFoundError(f"no program {program!r}", hint="CMD is a command with its arguments, or a line for sh")


def run(repo: Repo, words: Sequence[str]) -> None:
    """Let the program ``words`` say of each context that is asked about whether it is good, bad or to be skipped.

    As git does it: one that begins with an exit code that a shell gives for what cannot be run is tried at a good
    commit too, for it would call everything bad.
    """
    _check_there(words[0])
    first = True
    while (asked := repo.open_bisect.asked()) is not None:
        suspect, context = asked
        code = _code(words, f"of {suspect[:8]}", context)
        if first and code in _NOT_RUN and code == _code(words, "of a good commit", repo.open_bisect.good()):
            raise StateError(
                f"the check ends with exit code {code} at a good commit too",
                hint="that is what a shell says when a program cannot be run: see that CMD can be",
            )
        first = False
        repo.open_bisect.tell("skip" if code == _SKIP else "bad" if code else "good", [suspect])


def _code(words: Sequence[str], whose: str, context: Context) -> int:
    """The exit code of the program for a context: 0, or one that says bad or skip."""
    try:
        text = materialized(context)
    except RefusedError as error:
        screen.note(f"skipped: the check {whose}: {error}", "yellow")
        return _SKIP
    code = _run(words, text)
    if code and code not in _BAD:
        raise StateError(
            f"the check {whose} ended with {f'exit code {code}' if code > 0 else f'signal {-code}'}",
            hint="0 is good, 125 skips, 1 to 127 is bad; what was told so far is kept",
        )
    return code


def materialized(context: Context) -> str:
    """A context as a program gets it: as `trace materialize` prints it."""
    prompt = view.materialize.Renderer().render(context, repair=True)
    return json.dumps(prompt.output, ensure_ascii=False, indent=2) + "\n"


def _run(words: Sequence[str], text: str) -> int:
    """As git does it: a shell sees the first word, so that it may be a line; the rest are its arguments."""
    if not any("{}" in word for word in words):
        return _shell(words, text.encode())
    with tempfile.TemporaryDirectory(prefix="trace-") as folder:
        path = os.path.join(folder, "context.json")
        with open(path, "wb") as file:
            file.write(text.encode())
        return _shell([word.replace("{}", path) for word in words], b"")


def _shell(words: Sequence[str], text: bytes) -> int:
    command = ["sh", "-c", f'{words[0]} "$@"', *words]
    return subprocess.run(command, input=text, stdout=_stderr(), check=False).returncode


def _stderr() -> int:
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or an object of a test
        return subprocess.DEVNULL


def shape(repo: Repo) -> dict[str, Any]:
    """The open bisect as JSON."""
    begun = repo.open_bisect.read()
    assert begun is not None
    made: dict[str, Any] = {"bad": begun.bad, "good": list(begun.good), "items": begun.items,
                             "answers": [list(one) for one in begun.answers], "next": None, "left": None,
                             "found": [], "done": False}  # fmt: skip
    if begun.ready:
        suspects = repo.open_bisect.suspects(begun)
        found = list(suspects.search.found)
        made.update(next=suspects.search.next, left=len(suspects.search.left), found=found, done=bool(found))
    return made


def tell(repo: Repo, *, as_json: bool) -> None:
    """What is asked about now, or what was found. Exit code 1 where skipped ones make it impossible to say."""
    made = shape(repo)
    if as_json:
        screen.emit(bisect=made)
    elif made["left"] is None:
        needed = [name for name in ("bad", "good") if not made[name]]
        screen.note(f"waiting for a {' and a '.join(needed)} commit: trace bisect {needed[0]} REV")
    elif made["done"]:
        screen.show(_found(repo, made["found"], items=made["items"]))
        changes.aside("HEAD goes back with: trace bisect reset")
    else:
        _asks(repo, made)
    if len(made["found"]) > 1:
        click.get_current_context().exit(exits.NO)


def _found(repo: Repo, found: list[str], *, items: bool) -> list[str]:
    what = "item" if items else "commit"
    lines = [_line(repo, one, items=items) for one in found]
    if len(lines) == 1:
        return [f"{lines[0]}\nis the first bad {what}"]
    return [*lines, f"one of these is the first bad {what}; the others were skipped"]


def _asks(repo: Repo, shape: dict[str, Any]) -> None:
    left, line = shape["left"], _line(repo, shape["next"], items=shape["items"])
    steps = max(left - 1, 0).bit_length()
    screen.note(f"{left} are left, roughly {steps} step{'' if steps == 1 else 's'}", "dim")
    screen.show([("Is it good up to " if shape["items"] else "Looking at ") + line])
    if shape["items"]:
        changes.aside("the context up to there: trace bisect show")


def _line(repo: Repo, one: str, *, items: bool) -> str:
    if not items:
        return changes.place(repo.get(one))
    begun = repo.open_bisect.read()
    assert begun is not None
    item = next(item for item in repo.context(begun.bad or "HEAD").items if item.id == one)
    return f"{screen.paint(one, 'yellow')} {screen.paint(item.role)}: {screen.cut(messages.words(item.message), 60)}"
