"""Code blocks of the pages, and what runs them. ``…`` in an expected output stands for what differs from run to run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of each code block of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run_console(tour: str) -> None:
    """Run each ``$`` line in the present folder: its stdout is what stands below it."""
    steps = re.split(r"^\$ ", tour, flags=re.MULTILINE)[1:]
    assert steps
    for step in steps:
        line, _, expected = step.partition("\n")
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"$ {line}\n{done.stderr}"
        pattern = "\n".join(map(_pattern, expected.rstrip("\n").split("\n")))
        assert re.fullmatch(pattern, done.stdout.rstrip("\n")), f"$ {line}\n{done.stdout}"


def _pattern(line: str) -> str:
    """One line of output; a line that is ``…`` and nothing else stands for any number of lines."""
    return "(?s:.*)" if line == "…" else ".*?".join(map(re.escape, line.split("…")))


def run_python(code: str) -> str:
    """Run it with warnings as errors; what it printed."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def broken_links(page: str) -> list[str]:
    """Links of a page that lead to no file and no heading."""
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:)([^)\s]+)\)", path.read_text(encoding="utf-8"))
    return [link for link in links if not _leads(path, link)]


def _leads(path: Path, link: str) -> bool:
    target, _, heading = link.partition("#")
    found = path.parent / target if target else path
    if not found.exists() or not heading:
        return found.exists()
    titles = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
    return heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
