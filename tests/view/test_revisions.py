"""What a revision means, and what is refused as one. Stock git's opinion on more of them is in ``compat``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import AmbiguousRevisionError, InvalidInputError, NotFoundError
from trace_git.view import revisions
from trace_git.view.handle import Handle

from .dags import plant, run

WHO = ["-c", "user.name=a", "-c", "user.email=b@c"]
NOW = 1_795_435_200  # Monday, 2026-11-23 12:00 UTC
DAY = 86400


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def repo(tmp_path: Path, clock: Clock) -> Iterator[Repo]:
    with Repo.open(tmp_path / "t.trace", tokenizer=None, clock=clock) as repo:
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
        ("HEAD^0", 4), ("HEAD~4", 0), ("try~1", 1), ("light", 0), ("heavy", 1), ("heavy~1", 0), ("refs/tags/heavy", 1),
        ("tags/heavy^{}", 1), ("HEAD~0000000000001", 3), ("HEAD^1~1", 2), ("HEAD^{commit}~1", 3), ("heavy^{commit}", 1),
        (":/user: 3", 3), ("HEAD^{/user: [12]}", 2), ("HEAD^{/user: [12]}~1", 1), ("HEAD^{/}", 4), ("@{0}", 4),
        ("main@{0}", 4), ("main@{2}", 2), ("@{3}", 1), ("HEAD@{1}", 3), ("@@{1}", 3), ("heads/main@{1}~1", 2),
        ("main@{0000000000000000001}", 3),
    ],
)  # fmt: skip
def test_a_revision_means_what_git_says(rev: str, at: int, repo: Repo, line: list[str]) -> None:
    repo.branch("try", at=line[2])
    repo.branch("é/🚀", at=line[1])
    run(repo, *WHO, "tag", "light", line[0])
    run(repo, *WHO, "tag", "-a", "-m", "x", "heavy", line[1])
    assert repo.get(rev).id == line[at]
    assert run(repo, "rev-parse", f"{rev}^{{commit}}" if not rev.startswith(":/") else rev) == line[at]


def test_commits_and_beginnings_of_ids(repo: Repo, line: list[str]) -> None:
    for oid in line:
        commit = repo.get(oid)
        assert repo.get(commit).id == repo.get(oid[:12]).id == repo.get(commit.short_id).id == oid
        assert repo.get(oid[:10].upper()).id == oid
    assert repo.get(f"{line[3][:10]}~1").id == line[2]
    assert repo.get(run(repo, "rev-parse", "--short=4", line[1])).id == line[1]


def test_a_branch_goes_before_an_id_that_looks_like_it_and_a_tag_before_a_branch(repo: Repo, line: list[str]) -> None:
    repo.branch(line[0][:6], at=line[2])
    assert repo.get(line[0][:6]).id == line[2]
    repo.branch("abc", at=line[1])
    assert repo.get("abc").id == line[1]
    run(repo, "tag", "abc", line[3])
    assert repo.get("abc").id == line[3]
    assert repo.get("heads/abc").id == line[1]
    run(repo, "branch", line[0], line[4])
    assert repo.get(line[0]).id == line[0]  # a whole id is itself


@pytest.mark.parametrize(
    "rev",
    [
        "", "a", "ab1", "HEAD~x", "HEAD^{tree}", "HEAD~1:format", "main:format", None, 5, b"HEAD", "~1", "^", "main@{",
        "main@{0}@{1}", "HEAD~1@{1}", "@{}", "main@{soon}", "main@{3 moons ago}", "main@{2026-13-01}", "@{25:00}",
        "@{-1}", "main@{9999999999999999999999}", ":/", ":/[", ":/(", ":/!x", ":/!-", "HEAD^{/[}", "HEAD^{/!-}",
        ":/" + "(" * 900, ":/a{99999999999999999999}", ":/" + "x" * 2000, "HEAD^{commit", "HEAD^{/x", "..", "...",
    ],
)  # fmt: skip
def test_what_is_no_revision(rev: str, repo: Repo, line: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        list(repo.log(rev)) if isinstance(rev, str) and rev.startswith("..") else repo.get(rev)
    assert "\n" not in str(caught.value)
    assert caught.value.hint or caught.value.field


@pytest.mark.parametrize(
    "rev",
    [
        "absent", "HEAD~5", "HEAD~999999", "HEAD^2", "HEAD@{5}", "main@{99}", "abcdef0123", "ab" * 20, "../../main",
        "-n", "refs/heads/absent", "main.lock", "HEAD~" + "9" * 5000, "a" * 5000, "é" * 200, "main/below", "\0",
        "\ud800", "a\nb", "heads", "refs/", "main@{u}", "@{upstream}", "absent@{1}", "bare@{1}", "bare@{yesterday}",
        ":/!!", ":/no such words", ":/!-.", "HEAD^{/no such words}", "HEAD^{/USER}", "agents/absent",
    ],
)  # fmt: skip
def test_what_is_not_there(rev: str, repo: Repo, line: list[str]) -> None:
    repo.branch("bare", at=line[1])
    os.unlink(repo.path / "logs/refs/heads/bare")
    begun = time.monotonic()
    with pytest.raises(NotFoundError) as caught:
        repo.get(rev)
    assert time.monotonic() - begun < 1
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_near_names_are_offered(repo: Repo, line: list[str]) -> None:
    repo.branch("feature/login")
    run(repo, "tag", "release-1")
    cases = (("mian", "main"), ("feature/logn", "feature/login"), ("release1", "release-1"), ("head", "HEAD"))
    for wrong, right in (*cases, ("mian~2", "main"), ("MAIN@{1}", "main")):
        with pytest.raises(NotFoundError, match=wrong.rstrip("~2").partition("@")[0]) as caught:
            repo.get(wrong)
        assert right in (caught.value.hint or "")


def test_how_far_the_history_goes_is_told(repo: Repo, line: list[str]) -> None:
    with pytest.raises(NotFoundError, match="ends 4 commits before") as caught:
        repo.get("main~999999")
    assert line[0][:8] in (caught.value.hint or "")
    with pytest.raises(NotFoundError, match="5 entries"):
        repo.get("main@{5}")


def test_an_ambiguous_beginning_lists_the_candidates(repo: Repo) -> None:
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


def test_what_is_no_commit(repo: Repo, line: list[str]) -> None:
    tree = run(repo, "rev-parse", "HEAD^{tree}")
    with pytest.raises(NotFoundError):
        repo.get(tree)  # trees and blobs do not make a beginning ambiguous
    run(repo, "tag", "of-a-tree", tree)
    with pytest.raises(InvalidInputError, match="of-a-tree"):
        repo.get("of-a-tree")
    run(repo, *WHO, "tag", "-a", "-m", "x", "heavy", line[1])
    assert repo.get(run(repo, "rev-parse", "heavy")[:12]).id == line[1]


def test_nothing_committed_yet(repo: Repo) -> None:
    for rev in ("HEAD", "@", "HEAD~1", "@{0}", "HEAD@{1}", "@{yesterday}"):
        with pytest.raises(NotFoundError, match="no commits yet"):
            repo.get(rev)
    with pytest.raises(NotFoundError):
        repo.get("main")
    with pytest.raises(NotFoundError):
        repo.get(":/x")


def test_parents_are_numbered(repo: Repo) -> None:
    ids = plant(repo, [[], [0], [0], [0], [1, 2, 3], [4]])
    assert [repo.get(f"{ids[5]}~1^{which}").id for which in (1, 2, 3)] == ids[1:4]
    with pytest.raises(NotFoundError, match="3 parents"):
        repo.get(f"{ids[5]}~1^4")
    with pytest.raises(NotFoundError, match="one parent"):
        repo.get(f"{ids[5]}^2")


# -- searches ----------------------------------------------------------------------------------


def test_the_youngest_match_of_any_branch_or_tag(repo: Repo, line: list[str], clock: Clock) -> None:
    clock.now += 5
    repo.switch("try", create=True)
    on_try = repo.commit("3 again").id
    clock.now += 5
    repo.switch("main")
    assert repo.get(":/user: 3").id == on_try
    assert repo.get("HEAD^{/user: 3}").id == line[3]
    assert repo.get(":/!-user: 3").id == line[4]
    assert repo.get(":/^user: 1$").id == line[1]
    later = repo.commit("!bang", message="!bang").id
    assert repo.get(":/!!bang").id == later
    run(repo, "tag", "kept", later)
    repo.reset("HEAD~1")
    assert repo.get(":/!!bang").id == later
    run(repo, "tag", "-d", "kept")
    with pytest.raises(NotFoundError):
        repo.get(":/!!bang")  # what a reset left behind is reachable from no branch


# -- reflogs -----------------------------------------------------------------------------------


def test_a_log_is_complete_before_git_sees_it(repo: Repo) -> None:
    with repo.batch():
        ids = [repo.commit(str(number)).id for number in range(30)]
        before = list(repo._handle.store.reflog("refs/heads/main"))
        assert [repo.get(f"main@{{{at}}}").id for at in range(30)] == ids[::-1]
        assert [repo.get(f"HEAD@{{{at}}}").id for at in range(30)] == ids[::-1]
    repo.flush()
    assert list(repo._handle.store.reflog("refs/heads/main")) == before
    assert [line.new for line in before] == run(repo, "log", "-g", "--format=%H", "main").split()


def test_moves_of_stock_git_are_in_it(repo: Repo, line: list[str]) -> None:
    run(repo, *WHO, "update-ref", "-m", "by hand", "refs/heads/main", line[1])
    assert repo.get("main@{0}").id == line[1]
    assert repo.get("main@{1}").id == line[4]
    last = repo.commit("on top").id
    assert [repo.get(f"main@{{{at}}}").id for at in range(4)] == [last, line[1], line[4], line[3]]


def test_head_has_its_own_log_where_the_handle_stands_at_head(repo: Repo, line: list[str]) -> None:
    with Repo.open(repo.path, tokenizer=None, branch="try") as other:
        run(repo, "branch", "try", line[1])
        on_try = other.commit("on try").id
        assert other.get("HEAD@{1}").id == other.get("@{1}").id == line[1]
        assert other.get("main@{1}").id == line[3]
    assert repo.get("HEAD@{1}").id == line[3]
    repo.switch("try")
    assert repo.get("@{1}").id == line[1]
    assert repo.get("HEAD").id == on_try
    repo.checkout(line[2])
    with pytest.raises(NotFoundError, match="no log"):
        repo.get("@{1}")


def test_a_deleted_branch_has_no_log(repo: Repo, line: list[str]) -> None:
    repo.branch("gone")
    assert repo.get("gone@{0}").id == line[4]
    run(repo, "branch", "-D", "gone")
    with pytest.raises(NotFoundError, match="unknown revision 'gone'"):
        repo.get("gone@{0}")


def test_a_look_back_reads_the_log_as_it_was(repo: Repo, line: list[str]) -> None:
    number = next(repo.operations()).number
    repo.reset("HEAD~3")
    repo.commit("another way")
    assert repo.at_op(number).get("main@{1}").id == line[3]
    assert repo.at_op(number).get("HEAD").id == line[4]


def test_a_commit_that_was_pruned_is_not_found(repo: Repo, line: list[str]) -> None:
    log = repo.path / "logs/refs/heads/main"
    repo.flush()
    log.write_text(log.read_text().replace(line[3], "ab" * 20))
    with pytest.raises(NotFoundError, match="gone"):
        repo.get("main@{1}")


def test_lines_that_are_none_are_passed_over(repo: Repo, line: list[str]) -> None:
    repo.flush()
    with open(repo.path / "logs/refs/heads/main", "ab") as log:
        log.write(b"\n\0\xff garbage\n" + b"x" * 100_000 + b"\n")
    assert [repo.get(f"main@{{{at}}}").id for at in range(5)] == line[::-1]


# -- times -------------------------------------------------------------------------------------


@pytest.fixture
def days(repo: Repo, clock: Clock) -> list[str]:
    """Ids of commits made at noon on the four days up to now."""
    ids = []
    for ago in (3, 2, 1, 0):
        clock.now = NOW - ago * DAY
        ids.append(repo.commit(f"{ago} days ago").id)
    clock.now = NOW + 3600
    return ids


@pytest.mark.parametrize(
    ("when", "ago"),
    [
        ("now", 0), ("today", 1), ("noon", 0), ("midnight", 1), ("yesterday", 1), ("YESTERDAY", 1), ("2 days ago", 2),
        ("2.days.ago", 2), ("two days ago", 2), ("3 hours ago", 1), ("50 minutes ago", 0), ("61 minutes ago", 1),
        ("1 day 2 hours ago", 2), ("yesterday noon", 1), ("11:59 yesterday", 2), ("yesterday 11am", 2), ("3pm", 0),
        ("2026-11-21 11:59", 3), ("2026-11-21 12:00", 2), ("2026-11-21T12:00:00Z", 2), ("2026-11-21 13:59 +0200", 3),
        ("2026-11-22", 1), ("2026/11/22", 1), ("2026-11-22 00:00:00.5", 2), (f"@{NOW - DAY}", 1),
        (f"{NOW - DAY - 1}", 2), (f"{NOW + 10 * DAY}", 0), ("1 second ago", 0), ("last day", 1),
    ],
)  # fmt: skip
def test_where_a_branch_was_at_a_time(when: str, ago: int, repo: Repo, days: list[str]) -> None:
    assert repo.get(f"main@{{{when}}}").id == repo.get(f"@{{{when}}}").id == days[3 - ago]
    assert repo.warnings == ()


@pytest.mark.parametrize("when", ["2026-11-01", "last week", "two months ago", "3 years ago", "@0", "4.days.ago"])
def test_before_the_log_began_its_oldest_value_and_a_warning(when: str, repo: Repo, days: list[str]) -> None:
    for _ in range(2):
        assert repo.get(f"main@{{{when}}}").id == days[0]
    (warning,) = repo.warnings
    assert "only goes back to 2026-11-20 12:00:00" in warning


def test_times_without_a_zone_are_local(repo: Repo, days: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", "Asia/Tokyo")
            time.tzset()
            assert repo.get("main@{2026-11-22 21:00}").id == days[2]
            assert repo.get("main@{2026-11-22 20:59}").id == days[1]
            assert repo.get("main@{2026-11-22 12:00Z}").id == days[2]
    finally:
        time.tzset()


# -- ranges ------------------------------------------------------------------------------------


def test_ranges_are_tips_and_what_is_hidden(repo: Repo, line: list[str]) -> None:
    repo.switch("try", create=True)
    repo.reset(line[1])
    on_try = repo.commit("on try").id

    def both(text: str | list[str]) -> tuple[set[str], set[str]]:
        found = revisions.resolve_range(repo._handle, text)
        return set(found.tips), set(found.hidden)

    assert both("main") == ({line[4]}, set())
    assert both("main..try") == ({on_try}, {line[4]})
    assert both("main..") == ({on_try}, {line[4]})
    assert both("..main") == ({line[4]}, {on_try})
    assert both("main...try") == both("try...main") == ({on_try, line[4]}, {line[1]})
    assert both("main~1..main~3") == ({line[1]}, {line[3]})
    assert both("^main") == (set(), {line[4]})
    assert both(["try", "^main", "main~4..main~1"]) == ({on_try, line[3]}, {line[4], line[0]})
    assert both("main@{1}..main@{2.minutes.ago}") == ({line[0]}, {line[3]})
    with pytest.raises(NotFoundError):
        both("main..absent")


def test_the_names_of_a_namespace_are_its_own(repo: Repo, line: list[str]) -> None:
    run(repo, "update-ref", "refs/namespaces/helper/refs/heads/main", line[1])
    run(repo, "update-ref", "refs/namespaces/helper/refs/heads/sub", line[0])
    inside = Handle(repo._handle.store, None, "refs/namespaces/helper/refs/heads/main", namespace="helper")
    repo._handle.store.refresh()
    assert revisions.resolve(inside, "main") == revisions.resolve(inside, "HEAD") == line[1]
    assert revisions.resolve(inside, "sub") == revisions.resolve(inside, "refs/heads/sub") == line[0]
    assert revisions.resolve(inside, ":/user") == line[1]
    with pytest.raises(NotFoundError):
        repo.get("sub")
