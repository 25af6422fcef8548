from __future__ import annotations

import json
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "trace_git" / "samples"
HOSTILE = "a\x1b]52;c;QQ==\x07\u202eb\x9bc\rd\n"


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "Be brief.")
    trace("commit", "Hello", "-m", "greeting")
    return trace


def test_openai_is_the_default(filled):
    assert json.loads(filled("materialize").out) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
    ]


def test_anthropic(filled):
    output = json.loads(filled("materialize", "--as", "anthropic").out)
    assert output["system"]
    assert [message["role"] for message in output["messages"]] == ["user"]


def test_text_and_xml_are_the_very_output_of_python(filled, here):
    from trace_git import Repo

    with Repo.open(here / ".trace") as repo:
        for shape in ("text", "xml"):
            assert filled("materialize", "--as", shape).out == repo.materialize(materializer=shape).output


def test_an_older_revision(filled):
    assert len(json.loads(filled("materialize", "HEAD~1").out)) == 1


def test_json_has_digest_and_tokens(filled):
    shape = filled("materialize", "--json").json
    assert shape["schema_version"] == 1
    assert len(shape["digest"]) == 64
    assert shape["tokens"] > 0
    assert shape["output"][1]["content"] == "Hello"


def test_an_unknown_form_is_refused_with_those_that_exist(filled):
    done = filled("materialize", "--as", "yaml")
    assert done.code == 2
    assert "'yaml'" in done.err
    assert "anthropic" in done.err


def test_a_pipe_and_a_file_get_exact_bytes_a_terminal_safe_text(trace, terminal, here):
    trace("commit", HOSTILE)
    assert HOSTILE.encode() in trace("materialize", "--as", "text").data
    assert trace("materialize", "--as", "text", "-o", "out.txt").out == ""
    assert HOSTILE.encode() in (here / "out.txt").read_bytes()
    shown = terminal("materialize", "--as", "text").out
    assert "a\\x1b]52;c;QQ==\\x07\\u202eb\\x9bc\\rd" in shown
    assert not set("\x1b\x07\u202e\x9b\r") & set(shown)


def test_a_file_that_cannot_be_written(filled, here):
    done = filled("materialize", "-o", "no/such/folder/out")
    assert done.code == 7
    assert "no/such/folder/out" in done.err


def test_an_orphaned_result_is_refused_or_left_out(trace):
    trace("commit", "Hello")
    trace("commit", "--messages", '{"role": "tool", "tool_call_id": "lost", "content": "42"}')
    refused = trace("materialize")
    assert refused.code == 6
    assert refused.out == ""
    mended = trace("materialize", "--repair")
    assert mended.code == 0
    assert "warning: " in mended.err
    assert json.loads(mended.out) == [{"role": "user", "content": "Hello"}]


def test_an_empty_trace_is_an_empty_prompt(trace):
    done = trace("materialize")
    assert done.code == 0
    assert json.loads(done.out) == []


@pytest.mark.parametrize("format_", ["openai", "anthropic"])
def test_what_is_exported_can_be_imported(filled, format_, here):
    assert filled("export", "--format", format_, "-o", "out.json").code == 0
    before = filled("materialize", "--as", "text").out
    assert filled("init", "second.trace").code == 0
    assert filled("-C", "second.trace", "import", str(here / "out.json")).code == 0
    assert filled("-C", str(here / "second.trace"), "materialize", "--as", "text").out == before


def test_export_of_an_unknown_format(filled):
    done = filled("export", "--format", "word")
    assert done.code == 2
    assert "openai" in done.err


def test_export_as_json(filled):
    shape = filled("export", "--json").json
    assert shape["format"] == "openai"
    assert json.loads(shape["text"])
