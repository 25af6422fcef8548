"""Rows about compressing: a plan for a long context, on a handle that has worked there and on a fresh one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from . import data
from .bench import Bench, Row, Work, seconds

PLANS = {"mask": {"strategy": "mask"}, "auto": {"budget": 20_000}}


def compresses(bench: Bench) -> list[Row]:
    """The time of ``compress(dry_run=True)``; of a compress and of expanding it again."""
    size = bench.sizes.large
    folder = _filled(bench, size)
    works: dict[str, Work] = {f"plan {name}": partial(_plan, folder, name) for name in PLANS}
    works |= {"fresh": partial(_fresh, folder), "mask": partial(_mask, folder), "expand": partial(_expand, folder)}
    took = bench.interleave(f"compress of {size:,}", works)
    ms = {name: took.median(name) * 1e3 for name in works}
    what = f"of {size:,} items"
    return [
        *[Row(f"planning a compress {what}, {name}: open handle", f"{ms[f'plan {name}']:.0f} ms", "", "",
              ("≤ 50 ms", ms[f"plan {name}"] <= 50)) for name in PLANS],
        Row(f"planning a compress {what}: opened for it", f"{ms['fresh']:.0f} ms", "", ""),
        Row(f"masking {what}", f"{ms['mask']:.0f} ms", "", ""),
        Row(f"expanding that {what}", f"{ms['expand']:.0f} ms", "", ""),
    ]  # fmt: skip


def _filled(bench: Bench, size: int) -> Path:
    from trace_git import Repo

    folder, messages = bench.fresh(".trace"), data.messages(size)
    with Repo.open(folder, durability="os") as repo, repo.batch():
        for start in range(0, size, 1000):
            repo.commit(messages[start : start + 1000])
    return folder


def _plan(folder: Path, name: str) -> float:
    """A handle that has planned here before, as that of an agent's loop has."""
    from trace_git import Repo

    with Repo.open(folder) as repo:
        repo.compress(dry_run=True, llm=False, **PLANS[name])  # type: ignore[arg-type]
        return seconds(lambda: repo.compress(dry_run=True, llm=False, **PLANS[name]))  # type: ignore[arg-type]


def _fresh(folder: Path) -> float:
    from trace_git import Repo

    with Repo.open(folder) as repo:
        return seconds(lambda: repo.compress(dry_run=True, strategy="mask"))


def _mask(folder: Path) -> float:
    from trace_git import Repo

    with Repo.open(folder) as repo:
        repo.compress(dry_run=True, strategy="mask")
        took = seconds(lambda: repo.compress(strategy="mask"))
        repo.undo()
        return took


def _expand(folder: Path) -> float:
    from trace_git import Repo

    with Repo.open(folder) as repo:
        made = repo.compress(strategy="mask")
        took = seconds(lambda: repo.expand(made.id or ""))
        repo.undo()
        repo.undo()
        return took
