"""``trace completion``: a script that lets a shell complete commands, options, branches, tags and item ids.

The script asks this very command, with a hidden option, for what may come next. Names of strangers reach a shell
only as words it quotes: nothing is ever evaluated.
"""

from __future__ import annotations

import click

from ..shells import SCRIPTS


@click.command("completion")
@click.argument("words", metavar="bash|zsh|fish", nargs=-1, type=click.UNPROCESSED)
@click.option("--complete", is_flag=True, hidden=True)
def command(words: tuple[str, ...], complete: bool) -> None:
    """Print a script that teaches a shell to complete.

    It completes commands, options, branches, tags and item ids.

    \b
    Examples:
      eval "$(trace completion bash)"        in ~/.bashrc
      eval "$(trace completion zsh)"         in ~/.zshrc, after compinit
      trace completion fish | source         in ~/.config/fish/config.fish
    """
    if complete:
        from .. import completing

        for line in completing.candidates(words):
            click.echo(line)
        return
    if len(words) != 1 or words[0] not in SCRIPTS:
        raise click.UsageError(f"which shell? One of {', '.join(SCRIPTS)}")
    click.echo(SCRIPTS[words[0]], nl=False)
