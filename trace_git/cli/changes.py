"""What the commands that change something share: items by name, the present branch, what a change says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..errors import InvalidInputError, NotFoundError
from ..model import Commit, Item
from ..repo import Repo
from ..view.items import find
from . import receipts, screen, shapes

_ID = re.compile("[0-9a-f]{4,16}")
_REVISION = re.compile("^HEAD$|[@~^:{]")  # in a word that was meant as a revision


def item(repo: Repo, word: str) -> Item:
    """The item of the present context that ``word`` means: its id, a prefix, or a revision that added one item."""
    items = repo.context().items
    if begins_one(items, word):
        return find(items, word)
    try:
        commit = repo.get(word)
    except (NotFoundError, InvalidInputError):
        if _REVISION.search(word):
            raise
        return find(items, word)  # raises what is to be said of an item that is not there
    return find(items, commit)


def begins_one(items: Iterable[Item], word: str) -> bool:
    """Whether ``word`` is the id of one of ``items``, or the beginning of one or more."""
    return _ID.fullmatch(word) is not None and any(one.id.startswith(word) for one in items)


def branch(repo: Repo) -> str | None:
    """The name of the present branch; None on a look at a commit, or on a branch without commits."""
    return next((one.name for one in repo.branches() if one.current), None)


def previous(repo: Repo, *, only_branches: bool = False) -> str:
    """Where HEAD was before: the name of a branch or a commit id; with ``only_branches`` the branch before this one."""
    here = branch(repo)
    for found in repo.operations():
        before, after = found.moves.get("HEAD", (None, None))
        if before is None or before == after:
            continue
        name = before.removeprefix("ref: refs/heads/")
        if not only_branches or (name != before and name != here):
            return name
    raise NotFoundError("there is no place before this one", hint="`trace branch` lists the branches")


def place(commit: Commit) -> str:
    """A commit where a branch or a look is."""
    return f"{screen.paint(commit.short_id, 'yellow')} {screen.paint(commit.subject)}"


def line(commit: Commit, name: str | None) -> str:
    """One new commit: where, what, and what it did to the size of the context."""
    where = screen.paint(f"[{name or 'HEAD'} {commit.short_id}]", "yellow")
    tokens = ""
    if commit.context_tokens is not None:
        tokens = f" ({shapes.change(commit.tokens)}, context {shapes.number(commit.context_tokens)} tokens)"
    return f"{where} {screen.paint(commit.subject)}{screen.paint(tokens, 'dim')}"


def names(rows: Sequence[tuple[str, str, Commit]]) -> Iterator[str]:
    """Branches or tags as a table: mark, name, commit, size of the context there, subject."""
    shown = [(mark, screen.name(name), commit, shapes.number(commit.context_tokens)) for mark, name, commit in rows]
    room = max((screen.columns(name) for _, name, _, _ in shown), default=0)
    digits = max((len(total) for _, _, _, total in shown), default=0)
    for mark, name, commit, total in shown:
        head = screen.paint(f"{mark}{name}", "green" if mark.strip() else None) + " " * (room - screen.columns(name))
        left = screen.width() - len(mark) - room - digits - len(commit.short_id) - 3
        subject = screen.cut(commit.subject, max(20, left)) if screen.on_terminal() else commit.subject
        yield f"{head} {screen.paint(commit.short_id, 'yellow')} {total:>{digits}} {screen.paint(subject)}"


def each(repo: Repo, words: Sequence[str], verb: Callable[[Item], Commit]) -> list[Commit]:
    """Run ``verb`` over the items that ``words`` name, as one operation; the commits it made.

    All are found before anything changes. One that went with the tool group of another is done already.
    """
    named = [item(repo, word) for word in words]
    tip = repo.get("HEAD").id
    made: list[Commit] = []
    with repo.batch():
        for one in named:
            if made and all(one.id != other.id for other in repo.context().items):
                continue
            commit = verb(one)
            if commit.id != tip:
                made.append(commit)
                tip = commit.id
    return made


def report(
    repo: Repo, made: Sequence[Commit], *, as_json: bool, nothing: str, since: str | None = None, **also: object
) -> None:
    """The new commits of a verb, or the sentence that says that there are none.

    ``since`` is the commit before them, for a verb that rewrites what is sent: then it says the cache receipt too.
    ``also`` is what a program is told besides.
    """
    told = receipts.after(repo, made[-1], since) if made and since is not None else None
    if as_json:
        receipt = {} if since is None else {"receipt": receipts.shape(told) if told is not None else None}
        screen.emit(commits=[shapes.commit(one) for one in made], **receipt, **also)
    elif made:
        name = branch(repo)
        screen.show([*(line(one, name) for one in made), *([receipts.line(told)] if told is not None else [])])
    else:
        screen.note(nothing)


def aside(text: str) -> None:
    """What to do next, for a person: on stderr, and quiet."""
    screen.note(text, "dim")
