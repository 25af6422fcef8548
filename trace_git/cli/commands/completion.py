"""``trace completion``: a script that lets a shell complete commands, options, branches, tags and item ids.

The script asks this very command, with a hidden option, for what may come next. Names of strangers reach a shell
only as words it quotes: nothing is ever evaluated.
"""

from __future__ import annotations

import click

_BASH = r"""# trace: completion for bash.  eval "$(trace completion bash)"
_trace_complete() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        printf -v line %q "${line%%$'\t'*}"
        COMPREPLY+=("$line")
    done < <("$1" completion --complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _trace_complete trace trace-git git-trace
"""
_ZSH = r"""#compdef trace trace-git git-trace
# trace: completion for zsh.  eval "$(trace completion zsh)"
_trace_complete() {
    local -a values shown
    local line
    while IFS= read -r line; do
        values+=("${line%%$'\t'*}")
        shown+=("${line/$'\t'/  }")
    done < <("${words[1]}" completion --complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( ${#values} )); then
        compadd -l -d shown -a -- values
    else
        _files
    fi
}
if [[ "${zsh_eval_context[-1]}" == loadautofunc ]]; then
    _trace_complete "$@"
else
    compdef _trace_complete trace trace-git git-trace
fi
"""
_FISH = r"""# trace: completion for fish.  trace completion fish | source
function __trace_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] completion --complete -- $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
for name in trace trace-git git-trace
    complete -c $name -f -a '(__trace_complete)'
end
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


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
