"""docs/llm.md: its Python blocks run, and what it says of numbers is what the code has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from trace_git import llm
from trace_git.llm import retries

PAGE = (Path(__file__).parents[2] / "docs" / "llm.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS)
def test_python(code):
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_first_block_gets_an_answer(capsys):
    exec(BLOCKS[0], {})
    assert capsys.readouterr().out == "Four.\n"


def test_the_numbers():
    assert f"within {llm.DEADLINE:.0f} seconds" in PAGE
    assert f"more than {llm.LIMIT:,} characters" in PAGE
    assert f"is no JSON | {retries.ATTEMPTS} |" in PAGE
    assert llm.MODEL_VARIABLE in PAGE
