"""Many writers at once: every commit of every one is there, in its own order, and nobody is starved or told off."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import Repo

from . import children, scenarios
from .children import Child, Send
from .scenarios import Start
from .traces import TIME, assert_sound, git, open_trace, texts_of

EACH = 50


def _together(bodies: list[Callable[[Send], object]]) -> list[Child]:
    """Run all at the same time, from one starting shot."""
    gate, shot = os.pipe()

    def waiting(body: Callable[[Send], object]) -> Callable[[Send], object]:
        def run(send: Send) -> object:
            os.close(shot)
            os.read(gate, 1)
            return body(send)

        return run

    started = [children.start(waiting(body)) for body in bodies]
    os.close(gate)
    os.close(shot)
    return [child.wait(120) for child in started]


def _writer(folder: Path, name: str, count: int = EACH, branch: str | None = None) -> Callable[[Send], None]:
    def body(send: Send) -> None:
        repo = open_trace(folder, branch=branch)
        for number in range(count):
            send(repo.commit(f"{name} {number}", role="user").id)
        repo.close()

    return body


def _assert_in_order(texts: list[str], names: list[str], count: int = EACH) -> None:
    """Every writer's commits are there once, in the order in which it made them."""
    assert len(texts) == len(names) * count
    for name in names:
        assert [text for text in texts if text.startswith(f"{name} ")] == [
            f"{name} {number}" for number in range(count)
        ]


@pytest.mark.parametrize("writers", [2, 8, 16])
def test_processes_on_one_branch(writers: int, prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    open_trace(folder).close()
    names = [f"p{number}" for number in range(writers)]
    done = _together([_writer(folder, name) for name in names])
    with open_trace(folder) as repo:
        _assert_in_order(texts_of(repo), names)
        ids = {commit.id for commit in repo.log(limit=None)}
    assert {message for child in done for message in child.messages} == ids
    assert_sound(folder)


def test_processes_that_create_the_trace_at_the_same_time(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    names = [f"p{number}" for number in range(8)]
    _together([_writer(folder, name, 5) for name in names])
    with open_trace(folder) as repo:
        _assert_in_order(texts_of(repo), names, 5)
    assert_sound(folder)


def test_processes_on_eight_branches(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.conversation)
    names = [f"b{number}" for number in range(8)]
    with open_trace(folder) as repo:
        for name in names:
            repo.branch(name)
    _together([_writer(folder, name, branch=name) for name in names])
    for name in names:
        with open_trace(folder, branch=name) as repo:
            _assert_in_order(texts_of(repo)[5:], [name])
    assert_sound(folder)


def test_agents_at_work_beside_a_parent_that_takes_their_work_back(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    names = [f"a{number}" for number in range(16)]
    with open_trace(folder) as repo:
        repo.commit("begin", role="user")
        for name in names:
            repo.spawn(name, context="empty").close()

    def working(name: str) -> Callable[[Send], None]:
        def body(send: Send) -> None:
            with open_trace(folder, agent=name) as repo:
                for number in range(EACH):
                    repo.commit(f"{name} {number}", role="assistant")

        return body

    def collapsing(some: list[str]) -> Callable[[Send], None]:
        def body(send: Send) -> None:
            with open_trace(folder) as repo:
                done: set[str] = set()
                while len(done) < len(some):
                    for name in some:
                        with repo.agent(name) as child:
                            many = len(child.context().items)
                            if many and name not in done:
                                repo.collapse(child, summary=f"{name}: {many}")
                        done |= {name} if many == EACH else set()

        return body

    _together([*map(working, names), collapsing(names[:8]), collapsing(names[8:])])
    with open_trace(folder) as repo:
        taken: dict[str, list[str]] = {name: [] for name in names}
        for item in repo.context().items[1:]:
            provenance = item.message.provenance or {}
            taken[provenance["agent"]] += provenance["items"]
        for name in names:
            with repo.agent(name) as child:
                items = child.context().items
                assert [item.message.text for item in items] == [f"{name} {number}" for number in range(EACH)]
                assert taken[name] == [item.id for item in items], "each item is taken back once, in order"
        assert {agent.state for agent in repo.agents()} == {"collapsed"}
    assert_sound(folder)


def test_the_same_content_from_all(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    open_trace(folder).close()

    def body(send: Send) -> None:
        with open_trace(folder) as repo:
            for _ in range(20):
                repo.commit("the same", role="user", timestamp=TIME)

    _together([body] * 8)
    with open_trace(folder) as repo:
        assert texts_of(repo) == ["the same"] * 160
        assert len({item.id for item in repo.context().items}) == 160
    assert_sound(folder)


def test_batches_let_others_in(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    open_trace(folder).close()

    def batching(name: str) -> Callable[[Send], None]:
        def body(send: Send) -> None:
            with open_trace(folder) as repo, repo.batch():
                for number in range(EACH):
                    repo.commit(f"{name} {number}", role="user")

        return body

    names = ["a", "b", "c", "d"]
    _together([batching("a"), batching("b"), _writer(folder, "c"), _writer(folder, "d")])
    with open_trace(folder) as repo:
        _assert_in_order(texts_of(repo), names)
    assert_sound(folder)


def test_nobody_is_starved(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    open_trace(folder).close()

    def body(send: Send) -> None:
        repo = open_trace(folder)
        end = time.monotonic() + 3
        count = 0
        while time.monotonic() < end:
            repo.commit(f"{os.getpid()} {count}", role="user")
            count += 1
        send(count)
        repo.close()

    counts = sorted(child.messages[-1] for child in _together([body] * 4))
    assert counts[0] * 5 >= counts[-1], f"commits of each process in the same three seconds: {counts}"
    with open_trace(folder) as repo:
        assert len(texts_of(repo)) == sum(counts)


def test_threads_on_one_handle(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    names = [f"t{number}" for number in range(8)]
    with open_trace(folder) as repo:
        raised = _in_threads(repo, names)
        assert not raised
        _assert_in_order(texts_of(repo), names)
    assert_sound(folder)


def _in_threads(repo: Repo, names: list[str]) -> list[BaseException]:
    raised: list[BaseException] = []

    def body(name: str) -> None:
        try:
            for number in range(EACH):
                repo.commit(f"{name} {number}", role="user")
                assert f"{name} {number}" in texts_of(repo)
        except BaseException as error:  # a thread's error must reach the test
            raised.append(error)

    threads = [threading.Thread(target=body, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_a_fork_amid_a_burst_loses_nothing_and_doubles_nothing(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    with open_trace(folder) as repo:
        for number in range(30):
            repo.commit(f"parent {number}", role="user")

        def body(send: Send) -> None:
            for number in range(EACH):
                repo.commit(f"child {number}", role="user")
            repo.close()

        child = children.start(body)
        for number in range(30, EACH):
            repo.commit(f"parent {number}", role="user")
        child.wait()
        _assert_in_order(texts_of(repo), ["parent", "child"])
    assert_sound(folder)


def test_an_orderly_exit_flushes(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    with open_trace(folder) as repo:
        for number in range(30):
            repo.commit(str(number), role="user")
        time.sleep(0.3)  # the timer's turn
        assert git(folder, "rev-list", "--count", "HEAD") == "30"


def test_a_stopped_reader_does_not_hold_up_writers(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.conversation)

    def body(send: Send) -> None:
        repo = open_trace(folder)
        send(texts_of(repo))
        time.sleep(60)

    reader = children.start(body)
    assert reader.heard()
    os.kill(reader.pid, signal.SIGSTOP)
    begun = time.monotonic()
    with open_trace(folder) as repo:
        repo.commit("x", role="user")
    assert time.monotonic() - begun < 2
    reader.kill()
    reader.wait()


def test_one_reader_beside_writers_sees_only_whole_states(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    open_trace(folder).close()

    def reading(send: Send) -> None:
        repo = open_trace(folder)
        seen = 0
        while seen < 2 * EACH:
            texts = texts_of(repo)
            assert len(texts) >= seen
            assert max(Counter(texts).values(), default=1) == 1
            seen = len(texts)

    _together([_writer(folder, "a"), _writer(folder, "b"), reading])
