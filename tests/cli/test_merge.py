"""``trace merge``: at once, as a plan, and in steps that survive whatever comes between them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.cli import editor, marking
from trace_git.conflicts import Conflict, Resolution
from trace_git.model import Item, assistant, user
from trace_git.ops import merging_state

STATE = ("MERGE_HEAD", "MERGE_MSG", "trace/merge")


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", ".trace", *words], capture_output=True, text=True, check=True).stdout.strip()


def texts(trace, rev="HEAD"):
    return [one["message"]["content"] for one in trace("ls", rev, "--json").json["items"]]


def state() -> list[str]:
    return [name for name in STATE if Path(".trace", name).exists()]


@pytest.fixture
def apart(trace):
    """main: base, ours; try: base, theirs. No conflict."""
    trace("commit", "base")
    trace("switch", "-c", "try")
    trace("commit", "theirs")
    trace("switch", "main")
    trace("commit", "ours")
    return trace


@pytest.fixture
def torn(trace):
    """Both branches edited the first and the second item, and went on."""
    trace("commit", "one")
    trace("commit", "two")
    trace("switch", "-c", "try")
    trace("edit", "HEAD~1", "one of theirs")
    trace("edit", "HEAD~1", "two of theirs")
    trace("commit", "theirs")
    trace("switch", "main")
    trace("edit", "HEAD~1", "one of ours")
    trace("edit", "HEAD~1", "two of ours")
    trace("commit", "ours")
    return trace


def conflicts(trace) -> list[str]:
    """The ids of the conflicts of the open merge that are left."""
    found = trace("conflicts", "--json").json["conflicts"]
    return [one["id"] for one in found if one["resolution"] is None]


# -- at once ---------------------------------------------------------------------------------


def test_two_lines_become_one_with_two_parents(apart):
    tips = git("rev-parse", "main", "try").split()
    done = apart("merge", "try", "-m", "Both tries")
    assert (done.code, done.err) == (0, "back: trace undo\n")
    assert "Both tries" in done.out
    assert texts(apart) == ["base", "ours", "theirs"]
    assert git("log", "-1", "--format=%P %s").split(" ", 2) == [*tips, "Both tries"]
    assert state() == []
    again = apart("merge", "try")
    assert (again.code, again.out, again.err) == (0, "", "already up to date with try\n")
    apart("undo")
    assert git("rev-parse", "main") == tips[0]


def test_json_says_all_of_it(apart):
    made = apart("merge", "try", "--json").json
    assert (made["kind"], made["dry_run"], made["conflicts"], made["schema_version"]) == ("merge", False, [], 1)
    assert made["commit"]["id"] == git("rev-parse", "main")
    assert [one["message"]["content"] for one in made["brought"]] == ["theirs"]
    assert made["receipt"]["kept"] == made["receipt"]["sent"] == made["receipt"]["before"]


def test_a_branch_that_is_behind_just_moves_unless_told_otherwise(apart):
    apart("switch", "-c", "late", "HEAD~1")
    assert "Fast-forward of late to" in apart("merge", "try").out
    assert git("rev-parse", "late") == git("rev-parse", "try")
    apart("undo")
    assert apart("merge", "try", "--no-ff").code == 0
    assert len(git("log", "-1", "--format=%P", "late").split()) == 2


def test_ff_only_refuses_what_is_no_fast_forward(apart):
    done = apart("merge", "try", "--ff-only")
    assert (done.code, texts(apart)) == (2, ["base", "ours"])
    assert "no fast-forward" in done.err


def test_minus_is_the_branch_before_this_one(apart):
    assert apart("merge", "-").code == 0
    assert texts(apart) == ["base", "ours", "theirs"]


def test_unrelated_histories_want_a_word(apart):
    other = git("-c", "user.name=x", "-c", "user.email=x", "commit-tree", "try^{tree}", "-m", "another root")
    git("branch", "other", other)
    refused = apart("merge", "other")
    assert (refused.code, "--allow-unrelated" in refused.err) == (6, True)
    assert apart("merge", "other", "--allow-unrelated").code == 0


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("ours", ["one of ours", "two of ours", "ours", "theirs"]),
        ("theirs", ["one of theirs", "two of theirs", "ours", "theirs"]),
        ("union", ["one of ours", "one of theirs", "two of ours", "two of theirs", "ours", "theirs"]),
    ],
)
def test_a_strategy_settles_all_conflicts(torn, strategy, expected):
    assert torn("merge", "try", "-X", strategy).code == 0
    assert texts(torn) == expected
    assert state() == []


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--abort", "try"],
        ["--abort", "--continue"],
        ["--continue", "try"],
        ["--continue", "--no-ff"],
        ["--continue", "--dry-run"],
        ["try", "--no-ff", "--ff-only"],
        ["--dry-run"],
        ["--tool", "--dry-run"],
        ["-X", "mine", "try"],
    ],
    ids=" ".join,
)
def test_words_that_do_not_go_together(torn, words):
    before = git("for-each-ref")
    assert torn("merge", *words).code == 2
    assert (git("for-each-ref"), state()) == (before, [])


@pytest.mark.parametrize(("words", "code"), [(["nope"], 3), (["--continue"], 2), (["--abort"], 2), (["--tool"], 2)])
def test_what_is_not_there(torn, words, code):
    done = torn("merge", *words)
    assert (done.code, done.out, state()) == (code, "", [])
    assert "hint: " in done.err


# -- the plan --------------------------------------------------------------------------------


def test_a_plan_changes_nothing_and_says_what_would_come(apart):
    before = git("for-each-ref"), apart("op", "log", "--json").json
    done = apart("merge", "try", "--dry-run")
    assert done.code == 0
    assert "Would merge try into main" in done.out
    assert "theirs: 1 added" in done.out
    assert "tokens: " in done.out
    assert "cache: all" in done.out
    made = apart("merge", "try", "--dry-run", "--json").json
    assert (made["kind"], made["dry_run"], made["commit"]) == ("merge", True, None)
    assert [one["kinds"] for one in made["changes"]] == [["added"]]
    assert (git("for-each-ref"), apart("op", "log", "--json").json) == before
    real = apart("merge", "try", "--json").json
    assert (real["receipt"], real["brought"]) == (made["receipt"], made["brought"])


def test_a_plan_with_conflicts_exits_with_one_and_begins_nothing(torn):
    done = torn("merge", "try", "--dry-run")
    assert done.code == 1
    assert "2 conflicts, 2 to settle" in done.out
    assert state() == []
    assert torn("merge", "try", "--dry-run", "-X", "theirs").code == 0


def test_a_plan_of_a_fast_forward_and_of_nothing(apart):
    apart("switch", "-c", "late", "HEAD~1")
    plan = apart("merge", "try", "--dry-run").out
    assert "Would fast-forward late to try" in plan
    assert "theirs: 1 added" in plan
    assert apart("merge", "late", "--dry-run").err == "already up to date with late\n"


# -- in steps --------------------------------------------------------------------------------


def test_left_with_conflicts_nothing_moves_and_the_merge_is_open(torn):
    before, theirs = git("for-each-ref"), git("rev-parse", "try")
    done = torn("merge", "try")
    assert done.code == 1
    assert "error: 2 conflicts to settle; nothing has changed" in done.err
    assert "trace resolve" in done.err
    assert "one of theirs" in done.out
    assert git("for-each-ref") == before
    assert state() == list(STATE)
    assert git("rev-parse", "MERGE_HEAD") == theirs
    assert Path(".trace/MERGE_MSG").read_text() == "merge: try into main\n"
    assert git("fsck", "--strict") == ""
    assert torn("fsck").code == 0
    assert "Merging try into main" in torn("status").out
    assert torn("status", "--json").json["merge"]["name"] == "try"


def test_json_lists_the_conflicts_with_the_error(torn):
    done = torn("merge", "try", "--json")
    assert (done.code, done.err) == (1, "")
    made = done.json
    assert (made["kind"], made["commit"], made["error"]["exit_code"]) == ("conflicts", None, 1)
    first = made["conflicts"][0]
    assert [first[side][0]["message"]["content"] for side in ("base", "ours", "theirs")] == [
        "one",
        "one of ours",
        "one of theirs",
    ]
    assert first["actions"] == ["ours", "theirs", "both", "replace", "drop", "defer"]


def test_answers_are_kept_one_by_one_and_continue_finishes(torn):
    torn("merge", "try", "-m", "Both")
    one, two = conflicts(torn)
    assert torn("resolve", one[:8], "theirs").err == "1 conflict left: trace conflicts\n"
    assert conflicts(torn) == [two]
    left = torn("merge", "--continue")
    assert (left.code, state()) == (1, list(STATE))
    assert "two of ours" in left.out
    assert "one of ours" not in left.out
    assert "1 conflict to settle" in left.err
    assert "all settled: trace merge --continue" in torn("resolve", two, "replace", "two of us").err
    done = torn("merge", "--continue")
    assert done.code == 0
    assert texts(torn) == ["one of theirs", "two of us", "ours", "theirs"]
    assert git("log", "-1", "--format=%s") == "Both"
    assert state() == []
    torn("undo")
    assert texts(torn) == ["one of ours", "two of ours", "ours"]


def test_continue_takes_a_strategy_and_a_message_for_what_is_left(torn):
    torn("merge", "try")
    torn("resolve", conflicts(torn)[0], "theirs")
    assert torn("merge", "--continue", "-X", "ours", "-m", "Half and half").code == 0
    assert texts(torn) == ["one of theirs", "two of ours", "ours", "theirs"]
    assert git("log", "-1", "--format=%s") == "Half and half"


def test_the_subject_is_the_one_it_would_have_had(torn):
    torn("merge", "try")
    torn("resolve", "--all", "ours")
    torn("merge", "--continue")
    assert git("log", "-1", "--format=%s") == "merge: try into main"


def test_abort_forgets_it(torn):
    before = git("for-each-ref")
    torn("merge", "try")
    torn("resolve", "--all", "theirs")
    done = torn("merge", "--abort")
    assert (done.code, state()) == (0, [])
    assert "The merge of try is given up" in done.out
    assert git("for-each-ref") == before
    assert torn("merge", "--continue").code == 2
    torn("merge", "try")
    assert len(conflicts(torn)) == 2  # nothing of the answers is left
    assert torn("merge", "--abort", "--json").json["aborted"]["name"] == "try"


def test_a_second_merge_is_refused_with_both_ways_out(torn):
    torn("merge", "try")
    torn("resolve", conflicts(torn)[0], "ours")
    done = torn("merge", "try")
    assert (done.code, done.out) == (2, "")
    assert "--continue" in done.err
    assert "--abort" in done.err
    assert len(conflicts(torn)) == 1
    assert torn("merge", "try", "--dry-run").code == 1  # a look is no merge


def test_a_branch_that_moved_meanwhile_is_looked_at_anew(torn):
    torn("merge", "try")
    torn("resolve", "--all", "theirs")
    first = torn("ls", "--json").json["items"][0]["id"]
    torn("edit", first, "one, again")
    done = torn("merge", "--continue")
    assert done.code == 1
    assert "main has moved since the merge began" in done.err
    assert "begins anew; 1 of 2 answers still hold" in done.err
    assert "one, again" in done.out
    assert "two of ours" not in done.out
    torn("resolve", first[:8], "ours")
    done = torn("merge", "--continue")
    assert (done.code, "moved" in done.err) == (0, False)
    assert texts(torn) == ["one, again", "two of theirs", "ours", "theirs"]


def test_what_no_message_can_hold_is_refused_when_it_is_said(torn):
    torn("merge", "try")
    first = conflicts(torn)[0]
    done = torn("resolve", first, "replace", "a\udcffb")  # what Python makes of a byte that is no UTF-8
    assert (done.code, "lone surrogate" in done.err) == (2, True)
    assert len(conflicts(torn)) == 2


def test_commits_between_the_steps_are_merged_too(torn):
    torn("merge", "try")
    torn("resolve", "--all", "ours")
    assert torn("commit", "meanwhile").code == 0
    assert torn("merge", "--continue").code == 0
    assert texts(torn) == ["one of ours", "two of ours", "ours", "meanwhile", "theirs"]


def test_from_another_branch_it_can_be_aborted_and_nothing_else(torn):
    torn("merge", "try")
    torn("switch", "-c", "elsewhere")
    done = torn("merge", "--continue")
    assert (done.code, "begun on main" in done.err) == (2, True)
    for words in (["--all", "ours"], ["ffff", "ours"]):
        done = torn("resolve", *words)
        assert (done.code, "go there: trace switch main" in done.err) == (2, True)
    done = torn("conflicts")
    assert (done.code, "begun on main: go there: trace switch main" in done.err) == (0, True)
    assert torn("merge", "--abort").code == 0


def test_the_branch_may_get_another_name_meanwhile(torn):
    torn("merge", "try")
    torn("resolve", "--all", "theirs")
    torn("branch", "-m", "main", "best")
    assert conflicts(torn) == []
    assert "0 of 2 conflicts left" in torn("conflicts").out
    assert torn("merge", "try").code == 2
    assert torn("merge", "--continue").code == 0
    assert texts(torn)[:2] == ["one of theirs", "two of theirs"]
    assert (git("log", "-1", "--format=%s"), git("symbolic-ref", "HEAD")) == ("merge: try into best", "refs/heads/best")
    assert state() == []


def test_a_branch_that_is_gone_can_be_brought_back_or_the_merge_given_up(torn):
    torn("merge", "try")
    torn("switch", "try")
    torn("branch", "-D", "main")
    done = torn("merge", "--continue")
    assert done.code == 2
    assert "trace switch main" not in done.err
    assert "trace undo" in done.err
    assert "trace merge --abort" in done.err
    torn("undo")
    assert "go there: trace switch main" in torn("merge", "--continue").err


def test_a_branch_that_moved_before_anything_was_answered(torn):
    torn("merge", "try")
    torn("commit", "meanwhile")
    done = torn("merge", "--continue")
    assert "begins anew\n" in done.err
    assert "answer" not in done.err.partition("error:")[0]


def test_one_that_was_done_but_not_cleared_away_is_in_nobodys_way(torn):
    torn("merge", "try")
    kept = {name: Path(".trace", name).read_bytes() for name in STATE}
    torn("merge", "--continue", "-X", "ours")
    for name, data in kept.items():  # as if the program had died between the merge and this
        Path(".trace", name).write_bytes(data)
    assert torn("merge", "try").err == "already up to date with try\n"
    assert torn("merge", "--continue").code == 0
    assert state() == []


@pytest.mark.parametrize("gone", [["MERGE_HEAD"], ["MERGE_MSG", "MERGE_HEAD"]], ids=" ".join)
@pytest.mark.parametrize("way", ["--continue", "--abort"])
def test_half_written_or_half_forgotten_it_is_open_still(torn, gone, way):
    torn("merge", "try")
    torn("resolve", "--all", "theirs")
    for name in gone:
        Path(".trace", name).unlink()
    assert torn("merge", "try").code == 2
    assert torn("merge", way).code == 0
    assert state() == []
    assert texts(torn)[0] == ("one of theirs" if way == "--continue" else "one of ours")


def test_from_python_nothing_is_left_behind(torn):
    with Repo.open(".trace") as repo, pytest.raises(Exception, match="2 conflicts"):
        repo.merge("try")
    assert state() == []


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"version": 1}', b"\xff\xfe", b'{"version": 2}', b"null"])
def test_a_damaged_state_is_told_and_can_be_aborted(torn, data):
    torn("merge", "try")
    Path(".trace/trace/merge").write_bytes(data)
    for words in (["merge", "--continue"], ["merge", "try"], ["conflicts"], ["resolve", "--all", "ours"]):
        done = torn(*words)
        assert (done.code, "Traceback" in done.err) == (5, False)
        assert "hint: " in done.err
    assert torn("merge", "--abort").code == 0
    assert state() == []


@pytest.mark.parametrize(
    "wrong",
    [{"message": 5}, {"theirs": "zz"}, {"ours": None}, {"branch": "../../x"}, {"branch": "refs/heads/../../x"},
     {"answers": {"1" * 16: {"action": 5}}}, {"answers": {"1" * 16: {"action": "ours", "reason": 5}}},
     {"answers": {"1" * 16: {"action": "ours", "by": 5}}}, {"judged": [1]}],
    ids=str,
)  # fmt: skip
def test_a_state_of_the_wrong_form_is_damaged(torn, wrong):
    torn("merge", "try")
    path = Path(".trace/trace/merge")
    path.write_text(json.dumps({**json.loads(path.read_text()), **wrong}))
    for words in (["merge", "--continue"], ["conflicts"], ["resolve", "--all", "ours"], ["status"]):
        done = torn(*words)
        assert (done.code, "trace merge --abort" in done.err) == (5, True)


def test_what_is_kept_comes_back_as_it_was(tmp_path):
    (tmp_path / "trace").mkdir()
    answers = {
        "a" * 16: Resolution("ours"),
        "b" * 16: Resolution("replace", "x\ud800\n", "why"),
        "c" * 16: Resolution("replace", {"role": "user", "content": None}),
    }
    begun = merging_state.Begun("refs/heads/é/🚀", "1" * 40, "2" * 40, "HEAD~2", True, "said\n", answers)
    merging_state.write(str(tmp_path), begun)
    assert merging_state.read(tmp_path) == begun
    assert (begun.into, begun.subject) == ("é/🚀", "merge: HEAD~2 into é/🚀")
    assert (tmp_path / "MERGE_HEAD").read_text() == "2" * 40 + "\n"
    merging_state.forget(str(tmp_path))
    merging_state.forget(str(tmp_path))
    assert merging_state.read(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["trace"]


# -- the editor ------------------------------------------------------------------------------


@pytest.fixture
def edits(here, monkeypatch):
    """``edits(script)``: the editor is this Python, run on ``text``; what it was given is in seen.txt."""

    def use(script: str) -> None:
        program = here / "editor.py"
        program.write_text(
            "import pathlib, re, sys\n"
            "path = pathlib.Path(sys.argv[1])\n"
            "text = path.read_bytes().decode()\n"
            f"pathlib.Path({str(here / 'seen.txt')!r}).write_bytes(text.encode())\n"
            f"{script}\n"
            "path.write_bytes(text.encode())\n"
        )
        monkeypatch.setenv("TRACE_GIT_EDITOR", f"python3 {program}")

    return use


THEIRS = r"text = re.sub(r'<{7} ours\n.*?\n={7}\n(.*?)\n>{7} theirs', r'\1', text, flags=re.S)"


def test_the_editor_gets_all_conflicts_between_gits_markers(torn, edits, here):
    edits("")
    done = torn("merge", "try", "--tool")
    assert (done.code, state()) == (1, list(STATE))
    seen = (here / "seen.txt").read_text()
    expected = "<<<<<<< ours\none of ours\n||||||| base\none\n=======\none of theirs\n>>>>>>> theirs\n"
    assert expected in seen
    assert expected.replace("one", "two") in seen
    assert seen.count("@@ conflict ") == 2
    assert "or no text, stays a conflict" in seen


def test_what_the_editor_leaves_is_the_answer(torn, edits):
    edits(THEIRS)
    assert torn("merge", "try", "--tool").code == 0
    assert texts(torn) == ["one of theirs", "two of theirs", "ours", "theirs"]
    assert "edit" in git("log", "-1", "--format=%B")


def test_what_still_has_markers_stays_a_conflict_and_the_rest_is_kept(torn, edits):
    edits(THEIRS.replace("text, flags", "text, count=1, flags"))
    done = torn("merge", "try", "--tool")
    assert done.code == 1
    assert "1 conflict to settle" in done.err
    assert len(conflicts(torn)) == 1
    edits(THEIRS.replace(r"r'\1'", "'two of us\\\\n\\\\n  and more'"))
    assert torn("merge", "--tool").code == 0
    assert texts(torn)[:2] == ["one of theirs", "two of us\n\n  and more"]


def test_an_editor_that_fails_leaves_the_merge_open(torn, edits):
    edits("sys.exit(1)")
    done = torn("merge", "try", "--tool")
    assert (done.code, len(conflicts(torn))) == (2, 2)
    assert "trace merge --tool edits again" in done.err
    assert "--abort" in done.err


def test_without_a_terminal_no_editor_opens_that_nobody_chose(torn, monkeypatch):
    for name in ("TRACE_GIT_EDITOR", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(editor, "_USUAL", ("true",))
    done = torn("merge", "try", "--tool", input=b"")
    assert done.code == 3
    assert "stdin is no terminal" in done.err
    assert "TRACE_GIT_EDITOR" in done.err
    assert len(conflicts(torn)) == 2


def test_what_is_no_text_is_not_for_the_editor(trace, edits):
    trace("commit", "one")
    trace("switch", "-c", "try")
    trace("edit", "HEAD", "two")
    trace("switch", "main")
    trace("pin", "HEAD")
    trace(
        "edit",
        "--force",
        "HEAD",
        "--messages",
        json.dumps({"role": "user", "content": [{"type": "text", "text": "x"}]}),
    )
    edits("sys.exit(1)")
    done = trace("merge", "try", "--tool")
    assert done.code == 1
    assert "no conflict of text is left for the editor" in done.err


def _conflict(base: str, ours: str, theirs: str) -> Conflict:
    def item(text: str) -> tuple[Item, ...]:
        return (Item.of("1" * 16, "0" * 40, user(text)),)

    return Conflict("edit", ("1" * 16,), item(base), item(ours), item(theirs), "")


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "",
        "a\n",
        "\n\na\n\n",
        "<<<<<<< ours\nx",
        "=======",
        "a\n========= b\n>>>>>>>>>>",
        "@@ conflict",
        "a\r\nb\r\n",
    ],
)
def test_a_side_left_as_it_is_is_that_side_whatever_it_says(text):
    conflict = _conflict("base", text, f"{text} and more")
    file = marking.marked([conflict])
    assert marking.read(file, [conflict]) == {}
    size = marking._size([conflict])
    for side, chosen in (("ours", text), ("theirs", f"{text} and more")):
        head = file[: file.index("<" * size + " ours\n")]
        found = marking.read(f"{head}{chosen}\n", [conflict])
        assert found == ({} if not chosen.strip() else {conflict.id: Resolution(side, reason="edited")})


def test_a_text_of_ones_own_replaces_and_an_empty_one_is_no_answer():
    one, two = _conflict("a", "b", "c"), _conflict("x", "y", "z")
    head = marking._line
    file = f"some words\n{head(one)}\nmine\n\nand more\n\n{head(two)}\n \n\n"
    assert marking.read(file, [one, two]) == {one.id: Resolution("replace", "mine\n\nand more", "edited")}
    assert marking.read("", [one, two]) == {}


def test_only_one_plain_text_a_side_is_text():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert marking.is_text(_conflict("a", "b", "c"))
    assert not marking.is_text(_conflict("a", "b", "b"))
    none = Item.of("1" * 16, "0" * 40, assistant(None, tool_calls=[call]))
    some = Item.of("1" * 16, "0" * 40, user("a"))
    assert not marking.is_text(Conflict("edit", ("1" * 16,), (), (none,), (some,), ""))
    assert not marking.is_text(Conflict("order", ("1" * 16,), (), (some,), (some,), ""))
    assert marking.is_text(Conflict("presence", ("1" * 16,), (some,), (some,), (), ""))
