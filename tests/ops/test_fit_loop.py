"""Fitting in an agent's loop where something is not as it should be: another count than ours, a model that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo, tool
from trace_git.errors import BudgetError, LLMError
from trace_git.model import Usage
from trace_git.testing import FakeLLM

from ..view.merging.lines import call, trace

OUTPUT = "word " * 60


def conversation(tmp_path: Path, turns: int = 6) -> Repo:
    repo = trace(tmp_path)
    repo.commit("be brief", role="system")
    for number in range(turns):
        repo.commit([f"question {number} src/app{number}.py", call("c"), tool(OUTPUT, "c"), f"answer {number} " * 5])
    return repo


def test_what_the_api_reported_is_the_size(tmp_path: Path) -> None:
    """Our tokenizer counts half of what the model's does: the limit is the model's."""
    repo = conversation(tmp_path)
    counted = int(repo.context().tokens)
    prompt = repo.materialize()
    repo.commit("noted", role="assistant", usage=Usage(prompt=2 * counted, completion=2), prompt=prompt)
    limit = counted + counted // 2
    assert repo.status().reported > limit > repo.context().tokens
    made = repo.fit(limit, llm=FakeLLM(lambda messages: "short"), low=0.9)
    assert made.commit is not None
    assert repo.status().reported is not None
    assert repo.status().reported <= limit
    assert repo.fit(limit, llm=False).commit is None
    with pytest.raises(BudgetError, match=f"the budget is {counted - 200:,}"):
        repo.fit(counted - 200, llm=False)


def test_a_report_of_less_than_is_counted_is_not_all_that_is_met(tmp_path: Path) -> None:
    """More goes than the API was sent by its report, which then says nothing any more."""
    repo = conversation(tmp_path)
    counted = int(repo.context().tokens)
    prompt = repo.materialize()
    repo.commit("noted", role="assistant", usage=Usage(prompt=counted // 2, completion=2), prompt=prompt)
    limit = counted // 3
    made = repo.fit(limit, llm=FakeLLM(lambda messages: "short"))
    assert made.commit is not None
    assert repo.materialize().tokens <= limit
    assert repo.fit(limit, llm=False).commit is None


def test_to_fit_is_not_deceived_by_a_report_of_less(tmp_path: Path) -> None:
    repo = conversation(tmp_path)
    repo.commit("word " * 30_000)
    repo.commit("noted", role="assistant", usage=Usage(prompt=10_000, completion=2), prompt=repo.materialize())
    repo.commit(["and?", call("c"), tool(OUTPUT, "c")])
    made = repo.compress(to_fit="gpt-4", summary="short", keep_last=1)
    assert made.commit is not None
    assert made.budget is not None
    assert made.budget < 8_192
    assert repo.materialize().tokens <= 8_192


@pytest.mark.parametrize("says", [RuntimeError("it is down"), "", "nothing of use"])
def test_a_model_that_fails_does_not_stop_the_loop_where_masking_does(tmp_path: Path, says: Any) -> None:
    repo = conversation(tmp_path)
    limit = int(repo.context().tokens) - 180  # masking comes below it, and not to the low mark
    model = FakeLLM(lambda messages: says)
    made = repo.fit(limit, llm=model, retention=0.9)
    assert (made.strategy, bool(made.commit)) == ("mask", True)
    assert repo.context().tokens <= limit
    assert [one.severity for one in made.findings if one.kind == "llm"] == ["warning"]
    assert model.calls


def test_one_that_fails_where_nothing_else_does_is_an_error_and_asked_once(tmp_path: Path) -> None:
    repo = conversation(tmp_path)
    tip, model = repo.get("HEAD"), FakeLLM(lambda messages: RuntimeError("it is down"))
    with pytest.raises(LLMError, match="it is down"):
        repo.fit(250, llm=model)
    assert len(model.calls) == 1
    assert repo.get("HEAD") == tip
