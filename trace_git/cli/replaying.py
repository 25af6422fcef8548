"""What ``rebase`` and ``cherry-pick`` share: going on, skipping, giving up, and what is said where they end or stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import click

from ..errors import MergeConflictError, StateError
from ..ops.open_replay import Approve
from ..ops.replay_state import Begun
from ..repo import Repo
from ..results import RewriteResult
from . import changes, conflicts, exits, merging, plans, screen, shapes

WAYS = ("go_on", "skip", "abort")


def options(verb: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of both commands."""
    made = [
        click.option(
            "-X", "strategy", type=click.Choice(["ours", "theirs", "union"]), help="Settle conflicts this way."
        ),
        click.option("--llm", metavar="[MODEL]", is_flag=False, flag_value="", help="Let a model settle what is left."),
        click.option("--force", is_flag=True, help="Leave out edits of items that are not there, and go on."),
        click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing."),
        plans.yes,
        click.option("--continue", "go_on", is_flag=True, help=f"Go on with the {verb} that stopped."),
        click.option("--skip", is_flag=True, help="Leave out the commit it stopped at, and go on."),
        click.option("--abort", is_flag=True, help="Give it up; the branch is where it was."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    ]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for one in reversed(made):
            command = one(command)
        return command

    return add


def way(how: Mapping[str, Any], *, given: bool) -> str | None:
    """Which of --continue, --skip and --abort is asked for, if any."""
    asked = [name for name in WAYS if how[name]]
    if len(asked) > 1 or (asked and given):
        raise click.UsageError("--continue, --skip and --abort stand alone")
    if asked and how["dry_run"]:
        raise click.UsageError("--dry-run is for a new one")
    return asked[0] if asked else None


def asking(how: Mapping[str, Any]) -> dict[str, Any]:
    """What of the options is for the verb. Without MODEL the model is that which the user configured."""
    return {"llm": how["llm"] or how["llm"] is not None, "force": how["force"]}


def run(
    ctx: click.Context,
    repo: Repo,
    do: Callable[..., RewriteResult | Begun],
    how: Mapping[str, Any],
    verb: str,
    *,
    branch: str | None = None,
) -> None:
    """Do the work, or what is left of it; ``do`` takes ``approve``. Says what came of it.

    HEAD goes to ``branch`` before anything is written, or where there is nothing to write.
    """
    as_json = how["as_json"]
    since = repo.get("HEAD").id
    title = f"Would {verb} {changes.branch(repo) or 'HEAD'}"
    settle: Approve = partial(
        plans.settle, repo, title=title, yes=how["yes"], as_json=as_json, begun=how["go_on"] or how["skip"]
    )

    def approve(plan: RewriteResult) -> None:
        settle(plan)
        _go(repo, branch)

    try:
        with plans.explained(repo, as_json=as_json):
            result = do(approve=approve)
    except MergeConflictError as error:
        _go(repo, branch)
        _conflicts(repo, error, as_json=as_json)
        ctx.exit(exits.NO)
    _go(repo, branch)
    if isinstance(result, Begun):
        _stopped(repo, result, as_json=as_json)
    else:
        plans.told(repo, result, since=since, as_json=as_json)
        if result.commit is not None and result.commit.id == since and not as_json:
            plans.noted(result.findings, repo.context().items)


def _go(repo: Repo, branch: str | None) -> None:
    """Switch to a branch; nothing for none, or where HEAD is there."""
    if branch is not None:
        repo.switch(branch)


def planned(ctx: click.Context, repo: Repo, result: RewriteResult, *, title: str, as_json: bool) -> None:
    """The plan of a dry run; the exit code says whether conflicts are left."""
    shown = [conflicts.shape(one, result.resolutions.get(one.id)) for one in result.conflicts]
    if as_json:
        plans.show(repo, result, title=title, as_json=True, conflicts=shown)
    else:
        told = tuple([one for one in result.findings if one.kind != "conflict"])
        plans.show(repo, replace(result, findings=told), title=title, as_json=False)
        if result.conflicts:
            screen.show(["", screen.paint(merging.counted(len(result.conflicts)), "bold"), ""])
            screen.show(conflicts.listed(result.conflicts, result.resolutions))
    if merging.left(result.conflicts, result.resolutions):
        ctx.exit(exits.NO)


def _stopped(repo: Repo, begun: Begun, *, as_json: bool) -> None:
    """It stopped to let somebody edit."""
    head = repo.get("HEAD")
    if as_json:
        screen.emit(dry_run=False, open=begun.shape(), commit=shapes.commit(head))
        return
    screen.show([changes.line(head, changes.branch(repo))])
    changes.aside(f"stopped here: edit what you like, then trace {begun.verb} --continue; or --abort")


def _conflicts(repo: Repo, error: MergeConflictError, *, as_json: bool) -> None:
    begun = repo.open_replay.read()
    found = repo.open_replay.conflicts() if begun is not None else ()
    answers = begun.answers if begun is not None else {}
    left = merging.left(found, answers)
    if as_json:
        said = {"kind": type(error).__name__, "message": str(error), "hint": error.hint, "exit_code": exits.NO}
        screen.emit(dry_run=False, commit=None, open=begun.shape() if begun else None, error=said,
                    conflicts=[conflicts.shape(one, answers.get(one.id)) for one in found])  # fmt: skip
        return
    screen.show([*conflicts.listed(left, {}), ""])
    screen.note(f"error: {error}", "red")
    if begun is not None:
        screen.note(f"hint: trace resolve CONFLICT ACTION, then trace {begun.verb} --continue; or --skip, or --abort")


def abort(repo: Repo, verb: str, *, as_json: bool) -> None:
    """Give up what is open."""
    _check(repo, verb)
    begun = repo.open_replay.abort()
    if as_json:
        screen.emit(aborted=None if begun is None else begun.shape())
        return
    what = f"The {begun.verb} of {begun.into} is given up" if begun else f"The {verb} is given up"
    screen.show([screen.paint(what)])
    tip = repo.get(begun.branch) if begun else None
    back = begun is not None and tip is not None and tip.id == begun.original
    stays = (
        f"{begun.into} stays at {tip.short_id}, where it was moved since" if begun and tip else "nothing had changed"
    )
    changes.aside(f"{begun.into} is where it was" if begun and back else stays)


def _check(repo: Repo, verb: str) -> None:
    begun = repo.open_replay.read()
    if begun is not None and begun.verb != verb:
        raise StateError(f"a {begun.verb} is open, no {verb}", hint=f"trace {begun.verb} --continue, --skip or --abort")


def on(repo: Repo, verb: str, asked: str, how: Mapping[str, Any]) -> Callable[..., RewriteResult | Begun]:
    """What goes on with an open one."""
    _check(repo, verb)
    if asked == "skip":
        return partial(repo.open_replay.skip, llm=asking(how)["llm"])
    return partial(repo.open_replay.go_on, strategy=how["strategy"], **asking(how))
