"""Windows of models: from the price list that litellm brings, read once and remembered."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trace_git import pricelist
from trace_git.view import models

LIST = {
    "sample_spec": {"max_input_tokens": "max input tokens, if the provider specifies it"},
    "gpt-4o": {"max_input_tokens": 128_000},
    "gpt-4o-2024-08-06": {"max_input_tokens": 127_000},
    "claude-3-5-sonnet-20240620": {"max_input_tokens": 199_000},
    "claude-3-5-sonnet-20241022": {"max_input_tokens": 200_000},
    "claude-sonnet-4-5": {"max_input_tokens": 200_001},
    "anthropic.claude-sonnet-4-20250514-v1:0": {"max_input_tokens": 200_002},
    "openrouter/some/model": {"max_input_tokens": 32_000},
    "deepseek-v3": {"max_input_tokens": 64_000},
    "no-window": {"max_tokens": 10},
    "bad-window": {"max_input_tokens": -1},
    "strange": 7,
}


@pytest.mark.parametrize(
    ("model", "window"),
    [
        ("gpt-4o", 128_000),
        ("GPT-4o", 128_000),
        ("openai/gpt-4o", 128_000),
        ("gpt-4o-2024-08-06", 127_000),
        ("gpt-4o-2024-11-20", 128_000),
        ("azure/eu/gpt-4o-2024-11-20", 128_000),
        ("claude-sonnet-4-5-20250929", 200_001),
        ("anthropic/claude-sonnet-4-5-20250929", 200_001),
        ("claude-sonnet-4-5@20250929", 200_001),
        ("vertex_ai/claude-sonnet-4-5-latest", 200_001),
        ("claude-3-5-sonnet", 200_000),
        ("claude-3-5-sonnet-latest", 200_000),
        ("anthropic.claude-sonnet-4-20250514-v1:0", 200_002),
        ("bedrock/anthropic.claude-sonnet-4-20250514-v1:0", 200_002),
        ("openrouter/some/model", 32_000),
        ("openrouter/some/model:free", 32_000),
        ("deepseek-v3", 64_000),
        ("deepseek", None),
        ("no-window", None),
        ("bad-window", None),
        ("strange", None),
        ("sample_spec", None),
        ("<synthetic>", None),
        ("", None),
        ("/", None),
    ],
)
def test_names_as_providers_write_them(model: str, window: int | None) -> None:
    assert pricelist.facts(LIST, model).window == window


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose price list is LIST."""
    package = tmp_path / "litellm"
    package.mkdir()
    (package / "model_prices_and_context_window_backup.json").write_text(json.dumps(LIST))
    monkeypatch.setattr(pricelist, "folder", lambda: str(package))
    return package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.trace" / "trace" / "cache").mkdir(parents=True)
    (tmp_path / "t.trace" / "trace" / "tmp").mkdir()
    return tmp_path / "t.trace"


def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """One entry for each time that the list is read."""
    times: list[Any] = []
    real = json.load
    monkeypatch.setattr(json, "load", lambda stream: times.append(1) or real(stream))  # type: ignore[func-returns-value]
    return times


def test_the_list_is_read_once(package: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = parsed(monkeypatch)
    for _ in range(3):
        assert models.window("gpt-4o", folder=str(folder)) == 128_000
        assert models.window("unknown", folder=str(folder)) is None
    assert len(times) == 2  # one for each name


def test_another_list_is_looked_at_again(package: Path, folder: Path) -> None:
    assert models.window("gpt-4o", folder=str(folder)) == 128_000
    path = package / "model_prices_and_context_window_backup.json"
    path.write_text(json.dumps({"gpt-4o": {"max_input_tokens": 5}}))
    assert models.window("gpt-4o", folder=str(folder)) == 5


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_cache_is_no_answer(damage: bytes | None, package: Path, folder: Path) -> None:
    assert models.window("gpt-4o", folder=str(folder)) == 128_000
    cache = folder / "trace" / "cache" / "models"
    whole = cache.read_bytes()
    for place in range(len(whole)):
        flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        cache.write_bytes(flipped if damage is None else damage)
        assert models.window("gpt-4o", folder=str(folder)) == 128_000


def test_a_trace_that_cannot_be_written_is_no_trouble(package: Path, folder: Path) -> None:
    assert models.window("gpt-4o", folder=str(folder), readonly=True) == 128_000
    assert os.listdir(folder / "trace" / "cache") == []
    assert models.window("gpt-4o", folder=str(folder / "not" / "there"), readonly=True) == 128_000


@pytest.mark.parametrize("text", ["", "[]", "{", '{"gpt-4o": {"max_input_tokens": "many"}}'])
def test_a_strange_list_knows_no_windows(text: str, package: Path, folder: Path) -> None:
    (package / "model_prices_and_context_window_backup.json").write_text(text)
    assert models.window("gpt-4o", folder=str(folder)) is None


def test_without_the_package_no_window_is_known(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pricelist, "folder", lambda: None)
    monkeypatch.setattr(builtins, "open", None)
    assert models.window("gpt-4o", folder=str(folder)) is None


def test_the_real_list_is_found_without_importing_anything_heavy(folder: Path) -> None:
    pytest.importorskip("tiktoken")
    if pricelist.folder() is None:
        pytest.skip("litellm is not installed")
    code = (
        "import sys; from trace_git.view import models; "
        f"print(models.window('anthropic/claude-sonnet-4-5-20250929', folder={str(folder)!r})); "
        "print({'litellm', 'openai', 'httpx', 'tiktoken'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    window, heavy = done.stdout.splitlines()
    assert int(window) >= 200_000
    assert heavy == "set()"
