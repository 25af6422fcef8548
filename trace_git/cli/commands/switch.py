"""``trace switch``: go to another branch, or make one and go there."""

from __future__ import annotations

import click

from .. import changes, opening, options, screen


@click.command("switch")
@click.argument("branch", metavar="NAME")
@click.argument("rev", metavar="[REV]", required=False)
@click.option("-c", "--create", is_flag=True, help="Make the branch first, at REV (default: HEAD).")
@options.as_json
def command(branch: str, rev: str | None, create: bool, as_json: bool) -> None:
    """Go to the branch NAME, or make it and go there.

    A NAME of - is the branch before this one.

    \b
    Examples:
      trace switch main
      trace switch -
      trace switch -c try-2
      trace switch -c from-there HEAD~4
    """
    if rev is not None and not create:
        raise click.UsageError("only a new branch begins at a REV: trace switch -c NAME REV")
    with opening.opened() as repo:
        before = changes.branch(repo)
        if branch == "-":
            branch = changes.previous(repo, only_branches=True)
        if rev is None:
            repo.switch(branch, create=create)
        else:
            with repo.batch():
                repo.branch(branch, at=rev)
                repo.switch(branch)
        at = next((one.commit for one in repo.branches() if one.current), None)
    if as_json:
        screen.emit(branch=branch, created=create, commit=at)
    elif before == branch and not create:
        screen.show([screen.paint(f"Already on branch {branch}")])
    else:
        where = f" at {at[:8]}" if at else ", no commits yet"
        screen.show([screen.paint(f"On {'new ' if create else ''}branch {branch}{where}")])
