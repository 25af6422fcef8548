"""The cheaper range that a plan names: it can be given as it stands, meets what was asked for, and keeps more."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from trace_git import tool
from trace_git.errors import BudgetError, StateError

from ..view.merging.lines import call, trace


@pytest.mark.parametrize("strategy", ["mask", "summarize"])
@pytest.mark.parametrize("as_items", [False, True], ids=["range", "items"])
def test_it_can_be_given_and_brings_the_context_down_as_far(tmp_path: Path, strategy: str, as_items: bool) -> None:
    random, named = Random(7), 0
    for number in range(8):
        (folder := tmp_path / str(number)).mkdir()
        repo = trace(folder)
        with repo.batch():
            for _ in range(random.randint(5, 14)):
                repo.commit("word " * random.randint(1, 20))
                if random.random() < 0.6:
                    repo.commit([call("c"), tool("out " * random.randint(40, 90), "c"), "noted"])
        for _ in range(2):
            repo.pin(random.choice(repo.context().items))
        repo.pin(repo.context().items[-1])
        for budget in random.sample(range(30, 600), 6):
            how = {"strategy": strategy, "keep_last": 0, "llm": lambda messages: "ok"}
            total = int(repo.context().tokens)
            try:
                plan = repo.compress(budget=budget, dry_run=True, **how)  # type: ignore[arg-type]
            except (BudgetError, StateError):
                continue
            if (found := plan.recommended) is None:
                continue
            named += 1
            wanted = list(found.items) if as_items else found.range
            made = repo.compress(wanted, budget=found.budget, **how)  # type: ignore[arg-type]
            assert made.commit is not None
            assert repo.context().tokens <= total - (plan.tokens_before - budget)
            assert made.receipt.kept > plan.receipt.kept
            repo.undo()
    assert named >= 4
