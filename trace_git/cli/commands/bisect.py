"""``trace bisect``: where something went wrong, by halves."""

from __future__ import annotations

import click

from ...errors import StateError
from .. import bisecting, changes, opening, options, screen, shapes
from ..groups import Group


@click.group("bisect", cls=Group, short_help="Find where something went wrong, by halves.")
def command() -> None:
    """Find the commit, or with --items the message, after which something is wrong.

    Say one commit where it is bad and one where it was good. HEAD goes to a commit between them: look, and say
    `trace bisect good` or `bad`; or let a program look at each: `trace bisect run`. Of n commits some ⌈log2 n⌉ are
    looked at. `trace bisect reset` brings HEAD back.

    \b
    Examples:
      trace bisect start HEAD HEAD~40
      trace bisect run grep -q REST
      trace bisect reset
    """


@command.command("start", short_help="Begin: BAD is where it is wrong, GOOD where it was not.")
@click.argument("rev", metavar="[BAD]", required=False)
@click.argument("revs", metavar="[GOOD]...", nargs=-1)
@click.option("--items", is_flag=True, help="Look for an item of BAD's context instead of a commit.")
@options.as_json
def start(rev: str | None, revs: tuple[str, ...], items: bool, as_json: bool) -> None:
    """Begin: BAD is a commit where it is wrong, GOOD are commits where it was not yet.

    \b
    Examples:
      trace bisect start
      trace bisect start HEAD v1 --items
    """
    with opening.opened() as repo:
        repo.open_bisect.start(rev, revs, items=items)
        bisecting.tell(repo, as_json=as_json)


@command.command("good", short_help="Say that it is not wrong there yet.")
@click.argument("revs", metavar="[REV]...", nargs=-1)
@options.as_json
def good(revs: tuple[str, ...], as_json: bool) -> None:
    """Say that REV (default: what is asked about) is good; with --items, that all up to that item is.

    \b
    Examples:
      trace bisect good
      trace bisect good HEAD~40
    """
    _answer("good", revs, as_json=as_json)


@command.command("bad", short_help="Say that it is wrong there.")
@click.argument("rev", metavar="[REV]", required=False)
@options.as_json
def bad(rev: str | None, as_json: bool) -> None:
    """Say that REV (default: what is asked about) is bad.

    \b
    Examples:
      trace bisect bad
    """
    _answer("bad", (rev,) if rev is not None else (), as_json=as_json)


@command.command("skip", short_help="Say that nobody can tell there.")
@click.argument("revs", metavar="[REV]...", nargs=-1)
@options.as_json
def skip(revs: tuple[str, ...], as_json: bool) -> None:
    """Say that it cannot be said of REV (default: what is asked about); another one is asked about.

    \b
    Examples:
      trace bisect skip
    """
    _answer("skip", revs, as_json=as_json)


@command.command(
    "run",
    short_help="Let a program look at each.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", metavar="CMD...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; before CMD.")
def run(words: tuple[str, ...], as_json: bool) -> None:
    """Let CMD look at each: it gets the context as JSON on stdin, or in a file where {} stands.

    The JSON is what `trace materialize` prints. Exit code 0 is good, 125 skips, 1 to 127 is bad, and more than that
    ends the run; so does a CMD that cannot be run (126, 127: the first time it is tried at a good commit too). What
    CMD prints goes to stderr.

    \b
    Examples:
      trace bisect run grep -q REST
      trace bisect run python check.py {}
    """
    with opening.opened() as repo:
        bisecting.run(repo, words)
        bisecting.tell(repo, as_json=as_json)


@command.command("show", short_help="Print the context that is asked about, as JSON.")
@options.output
def show(output: str | None) -> None:
    """Print the context that is asked about, as JSON: what `run` gives to a program.

    \b
    Examples:
      trace bisect show
    """
    with opening.opened() as repo:
        asked = repo.open_bisect.asked()
        if asked is None:
            raise StateError("nothing is asked about any more", hint="trace bisect log shows what was found")
        screen.exact(bisecting.materialized(asked[1]), output)


@command.command("log", short_help="Show what was told so far.")
@options.as_json
def log(as_json: bool) -> None:
    """Show what was told so far, as commands that tell it again.

    \b
    Examples:
      trace bisect log
    """
    with opening.opened() as repo:
        begun = repo.open_bisect.read()
        if begun is None:
            raise StateError("no bisect is open", hint="trace bisect start BAD GOOD begins one")
        if as_json:
            screen.emit(bisect=bisecting.shape(repo))
            return
        given = " ".join(filter(None, ["--items" * begun.items, begun.bad, *(begun.good if begun.bad else ())]))
        screen.show([f"trace bisect start {given}".rstrip()])
        if begun.bad is None:
            screen.show(f"trace bisect good {one}" for one in begun.good)
        screen.show(f"trace bisect {answer} {told}" for answer, told in begun.answers)


@command.command("reset", short_help="End it: HEAD goes back.")
@click.argument("rev", metavar="[REV]", required=False)
@options.as_json
def reset(rev: str | None, as_json: bool) -> None:
    """End it: HEAD goes back to where it was before, or to REV.

    \b
    Examples:
      trace bisect reset
    """
    with opening.opened() as repo:
        repo.open_bisect.reset(rev)
        name, commit = changes.branch(repo), repo.get("HEAD")
        if as_json:
            screen.emit(branch=name, commit=shapes.commit(commit))
            return
        screen.show([f"{screen.paint(f'On branch {name} at' if name else 'Looking at')} {changes.place(commit)}"])


def _answer(answer: str, names: tuple[str, ...], *, as_json: bool) -> None:
    with opening.opened() as repo:
        repo.open_bisect.tell(answer, names)
        bisecting.tell(repo, as_json=as_json)
