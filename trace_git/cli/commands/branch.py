"""``trace branch``: list branches, or make one."""

from __future__ import annotations

import click

from ...model import Branch
from ...repo import Repo
from .. import changes, opening, options, screen, shapes


@click.command("branch")
@click.argument("name", metavar="[NAME]", required=False)
@click.argument("rev", metavar="[REV]", default="HEAD")
@options.as_json
def command(name: str | None, rev: str, as_json: bool) -> None:
    """List the branches, or make one.

    With NAME a branch is made at REV (default: HEAD); you stay where you are. `trace switch` goes there.
    The list has name, commit, tokens of the context, subject.

    \b
    Examples:
      trace branch
      trace branch try-2
      trace branch before-the-fix HEAD~3
    """
    with opening.opened() as repo:
        if name is None:
            _list(repo, as_json)
            return
        made = repo.branch(name, at=rev)
        commit = repo.get(made.commit)
    if as_json:
        screen.emit(branch=_shape(made), commit=shapes.commit(commit))
        return
    screen.show([f"{screen.paint(f'Branch {name} at')} {changes.place(commit)}"])
    changes.aside(f"go there: trace switch {name}")


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
