"""Real conversations masked to half of their tokens, where their tool outputs allow: the table of docs/compression.md.

``python -m benchmarks.masking FOLDER`` takes a folder of transcripts, one set in each of its folders.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trace_git import Repo
from trace_git.errors import BudgetError, TraceError
from trace_git.ops.compress import sight


@dataclass
class Sum:
    """The conversations of one set: how many, how many of them came down to half, tokens, and what it took."""

    conversations: int = 0
    halved: int = 0
    before: int = 0
    outputs: int = 0
    after: int = 0
    seconds: float = 0.0

    def row(self, name: str) -> str:
        share, left = self.outputs / self.before, self.after / self.before
        return (f"| {name} | {self.conversations} | {self.before:,} | {share:.0%} | {self.after:,} | {left:.0%} | "
                f"{self.halved} | {1e3 * self.seconds / self.conversations:.0f} ms |")  # fmt: skip


HEAD = """\
| set | conversations | tokens | of these tool output | after masking | left | halved | time each |
|---|---|---|---|---|---|---|---|"""


def main() -> None:
    folder = Path(sys.argv[1])
    print(HEAD)
    whole = Sum()
    for name in sorted(path.name for path in folder.iterdir() if path.is_dir()):
        found = Sum()
        for path in sorted(one for one in (folder / name).rglob("*") if one.is_file()):
            _file(path, found, whole)
        if found.before:
            print(found.row(name))
    print(whole.row("all"))


def _file(path: Path, *sums: Sum) -> None:
    with tempfile.TemporaryDirectory() as scratch, Repo.open(Path(scratch) / "t.trace", durability="os") as repo:
        try:
            repo.import_file(path)
        except TraceError:  # a recording that is no conversation
            return
        tips = {branch.commit: branch.name for branch in repo.branches()}
        for name in tips.values():
            repo.checkout(name)
            _conversation(repo, sums)


def _conversation(repo: Repo, sums: tuple[Sum, ...]) -> None:
    before = int(repo.context().tokens)
    seen = sight(repo._handle)
    outputs = seen.tokens(seen.results)
    start = time.perf_counter()
    halved = any(_masked(repo, budget) for budget in _budgets(repo, before))
    took = time.perf_counter() - start
    after = int(repo.context().tokens)
    for one in sums:
        one.conversations += 1
        one.halved += halved and after * 2 <= before
        one.before += before
        one.outputs += outputs
        one.after += after
        one.seconds += took


def _budgets(repo: Repo, before: int) -> Iterator[int | None]:
    """What the range may have for the context to be half as large; then as small as masking gets it."""
    size = int(repo.compress(keep_last=0, strategy="mask", dry_run=True).tokens_before)
    if (budget := size - (before - before // 2)) > 0:
        yield budget
    yield None


def _masked(repo: Repo, budget: int | None) -> bool:
    try:
        return bool(repo.compress(keep_last=0, strategy="mask", budget=budget))
    except BudgetError:
        return False


if __name__ == "__main__":
    main()
