"""``trace rebase``: do what a branch did again, on top of another one."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from ...ops import todo as list_of
from ...repo import Repo
from .. import changes, editor, opening, plans, replaying


@click.command("rebase", short_help="Do what this branch did again, on another one.")
@click.argument("upstream", required=False, metavar="[UPSTREAM]")
@click.argument("branch", required=False, metavar="[BRANCH]")
@click.option("--onto", metavar="NEW", help="Put the commits on NEW; UPSTREAM only says which they are.")
@click.option("-i", "--interactive", is_flag=True, help="Choose in the editor what is done with each commit.")
@click.option("--rebase-merges", "-r", is_flag=True, help="Make merges again, instead of putting all in one line.")
@replaying.options("rebase")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    upstream: str | None,
    branch: str | None,
    onto: str | None,
    interactive: bool,
    rebase_merges: bool,
    **how: Any,
) -> None:
    """Do the commits that are not in UPSTREAM again on top of it, and move the branch there.

    Items keep their ids, so edits and pins of them hold; authors, times and messages stay. What UPSTREAM has
    already is left out. With BRANCH it is that one that moves, and HEAD goes there unless the plan is refused. The
    old tip is kept: `trace undo` goes back to it. What became of each commit is shown by `trace range-diff`.

    First comes a plan. What would tear a tool call from its result, or edits what is not there, is refused. The
    rest is warnings, such as tokens that fall out of the provider's cache: on a terminal you are asked whether to
    go on, a script must say --yes. Where a commit is in conflict it stops, nothing has moved, and the exit code is
    1: settle it with `trace resolve`, then --continue; or --skip, or --abort.

    With -i the list in the editor says for each commit pick, drop, edit or squash; its lines may be moved. At an
    edit it stops with the branch there: change what you like, then --continue; --dry-run takes it for a pick. No
    model is asked without --llm, which settles conflicts that -X leaves, and judges whether a new order of the
    items means something else.

    \b
    Examples:
      trace rebase main --dry-run
      trace rebase -i HEAD~3
      trace rebase --onto main try-1 try-2 --yes
      trace rebase --continue
    """
    asked = replaying.way(how, given=upstream is not None or onto is not None or interactive or rebase_merges)
    if asked is None and upstream is None:
        raise click.UsageError("an UPSTREAM is missing: what is to be rebased onto?")
    with opening.opened() as repo:
        if asked == "abort":
            return replaying.abort(repo, "rebase", as_json=how["as_json"])
        if asked is not None or upstream is None:
            replaying.run(ctx, repo, replaying.on(repo, "rebase", asked or "go_on", how), how, "rebase")
            return
        upstream, onto = _prepared(repo, upstream, onto, branch)
        todo = _todo(repo, upstream, onto) if interactive else None
        if how["dry_run"]:
            _plan(ctx, repo, upstream, onto, todo, rebase_merges, how)
            return
        do = partial(repo.open_replay.rebase, upstream, onto=onto, todo=todo, merges=rebase_merges,
                     strategy=how["strategy"], **replaying.asking(how))  # fmt: skip
        replaying.run(ctx, repo, do, how, "rebase", branch=branch)


def _prepared(repo: Repo, upstream: str, onto: str | None, branch: str | None) -> tuple[str, str | None]:
    """With this handle on the branch that is meant: the upstream and ``onto``, by names that hold there."""
    repo.open_replay.check_nothing_open()
    if upstream == "-":
        upstream = changes.previous(repo, only_branches=True)
    if branch is not None and branch != changes.branch(repo):
        upstream, onto = _seen(repo, upstream), onto and _seen(repo, onto)
        _look(repo, branch)
    return upstream, onto


def _seen(repo: Repo, word: str) -> str:
    """What a word means from here, as git takes it: the name of a branch, else a commit."""
    return word if any(one.name == word for one in repo.branches()) else repo.get(word).id


def _look(repo: Repo, branch: str) -> None:
    """On BRANCH with this handle alone: HEAD follows when nobody refused the plan."""
    if any(one.name == branch for one in repo.branches()):
        repo.checkout(branch)
    else:
        repo.switch(branch)  # raises what is to be said of a branch that is not there


def _todo(repo: Repo, upstream: str, onto: str | None) -> str:
    return editor.edited(repo.open_replay.todo(upstream, onto=onto), what="rebase", suffix=".txt")


def _plan(
    ctx: click.Context, repo: Repo, upstream: str, onto: str | None, todo: str | None, merges: bool, how: dict[str, Any]
) -> None:
    with plans.explained(repo, as_json=how["as_json"]):
        result = repo.rebase(
            upstream,
            onto=onto,
            todo=None if todo is None else list_of.unstopped(todo),
            rebase_merges=merges,
            strategy=how["strategy"],
            dry_run=True,
            **replaying.asking(how),
        )
    title = f"Would rebase {changes.branch(repo) or 'HEAD'} onto {onto or upstream}"
    replaying.planned(ctx, repo, result, title=title, as_json=how["as_json"])
