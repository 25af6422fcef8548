"""Finding where something went wrong: by halves, as git does it."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2

import pytest

from trace_git import Repo, assistant, tool
from trace_git.errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from trace_git.model import Context

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def without(text: str) -> Callable[[Context], bool]:
    return lambda context: all(item.message.text != text for item in context.items)


@pytest.fixture
def numbers(repo: Repo) -> Repo:
    for number in range(20):
        repo.commit(str(number))
    return repo


@pytest.mark.parametrize("first", range(1, 20))
def test_the_first_bad_commit_in_few_questions(numbers: Repo, first: int) -> None:
    found = numbers.bisect("HEAD~19", "HEAD", without(str(first)))
    assert found.commit is not None
    assert found.commit.subject == f"user: {first}"
    assert len(found.tested) <= ceil(log2(19))


@pytest.mark.parametrize("first", range(1, 20))
def test_the_first_bad_item(numbers: Repo, first: int) -> None:
    found = numbers.bisect("HEAD~19", "HEAD", without(str(first)), items=True)
    assert found.item is not None
    assert found.item.message.text == str(first)
    assert len(found.tested) <= ceil(log2(19))


def test_items_are_asked_of_as_beginnings_of_the_bad_context(repo: Repo) -> None:
    repo.commit(["one", "two", "three"])
    asked: list[list[str]] = []

    def check(context: Context) -> bool:
        asked.append([item.message.text for item in context.items])
        assert context.tokens <= repo.context().tokens
        return "two" not in asked[-1]

    repo.edit(repo.context().items[0], "zero")
    found = repo.bisect("HEAD~1", "HEAD", check, items=True)
    assert found.item is not None
    assert found.item.message.text == "two"
    assert all(one == ["zero", "two", "three"][: len(one)] for one in asked)


def test_skipped_ones_leave_several(numbers: Repo) -> None:
    def check(context: Context) -> bool | None:
        last = int(context.items[-1].message.text)
        return None if 5 <= last <= 7 else last < 7

    found = numbers.bisect("HEAD~19", "HEAD", check)
    assert found.commit is None
    assert [one.subject for one in found.commits] == [f"user: {number}" for number in (5, 6, 7, 8)]


def test_merges_and_several_good_ones(numbers: Repo) -> None:
    numbers.branch("side", at="HEAD~10")
    numbers.checkout("side")
    for number in range(5):
        numbers.commit(f"side {number}")
    numbers.checkout("main")
    numbers.merge("side")
    found = numbers.bisect(["HEAD~1", "side~4"], "HEAD", without("side 2"))
    assert found.commit is not None
    assert found.commit.subject == "user: side 2"


def test_async_checks_and_checks_that_fail(numbers: Repo) -> None:
    async def check(context: Context) -> bool:
        return without("5")(context)

    found = numbers.bisect("HEAD~19", "HEAD", check)
    assert found.commit is not None
    assert found.commit.subject == "user: 5"
    with pytest.raises(InvalidInputError, match="ZeroDivisionError"):
        numbers.bisect("HEAD~19", "HEAD", lambda context: 1 / 0)


def test_refusals(numbers: Repo) -> None:
    with pytest.raises(InvalidInputError, match="not behind"):
        numbers.bisect("HEAD", "HEAD~3", without("5"))
    with pytest.raises(StateError, match="good and bad"):
        numbers.bisect("HEAD", "HEAD", without("5"))
    with pytest.raises(InvalidInputError, match="no good commit"):
        numbers.bisect([], "HEAD", without("5"))
    with pytest.raises(NotFoundError):
        numbers.bisect("nobody", "HEAD", without("5"))


# -- in steps ------------------------------------------------------------------------------


def test_head_goes_where_to_look_and_comes_back(numbers: Repo) -> None:
    open_ = numbers.open_bisect
    open_.start("HEAD", ["HEAD~19"])
    for _ in range(5):
        asked = open_.asked()
        if asked is None:
            break
        assert numbers.get("HEAD").id == asked[0]
        assert numbers.status().branch is None
        open_.tell("good" if without("7")(numbers.context()) else "bad")
    found = open_.result().commit
    assert found is not None
    assert found.subject == "user: 7"
    open_.reset()
    assert (numbers.status().branch, open_.read()) == ("main", None)
    assert numbers.verify() == ()


def test_it_agrees_with_stock_git(numbers: Repo, git: Callable[..., str]) -> None:
    """Of a history with a merge both find the same commit."""
    numbers.branch("side", at="HEAD~10")
    numbers.checkout("side")
    for number in range(5):
        numbers.commit(f"side {number}")
    numbers.checkout("main")
    numbers.merge("side")
    numbers.flush()
    ours = numbers.bisect("HEAD~15", "HEAD", without("side 3")).commit
    git(numbers, "bisect", "start", "--no-checkout", "HEAD", "HEAD~15")
    answer = git(numbers, "bisect", "run", "sh", "-c", "! git log --format=%s BISECT_HEAD | grep -q 'side 3'")
    assert ours is not None
    assert f"{ours.id} is the first bad commit" in answer
    git(numbers, "bisect", "reset")


@pytest.mark.parametrize("context", ["empty", "full"])
def test_what_an_agent_had_in_its_own_context_is_not_asked_about(numbers: Repo, context: str) -> None:
    """An agent that began with nothing has not what the check looks for, and is not where it went wrong."""
    with numbers.spawn("a", context=context) as child:
        for number in range(20):
            child.commit(f"bad {number}" if number == 9 else f"work {number}", role="assistant")
        numbers.commit("here")
        numbers.collapse(child, summary="done")
        tip = child.get("HEAD").id
    bad = numbers.commit("bad 9")
    numbers.commit("there")

    def check(context: Context) -> bool:
        return without("bad 9")(context) and context.items[0].message.text == "0"

    found = numbers.bisect("HEAD~23", "HEAD", check)
    assert found.commit == bad
    assert len(found.tested) <= ceil(log2(23))
    numbers.open_bisect.start("HEAD", ["HEAD~23"])
    with pytest.raises(InvalidInputError, match="is not behind"):
        numbers.open_bisect.tell("bad", [tip])
    numbers.open_bisect.reset()


def test_each_agent_has_its_own(numbers: Repo) -> None:
    with numbers.spawn("a") as child:
        child.commit("x")
        numbers.open_bisect.start("HEAD", ["HEAD~19"])
        assert child.open_bisect.read() is None
        child.open_bisect.start("HEAD", ["HEAD~4"])
        assert child.status().branch is None
        child.open_bisect.reset()
        assert child.status().branch == "main"
        assert numbers.open_bisect.read() is not None


def test_answers_in_any_order(numbers: Repo) -> None:
    open_ = numbers.open_bisect
    for verb in (lambda: open_.tell("good"), open_.asked, open_.reset):
        with pytest.raises(StateError, match="no bisect is open"):
            verb()
    open_.start()
    with pytest.raises(StateError, match="needed first"):
        open_.asked()
    open_.tell("bad", ["HEAD"])
    open_.tell("good", ["HEAD~4"])
    before = open_.read()
    for answer, names, error in (
        ("good", ["nobody"], NotFoundError),
        ("bad", ["HEAD~1", "HEAD"], InvalidInputError),
        ("good", ["main"], InvalidInputError),
    ):
        with pytest.raises(error):
            open_.tell(answer, names)
        assert open_.read() == before
    open_.start()  # anew; HEAD goes back to where it was before the first
    open_.reset()
    assert numbers.status().branch == "main"


def test_a_damaged_file_is_named_and_can_be_left(numbers: Repo) -> None:
    numbers.open_bisect.start("HEAD", ["HEAD~4"])
    (numbers.path / "trace" / "bisect").write_bytes(b"{")
    with pytest.raises(CorruptTraceError, match="bisect is damaged"):
        numbers.open_bisect.tell("good")
    assert any("damaged" in line for line in numbers.resumption().interrupted)
    with pytest.raises(StateError, match="cannot be read"):
        numbers.open_bisect.reset()
    numbers.open_bisect.reset("main")
    assert numbers.status().branch == "main"
    assert numbers.resumption().interrupted == ()


def test_items_in_steps(repo: Repo) -> None:
    repo.commit("begin")
    repo.commit([assistant(None, tool_calls=[CALL]), tool("bad result", "c1")])
    repo.commit("end")
    open_ = repo.open_bisect
    open_.start("HEAD", ["HEAD~2"], items=True)
    while (asked := open_.asked()) is not None:
        open_.tell("good" if without("bad result")(asked[1]) else "bad")
    item = open_.result().item
    assert item is not None
    assert item.message.text == "bad result"
    assert repo.status().branch == "main"
