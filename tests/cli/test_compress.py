"""compress, expand and budget on the command line; what status and log show of them."""

from __future__ import annotations

import json

import pytest

from trace_git import Repo, assistant, tool

OUTPUT = "word " * 120


@pytest.fixture
def filled(trace):
    """A system message and five questions, each with a call, its long result and an answer."""
    with Repo.open(".trace") as repo, repo.batch():
        repo.commit("Be brief.", role="system")
        for number in range(5):
            call = {"id": f"c{number}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
            repo.commit([f"question {number}", assistant(None, tool_calls=[call]), tool(OUTPUT, f"c{number}")])
            repo.commit(f"The answer to question {number} is not short either.", role="assistant")
    return trace


def items(trace):
    return trace("ls", "--json").json["items"]


def test_masking_looking_and_bringing_back(filled):
    before = items(filled)
    plan = filled("compress", "--strategy", "mask", "--dry-run")
    assert "4 tool outputs:" in plan.out
    assert items(filled) == before
    done = filled("compress", "--strategy", "mask")
    assert done.code == 0
    assert "compress: 6" in done.out
    assert "tokens (4 items)" in done.out
    assert "stay a prefix" in done.out
    assert "back: trace expand" in done.err
    listed = filled("expand")
    assert "4 items, shortened" in listed.out
    peeked = filled("expand", listed.out[:8], "--peek")
    assert peeked.out.count(OUTPUT.strip()) == 4
    assert items(filled) != before
    assert filled("expand", listed.out[:8]).code == 0
    assert items(filled) == before
    assert (filled("expand").code, filled("expand").err) == (1, "nothing is compressed here\n")


def test_a_summary_of_a_range_in_json(filled):
    found = items(filled)
    done = filled("compress", f"{found[1]['id']}:{found[8]['id']}", "--summary", "Two answers.", "--json").json
    assert (done["strategy"], done["level"], len(done["summaries"])) == ("manual", 1, 1)
    assert [one["items"] for one in done["runs"]] == [[one["id"] for one in found[1:9]]]
    assert done["tokens_after"] < done["tokens_before"]
    assert done["commit"]["op"] == "compress"
    status = filled("status", "--json").json
    [one] = status["compressions"]
    assert (one["id"], one["summaries"], one["live"]) == (done["id"], done["summaries"], True)
    peek = filled("expand", done["id"], "--peek", "--json").json
    assert [one["id"] for one in peek["items"]] == [one["id"] for one in found[1:9]]


def test_several_items_are_a_range(filled):
    found = items(filled)
    done = filled("compress", found[1]["id"], found[4]["id"], "--summary", "x", "--json").json
    assert [one["items"] for one in done["runs"]] == [[found[1]["id"]], [found[4]["id"]]]


def test_log_and_status_show_the_sizes(filled):
    filled("compress", "--strategy", "mask", "-m", "Outputs away")
    done = filled("expand", "--json").json["compressions"][0]
    before, after = filled("log", "-1", "--json").json["commits"][0], filled("log", "-1").out
    assert before["subject"] == "Outputs away"
    assert " → " in after
    assert "compress" in after
    sizes = f"{done['tokens_before']:,} → {done['tokens_after']:,} tokens"
    assert f"Archive:  4 items, {sizes}\n" in filled("status").out
    filled("undo")
    filled("compress", "--strategy", "mask")
    assert filled("log", "-1").out.count("→") == 1


def test_a_model_is_named_by_llm_and_none_is_asked_in_a_dry_run(filled):
    plan = filled("compress", "--budget", "200", "--llm", "no/such-model", "--dry-run", "--json")
    assert plan.code == 0
    assert plan.json["sends"]
    text = filled("compress", "--budget", "200", "--llm", "no/such-model", "--dry-run")
    assert "→ at most" in text.out
    assert "would ask no/such-model 1 question" in text.out


def test_the_plan_names_a_cheaper_range_that_can_be_given(filled):
    size = filled("compress", "--dry-run", "--json").json["tokens_before"]
    plan = filled("compress", "--strategy", "mask", "--budget", str(size - 150), "--dry-run")
    line = next(line for line in plan.out.splitlines() if line.startswith("cheaper for the cache: trace "))
    words = line.removeprefix("cheaper for the cache: trace ").partition(" keeps ")[0].split()
    done = filled(*words, "--json")
    assert done.code == 0
    kept = int(line.partition(" keeps ")[2].split()[0])
    assert done.json["receipt"]["kept"] >= kept > 0.3 * size


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--budget", "100", "--strategy", "mask"], 6, "and the budget is 100"),
        (["--budget", "100"], 8, "no model is chosen to summarize it"),
        (["--budget", "0"], 2, "--budget"),
        (["--budget", "9", "--to-fit", "gpt-4o"], 2, "exclude each other"),
        (["--to-fit", "nonsense"], 2, "is not known"),
        (["nowhere"], 3, "nowhere"),
        (["HEAD..HEAD~2"], 2, "is not behind"),
        (["--strategy", "magic"], 2, "magic"),
        (["--summary", ""], 2, "empty"),
        (["--summary", "x", "--keep-last", "99"], 2, "nothing in the range"),
        (["--summary", OUTPUT * 9], 6, "no compression"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(filled, words, code, says):
    before = items(filled)
    done = filled("compress", *words)
    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert items(filled) == before


def test_nothing_to_do_is_said(filled):
    done = filled("compress", "--budget", "100000")
    assert (done.code, done.out) == (0, "")
    assert "within the budget of 100,000" in done.err
    assert "nothing changed" in done.err
    assert filled("compress", "--budget", "100000", "--json").json["commit"] is None


def test_expanding_what_is_not_there(filled):
    assert filled("expand", "nothing").code == 3
    assert filled("expand", "--peek").code == 2
    filled("compress", "--summary", "x")
    filled("compress", "HEAD", "--summary", "y")
    first = filled("expand", "--json").json["compressions"][1]["id"]
    done = filled("expand", first)
    assert done.code == 2
    assert "was compressed again" in done.err
    assert "--peek" in done.err


def test_a_summary_of_strangers_is_shown_safely(filled):
    filled("compress", "--summary", "red \x1b[31m and \u202e back")
    summary = filled("expand", "--json").json["compressions"][0]["summaries"][0]
    assert "\x1b" not in filled("show", f":{summary}").out
    assert json.loads(filled("materialize").data)[1]["content"] == "red \x1b[31m and \u202e back"


def test_the_budget_and_how_far_it_is(filled):
    assert "there is no limit" in filled("budget").out
    assert "left" in filled("budget", "100000").out
    assert filled("config", "budget").out == "100000\n"
    assert filled("budget", "--check").code == 0
    done = filled("budget", "50")
    assert "too many" in done.out
    assert done.code == 0
    assert filled("budget", "--check").code == 1
    found = filled("budget", "--json").json
    assert (found["budget"], found["left"]) == (50, 50 - found["tokens"])
    assert "there is no limit" in filled("budget", "--unset").out
    assert filled("budget", "--unset", "9").code == 2
