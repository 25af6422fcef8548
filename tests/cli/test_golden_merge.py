"""The whole text of merge, conflicts, resolve and of branch -d and -m, as 80 columns of terminal show it.

With colours, and the same without. Two branches edited the same item before each scene; ``CONFLICT`` in a command line
stands for the id of that conflict, ``ITEM`` for the item's. See ``scenes`` for how the rest is written down.
"""

from __future__ import annotations

import re

import pytest

from trace_git import Repo, Usage, llm
from trace_git.cli import screen
from trace_git.ops import asking
from trace_git.testing import FakeLLM

from ..ops import mediating
from . import scenes

START = (
    "commit --role system 'Be brief.'",
    "commit 'Why does login fail?'",
    "commit --role assistant 'The token expires too early.'",
    "switch -c try-2",
    "edit HEAD 'The token expires on Mondays, and only on staging.'",
    "commit 'And on Mondays?'",
    "switch main",
    "edit HEAD 'The token expires at once.'",
)

SCENES = {
    "clean": """\
$ trace switch -c calm HEAD~1
On new branch calm at cccccccc
$ trace commit 'Thanks.'
<yellow>[calm hhhhhhhh]<> user: Thanks.<dim> (+6, context 35 tokens)<>
$ trace merge main --dry-run
<bold>Would merge main into calm<>

<green>ours:<>   3 items stay
<cyan>theirs:<> 1 edited
<yellow>~<> <yellow>eeeeeeee<> <blue>assistant<> +0 edited: The token expires at once.

tokens: 35 → 35 (+0)
cache: 16 of 35 tokens stay a prefix (46 %), breaks at item eeeeeeee
$ trace merge main
<yellow>[calm iiiiiiii]<> merge: main into calm<dim> (+0, context 35 tokens)<>
1 edited
tokens: 35 → 35 (+0)
cache: 16 of 35 tokens stay a prefix (46 %), breaks at item eeeeeeee
<dim>back:<> trace undo
$ trace merge main
already up to date with main
$ trace switch -c late HEAD~3
On new branch late at bbbbbbbb
$ trace merge calm --dry-run
<bold>Would fast-forward late to calm<>

<green>ours:<>   2 items stay
<cyan>theirs:<> 2 added
<green>+<> <yellow>eeeeeeee<> <blue>assistant<> +10 The token expires at once.
<green>+<> <yellow>jjjjjjjj<> <green>user     <>  +6 Thanks.

tokens: 19 → 35 (+16)
cache: all 19 tokens stay a prefix
$ trace merge calm
Fast-forward of late to <yellow>iiiiiiii<> merge: main into calm
2 added
tokens: 19 → 35 (+16)
cache: all 19 tokens stay a prefix
<dim>back:<> trace undo
$ trace merge calm --ff-only
already up to date with calm
""",
    "plan": """\
$ trace merge try-2 --dry-run
<bold>Would merge try-2 into main<>

<green>ours:<>   3 items stay
<cyan>theirs:<> 1 added
<green>+<> <yellow>hhhhhhhh<> <green>user<> +8 And on Mondays?

<bold>1 conflict, 1 to settle<>

<yellow>conflict iiiiiiii<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <dim>answers: ours, theirs, both, replace, drop, defer<>

<dim>the sizes are those with ours' versions<>
tokens: 29 → 37 (+8)
cache: all 29 tokens stay a prefix
(1)
$ trace merge try-2 --dry-run -X theirs
<bold>Would merge try-2 into main<>

<green>ours:<>   2 items stay
<cyan>theirs:<> 1 added, 1 edited
<yellow>~<> <yellow>eeeeeeee<> <blue>assistant<> +5 edited: The token expires on Mondays, and only on stagi…
<green>+<> <yellow>hhhhhhhh<> <green>user     <> +8 And on Mondays?

<bold>1 conflict, all settled<>

<yellow>conflict iiiiiiii<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <green>answered theirs<>

tokens: 29 → 42 (+13)
cache: 16 of 29 tokens stay a prefix (55 %), breaks at item eeeeeeee
""",
    "steps": """\
$ trace merge try-2
<yellow>conflict hhhhhhhh<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <dim>answers: ours, theirs, both, replace, drop, defer<>

<red>error:<> 1 conflict to settle; nothing has changed
<yellow>hint:<> trace resolve CONFLICT ACTION, then trace merge --continue; or --abort
(1)
$ trace conflicts
<bold>Merging try-2 into main: 1 of 1 conflict left<>

<yellow>conflict hhhhhhhh<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <dim>answers: ours, theirs, both, replace, drop, defer<>
$ trace resolve CONFLICT replace 'The token expires on Mondays.'
<yellow>conflict hhhhhhhh<> replace
<dim>all settled:<> trace merge --continue
$ trace conflicts
<bold>Merging try-2 into main: 0 of 1 conflict left<>

<yellow>conflict hhhhhhhh<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <green>answered replace: The token expires on Mondays.<>
$ trace merge --continue
<yellow>[main iiiiiiii]<> merge: try-2 into main<dim> (+8, context 37 tokens)<>
1 added, 1 edited
tokens: 29 → 37 (+8)
cache: 16 of 29 tokens stay a prefix (55 %), breaks at item eeeeeeee
<dim>back:<> trace undo
$ trace undo
Undid 10: <bold>merge<>, just now
  <green>main<>  iiiiiiii → <yellow>gggggggg<>
<dim>again:<> trace redo
""",
    "strategy": """\
$ trace merge try-2 -X union -m 'Both'
<yellow>[main hhhhhhhh]<> Both<dim> (+23, context 52 tokens)<>
2 added
tokens: 29 → 52 (+23)
cache: all 29 tokens stay a prefix
<dim>back:<> trace undo
$ trace undo
Undid 10: <bold>merge<>, just now
  <green>main<>  hhhhhhhh → <yellow>gggggggg<>
<dim>again:<> trace redo
$ trace merge try-2 -X theirs
<yellow>[main iiiiiiii]<> merge: try-2 into main<dim> (+13, context 42 tokens)<>
1 added, 1 edited
tokens: 29 → 42 (+13)
cache: 16 of 29 tokens stay a prefix (55 %), breaks at item eeeeeeee
<dim>back:<> trace undo
""",
    "model": """\
$ trace commit 'Only on Tuesdays, it seems.'
<yellow>[main hhhhhhhh]<> user: Only on Tuesdays, it seems.<dim> (+11, context 40 tokens)<>
$ trace merge try-2 --llm openai/gpt-4o --semantic --dry-run
<bold>Would merge try-2 into main<>

<green>ours:<>   4 items stay
<cyan>theirs:<> 1 added
<green>+<> <yellow>iiiiiiii<> <green>user<> +8 And on Mondays?

<bold>1 conflict, 1 to settle<>

<yellow>conflict jjjjjjjj<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <dim>answers: ours, theirs, both, replace, drop, defer<>

<dim>the sizes are those with ours' versions<>
tokens: 40 → 48 (+8)
cache: all 40 tokens stay a prefix
llm: would ask openai/gpt-4o 2 questions, ~1,355 tokens
(1)
$ trace merge try-2 --llm openai/gpt-4o --semantic
<yellow>conflict kkkkkkkk<>  <bold>semantic of 2 items<>
  contradiction (0.80): the days differ
  <green>ours<>                                  │ <cyan>theirs<>
  user llllllll: Only on Tuesdays, it   │ user iiiiiiii: And on Mondays?
  seems.                                │
  <dim>answers: ours, theirs, both, replace, drop, defer<>

<yellow>warning:<> openai/gpt-4o did not settle conflict kkkkkkkkkkkkkkkk: there is no JSON object in it (llllllll, iiiiiiii)
<dim>llm:<> asked gpt-4o 4 times, 4,000 tokens in, 80 out, $0.0108
<red>error:<> 1 conflict to settle; nothing has changed
<yellow>hint:<> trace resolve CONFLICT ACTION, then trace merge --continue; or --abort
(1)
$ trace conflicts
<bold>Merging try-2 into main: 1 of 2 conflicts left<>

<yellow>conflict jjjjjjjj<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <green>answered theirs<>
  <dim>by a model: It says when.<>

<yellow>conflict kkkkkkkk<>  <bold>semantic of 2 items<>
  contradiction (0.80): the days differ
  <green>ours<>                                  │ <cyan>theirs<>
  user llllllll: Only on Tuesdays, it   │ user iiiiiiii: And on Mondays?
  seems.                                │
  <dim>answers: ours, theirs, both, replace, drop, defer<>
$ trace merge --continue
<yellow>conflict kkkkkkkk<>  <bold>semantic of 2 items<>
  contradiction (0.80): the days differ
  <green>ours<>                                  │ <cyan>theirs<>
  user llllllll: Only on Tuesdays, it   │ user iiiiiiii: And on Mondays?
  seems.                                │
  <dim>answers: ours, theirs, both, replace, drop, defer<>

<red>error:<> 1 conflict to settle; nothing has changed
<yellow>hint:<> trace resolve CONFLICT ACTION, then trace merge --continue; or --abort
(1)
$ trace resolve --all both
<yellow>conflict kkkkkkkk<> both
<dim>all settled:<> trace merge --continue
$ trace merge --continue
<yellow>[main mmmmmmmm]<> merge: try-2 into main<dim> (+13, context 53 tokens)<>
1 added, 1 edited
tokens: 40 → 53 (+13)
cache: 16 of 40 tokens stay a prefix (40 %), breaks at item eeeeeeee
<cyan>a model settled<> edit of assistant eeeeeeee with theirs: It says when.
<dim>back:<> trace undo
$ trace undo
Undid 11: <bold>merge<>, just now
  <green>main<>  mmmmmmmm → <yellow>hhhhhhhh<>
<dim>again:<> trace redo
$ trace merge try-2 --llm openai/gpt-4o --semantic --threshold 0.9
<yellow>[main nnnnnnnn]<> merge: try-2 into main<dim> (+13, context 53 tokens)<>
1 added, 1 edited
tokens: 40 → 53 (+13)
cache: 16 of 40 tokens stay a prefix (40 %), breaks at item eeeeeeee
<cyan>a model settled<> edit of assistant eeeeeeee with theirs: It says when.
<yellow>warning:<> contradiction (0.80): the days differ (llllllll, iiiiiiii)
<dim>llm:<> asked gpt-4o 2 times, 2,000 tokens in, 40 out, $0.0054
<dim>back:<> trace undo
""",  # noqa: E501
    "abort": """\
$ trace merge try-2
<yellow>conflict hhhhhhhh<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <dim>answers: ours, theirs, both, replace, drop, defer<>

<red>error:<> 1 conflict to settle; nothing has changed
<yellow>hint:<> trace resolve CONFLICT ACTION, then trace merge --continue; or --abort
(1)
$ trace merge try-2
<red>error:<> the merge of try-2 into main is open
<yellow>hint:<> go on with trace merge --continue, or give it up with trace merge --abort
(2)
$ trace merge --abort
The merge of try-2 is given up
<dim>nothing had changed<>
$ trace merge --abort
<red>error:<> no merge is open
<yellow>hint:<> trace merge NAME begins one
(2)
$ trace merge --continue
<red>error:<> no merge is open
<yellow>hint:<> trace merge NAME begins one
(2)
""",
    "refusals": """\
$ trace merge
<red>error:<> a NAME is missing: what is to be merged?
<yellow>hint:<> `trace merge --help` lists what there is
(2)
$ trace merge nope
<red>error:<> unknown revision 'nope'
<yellow>hint:<> `trace log` lists commits, `trace branch` branches
(3)
$ trace merge try-2 --ff-only
<red>error:<> both branches went on: this is no fast-forward
<yellow>hint:<> leave --ff-only out to merge
(2)
$ trace merge try-2 --ff-only --no-ff
<red>error:<> --no-ff and --ff-only exclude each other
<yellow>hint:<> `trace merge --help` lists what there is
(2)
$ trace merge --abort try-2
<red>error:<> --abort stands alone
<yellow>hint:<> `trace merge --help` lists what there is
(2)
$ trace resolve
<red>error:<> give a CONFLICT and an ACTION: trace resolve CONFLICT ours
<yellow>hint:<> `trace resolve --help` lists what there is
(2)
$ trace resolve abcd ours
<red>error:<> no conflict 'abcd'
<yellow>hint:<> `trace conflicts` lists what there is
(3)
$ trace resolve --all replace
<red>error:<> --all cannot replace: each conflict needs a text of its own
<yellow>hint:<> `trace resolve --help` lists what there is
(2)
$ trace conflicts
no conflicts
""",
    "put-off": """\
$ trace merge try-2
<yellow>conflict hhhhhhhh<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <dim>answers: ours, theirs, both, replace, drop, defer<>

<red>error:<> 1 conflict to settle; nothing has changed
<yellow>hint:<> trace resolve CONFLICT ACTION, then trace merge --continue; or --abort
(1)
$ trace resolve --all defer
<yellow>conflict hhhhhhhh<> defer
<dim>all settled:<> trace merge --continue
$ trace merge --continue
<yellow>[main iiiiiiii]<> merge: try-2 into main (1 deferred)<dim> (~+8, context ~37 tokens)<>
1 added, 1 edited
tokens: 29 → 37 (+8)
cache: 16 of 29 tokens stay a prefix (55 %), breaks at item eeeeeeee
<dim>put off:<> 1 conflict, see trace conflicts
<dim>back:<> trace undo
$ trace log -n 2
<yellow>iiiiiiii<> <cyan>merge <> trace-git ~+8 <dim>~37<> <green>(HEAD -> main)<> try-2 into main (1 deferred)
<yellow>ffffffff<> <dim>append<> <green>user     <>  +8 <dim> 42<> <green>(try-2)<> And on Mondays?
$ trace ls
<yellow>jjjjjjjj<> <magenta>system   <>   7 Be brief.
<yellow>kkkkkkkk<> <green>user     <>   9 Why does login fail?
<yellow>eeeeeeee<> <blue>assistant<> ~10 [conflict] The token expires at once.
<yellow>llllllll<> <green>user     <>   8 And on Mondays?
$ trace show :ITEM
<blue>assistant<> <yellow>eeeeeeeeeeeeeeee<><dim>  ~10 tokens, conflict<>
    <dim><<<<<<< ours<>
    The token expires at once.
    <dim>||||||| base<>
    The token expires too early.
    <dim>>>>>>>> theirs<>
    The token expires on Mondays, and only on staging.
$ trace materialize
<red>error:<> item eeeeeeeeeeeeeeee is an unresolved conflict: a model cannot be shown both sides
<yellow>hint:<> settle it: trace resolve eeeeeeee ours; or say a side: --conflicts ours
(6)
$ trace conflicts
<bold>Put off: 1 conflict<>

<yellow>conflict eeeeeeee<>  <bold>edit of assistant eeeeeeee<>
  both sides changed its content
  <dim>base<>                     │ <green>ours<>                     │ <cyan>theirs<>
  <dim>The token expires too<>    │ The token expires at     │ The token expires on
  <dim>early.<>                   │ once.                    │ Mondays, and only on
                           │                          │ staging.
  <dim>answers: ours, theirs, both, replace, drop<>
$ trace resolve ITEM theirs -m 'It was Monday'
<yellow>[main mmmmmmmm]<> It was Monday<dim> (~+5, context ~42 tokens)<>
cache: ~16 of ~37 tokens stay a prefix (43 %), breaks at item eeeeeeee
<dim>back:<> trace undo
$ trace conflicts
no conflicts
""",
    "names": """\
$ trace branch -d try-2
<red>error:<> branch 'try-2' has commits that main has not
<yellow>hint:<> to delete it all the same: trace branch -D try-2
(6)
$ trace branch -D try-2
Deleted branch try-2, which was at ffffffff
<dim>back:<> trace undo
$ trace undo
Undid 10: <bold>branch<>, just now
  <green>try-2<>  (none) → <yellow>ffffffff<>
<dim>again:<> trace redo
$ trace branch -d main
<red>error:<> branch 'main' is the present one
<yellow>hint:<> switch to another one first: trace switch NAME
(2)
$ trace branch -d nope
<red>error:<> no branch 'nope'
<yellow>hint:<> `trace branch` lists the branches
(3)
$ trace branch -m best
Renamed branch main to best
<dim>back:<> trace undo
$ trace branch
<green>* best<>  <yellow>gggggggg<> 29 edit: eeeeeeee The token expires at once.
  try-2 <yellow>ffffffff<> 42 user: And on Mondays?
$ trace branch -m try-2 second
Renamed branch try-2 to second
<dim>back:<> trace undo
$ trace branch -m second best
<red>error:<> branch 'best' exists already
<yellow>hint:<> choose another name
(2)
$ trace branch -d -m x
<red>error:<> -d and -m exclude each other
<yellow>hint:<> `trace branch --help` lists what there is
(2)
$ trace branch -d
<red>error:<> a NAME is missing
<yellow>hint:<> `trace branch --help` lists what there is
(2)
""",
}


def answer(messages) -> llm.Reply:
    """Settles what is not semantic, and judges the first new items of the two sides."""
    ours, theirs = (mediating.items(messages, side)[:1] for side in ("ours", "theirs"))
    told = {"kind": "contradiction", "ours": ours, "theirs": theirs, "confidence": 0.8, "reason": "the days differ"}
    if "merge-judge" in messages[0]["content"] or not mediating.asked(messages):
        text = mediating.findings(told)
    elif "kind: semantic" in messages[1]["content"]:
        text = "No idea."
    else:
        text = mediating.each("theirs", reason="It says when.")(messages)
    return llm.Reply(text, Usage(1000, 20), "gpt-4o", 0.0027)


@pytest.fixture(autouse=True)
def model(monkeypatch):
    """Who answers to the name openai/gpt-4o."""
    asker = llm.resolve(FakeLLM(answer))
    asker._source.name = "openai/gpt-4o"
    monkeypatch.setattr(asking, "asker", lambda handle, given: asker if given is not None else None)


def ids() -> dict[str, str]:
    with Repo.open(".trace") as repo:
        (conflict,) = repo.merge("try-2", dry_run=True).conflicts
    return {"CONFLICT": conflict.id[:8], "ITEM": conflict.items[0][:8]}


@pytest.mark.parametrize("colour", [True, False], ids=["coloured", "plain"])
@pytest.mark.parametrize("scene", SCENES)
def test_the_whole_text(trace, monkeypatch, scene, colour):
    show = scenes.make(monkeypatch, colour=colour)
    show(*START)
    known = ids()
    expected = SCENES[scene] if colour else re.sub(rf"<(?:{'|'.join(screen._CODES)})?>", "", SCENES[scene])
    made = ""
    for line in re.findall(r"^\$ trace (.*)$", expected, re.MULTILINE):
        words = re.sub("CONFLICT|ITEM", lambda found: known[found[0]], line)
        made += f"$ trace {line}\n" + show(words).partition("\n")[2]
    assert made == expected
