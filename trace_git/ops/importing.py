"""import: a transcript becomes commits, one a turn, and its forks become branches.

The first line of a conversation goes to the present branch when that has no commit yet; everything else gets a
branch of its own name. Timestamps, models and API-reported usage come along.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import InvalidInputError
from ..formats import Conversation, Turn, read
from ..store.refs import check_name
from ..view.handle import Handle
from ..view.operations import IMPORT
from . import branches, record, tools

_UNFIT = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True)
class ImportResult:
    """What an import made: branch names, numbers of commits and items, and what a reader should know."""

    format: str
    branches: tuple[str, ...]
    commits: int
    items: int
    warnings: tuple[str, ...]


def import_file(
    handle: Handle,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportResult:
    """Import a transcript file; ``format`` forces one of the known formats. See ``Repo.import_file``."""
    transcript = read(path, format)
    conversations = transcript.conversations
    total = sum(len(one.turns) for one in conversations)
    importer = _Importer(handle, os.path.splitext(os.path.basename(os.fspath(path)))[0], total, progress)
    with handle.store.batch(IMPORT):
        for conversation in conversations:
            importer.conversation(conversation)
    warnings = [*transcript.warnings, *(text for one in conversations for text in one.warnings)]
    if not importer.made:
        raise InvalidInputError(f"{os.fspath(path)}: there is no message in it", hint="is it a transcript?")
    return ImportResult(transcript.format, tuple(importer.made), importer.commits, importer.commits, tuple(warnings))


class _Importer:
    """The state of one import: which branches it made, which commit each turn became."""

    def __init__(self, handle: Handle, stem: str, total: int, progress: Callable[[int, int], None] | None) -> None:
        self._handle = handle
        self._stem = stem
        self._total = total
        self._progress = progress
        self._home: Conversation | None = None  # the one whose main line went to the present branch
        self.made: list[str] = []
        self.commits = 0

    def conversation(self, conversation: Conversation) -> None:
        done: dict[str, str] = {}  # turn → commit
        for name, tip in conversation.tips:
            self._line(conversation, name, conversation.path(tip), done)

    def _line(self, conversation: Conversation, name: str, path: Sequence[Turn], done: dict[str, str]) -> None:
        """One line of turns: a branch from where it leaves what is there already."""
        start = next((at for at in range(len(path), 0, -1) if path[at - 1].key in done), 0)
        bound = self._branch(conversation, name, done[path[start - 1].key] if start else None)
        if not start and conversation.tools:
            tools.set_tools(bound, conversation.tools, timestamp=_time(path[0]) if path else None)
        for turn in path[start:]:
            commit = record.append(bound, [turn.message], timestamp=_time(turn), usage=turn.usage)
            done[turn.key] = commit.id
            self.commits += 1
            if self._progress is not None:
                self._progress(self.commits, self._total)

    def _branch(self, conversation: Conversation, name: str, at: str | None) -> Handle:
        """A handle on the branch for this line: the present one while it is empty, else a new one."""
        here = self._handle
        if not self.made and at is None and here.branch is not None and here.head() is None:
            self.made.append(here.branch.rpartition("refs/heads/")[2])
            self._home = conversation
            return here
        whole = conversation.name or self._stem
        wanted = whole if name == "main" else name if conversation is self._home else f"{whole}-{name}"
        free = self._free(wanted)
        self.made.append(free)
        if at is not None:
            branches.branch(here, free, at=at)
        return here.bound(branches.ref_of(here, free))

    def _free(self, wanted: str) -> str:
        taken = {branch.name.partition("/")[0] for branch in branches.branches(self._handle)}
        base = _fit(wanted)
        name, number = base, 2
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        return check_name(name)


def _fit(wanted: str) -> str:
    """A name without folders that git accepts."""
    text = _UNFIT.sub("-", wanted).replace("..", "-").strip("-.")[:60].removesuffix(".lock")
    return text if text and text not in ("trace", "agents", "HEAD") else f"x-{text}"


def _time(turn: Turn) -> int | None:
    return int(turn.timestamp) if turn.timestamp is not None and turn.timestamp >= 0 else None
