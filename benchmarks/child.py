"""One reader in a process of its own: what it times is not warmed, nor slowed, by what else a run has loaded.

``python -m benchmarks.child trace|session PATH WARM`` prints a JSON object of seconds. WARM is a tiny store of the
same kind that is read first, so that imports are not counted.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from . import data

AGAIN = 20


def main(kind: str, path: Path, warm: Path) -> dict[str, float]:
    if kind == "session":
        _read_session(warm)
        return {"cold": _seconds(lambda: _read_session(path))}
    return _trace(path, warm)


def _trace(path: Path, warm: Path) -> dict[str, float]:
    from trace_git import Repo

    def read(folder: Path) -> None:
        with Repo.open(folder, create=False) as repo:
            _ = repo.materialize().output

    def look(folder: Path, look: Callable[[Any], object]) -> None:
        with Repo.open(folder, create=False) as repo:
            look(repo)

    def log(repo: Repo) -> None:
        list(repo.log(limit=50))

    for folder in (warm, warm):
        read(folder)
        look(folder, log)
        look(folder, Repo.status)
    found = {
        "status, opened": _seconds(lambda: look(path, Repo.status)),
        "log, opened": _seconds(lambda: look(path, log)),
        "cold": _seconds(lambda: read(path)),
    }
    with Repo.open(path, create=False) as repo:
        _ = repo.materialize().output
        samples = []
        for message in data.messages(AGAIN, salt=7):
            repo.commit(message)
            samples.append({**_again(repo), "status": _seconds(repo.status), "log": _seconds(partial(log, repo))})
    return found | {name: statistics.median(sample[name] for sample in samples) for name in samples[0]}


def _again(repo: Any) -> dict[str, float]:
    begin = time.perf_counter()
    prompt = repo.materialize()
    made = time.perf_counter()
    _ = prompt.digest
    hashed = time.perf_counter()
    _ = prompt.output
    return {"again": made - begin, "again, digest": hashed - made, "again, output": time.perf_counter() - hashed}


def _read_session(path: Path) -> None:
    from .stores import SqliteSession

    session = SqliteSession(path)
    session.read()
    session.close()


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
