"""What a user asks of ``log``: ranges, lists, all branches, filters, limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from trace_git import Repo, assistant, tool, user
from trace_git.errors import InvalidInputError, NotFoundError

from .dags import run

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


class Clock:
    """Each commit is made a second after the one before."""

    now = 1_700_000_000

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    with Repo.open(tmp_path / "t.trace", tokenizer=None, clock=Clock()) as repo:
        yield repo


@pytest.fixture
def forked(repo: Repo) -> dict[str, str]:
    """Ids by subject: two on main, then two more there and two on try; a tag on a commit that no branch has."""
    ids = {text: repo.commit(text).id for text in ("one", "two")}
    repo.switch("try", create=True)
    ids |= {text: repo.commit(text, role="assistant").id for text in ("try one", "try two")}
    repo.switch("main")
    ids |= {text: repo.commit(text).id for text in ("three", "four")}
    run(repo, "-c", "user.name=a", "-c", "user.email=b@c", "tag", "-a", "-m", "x", "kept", ids["four"])
    repo.reset("HEAD~1")
    return ids


def words(commits: Iterator) -> list[str]:
    return [commit.subject.partition(": ")[2] for commit in commits]


def test_newest_first_and_no_further_than_asked(repo: Repo, forked: dict[str, str]) -> None:
    assert words(repo.log()) == ["three", "two", "one"]
    assert [commit.id for commit in repo.log()] == run(repo, "log", "--format=%H").split()
    assert words(repo.log("HEAD~1", limit=1)) == ["two"]
    assert words(repo.log(repo.get("try"), limit=1)) == ["try two"]
    assert list(repo.log(limit=0)) == []
    assert next(repo.log()).id == forked["three"]


@pytest.mark.parametrize(
    ("rev", "expected"),
    [
        ("main..try", ["try two", "try one"]),
        ("try..main", ["three"]),
        ("..try", ["try two", "try one"]),
        ("try..", ["three"]),
        ("main...try", ["three", "try two", "try one"]),
        ("HEAD~1..HEAD", ["three"]),
        ("HEAD..HEAD~1", []),
        ("HEAD..HEAD", []),
        (["^main", "try"], ["try two", "try one"]),
        (["try", "^main"], ["try two", "try one"]),
        (["main..try", "kept"], ["four", "try two", "try one"]),
        (["try~1..try"], ["try two"]),
        (["^main"], []),
        ("^main", []),
        (["main", "main"], ["three", "two", "one"]),
    ],
)
def test_ranges(rev: str | list[str], expected: list[str], repo: Repo, forked: dict[str, str]) -> None:
    assert words(repo.log(rev)) == expected
    given = (
        ["HEAD.." + rev[2:]]
        if isinstance(rev, str) and rev.startswith("..")
        else [rev]
        if isinstance(rev, str)
        else rev
    )
    theirs = run(repo, "rev-list", "--topo-order", *given)
    assert [commit.id for commit in repo.log(rev)] == theirs.split()


def test_all_is_every_branch_and_tag_and_where_the_handle_stands(repo: Repo, forked: dict[str, str]) -> None:
    found = words(repo.log(all=True))
    assert found == ["four", "three", "try two", "try one", "two", "one"]
    assert words(repo.log("^main", all=True)) == words(repo.log(["^main"], all=True)) == ["four", "try two", "try one"]
    assert words(repo.log(all=True, order="date")) == ["four", "three", "try two", "try one", "two", "one"]
    run(repo, "tag", "-d", "kept")
    assert "four" not in words(repo.log(all=True))  # a reset put it aside
    repo.checkout(forked["four"])
    assert words(repo.log(all=True))[0] == "four"


def test_orders_differ_where_lines_were_written_in_turns(repo: Repo) -> None:
    repo.commit("base")
    repo.branch("b")
    for number in range(2):
        for name in ("main", "b"):
            repo.switch(name)
            repo.commit(f"{name}{number}")
    assert words(repo.log(all=True)) == ["b1", "b0", "main1", "main0", "base"]
    assert words(repo.log(all=True, order="date")) == ["b1", "main1", "b0", "main0", "base"]


def test_an_old_branch_on_the_line_adds_nothing(repo: Repo, forked: dict[str, str]) -> None:
    repo.branch("old", at=forked["one"])
    assert words(repo.log(["main", "old"])) == ["three", "two", "one"]


def test_grep_is_a_regular_expression_on_the_message(repo: Repo, forked: dict[str, str]) -> None:
    repo.commit("x", message="Subject here\n\nbody has Words")
    assert words(repo.log(grep="t.*o$")) == ["two"]
    assert [one.subject for one in repo.log(grep="^body.*Words$")] == ["Subject here"]
    assert list(repo.log(grep="^body.*words$")) == []
    assert len(list(repo.log(grep="(?i)^body.*words$"))) == 1
    assert list(repo.log(grep="Trace-Op")) == []  # trailers are no part of the message
    assert words(repo.log(grep="one", all=True)) == ["try one", "one"]
    assert words(repo.log(grep="", limit=2)) == ["", "three"]


def test_role_is_the_authors_or_that_of_a_message(repo: Repo, forked: dict[str, str]) -> None:
    both = repo.commit([assistant(None, tool_calls=[CALL]), tool("here", "c1")])
    repo.commit("five")
    assert words(repo.log(role="user")) == ["five", "three", "two", "one"]
    assert [one.id for one in repo.log(role="tool")] == [one.id for one in repo.log(role="assistant")] == [both.id]
    assert words(repo.log("try", role="assistant")) == ["try two", "try one"]
    assert list(repo.log(role="system")) == []
    pin = repo.pin(both.items[0])
    assert [one.id for one in repo.log(role="tool")] == [pin.id, both.id]
    edit = repo.edit(repo.context().items[0], "uno")
    assert next(repo.log(role="user")).id == edit.id


@pytest.mark.parametrize("role", ["user", "assistant", "tool", "system"])
def test_roles_are_those_of_the_items(role: str, repo: Repo, forked: dict[str, str]) -> None:
    repo.commit([user("a"), assistant(None, tool_calls=[CALL]), tool("here", "c1")])
    with repo.batch():
        for number in range(70):
            repo.commit(f"{number}", role="user" if number % 3 else "assistant")
    repo.pin(repo.context().items[40])
    repo.edit(repo.context().items[0], "changed")
    repo.set_tools([{"type": "function", "function": {"name": "look"}}])
    repo.unpin(repo.context().items[40])
    commits = list(repo.log(all=True))
    expected = [
        one.id for one in commits if one.author.email == f"{role}@trace" or role in {item.role for item in one.items}
    ]
    assert [one.id for one in repo.log(all=True, role=role)] == expected


def test_the_limit_counts_what_filters_leave(repo: Repo, forked: dict[str, str]) -> None:
    assert words(repo.log(grep="o", limit=2)) == ["two", "one"]
    assert words(repo.log(all=True, role="assistant", limit=1)) == ["try two"]


def test_a_commit_of_no_trace_is_shown_and_has_no_role(repo: Repo, forked: dict[str, str]) -> None:
    tree = run(repo, "mktree", stdin="")
    who = ["-c", "user.name=a", "-c", "user.email=b@c"]
    run(repo, "update-ref", "refs/heads/foreign", run(repo, *who, "commit-tree", "-m", "hello", tree))
    assert [one.subject for one in repo.log("foreign")] == ["hello"]
    assert list(repo.log("foreign", role="user")) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"limit": -1}, {"limit": 1.5}, {"limit": True}, {"grep": "["}, {"grep": "(" * 5000}, {"grep": 5},
        {"role": "robot"}, {"order": "x"}, {"rev": []}, {"rev": 7}, {"rev": ["main", 7]}, {"rev": ".."}, {"rev": "^"},
    ],
)  # fmt: skip
def test_bad_input_is_refused_at_the_call(bad: dict[str, object], repo: Repo, forked: dict[str, str]) -> None:
    for verb in (repo.log, repo.graph):
        with pytest.raises(InvalidInputError) as caught:
            verb(**bad)
        assert caught.value.hint or caught.value.field


@pytest.mark.parametrize("rev", ["absent", "main..absent", "absent..main", ["main", "^absent"], "HEAD~9..HEAD"])
def test_unknown_revisions_are_refused_at_the_call(rev: str | list[str], repo: Repo, forked: dict[str, str]) -> None:
    with pytest.raises(NotFoundError):
        repo.log(rev)


def test_nothing_committed_yet(repo: Repo) -> None:
    for verb in (repo.log, repo.graph):
        assert list(verb()) == list(verb(all=True)) == list(verb("@", grep="x", role="user")) == []
        for rev in ("main", "HEAD~1", "HEAD..", ["HEAD"]):
            with pytest.raises(NotFoundError):
                verb(rev)
