"""A progress bar on stderr, for what takes longer than a blink. rich is loaded only when it is really drawn."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from ..safe import safe_text
from . import screen

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_PATIENCE = 0.4  # seconds from the first step until a bar appears
_PAUSE = 0.05  # seconds between two looks of it; telling it costs as much as a step


class Progress:
    """A callable ``(done, total)``. Draws nothing on a pipe, nor when the work is done at once.

    ``total`` may change on the way, and ``done`` begin again: then the bar runs a second time.
    """

    def __init__(self, label: str) -> None:
        self._label = safe_text(os.path.basename(label))
        self._start: float | None = None
        self._next = 0.0
        self._wanted = screen.on_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        if not self._wanted:
            return
        now = time.monotonic()
        if self._bar is None:
            self._start = self._start or now
            if now - self._start < _PATIENCE:
                return
            self._draw(total)
        if self._bar is not None and self._task is not None and now >= self._next:
            self._bar.update(self._task, completed=done, total=total)
            self._next = now + _PAUSE

    def _draw(self, total: int) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        console = Console(stderr=True, no_color=not screen.coloured(sys.stderr))
        parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = RichProgress(*parts, console=console, transient=True)
        self._task = self._bar.add_task(escape(self._label), total=total)
        self._bar.start()
