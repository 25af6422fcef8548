"""``trace checkout``: a read-only look at a commit, and back."""

from __future__ import annotations

import click

from .. import changes, opening, options, screen, shapes


@click.command("checkout")
@click.argument("rev", metavar="REV")
@options.as_json
def command(rev: str, as_json: bool) -> None:
    """Look at the commit REV, read-only.

    Every command then shows the trace as it was there, and nothing can be committed. The name of a branch
    goes back to that branch, and - to where you were before.

    \b
    Examples:
      trace checkout HEAD~5
      trace checkout -
      trace checkout main
    """
    with opening.opened() as repo:
        commit = repo.checkout(changes.previous(repo) if rev == "-" else rev, head=True)
        name = changes.branch(repo)
        back = None if name else changes.previous(repo, only_branches=True)
        if as_json:
            screen.emit(branch=name, commit=shapes.commit(commit))
            return
    if name:
        screen.show([f"{screen.paint(f'On branch {name} at')} {changes.place(commit)}"])
        return
    screen.show([f"Looking at {changes.place(commit)}"])
    changes.aside(f"back: trace checkout {back}")
    changes.aside("to go on from here: trace switch -c NAME")
