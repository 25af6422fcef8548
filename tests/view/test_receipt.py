"""The cache receipt: how much of the prompt that was sent stays in front, and what the next call costs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from trace_git import Repo, Usage, assistant, user
from trace_git.model import Item
from trace_git.pricelist import Facts, Price
from trace_git.results import Receipt
from trace_git.view import models, receipt
from trace_git.view.receipt import baseline

EACH = 3 + 1
PRIMING = 3
TOOLS = [{"type": "function", "function": {"name": "grep", "description": "Look for a word"}}]
PRICE = Price(0, 1.0, 10.0, 0.1, 1.25)


class Words:
    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    with Repo.open(tmp_path / "t.trace", tokenizer=Words()) as repo:
        repo.commit([f"message {number}" for number in range(100)])
        yield repo


@pytest.fixture(autouse=True)
def listed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Facts]:
    """What the list of models says, by name; nothing of any other."""
    known = {
        "claude-opus-4-6": Facts(None, None, (PRICE,)),
        "gpt-4o": Facts(None, None, (PRICE._replace(written=None),)),
    }
    monkeypatch.setattr(models, "facts", lambda model, **_: known.get(model, Facts()))
    return known


def size(items: int) -> int:
    return items * (2 + EACH)


# -- what stays in front -----------------------------------------------------------------


def test_an_append_keeps_all(repo: Repo) -> None:
    repo.commit("one more")
    found = repo.diff().receipt
    assert (found.before, found.after, found.kept) == (size(100) + PRIMING, size(101) + PRIMING, size(100) + PRIMING)
    assert (found.kept_items, found.breaks_at, found.sent) == (100, None, found.before)
    assert (found.before, found.after) == (repo.context("HEAD~1").tokens, repo.context().tokens)


@pytest.mark.parametrize("place", [0, 31, 32, 75, 99])
def test_an_edit_keeps_what_is_in_front_of_it(place: int, repo: Repo) -> None:
    item = repo.context().items[place]
    repo.edit(item, "something else entirely")
    found = repo.diff().receipt
    assert (found.kept, found.kept_items, found.breaks_at) == (size(place), place, item.id)
    assert found.share == pytest.approx(size(place) / (size(100) + PRIMING + 1))


def test_a_pin_breaks_nothing(repo: Repo) -> None:
    repo.pin(repo.context().items[3])
    assert repo.diff().receipt.share == 1.0


def test_going_back_leaves_out_the_end(repo: Repo) -> None:
    gone = repo.commit("one more").items[0]
    found = repo.diff("HEAD", "HEAD~1").receipt
    assert (found.kept, found.kept_items, found.breaks_at) == (size(100), 100, gone.id)


def test_of_two_hundred_messages_of_one_size(tmp_path: Path) -> None:
    with Repo.open(tmp_path / "200.trace", tokenizer=Words()) as repo:
        repo.commit([f"{number} " + "word " * 46 for number in range(200)])
        items = repo.context().items
        summary = [Item.of("f" * 16, "e" * 40, items[0].message)]
        share = {
            "append": repo.forecast([*items, *summary]).share,
            "edit of #150": repo.edit(items[150], "other " * 47, dry_run=True).receipt.share,
            "drop of #150": repo.drop(items[150], dry_run=True).receipt.share,
            "the last 50 go": repo.forecast(items[:150]).share,
            "a summary of 100 to 190": repo.forecast([*items[:100], *summary, *items[190:]]).share,
            "a summary of 10 to 100": repo.forecast([*items[:10], *summary, *items[100:]]).share,
            "other tools": repo.set_tools(TOOLS, dry_run=True).receipt.share,
        }
    assert {verb: round(100 * part) for verb, part in share.items()} == {
        "append": 100,
        "edit of #150": 75,
        "drop of #150": 75,
        "the last 50 go": 100,
        "a summary of 100 to 190": 90,
        "a summary of 10 to 100": 9,
        "other tools": 0,
    }


# -- what was sent -----------------------------------------------------------------------


def test_the_baseline_is_the_last_report_else_the_parent(repo: Repo) -> None:
    handle, root = repo._handle, repo.get("HEAD")
    assert baseline(handle, root.id) is None
    one = repo.commit("one")
    assert baseline(handle, one.id) == root.id
    told = repo.commit("answer", role="assistant", usage=Usage(100, 5))
    assert baseline(handle, told.id) == one.id
    repo.commit("two")
    edited = repo.edit(one, "won")
    assert baseline(handle, edited.id) == told.id == repo.receipt(edited).baseline


def test_looking_back_has_an_end(repo: Repo) -> None:
    with repo.batch():
        repo.commit("answer", role="assistant", usage=Usage(100, 5))
        commits = [repo.commit(str(number)) for number in range(70)]
    assert baseline(repo._handle, commits[-1].id) == commits[-2].id


def test_what_was_never_sent_cannot_be_lost(repo: Repo) -> None:
    told = repo.commit("answer", role="assistant", usage=Usage(600, 5))
    later = repo.commit("the next question")
    found = repo.receipt(repo.edit(later, "another question"))
    assert (found.baseline, found.sent, found.kept, found.breaks_at) == (told.id, told.context_tokens, found.sent, None)
    assert found.before > found.sent


def test_what_was_broken_before_is_not_broken_again_and_may_be_mended(repo: Repo) -> None:
    told = repo.commit("answer", role="assistant", usage=Usage(600, 5))
    early, late = repo.context().items[10], repo.context().items[60]
    assert repo.receipt(repo.edit(early, "other")).kept_items == 10
    again = repo.receipt(repo.edit(late, "other"))
    assert (again.kept_items, again.breaks_at, again.baseline) == (10, early.id, told.id)
    mended = repo.receipt(repo.edit(early, "message 10"))
    assert (mended.kept_items, mended.breaks_at) == (60, late.id)


def test_without_a_report_that_is_said(repo: Repo) -> None:
    root = repo.get("HEAD")
    said = repo.receipt(repo.commit("one")).unknown
    assert any(f"{root.short_id} was sent" in one for one in said)
    repo.commit("answer", role="assistant", usage=Usage(600, 5))
    assert not any("was sent" in one for one in repo.receipt(repo.commit("two")).unknown)


# -- forecasts ---------------------------------------------------------------------------


def plain(sent: Sequence[Item], before: Sequence[Item], after: Sequence[Item], count: Callable[[Item], int]) -> Receipt:
    """The receipt of three lists, by the plainest way there is."""

    def tokens(items: Sequence[Item]) -> int:
        return sum(map(count, items)) + (PRIMING if items else 0)

    kept = 0
    while kept < min(len(sent), len(after)) and sent[kept].blob == after[kept].blob:
        kept += 1
    whole = kept == len(sent)
    return Receipt(
        before=tokens(before),
        after=tokens(after),
        kept=tokens(sent) if whole else sum(map(count, sent[:kept])),
        kept_items=kept,
        breaks_at=None if whole else sent[kept].id,
        sent=tokens(sent),
    )


def facts(found: Receipt) -> tuple[object, ...]:
    return found.before, found.after, found.kept, found.kept_items, found.breaks_at, found.sent


@pytest.mark.parametrize("seed", range(25))
def test_a_forecast_is_what_comes_of_it_and_what_a_plain_count_gives(seed: int, repo: Repo) -> None:
    chance = random.Random(seed)
    count = repo._handle.contexts.count
    sent = repo.get("HEAD")
    for step in range(8):
        items = repo.context().items
        item, tip = chance.choice(items), repo.get("HEAD")
        verb = chance.choice(["edit", "drop", "reset", "append", "report"])
        if verb == "edit":
            text = chance.choice(["message 7", "a few words more", "word"])
            planned, made = repo.edit(item, text, dry_run=True), repo.edit(item, text)
        elif verb == "drop":
            planned, made = repo.drop(item, dry_run=True), repo.drop(item)
        elif verb == "reset":
            rev = f"HEAD~{chance.randrange(min(step + 1, sum(1 for _ in repo.log())))}"
            planned, made = repo.reset(rev, dry_run=True), repo.reset(rev)
        else:
            usage = Usage(500, 5) if verb == "report" else None
            made = repo.commit(f"answer {step}", role="assistant", usage=usage)
            planned = None
        sent = next((one for one in repo.log(tip) if one.usage), tip)
        told = repo.receipt(made, since=tip)
        assert facts(told) == facts(plain(repo.context(sent).items, items, repo.context().items, count))
        if planned is not None:
            assert planned.receipt == told
            assert planned.items == repo.context().items
            assert (planned.commit is None) == (made.id != tip.id)


def test_nothing_before_is_nothing_lost(repo: Repo) -> None:
    root = repo.receipt(repo.get("HEAD"))
    assert (root.before, root.sent, root.kept, root.baseline) == (0, 0, 0, None)
    empty = repo.forecast(())
    assert (empty.after, empty.kept, empty.share, empty.breaks_at) == (0, 0, 1.0, repo.context().items[0].id)


def test_only_what_differs_is_read(tmp_path: Path) -> None:
    with Repo.open(tmp_path / "long.trace", tokenizer=Words()) as repo:
        repo.commit([f"message {number}" for number in range(3000)])
        late = repo.context().items[2990]
    with Repo.open(tmp_path / "long.trace", tokenizer=Words()) as repo:
        edited = repo.edit(late, "other")
    with Repo.open(tmp_path / "long.trace", tokenizer=Words()) as repo:
        read: list[bytes] = []
        leaf = repo._handle.snapshots._read_leaf
        repo._handle.snapshots._read_leaf = lambda oid: read.append(oid) or leaf(oid)  # type: ignore[method-assign,func-returns-value]
        assert repo.receipt(edited).kept_items == 2990
        assert len(read) <= 4


# -- who is asked, and by which rule -----------------------------------------------------


def sent_to(repo: Repo, model: str | None) -> None:
    repo.commit("answer", role="assistant", usage=Usage(700, 5, model=model))


def test_who_spoke_last_is_asked_next(repo: Repo) -> None:
    assert repo.receipt().model is None
    sent_to(repo, "gpt-4o")
    assert repo.receipt(repo.commit("one")).model == "gpt-4o"
    sent_to(repo, "claude-opus-4-6")
    assert repo.receipt(repo.commit("two")).model == "claude-opus-4-6"
    repo.commit(replace(assistant("three"), model="gpt-4o"))  # an answer that came without its usage
    assert repo.receipt(repo.commit("four")).model == "gpt-4o"


def test_else_the_model_of_the_handle_else_that_of_the_user(tmp_path: Path, repo: Repo) -> None:
    repo.close()
    with Repo.open(tmp_path / "t.trace", tokenizer=Words(), llm="openai/gpt-4o") as given:
        assert given.receipt().model == "openai/gpt-4o"
    with Repo.open(tmp_path / "t.trace", tokenizer=Words()) as bare:
        mine = tmp_path / "mine"
        mine.write_text("[trace]\n\tmodel = gpt-4o\n", encoding="utf-8")
        bare._handle.settings = (str(tmp_path / "t.trace" / "config"), str(mine))
        assert bare.receipt().model == "gpt-4o"


def test_without_a_model_there_is_no_rule(repo: Repo) -> None:
    found = repo.receipt(repo.edit(repo.context().items[50], "x"))
    assert (found.model, found.rule, found.cacheable, found.cost) == (None, None, None, None)
    assert any("names a model" in one for one in found.unknown)


def test_without_a_rule_that_is_said(repo: Repo) -> None:
    sent_to(repo, "deepseek-chat")
    found = repo.receipt(repo.edit(repo.context().items[50], "x"))
    assert (found.model, found.rule, found.cacheable, found.cost) == ("deepseek-chat", None, None, None)
    assert any("deepseek-chat" in one for one in found.unknown)


@pytest.mark.parametrize(("place", "cacheable"), [(170, 0), (171, 1024), (191, 1024), (192, 1152)])
def test_a_rule_decides_what_is_cached(place: int, cacheable: int, repo: Repo) -> None:
    repo.commit([f"message {number}" for number in range(100)])
    sent_to(repo, "gpt-4o")
    item = repo.context().items[place]
    found = repo.edit(item, "other words", dry_run=True).receipt
    assert (found.kept, found.cacheable, found.rule) == (
        size(place),
        cacheable,
        "OpenAI: from 1,024 tokens, in steps of 128",
    )
    assert found.share == cacheable / found.after


def test_the_price_is_that_of_the_next_call_against_the_one_without_the_change(repo: Repo) -> None:
    repo.commit(["word " * 200 for _ in range(10)])
    sent_to(repo, "gpt-4o")
    before = repo.context().tokens
    found = repo.edit(repo.context().items[105], "word " * 200, dry_run=True).receipt
    assert found.cost == 0.0
    found = repo.edit(repo.context().items[105], "other " * 200, dry_run=True).receipt
    lost = (before - (before - 1024) % 128) - found.cacheable
    assert found.after == before
    assert found.cost == pytest.approx(lost * (1.0 - 0.1))


def test_what_was_not_sent_yet_is_paid_in_any_case(repo: Repo) -> None:
    repo.commit(["word " * 1000 for _ in range(10)])
    sent_to(repo, "claude-opus-4-6")
    sent = repo.context().tokens
    fresh = repo.commit("word " * 1000)
    found = repo.edit(fresh, "word " * 500, dry_run=True).receipt
    assert found.cacheable == found.kept == sent
    assert found.cost == pytest.approx(-500 * 1.25)


def test_without_a_price_there_is_no_cost(repo: Repo, listed: dict[str, Facts]) -> None:
    listed.clear()
    sent_to(repo, "gpt-4o")
    found = repo.receipt(repo.commit("one"))
    assert (found.cacheable, found.cost) == (0, None)
    assert any("costs" in one for one in found.unknown)


def test_the_size_of_the_prompt_decides_the_price(repo: Repo, listed: dict[str, Facts]) -> None:
    listed["gpt-4o"] = Facts(None, None, (PRICE._replace(written=None), Price(5000, 2.0, 10.0, 0.2, None)))
    sent_to(repo, "gpt-4o")
    short, message = repo.context().tokens, user("word " * 9000)
    long = repo.forecast([*repo.context().items, Item.of("f" * 16, "e" * 40, message)])
    assert long.cost is not None
    assert (long.after - short) * 2.0 < long.cost < long.after * 2.0


def test_tools_stand_in_front(repo: Repo) -> None:
    repo.commit(["word " * 1000 for _ in range(5)])
    repo.set_tools(TOOLS)
    sent_to(repo, "claude-opus-4-6")
    same = repo.set_tools(list(TOOLS), dry_run=True)
    assert (same.commit, same.receipt.tools_changed, same.receipt.share) == (repo.get("HEAD"), False, 1.0)
    other = repo.set_tools([], dry_run=True)
    found = other.receipt
    assert (other.commit, found.tools_changed, found.kept, found.kept_items, found.breaks_at) == (
        None,
        True,
        0,
        0,
        None,
    )
    assert (found.cacheable, found.share) == (0, 0.0)
    assert found.cost is not None
    assert found.cost > 5000
    repo.set_tools([])
    assert repo.receipt() == found
    assert repo.diff().receipt.tools_changed


def test_tools_count_towards_the_minimum(repo: Repo) -> None:
    repo.set_tools([{"type": "function", "function": {"name": "grep", "description": "word " * 1000}}])
    sent_to(repo, "gpt-4o")
    item = repo.context().items[20]
    found = repo.edit(item, "x", dry_run=True).receipt
    head = repo._handle.counter.tools(repo.tools)  # type: ignore[union-attr]
    assert 0 < found.kept < 128
    assert found.cacheable == max((head + found.kept) - (head + found.kept) % 128 - head, 0)


def test_without_a_tokenizer_nothing_is_made_up(tmp_path: Path, repo: Repo) -> None:
    sent_to(repo, "gpt-4o")
    repo.close()
    with Repo.open(tmp_path / "t.trace", tokenizer=None) as bare:
        found = bare.edit(bare.context().items[5], "x", dry_run=True).receipt
    assert (found.kept_items, found.kept, found.cacheable, found.cost) == (5, 0, None, None)
    assert any("no tokenizer" in one for one in found.unknown)


def test_planned_agrees_with_a_forecast_whatever_was_sent(repo: Repo) -> None:
    """Who knows only where the new context leaves the present one asks for the rest where that does not answer."""
    handle = repo._handle
    sent_to(repo, "gpt-4o")
    items = repo.context().items
    repo.edit(items[40], "other")
    tip = repo.get("HEAD")
    present = repo.context().items
    for after in (present[:30] + present[31:], present[:40] + items[40:], present[:40] + present[41:], present[:70]):
        same = next((at for at, (a, b) in enumerate(zip(present, after, strict=False)) if a.blob != b.blob), len(after))
        new = receipt.Next(receipt.forecast(handle, tip, after).after, len(after), ())
        blobs = [item.blob for item in after]
        assert receipt.planned(handle, tip, same, new, lambda: blobs) == receipt.forecast(handle, tip, after)  # noqa: B023
