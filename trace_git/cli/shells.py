"""The scripts with which shells ask ``trace completion`` for what may come next."""

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
