"""Stock git as a peer: the commits of a trace as a stream, and the process that imports it."""

from __future__ import annotations

import subprocess
from pathlib import Path

BRANCH = "refs/heads/main"


def export(trace: Path, stream: Path) -> None:
    """Write a trace as a fast-import stream: the same blobs, paths, messages, and therefore the same commit ids."""
    with stream.open("wb") as file:
        subprocess.run(["git", "-C", trace, "fast-export", BRANCH], check=True, stdout=file)


def make_empty(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)


def fast_import(folder: Path, stream: Path) -> None:
    with stream.open("rb") as file:
        subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], check=True, stdin=file)


def tip(folder: Path) -> str:
    return _output(folder, "rev-parse", BRANCH).strip()


def new_bytes(folder: Path, last: int) -> int:
    """Bytes (not compressed) of the objects that the last commits brought."""
    names = _output(folder, "rev-list", "--objects", "--no-object-names", BRANCH, f"^{BRANCH}~{last}")
    sizes = _output(folder, "cat-file", "--batch-check=%(objectsize)", given=names)
    return sum(map(int, sizes.split()))


def version() -> str:
    return subprocess.run(["git", "version"], check=True, capture_output=True, text=True).stdout.split()[2]


def _output(folder: Path, *arguments: str, given: str | None = None) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, input=given).stdout
