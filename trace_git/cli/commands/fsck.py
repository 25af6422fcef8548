"""``trace fsck``: read everything, say what is damaged, and mend it when asked to."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from ...errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from ...repo import Repo
from ...results import Finding
from .. import exits, opening, options, screen

_SHOWN = 20  # lost objects that are listed one by one; --json has them all
_CLOSED = (CorruptTraceError, InvalidInputError, NotFoundError, StateError)  # what damage makes of opening a trace


@click.command("fsck", short_help="Check everything in the trace, name what is wrong, mend it.")
@click.option("--repair", is_flag=True, help="Bring what is damaged to its last good state, after asking.")
@click.option("--yes", is_flag=True, help="With --repair: do not ask.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, repair: bool, yes: bool, as_json: bool) -> None:
    """Check every ref, object, message and pin of the trace, and name what is wrong.

    Exit code 5 when something is damaged; warnings alone are 0. Without --repair nothing is changed. A repair says what
    it would do, asks, and keeps the old bytes in trace/aside; nothing that can still be read is thrown away.

    \b
    Examples:
      trace fsck
      trace fsck --repair
      trace fsck --repair --yes
    """
    where = os.environ.get("TRACE_GIT_DIR") or Repo.find(damaged=True)
    findings = _verify(where)
    plan = _plan(where) if findings or repair else ()
    if not repair:
        _tell(findings, plan, as_json=as_json)
        ctx.exit(exits.CORRUPT if _damaged(findings) else exits.OK)
    mends = [one for one in plan if one.kind != "remains"]
    sure = bool(mends) and (yes or _agreed(plan, quiet=as_json))
    done = Repo.repair_at(where) if sure else plan
    if as_json:
        screen.emit(findings=_shapes(findings), repairs=_shapes(done), applied=sure)
    elif sure or not mends:
        screen.show(_lines(done) or ["nothing to mend"])
    if mends and not sure:
        ctx.exit(exits.NO if _person() else exits.USAGE)
    ctx.exit(exits.CORRUPT if any(one.kind == "remains" for one in _damaged(done)) else exits.OK)


def _verify(where: str | os.PathLike[str]) -> tuple[Finding, ...]:
    """What is wrong; of a trace that cannot even be opened, why."""
    try:
        with opening.open_at(where, create=False) as repo:
            found = repo.verify()
            screen.warn(repo.warnings)
            return found
    except _CLOSED as error:
        plan = Repo.repair_at(where, dry_run=True)  # refuses what is no trace at all
        if not plan:
            raise
        return (Finding("trace", str(where), str(error)),)


def _plan(where: str | os.PathLike[str]) -> tuple[Finding, ...]:
    """What a repair would do; nothing where none is possible, as in a clone with a work tree."""
    try:
        return Repo.repair_at(where, dry_run=True)
    except StateError:
        return ()


def _damaged(findings: Sequence[Finding]) -> list[Finding]:
    return [one for one in findings if one.severity == "error"]


def _tell(findings: Sequence[Finding], plan: Sequence[Finding], *, as_json: bool) -> None:
    mends = [one for one in plan if one.kind not in ("remains", "lost")]
    number = max(0, len(findings) - sum(one.kind == "remains" for one in plan)) if mends else 0
    if as_json:
        screen.emit(findings=_shapes(findings), mendable=number)
        return
    if not findings:
        screen.note("all is well")
    screen.show([_line(one) for one in findings])
    if number:
        screen.note(f"`trace fsck --repair` can mend {number} of these")


def _line(one: Finding) -> str:
    if one.severity == "warning":
        return f"{screen.paint('warning:', 'yellow')} {screen.paint(str(one))}"
    said = str(one).removeprefix(f"{one.kind} ")  # many begin with their kind
    return f"{screen.paint(one.kind, 'red')} {screen.paint(said)}"


def _lines(findings: Sequence[Finding]) -> list[str]:
    lost = [one for one in findings if one.kind == "lost"]
    shown = [one for one in findings if one.kind != "lost"] + lost[:_SHOWN]
    more = [f"… and {len(lost) - _SHOWN} more objects, see --json"] if len(lost) > _SHOWN else []
    return [screen.paint(str(one), "red" if one.severity == "error" else None) for one in shown] + more


def _agreed(plan: Sequence[Finding], *, quiet: bool) -> bool:
    """Show the plan and ask, if there is somebody to ask; else say how to do without."""
    if not quiet:
        screen.show(_lines(plan))
    if _person():
        return click.confirm("Do this?", default=False, err=True)
    screen.note("error: nothing is mended without being told to", "red")
    screen.note("hint: trace fsck --repair --yes", "yellow")
    return False


def _person() -> bool:
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty() and screen.on_terminal(sys.stderr)


def _shapes(findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [asdict(one) for one in findings]
