#!/bin/sh
# The main job on a sample transcript, in a folder that goes away. `make demo` runs it; `trace` and `git` must be on the PATH.
set -eu

sample=$(cd "$(dirname "$0")/.." && pwd)/trace_git/samples/debug-session.jsonl
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
export PAGER=cat GIT_PAGER=cat TRACE_GIT_PAGER=cat
cp "$sample" "$folder"
cd "$folder"

say() { printf '\n# %s\n' "$1"; }
run() {
    printf '$ %s\n' "$1"
    eval "$1"
}

say 'A trace is a bare git repository.'
run 'trace init run.trace'
export TRACE_GIT_DIR="$folder/run.trace"

say 'A transcript becomes commits, one a message; where the session forked, branches.'
run 'trace import debug-session.jsonl'

say 'The log: what each message added, and how full the context was after it.'
run 'trace log -n 12'

say 'The status: what fills the context now.'
run 'trace status --budget 8000'

say 'What a model would be sent (its beginning).'
run 'trace materialize --as openai | head -n 24'

say 'The same history, seen by stock git.'
run 'git -C run.trace log --stat -n 3'
run 'git -C run.trace fsck --strict && echo fine'

printf '\nThis trace was in %s and is gone now. Your own: trace init\n' "$folder"
