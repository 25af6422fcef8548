"""``trace reset``: move the present branch to another commit."""

from __future__ import annotations

import click

from .. import changes, dry_runs, opening, options, receipts, screen, shapes


@click.command("reset")
@click.argument("rev", metavar="REV")
@click.option("--soft", "mode", flag_value="soft", default="soft", help="Keep the old tip for a while (the default).")
@click.option("--hard", "mode", flag_value="hard", help="Do not keep the old tip any longer than undo needs it.")
@options.dry_run
@options.as_json
def command(rev: str, mode: str, dry_run: bool, as_json: bool) -> None:
    """Move the present branch to REV.

    The context is as it was there. What was committed since stays in the trace, and `trace undo` brings it
    back. After --hard nothing protects it from the next clean-up. With --dry-run nothing moves: it says which
    items would go, and what that would mean for the provider's cache.

    \b
    Examples:
      trace reset HEAD~3
      trace reset --hard 1a2b3c4d
    """
    with opening.opened() as repo:
        if dry_run:
            dry_runs.show(repo, [repo.reset(rev, mode=mode, dry_run=True)], "reset", as_json=as_json)
            return
        old = repo.get("HEAD")
        commit = repo.reset(rev, mode=mode)
        name = changes.branch(repo)
        told = receipts.after(repo, commit, old)
    if as_json:
        shown = receipts.shape(told) if told is not None else None
        screen.emit(branch=name, mode=mode, old=old.id, commit=shapes.commit(commit), receipt=shown)
        return
    if old.id == commit.id:
        screen.note(f"{name} is at {commit.short_id} already; nothing changed")
        return
    screen.show([f"{screen.paint(f'{name} is at')} {changes.place(commit)}", *([receipts.line(told)] if told else [])])
    until = ", as long as nothing cleans up" if mode == "hard" else ""
    changes.aside(f"before: {old.short_id} {old.subject}")
    changes.aside(f"back: trace undo{until}")
