"""Tokenizers by name: offline, checked, without litellm, and not to be broken by odd text."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import tiktoken
import tiktoken.load

from trace_git.errors import NotFoundError, StateError
from trace_git.view import encodings

public = importlib.import_module("tiktoken_ext.openai_public")
EXACT = [name for name in encodings.NAMES if name != "estimate"]


@pytest.fixture
def own_folder(tmp_path: Path) -> str:
    """A folder in the layout of tiktoken's cache, which no test has built an encoding from."""
    for name in EXACT:
        (tmp_path / encodings._TABLES[name].file).write_bytes(encodings._read(name, None))
    return str(tmp_path)


@pytest.fixture
def no_litellm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)


# The examples of OpenAI's cookbook page on counting with tiktoken.
@pytest.mark.parametrize(
    ("text", "p50k", "cl100k", "o200k"),
    [
        ("antidisestablishmentarianism", 5, 6, 6),
        ("2 + 2 = 4", 5, 7, 7),
        ("お誕生日おめでとう", 14, 9, 8),
        ("", 0, 0, 0),
    ],
)
def test_counts_are_those_openai_publishes(text: str, p50k: int, cl100k: int, o200k: int) -> None:
    counts = [encodings.load(name).count(text) for name in ("p50k_base", "cl100k_base", "o200k_base")]
    assert counts == [p50k, cl100k, o200k]


@pytest.mark.parametrize("name", EXACT)
def test_a_table_is_the_one_tiktoken_expects(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def record(address: str, expected_hash: str) -> dict[bytes, int]:
        asked.append((hashlib.sha1(address.encode()).hexdigest(), expected_hash))
        return {}

    monkeypatch.setattr(public, "load_tiktoken_bpe", record)
    getattr(public, name)()
    assert asked == [tuple(encodings._TABLES[name])]


@pytest.mark.parametrize("name", EXACT)
def test_a_table_is_read_as_tiktoken_reads_it(name: str, own_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")  # tiktoken reads the file where it lies
    path = os.path.join(own_folder, encodings._TABLES[name].file)
    ours = encodings._ranks(Path(path).read_bytes())
    assert ours == tiktoken.load.load_tiktoken_bpe(path)


def test_counting_needs_no_network_and_imports_no_litellm() -> None:
    program = """
import socket, sys
def refuse(*args, **kwargs): raise AssertionError("the network was asked for")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from trace_git.view.encodings import load
tokenizers = [load(name) for name in ("o200k_base", "cl100k_base", "p50k_base", "estimate")]
assert "tiktoken" not in sys.modules, "loaded before the first count"
assert [tokenizer.count("hello world") for tokenizer in tokenizers] == [2, 2, 2, 3]
print(sorted({"litellm", "openai", "httpx", "requests"} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


def test_a_folder_of_ones_own_is_enough(own_folder: str, no_litellm: None) -> None:
    assert encodings.load("o200k_base", folder=own_folder).count("hello world") == 2


def test_no_table_says_what_to_install(tmp_path: Path, no_litellm: None) -> None:
    tokenizer = encodings.load("o200k_base", folder=str(tmp_path))
    with pytest.raises(StateError, match="no token table for o200k_base") as caught:
        tokenizer.count("x")
    assert "pip install" in str(caught.value.hint)
    assert "estimate" in str(caught.value.hint)


def test_no_tiktoken_says_what_to_install(own_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    with pytest.raises(StateError, match="tiktoken is not installed"):
        encodings.load("o200k_base", folder=own_folder).count("x")


def test_a_damaged_table_is_refused_and_left_alone(own_folder: str) -> None:
    path = Path(own_folder, encodings._TABLES["cl100k_base"].file)
    damaged = path.read_bytes().replace(b"IQ== 0\n", b"IQ== 1\n", 1)
    path.write_bytes(damaged)
    with pytest.raises(StateError, match="sha256") as caught:
        encodings.load("cl100k_base", folder=own_folder).count("x")
    assert str(path) in str(caught.value)
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(("name", "hint"), [("o200k", "o200k_base"), ("cl100_base", "cl100k_base"), ("", "estimate")])
def test_an_unknown_name_gets_a_suggestion(name: str, hint: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        encodings.load(name)
    assert hint in str(caught.value.hint)


def test_eight_threads_build_it_once(own_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    plain = tiktoken.Encoding

    def slowly(name: str, **recipe: object) -> tiktoken.Encoding:
        built.append(name)
        time.sleep(0.05)
        return plain(name, **recipe)  # type: ignore[arg-type]

    monkeypatch.setattr(tiktoken, "Encoding", slowly)
    start, counts = threading.Barrier(8), []

    def count() -> None:
        tokenizer = encodings.load("cl100k_base", folder=own_folder)
        start.wait()
        counts.append(tokenizer.count("hello world"))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [2] * 8
    assert built == ["cl100k_base"]


@pytest.mark.parametrize("name", EXACT)
def test_special_tokens_in_a_text_are_ordinary_text(name: str) -> None:
    assert encodings.load(name).count("<|endoftext|>") > 3


@pytest.mark.parametrize(
    ("name", "before", "space"),
    [
        ("o200k_base", "x", " "),
        ("cl100k_base", "x", " "),
        ("p50k_base", "x", " "),
        ("p50k_base", "", "\n"),
        ("o200k_base", "", "\t"),
        ("o200k_base", "", "\u3000"),
    ],
)
def test_an_endless_run_of_space_is_counted_and_marked(name: str, before: str, space: str) -> None:
    text = before + space * 1_100_000 + "y"
    count = encodings.load(name).count(text)
    assert 1_000 < count <= 3 * len(text)
    assert getattr(count, "exact", True) is False
    assert count == encodings.load(name).count(text)


@pytest.mark.parametrize("text", ["a" * 1_000_000, "^" * 1_000_000, "的" * 1_000_000, "ab cd\n" * 200_000])
def test_long_text_is_counted_in_time_and_exactly(text: str) -> None:
    tokenizer = encodings.load("o200k_base")
    tokenizer.count("")
    before = time.perf_counter()
    count = tokenizer.count(text)
    assert time.perf_counter() - before <= 5
    assert type(count) is int


def test_a_run_that_tiktoken_can_count_is_not_cut() -> None:
    text = "x" + " " * 240_000 + "y" * 300_000
    assert encodings.load("o200k_base").count(text) == len(tiktoken_encoding().encode_ordinary(text))


def tiktoken_encoding() -> tiktoken.Encoding:
    return encodings._build("o200k_base", None)


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("abc", 1), ("abcd", 1), ("abcde", 2), ("日本", 2)])
def test_the_estimator_takes_four_bytes_a_token(text: str, tokens: int) -> None:
    count = encodings.load("estimate").count(text)
    assert count == tokens
    assert getattr(count, "exact", True) is False
