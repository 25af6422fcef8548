"""Commits as lines: columns that are as wide as the first commits need, so that the first lines appear at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ..model import Commit
from ..repo import Repo
from ..safe import safe_text
from . import differences, screen, shapes

if TYPE_CHECKING:
    from ..view.graph import Row

_SAMPLE = 100  # commits that decide how wide a column is
_WIDE = 110  # columns from which the model's name has room
_LONGEST = 24  # columns for a name
_INDENT = 4  # columns before the items of a commit


class _Cells(NamedTuple):
    """The columns of one commit, as text."""

    op: str
    who: str
    model: str
    added: str
    total: str


class History:
    """Renders the commits of one trace: ``oneline`` as id, refs and subject; ``stat`` with the items of each."""

    def __init__(self, repo: Repo, *, oneline: bool = False, stat: bool = False) -> None:
        self._repo = repo
        self._refs = shapes.refs_by_commit(repo)
        self._pins = repo.pins()
        self._oneline = oneline
        self._stat = stat
        self._wide = not screen.on_terminal() or screen.width() >= _WIDE

    def lines(self, drawn: Iterable[tuple[Row | None, Commit]]) -> Iterator[str]:
        """The lines for commits, each with what the graph has beside it, or None for no graph."""
        source = iter(drawn)
        sample = list(islice(source, _SAMPLE))
        widths = [max(map(len, column)) for column in zip(*(self._cells(one) for _, one in sample), strict=True)]
        for row, commit in chain(sample, source):
            yield from row.before if row else ()
            yield self._line(row.mark if row else "", commit, widths)
            yield from self._below(row, commit)

    def shape(self, commit: Commit) -> dict[str, Any]:
        """A commit as JSON."""
        made = {**shapes.commit(commit, self._refs.get(commit.id, ())), "pinned": self._pinned(commit)}
        if self._stat:
            made["changes"] = [differences.shape(one, words=False) for one in self._repo.diff(None, commit).changes]
        return made

    def _pinned(self, commit: Commit) -> bool:
        """Whether something that this commit brought is pinned now."""
        return bool(self._pins) and any(item.id in self._pins for item in commit.items)

    def _line(self, mark: str, commit: Commit, widths: Sequence[int]) -> str:
        names = ", ".join(self._refs.get(commit.id, ()))
        refs = (f"({names})" if names else "", "green")
        start = [(mark, None), (commit.short_id, "yellow")]
        if self._oneline:
            return screen.row([*start, refs], commit.subject)
        role, cells = shapes.role_of(commit.author), self._cells(commit)
        columns = [
            (f"{cells.op:<{widths[0]}}", "dim" if cells.op == "append" else "cyan"),
            (f"{cells.who:<{widths[1]}}", screen.ROLE_COLOURS.get(role or "")),
            (f"{cells.model:<{widths[2]}}" if widths[2] else "", "dim"),
            (f"{cells.added:>{widths[3]}}", None),
            (f"{cells.total:>{widths[4]}}", "dim"),
        ]
        if self._pins:
            columns.append((screen.pin() if self._pinned(commit) else " ", "yellow"))
        subject = commit.subject.removeprefix(f"{role}: ").removeprefix(f"{commit.op}: ")  # they have their columns
        if commit.op == "compress" and "→" not in subject and (sizes := shapes.compressed(commit)):
            subject = f"{subject} ({sizes})"
        return screen.row([*start, *columns, refs], subject)

    def _cells(self, commit: Commit) -> _Cells:
        role, name = shapes.role_of(commit.author), commit.author.name
        model = screen.cut(name, _LONGEST) if self._wide and role and name != role else ""
        added, total = shapes.change(commit.tokens), shapes.number(commit.context_tokens)
        return _Cells(safe_text(commit.op) or "-", role or screen.cut(name, _LONGEST), model, added, total)

    def _below(self, row: Row | None, commit: Commit) -> Iterator[str]:
        """The items that changed, with the lines of the graph beside them, and what is left of those."""
        after, rest = (list(row.after), row.rest) if row else ([], "")
        if self._stat:
            reserved = max(map(len, [*after, rest])) + _INDENT
            for line in differences.rows(self._repo.diff(None, commit).changes, reserved=reserved):
                yield f"{after.pop(0) if after else rest:<{reserved}}{line}"
        yield from after
