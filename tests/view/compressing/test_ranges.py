"""What a range takes, and what stays where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from trace_git import Repo, tool
from trace_git.errors import InvalidInputError, NotFoundError
from trace_git.model import SWE_AGENT, Message
from trace_git.view.compressing import ranges
from trace_git.view.compressing.ranges import Chosen, Range
from trace_git.view.compressing.sight import Sight

from ..merging.lines import call, ids, trace


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A system message, then u a · u call result · a · u call result result · a · u a."""
    repo = trace(tmp_path)
    repo.commit("be brief", role="system")
    repo.commit(["u1", {"role": "assistant", "content": "a1"}])
    repo.commit("u2")
    repo.commit(call("x"))
    repo.commit(tool("rx", "x"))
    repo.commit("a2", role="assistant")
    repo.commit("u3")
    repo.commit([call("x", "y"), tool("ry", "y"), tool("rx", "x")])
    repo.commit("a3", role="assistant")
    repo.commit("u4")
    repo.commit("a4", role="assistant")
    return repo


def choose(repo: Repo, wanted: Range = None, *, keep_last: int | None = None) -> Chosen:
    handle = repo._handle
    return ranges.choose(Sight(handle, repo.get("HEAD")), wanted, keep_last=keep_last)


def taken(repo: Repo, wanted: Range = None, *, keep_last: int | None = None) -> list[int]:
    return list(choose(repo, wanted, keep_last=keep_last).places)


def test_without_a_range_it_is_all_but_system_messages_and_the_last_turns(repo: Repo) -> None:
    assert taken(repo) == list(range(1, 11))  # "a3" goes on after results, so it is a turn; u4 and a4 are one
    assert taken(repo, keep_last=0) == list(range(1, 14))
    assert taken(repo, keep_last=1) == list(range(1, 12))
    assert taken(repo, keep_last=3) == list(range(1, 7))
    assert taken(repo, keep_last=100) == []


def test_a_range_of_commits_is_what_its_end_has_and_its_start_has_not(repo: Repo) -> None:
    assert taken(repo, "HEAD~7..HEAD~5") == [6]  # of the group of its result the call is outside
    assert taken(repo, "HEAD~4..HEAD") == [8, 9, 10, 11, 12, 13]
    assert taken(repo, "HEAD~4..") == [8, 9, 10, 11, 12, 13]
    assert taken(repo, "HEAD~9") == [1, 2]
    assert taken(repo, repo.get("HEAD~9")) == [1, 2]
    assert taken(repo, repo.get("HEAD~9").id) == [1, 2]


def test_an_edit_of_an_older_item_selects_nothing(repo: Repo) -> None:
    repo.edit(ids(repo)[1], "U1")
    repo.pin(ids(repo)[2])
    assert taken(repo, "HEAD~2..HEAD") == []
    assert taken(repo, "HEAD~3..HEAD") == [13]


def test_items_are_named_by_id_prefix_item_commit_or_as_a_span(repo: Repo) -> None:
    items = repo.context().items
    assert taken(repo, [items[1].id, items[2]]) == [1, 2]
    assert taken(repo, items[1]) == [1]
    assert taken(repo, items[1].id[:9]) == [1]
    assert taken(repo, [repo.get("HEAD~9"), items[12]]) == [1, 2, 12]
    assert taken(repo, f"{items[1].id}:{items[5].id}") == [1, 2, 3, 4, 5]
    with pytest.raises(InvalidInputError, match="wrong way round"):
        taken(repo, f"{items[5].id}:{items[1].id}")
    with pytest.raises(InvalidInputError, match=f"'{items[5].id[:3]}' is not an item id"):
        taken(repo, f"{items[1].id}:{items[5].id[:3]}")


def test_a_system_message_is_taken_only_when_named_by_id(repo: Repo) -> None:
    found = choose(repo, "HEAD")
    assert 0 not in found.places
    assert [one.kind for one in found.findings] == ["system"]
    assert taken(repo, ids(repo)[:3]) == [0, 1, 2]


def test_a_group_that_is_not_wholly_inside_stays_and_is_named(repo: Repo) -> None:
    found = choose(repo, ids(repo)[3:5])
    assert list(found.places) == [3]
    assert [(one.kind, one.items) for one in found.findings] == [("tool-group", (ids(repo)[4],))]
    assert found.stay == ()


def test_a_pinned_item_keeps_its_group_splits_the_run_and_counts(repo: Repo) -> None:
    repo.pin(ids(repo)[8])
    found = choose(repo, keep_last=0)
    assert found.runs == ((1, 2, 3, 4, 5, 6, 7), (11, 12, 13))
    assert found.stay == (8, 9, 10)
    assert found.tokens == found.sight.tokens((*found.places, 8, 9, 10))
    assert found.fixed == found.sight.tokens((8, 9, 10))


def test_what_stands_inside_a_group_that_stays_stays_too(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    repo.commit(["u", call("x"), "meanwhile", tool("r", "x"), "v"])
    repo.pin(ids(repo)[1])
    found = choose(repo, keep_last=0)
    assert list(found.places) == [0, 4]
    assert "inside" in {one.kind for one in found.findings}


def test_a_call_that_is_open_stays(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    repo.commit(["u", call("x"), tool("r", "x"), "v", call("y", "z"), tool("r", "y")])
    found = choose(repo, keep_last=0)
    assert list(found.places) == [0, 1, 2, 3]
    assert [one.kind for one in found.findings] == ["open"]


def test_a_call_id_that_is_used_again_is_another_call(repo: Repo) -> None:
    assert taken(repo, ids(repo)[4:6]) == [4, 5]
    assert taken(repo, [*ids(repo)[4:6], ids(repo)[9]]) == [4, 5]


def test_what_swe_agent_saw_is_no_turn_of_a_user(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    for number in range(4):
        repo.commit(Message("assistant", {"role": "assistant", "content": f"do {number}"}, SWE_AGENT))
        body = {"role": "user", "content": f"saw {number}", "message_type": "observation"}
        repo.commit(Message("user", body, SWE_AGENT))
    assert taken(repo, keep_last=1) == list(range(6))


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ("nowhere", NotFoundError),
        (["ffffffffffffffff"], NotFoundError),
        ("HEAD..HEAD~1", InvalidInputError),
        ("HEAD...HEAD~1", InvalidInputError),
        (7, InvalidInputError),
        ([7], InvalidInputError),
        ("1:2", InvalidInputError),
    ],
)
def test_what_is_no_range_is_refused(repo: Repo, wanted: Range, error: type[Exception]) -> None:
    with pytest.raises(error):
        choose(repo, wanted)


def test_another_branch_is_no_part_of_this_one(repo: Repo) -> None:
    repo.branch("other", at="HEAD~2")
    repo.checkout("other")
    repo.commit("elsewhere")
    repo.checkout("main")
    with pytest.raises(InvalidInputError, match="is not behind"):
        choose(repo, "main~3..other")


def test_planning_reads_only_folders_that_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = trace(tmp_path)
    repo.commit([one for number in range(200) for one in (f"u{number}", call("x"), tool("r", "x"))])
    repo.status()
    read: list[str] = []
    contexts = repo._handle.contexts
    real = contexts.message
    monkeypatch.setattr(contexts.leaves, "_looks", {})
    monkeypatch.setattr(contexts.leaves, "_read", lambda blob: read.append(blob) or real(blob))
    assert len(taken(repo)) == 198 * 3
    assert len(read) <= 64
