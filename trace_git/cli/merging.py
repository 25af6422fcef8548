"""What ``merge``, ``conflicts`` and ``resolve`` show: the result or plan of a merge, and what is left of an open one.

Which item came from where is told by the difference from ours; how conflicts look is in ``conflicts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from .. import view
from ..conflicts import Conflict, Resolution
from ..errors import MergeConflictError
from ..ops import replay_state
from ..ops.merging_state import Begun
from ..ops.open_merge import OpenMerge
from ..ops.open_replay import OpenReplay
from ..repo import Repo
from ..results import Finding, ItemChange, MergeResult, Receipt
from . import changes, conflicts, differences, exits, receipts, screen, shapes

WAYS = "trace resolve CONFLICT ACTION, then trace merge --continue; or --abort"


def done(repo: Repo, before: str | None, result: MergeResult, *, name: str, as_json: bool) -> None:
    """A merge that was made; ``before`` is where the branch was."""
    commit = result.commit
    if as_json or commit is None:
        screen.emit(**shape(result))
        return
    if result.kind == "up-to-date":
        screen.note(f"already up to date with {name}")
        return
    where = changes.branch(repo) or "HEAD"
    if result.kind == "fast-forward":
        screen.show([f"{screen.paint(f'Fast-forward of {where} to')} {changes.place(commit)}"])
    else:
        screen.show([changes.line(commit, where)])
    found = repo.diff(before, commit).changes if before else ()
    screen.show(_told(found, result.receipt))
    screen.show(_settled(result))
    told(result.findings)
    put_off = sum(one.action == "defer" for one in result.resolutions.values())
    if put_off:
        changes.aside(f"put off: {counted(put_off)}, see trace conflicts")
    changes.aside("back: trace undo")


def _settled(result: MergeResult) -> Iterator[str]:
    """What a model settled."""
    for one in result.conflicts:
        answer = result.resolutions.get(one.id)
        if answer is not None and answer.by:
            what = f"{screen.paint('a model settled', 'cyan')} {screen.paint(conflicts.about(one))}"
            yield f"{what} with {screen.paint(': '.join(filter(None, [answer.action, answer.reason])))}"


def told(findings: Iterable[Finding]) -> None:
    """What was noticed; conflicts are listed elsewhere."""
    for one in findings:
        about = f" ({', '.join(item[:8] for item in one.items)})" if one.items else ""
        if one.severity == "note":
            changes.aside(f"{one.kind}: {one.text}")
        elif one.kind != "conflict":
            screen.warn([f"{one.text}{about}"])


def planned(repo: Repo, result: MergeResult, *, name: str, as_json: bool) -> None:
    """A merge that would be made: what comes from where, what is in dispute, what it costs."""
    before = repo.context().items
    found = view.diff.of_items(before, result.items or before, repo.count)
    if as_json:
        screen.emit(**shape(result, dry_run=True), changes=[differences.shape(one, words=False) for one in found])
    elif result.kind == "up-to-date":
        screen.note(f"already up to date with {name}")
    else:
        screen.show(_plan(repo, result, found, name), paged=True)


def _plan(repo: Repo, result: MergeResult, found: Sequence[ItemChange], name: str) -> Iterator[str]:
    into = changes.branch(repo) or "HEAD"
    how = "Would fast-forward" if result.kind == "fast-forward" else "Would merge"
    yield screen.paint(f"{how} {into} to {name}" if how != "Would merge" else f"{how} {name} into {into}", "bold")
    yield ""
    touched = {one.item.id for one in found if "added" not in one.kinds}
    stay = len(repo.context().items) - len(touched)
    yield f"{screen.paint('ours:', 'green')}   {stay:,} {'item stays' if stay == 1 else 'items stay'}"
    yield f"{screen.paint('theirs:', 'cyan')} {differences.summary(found) or 'nothing new'}"
    yield from differences.rows(found)
    yield ""
    if result.conflicts:
        left = [one for one in result.conflicts if one.id not in result.resolutions]
        rest = f"{len(left)} to settle" if left else "all settled"
        yield screen.paint(f"{counted(len(result.conflicts))}, {rest}", "bold")
        yield ""
        yield from conflicts.listed(result.conflicts, result.resolutions)
        yield ""
        if left:
            yield screen.paint("the sizes are those with ours' versions", "dim")
    yield from _told((), result.receipt)
    yield from (f"{one.kind}: {screen.paint(one.text)}" for one in result.findings if one.kind != "conflict")


def _told(found: Sequence[ItemChange], receipt: Receipt) -> Iterator[str]:
    if found:
        yield differences.summary(found)
    yield from receipts.lines(receipt)


def shape(result: MergeResult, *, dry_run: bool = False) -> dict[str, Any]:
    """A result as JSON."""
    return {
        "kind": result.kind,
        "dry_run": dry_run,
        "commit": shapes.commit(result.commit) if result.commit else None,
        "brought": [shapes.item(one) for one in result.brought],
        "conflicts": [conflicts.shape(one, result.resolutions.get(one.id)) for one in result.conflicts],
        "findings": [_finding(one) for one in result.findings],
        "receipt": receipts.shape(result.receipt),
        "sends": [{"messages": one} for one in result.sends],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {"kind": one.kind, "name": one.name, "text": one.text, "items": list(one.items), "severity": one.severity}


def under_way(repo: Repo) -> OpenMerge | OpenReplay:
    """What is open: a merge, or else a rebase or cherry-pick, if any is."""
    return repo.open_replay if repo.open_replay.read() is not None else repo.open_merge


def called(begun: Begun | replay_state.Begun) -> str:
    """``Merging try-2 into main``"""
    if isinstance(begun, replay_state.Begun):
        what = (
            f"Rebasing {begun.into} onto {begun.name}"
            if begun.verb == "rebase"
            else f"Picking {begun.name} onto {begun.into}"
        )
        return f"{what}, stopped at {begun.stopped[:8]}" if begun.stopped else what
    return f"Merging {begun.name} into {begun.into}"


def command(begun: Begun | replay_state.Begun | None) -> str:
    """The command that goes on with it."""
    return f"trace {begun.verb if isinstance(begun, replay_state.Begun) else 'merge'} --continue"


def counted(number: int) -> str:
    return f"{number} conflict{'' if number == 1 else 's'}"


def left(found: Sequence[Conflict], answers: Mapping[str, Resolution]) -> list[Conflict]:
    """The conflicts that nobody has answered."""
    return [one for one in found if one.id not in answers]


def report(merge: OpenMerge, last: MergeConflictError, *, as_json: bool) -> MergeConflictError:
    """Shows what the ``last`` try left of an open merge, as JSON with the error in it; the error to leave with."""
    findings = cast(Sequence[Finding], last.findings)
    begun, found = merge.read(), merge.conflicts()
    answers = begun.answers if begun else {}
    open = left(found, answers)
    error = MergeConflictError(f"{counted(len(open))} to settle; nothing has changed", conflicts=open, hint=WAYS)
    if as_json:
        said = {"kind": type(error).__name__, "message": str(error), "hint": error.hint, "exit_code": exits.NO}
        shown = [conflicts.shape(one, answers.get(one.id)) for one in found]
        noticed = [_finding(one) for one in findings]
        screen.emit(kind="conflicts", dry_run=False, commit=None, conflicts=shown, findings=noticed, error=said)
    else:
        screen.show([*conflicts.listed(open, {}), ""])
        told(findings)
    return error
