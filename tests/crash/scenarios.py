"""What the user was doing when it happened: each verb of the front door as a run that acknowledges its steps.

A run works on ``folder/t.trace`` and sends "ack" or "soft" after each step that has returned (see ``kills.Run``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trace_git import Repo
from trace_git.conflicts import Resolution
from trace_git.errors import MergeConflictError
from trace_git.store import publish, store

from .children import Send
from .kills import Run
from .traces import TIME, git, open_trace

Start = Callable[[Path], None]
"""Fills the folder that a run starts from."""

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": "auth.py"}'}}
MESSAGES: list[dict[str, Any]] = [
    {"role": "user", "content": "Look at auth.py."},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "def login(): ..."},
    {"role": "assistant", "content": "It never checks the password."},
]
LONG: list[dict[str, Any]] = [
    {"role": "assistant", "content": None, "tool_calls": [{**CALL, "id": "c2"}]},
    {"role": "tool", "tool_call_id": "c2", "content": "a line of output\n" * 40},
]
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]


def nothing(folder: Path) -> None:
    """The start of a run that makes its own trace."""


def conversation(folder: Path) -> None:
    """A closed trace of five items, the first one pinned, on two branches."""
    with open_trace(folder) as repo:
        repo.commit("Be brief.", role="system", timestamp=TIME, pin=True)
        repo.commit(MESSAGES, timestamp=TIME)
        repo.branch("other")


def apart(folder: Path) -> None:
    """The same where both branches gave the last item other content."""
    conversation(folder)
    for branch in ("other", "main"):
        with open_trace(folder, branch=branch) as repo:
            repo.edit(repo.context().items[-1], f"On {branch} it checks.")
            repo.commit(f"Said on {branch}.", timestamp=TIME)


def ahead(folder: Path) -> None:
    """The same where one branch went on, with a pin."""
    conversation(folder)
    with open_trace(folder, branch="other") as repo:
        repo.pin(repo.context().items[-1])
        repo.commit("Said on other.", timestamp=TIME)


def transcript(folder: Path) -> None:
    """An empty trace to import into, and beside it a Claude Code session of two forks."""
    open_trace(folder).close()
    (folder / "session.jsonl").write_text("".join(json.dumps(line) + "\n" for line in _session()), encoding="utf-8")


def transcript_and_conversation(folder: Path) -> None:
    """A session with a sub-agent, and a trace that has branches already."""
    transcript(folder)
    lines = "".join(json.dumps(line) + "\n" for line in _delegating())
    (folder / "session.jsonl").write_text(lines, encoding="utf-8")
    conversation(folder)


def _session() -> list[dict[str, Any]]:
    turns = [
        ("u1", None, "user", "Why is the build red?"),
        ("a1", "u1", "assistant", "A test fails."),
        ("u2", "a1", "user", "Which one?"),
        ("a2", "u2", "assistant", "test_login."),
        ("u3", "a1", "user", "Since when?"),
        ("a3", "u3", "assistant", "Since Monday."),
    ]
    return [_line(number, *turn) for number, turn in enumerate(turns)]


def _delegating() -> list[dict[str, Any]]:
    """One asks another, and is answered."""
    asks, tells, answers = [
        _line(number, *turn)
        for number, turn in enumerate([
            ("a1", None, "assistant", "I ask."),
            ("g1", None, "user", "Which test?"),
            ("r1", "a1", "user", ""),
        ])
    ]  # fmt: skip
    call = {"type": "tool_use", "id": "t1", "name": "Task", "input": {"description": "tester", "prompt": "Which test?"}}
    asks["message"]["content"].append(call)
    answers["message"]["content"] = [{"type": "tool_result", "tool_use_id": "t1", "content": "test_login"}]
    data = {"type": "agent_progress", "agentId": "x1", "message": tells}
    told = {"type": "progress", "uuid": "p1", "parentUuid": "a1", "parentToolUseID": "t1", "data": data}
    return [asks, told, answers]


def _line(number: int, uuid: str, parent: str | None, role: str, text: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": role, "content": text}
    if role == "assistant":
        blocks = [{"type": "text", "text": text}]
        usage = {"input_tokens": 10 + number, "output_tokens": 5}
        message = {
            "id": f"msg_{uuid}",
            "type": "message",
            "model": "m",
            "role": role,
            "content": blocks,
            "usage": usage,
        }
    times = f"2025-06-14T12:00:{number:02d}Z"
    about = {"sessionId": "s1", "version": "1.0.0", "cwd": "/project", "isSidechain": False, "userType": "external"}
    return {"type": role, "uuid": uuid, "parentUuid": parent, "timestamp": times, "message": message, **about}


# -- runs ----------------------------------------------------------------------------------


def create(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    for text in ("one", "two"):
        repo.commit(text, role="user", timestamp=TIME)
        send("ack")
    repo.close()


def append(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.commit("one", role="user", timestamp=TIME)
    send("ack")


def append_list(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.commit([{**message, "content": "again"} for message in MESSAGES[:1]] + MESSAGES[3:], timestamp=TIME)
    send("ack")


def edit(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    last = repo.context().items[-1].id
    for text in ("It does check.", "It checks twice."):
        repo.edit(last, text)
        send("ack")


def pin(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    call = repo.context().items[2].id  # its whole tool group
    repo.pin(call)
    send("ack")
    repo.unpin(call)
    send("ack")


def drop(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.drop(repo.context().items[2])  # with its whole tool group
    send("ack")


def reset(folder: Path, send: Send) -> None:
    """Branch, label and keep move together."""
    repo = open_trace(folder)
    repo.pin(repo.context().items[-1])
    send("ack")
    repo.reset("HEAD~2")
    send("ack")
    repo.reset("other", mode="hard")
    send("ack")


def undo(folder: Path, send: Send) -> None:
    """A pin goes with its label, then a branch, which comes again."""
    repo = open_trace(folder)
    repo.pin(repo.context().items[-1])
    send("ack")
    for verb in (repo.undo, repo.undo, repo.redo):
        verb()
        send("ack")


def checkout(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    for rev in ("HEAD~1", "main"):
        repo.checkout(rev, head=True)
        send("ack")


def switch(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.switch("other")
    send("ack")
    repo.switch("fresh", create=True)
    send("ack")
    repo.branch("another", at="HEAD~1")
    send("ack")


def branch_names(folder: Path, send: Send) -> None:
    """Another name for the present branch; a branch goes, and one comes where its folder was; both taken back."""
    repo = open_trace(folder)
    repo.branch("tries/first")
    send("ack")
    repo.rename_branch("main", "best")
    send("ack")
    repo.delete_branch("tries/first")
    send("ack")
    repo.branch("tries")
    send("ack")
    for _ in range(2):
        repo.undo()
        send("ack")


def merge(folder: Path, send: Send) -> None:
    """In steps, as the command line does it: given up once, then finished."""
    repo = open_trace(folder)
    theirs = repo.get("other").id
    for way in ("abort", "finish"):
        repo.open_merge.begin(theirs, name="other")
        send("ack")
        repo.open_merge.answer({one.id: Resolution("theirs") for one in repo.open_merge.conflicts()})
        send("ack")
        getattr(repo.open_merge, way)()
        send("ack")


def merge_at_once(folder: Path, send: Send) -> None:
    """A commit of two parents that brings a pin with its label; taken back, and made again."""
    with open_trace(folder, branch="other") as other:
        other.pin(other.context().items[1])
        send("ack")
    repo = open_trace(folder)
    repo.merge("other", strategy="union", timestamp=TIME)
    send("ack")
    for verb in (repo.undo, repo.redo):
        verb()
        send("ack")


def rebase(folder: Path, send: Send) -> None:
    """In steps, as the command line does it: given up once, then finished; a pin goes along with its label."""
    repo = open_trace(folder)
    repo.pin(repo.context().items[-1])
    send("ack")
    for way in ("abort", "go_on"):
        with suppress(MergeConflictError):
            repo.open_replay.rebase("other")
        send("ack")
        repo.open_replay.answer({one.id: Resolution("theirs") for one in repo.open_replay.conflicts()})
        send("ack")
        getattr(repo.open_replay, way)()
        send("ack")


def rebase_with_a_stop(folder: Path, send: Send) -> None:
    """It stops for an edit, and is given up once, then finished; all of it taken back."""
    repo = open_trace(folder)
    first, second = list(repo.log(limit=2))[::-1]
    todo = f"edit {first.id}\npick {second.id}\n"
    for way in ("abort", "go_on"):
        repo.open_replay.rebase("other", todo=todo, strategy="ours")
        send("ack")
        repo.commit("Said at the stop.", timestamp=TIME)
        send("ack")
        getattr(repo.open_replay, way)()
        send("ack")
    repo.undo()
    send("ack")


def cherry_pick(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.cherry_pick(["other", "other~1"], at=1)
    send("ack")
    repo.undo()
    send("ack")


def compress(folder: Path, send: Send) -> None:
    """An output masked, a summary on top of that, and that brought back."""
    repo = open_trace(folder)
    repo.commit(LONG, timestamp=TIME)
    send("ack")
    repo.compress(keep_last=0, strategy="mask", timestamp=TIME)
    send("ack")
    repo.compress(keep_last=0, summary="It never checks.", timestamp=TIME)
    send("ack")
    repo.expand("HEAD", timestamp=TIME)
    send("ack")


def fast_forward(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.merge("other")
    send("ack")
    repo.undo()
    send("ack")


def reorder(folder: Path, send: Send) -> None:
    """One item moves, then a tool group; taken back, and done again."""
    repo = open_trace(folder)
    repo.move(repo.context().items[-1], before=repo.context().items[1], force=True, timestamp=TIME)
    send("ack")
    order = repo.context().items
    repo.reorder([order[0], order[3], order[4], order[1], order[2]], force=True, timestamp=TIME)
    send("ack")
    for verb in (repo.undo, repo.redo):
        verb()
        send("ack")


def agents(folder: Path, send: Send) -> None:
    """Begun, at work, taken back, deleted; and back again from both sides."""
    repo = open_trace(folder)
    child = repo.spawn("a", purpose="Look.", timestamp=TIME)
    send("ack")
    child.commit("Said by a.", timestamp=TIME)
    send("ack")
    repo.collapse(child, summary="It was said.", timestamp=TIME)
    send("ack")
    child.undo()
    send("ack")
    repo.redo()
    send("ack")
    repo.delete_agent("a")
    send("ack")
    repo.undo()
    send("ack")


def agents_in_a_group(folder: Path, send: Send) -> None:
    """Published together: an agent with nothing, its child, and its end."""
    repo = open_trace(folder)
    with repo.batch():
        child = repo.spawn("a", context="empty", timestamp=TIME)
        send("soft")
        child.commit("Said by a.", timestamp=TIME)
        send("soft")
        child.spawn("b", timestamp=TIME)
        send("soft")
        repo.collapse(child, summary="It was said.", timestamp=TIME)
        send("soft")
        repo.delete_agent("a")
        send("soft")
    send("ack")


def bisect(folder: Path, send: Send) -> None:
    """As the command line does it; HEAD goes to commits and back."""
    repo = open_trace(folder)
    repo.commit(["one", "two"], timestamp=TIME)
    send("ack")
    repo.open_bisect.start("HEAD", ["HEAD~2"])
    send("ack")
    repo.open_bisect.tell("good")
    send("ack")
    repo.open_bisect.reset()
    send("ack")


def tag(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.tag("noted", message="Here it works.")
    send("ack")
    repo.delete_tag("noted")
    send("ack")


def tools(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.set_tools(TOOLS)
    send("ack")


def large(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.commit("word " * 250_000, role="user", timestamp=TIME)
    send("ack")


def batch(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    with repo.batch():
        for number in range(40):
            repo.commit(f"number {number}", role="user", timestamp=TIME)
            send("soft")
    send("ack")


def burst(folder: Path, send: Send) -> None:
    """A few commits published one by one, then a group, by a timer or at close."""
    store.SINGLE = 3
    repo = open_trace(folder)
    for number in range(12):
        repo.commit(f"number {number}", role="user", timestamp=TIME)
        send("ack")
    repo.close()


def importing(folder: Path, send: Send) -> None:
    repo = open_trace(folder)
    repo.import_file(str(folder / "session.jsonl"), progress=lambda done, total: send("soft"))
    send("ack")


def importing_more(folder: Path, send: Send) -> None:
    importing(folder, send)


def checkpoints(folder: Path, send: Send) -> None:
    """Journal space is reused every few records."""
    publish.CHECKPOINT_BYTES = 9_000
    _some(open_trace(folder), send)


def consolidation(folder: Path, send: Send) -> None:
    """Packs are merged every few records."""
    publish.MOST_PACKS, publish.MERGE_PACKS = 3, 2
    _some(open_trace(folder), send)


def _some(repo: Repo, send: Send) -> None:
    for number in range(4):
        repo.commit(f"number {number}", role="user", timestamp=TIME)
        send("ack")
    repo.close()


def collecting(folder: Path, send: Send) -> None:
    """A tip is left behind for good; then what nothing leads to goes, and all packs become one."""
    repo = open_trace(folder)
    repo.commit("gone", role="user", timestamp=TIME)
    send("ack")
    repo.reset("HEAD~1", mode="hard")
    send("ack")
    repo.gc(dry_run=False)
    send("ack")


def redacting(folder: Path, send: Send) -> None:
    """A word that is behind a branch, a label and a keep goes from all of them at once."""
    repo = open_trace(folder)
    repo.reset("HEAD~1")
    send("ack")
    repo.redact("password")
    send("ack")


def beside_git(folder: Path, send: Send) -> None:
    """Stock git takes the branch one commit back between two commits of ours."""
    repo = open_trace(folder)
    repo.commit("one", role="user", timestamp=TIME)
    send("ack")
    git(folder, "update-ref", "-m", "reset by hand", "refs/heads/main", "HEAD~1")
    send("ack")
    repo.commit("two", role="user", timestamp=TIME)
    send("ack")
    git(folder, "pack-refs", "--all")
    repo.commit("three", role="user", timestamp=TIME)
    send("ack")


def reopen(folder: Path, send: Send) -> None:
    """Nothing but opening and closing: what a recovery consists of."""
    open_trace(folder).close()


@dataclass(frozen=True)
class Scenario:
    """A run, and the folder it starts from."""

    run: Run
    start: Start = conversation

    @property
    def name(self) -> str:
        return getattr(self.run, "__name__", "run")


ALL = [
    Scenario(create, nothing),
    *[Scenario(run) for run in (append, append_list, edit, pin, drop, reorder, reset, undo, checkout, switch, tag)],
    Scenario(branch_names),
    *[Scenario(run) for run in (tools, large, batch, burst)],
    Scenario(merge, apart),
    Scenario(merge_at_once, apart),
    Scenario(rebase, apart),
    Scenario(rebase_with_a_stop, apart),
    Scenario(cherry_pick, ahead),
    Scenario(compress),
    Scenario(fast_forward, ahead),
    *[Scenario(run) for run in (agents, agents_in_a_group, bisect)],
    Scenario(importing, transcript),
    Scenario(importing_more, transcript_and_conversation),
    *[Scenario(run) for run in (checkpoints, consolidation, collecting, beside_git)],
]
