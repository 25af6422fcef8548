"""``trace resolve``: settle a conflict of the open merge, or one that a merge put off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import click

from ...conflicts import OFFERED, Conflict, Resolution
from ...errors import AmbiguousRevisionError, InvalidInputError, NotFoundError, RefusedError, StateError
from ...ops.resolving import gives_up_pin
from ...repo import Repo
from .. import changes, conflicts, dry_runs, editor, merging, opening, options, screen

_ACTIONS = OFFERED["edit"]
_SHORTEST = 4


@click.command("resolve", short_help="Settle a conflict: ours, theirs, both, …")
@click.argument("conflict", metavar="[CONFLICT]", required=False)
@click.argument("action", type=click.Choice(_ACTIONS), metavar="[ACTION]", required=False)
@click.argument("text", required=False)
@click.option("--all", "every", type=click.Choice(_ACTIONS), metavar="ACTION", help="Settle all that are left.")
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message, for a conflict that was put off.")
@options.dry_run
@options.as_json
def command(
    conflict: str | None,
    action: str | None,
    text: str | None,
    every: str | None,
    message: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Settle CONFLICT with ACTION: ours, theirs, both, replace, drop or defer.

    CONFLICT is an id as `trace conflicts` shows it, the id of an item it is about, or the beginning of one.
    With replace the new content is TEXT, or what stdin sends, or what the editor gives on a terminal. In an
    open merge, or rebase or cherry-pick, the answer is kept for --continue; a conflict that was put off is settled by a
    commit, and for that --dry-run says what would come of it. A pin is given up only by naming its conflict,
    not by --all.

    \b
    Examples:
      trace resolve 3f2a91bc ours
      trace resolve 3f2a replace "The token expires at once."
      trace resolve --all theirs
    """
    _check(conflict, action, text, every)
    how = _How(message, dry_run, as_json)
    with opening.opened() as repo:
        known = _known(repo)
        if not known and (elsewhere := merging.under_way(repo).elsewhere()) is not None:
            raise elsewhere
        if every is not None:
            _all(repo, known, every, how)
            return
        one = _found(known, conflict or "")
        answer = Resolution(action or "", _content(one, action or "", text))
        _settle(repo, one, [(one.conflict, answer)], how)


class _How(NamedTuple):
    message: str | None
    dry_run: bool
    as_json: bool


class _Known(NamedTuple):
    """A conflict, and whether a merge put it off."""

    conflict: Conflict
    put_off: bool


def _check(conflict: str | None, action: str | None, text: str | None, every: str | None) -> None:
    if every is not None and conflict is not None:
        raise click.UsageError("--all stands for every CONFLICT: name none")
    if every == "replace":
        raise click.UsageError("--all cannot replace: each conflict needs a text of its own")
    if every is None and (conflict is None or action is None):
        raise click.UsageError("give a CONFLICT and an ACTION: trace resolve CONFLICT ours")
    if text is not None and action != "replace":
        raise click.UsageError(f"{action} takes no TEXT; replace does")


def _known(repo: Repo) -> list[_Known]:
    """The conflicts of the open merge, if it is on this branch, and those that were put off."""
    here = merging.under_way(repo)
    found = here.conflicts() if here.here() is not None else ()
    return [*(_Known(one, False) for one in found), *(_Known(one, True) for one in repo.conflicts())]


def _found(known: Sequence[_Known], word: str) -> _Known:
    if len(word) < _SHORTEST:
        raise InvalidInputError(f"{word!r} is no conflict", hint="give 4 digits or more; `trace conflicts` lists them")
    found = [one for one in known if any(id.startswith(word) for id in (one.conflict.id, *one.conflict.items))]
    exact = [one for one in found if one.conflict.id.startswith(word)] or found
    if not exact:
        raise NotFoundError(f"no conflict {word!r}", hint="`trace conflicts` lists what there is")
    if len(exact) > 1:
        ids = [one.conflict.id for one in exact]
        raise AmbiguousRevisionError(f"{word!r} means {len(ids)} conflicts", candidates=ids)
    return exact[0]


def _content(one: _Known, action: str, text: str | None) -> str | None:
    if action != "replace" or "replace" not in one.conflict.actions:
        return None
    if text is not None and text != "-":
        return text
    if text is None and editor.asked():
        ours = (*one.conflict.ours, *one.conflict.theirs)[0].message.content
        return editor.edited(ours if isinstance(ours, str) else "", what="resolve")
    return editor.piped(what="resolve")


def _all(repo: Repo, known: Sequence[_Known], action: str, how: _How) -> None:
    """Settles what is left of the open merge, or what was put off when none is open; not what would give up a pin."""
    begun = merging.under_way(repo).here()
    answers = begun.answers if begun else {}
    merge = [one for one in known if not one.put_off]
    left = [one for one in merge if one.conflict.id not in answers] if merge else [one for one in known if one.put_off]
    if not left:
        raise NotFoundError("no conflict is left", hint=merging.command(begun) if merge else "`trace status` says more")
    answer = Resolution(action, reason="--all")
    wanted = [one for one in left if not gives_up_pin(one.conflict, answer)]
    skipped = [one.conflict.items[0] if one.put_off else one.conflict.id for one in left if one not in wanted]
    if not wanted:
        raise RefusedError(
            f"{action} would give up a pin: {', '.join(name[:8] for name in skipped)}",
            hint=f"--all gives none up; name it: trace resolve {skipped[0][:8]} {action}",
        )
    _settle(repo, wanted[0], [(one.conflict, answer) for one in wanted], how, skipped=skipped)
    if skipped and not how.as_json:
        screen.note(f"left out, for they are about pins: {' '.join(name[:8] for name in skipped)}")


def _settle(
    repo: Repo, kind: _Known, pairs: Sequence[tuple[Conflict, Resolution]], how: _How, *, skipped: Sequence[str] = ()
) -> None:
    """Keep or commit answers to conflicts that are all of the open merge, or all put off."""
    if kind.put_off:
        _commit(repo, pairs, how, skipped)
        return
    if how.dry_run:
        raise StateError(
            "an answer in an open merge changes nothing yet: there is nothing to try",
            hint="answer it, then look at it with `trace conflicts`; --continue merges, and undo takes it back",
        )
    here = merging.under_way(repo)
    begun = here.answer({conflict.id: answer for conflict, answer in pairs})
    left = len(merging.left(here.conflicts(), begun.answers))
    if how.as_json:
        answered = [conflicts.shape(conflict, answer) for conflict, answer in pairs]
        screen.emit(answered=answered, left=left, left_out=list(skipped))
        return
    for conflict, answer in pairs:
        screen.show([f"{screen.paint(f'conflict {conflict.id[:8]}', 'yellow')} {screen.paint(answer.action)}"])
    changes.aside(
        f"{merging.counted(left)} left: trace conflicts" if left else f"all settled: {merging.command(begun)}"
    )


def _commit(repo: Repo, pairs: Sequence[tuple[Conflict, Resolution]], how: _How, skipped: Sequence[str]) -> None:
    if how.dry_run:
        results = [repo.resolve(conflict, answer, message=how.message, dry_run=True) for conflict, answer in pairs]
        dry_runs.show(repo, results, "resolve in", as_json=how.as_json)
        return
    before = repo.get("HEAD").id
    with repo.batch():
        made = [repo.resolve(conflict, answer, message=how.message) for conflict, answer in pairs]
    left_out = list(skipped)
    changes.report(repo, made, as_json=how.as_json, nothing="nothing changed", since=before, left_out=left_out)
    if not how.as_json:
        changes.aside("back: trace undo")
