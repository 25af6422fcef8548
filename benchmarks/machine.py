"""The machine and the versions a run was made with: a figure without them says nothing."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from importlib import metadata
from pathlib import Path

from . import data, git

PEERS = ("openai-agents", "langgraph-checkpoint-sqlite")
MISSING = "missing"


def describe(folder: Path) -> dict[str, str]:
    """What the table is headed with; ``folder`` is where the stores are written."""
    versions = {"git": git.version(), "SQLite": sqlite3.sqlite_version, **{name: package(name) for name in PEERS}}
    return {
        "machine": f"{_cpu()}, {os.cpu_count()} cores, {_memory()} GB, {platform.system()} {platform.release()}",
        "disk": f"{_file_system(folder)}, fdatasync of 4 KB {_sync_latency(folder) * 1e6:.0f} µs (median of 300)",
        "load": f"{os.getloadavg()[0]:.1f} when the run began",
        "python": platform.python_version(),
        "peers": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "messages": data.source(),
    }


def package(name: str) -> str:
    """The installed version, or ``MISSING``."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return MISSING


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _file_system(folder: Path) -> str:
    """Type of the file system that holds ``folder``, by the longest mount point above it."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "unknown file system"
    rows = [line.split()[1:3] for line in mounts.read_text().splitlines()]
    above = [(len(point), kind) for point, kind in rows if folder.resolve().is_relative_to(point)]
    return max(above)[1]


def _sync_latency(folder: Path) -> float:
    path = folder / "sync"
    taken = []
    with path.open("wb") as file:
        file.write(bytes(4096 * 300))
        os.fsync(file.fileno())
        file.seek(0)
        for _ in range(300):
            file.write(os.urandom(4096))
            file.flush()
            begin = time.perf_counter()
            getattr(os, "fdatasync", os.fsync)(file.fileno())
            taken.append(time.perf_counter() - begin)
    path.unlink()
    return statistics.median(taken)
