"""``trace conflicts`` and ``trace resolve``: how conflicts look at any width, and how they are settled, or later."""

from __future__ import annotations

import json
import re

import pytest

from trace_git.cli import conflicts as rendering
from trace_git.cli import screen
from trace_git.conflicts import OFFERED, Conflict, Resolution
from trace_git.model import Item, Message, system, user

from .test_terminal import HARMFUL, HOSTILE

LONG = " ".join(f"word{number}" for number in range(400))


def item(message: Message | str, *, name: str = "1" * 16, blob: str = "0" * 40, pinned: bool = False) -> Item:
    message = user(message) if isinstance(message, str) else message
    return Item.of(name, blob, message).with_pinned(pinned)


def conflict(base: str | None, ours: str | None, theirs: str | None, *, kind: str = "edit") -> Conflict:
    sides = [() if text is None else (item(text, blob=text[-1:].encode().hex() * 20),) for text in (base, ours, theirs)]
    return Conflict(kind, ("1" * 16,), *sides, "both sides changed its content")


@pytest.fixture
def at(monkeypatch):
    """``at(width, conflict)``: the lines of a conflict in so many columns."""

    def lines(width: int, one: Conflict, **more) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(width))
        return list(rendering.lines(one, **more))

    return lines


# -- how it looks ----------------------------------------------------------------------------


@pytest.mark.parametrize("width", [30, 50, 60, 80, 120, 200])
@pytest.mark.parametrize(
    "texts",
    [
        ("short", "shorter", "shortest"),
        (LONG, LONG + " ours", LONG + " theirs"),
        ("x" * 500, "y" * 500, "z" * 500),
        ("字" * 200, "字" * 199 + "a", "é́" * 200),
        ("a\n    b\n\tc", "a\n    b\n\td", "\n\n\n"),
        (HOSTILE, HOSTILE + "ours", HOSTILE * 50),
        (None, "ours", "theirs"),
        ("base", None, "theirs"),
    ],
    ids=range(8),
)
def test_no_line_is_wider_than_the_terminal_and_none_acts_on_it(width, texts, at):
    lines = at(width, conflict(*texts))
    assert not HARMFUL & set("".join(lines))
    assert all(screen.columns(line) <= width for line in lines[2:-1])  # prose may go on in the next line
    assert len(lines) <= 4 + 3 * 9


def test_three_versions_stand_side_by_side_and_two_where_there_is_no_base(at):
    head = at(80, conflict("a", "b", "c"))[2]
    assert re.split(r" +[│|] +", head.strip()) == ["base", "ours", "theirs"]
    assert re.split(r" +[│|] +", at(80, conflict(None, "b", "c"))[2].strip()) == ["ours", "theirs"]
    assert at(40, conflict("a", "b", "c"))[2:8] == ["  base", "    a", "  ours", "    b", "  theirs", "    c"]


def test_long_texts_are_shown_from_where_they_differ(at):
    shown = "\n".join(at(120, conflict(LONG, LONG.replace("word390", "HERE"), LONG.replace("word391", "THERE"))))
    assert "… " in shown
    assert "HERE" in shown
    assert "THERE" in shown
    assert "word389" in shown
    assert "word100" not in shown


def test_a_side_that_took_the_item_away_says_so(at):
    assert "(not there)" in "\n".join(at(80, conflict("a", None, "b", kind="presence")))
    kept = Conflict("presence", ("1" * 16,), (item("a"),), (item("b", blob="2" * 40),), (item("a"),), "")
    assert "(compressed)" in "\n".join(at(80, kept))


def test_several_items_are_a_line_each_and_pins_have_their_mark(at):
    items = (item("first", name="a" * 16), item(system("second"), name="b" * 16, pinned=True))
    shown = at(120, Conflict("order", ("a" * 16, "b" * 16), items, items, items[::-1], "both moved"))
    assert shown[0].endswith("order of 2 items")
    assert "user aaaaaaaa: first" in shown[3]
    assert f"ours {screen.pin()}" in shown[2]


def test_what_was_put_off_goes_by_its_item_and_is_not_put_off_again(at):
    shown = at(80, conflict("a", "b", "c"), put_off=True)
    assert shown[0].startswith("conflict 11111111  edit of user 11111111")
    assert shown[-1] == "  answers: ours, theirs, both, replace, drop"
    assert at(80, conflict("a", "b", "c"), answer=Resolution("replace", "x\ny"))[-1] == "  answered replace: x y"


def test_tool_definitions_are_read_as_json(trace, here):
    def define(name: str) -> None:
        from trace_git import Repo

        with Repo.open(".trace") as repo:
            repo.set_tools([{"type": "function", "function": {"name": name}}])

    trace("commit", "one")
    trace("switch", "-c", "try")
    define("look")
    trace("switch", "main")
    define("find")
    done = trace("merge", "try")
    assert done.code == 1
    assert "edit of the tool definitions" in done.out
    assert '"name": "look"' in done.out
    assert "answers: ours, theirs\n" in done.out
    assert trace("resolve", "tools", "theirs").code == 0
    assert trace("merge", "--continue").code == 0


# -- settling what is open -------------------------------------------------------------------


@pytest.fixture
def open_merge(trace):
    """A merge of try into main with two conflicts: an edit, and a pin beside an edit."""
    trace("commit", "one")
    trace("commit", "two")
    trace("switch", "-c", "try")
    trace("edit", "HEAD~1", "one of theirs")
    trace("edit", "HEAD~1", "two of theirs")
    trace("switch", "main")
    trace("edit", "HEAD~1", "one of ours")
    trace("pin", "HEAD~1")
    assert trace("merge", "try").code == 1
    return trace


def ids(trace, part="conflicts"):
    return [one["id"] for one in trace("conflicts", "--json").json[part]]


def items(trace):
    return [one["id"] for one in trace("ls", "--json").json["items"]]


def test_a_conflict_goes_by_its_id_or_its_items_or_their_beginning(open_merge):
    for word in (ids(open_merge)[0], ids(open_merge)[0][:4], items(open_merge)[0], items(open_merge)[0][:6]):
        done = open_merge("resolve", word, "ours", "--json")
        assert done.code == 0
        assert [one["id"] for one in done.json["answered"]] == ids(open_merge)[:1]
        assert done.json["left"] == 1


def test_the_new_text_comes_from_the_line_from_a_pipe_or_from_the_editor(open_merge, terminal, monkeypatch):
    first = ids(open_merge)[0]

    def answer():
        return open_merge("conflicts", "--json").json["conflicts"][0]["resolution"]["content"]

    open_merge("resolve", first, "replace", "from the line")
    assert answer() == "from the line"
    open_merge("resolve", first, "replace", "-", input=b"from a pipe\n")
    assert answer() == "from a pipe\n"
    terminal("resolve", first, "replace", env={"TRACE_GIT_EDITOR": "sed -i s/ours/everybody/"})
    assert answer() == "one of everybody"
    assert open_merge("resolve", first, "replace").code == 2  # nobody is there to be asked


def test_all_leaves_pins_to_who_names_them(open_merge):
    done = open_merge("resolve", "--all", "theirs")
    assert done.code == 0
    assert f"left out, for they are about pins: {ids(open_merge)[1][:8]}" in done.err
    assert "1 conflict left" in done.err
    assert open_merge("resolve", ids(open_merge)[1], "theirs").code == 0
    assert open_merge("merge", "--continue").code == 0
    assert [one["pinned"] for one in open_merge("ls", "--json").json["items"]] == [False, False]


def test_all_that_are_pins_is_refused_and_json_names_what_was_left_out(open_merge):
    pin = ids(open_merge)[1]
    done = open_merge("resolve", "--all", "theirs", "--json")
    assert (done.code, done.json["left_out"], done.json["left"]) == (0, [pin], 1)
    for words in (["--all", "theirs"], ["--all", "theirs", "--json"]):
        done = open_merge("resolve", *words)
        assert done.code == 6
        assert f"trace resolve {pin[:8]} theirs" in done.err
    assert done.json["error"]["kind"] == "RefusedError"


def test_nothing_left_says_what_is_next(open_merge):
    open_merge("resolve", "--all", "ours")
    done = open_merge("resolve", "--all", "ours")
    assert (done.code, "trace merge --continue" in done.err) == (3, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["CONFLICT"], 2),
        (["CONFLICT", "maybe"], 2),
        (["CONFLICT", "ours", "text"], 2),
        (["CONFLICT", "both"], 0),
        (["PIN", "both"], 2),
        (["CONFLICT", "--all", "ours"], 2),
        (["--all", "replace"], 2),
        (["--all", "both"], 2),  # the pin does not take it: then neither is answered
        (["abc", "ours"], 2),
        (["ffffffffffffffff", "ours"], 3),
        (["zzzz", "ours"], 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_said_must_fit(open_merge, words, code):
    known = dict(zip(("CONFLICT", "PIN"), ids(open_merge), strict=True))
    done = open_merge("resolve", *[known.get(word, word) for word in words])
    assert (done.code, "Traceback" in done.err) == (code, False)
    answered = [one["resolution"] for one in open_merge("conflicts", "--json").json["conflicts"]]
    assert any(answered) == (code == 0)


def test_without_any_there_is_nothing_to_say(trace):
    done = trace("conflicts")
    assert (done.code, done.out, done.err) == (0, "", "no conflicts\n")
    assert trace("resolve", "--all", "ours").code == 3
    made = trace("conflicts", "--json").json
    assert (made["merge"], made["conflicts"], made["deferred"]) == (None, [], [])


# -- settling what was put off ---------------------------------------------------------------


@pytest.fixture
def put_off(open_merge):
    open_merge("resolve", "--all", "defer")
    assert open_merge("merge", "--continue").code == 0
    return open_merge


def test_everybody_says_that_something_was_put_off(put_off, here):
    assert "try into main (2 deferred)" in put_off("log", "-n", "1").out
    assert "[conflict] one of ours" in put_off("ls").out
    assert "2 deferred conflicts" in put_off("status").out
    assert "~" in put_off("diff", "--stat").out
    shown = put_off("show", f"HEAD:{items(put_off)[0]}").out
    versions = ["<<<<<<< ours", "one of ours", "||||||| base", "one", ">>>>>>> theirs", "one of theirs"]
    assert [line.strip() for line in shown.splitlines()[1:]] == versions
    listed = put_off("conflicts").out
    assert "Put off: 2 conflicts" in listed
    assert "one of theirs" in listed


def test_materialize_wants_a_side(put_off):
    done = put_off("materialize")
    assert (done.code, done.out) == (6, "")
    assert all(name in done.err for name in items(put_off))
    for side in ("ours", "theirs"):
        shown = json.loads(put_off("materialize", "--conflicts", side).out)
        assert shown[0]["content"] == f"one of {side}"
    assert put_off("export").code == 6


def test_each_is_settled_by_a_commit_and_all_by_one_operation(put_off):
    first = items(put_off)[0]
    done = put_off("resolve", first[:8], "replace", "one of us", "-m", "Agreed")
    assert (done.code, done.err) == (0, "back: trace undo\n")
    assert "Agreed" in done.out
    assert len(ids(put_off, "deferred")) == 1
    put_off("undo")
    made = put_off("resolve", "--all", "ours", "--json").json
    assert [one["op"] for one in made["commits"]] == ["resolve", "resolve"]
    assert ids(put_off, "deferred") == []
    assert put_off("materialize").code == 0
    put_off("undo")
    assert len(ids(put_off, "deferred")) == 2


def test_a_text_from_the_editor_settles_it_too(put_off, terminal):
    terminal("resolve", items(put_off)[0], "replace", env={"TRACE_GIT_EDITOR": "sed -i s/ours/everybody/"})
    assert put_off("ls", "--json").json["items"][0]["message"]["content"] == "one of everybody"


def test_putting_off_again_is_no_answer(put_off):
    done = put_off("resolve", items(put_off)[0], "defer")
    assert (done.code, "is put off already" in done.err) == (2, True)


def test_completion_offers_what_is_left(put_off):
    lines = put_off("completion", "--complete", "--", "resolve", "").out.splitlines()
    assert [line.partition("\t")[0] for line in lines] == [name[:8] for name in items(put_off)]


def test_completion_offers_the_conflicts_of_an_open_merge(open_merge):
    lines = open_merge("completion", "--complete", "--", "resolve", "").out.splitlines()
    assert [line.partition("\t")[0] for line in lines] == [name[:8] for name in ids(open_merge)]
    offered = open_merge("completion", "--complete", "--", "resolve", "3f2a", "").out.split()
    assert offered == list(OFFERED["edit"])


# -- text of strangers -----------------------------------------------------------------------


def test_hostile_conflicts_act_on_no_terminal(trace, shown):
    hostile = HOSTILE.replace("\0", "")
    trace("commit", "one")
    trace("switch", "-c", "try")
    trace("edit", "HEAD", hostile)
    trace("switch", "main")
    trace("edit", "HEAD", f"{hostile} ours")
    for words in (["merge", "try", "--dry-run"], ["merge", "try"], ["conflicts"], ["status"]):
        assert not HARMFUL & set(re.sub(r"\x1b\[\d+m", "", shown(*words, code=None)))
    trace("resolve", "--all", "defer")
    assert not HARMFUL & set(re.sub(r"\x1b\[\d+m", "", shown("conflicts")))
    assert trace("merge", "--continue").code == 0
    for words in (["conflicts"], ["show"], ["ls"], ["diff"], ["log", "--stat"], ["status"]):
        assert not HARMFUL & set(re.sub(r"\x1b\[\d+m", "", shown(*words)))
