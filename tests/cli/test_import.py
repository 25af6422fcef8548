from __future__ import annotations

import json
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "trace_git" / "samples"


def test_a_session_becomes_commits_and_its_forks_branches(trace):
    done = trace("import", str(SAMPLES / "debug-session.jsonl"), "--json")
    assert done.code == 0
    (made,) = done.json["imports"]
    assert made["format"] == "claude-code"
    assert made["branches"][0] == "main"
    assert len(made["branches"]) == 2
    log = trace("log", "--json").json["commits"]
    assert any(commit["usage"] for commit in log)
    assert any(commit["author"]["name"].startswith("claude-") for commit in log)


def test_what_was_made_is_said_on_stdout_and_what_was_left_out_on_stderr(trace):
    done = trace("import", str(SAMPLES / "debug-session.jsonl"))
    assert " messages (claude-code)\n  on 2 branches: main, " in done.out
    assert done.err.startswith("warning: ")


def session(name, *, agents):
    """A session that asks so many sub-agents, one after another."""
    lines = []
    for number in range(agents):
        task = {"description": f"Job {number}", "prompt": f"do {number}"}
        call = {"type": "tool_use", "id": f"t{number}", "name": "Task", "input": task}
        inner = {"type": "user", "uuid": f"g{number}", "message": {"role": "user", "content": f"do {number}"}}
        answer = [{"type": "tool_result", "tool_use_id": f"t{number}", "content": f"done {number}"}]
        above = f"r{number - 1}" if number else None
        lines += [
            {"type": "assistant", "uuid": f"a{number}", "parentUuid": above,
             "message": {"role": "assistant", "content": [call]}},
            {"type": "progress", "uuid": f"p{number}", "parentToolUseID": f"t{number}",
             "data": {"agentId": f"x{number}", "message": inner}},
            {"type": "user", "uuid": f"r{number}", "parentUuid": f"a{number}",
             "message": {"role": "user", "content": answer}},
        ]  # fmt: skip
    Path(name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return name


def test_sub_agents_are_named_listed_and_opened(trace, here):
    assert trace("import", session("one.jsonl", agents=1)).out.splitlines()[1:] == [
        "  on branch main",
        "  with agent job-0",
    ]
    done = trace("import", session("more.jsonl", agents=5), "--json")
    assert done.json["imports"][0]["agents"] == ["job-0-2", "job-1", "job-2", "job-3", "job-4"]
    assert {agent["state"] for agent in trace("agents", "--json").json["agents"]} == {"collapsed"}
    assert trace("log", "--oneline").out.splitlines()[0].endswith("collapse: job-0: done 0")
    assert "do 0" in trace("expand", "HEAD").out
    assert trace("--agent", "job-3", "log", "--oneline").out.splitlines()[0].endswith("user: do 3")
    assert "with 5 agents: job-0-3, job-1-2, job-2-2 and 2 more" in trace("import", "more.jsonl").out


def test_several_files_at_once(trace):
    done = trace("import", str(SAMPLES / "weather.json"), str(SAMPLES / "debug-session.jsonl"), "--json")
    assert done.code == 0
    assert len(done.json["imports"]) == 2
    assert done.json["imports"][1]["branches"][0] != "main"


def test_what_was_imported_before_a_bad_file_stays_and_the_bad_one_is_named(trace, here):
    (here / "bad.json").write_text("{")
    done = trace("import", str(SAMPLES / "weather.json"), "bad.json")
    assert done.code == 2
    assert "weather.json" in done.out
    assert "bad.json" in done.err
    assert trace("log").out


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, 3),
        (b"", 2),
        (b"\xff\xfe\x00", 2),
        (b"{}", 2),
        (b"[]", 2),
        (b"[1, 2]", 2),
        (b"hello world\n", 2),
        (b"[" * 200_000, 2),
    ],
)
def test_what_is_no_transcript_is_refused_by_name(trace, here, content, code):
    if content is not None:
        (here / "file.json").write_bytes(content)
    done = trace("import", "file.json")
    assert done.code == code
    assert done.err.startswith("error: ")
    assert "file.json" in done.err
    assert len(done.err.splitlines()) <= 2
    assert trace("log", "--json").json["commits"] == []


def test_a_folder_is_no_transcript(trace, here):
    (here / "folder").mkdir()
    done = trace("import", "folder")
    assert done.code in (2, 7)
    assert "folder" in done.err


def test_a_forced_format(trace, here):
    (here / "chat.txt").write_text(json.dumps([{"role": "user", "content": "hi"}]))
    assert trace("import", "--format", "openai", "chat.txt").code == 0
    done = trace("import", "--format", "word", "chat.txt")
    assert done.code == 2
    assert "'word'" in done.err
    assert "openai" in done.err


def test_a_progress_bar_only_for_long_work_on_a_terminal(trace, terminal, here, monkeypatch):
    many = [{"role": "user", "content": f"message {number}"} for number in range(1500)]
    (here / "many.json").write_text(json.dumps(many))
    shown = terminal("import", "many.json").out
    assert "1,500 messages (openai)" in shown
    quiet = terminal("import", str(SAMPLES / "weather.json")).out
    assert "━" not in quiet
    piped = trace("import", "many.json")
    assert "━" not in piped.out + piped.err


def test_the_bar_is_drawn_with_the_name_as_it_is_and_goes_away(monkeypatch, capsys):
    import io
    import sys

    from trace_git.cli import progress

    class Screen(io.StringIO):
        def isatty(self):
            return True

    shown = Screen()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(progress, "_PATIENCE", 0)
    monkeypatch.setenv("TERM", "xterm")
    with progress.Progress("/some/[red]name\x1b[31m.json") as bar:
        for done in range(10):
            bar(done, 10)
    text = shown.getvalue()
    assert "[red]name\\x1b[31m.json" in text
    assert "0/10" in text
    assert text.endswith("\x1b[2K") or text.rstrip().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


def test_what_an_interrupted_import_left_is_told(trace, monkeypatch):
    class Impatient:
        def __init__(self, *_):
            self.calls = 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def __call__(self, done, total):
            self.calls += 1
            if self.calls > 3:
                raise KeyboardInterrupt

    monkeypatch.setattr("trace_git.cli.commands.import_.Progress", Impatient)
    done = trace("import", str(SAMPLES / "debug-session.jsonl"))
    assert done.code == 130
    kept = len(trace("log", "--json").json["commits"])
    assert kept
    assert f"cut off after {kept} commits: do the rest, or take these back: trace undo" in done.err
    assert trace("undo").code == 0
    assert trace("log", "--json").json["commits"] == []
