"""What stock git says about a trace: the same history, the same counts, nothing to complain about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trace_git import Repo, Usage

Git = Callable[..., str]


def test_fsck_has_nothing_to_say(repo: Repo, git: Git) -> None:
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""


def test_the_log_is_the_same(repo: Repo, git: Git) -> None:
    ours = [f"{commit.id} {commit.subject}" for commit in repo.log()]
    assert git(repo, "log", "--format=%H %s").split("\n") == ours


@pytest.mark.parametrize(
    ("key", "value"), [("Trace-Tokens", "tokens"), ("Trace-Context-Tokens", "context_tokens"), ("Trace-Op", "op")]
)
def test_trailers_are_trailers_to_git(key: str, value: str, repo: Repo, git: Git) -> None:
    theirs = git(repo, "log", f"--format=%(trailers:key={key},valueonly,separator=%x2C)").split("\n")
    ours = [getattr(commit, value) for commit in repo.log()]
    assert theirs == [
        f"{one:+d}" if key == "Trace-Tokens" else str(int(one)) if key == "Trace-Context-Tokens" else one
        for one in ours
    ]


def test_forged_trailers_do_not_fool_git_either(repo: Repo, git: Git) -> None:
    repo.commit("x", message="mine\n\nTrace-Op: pin\nTrace-Tokens: +999")
    assert git(repo, "log", "-1", "--format=%(trailers:key=Trace-Op,valueonly)") == "append"
    assert "+999" not in git(repo, "log", "-1", "--format=%(trailers:key=Trace-Tokens,valueonly)")


def test_an_append_reads_as_one_new_file(repo: Repo, git: Git) -> None:
    repo.commit("one more")
    (stat,) = git(repo, "show", "--format=", "--name-status", "-M", "HEAD").split("\n")
    assert stat.startswith("A\tmessages/")
    assert stat.endswith(".msgpack")


def test_an_edit_reads_as_a_change_and_a_pin_as_a_copy(repo: Repo, git: Git) -> None:
    edit = git(repo, "show", "--format=", "--name-status", "HEAD").split("\n")
    assert sorted(line.split("\t")[0] for line in edit) == ["M", "M"]  # the message and its pin
    repo.pin(repo.context().items[-1])
    pin = git(repo, "show", "--format=", "--name-status", "-C", "--find-copies-harder", "HEAD")
    assert pin.startswith("C100\tmessages/")


def test_decorations_show_branches_and_pins(repo: Repo, git: Git) -> None:
    shown = git(repo, "log", "--format=%D")
    assert "HEAD -> main" in shown
    assert "try" in shown
    assert "refs/trace/pins/" in shown


def test_the_order_of_names_is_the_order_of_messages(repo: Repo, git: Git) -> None:
    names = git(repo, "ls-tree", "-r", "--name-only", "HEAD", "messages/").split("\n")
    assert [name.rsplit("-", 1)[1].removesuffix(".msgpack") for name in names] == [
        item.id for item in repo.context().items
    ]


def test_a_reflog_line_for_each_commit(repo: Repo, git: Git) -> None:
    lines = git(repo, "log", "-g", "--format=%H %gs", "main").split("\n")
    assert [line.split()[0] for line in lines] == [commit.id for commit in repo.log()]
    assert not any("message" in line for line in lines)  # verbs and numbers, no text
    assert git(repo, "log", "-g", "--format=%H %gs", "HEAD").split("\n") == lines


def test_git_reads_weird_names_and_texts(repo: Repo, git: Git) -> None:
    for text in ("é", "🚀", "a\r\nb", "x" * 10_000, "", "--", "\x00", "%s"):
        repo.commit(text)
    repo.switch("é/🚀", create=True)
    repo.commit("x", message="Betreff: größer\n\n🚀")
    assert git(repo, "log", "-1", "--format=%s") == "Betreff: größer"
    assert git(repo, "rev-parse", "--abbrev-ref", "HEAD") == "é/🚀"
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""


@pytest.mark.parametrize(
    "tool",
    [
        "shortlog -s",
        "diff HEAD~3 HEAD --stat",
        "blame -s HEAD -- format",
        "describe --all",
        "archive -o /dev/null HEAD",
    ],
)
def test_everyday_commands_work(tool: str, repo: Repo, git: Git) -> None:
    git(repo, *tool.split())


@pytest.mark.parametrize("number", ["\u00b2", "9" * 5000])
def test_numbers_of_strangers_that_are_none_stop_nothing(number: str, repo: Repo, git: Git) -> None:
    usage = f"Trace-Usage: prompt={number} completion=1 cached=0"
    trailers = f"Trace-Op: compress\n{usage}\nTrace-Compress: x before={number} after={number}"
    made = git(repo, "commit-tree", "-p", "main", "-m", f"by hand\n\n{trailers}", "main^{tree}")
    git(repo, "update-ref", "refs/heads/main", made)
    git(repo, "update-ref", f"refs/trace/keep/{number[:50]}", made)
    assert repo.get("HEAD").usage == Usage(prompt=0, completion=1)
    assert repo.status().head == made
    assert repo.diff().changes == ()
    assert repo.gc().removed == 0
