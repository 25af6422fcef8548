"""The bench: where things are built, how they are timed, and what a row of the table is.

Contestants take turns within each round, so that a busy minute of the machine falls on all of them. A figure is the
median over the rounds; a ratio is the median of the ratios within each round. Knows no store and no peer.
"""

from __future__ import annotations

import gc
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

Work = Callable[[], float]  # does one measurement and returns what it found


class Samples(dict[str, list[float]]):
    """What each contestant took, round by round."""

    def median(self, name: str) -> float:
        return statistics.median(self[name])

    def ratio(self, over: str, under: str) -> float:
        """How many times ``over`` is as much as ``under``."""
        return statistics.median(a / b for a, b in zip(self[over], self[under], strict=True))


@dataclass(frozen=True)
class Row:
    """One line of the table. ``least`` and ``aim`` are the goals in words, and whether they are met; "" is no goal."""

    work: str
    trace: str
    peer: str
    ratio: str
    least: tuple[str, bool] = ("", True)
    aim: tuple[str, bool] = ("", True)

    @property
    def verdict(self) -> str:
        if not self.least[0]:
            return "reported"
        if not self.least[1]:
            return "missed"
        return "aim" if self.aim[1] else "at least"


@dataclass(frozen=True)
class Sizes:
    """How much work a run does."""

    rounds: int = 3
    small: int = 1_000
    large: int = 10_000
    huge: int = 100_000

    @classmethod
    def quick(cls) -> Sizes:
        return cls(rounds=2, small=500, large=2_000, huge=10_000)


@dataclass
class Bench:
    """One run: its sizes, its scratch folder, and every sample taken."""

    sizes: Sizes
    scratch: Path
    samples: dict[str, list[float]] = field(default_factory=dict)
    _number: int = 0

    def fresh(self, suffix: str = "") -> Path:
        """A path in the scratch folder where nothing is yet."""
        self._number += 1
        return self.scratch / f"{self._number:04}{suffix}"

    def interleave(self, title: str, works: Mapping[str, Work], *, rounds: int | None = None) -> Samples:
        """What each work took in rounds in which all take turns. What the harness holds by then, messages and peers, is
        kept out of the garbage collections that fall into somebody's time: a program has none of it."""
        found = Samples({name: [] for name in works})
        for number in range(rounds or self.sizes.rounds):
            for name, work in works.items():
                note(f"{title}: round {number + 1}, {name}")
                gc.collect()
                gc.freeze()
                found[name].append(work())
                gc.unfreeze()
        self.samples.update({f"{title}: {name}": values for name, values in found.items()})
        return found

    def noisy(self) -> list[str]:
        """What took twice as long in its slowest round as in its fastest: the machine was not quiet."""
        return [name for name, values in self.samples.items() if max(values) > 2 * min(values) > 0]


def seconds(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder on the file system of the checkout (a tmpfs has no syncs), gone afterwards and unseen by git."""
    folder = Path(tempfile.mkdtemp(prefix="scratch-", dir=Path(__file__).parent))
    (folder / ".gitignore").write_text("*\n")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def disk_use(path: Path) -> int:
    """Bytes allocated below ``path``, as du counts; for a database also the files beside it (``-wal``)."""
    files = [*path.rglob("*"), path] if path.is_dir() else list(path.parent.glob(f"{path.name}*"))
    return sum(file.lstat().st_blocks * 512 for file in files)


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()


@cache
def _on_terminal() -> bool:
    return sys.stderr.isatty()


def note(text: str) -> None:
    """Progress, on stderr: one line that overwrites itself on a terminal, nothing elsewhere."""
    if _on_terminal():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()
