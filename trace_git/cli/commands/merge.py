"""``trace merge``: bring what another branch has into this one, at once or in steps."""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

import click

from ... import llm, ops
from ...errors import MergeConflictError, NotFoundError, TraceError
from ...repo import Repo
from ...results import MergeResult
from .. import changes, editor, exits, marking, merging, opening, options, screen

_OPEN = "the merge is open: trace merge --tool edits again, trace resolve settles one, trace merge --abort gives it up"


@click.command("merge")
@click.argument("rev", metavar="[NAME]", required=False)
@click.option("-X", "strategy", type=click.Choice(["ours", "theirs", "union"]), help="Settle conflicts this way.")
@click.option("--no-ff", is_flag=True, help="Make a merge commit even where the branch could just move.")
@click.option("--ff-only", is_flag=True, help="Refuse unless the branch can just move.")
@click.option("--allow-unrelated", is_flag=True, help="Merge a history that has nothing in common with this one.")
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message; made from the names by default.")
@click.option("--dry-run", is_flag=True, help="Say what would come from where, and change nothing.")
@click.option("--llm", metavar="[MODEL]", is_flag=False, flag_value="", help="Let a model settle what is left.")
@click.option("--semantic", is_flag=True, help="Have it judge too whether what is new on both sides agrees.")
@click.option("--threshold", type=click.FloatRange(0, 1), metavar="NUMBER", help="How sure it must be of that; 0.7.")
@click.option("--show-base", is_flag=True, help="Show it also what both sides had before.")
@click.option("--tool", is_flag=True, help="Settle conflicts of text in the editor, between git's markers.")
@click.option("--continue", "go_on", is_flag=True, help="Finish the merge that was left with conflicts.")
@click.option("--abort", is_flag=True, help="Forget that merge.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    rev: str | None,
    dry_run: bool,
    tool: bool,
    go_on: bool,
    abort: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Bring what NAME has into this branch.

    NAME is a branch, a tag or a commit, or - for the branch before this one. A branch that is behind it just
    moves; else a commit with two parents has ours in order, then what is new in theirs, in whole turns. What
    both changed is a conflict. While one is left, nothing moves and the exit code is 1: settle each with
    `trace resolve`, or all with -X or --tool, then --continue; or --abort.

    With --llm a model settles what -X leaves: MODEL, else that of TRACE_GIT_MODEL or `trace config --global model`.
    It takes no pin away, and what it settled is in the merge commit. With --semantic it also judges whether the
    new messages of the two sides agree: where they do not is a conflict. No model is asked without --llm, also
    not by --continue, and none by --dry-run, which says what would be sent; with --json to the letter. A word
    behind --llm is the MODEL: put NAME before it.

    \b
    Examples:
      trace merge try-2 --dry-run
      trace merge try-2 -X theirs -m "Take the second try"
      trace merge try-2 --llm openai/gpt-4o --semantic
      trace merge --continue
      trace merge --abort
    """
    _check(rev, dry_run=dry_run, tool=tool, go_on=go_on, abort=abort, how=how)
    with opening.opened() as repo:
        rev = changes.previous(repo, only_branches=True) if rev == "-" else rev
        if abort:
            _abort(repo, as_json=as_json)
        elif dry_run and rev is not None:
            _plan(ctx, repo, rev, how, as_json=as_json)
        else:
            before = _tip(repo)
            name = rev if rev is not None else (begun.name if (begun := repo.open_merge.read()) else "")
            result = _merged(repo, rev, how, tool=tool)
            if isinstance(result, MergeResult):
                merging.done(repo, before, result, name=name, as_json=as_json)
                return
            error = merging.report(repo.open_merge, result, as_json=as_json)
            if not as_json:
                raise error
            ctx.exit(exits.NO)


def _check(rev: str | None, *, dry_run: bool, tool: bool, go_on: bool, abort: bool, how: dict[str, Any]) -> None:
    given = [name for name, value in how.items() if value not in (None, False)]
    if abort and (rev is not None or given or dry_run or tool or go_on):
        raise click.UsageError("--abort stands alone")
    if go_on and (rev is not None or dry_run or set(given) & {"no_ff", "ff_only", "allow_unrelated"}):
        raise click.UsageError("--continue takes -X, -m, --tool and what is for a model, and nothing else")
    if rev is None and not (go_on or abort) and (not tool or dry_run):
        took = f": {how['llm']} was taken for the MODEL; write --llm=MODEL" if how["llm"] else ""
        raise click.UsageError(f"a NAME is missing{took or ': what is to be merged?'}")
    if how["llm"] is None and (without := set(given) & {"semantic", "show_base"}):
        raise click.UsageError(f"--{min(without).replace('_', '-')} is for a model: add --llm")
    if how["threshold"] is not None and not (how["semantic"] or go_on):
        raise click.UsageError("--threshold is for --semantic")
    if how["no_ff"] and how["ff_only"]:
        raise click.UsageError("--no-ff and --ff-only exclude each other")


def _ff(how: dict[str, Any]) -> str:
    return "never" if how["no_ff"] else "only" if how["ff_only"] else "allow"


def _asking(how: dict[str, Any]) -> dict[str, Any]:
    """What of it is about a model. Without MODEL that is the one that the user configured."""
    asked = {"llm": _asker(how["llm"]), "semantic": how["semantic"], "show_base": how["show_base"]}
    return asked if how["threshold"] is None else {**asked, "threshold": how["threshold"]}


def _asker(model: str | None) -> llm.Given:
    """Who says on a terminal that he is asked; True, which is refused with a hint, when nobody is configured."""
    if model is None:
        return None
    name = model or llm.configured(os.environ, {llm.MODEL_KEY: ops.config.users(os.environ, llm.MODEL_KEY) or ""})
    return llm.resolve(name, notice=functools.cache(_asks)) if name else True  # said once, however often he is asked


def _asks(name: str) -> None:
    if screen.on_terminal(sys.stderr):
        changes.aside(f"asking {name} …")


def _tip(repo: Repo) -> str | None:
    try:
        return repo.get("HEAD").id
    except NotFoundError:  # a branch without commits
        return None


def _plan(ctx: click.Context, repo: Repo, rev: str, how: dict[str, Any], *, as_json: bool) -> None:
    result = repo.merge(
        rev,
        strategy=how["strategy"],
        ff=_ff(how),
        unrelated=how["allow_unrelated"],
        dry_run=True,
        message=how["message"],
        **_asking(how),
    )
    merging.planned(repo, result, name=rev, as_json=as_json)
    if merging.left(result.conflicts, result.resolutions):
        ctx.exit(exits.NO)


def _merged(repo: Repo, rev: str | None, how: dict[str, Any], *, tool: bool) -> MergeResult | MergeConflictError:
    """What the merge gave, begun now or earlier; the error when conflicts are left, and then it is open."""
    asking = _asking(how)
    if rev is not None:
        result = _begun(repo, rev, how)
        if isinstance(result, MergeResult) or not tool:
            return result
        begun = repo.open_merge.read()
        if begun is None or not begun.semantic or begun.judged is not None:
            asking = {}  # it has said what it has to say
    elif (had := repo.open_merge.here()) is not None and (anew := repo.open_merge.renewed()) is not None:
        kept = f"; {len(anew.answers)} of {len(had.answers)} answers still hold" if had.answers else ""
        screen.note(f"note: {anew.into} has moved since the merge began, so it begins anew{kept}", "yellow")
        if anew.judged is not None and not how["semantic"]:
            screen.note("note: what came since was not judged; --continue --llm --semantic judges again", "yellow")
    if tool:
        _edit(repo)
    try:
        return repo.open_merge.finish(strategy=how["strategy"], message=how["message"], **asking)
    except MergeConflictError as error:
        return error


def _begun(repo: Repo, rev: str, how: dict[str, Any]) -> MergeResult | MergeConflictError:
    unrelated, message = how["allow_unrelated"], how["message"]
    repo.open_merge.check_none()
    theirs = repo.get(rev).id
    try:
        return repo.merge(
            rev, strategy=how["strategy"], ff=_ff(how), unrelated=unrelated, message=message, **_asking(how)
        )
    except MergeConflictError as error:
        repo.open_merge.begin(
            theirs,
            name=rev,
            unrelated=unrelated,
            message=message,
            semantic=how["semantic"],
            threshold=how["threshold"],
            left=error,
        )
        return error


def _edit(repo: Repo) -> None:
    """Ask the editor for the conflicts of text that are left."""
    begun, found = repo.open_merge.read(), repo.open_merge.conflicts()
    texts = [one for one in merging.left(found, begun.answers if begun else {}) if marking.is_text(one)]
    if not texts:
        screen.note("no conflict of text is left for the editor")
        return
    try:
        text = editor.edited(marking.marked(texts), what="merge")
    except TraceError as error:
        error.hint = "; ".join(filter(None, [error.hint, _OPEN]))
        raise
    if answers := marking.read(text, texts):
        repo.open_merge.answer(answers)


def _abort(repo: Repo, *, as_json: bool) -> None:
    begun = repo.open_merge.abort()
    if as_json:
        screen.emit(aborted=None if begun is None else {"name": begun.name, "commit": begun.theirs})
    else:
        screen.show([screen.paint(f"The merge of {begun.name} is given up" if begun else "The merge is given up")])
        changes.aside("nothing had changed")
