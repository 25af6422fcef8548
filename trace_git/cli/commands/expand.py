"""``trace expand``: bring back what a compress put aside, or look at it."""

from __future__ import annotations

import click

from ...errors import AmbiguousRevisionError, InvalidInputError, NotFoundError
from ...repo import Repo
from .. import changes, compressing, dry_runs, exits, opening, options, receipts, screen, shapes
from .show import items


@click.command("expand", short_help="Bring back what a compress put aside, or look.")
@click.argument("compress", metavar="[COMPRESS]", required=False)
@click.option("--peek", is_flag=True, help="Show the originals, and change nothing.")
@click.option("--only", metavar="ITEM", help="Only what this summary, or this item, is about.")
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message; made by default.")
@options.dry_run
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    compress: str | None,
    peek: bool,
    only: str | None,
    message: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring back the originals of COMPRESS, where what stands for them is now.

    COMPRESS is the id of a compress, its commit, or one of the items that it left: a summary, a masked output.
    Without it, the compresses of this context are listed. What was compressed again has to wait: expand the later
    one first, or look with --peek. With --dry-run nothing comes back: it says what would, and what that would mean for
    the provider's cache. Of a commit that collapsed or spawned an agent, what the agent knew then is shown.

    \b
    Examples:
      trace expand
      trace expand 5c1f22ab --peek
      trace expand 5c1f22ab --dry-run
      trace expand 5c1f22ab
      trace expand 5c1f22ab --only 3f2a91bc
    """
    if compress is None and (peek or only or message or dry_run):
        raise click.UsageError("a COMPRESS is missing; `trace expand` alone lists them")
    if peek and dry_run:
        raise click.UsageError("--peek and --dry-run exclude each other")
    with opening.opened() as repo:
        if compress is None:
            _list(ctx, repo, as_json=as_json)
        elif (child := _child(repo, compress)) is not None:
            _agent(child, compress, as_json=as_json)
        elif peek:
            _peek(repo, compress, only, as_json=as_json)
        elif dry_run:
            dry_runs.show(
                repo, [repo.expand(compress, only=only, message=message, dry_run=True)], "expand in", as_json=as_json
            )
        else:
            before = repo.get("HEAD").id
            commit = repo.expand(compress, only=only, message=message)
            changes.report(repo, [commit], as_json=as_json, nothing="nothing changed", since=before)
            if not as_json:
                changes.aside("back: trace undo")


def _child(repo: Repo, rev: str) -> Repo | None:
    """The agent that a commit collapsed or spawned, as it was then; None when it did neither."""
    try:
        return repo.child(rev)
    except (AmbiguousRevisionError, InvalidInputError, NotFoundError):
        return None


def _agent(child: Repo, rev: str, *, as_json: bool) -> None:
    with child:
        found = child.context().items
        if as_json:
            screen.emit(agent=child.name, items=[shapes.counted(child, one) for one in found])
            return
        screen.show([*items(child, found)][1:], paged=True)
        there = child.name in child.agent_tips()
        way = f"to work there: trace --agent {child.name} log" if there else "there are no branches of it here"
        changes.aside(f"agent {child.name} as it was at {rev}; {way}")


def _list(ctx: click.Context, repo: Repo, *, as_json: bool) -> None:
    found = repo.compressions()
    if as_json:
        screen.emit(compressions=[shapes.compression(one) for one in found])
    elif found:
        screen.show(compressing.listed(found), paged=True)
    else:
        screen.note("nothing is compressed here")
        ctx.exit(exits.NO)


def _peek(repo: Repo, compress: str, only: str | None, *, as_json: bool) -> None:
    found = repo.peek(compress, only=only)
    if as_json:
        screen.emit(
            id=found.id,
            stands=list(found.stands),
            items=[shapes.counted(repo, one) for one in found],
            receipt=receipts.shape(found.receipt),
        )
        return
    screen.show([*items(repo, found.items)][1:], paged=True)
