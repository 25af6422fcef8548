"""Revisions as git reads them, and logs in an order that follows the graph."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import AmbiguousRevisionError, InvalidInputError, NotFoundError
from trace_git.view import history

WHO = ["-c", "user.name=a", "-c", "user.email=b@c"]


def git(repo: Repo, *args: str) -> str:
    repo.flush()
    done = subprocess.run(["git", *args], cwd=repo.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    with Repo.open(tmp_path / "t.trace", tokenizer=None, clock=lambda: 1_700_000_000) as repo:
        yield repo


@pytest.fixture
def line(repo: Repo) -> list[str]:
    """Ids of five commits on main, oldest first."""
    return [repo.commit(str(number)).id for number in range(5)]


@pytest.mark.parametrize(
    ("rev", "at"),
    [
        ("HEAD", 4), ("@", 4), ("main", 4), ("refs/heads/main", 4), ("heads/main", 4), ("try", 2), ("é/🚀", 1),
        ("HEAD~", 3), ("HEAD^", 3), ("HEAD~2", 2), ("@~2", 2), ("HEAD^^", 2), ("main~1^", 2), ("HEAD~0", 4),
        ("HEAD^0", 4),
        ("HEAD~4", 0), ("try~1", 1), ("light", 0), ("heavy", 1), ("heavy~1", 0), ("refs/tags/heavy", 1),
        ("HEAD~0000000000001", 3),  # BUG: read as ~0, digits are cut at nine from the left
        ("HEAD^1~1", 2),
    ],
)  # fmt: skip
def test_a_revision_means_what_git_says(rev: str, at: int, repo: Repo, line: list[str]) -> None:
    repo.branch("try", at=line[2])
    repo.branch("é/🚀", at=line[1])
    git(repo, *WHO, "tag", "light", line[0])
    git(repo, *WHO, "tag", "-a", "-m", "x", "heavy", line[1])
    assert repo.get(rev).id == line[at]
    assert git(repo, "rev-parse", f"{rev}^{{commit}}") == line[at]


def test_commits_and_beginnings_of_ids(repo: Repo, line: list[str]) -> None:
    for oid in line:
        commit = repo.get(oid)
        assert repo.get(commit) is not None
        assert repo.get(commit).id == repo.get(oid[:12]).id == repo.get(commit.short_id).id == oid
    assert repo.get(f"{line[3][:10]}~1").id == line[2]
    assert repo.get(git(repo, "rev-parse", "--short=4", line[1])).id == line[1]


def test_a_branch_goes_before_an_id_that_looks_like_it(repo: Repo, line: list[str]) -> None:
    repo.branch(line[0][:6], at=line[2])
    assert repo.get(line[0][:6]).id == line[2]
    repo.branch("abc", at=line[1])
    assert repo.get("abc").id == line[1]


@pytest.mark.parametrize("rev", ["", "a", "ab1", "HEAD~x", "HEAD^{tree}", "HEAD~1:format", None, 5, b"HEAD"])
def test_what_is_no_revision(rev: str, repo: Repo, line: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        repo.get(rev)
    assert caught.value.hint


@pytest.mark.parametrize(
    "rev",
    [
        "absent", "HEAD~5", "HEAD~999999", "HEAD^2", "HEAD@{5}", "main@{1}", "abcdef0123", "ab" * 20, "../../main",
        "-n",
        "refs/heads/absent", "main.lock", "HEAD~" + "9" * 5000, "a" * 5000, "é" * 200, "main/below", "\0",
        "\ud800", "a\nb",
    ],
)  # fmt: skip
def test_what_is_not_there(rev: str, repo: Repo, line: list[str]) -> None:
    begun = time.monotonic()
    with pytest.raises(NotFoundError) as caught:
        repo.get(rev)
    assert time.monotonic() - begun < 1
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_near_names_are_offered(repo: Repo, line: list[str]) -> None:
    repo.branch("feature/login")
    git(repo, "tag", "release-1")
    for wrong, right in (("mian", "main"), ("feature/logn", "feature/login"), ("release1", "release-1")):
        with pytest.raises(NotFoundError, match=wrong) as caught:
            repo.get(wrong)
        assert right in (caught.value.hint or "")


def test_an_ambiguous_beginning_lists_the_candidates(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    by_prefix: dict[str, list[str]] = {}
    with repo.batch():
        for number in range(1000):  # some two of a thousand share their first four digits
            oid = repo.commit(str(number)).id
            by_prefix.setdefault(oid[:4], []).append(oid)
            if len(by_prefix[oid[:4]]) > 1:
                break
    candidates = by_prefix[oid[:4]]
    with pytest.raises(AmbiguousRevisionError, match=oid[:4]) as caught:
        repo.get(oid[:4])
    assert caught.value.candidates == tuple(sorted(candidates))
    assert all(candidate in (caught.value.hint or "") for candidate in candidates)
    assert repo.get(oid[:10]).id == oid


def test_blobs_and_trees_do_not_make_a_prefix_ambiguous(repo: Repo, line: list[str]) -> None:
    tree = git(repo, "rev-parse", "HEAD^{tree}")
    with pytest.raises(NotFoundError):
        repo.get(tree)


def test_nothing_committed_yet(repo: Repo) -> None:
    assert list(repo.log()) == []
    assert repo.context().items == ()
    for rev in ("HEAD", "@", "HEAD~1"):
        with pytest.raises(NotFoundError, match="no commits yet"):
            repo.get(rev)
    with pytest.raises(NotFoundError):
        list(repo.log("main"))


# -- log ---------------------------------------------------------------------------------------


def test_newest_first_and_no_further_than_asked(repo: Repo, line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert [commit.id for commit in repo.log()] == line[::-1] == git(repo, "log", "--format=%H").split()
    assert [commit.id for commit in repo.log("HEAD~2", limit=2)] == [line[2], line[1]]
    assert list(repo.log(limit=0)) == []
    first = next(repo.log())
    assert first.id == line[4]


def test_a_limit_is_a_number(repo: Repo, line: list[str]) -> None:
    with pytest.raises(InvalidInputError):
        list(repo.log(limit=-1))


def test_a_long_history_is_read_as_it_is_asked_for(repo: Repo) -> None:
    with repo.batch():
        for number in range(400):
            repo.commit(str(number))
    read: list[str] = []
    store = repo._handle.store
    real = store.commit

    def counting(oid: str) -> object:
        read.append(oid)
        return real(oid)

    store.commit = counting  # type: ignore[method-assign, assignment]
    assert len(list(repo.log(limit=5))) == 5
    assert len(read) <= 7


def merge(repo: Repo, first: str, *others: str) -> str:
    """A merge made by stock git, with the tree of its first parent."""
    parents = [word for oid in (first, *others) for word in ("-p", oid)]
    return git(repo, *WHO, "commit-tree", *parents, "-m", "merge", f"{first}^{{tree}}")


def graph(repo: Repo) -> list[str]:
    """A history with two merges that cross, an octopus and a second root; its tip is put on main."""
    base = repo.commit("base").id
    repo.branch("b")
    a1 = repo.commit("a1").id
    a2 = repo.commit("a2").id
    repo.switch("b")
    b1 = repo.commit("b1", timestamp=5).id  # clocks say nothing
    cross_a, cross_b = merge(repo, a2, b1), merge(repo, b1, a1)
    repo.switch("root", create=True)
    root = git(repo, *WHO, "commit-tree", "-m", "another root", f"{base}^{{tree}}")
    octopus = merge(repo, cross_a, cross_b, root)
    git(repo, "update-ref", "refs/heads/main", octopus)
    repo.switch("main")
    last = [repo.commit(text).id for text in ("after", "the end")]
    return [base, a1, a2, b1, cross_a, cross_b, root, octopus, *last]


def test_merges_come_once_and_children_before_parents(repo: Repo) -> None:
    ids = graph(repo)
    found = [commit.id for commit in repo.log("main")]
    assert sorted(found) == sorted(ids)
    assert set(found) == set(git(repo, "log", "--topo-order", "--format=%H", "main").split())
    seen: set[str] = set()
    for commit in repo.log("main"):
        seen.add(commit.id)
        assert not seen & set(commit.parents)
    for limit in range(len(ids) + 2):
        assert [commit.id for commit in repo.log("main", limit=limit)] == found[:limit]


def test_parents_are_numbered(repo: Repo) -> None:
    *_, octopus, _, _ = graph(repo)
    for rev in ("main~2", "main~2^1", "main~2^2", "main~2^3", "main~2^2~1", "main~2^2^2", "main~5"):
        assert repo.get(rev).id == git(repo, "rev-parse", rev)
    assert repo.get("main~2").id == octopus
    with pytest.raises(NotFoundError, match="3 parents"):
        repo.get("main~2^4")


def test_a_deep_history_needs_no_recursion(repo: Repo) -> None:
    base = repo.commit("base").id
    tip = merge(repo, base, base)
    head = "commit refs/heads/deep\ncommitter a <b@c> {} +0000\ndata 1\nx\n"
    stream = head.format(0) + f"from {tip}\n" + "".join(head.format(number) for number in range(1, 3000))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.path, input=stream.encode(), check=True)
    assert sum(1 for _ in repo.log("deep")) == 3002
    assert repo.get("deep~3000").id == tip
    assert history.resolve(repo._handle, "deep~3001") == base
