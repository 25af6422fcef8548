"""Questions across agents, and across traces."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from trace_git import InvalidInputError, NotFoundError, Repo, Session
from trace_git.answers import Difference
from trace_git.view.searching import ground

NOW = 1_700_000_000


def opened(folder: Path, name: str = "run") -> Repo:
    clock = count(NOW)
    return Repo.open(folder / f"{name}.trace", tokenizer=None, clock=lambda: next(clock), durability="os")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Repo]:
    """The trace says two things, spawns an agent, and both go on."""
    with opened(tmp_path) as repo:
        repo.commit("the rules", role="system")
        repo.commit("use REST")
        with repo.spawn("researcher") as child:
            child.commit("REST needs tokens", role="assistant")
            repo.commit("meanwhile, use JWT")
            repo.collapse(child, summary="tokens are needed for REST")
            child.commit("and they expire", role="assistant")
        yield repo


@pytest.fixture
def session(run: Repo) -> Iterator[Session]:
    with Session.open(run.path, tokenizer=None) as session:
        yield session


def texts(found: Difference) -> list[str]:
    return [item.message.text for item in found.items]


# -- who knew ------------------------------------------------------------------------------


def test_who_knew_it_and_how(session):
    assert [(hit.agent, hit.text, hit.route, hit.source) for hit in session.search("rest")] == [
        ("", "tokens are needed for REST", "collapsed", "researcher"),
        ("researcher", "REST needs tokens", "own", None),
        ("researcher", "use REST", "inherited", ""),
        ("", "use REST", "own", None),
    ]


@pytest.mark.parametrize(("most", "again"), [(ground._REMEMBERED, 0), (100, 40)])
def test_of_many_agents_all_histories_are_remembered_while_there_is_room(run, monkeypatch, most, again):
    """Else each question would read them all again."""
    monkeypatch.setattr(ground, "_REMEMBERED", most)
    made: list[tuple[str, int]] = []
    make = ground.Ground._made
    for number in range(40):
        with run.spawn(f"worker-{number}") as child:
            child.commit("more")
    with Session.open(run.path, tokenizer=None) as session:
        before = list(session.search("rest"))
        monkeypatch.setattr(ground.Ground, "_made", lambda self, *one: made.append(one) or make(self, *one))
        assert list(session.search("rest")) == before
    assert len(made) >= again
    assert bool(made) == bool(again)


@pytest.mark.parametrize(("agent", "number"), [(None, 4), ("", 2), ("researcher", 2)])
def test_one_agent_or_all(session, agent, number):
    assert len(list(session.search("rest", agent=agent))) == number


def test_limit_counts_all_agents_together(session):
    assert len(list(session.search("rest", limit=3))) == 3


def test_an_agent_that_is_not_there_is_named(session):
    with pytest.raises(NotFoundError, match="resercher") as caught:
        session.search("rest", agent="resercher")
    assert "researcher" in (caught.value.hint or "")


def test_several_traces_are_asked_at_once(run, tmp_path):
    with opened(tmp_path, "other") as other:
        other.commit("REST elsewhere", timestamp=NOW + 1000)
        with Session.open([run.path, other.path], tokenizer=None) as session:
            hits = list(session.search("rest"))
            assert [(hit.trace, hit.agent) for hit in hits[:2]] == [("other", ""), ("run", "")]
            assert {hit.trace for hit in session.search("rest", agent="researcher")} == {"run"}
            assert [hit.text for hit in session.search("rest", agent="other/")] == ["REST elsewhere"]


def test_an_agent_that_is_gone_is_asked_too(run):
    run.delete_agent("researcher", force=True)
    with Session.open(run.path, tokenizer=None) as session:
        assert [hit.text for hit in session.search("expire")] == ["and they expire"]
        assert len(list(session.search("rest", agent="researcher"))) == 2


def test_an_agent_that_was_merged_is_asked_when_it_is_gone(run):
    """Nothing that spawned or collapsed says where it stood last."""
    with run.agent("researcher") as child:
        known = [item.message.text for item in child.context().items]
    run.merge("agents/researcher")
    run.delete_agent("researcher", force=True)
    assert [(one.name, one.deleted) for one in run.agents() if one.name == "researcher"] == [("researcher", True)]
    with Session.open(run.path, tokenizer=None) as session:
        assert [item.message.text for item in session.at(agent="researcher").items] == known
        assert "researcher" in {hit.agent for hit in session.search("rest")}


def test_an_agent_that_is_gone_is_asked_on_all_branches_that_it_had_at_last(run):
    """And not where it had gone back before that, whose commits are kept as well."""
    with run.agent("researcher") as child:
        child.commit("withdrawn", role="assistant")
        child.reset("HEAD~1")
        child.commit("instead", role="assistant")
        child.branch("aside", at="HEAD~1")
        with Repo.open(run.path, agent="researcher", branch="aside", tokenizer=None) as aside:
            aside.commit("elsewhere", role="assistant")
        known = [item.message.text for item in child.context().items]
    run.delete_agent("researcher", force=True)
    with Session.open(run.path, tokenizer=None) as session:
        for text, number in (("instead", 1), ("elsewhere", 1), ("expire", 1), ("withdrawn", 0)):
            assert [hit.agent for hit in session.search(text)] == ["researcher"] * number
        assert [item.message.text for item in session.at(agent="researcher").items] == known


def test_who_went_on_from_an_agents_work_is_not_taken_for_it(tmp_path):
    """The commit that the trace went back behind is kept, and the nearest beginning behind it is the agent's."""
    with opened(tmp_path) as repo:
        repo.commit("one")
        with repo.spawn("a") as child:
            child.commit("two", role="assistant")
            child.commit("three", role="assistant")
            tip = child.get("HEAD").id
        assert repo.merge("agents/a").kind == "fast-forward"
        repo.commit("by the trace")
        repo.reset("HEAD~2")
        repo.delete_agent("a", force=True)
        with Session.open(repo.path, tokenizer=None) as session:
            assert list(session.search("by the trace")) == []
            assert session.at(agent="a").commit == tip


# -- what one knew and another did not -----------------------------------------------------


def test_what_one_knew_and_the_other_did_not(session):
    assert texts(session.difference("researcher", "")) == ["REST needs tokens", "and they expire"]
    assert texts(session.difference("", "researcher")) == ["meanwhile, use JWT", "tokens are needed for REST"]


def test_as_of_a_commit_goes_along_the_history(session):
    """At the collapse the trace had been led to by the agent's first message, and not by its second."""
    found = session.difference("researcher", "", at="trace/main")
    assert texts(found) == ["REST needs tokens"]
    assert found.knew.commit == session.repo("researcher").get("HEAD~1").id


def test_as_of_a_commit_that_took_what_the_agent_has_left_since(run, session):
    """Whether it went back behind it, or it was said on another branch: that is what had led there."""
    taken, said = run.get("HEAD").id, ["the rules", "use REST", "REST needs tokens"]
    with run.agent("researcher") as child:
        child.reset("HEAD~2")
        child.commit("SOAP", role="assistant")
        assert [item.message.text for item in session.at(taken, agent="researcher").items] == said
        child.switch("other", create=True)
        child.commit("it is old", role="assistant")
        run.collapse(child, summary="SOAP is old")
        child.switch("main")
    known = [item.message.text for item in session.at("HEAD", agent="researcher").items]
    found = session.at("trace/main", agent="researcher")
    assert [item.message.text for item in found.items] == [*known, "it is old"]


def test_as_of_a_merge_that_brought_what_the_agent_has_left_since(run, session):
    merged = run.merge("agents/researcher").commit
    with run.agent("researcher") as child:
        child.reset("HEAD~1")
    said = [item.message.text for item in session.at(merged.id, agent="researcher").items]
    assert said == ["the rules", "use REST", "REST needs tokens", "and they expire"]


def test_as_of_an_agents_commit_when_the_one_that_spawned_it_has_gone_back(run, session):
    with run.spawn("late") as child:
        late = child.commit("at last", role="assistant").id
    before = [item.message.text for item in run.context().items]
    run.reset("HEAD~1")
    assert [item.message.text for item in session.at(late, agent="").items] == before


def test_as_of_a_commit_on_an_agents_work_that_nobody_has_any_more(tmp_path):
    """By first parents alone it would be the agent's, whose beginning is the nearest behind it."""
    with opened(tmp_path) as repo:
        repo.commit("base")
        with repo.spawn("kid") as kid:
            kid.commit("work", role="assistant")
        assert repo.merge("agents/kid").kind == "fast-forward"
        made = repo.commit("on top")
        repo.reset("HEAD~1")
        with Session.open(repo.path, tokenizer=None) as session:
            assert [item.message.text for item in session.at(made.id).items] == ["base", "work", "on top"]
            assert [item.message.text for item in session.at(made.id, agent="kid").items] == ["base", "work"]


def test_what_is_no_moment_is_named(session):
    with pytest.raises(InvalidInputError, match="no moment"):
        session.at(["HEAD"], agent="researcher")


def test_as_of_a_time(session):
    moment = session.repo("researcher").get("HEAD~1").timestamp
    assert texts(session.difference("researcher", "", at=moment)) == ["REST needs tokens"]


def test_who_had_not_begun_knew_nothing(session):
    early = session.repo("").get("HEAD~2").id
    assert texts(session.difference("", "researcher", at=early)) == ["the rules", "use REST"]
    with pytest.raises(NotFoundError):
        session.difference("researcher", "", at=early)


def test_equal_words_are_known_and_other_words_of_one_item_are_told_apart(run, session):
    with run.agent("researcher") as child:
        child.edit(child.context().items[1], "use SOAP")
        child.commit("meanwhile, use JWT")
        found = session.difference("researcher", "")
        assert texts(found) == ["REST needs tokens", "and they expire"]
        ((mine, theirs),) = found.changed
        assert (mine.message.text, theirs.message.text) == ("use SOAP", "use REST")
    assert found
    assert not session.difference("", "")


def test_agents_of_two_traces_are_compared(run, tmp_path):
    with opened(tmp_path, "other") as other:
        other.commit("use REST")
        with Session.open([run.path, other.path], tokenizer=None) as session:
            assert texts(session.difference("run/", "other/"))[0] == "the rules"
            assert "use REST" not in texts(session.difference("run/", "other/"))
            assert texts(session.difference("run/", "other/", at="HEAD~1")) == ["the rules", "meanwhile, use JWT"]


# -- moments of an agent's own -------------------------------------------------------------


def test_a_commit_of_its_own_is_the_moment_on_whatever_branch(run, session):
    """Also one that HEAD's line never had: the agent stood there."""
    for name, repo in (("", run), ("researcher", run.agent("researcher"))):
        with repo:
            repo.branch("try-2", at="HEAD~1")
            repo.switch("try-2")
            made = repo.commit(f"tried by {name}")
            repo.switch("main")
            for rev in ("try-2", made.id):
                assert session.at(rev, agent=name).commit == made.id
            repo.delete_branch("try-2", force=True)
            assert session.at(made.id, agent=name).items[-1].message.text == f"tried by {name}"


def test_what_an_agent_knew_that_is_gone(run):
    run.delete_agent("researcher", force=True)
    with Session.open(run.path, tokenizer=None) as session:
        assert [item.message.text for item in session.at(agent="researcher").items][-1] == "and they expire"
        assert session.at("trace/main", agent="researcher").items[-1].message.text == "REST needs tokens"
        assert texts(session.difference("researcher", "")) == ["REST needs tokens", "and they expire"]
        with pytest.raises(NotFoundError, match="resercher"):
            session.at(agent="resercher")
        with pytest.raises(NotFoundError, match="researcher"):
            session.resume("researcher")


def test_an_agent_that_caught_up_with_its_parent_is_known_by_what_it_did_then(run):
    """It was fast-forwarded to the collapse of its work: by first parents its later commits are the trace's."""
    with run.agent("researcher") as child:
        run.collapse(child, summary="they expire")
        assert child.merge("trace/main").kind == "fast-forward"
        made = child.commit("all at once", role="assistant")
    run.cherry_pick(made)
    with Session.open(run.path, tokenizer=None) as session:
        known = [(hit.agent, hit.route, hit.source) for hit in session.search("all at once")]
        assert known == [("", "cherry-picked", "researcher"), ("researcher", "own", None)]
        run.undo()
        run.delete_agent("researcher", force=True)
        assert [(one.state, one.tip) for one in session.agents()] == [("abandoned", made.id)]
        assert [hit.agent for hit in session.search("all at once")] == ["researcher"]
        assert session.at(agent="researcher").commit == made.id


def test_of_several_traces_the_one_is_meant_that_had_an_agent(run, tmp_path):
    run.delete_agent("researcher", force=True)
    with opened(tmp_path, "other") as other:
        other.commit("elsewhere")
        with Session.open([run.path, other.path], tokenizer=None) as session:
            assert session.at(agent="researcher").items[-1].message.text == "and they expire"
            assert {hit.trace for hit in session.search("rest", agent="researcher")} == {"run"}


def test_whose_a_commit_is_that_was_made_upon_the_work_of_another(run):
    """A branch of the trace went on from the agent's work: the agent never stood there, and the trace did."""
    run.branch("on-top", at="agents/researcher")
    run.switch("on-top")
    made = run.commit("said by the trace")
    run.switch("main")
    with Session.open(run.path, tokenizer=None) as session:
        assert session.at(made.id).commit == made.id
        assert session.at(made.id, agent="researcher").commit == session.repo("researcher").get("HEAD").id
