"""``trace tag``: names that stay at a commit."""

from __future__ import annotations

import click

from .. import changes, opening, options, screen


@click.command("tag")
@click.argument("tag", metavar="[NAME]", required=False)
@click.argument("rev", metavar="[REV]", required=False)
@click.option("-m", "--message", metavar="TEXT", help="Say why: an annotated tag.")
@click.option("-d", "--delete", is_flag=True, help="Delete the tag NAME.")
@options.as_json
def command(tag: str | None, rev: str | None, message: str | None, delete: bool, as_json: bool) -> None:
    """List the tags, make one, or delete one.

    With NAME a tag is made at REV (default: HEAD).

    \b
    Examples:
      trace tag
      trace tag works HEAD~2 -m "All tests pass here"
      trace tag -d works
    """
    if tag is None and (delete or message is not None):
        raise click.UsageError("a NAME is missing")
    if delete and (rev is not None or message is not None):
        raise click.UsageError("-d takes a NAME and nothing else")
    with opening.opened() as repo:
        if tag is None:
            commits = {one.name: repo.get(one.commit) for one in repo.tags()}
            if as_json:
                screen.emit(tags=[{"name": name, "commit": commit.id} for name, commit in commits.items()])
            elif commits:
                screen.show(changes.names([("", name, commit) for name, commit in commits.items()]), paged=True)
            else:
                screen.note("no tags")
        elif delete:
            at = next((one.commit for one in repo.tags() if one.name == tag), None)
            repo.delete_tag(tag)
            if as_json:
                screen.emit(deleted={"name": tag, "commit": at})
            else:
                screen.show([screen.paint(f"Deleted tag {tag}{f', which was at {at[:8]}' if at else ''}")])
                changes.aside("back: trace undo")
        else:
            made = repo.tag(tag, at="HEAD" if rev is None else rev, message=message)
            if as_json:
                screen.emit(tag={"name": made.name, "commit": made.commit})
            else:
                commit = repo.get(made.commit)
                screen.show([f"{screen.paint(f'Tag {made.name} at')} {changes.place(commit)}"])
