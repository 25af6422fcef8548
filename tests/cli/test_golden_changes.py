"""The whole text of each changing command, as 80 columns of terminal show it: with colours, and the same without.

Each scene is run line by line in a trace that has three commits; see ``scenes`` for how it is written down.
"""

from __future__ import annotations

import re

import pytest

from . import scenes

START = (
    "commit --role system 'Be brief.'",
    "commit 'Why does login fail?'",
    "commit --role assistant 'The token expires too early.'",
)

SCENES = {
    "edit": """\
$ trace edit HEAD~1 'Why does login fail on Mondays?'
<yellow>[main dddddddd]<> edit: eeeeeeee Why does login fail on Mondays?<dim> (+2, context 31 tokens)<>
cache: 7 of 29 tokens stay a prefix (24 %), breaks at item eeeeeeee
$ trace edit HEAD 'Why does login fail on Mondays?'
nothing changed
$ trace edit HEAD -m 'The day matters' 'Why does login fail on Sundays?'
<yellow>[main ffffffff]<> The day matters<dim> (+0, context 31 tokens)<>
cache: 7 of 31 tokens stay a prefix (23 %), breaks at item eeeeeeee
$ trace edit HEAD
<red>error:<> nothing to edit: stdin is closed
<yellow>hint:<> give the text as an argument
(2)
""",
    "pin": """\
$ trace pin HEAD~2
<yellow>[main dddddddd]<> pin: eeeeeeee Be brief.<dim> (+0, context 29 tokens)<>
$ trace pin HEAD
pinned already; nothing changed
$ trace edit HEAD 'Be very brief.'
<red>error:<> item eeeeeeeeeeeeeeee is pinned
<yellow>hint:<> unpin it first, or edit with force (--force)
(6)
$ trace edit --force HEAD 'Be very brief.'
<yellow>[main ffffffff]<> edit: eeeeeeee Be very brief.<dim> (+1, context 30 tokens)<>
cache: 0 of 29 tokens stay a prefix (0 %), breaks at item eeeeeeee
$ trace drop HEAD
<red>error:<> item eeeeeeeeeeeeeeee is pinned
<yellow>hint:<> unpin it first: trace unpin eeeeeeee
(6)
""",
    "unpin": """\
$ trace pin HEAD~2 HEAD
<yellow>[main dddddddd]<> pin: eeeeeeee Be brief.<dim> (+0, context 29 tokens)<>
<yellow>[main ffffffff]<> pin: gggggggg The token expires too early.<dim> (+0, context 29 tokens)<>
$ trace unpin HEAD HEAD~1
<yellow>[main hhhhhhhh]<> unpin: gggggggg The token expires too early.<dim> (+0, context 29 tokens)<>
<yellow>[main iiiiiiii]<> unpin: eeeeeeee Be brief.<dim> (+0, context 29 tokens)<>
$ trace unpin HEAD
not pinned; nothing changed
""",
    "drop": """\
$ trace drop HEAD~1
<yellow>[main dddddddd]<> drop: eeeeeeee Why does login fail?<dim> (-9, context 20 tokens)<>
cache: 7 of 29 tokens stay a prefix (24 %), breaks at item eeeeeeee
<dim>back:<> trace undo
$ trace drop HEAD~2
<red>error:<> no item of commit bbbbbbbb is in this context
<yellow>hint:<> `trace ls` lists its items
(3)
$ trace drop 0000
<red>error:<> no item '0000' in this context
<yellow>hint:<> `trace ls` lists the items of this context
(3)
""",
    "reset": """\
$ trace reset HEAD~1
main is at <yellow>bbbbbbbb<> user: Why does login fail?
cache: 16 of 29 tokens stay a prefix (55 %), breaks at item dddddddd
<dim>before:<> cccccccc assistant: The token expires too early.
<dim>back:<> trace undo
$ trace reset HEAD
main is at bbbbbbbb already; nothing changed
$ trace reset --hard HEAD~1
main is at <yellow>aaaaaaaa<> system: Be brief.
cache: 7 of 19 tokens stay a prefix (37 %), breaks at item eeeeeeee
<dim>before:<> bbbbbbbb user: Why does login fail?
<dim>back:<> trace undo, as long as nothing cleans up
$ trace reset HEAD~9
<red>error:<> 'HEAD~9': the history ends there
<yellow>hint:<> its first commit is aaaaaaaa
(3)
""",
    "checkout": """\
$ trace checkout HEAD~1
Looking at <yellow>bbbbbbbb<> user: Why does login fail?
<dim>back:<> trace checkout main
<dim>to go on from here:<> trace switch -c NAME
$ trace checkout HEAD~1
Looking at <yellow>aaaaaaaa<> system: Be brief.
<dim>back:<> trace checkout main
<dim>to go on from here:<> trace switch -c NAME
$ trace commit 'Not here.'
<red>error:<> this is a read-only look at aaaaaaaa
<yellow>hint:<> make a branch there first: trace switch -c NAME aaaaaaaa
(2)
$ trace checkout -
Looking at <yellow>bbbbbbbb<> user: Why does login fail?
<dim>back:<> trace checkout main
<dim>to go on from here:<> trace switch -c NAME
$ trace checkout main
On branch main at <yellow>cccccccc<> assistant: The token expires too early.
$ trace checkout nowhere
<red>error:<> unknown revision 'nowhere'
<yellow>hint:<> `trace log` lists commits, `trace branch` branches
(3)
""",
    "switch": """\
$ trace switch -c try-2
On new branch try-2 at cccccccc
$ trace switch main
On branch main at cccccccc
$ trace switch -
On branch try-2 at cccccccc
$ trace switch try-2
Already on branch try-2
$ trace switch -c from-there HEAD~2
On new branch from-there at aaaaaaaa
$ trace switch try-3
<red>error:<> no branch 'try-3'
<yellow>hint:<> make it with: trace switch -c try-3
(3)
$ trace switch main HEAD~1
<red>error:<> only a new branch begins at a REV: trace switch -c NAME REV
<yellow>hint:<> `trace switch --help` lists what there is
(2)
""",
    "branch": """\
$ trace branch try-2 HEAD~1
Branch try-2 at <yellow>bbbbbbbb<> user: Why does login fail?
<dim>go there:<> trace switch try-2
$ trace branch try-2
<red>error:<> branch 'try-2' exists already
<yellow>hint:<> choose another name, or switch to it
(2)
$ trace branch
<green>* main<>  <yellow>cccccccc<> 29 assistant: The token expires too early.
  try-2 <yellow>bbbbbbbb<> 19 user: Why does login fail?
$ trace checkout HEAD~2
Looking at <yellow>aaaaaaaa<> system: Be brief.
<dim>back:<> trace checkout main
<dim>to go on from here:<> trace switch -c NAME
$ trace branch
<green>* (looking at aaaaaaaa)<>
  main  <yellow>cccccccc<> 29 assistant: The token expires too early.
  try-2 <yellow>bbbbbbbb<> 19 user: Why does login fail?
""",
    "tag": """\
$ trace tag
no tags
$ trace tag works HEAD~1
Tag works at <yellow>bbbbbbbb<> user: Why does login fail?
$ trace tag said -m 'All of it'
Tag said at <yellow>cccccccc<> assistant: The token expires too early.
$ trace tag works
<red>error:<> tag 'works' exists already
<yellow>hint:<> choose another name, or delete it: trace tag -d works
(2)
$ trace tag
said  <yellow>cccccccc<> 29 assistant: The token expires too early.
works <yellow>bbbbbbbb<> 19 user: Why does login fail?
$ trace tag -d works
Deleted tag works, which was at bbbbbbbb
<dim>back:<> trace undo
$ trace tag -d works
<red>error:<> no tag 'works'
<yellow>hint:<> `trace tag` lists the tags
(3)
$ trace tag -d
<red>error:<> a NAME is missing
<yellow>hint:<> `trace tag --help` lists what there is
(2)
""",
    "undo": """\
$ trace undo
Undid 3: <bold>append<>, just now
  <green>main<>  cccccccc → <yellow>bbbbbbbb<>
<dim>again:<> trace redo
$ trace undo
Undid 2: <bold>append<>, just now
  <green>main<>  bbbbbbbb → <yellow>aaaaaaaa<>
<dim>again:<> trace redo
$ trace redo
Did again 2: <bold>append<>, just now
  <green>main<>  aaaaaaaa → <yellow>bbbbbbbb<>
<dim>back:<> trace undo
$ trace redo
Did again 3: <bold>append<>, just now
  <green>main<>  bbbbbbbb → <yellow>cccccccc<>
<dim>back:<> trace undo
$ trace redo
<red>error:<> nothing to redo
<yellow>hint:<> `trace op log` lists what was done
(2)
""",
    "undo-of-a-pin": """\
$ trace pin HEAD~1
<yellow>[main dddddddd]<> pin: eeeeeeee Why does login fail?<dim> (+0, context 29 tokens)<>
$ trace undo
Undid 4: <bold>pin<>, just now
  <green>main<>          dddddddd → <yellow>cccccccc<>
  <green>pin eeeeeeee<>  dddddddd → <yellow>(none)<>
<dim>again:<> trace redo
""",
    "op": """\
$ trace pin HEAD HEAD~1
<yellow>[main dddddddd]<> pin: eeeeeeee The token expires too early.<dim> (+0, context 29 tokens)<>
<yellow>[main ffffffff]<> pin: gggggggg Why does login fail?<dim> (+0, context 29 tokens)<>
$ trace undo
Undid 4: <bold>pin<>, just now
  <green>main<>          ffffffff → <yellow>cccccccc<>
  <green>pin eeeeeeee<>  dddddddd → <yellow>(none)<>
  <green>pin gggggggg<>  ffffffff → <yellow>(none)<>
<dim>again:<> trace redo
$ trace op log
<yellow>6<>  just now  undo 4          main ffffffff → cccccccc and 2 more
<dim>4  just now  pin     undone  main cccccccc → ffffffff and 2 more<>
<yellow>3<>  just now  append          main bbbbbbbb → cccccccc
<yellow>2<>  just now  append          main aaaaaaaa → bbbbbbbb
<yellow>1<>  just now  append          main (none) → aaaaaaaa
$ trace op log -n 1
<yellow>6<>  just now  undo 4  main ffffffff → cccccccc and 2 more
$ trace op show 4
<yellow>operation 4<>
Verb:    pin
Date:    2026-11-20 10:00:00 +0000
Records: 2
State:   undone

  <green>main<>          cccccccc → <yellow>ffffffff<>
  <green>pin eeeeeeee<>  (none) → <yellow>dddddddd<>
  <green>pin gggggggg<>  (none) → <yellow>ffffffff<>
$ trace op show 40
<red>error:<> no operation 40
<yellow>hint:<> the newest is 6; `trace op log` lists them
(3)
""",
    "config": """\
$ trace config
nothing is set; there is budget, model
$ trace config budget
budget is not set
(1)
$ trace config budget 8000
budget is 8000 now
$ trace config budget
8000
$ trace config --list
budget=8000
$ trace config budget --unset
budget is not set any more
$ trace config budget many
<red>error:<> budget 'many' is not a number of tokens
<yellow>hint:<> give 1 or more
(2)
$ trace config model openai/gpt-4o
<red>error:<> a trace chooses no model: whoever has it from you would ask that one, with a key of their own
<yellow>hint:<> it is yours: trace config --global model NAME
(6)
$ trace config --global model openai/gpt-4o
model is openai/gpt-4o now
$ trace config model
openai/gpt-4o
$ trace config --global
model=openai/gpt-4o
$ trace config weather
<red>error:<> 'weather' is nothing that a trace keeps
<yellow>hint:<> there is budget, model
(2)
$ trace config --unset
<red>error:<> which KEY? One of budget, model
<yellow>hint:<> `trace config --help` lists what there is
(2)
""",
}


@pytest.mark.parametrize("colour", [True, False], ids=["coloured", "plain"])
@pytest.mark.parametrize("scene", SCENES)
def test_the_whole_text(trace, monkeypatch, scene, colour):
    show = scenes.make(monkeypatch, colour=colour)
    show(*START)
    expected = SCENES[scene] if colour else re.sub(r"<\w*>", "", SCENES[scene])
    assert show(*re.findall(r"^\$ trace (.*)$", expected, re.MULTILINE)) == expected
