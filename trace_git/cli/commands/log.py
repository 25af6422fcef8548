"""``trace log``: the history, one commit a line, with what each added and how full the context was after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

import click

from ...model import Commit
from ...safe import safe_text
from .. import opening, options, screen, shapes

_SAMPLE = 200  # commits that decide how wide a column is
_WIDE = 110  # columns from which the model's name has room
_MIN_SUBJECT = 20


@click.command("log")
@options.revision
@click.option("-n", "--limit", type=click.IntRange(min=0), metavar="N", help="Show at most N commits.")
@click.option("--oneline", is_flag=True, help="Only id, refs and subject.")
@options.as_json
def command(rev: str, limit: int | None, oneline: bool, as_json: bool) -> None:
    """Show the commits of REV, newest first.

    Each line: id, verb, role, tokens added, tokens of the context after it, subject, refs. A ~ marks an
    estimate.
    """
    with opening.opened() as repo:
        refs = shapes.refs_by_commit(repo.branches())
        commits = repo.log(rev, limit=limit)
        if as_json:
            screen.emit(commits=[shapes.commit(one, refs.get(one.id, ())) for one in commits])
            return
        first = next(commits, None)
        if first is None:
            screen.note("nothing to show" if limit == 0 else "no commits yet")
            return
        found = chain([first], commits)
        screen.show(_short(found, refs) if oneline else _table(found, refs), paged=True)


def _short(commits: Iterable[Commit], refs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for commit in commits:
        yield _joined(
            screen.paint(commit.short_id, "yellow"),
            screen.paint(_names(commit, refs), "green"),
            screen.paint(commit.subject),
        )


def _table(commits: Iterable[Commit], refs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    source = iter(commits)
    sample = list(islice(source, _SAMPLE))
    room = screen.width() if screen.on_terminal() else None
    wide = room is None or room >= _WIDE
    widths = [max(map(len, column)) for column in zip(*(_cells(one, wide=wide) for one in sample), strict=True)]
    for commit in chain(sample, source):
        op, who, added, total = _cells(commit, wide=wide)
        head = f"{op:<{widths[0]}} {who:<{widths[1]}} {added:>{widths[2]}} {total:>{widths[3]}}"
        names, subject = _names(commit, refs), _subject(commit)
        if room is not None:
            taken = len(commit.short_id) + len(head) + screen.columns(names) + 3
            subject = screen.cut(subject, max(_MIN_SUBJECT, room - taken))
        yield _joined(
            screen.paint(commit.short_id, "yellow"),
            screen.paint(head, _colour(commit)),
            screen.paint(names, "green"),
            screen.paint(subject),
        )


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _names(commit: Commit, refs: Mapping[str, Sequence[str]]) -> str:
    names = refs.get(commit.id, ())
    return f"({', '.join(names)})" if names else ""


def _cells(commit: Commit, *, wide: bool) -> tuple[str, str, str, str]:
    role = shapes.role_of(commit.author)
    who = role or commit.author.name
    if wide and role and commit.author.name != role:
        who = f"{role}({commit.author.name})"
    added, total = shapes.change(commit.tokens), shapes.number(commit.context_tokens)
    return (safe_text(commit.op) or "-", screen.cut(who, 40), added, total)


def _colour(commit: Commit) -> str | None:
    return screen.ROLE_COLOURS.get(shapes.role_of(commit.author) or "")


def _subject(commit: Commit) -> str:
    """The subject without the role that stands in a column of its own already."""
    role = shapes.role_of(commit.author)
    return commit.subject.removeprefix(f"{role}: ") if role else commit.subject
