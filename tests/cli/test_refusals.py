"""Bad names, revisions and surroundings: each is refused with one line and the right code, and changes nothing."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time

import pytest

from trace_git import Repo
from trace_git.cli import app
from trace_git.model import Author

from .conftest import environment


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "--pin", "Be brief.")
    trace("commit", "Why does login fail?")
    return trace


def state() -> str:
    """All refs, HEAD included, as stock git sees them."""
    words = ["git", "-C", ".trace", "for-each-ref", "--format=%(refname) %(objectname)"]
    head = subprocess.run(["git", "-C", ".trace", "symbolic-ref", "HEAD"], capture_output=True, text=True, check=True)
    return head.stdout + subprocess.run(words, capture_output=True, text=True, check=True).stdout


def refused(trace, words, code, *said):
    """Runs it; one line of error and perhaps a hint, with the code, and no ref moved."""
    before = state()
    done = trace(*words)
    assert done.code == code, done.err
    assert done.out == ""
    lines = done.err.splitlines()
    assert lines[0].startswith("error: ")
    assert len(lines) <= 2
    assert all(text in done.err for text in said), done.err
    assert state() == before


# -- names -----------------------------------------------------------------------------------

BAD = ["", "a..b", ".a", "a.lock", "a//b", "/a", "a/", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "@"]
BAD += ["-a", "a\0b", "a\nb", "a\x1bb", "a@{b", "a.", "x" * 300, "HEAD", ";rm -rf"]


@pytest.mark.parametrize("name", BAD, ids=lambda name: ascii(name)[:12])
@pytest.mark.parametrize("verb", [("branch", "--"), ("switch", "-c", "--"), ("tag", "--")], ids=lambda verb: verb[0])
def test_a_name_that_git_would_not_take(filled, verb, name):
    refused(filled, [*verb, name], 2)


@pytest.mark.parametrize("name", ["é", "🚀", "a/b", "$(touch${IFS}made)", "`touch${IFS}made`", "a&b|c", "CON"])
def test_a_name_that_is_odd_works_and_stock_git_shows_it(filled, here, name):
    assert filled("branch", name).code == 0
    assert filled("tag", name).code == 0
    assert filled("switch", name).code == 0
    assert filled("commit", "here").code == 0
    words = ["git", "-C", ".trace", "log", "-1", "--format=%D"]
    assert f"HEAD -> {name}" in subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert not (here / "made").exists()


@pytest.mark.parametrize("words", [("branch", "main"), ("switch", "-c", "main")], ids=" ".join)
def test_a_branch_that_is_there_already(filled, words):
    refused(filled, words, 2, "'main'", "exists")


def test_a_tag_that_is_there_already(filled):
    filled("tag", "v1")
    refused(filled, ("tag", "v1"), 2, "'v1'", "exists")


# -- revisions -------------------------------------------------------------------------------

READ = [("log",), ("show",), ("ls",), ("diff",), ("materialize",), ("export",), ("reset",), ("checkout",)]
READ += [("branch", "new"), ("tag", "new"), ("switch", "-c", "new"), ("diff", "HEAD")]
MISSING = ["nope", "HEAD~999999", "HEAD@{5}", "deadbeef", "HEAD^2", "refs/heads/nope", "main@{9}", ":/nowhere"]


@pytest.mark.parametrize("rev", MISSING)
@pytest.mark.parametrize("verb", READ, ids=" ".join)
def test_a_revision_that_is_not_there(filled, verb, rev):
    start = time.monotonic()
    refused(filled, [*verb, rev], 3)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("verb", READ, ids=" ".join)
def test_a_revision_that_is_nearly_there_brings_near_names(filled, verb):
    filled("tag", "works")
    refused(filled, [*verb, "mian"], 3, "did you mean main?")
    refused(filled, [*verb, "wroks"], 3, "did you mean works?")


@pytest.mark.parametrize("rev", ["", "abc", "HEAD~x", "HEAD^{tree}", "a b", "main..mian..main"])
@pytest.mark.parametrize("verb", READ, ids=" ".join)
def test_what_is_no_revision(filled, verb, rev):
    before = state()
    done = filled(*verb, rev)
    assert done.code in (2, 3)
    assert done.err.startswith("error: ")
    assert state() == before


def test_a_prefix_of_several_commits_lists_them(here, trace):
    seen: dict[str, str] = {}
    with Repo.open(".trace", committer=Author("Dev", "dev@example.com"), clock=lambda: 0) as repo, repo.batch():
        for number in itertools.count():
            commit = repo.commit(f"message {number}", timestamp=number).id
            if commit[:4] in seen:
                break
            seen[commit[:4]] = commit
    refused(trace, ("show", commit[:4]), 2, commit[:8], seen[commit[:4]][:8])


@pytest.mark.parametrize("item", ["nope", "0000", "ffffffffffffffff"])
@pytest.mark.parametrize("verb", [("edit",), ("pin",), ("unpin",), ("drop",), ("show",)], ids=" ".join)
def test_an_item_that_is_not_there(filled, verb, item):
    words = ["show", f"HEAD:{item}"] if verb == ("show",) else [*verb, item]
    refused(filled, words + (["text"] if verb == ("edit",) else []), 3, item)


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (("log",), {0}),
        (("log", "--graph", "--all"), {0}),
        (("log", "--stat"), {0}),
        (("status",), {0}),
        (("status", "--grid"), {0}),
        (("ls",), {0}),
        (("diff",), {0, 3}),
        (("diff", "--exit-code"), {0, 3}),
        (("materialize",), {0, 3}),
        (("export",), {0, 3}),
        (("reset", "HEAD"), {0, 3}),
        (("checkout", "HEAD"), {3}),
        (("show",), {3}),
        (("tag", "v1"), {3}),
        (("branch",), {0}),
        (("branch", "new"), {3}),
        (("pin", "abcd"), {3}),
        (("drop", "HEAD"), {2, 3}),
        (("edit", "HEAD", "x"), {2, 3}),
        (("undo",), {0, 2, 3}),
        (("redo",), {0, 2, 3}),
        (("op", "log"), {0}),
        (("fsck",), {0}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_empty_trace(trace, words, codes):
    done = trace(*words)
    assert done.code in codes, done.err
    assert "Traceback" not in done.err
    shape = trace(*words, "--json")
    assert shape.code in codes
    assert shape.json["schema_version"] == 1
    if words[0] in ("log", "diff", "materialize", "reset", "show", "ls"):
        assert "no commits yet" in done.err


# -- what else goes wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("status",), 0),
        (("diff", "--exit-code"), 1),
        (("log", "--limit", "many"), 2),
        (("log", "--at-op", "-1"), 2),
        (("log", "--at-op", "99"), 3),
        (("show", "nope"), 3),
        (("edit", "HEAD~1", "other"), 6),
        (("-C", "nowhere", "log"), 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_exit_codes(filled, words, code):
    assert filled(*words).code == code


@pytest.mark.parametrize("name", sorted(set(app.COMMANDS) - {"bisect", "completion", "op", "textconv"}))
def test_an_option_that_is_nearly_there(trace, name):
    done = trace(name, "--jso")
    assert done.code == 2
    assert "unknown option --jso" in done.err
    assert "--json" in done.err


@pytest.mark.parametrize("name", sorted(set(app.COMMANDS) - {"completion", "op", "textconv"}))
def test_with_json_an_error_is_json_for_every_command(trace, name):
    done = trace(name, "--json", "--bogus")
    assert done.code == 2
    assert done.json["schema_version"] == 1
    assert done.json["error"]["exit_code"] == 2


def test_without_litellm_all_that_needs_no_model_works(filled):
    code = "import sys; sys.modules['litellm'] = None; from trace_git.cli import main; sys.exit(main())"
    for words in (["commit", "hello"], ["log"], ["status"], ["diff"], ["materialize"]):
        done = subprocess.run([sys.executable, "-c", code, *words], env=environment(), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert b"pip install litellm" in done.stderr


@pytest.mark.parametrize("name", app.COMMANDS)
def test_help_has_examples_in_lines_of_their_own(cli, name):
    text = cli(name, "--help").out
    lines = text.partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
    assert lines, text
    assert all("trace" in line and line.startswith("    ") for line in lines)
