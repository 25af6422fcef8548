"""What is said of sizes after history was rewritten: a context that changed is counted anew."""

from __future__ import annotations

from trace_git import Repo

from .rewriting import say

LONG = "word " * 5_000


def counted(repo: Repo, rev: str = "HEAD") -> int:
    return sum(int(repo.count(item) or 0) for item in repo.context(rev).items) + 3


def test_after_a_redaction(repo: Repo) -> None:
    first, *_ = say(repo, LONG, "two", "three")
    repo.redact(item=first.items[0].id)
    assert repo.context().tokens == repo.status().tokens == counted(repo) < 100
    assert repo.fit(200, llm=False).commit is None
    made = repo.commit("four")
    assert made.context_tokens == repo.context().tokens == counted(repo)


def test_after_originals_were_taken_out(repo: Repo) -> None:
    one, long, *_ = say(repo, "one", LONG, "three", "four")
    repo.compress([one.items[0].id, long.items[0].id], summary="short", rewrite=True)
    assert repo.get("HEAD").context_tokens == counted(repo)
    assert repo.context("HEAD~1").tokens == counted(repo, "HEAD~1") < 100
    repo.branch("side", at="HEAD~1")
    repo.switch("side")
    made = repo.commit("five")
    assert made.context_tokens == counted(repo) < 100
