"""import of sub-agents: each is spawned where it was called, and collapsed where its answer came."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo, formats
from trace_git.errors import StateError
from trace_git.model import Commit

DATA = Path(os.environ.get("TRACE_GIT_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
SESSIONS = sorted(DATA.glob("claude_code*/*.jsonl"))
Json = dict[str, Any]


# -- a session, line by line ---------------------------------------------------------------


def line(uuid: str, parent: str | None, role: str, content: Any, **more: Any) -> Json:
    message: Json = {"role": role, "content": content}
    if role == "assistant":
        usage = {"input_tokens": 40, "output_tokens": 7}
        message = {"id": f"msg_{uuid}", "type": "message", "model": "claude-x", **message, "usage": usage}
    return {"parentUuid": parent, "isSidechain": False, "type": role, "uuid": uuid, "message": message, **more}


def text(words: str) -> list[Json]:
    return [{"type": "text", "text": words}]


def task(id: str, prompt: str, **given: str) -> Json:
    return {"type": "tool_use", "id": id, "name": "Task", "input": {"prompt": prompt, **given}}


def result(uuid: str, parent: str, call: str, words: str, **more: Any) -> Json:
    return line(uuid, parent, "user", [{"type": "tool_result", "tool_use_id": call, "content": words}], **more)


def progress(agent: str, call: str, inner: Json) -> Json:
    """A line of a sub-agent as the session tells of it."""
    inner = {key: inner[key] for key in ("type", "uuid", "message", "timestamp") if key in inner}
    data = {"type": "agent_progress", "agentId": agent, "prompt": "", "message": inner}
    return {"type": "progress", "uuid": f"p-{inner['uuid']}", "parentUuid": None, "parentToolUseID": call, "data": data}


def own(agent: str, *lines: Json) -> list[Json]:
    """The lines of a sub-agent's own file."""
    return [{**one, "isSidechain": True, "agentId": agent} for one in lines]


def write(path: Path, *lines: Json) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    for second, one in enumerate(lines):
        one.setdefault("timestamp", f"2026-01-01T00:00:{second:02d}Z")
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return path


LOOK = "Look where the lamp is.\nBe brief."
ONE = [
    line("u1", None, "user", "Light the room."),
    line("a1", "u1", "assistant", [*text("I ask."), task("t1", LOOK, description="Find the lamp")]),
    progress("x1", "t1", line("g1", None, "user", text(LOOK), timestamp="2026-01-01T00:00:02Z")),
    progress("x1", "t1", line("g2", None, "assistant", text("By the door."), timestamp="2026-01-01T00:00:03Z")),
    result("r1", "a1", "t1", "The lamp is by the door."),
    line("a2", "r1", "assistant", text("Lit.")),
]  # fmt: skip


def bodies(repo: Repo, rev: str = "HEAD") -> list[Any]:
    return [item.message.to_dict() for item in repo.context(rev).items]


def line_of(repo: Repo) -> list[Commit]:
    """The commits of the branch itself, the newest first."""
    found = [repo.get("HEAD")]
    while found[-1].parents:
        found.append(repo.get(found[-1].parents[0]))
    return found


def words(repo: Repo) -> list[str]:
    return [item.message.text for item in repo.context().items]


def states(repo: Repo) -> dict[str, tuple[str, str]]:
    return {agent.name: (agent.parent, agent.state) for agent in repo.agents()}


def whole(repo: Repo) -> bool:
    return not [one for one in repo.verify() if one.severity == "error"]


# -- what one becomes ----------------------------------------------------------------------


def test_a_sub_agent_is_spawned_at_its_call_and_collapsed_at_its_answer(repo: Repo, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    session = write(tmp_path / "s.jsonl", *ONE)
    made = repo.import_file(session, progress=lambda done, total: steps.append((done, total)))
    assert (made.branches, made.agents, made.items, made.commits) == (("main",), ("find-the-lamp",), 6, 7)
    assert steps == [(number, 7) for number in range(1, 8)]
    (agent,) = repo.agents()
    assert (agent.parent, agent.purpose, agent.context, agent.state) == ("", "Find the lamp", "empty", "collapsed")
    lit, back, asked, _ = line_of(repo)
    assert back.parents == (asked.id, agent.tip)
    assert repo.get(agent.spawned).parents == (asked.id,)
    (item,) = back.items
    provenance = item.message.provenance or {}
    with repo.agent("find-the-lamp") as child:
        assert words(child) == [LOOK, "By the door."]
        assert (provenance["agent"], provenance["items"]) == (child.name, [one.id for one in child.context().items])
        said = child.get("HEAD")
        assert (said.author.name, said.timestamp, said.usage and said.usage.completion) == ("claude-x", 1767225603, 7)
    with repo.child(back) as then:
        assert words(then) == [LOOK, "By the door."]
    assert item.kind == "collapse"
    assert lit.subject == "assistant: Lit."
    assert whole(repo)


def test_its_caller_s_context_is_what_it_was_without_it(open_repo: Callable[..., Repo], tmp_path: Path) -> None:
    plain = [one for one in ONE if one["type"] != "progress"]
    with_it, without = open_repo(), open_repo("plain")
    with_it.import_file(write(tmp_path / "s.jsonl", *ONE))
    without.import_file(write(tmp_path / "plain.jsonl", *plain))
    assert without.agents() == ()
    assert bodies(with_it) == bodies(without)
    for format in formats.FORMATS:
        assert with_it.export(format=format) == without.export(format=format)
    assert with_it.materialize().digest == without.materialize().digest


def test_the_graph_of_stock_git_has_a_lane_for_it(repo: Repo, tmp_path: Path, git: Callable[..., str]) -> None:
    repo.import_file(write(tmp_path / "s.jsonl", *ONE))
    repo.flush()
    lines = git(repo, "log", "--graph", "--all", "--format=%s").splitlines()
    assert [one.rstrip() for one in lines] == [
        "* assistant: Lit.",
        "*   collapse: find-the-lamp: The lamp is by the door.",
        "|\\",
        "| * assistant: By the door.",
        "| * user: Look where the lamp is. Be brief.",
        "| * spawn: find-the-lamp",
        "|/",
        "* assistant: I ask. → Task",
        "* user: Light the room.",
    ]
    assert git(repo, "fsck", "--strict") == ""


def test_one_that_never_came_back_is_running(repo: Repo, tmp_path: Path) -> None:
    repo.import_file(write(tmp_path / "s.jsonl", *ONE[:4]))
    assert states(repo) == {"find-the-lamp": ("", "running")}
    assert [call.id for call in repo.resumption().calls] == ["t1"]
    assert repo.get("HEAD").subject == "assistant: I ask. → Task"


def test_agents_of_agents(repo: Repo, tmp_path: Path) -> None:
    deeper = [
        *ONE[:3],
        progress("x1", "t1", line("g2", None, "assistant", [task("t2", "Which door?", description="Doors")])),
        progress("x2", "t2", line("h1", None, "user", text("Which door?"))),
        progress("x2", "t2", line("h2", None, "assistant", text("The left one."))),
        progress("x1", "t1", result("g3", "", "t2", "left")),
        progress("x1", "t1", line("g4", None, "assistant", text("The left door."))),
        *ONE[4:],
    ]
    made = repo.import_file(write(tmp_path / "s.jsonl", *deeper))
    assert made.agents == ("find-the-lamp", "doors")
    assert states(repo) == {"find-the-lamp": ("", "collapsed"), "doors": ("find-the-lamp", "collapsed")}
    with repo.agent("find-the-lamp") as child:
        assert words(child) == [LOOK, "", "left", "The left door."]
        assert len(child.get("HEAD~1").parents) == 2
    assert whole(repo)


def test_parallel_ones_come_back_one_by_one(repo: Repo, tmp_path: Path) -> None:
    calls = [task("t1", "left", description="Look"), task("t2", "right", description="Look")]
    lines = [
        line("u", None, "user", "look"),
        line("a", "u", "assistant", calls),
        progress("x2", "t2", line("h1", None, "user", "right")),
        progress("x1", "t1", line("g1", None, "user", "left")),
        result("r2", "a", "t2", "nothing"),
        result("r1", "a", "t1", "a lamp"),
        line("b", "r1", "assistant", text("a lamp, left")),
    ]
    assert repo.import_file(write(tmp_path / "s.jsonl", *lines)).agents == ("look", "look-2")
    assert set(states(repo).values()) == {("", "collapsed")}
    tips = repo.agent_tips()
    assert [commit.parents[1:] for commit in line_of(repo)] == [(), (tips["look"],), (tips["look-2"],), (), ()]
    with repo.agent("look-2") as right:
        assert words(right) == ["right"]


# -- the other ways a file tells of one ----------------------------------------------------


def test_side_chains_of_a_session_are_known_by_their_prompt(repo: Repo, tmp_path: Path) -> None:
    lines = [
        *ONE[:2],
        line("s1", None, "user", LOOK, isSidechain=True),
        line("s2", "s1", "assistant", text("By the door."), isSidechain=True),
        line("z1", None, "user", "Warmup", isSidechain=True),
        *ONE[4:],
    ]
    made = repo.import_file(write(tmp_path / "s.jsonl", *lines))
    assert (made.branches, made.agents) == (("main", "sidechain-2"), ("find-the-lamp",))
    with repo.agent("find-the-lamp") as child:
        assert words(child) == [LOOK, "By the door."]


@pytest.mark.parametrize("place", ["s/subagents/agent-x1.jsonl", "agent-x1.jsonl"])
def test_files_of_their_own_beside_the_session_are_read(repo: Repo, tmp_path: Path, place: str) -> None:
    answer = result("r1", "a1", "t1", "By the door.", toolUseResult={"status": "completed", "agentId": "x1"})
    session = write(tmp_path / "s.jsonl", *ONE[:4], answer, ONE[5])
    write(tmp_path / place, *own(
        "x1",
        line("g1", None, "user", LOOK),
        line("g2", "g1", "assistant", [*text("By the door."), task("t2", "Sure?")]),
        result("g3", "g2", "t2", "yes", toolUseResult={"status": "completed", "agentId": "x2"}),
        line("g4", "g3", "assistant", text("By the door, surely.")),
    ))  # fmt: skip
    write((tmp_path / place).with_name("agent-x2.jsonl"), *own("x2", line("h1", None, "user", "Sure?")))
    made = repo.import_file(session)
    assert made.agents == ("find-the-lamp", "agent-x2")
    assert states(repo) == {"find-the-lamp": ("", "collapsed"), "agent-x2": ("find-the-lamp", "collapsed")}
    with repo.agent("find-the-lamp") as child:
        assert words(child) == [LOOK, "By the door.", "yes", "By the door, surely."]


@pytest.mark.parametrize("agent", ["/../secret", "y\n", "", 7, None])
def test_only_files_that_the_session_names_are_read(repo: Repo, tmp_path: Path, agent: object) -> None:
    (tmp_path / "agent-").mkdir()
    for name in ("/../secret", "y\n", "y"):
        path = tmp_path / f"agent-{name}.jsonl"
        write(path, *own(name, line("g1", None, "user", "not asked for")))
    answer = result("r1", "a1", "t1", "Yes.", toolUseResult={"agentId": agent})
    made = repo.import_file(write(tmp_path / "s.jsonl", *ONE[:2], answer))
    known = [item.message.text for name in made.agents for item in repo.context(f"agents/{name}").items]
    assert known == ([LOOK] if isinstance(agent, str) and agent else [])


def test_what_is_another_s_in_the_file_of_one_is_left_out(repo: Repo, tmp_path: Path) -> None:
    write(
        tmp_path / "agent-x1.jsonl", *own("x1", ONE[2]["data"]["message"]), *own("y", line("g9", None, "user", "mine"))
    )
    made = repo.import_file(write(tmp_path / "s.jsonl", *ONE))
    assert any("agent-x1.jsonl" in warning and "left out" in warning for warning in made.warnings)
    with repo.agent("find-the-lamp") as child:
        assert words(child) == [LOOK, "By the door."]


def test_of_one_without_messages_the_prompt_is_known(repo: Repo, tmp_path: Path) -> None:
    answer = result("r1", "a1", "t1", "By the door.", toolUseResult={"status": "completed", "agentId": "x1"})
    made = repo.import_file(write(tmp_path / "s.jsonl", *ONE[:2], answer))
    assert (made.agents, made.items) == (("find-the-lamp",), 4)
    assert any("agent-<id>.jsonl" in warning for warning in made.warnings)
    assert states(repo) == {"find-the-lamp": ("", "collapsed")}
    assert [one["content"] for one in bodies(repo, "agents/find-the-lamp")] == [LOOK]


def test_a_call_that_never_ran_spawns_nobody(repo: Repo, tmp_path: Path) -> None:
    refused = result("r1", "a1", "t1", "The user doesn't want this.", toolUseResult="Error: rejected")
    assert repo.import_file(write(tmp_path / "s.jsonl", *ONE[:2], refused)).agents == ()
    assert repo.agents() == ()


def test_one_in_the_background_comes_back_when_it_is_done(repo: Repo, tmp_path: Path) -> None:
    def polled(number: int, status: str, state: str) -> list[Json]:
        ask = [{"type": "tool_use", "id": f"o{number}", "name": "TaskOutput", "input": {"task_id": "x1"}}]
        told = {"retrieval_status": status, "task": {"task_id": "x1", "task_type": "local_agent", "status": state}}
        before = f"q{number - 1}" if number > 1 else "r1"
        return [line(f"o{number}", before, "assistant", ask),
                result(f"q{number}", f"o{number}", f"o{number}", state, toolUseResult=told)]  # fmt: skip

    begun = {"isAsync": True, "status": "async_launched", "agentId": "x1"}
    lines = [
        *ONE[:4], result("r1", "a1", "t1", "begun", toolUseResult=begun),
        *polled(1, "not_ready", "running"), *polled(2, "success", "completed"), *polled(3, "success", "completed"),
    ]  # fmt: skip
    repo.import_file(write(tmp_path / "s.jsonl", *lines))
    assert states(repo) == {"find-the-lamp": ("", "collapsed")}
    taken = [commit.message for commit in repo.log() if len(commit.parents) == 2]
    assert taken == ["collapse: find-the-lamp: completed"]
    assert repo.get("HEAD").subject == "user: completed"  # asked once more: nothing new


def test_one_that_is_asked_again_goes_on(repo: Repo, tmp_path: Path) -> None:
    lines = [
        *ONE,
        line("a3", "a2", "assistant", [task("t2", "And the switch?", resume="x1")]),
        progress("x1", "t2", line("g3", None, "user", text("And the switch?"))),
        progress("x1", "t2", line("g4", None, "assistant", text("Beside it."))),
        result("r2", "a3", "t2", "beside the lamp"),
    ]
    assert repo.import_file(write(tmp_path / "s.jsonl", *lines)).agents == ("find-the-lamp",)
    second, first = [commit for commit in repo.log() if len(commit.parents) == 2]
    with repo.child(first) as then, repo.child(second) as now:
        assert words(then) == [LOOK, "By the door."]
        assert words(now) == [LOOK, "By the door.", "And the switch?", "Beside it."]
    taken = [len((commit.items[0].message.provenance or {})["items"]) for commit in (first, second)]
    assert taken == [2, 2]


def test_forks_within_one_are_its_branches(repo: Repo, tmp_path: Path) -> None:
    lines = own(
        "x1",
        line("g1", None, "user", LOOK),
        line("g2", "g1", "assistant", text("Under the bed.")),
        line("g3", "g1", "assistant", text("By the door.")),
    )
    write(tmp_path / "s" / "subagents" / "agent-x1.jsonl", *lines)
    repo.import_file(
        write(tmp_path / "s.jsonl", *ONE[:2], result("r1", "a1", "t1", "ok", toolUseResult={"agentId": "x1"}))
    )
    with repo.agent("find-the-lamp") as child:
        assert [branch.name for branch in child.branches()] == ["fork-1", "main"]
        assert words(child) == [LOOK, "By the door."]
        assert [item.message.text for item in child.context("fork-1").items] == [LOOK, "Under the bed."]
    assert whole(repo)


def test_callers_in_a_ring_are_side_chains(repo: Repo, tmp_path: Path) -> None:
    lines = [
        line("u", None, "user", "go"),
        progress("x1", "t2", line("g1", None, "assistant", [task("t1", "one")])),
        progress("x2", "t1", line("h1", None, "assistant", [task("t2", "two")])),
    ]
    made = repo.import_file(write(tmp_path / "s.jsonl", *lines))
    assert (made.agents, len(made.branches), made.items) == ((), 3, 3)


# -- as an operation -----------------------------------------------------------------------


def test_undo_takes_the_agents_too_and_redo_brings_them_back(repo: Repo, tmp_path: Path) -> None:
    repo.import_file(write(tmp_path / "s.jsonl", *ONE))
    tips, before = repo.agent_tips(), bodies(repo)
    repo.undo()
    assert (repo.agent_tips(), repo.branches()) == ({}, ())
    with pytest.raises(StateError):
        repo.undo()
    repo.redo()
    assert (repo.agent_tips(), bodies(repo)) == (tips, before)
    assert states(repo) == {"find-the-lamp": ("", "collapsed")}


def test_imported_again_it_is_another_agent(repo: Repo, tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", *ONE)
    repo.import_file(path)
    assert repo.import_file(path).agents == ("find-the-lamp-2",)
    repo.undo()
    assert repo.import_file(path).agents == ("find-the-lamp-3",)  # a name is never given twice
    assert [agent.name for agent in repo.agents() if agent.state == "collapsed"] == ["find-the-lamp", "find-the-lamp-3"]


def test_into_an_agent_they_are_its_own(repo: Repo, tmp_path: Path) -> None:
    repo.commit("go")
    with repo.spawn("boss", context="empty") as boss:
        boss.import_file(write(tmp_path / "s.jsonl", *ONE))
    assert states(repo) == {"boss": ("", "running"), "find-the-lamp": ("boss", "collapsed")}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Review PR #6: Security/Privacy", "review-pr-6-security-privacy"),
        ("CON", "agent-con"),
        ("審査", "agent-x1"),
        ("../../HEAD.lock", "head-lock"),
        ("wort " * 40, "wort-wort-wort-wort-wort-wort-wort-wort-wort-wor"),
    ],
)
def test_names_are_made_of_what_the_file_calls_it(repo: Repo, tmp_path: Path, title: str, name: str) -> None:
    asks = line("a1", "u1", "assistant", [task("t1", LOOK, description=title)])
    assert repo.import_file(write(tmp_path / "s.jsonl", ONE[0], asks, *ONE[2:])).agents == (name,)


# -- real sessions -------------------------------------------------------------------------

# name, state and messages of each, counted by eye; those with one message have no more in the file than their prompt
REAL = {
    "7e-d4051c8a85-0": {"explore-error-handling-patterns": ("collapsed", 8)},
    "86-9d11344fce-1": {"explore-checkpoint-strategy-unit-tests": ("collapsed", 33)},
    "dc-49cb8a2a42-0": {f"review-branch-changes-agent-{number}": ("collapsed", 1) for number in (1, 2)},
    "f8-10e13fce67-0": dict.fromkeys((
        "agent-native-review", "architecture-strategy-review", "code-simplicity-review", "data-integrity-review",
        "git-history-analysis-for-pr", "pattern-recognition-review", "performance-review", "security-review",
    ), ("collapsed", 1)),
}  # fmt: skip


@pytest.mark.skipif(not SESSIONS, reason="no real transcripts here: TRACE_GIT_DATA says where they are")
@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_real_sessions(path: Path, open_repo: Callable[..., Repo], git: Callable[..., str]) -> None:
    repo = open_repo()
    made = repo.import_file(path)
    found = {agent.name: (agent.state, len(repo.context(agent.tip).items)) for agent in repo.agents()}
    assert found == REAL.get(path.stem, {})
    assert sorted(made.agents) == sorted(found)
    (conversation,) = formats.read(path).conversations
    tips = dict(conversation.tips)
    for name in made.branches:
        assert bodies(repo, name) == [turn.message.body for turn in conversation.path(tips[name])]
    theirs = [turn.message.body for one in conversation.delegations if one.tip for turn in conversation.path(one.tip)]
    kept = [one for name in found for one in bodies(repo, f"agents/{name}")]
    assert [one for one in kept if one in theirs] == theirs
    assert whole(repo)
    repo.flush()
    assert git(repo, "fsck", "--strict") == ""
