"""``trace cherry-pick``: do what some commits did again, here."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from ...model import Item
from ...repo import Repo
from .. import changes, opening, plans, replaying


@click.command("cherry-pick", short_help="Do what some commits did again, here.")
@click.argument("revs", nargs=-1, metavar="[REV | A..B]...")
@click.option("--at", metavar="PLACE", help="Where new items come: before an ITEM, at a number from 0, start or end.")
@click.option("--mainline", type=click.IntRange(min=1), metavar="N", help="Compare a merge with its parent N, from 1.")
@replaying.options("cherry-pick")
@click.pass_context
def command(ctx: click.Context, /, revs: tuple[str, ...], at: str | None, mainline: int | None, **how: Any) -> None:
    """Do what the commits REV did again, here: each becomes a commit on this branch.

    A..B are the commits that B has and A has not, the oldest first. What they append comes to the end, or where
    --at says; items keep their ids. Authors, times and messages stay. What is here already is left out. A merge
    needs --mainline.

    First comes a plan. A tool result without its call is refused, and so is an edit of an item that is not here.
    The rest is warnings: on a terminal you are asked whether to go on, a script must say --yes. At a conflict it
    stops, nothing has moved, and the exit code is 1: settle it with `trace resolve`, then --continue; or --skip,
    or --abort. No model is asked without --llm.

    \b
    Examples:
      trace cherry-pick try-2
      trace cherry-pick try-2~3..try-2 --dry-run
      trace cherry-pick 3f2a91bc --at start --yes
    """
    asked = replaying.way(how, given=bool(revs) or at is not None or mainline is not None)
    if asked is None and not revs:
        raise click.UsageError("a REV is missing: what is to be picked?")
    with opening.opened() as repo:
        if asked == "abort":
            replaying.abort(repo, "cherry-pick", as_json=how["as_json"])
        elif asked is not None:
            replaying.run(ctx, repo, replaying.on(repo, "cherry-pick", asked, how), how, "cherry-pick onto")
        else:
            repo.open_replay.check_nothing_open()
            _pick(ctx, repo, revs, at, mainline, how)


def _pick(
    ctx: click.Context, repo: Repo, revs: tuple[str, ...], at: str | None, mainline: int | None, how: dict[str, Any]
) -> None:
    place = _place(repo, at)
    if how["dry_run"]:
        with plans.explained(repo, as_json=how["as_json"]):
            result = repo.cherry_pick(
                revs, at=place, mainline=mainline, strategy=how["strategy"], dry_run=True, **replaying.asking(how)
            )
        title = f"Would cherry-pick onto {changes.branch(repo) or 'HEAD'}"
        replaying.planned(ctx, repo, result, title=title, as_json=how["as_json"])
        return
    do = partial(repo.open_replay.cherry_pick, revs, at=place, mainline=mainline, strategy=how["strategy"],
                 **replaying.asking(how))  # fmt: skip
    replaying.run(ctx, repo, do, how, "cherry-pick onto")


def _place(repo: Repo, word: str | None) -> str | int | Item | None:
    """A number is a place, unless an item's id begins with it."""
    if word is None or word in ("start", "end"):
        return word
    if word.isdecimal() and not changes.begins_one(repo.context().items, word):
        return int(word)
    return changes.item(repo, word)
