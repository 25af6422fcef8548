"""``trace branch``: list branches, make one, delete one, or give one another name."""

from __future__ import annotations

import click

from ...errors import StateError
from ...model import Branch
from ...repo import Repo
from .. import changes, opening, options, screen, shapes


@click.command("branch")
@click.argument("branch", metavar="[NAME]", required=False)
@click.argument("rev", metavar="[REV]", required=False)
@click.option("-d", "--delete", is_flag=True, help="Delete NAME, if HEAD has all it has.")
@click.option("-D", "force", is_flag=True, help="Delete NAME whatever it has.")
@click.option("-m", "--move", is_flag=True, help="Rename: -m NEW this branch, -m OLD NEW another one.")
@options.as_json
def command(branch: str | None, rev: str | None, delete: bool, force: bool, move: bool, as_json: bool) -> None:
    """List the branches, or make, delete or rename one.

    With NAME a branch is made at REV (default: HEAD); you stay where you are. `trace switch` goes there.
    The list has name, commit, tokens of the context, subject. `trace undo` brings a deleted branch back.

    \b
    Examples:
      trace branch
      trace branch before-the-fix HEAD~3
      trace branch -d try-2
      trace branch -m try-2 best
    """
    _check(branch, rev, delete=delete or force, move=move)
    with opening.opened() as repo:
        if branch is None:
            _list(repo, as_json)
        elif move:
            _rename(repo, *((branch, rev) if rev is not None else (None, branch)), as_json=as_json)
        elif delete or force:
            _delete(repo, branch, force=force, as_json=as_json)
        else:
            _make(repo, branch, "HEAD" if rev is None else rev, as_json)


def _check(branch: str | None, rev: str | None, *, delete: bool, move: bool) -> None:
    if delete and move:
        raise click.UsageError("-d and -m exclude each other")
    if branch is None and (delete or move):
        raise click.UsageError("a NAME is missing")
    if delete and rev is not None:
        raise click.UsageError("-d takes a NAME and nothing else")


def _make(repo: Repo, name: str, rev: str, as_json: bool) -> None:
    made = repo.branch(name, at=rev)
    commit = repo.get(made.commit)
    if as_json:
        screen.emit(branch=_shape(made), commit=shapes.commit(commit))
        return
    screen.show([f"{screen.paint(f'Branch {name} at')} {changes.place(commit)}"])
    changes.aside(f"go there: trace switch {name}")


def _delete(repo: Repo, name: str, *, force: bool, as_json: bool) -> None:
    at = next((one.commit for one in repo.branches() if one.name == name), None)
    repo.delete_branch(name, force=force)
    if as_json:
        screen.emit(deleted={"name": name, "commit": at})
        return
    screen.show([screen.paint(f"Deleted branch {name}{f', which was at {at[:8]}' if at else ''}")])
    changes.aside("back: trace undo")


def _rename(repo: Repo, old: str | None, new: str, *, as_json: bool) -> None:
    if old is None:
        old = repo.status().branch
    if old is None:
        raise StateError("this is a look at a commit, on no branch", hint="name the branch: trace branch -m OLD NEW")
    repo.rename_branch(old, new)
    if as_json:
        screen.emit(renamed={"old": old, "new": new})
        return
    if old == new:
        screen.note(f"branch {new} has that name already")
        return
    screen.show([screen.paint(f"Renamed branch {old} to {new}")])
    changes.aside("back: trace undo")


def _list(repo: Repo, as_json: bool) -> None:
    found = repo.branches()
    if as_json:
        screen.emit(branches=[_shape(one) for one in found])
        return
    if not found:
        screen.note("no commits yet, and no branch")
        return
    lines = list(changes.names([("* " if one.current else "  ", one.name, repo.get(one.commit)) for one in found]))
    if not any(one.current for one in found):
        lines.insert(0, screen.paint(f"* (looking at {repo.get('HEAD').short_id})", "green"))
    screen.show(lines, paged=True)


def _shape(branch: Branch) -> dict[str, object]:
    return {"name": branch.name, "commit": branch.commit, "current": branch.current}
