"""``trace merge`` with a model: who is asked when, what is shown and kept of it, and that --continue asks nobody."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.conflicts import Resolution
from trace_git.llm import prompts
from trace_git.ops import asking
from trace_git.testing import FakeLLM

from ..llm.server import Server, says
from ..ops.mediating import asked, each, findings, items
from .conftest import ROOT

MAIN, SIDE = "We use PostgreSQL 15.", "We do not use PostgreSQL."


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", ".trace", *words], capture_output=True, text=True, check=True).stdout.strip()


def trailers() -> dict[str, str]:
    with Repo.open(".trace") as repo:
        return dict(repo.get("HEAD").trailers)


def texts(trace) -> list[str]:
    return [one["message"]["content"] for one in trace("ls", "--json").json["items"]]


def state() -> bool:
    return Path(".trace/trace/merge").exists()


@pytest.fixture
def apart(trace):
    """Both branches gave the first item other content; their new messages contradict each other."""
    trace("commit", "one")
    trace("switch", "-c", "try")
    trace("edit", "HEAD", "one of theirs")
    trace("commit", SIDE)
    trace("switch", "main")
    trace("edit", "HEAD", "one of ours")
    trace("commit", MAIN)
    return trace


Use = Callable[[Callable[..., str]], FakeLLM]


@pytest.fixture
def model(monkeypatch) -> Use:
    """``model(function)``: whoever is named, this function answers; without a name it is "configured"."""

    def use(function: Callable[..., str]) -> FakeLLM:
        fake = FakeLLM(function)

        def asker(handle, given):
            return None if given in (None, False) else asking.llm.resolve(fake)

        monkeypatch.setattr(asking, "asker", asker)
        return fake

    return use


def is_judge(messages) -> bool:
    return messages[0]["content"] == prompts.load("merge-judge.v1").text


NEWER = each("ours", reason="newer")


def says_so(confidence: float = 0.9, then: Callable[..., str] = NEWER) -> Callable[..., str]:
    """A judge that finds the contradiction, and a mediator."""

    def model(messages):
        if not is_judge(messages):
            return then(messages)
        some = {side: items(messages, side)[:1] for side in ("ours", "theirs")}
        return findings({"kind": "contradiction", **some, "confidence": confidence, "reason": "which one"})

    return model


def structure(messages) -> str:
    """A mediator that settles what is not semantic."""
    semantic = "kind: semantic" in messages[1]["content"]
    return "no idea" if semantic else each("theirs", reason="theirs is better")(messages)


SEMANTIC = ("--llm", "--semantic")


# -- at once ---------------------------------------------------------------------------------


def test_a_model_settles_and_it_is_said_and_recorded(apart, model):
    fake = model(each("theirs", reason="theirs is better"))
    done = apart("merge", "try", "--llm", "openai/gpt-4o")
    assert done.code == 0
    assert "a model settled edit of user" in done.out
    assert "with theirs: theirs is better" in done.out
    assert "llm: asked " in done.err
    assert len(fake.calls) == 1
    assert texts(apart) == ["one of theirs", MAIN, SIDE]
    assert trailers()["Trace-Resolved"].endswith("=theirs@llm")
    assert "merge-conflicts.v1@" in trailers()["Trace-Prompt"]
    assert not state()


def test_json_says_who_settled_what(apart, model):
    model(each("ours", reason="newer"))
    made = apart("merge", "try", "--llm", "--json").json
    assert made["conflicts"][0]["resolution"] == {"action": "ours", "content": None, "reason": "newer", "by": "llm"}
    assert [(one["kind"], one["severity"]) for one in made["findings"]] == [("llm", "note")]


@pytest.mark.parametrize("words", [(), ("-X", "ours")])
def test_without_the_word_nobody_is_asked(apart, monkeypatch, words):
    monkeypatch.setenv("TRACE_GIT_MODEL", "openai/gpt-4o")
    given = []
    monkeypatch.setattr(asking.llm, "resolve", lambda given_, default=None: given.append(given_))
    apart("merge", "try", *words)
    apart("merge", "--continue", "-X", "ours")
    assert not any(given)


def test_a_strategy_goes_first(apart, model):
    fake = model(each("ours"))
    assert apart("merge", "try", "-X", "theirs", "--llm").code == 0
    assert fake.calls == []


def test_what_it_only_suspects_is_told(apart, model):
    model(says_so(0.5))
    done = apart("merge", "try", *SEMANTIC)
    assert done.code == 0
    assert "warning: contradiction (0.50): which one (" in done.err
    apart("undo")
    assert apart("merge", "try", *SEMANTIC, "--threshold", "0.5").code == 0
    assert "semantic:" in trailers()["Trace-Resolved"]
    assert texts(apart) == ["one of ours", MAIN]


def test_the_base_is_shown_on_a_word_only(trace, model):
    trace("commit", "the very first words")
    trace("switch", "-c", "try")
    trace("edit", "HEAD", "theirs")
    trace("switch", "main")
    trace("edit", "HEAD", "ours")
    fake = model(lambda messages: "no")
    for words, seen in (((), False), (("--show-base",), True)):
        trace("merge", "try", "--llm", *words)
        assert ("the very first words" in str(fake.calls[-1])) == seen
        trace("merge", "--abort")


@pytest.mark.parametrize(
    "words",
    [
        ["try", "--semantic"],
        ["try", "--show-base"],
        ["try", "--threshold", "0.5", "--llm"],
        ["try", "--semantic", "--llm", "--threshold", "2"],
        ["--llm", "try"],
        ["--abort", "--llm"],
        ["--continue", "--semantic"],
    ],
    ids=" ".join,
)
def test_words_that_do_not_go_together(apart, words):
    before = git("for-each-ref")
    done = apart("merge", *words)
    assert (done.code, git("for-each-ref"), state()) == (2, before, False)


def test_a_name_that_was_taken_for_the_model_is_told(apart):
    assert "try was taken for the MODEL; write --llm=MODEL" in apart("merge", "--llm", "try").err


def test_no_model_at_all(apart):
    done = apart("merge", "try", "--llm")
    assert (done.code, done.out, state()) == (8, "", False)
    assert "TRACE_GIT_MODEL" in done.err


# -- the plan --------------------------------------------------------------------------------


def test_a_plan_says_what_would_be_sent_and_asks_nobody(apart, model):
    fake = model(says_so())
    done = apart("merge", "try", *SEMANTIC, "--dry-run")
    assert done.code == 1
    assert "would ask " in done.out
    assert " 2 questions, ~" in done.out
    assert " tokens\n" in done.out
    made = apart("merge", "try", *SEMANTIC, "--dry-run", "--json").json
    assert fake.calls == []
    apart("merge", "try", *SEMANTIC)
    assert [one["messages"] for one in made["sends"]] == fake.calls[:2]


def test_a_plan_of_what_needs_no_model_says_so(apart, model):
    model(says_so())
    assert "would not ask" in apart("merge", "try", "--llm", "-X", "ours", "--dry-run").out


# -- in steps --------------------------------------------------------------------------------


def test_what_was_settled_and_judged_is_kept_and_nobody_is_asked_again(apart, model):
    fake = model(says_so(then=structure))
    done = apart("merge", "try", *SEMANTIC)
    assert (done.code, state()) == (1, True)
    assert "error: 1 conflict to settle" in done.err
    assert "contradiction (0.90): which one" in done.out
    assert "did not settle" in done.err
    calls = len(fake.calls)
    listed = apart("conflicts")
    assert "by a model: theirs is better" in listed.out
    (left,) = [one for one in apart("conflicts", "--json").json["conflicts"] if one["resolution"] is None]
    assert left["kind"] == "semantic"
    assert [one[0]["message"]["content"] for one in (left["ours"], left["theirs"])] == [MAIN, SIDE]
    assert apart("merge", "--continue").code == 1
    assert apart("resolve", left["id"][:8], "theirs").code == 0
    assert apart("merge", "--continue").code == 0
    assert len(fake.calls) == calls
    assert texts(apart) == ["one of theirs", SIDE]
    (edit, semantic) = trailers()["Trace-Resolved"].split()
    assert (edit.endswith("=theirs@llm"), semantic.endswith("=theirs")) == (True, True)
    assert [one.partition("@")[0] for one in trailers()["Trace-Prompt"].split()] == [
        "merge-conflicts.v1", "merge-judge.v1",
    ]  # fmt: skip


def test_an_answer_of_ones_own_goes_before_the_models(apart, model):
    model(says_so(then=structure))
    apart("merge", "try", *SEMANTIC)
    first = next(one for one in apart("conflicts", "--json").json["conflicts"] if one["kind"] == "edit")
    apart("resolve", first["id"], "ours")
    apart("resolve", "--all", "both")
    assert apart("merge", "--continue").code == 0
    assert texts(apart) == ["one of ours", MAIN, SIDE]
    assert "@llm" not in trailers()["Trace-Resolved"]


def test_the_judge_comes_when_the_structure_is_settled(apart, model):
    fake = model(lambda messages: "no idea")
    assert apart("merge", "try", *SEMANTIC, "--threshold", "0.4").code == 1
    assert not any(map(is_judge, fake.calls))
    before = git("for-each-ref")
    assert "1 conflict to settle" in apart("merge", "--continue").err
    apart("resolve", "--all", "ours")
    done = apart("merge", "--continue")  # it would pass over the judge in silence
    assert (done.code, git("for-each-ref"), state()) == (2, before, True)
    assert "trace merge --continue --llm" in done.err
    fake = model(says_so(0.45, then=lambda messages: "no idea"))
    assert apart("merge", "--continue", "--llm").code == 1
    assert len(list(filter(is_judge, fake.calls))) == 1
    apart("resolve", "--all", "both")
    assert apart("merge", "--continue").code == 0
    assert len(list(filter(is_judge, fake.calls))) == 1


def test_continue_may_ask_a_model_for_the_rest(apart, model):
    apart("merge", "try")
    fake = model(each("theirs"))
    assert apart("merge", "--continue", "--llm").code == 0
    assert len(fake.calls) == 1
    assert texts(apart)[0] == "one of theirs"


def test_a_branch_that_moved_meanwhile_says_what_was_not_judged(apart, model):
    fake = model(says_so(then=structure))
    apart("merge", "try", *SEMANTIC)
    apart("commit", "meanwhile")
    apart("resolve", "--all", "both")
    done = apart("merge", "--continue")
    assert (done.code, len(list(filter(is_judge, fake.calls)))) == (0, 1)
    assert "what came since was not judged" in done.err
    apart("undo")
    apart("merge", "try", *SEMANTIC)
    apart("commit", "again")
    apart("merge", "--continue", *SEMANTIC)
    assert len(list(filter(is_judge, fake.calls))) == 3
    assert "again" in str(fake.calls)


def test_what_a_judge_found_of_an_item_that_is_no_more_is_forgotten(apart, model):
    model(says_so(then=structure))
    apart("merge", "try", *SEMANTIC)
    apart("edit", "HEAD", "We use SQLite.")
    done = apart("merge", "--continue")
    assert done.code == 0
    assert texts(apart) == ["one of theirs", "We use SQLite.", SIDE]


@pytest.mark.parametrize("begun", [False, True])
def test_a_model_that_fails_moves_nothing(apart, model, begun):
    if begun:
        apart("merge", "try")
    before = git("for-each-ref"), Path(".trace/trace/merge").read_bytes() if begun else b""

    def down(messages):
        raise ConnectionError("down")

    model(down)
    done = apart("merge", *(["--continue"] if begun else ["try"]), "--llm")
    assert (done.code, state()) == (8, begun)
    assert (git("for-each-ref"), Path(".trace/trace/merge").read_bytes() if begun else b"") == before


def test_what_is_said_while_a_model_thinks_counts(apart, model):
    apart("merge", "try")

    def slow(messages):
        with Repo.open(".trace") as other:
            first = other.open_merge.conflicts()[0]
            other.open_merge.answer({first.id: Resolution("ours")})
        return structure(messages)

    model(says_so(then=slow))
    assert apart("merge", "--continue", *SEMANTIC).code == 1
    apart("resolve", "--all", "both")
    assert apart("merge", "--continue").code == 0
    assert "@llm" not in trailers()["Trace-Resolved"]
    assert texts(apart)[0] == "one of ours"


@pytest.mark.parametrize("text", ["Signed-off-by: x", "a\nTrace-Tokens: 1"])
def test_a_state_of_a_strangers_chooses_no_model_and_writes_no_trailer(apart, model, text):
    fake = model(each("ours"))
    apart("merge", "try")
    path = Path(".trace/trace/merge")
    held = json.loads(path.read_text())
    path.write_text(json.dumps({**held, "model": "evil/model", "llm": "evil/model"}))
    apart("resolve", "--all", "ours")
    path.write_text(json.dumps({**json.loads(path.read_text()), "asked": {"Trace-Model": text, "Trace-Op": "init"}}))
    done = apart("merge", "--continue")
    assert (done.code, fake.calls) == (5, [])
    assert apart("merge", "--abort").code == 0


# -- a real server ---------------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    """What ``openai/…`` leads to."""
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    yield server
    server.shutdown()
    server.server_close()


def test_on_a_terminal_it_says_whom_it_waits_for(apart, terminal, process, here):
    """An answer may take minutes. Here it is an error at once: this litellm cannot be imported."""
    (here / "litellm.py").write_text("raise ImportError('not here')\n")
    env = {"PYTHONPATH": f"{here}{os.pathsep}{ROOT}", "TRACE_GIT_MODEL": "acme/m"}
    for words, name in ((["--llm"], "acme/m"), (["--llm", "openai/gpt-4o"], "openai/gpt-4o")):
        shown = terminal("merge", "try", *words, env=env)
        assert (shown.code, f"asking {name} …" in shown.out, "not here" in shown.out) == (8, True, True)
        assert "asking" not in process("merge", "try", *words, env=env).err
    assert not state()


def test_a_process_asks_a_real_server(apart, process, server):
    pytest.importorskip("litellm")

    def answer(handler) -> None:
        says(each("replace", content="one of both")(server.requests[-1]["messages"]))(handler)

    server.play(answer)
    done = process("merge", "try", "--llm", "openai/gpt-4o")
    assert (done.code, len(server.requests)) == (0, 1), done.err
    assert asked(server.requests[0]["messages"])
    assert "llm: asked gpt-4o-2024-08-06 1 time, 10 tokens in, 2 out, $0.0" in done.err
    assert texts(apart)[0] == "one of both"
    assert trailers()["Trace-Model"] == "gpt-4o-2024-08-06"
