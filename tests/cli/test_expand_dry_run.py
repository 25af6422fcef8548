"""``trace expand --dry-run``, and the cache receipt of an expand."""

from __future__ import annotations

import pytest


@pytest.fixture
def compressed(trace):
    """Three long messages, a summary of the first two."""
    for word in ("one", "two", "three"):
        trace("commit", f"{word} " * 30, "-m", word)
    assert trace("compress", "HEAD~1", "--summary", "Both.").code == 0
    return trace


def known(trace):
    return trace("op", "log", "--json").json["operations"], trace("ls", "--json").json["items"]


def compress_id(trace):
    return trace("expand", "--json").json["compressions"][0]["id"]


def test_it_says_what_would_come_back(compressed):
    made, before = compress_id(compressed), known(compressed)
    planned = compressed("expand", made, "--dry-run", "--json").json
    shown = compressed("expand", made[:8], "--dry-run")
    assert known(compressed) == before
    assert planned["dry_run"]
    assert sorted(one["kinds"][0] for one in planned["changes"]) == ["added", "added", "removed"]
    lines = shown.out.splitlines()
    assert lines[0] == "Would expand in main"
    assert "cache: 0 of " in shown.out
    done = compressed("expand", made, "--json").json
    assert done["receipt"] == planned["receipt"]
    assert done["receipt"]["after"] > done["receipt"]["before"]


def test_an_expand_says_its_receipt_in_one_line(compressed):
    done = compressed("expand", compress_id(compressed))
    assert done.code == 0
    assert [line.partition(":")[0] for line in done.out.splitlines()][1:] == ["cache"]


@pytest.mark.parametrize("words", [["--dry-run"], ["HEAD", "--peek", "--dry-run"]])
def test_wrong_usage(compressed, words):
    assert compressed("expand", *words).code == 2


@pytest.mark.parametrize("words", [["nothing"], ["0123456789abcdef"], ["HEAD", "--only", "0123"], ["HEAD", "-m", ""]])
def test_it_is_refused_as_the_command_is(compressed, words):
    dry, real = compressed("expand", *words, "--dry-run"), compressed("expand", *words)
    assert dry.code == real.code != 0
    assert (dry.out, dry.err) == ("", real.err)
