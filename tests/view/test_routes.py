"""By which route an agent came to know something: one history for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trace_git import Repo, Session
from trace_git.answers import Hit

from . import asking

Grow = Callable[[Repo], object]


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    with asking.opened(tmp_path) as repo:
        repo.commit("begin")
        yield repo


def who(repo: Repo, text: str = "jwt") -> list[tuple[str, str, str, str | None, str]]:
    """Agent, words, route, source and state of each hit, by agent and then oldest first."""
    with Session.open(repo.path, tokenizer=None) as session:
        found = asking.told(session.search(text))
    return sorted(reversed(found), key=lambda one: one[0])  # noqa: C414 - the order of one agent's is meant


def own(repo: Repo) -> None:
    repo.commit("jwt")


def edited(repo: Repo) -> None:
    repo.edit(repo.commit("first words"), "jwt")


def inherited(repo: Repo) -> None:
    repo.commit("jwt")
    repo.spawn("child").close()


def inherited_by_choice(repo: Repo) -> None:
    made = repo.commit("jwt")
    repo.spawn("child", context=[made]).close()


def not_inherited(repo: Repo) -> None:
    repo.commit("jwt")
    repo.spawn("child", context="empty").close()


def dropped_before(repo: Repo) -> None:
    repo.drop(repo.commit("jwt"))
    repo.spawn("child").close()


def said_after(repo: Repo) -> None:
    repo.spawn("child").close()
    repo.commit("jwt")


def grandchild(repo: Repo) -> None:
    repo.commit("jwt")
    with repo.spawn("child") as child, child.spawn("grandchild"):
        child.edit(asking.named(child, "jwt"), "no more")


def collapsed(repo: Repo) -> None:
    with repo.spawn("child", context="empty") as child:
        child.commit("a long story of jwt")
        repo.collapse(child, summary="jwt")


def collapsed_without_it(repo: Repo) -> None:
    with repo.spawn("child", context="empty") as child:
        child.commit("jwt")
        repo.collapse(child, summary="nothing new")


def collapse_of_a_collapse(repo: Repo) -> None:
    with repo.spawn("child", context="empty") as child, child.spawn("grandchild", context="empty") as grandchild:
        grandchild.commit("deep jwt")
        child.collapse(grandchild, summary="jwt, says my child")
        repo.collapse(child, summary="jwt, says my grandchild")


def collapsed_and_inherited(repo: Repo) -> None:
    with repo.spawn("child", context="empty") as child:
        child.commit("work")
        repo.collapse(child, summary="jwt")
    repo.spawn("next").close()


def gone(repo: Repo) -> None:
    with repo.spawn("child", context="empty") as child:
        child.commit("jwt")
        repo.collapse(child, summary="done")
    repo.delete_agent("child")


def abandoned(repo: Repo) -> None:
    with repo.spawn("child", context="empty") as child:
        child.commit("jwt")
    repo.delete_agent("child", force=True)


def merged(repo: Repo) -> None:
    beside(repo, lambda other: other.commit("jwt"))
    repo.commit("meanwhile")
    repo.merge("other")
    repo.delete_branch("other")


def beside(repo: Repo, grow: Grow, name: str = "other") -> None:
    """A branch from here that grows by itself."""
    repo.branch(name)
    repo.checkout(name)
    grow(repo)
    repo.checkout("main")


def merged_from_an_agent(repo: Repo) -> None:
    with repo.spawn("child") as child:
        child.commit("jwt")
    repo.commit("meanwhile")
    repo.merge("agents/child")


def fast_forward_to_an_agent(repo: Repo) -> None:
    with repo.spawn("child") as child:
        child.commit("jwt")
    repo.merge("agents/child")
    repo.commit("jwt, said after it")


def fast_forward_to_a_branch(repo: Repo) -> None:
    beside(repo, lambda other: other.commit("jwt"))
    repo.merge("other")
    repo.delete_branch("other")


def cherry_picked(repo: Repo) -> None:
    with repo.spawn("child") as child:
        child.commit("jwt")
        asking.brought(repo, child, asking.named(child, "jwt").id)


def cherry_picked_then_gone(repo: Repo) -> None:
    cherry_picked(repo)
    repo.delete_agent("child", force=True)


def merged_after_cherry_pick(repo: Repo) -> None:
    cherry_picked(repo)
    repo.merge("agents/child")


def picked_and_its_source_rewritten(repo: Repo) -> None:
    """As a rebase does: the line that it came from is kept by no ref but an undo's."""
    repo.branch("old")
    repo.checkout("old")
    made = repo.commit("jwt").items[0].id
    repo.checkout("main")
    with Repo.open(repo.path, branch="old", tokenizer=None) as old:
        repo.commit("a new base")
        asking.brought(repo, old, made)
    repo.delete_branch("old", force=True)


def imported(repo: Repo) -> None:
    path = repo.path.parent / "chat.json"
    path.write_text(json.dumps([{"role": "user", "content": "jwt"}]))
    repo.import_file(path)
    repo.checkout("chat")
    repo.commit("jwt, said after it")
    repo.checkout("main")


def said_twice(repo: Repo) -> None:
    repo.spawn("child", context="empty").close()
    repo.commit("jwt")
    with repo.agent("child") as child:
        child.commit("jwt")


INHERITED = ("child", "jwt", "inherited", "", "live")
OWN = ("", "jwt", "own", None, "live")
TABLE = [
    (own, [OWN]),
    (edited, [OWN]),
    (inherited, [OWN, INHERITED]),
    (inherited_by_choice, [OWN, INHERITED]),
    (not_inherited, [OWN]),
    (dropped_before, [("", "jwt", "own", None, "dropped")]),
    (said_after, [OWN]),
    (grandchild, [
        OWN, ("child", "jwt", "inherited", "", "edited"), ("grandchild", "jwt", "inherited", "child", "live"),
    ]),
    (collapsed, [("", "jwt", "collapsed", "child", "live"), ("child", "a long story of jwt", "own", None, "live")]),
    (collapsed_without_it, [("child", "jwt", "own", None, "live")]),
    (collapse_of_a_collapse, [
        ("", "jwt, says my grandchild", "collapsed", "child", "live"),
        ("child", "jwt, says my child", "collapsed", "grandchild", "live"),
        ("grandchild", "deep jwt", "own", None, "live"),
    ]),
    (collapsed_and_inherited, [("", "jwt", "collapsed", "child", "live"), ("next", "jwt", "inherited", "", "live")]),
    (gone, [("child", "jwt", "own", None, "live")]),
    (abandoned, [("child", "jwt", "own", None, "live")]),
    (merged, [("", "jwt", "merged", "", "live")]),
    (merged_from_an_agent, [("", "jwt", "merged", "child", "live"), ("child", "jwt", "own", None, "live")]),
    (fast_forward_to_an_agent, [
        ("", "jwt", "merged", "child", "live"), ("", "jwt, said after it", "own", None, "live"),
        ("child", "jwt", "own", None, "live"),
    ]),
    (fast_forward_to_a_branch, [OWN]),
    (cherry_picked, [("", "jwt", "cherry-picked", "child", "live"), ("child", "jwt", "own", None, "live")]),
    (cherry_picked_then_gone, [("", "jwt", "cherry-picked", "child", "live"), ("child", "jwt", "own", None, "live")]),
    (merged_after_cherry_pick, [("", "jwt", "cherry-picked", "child", "live"), ("child", "jwt", "own", None, "live")]),
    (picked_and_its_source_rewritten, [OWN]),
    (imported, [("", "jwt", "imported", None, "live"), ("", "jwt, said after it", "own", None, "live")]),
    (said_twice, [OWN, ("child", "jwt", "own", None, "live")]),
]  # fmt: skip


@pytest.mark.parametrize(("grow", "expected"), TABLE, ids=[grow.__name__ for grow, _ in TABLE])
def test_each_agent_knows_it_by_its_own_route(repo, grow, expected):
    grow(repo)
    assert who(repo) == expected


@pytest.mark.parametrize(("grow", "op"), [
    (own, "append"), (edited, "edit"), (collapsed, "collapse"), (merged, "merge"), (merged_from_an_agent, "merge"),
    (fast_forward_to_an_agent, "append"),
])  # fmt: skip
def test_the_commit_is_the_one_with_which_it_came(repo, grow, op):
    grow(repo)
    hit = list(repo.search("jwt"))[-1]
    assert hit.commit.op == op
    assert "jwt" in [one.message.text for one in repo.context(hit.commit).items]
    assert "jwt" not in [one.message.text for one in repo.context(f"{hit.commit.id}~1").items]


def test_what_was_inherited_came_with_the_spawn(repo):
    inherited(repo)
    with repo.agent("child") as child:
        (hit,) = child.search("jwt")
        assert (hit.commit.op, hit.agent, hit.branch) == ("spawn", "child", "main")


def test_an_item_is_told_once_an_agent_and_first_of_where_its_head_is(repo):
    repo.commit("jwt")
    beside(repo, lambda other: other.edit(asking.named(other, "jwt"), "jwt, put better"))
    beside(repo, lambda other: other.commit("jwt, on the side"), "third")
    with Session.open(repo.path, tokenizer=None) as session:
        hits: list[Hit] = list(session.search("jwt"))
    assert [(one.text, one.branch, one.state) for one in sorted(hits, key=lambda one: one.text)] == [
        ("jwt", "main", "live"),
        ("jwt, on the side", "third", "live"),
        ("jwt, put better", "other", "live"),
    ]


def test_a_clone_knows_all_routes_but_imports(repo, tmp_path):
    import subprocess

    for grow in (merged, collapse_of_a_collapse):
        grow(repo)
    repo.flush()
    command = ["git", "clone", "-q", "--mirror", str(repo.path), str(tmp_path / "clone.trace")]
    subprocess.run(command, check=True, capture_output=True)
    with Repo.open(tmp_path / "clone.trace", tokenizer=None) as clone:
        assert who(clone) == who(repo)


def test_all_branches_of_an_agent_that_is_gone_stay_known(repo: Repo) -> None:
    with repo.spawn("child") as child:
        child.commit("on main")
        child.switch("b", create=True)
        child.commit("jwt")
        child.switch("main")
    repo.merge("agents/child/b")
    told = [("", "jwt", "merged", "child", "live"), ("child", "jwt", "own", None, "live")]
    assert who(repo) == told
    repo.delete_agent("child", force=True)
    assert who(repo) == told


@pytest.mark.parametrize("picked", [False, True])
def test_after_a_redact_what_was_said_here_is_not_from_who_was_given_it(repo: Repo, picked: bool) -> None:
    """It makes all commits anew, so no id tells any more where an item was born."""
    repo.commit("a secret")
    made = repo.commit("jwt")
    with repo.spawn("child", context="empty" if picked else [made]) as child:
        if picked:
            asking.brought(child, repo, made.items[0].id)
    before = who(repo)
    assert before[0] == ("", "jwt", "own", None, "live")
    repo.redact("secret")
    assert who(repo) == before
    assert [step.change for step in repo.blame(made.items[0].id)] == ["added"]
