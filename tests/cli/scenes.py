"""The whole text that a terminal shows for some commands, as one string to compare with.

Object and item ids differ with every change of the format, so each is replaced by a letter, in order of appearance:
``aaaaaaaa`` is the first. Colours are replaced by words: ``<red>``, ``<>``. Time stands still at ``NOW``.
"""

from __future__ import annotations

import io
import re
import shlex
import sys
from collections.abc import Callable
from string import ascii_lowercase

import pytest

from trace_git import Repo
from trace_git.cli import main, operations, screen

NOW = 1_795_168_800.0  # 2026-11-20 10:00:00 +0000
_NAMES = {code: name for name, code in screen._CODES.items()} | {"0": ""}

Shown = Callable[..., str]


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def make(monkeypatch: pytest.MonkeyPatch, *, colour: bool = False) -> Shown:
    """``shown("pin 1a2b", "log")``: the command lines, and below each what it shows, in 80 columns."""
    letters: dict[str, str] = {}
    monkeypatch.setitem(Repo.open.__func__.__kwdefaults__, "clock", lambda: NOW)  # type: ignore[attr-defined]
    monkeypatch.setattr(operations, "now", lambda: NOW)
    for name, value in {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "" if colour else "1"}.items():
        monkeypatch.setenv(name, value)

    def one(line: str, words: list[str]) -> str:
        stream = _Terminal(io.BytesIO(), "utf-8", write_through=True)
        with monkeypatch.context() as patch:
            for name in ("stdout", "stderr"):
                patch.setattr(sys, name, stream)
            patch.setattr(sys, "stdin", None)
            patch.setattr(screen, "_paging", False)
            code = main(words)
        text = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
        return f"$ trace {line}\n{text}" + (f"({code})\n" if code else "")

    def shown(*lines: str) -> str:
        text = "".join(one(line, shlex.split(line)) for line in lines)
        text = re.sub(r"\x1b\[(\d*)m", lambda found: f"<{_NAMES[found[1]]}>", text)
        return re.sub(r"\b[0-9a-f]{8,40}\b", lambda found: _masked(found[0], letters), text)

    return shown


def _masked(text: str, letters: dict[str, str]) -> str:
    letter = letters.setdefault(text[:8], ascii_lowercase[len(letters)])
    return letter * len(text)
