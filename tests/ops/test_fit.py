"""Fitting a context into a budget, as an agent's loop does at each turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from trace_git import Repo, tool
from trace_git.errors import BudgetError, InvalidInputError, LLMError, StateError
from trace_git.testing import FakeLLM

from ..view.merging.lines import call, trace
from .test_compress import OUTPUT, conversation


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return conversation(tmp_path)


def test_within_the_budget_nothing_happens(repo: Repo) -> None:
    tip, tokens = repo.get("HEAD"), int(repo.context().tokens)
    made = repo.fit(tokens)
    assert (made.commit, repo.get("HEAD")) == (None, tip)
    assert made.tokens_before == tokens


def test_above_it_masks_the_latest_outputs_that_do_down_to_the_low_mark(repo: Repo) -> None:
    tokens = int(repo.context().tokens)
    made = repo.fit(tokens - 1, low=0.8, llm=False)
    assert (made.strategy, made.budget is not None) == ("mask", True)
    assert repo.context().tokens <= 0.8 * (tokens - 1)
    assert made.receipt.kept > 0.3 * tokens
    assert repo.fit(tokens - 1).commit is None


def test_it_asks_a_model_when_masking_is_not_enough(repo: Repo) -> None:
    model = FakeLLM(lambda messages: "short")
    made = repo.fit(250, llm=model)
    assert made.strategy == "summarize"
    assert repo.context().tokens <= 250 * 0.7 or repo.context().tokens <= 250
    assert model.calls


def test_a_loop_breaks_the_cache_seldom(tmp_path: Path) -> None:
    repo = trace(tmp_path)
    repo.commit("be brief", role="system")
    compressed = 0
    for number in range(40):
        repo.commit([f"question {number}", call("c"), tool(OUTPUT, "c"), "noted"])
        compressed += bool(repo.fit(2_000, llm=False))
        assert repo.context().tokens <= 2_000
    assert 1 <= compressed <= 10


def test_what_cannot_fit_is_refused_with_both_numbers(repo: Repo) -> None:
    tip = repo.get("HEAD")
    with pytest.raises(BudgetError, match=r"the budget is 100, and \d+ of them stay") as caught:
        repo.fit(100, llm=False)
    assert caught.value.budget == 100
    kept = [repo.context().items[0], *repo.context().items[21:]]
    assert caught.value.needed == sum(int(repo.count(item) or 0) for item in kept) + 3
    with pytest.raises(BudgetError, match="masking tool outputs is not enough") as caught:
        repo.fit(300, llm=False)
    assert "llm=" in str(caught.value.hint)
    assert repo.get("HEAD") == tip


def test_the_budget_is_that_of_the_status_when_none_is_given(tmp_path: Path) -> None:
    repo = conversation(tmp_path, budget=400)
    assert repo.fit(llm=False).commit is not None
    assert repo.context().tokens <= 400


def test_what_makes_no_sense_is_refused(repo: Repo, tmp_path: Path) -> None:
    for budget in (0, -1, True, 1.5):
        with pytest.raises(InvalidInputError):
            repo.fit(budget)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError):
        repo.fit(10, low=2)
    with pytest.raises(StateError, match="no budget to fit into"):
        repo.fit()
    with pytest.raises(LLMError):
        repo.fit(10, llm=True)
    (tmp_path / "x").mkdir()
    with pytest.raises(StateError, match="nobody counts"):
        conversation(tmp_path / "x", tokenizer=None).fit(10)


def test_a_dry_run_changes_nothing(repo: Repo) -> None:
    tip = repo.get("HEAD")
    plan = repo.fit(400, llm=False, dry_run=True)
    assert (plan.commit, plan.strategy, repo.get("HEAD")) == (None, "mask", tip)
