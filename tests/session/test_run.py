"""A whole run: an orchestrator, three workers, a model over HTTP; killed in the middle, resumed, pushed, cloned."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo, Session, assistant

from ..crash import children
from ..crash.children import Send
from ..llm.conftest import MODEL
from ..llm.server import Behaviour, Handler, Server, completion, hangs, says, sends

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm's own

WORKERS = ("parser", "tester", "writer")
STEPS = 4


def counts(handler: Handler) -> None:
    """A model that says which step it is, as it finds it in what it was sent."""
    messages = handler.server.requests[-1]["messages"]
    done = sum(one["role"] == "assistant" for one in messages)
    answer: Behaviour = sends(200, completion({"role": "assistant", "content": f"step {done}"}))
    answer(handler)


def ask(url: str, messages: list[dict[str, Any]]) -> str:
    data = json.dumps({"model": "m", "messages": messages}).encode()
    request = urllib.request.Request(f"{url}/chat/completions", data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        text: str = json.load(reply)["choices"][0]["message"]["content"]
        return text


def begin(folder: Path) -> None:
    """What the orchestrator does first; again after a crash only what is missing."""
    with Repo.open(folder, tokenizer=None) as repo:
        if not repo.context().items:
            calls = [
                {"id": name, "type": "function", "function": {"name": "work", "arguments": "{}"}} for name in WORKERS
            ]
            repo.commit(["Lead.", "Write a parser."])
            repo.commit(assistant("I ask three.", tool_calls=calls))
        there = repo.agent_tips()
        for name in WORKERS:
            if name not in there:
                repo.spawn(name, purpose=f"Be the {name}").close()


def worker(folder: Path, url: str, name: str) -> Callable[[Send], None]:
    def work(send: Send) -> None:
        with Repo.open(folder, agent=name, tokenizer=None) as repo:
            while sum(item.role == "assistant" for item in repo.context().items) < STEPS:
                send(repo.commit(ask(url, repo.materialize().output), role="assistant").id)

    return work


def finish(folder: Path, llm: str) -> None:
    """Take all work back, each as the result of its call; what was taken before a crash is not taken again."""
    with Session.open(folder, tokenizer=None) as session:
        repo = session.repo()
        for call in session.resume().calls:
            assert call.id is not None
            repo.collapse(call.id, llm=llm, as_=call.id)
        repo.commit("The parser is written.", role="assistant")


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "run.trace"
    begin(folder)
    begin(folder)  # nothing is done twice
    server.play(counts)
    acknowledged = _killed_in_the_middle(folder, server.url)
    with Session.open(folder, tokenizer=None) as session:
        for name, commits in acknowledged.items():
            log = {commit.id for commit in session.repo(name).log()}
            assert set(commits) <= log, f"acknowledged commits of {name} are lost"
            found = session.resume(name)
            assert found.commit is not None
            assert found.commit.id in [*commits, found.commit.id]
    for child in [children.start(worker(folder, server.url, name)) for name in WORKERS]:
        child.wait()
    server.play(says("It works."), hangs)
    _collapse_killed(folder)
    server.play(says("It works."))
    finish(folder, MODEL)
    _check(folder)
    _check(_pushed_and_cloned(tmp_path, folder))


def _killed_in_the_middle(folder: Path, url: str) -> dict[str, list[str]]:
    started = {name: children.start(worker(folder, url, name)) for name in WORKERS}
    for number, child in enumerate(started.values(), 1):
        for _ in range(number):
            child.heard()
        child.kill()
    return {name: child.wait().messages for name, child in started.items()}


def _collapse_killed(folder: Path) -> None:
    """The orchestrator is killed while the model thinks about the second one's work."""

    def body(send: Send) -> None:
        with Repo.open(folder, tokenizer=None) as repo:
            repo.collapse("parser", summary="It works.", as_="parser")
            send("one")
            repo.collapse("tester", llm=lambda messages: send("asked") or hang(), as_="tester")

    def hang() -> str:
        import time

        time.sleep(60)
        return ""

    child = children.start(body)
    assert child.heard()
    assert child.heard()
    child.kill()
    child.wait()
    with Session.open(folder, tokenizer=None) as session:
        states = {one.name: one.state for one in session.agents()}
        assert states == {"parser": "collapsed", "tester": "running", "writer": "running"}
        assert [call.id for call in session.resume().calls] == ["tester", "writer"]


def _check(folder: Path) -> None:
    with Session.open(folder, tokenizer=None) as session:
        repo = session.repo()
        assert [item.message.text for item in repo.context().items] == [
            "Lead.", "Write a parser.", "I ask three.", *["It works."] * 3, "The parser is written.",
        ]  # fmt: skip
        assert repo.materialize().warnings == ()
        assert {one.name: (one.state, one.purpose) for one in session.agents()} == {
            name: ("collapsed", f"Be the {name}") for name in WORKERS
        }
        taken = [commit for commit in repo.log() if commit.op == "collapse"]
        assert len(taken) == len(WORKERS)
        for commit in taken:
            with repo.child(commit) as child:
                said = [item.message.text for item in child.context().items if item.role == "assistant"]
                assert said == [f"step {number}" for number in range(STEPS)]
        assert not [one for one in repo.verify() if one.severity == "error"]
    done = subprocess.run(["git", "fsck", "--strict"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def _pushed_and_cloned(where: Path, folder: Path) -> Path:
    for words in (
        ["init", "--bare", "-q", "-b", "main", "remote.git"],
        ["-C", str(folder), "push", "--mirror", "-q", str(where / "remote.git")],
        ["clone", "--mirror", "-q", "remote.git", "clone.trace"],
    ):
        subprocess.run(["git", *words], cwd=where, check=True, capture_output=True)
    return where / "clone.trace"
