"""redact: afterwards the text is in no file of the trace, everything else is as it was, and stock git agrees."""

from __future__ import annotations

import json
import os
import subprocess
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from trace_git import (
    InvalidInputError,
    NotFoundError,
    RefusedError,
    Repo,
    StateError,
    TraceError,
    assistant,
    tool,
)
from trace_git.conflicts import Resolution
from trace_git.store import oplog

from .conftest import NOW

SECRET = 'hunter2-"quoted"\nnext'
PLAIN = "tok_live_4815162342"
Git = Callable[..., str]
Texts = Callable[..., list[str]]


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a trace as it is, and every object, journal and log in it as it reads."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        yield str(path.relative_to(folder)), raw
        at = raw.find(b"\x78\x9c")  # the operation log is deflated
        while path.parent.name == "trace" and at >= 0:
            with suppress(zlib.error):  # two bytes that stand there by chance
                yield f"{path.name} at {at}", zlib.decompressobj().decompress(raw[at:])
            at = raw.find(b"\x78\x9c", at + 1)
    listed = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch"], cwd=folder, capture_output=True, check=True
    )
    yield "objects", listed.stdout


def assert_gone(repo: Repo, *needles: str) -> None:
    repo.flush()
    forms = [
        form.encode()
        for one in needles
        for form in (one, json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1])
    ]
    for name, data in everything(Path(repo.path)):
        for form in forms:
            assert form not in data, f"{form!r} is in {name}"
    subprocess.run(["git", "fsck", "--strict", "--full"], cwd=repo.path, check=True, capture_output=True)
    assert repo.verify() == ()


@pytest.fixture
def told(repo: Repo) -> Repo:
    """A trace that has a secret wherever one may be."""
    repo.commit("Be brief.", role="system", pin=True)
    repo.commit(f"My password is {PLAIN}, please.")
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "login", "arguments": json.dumps({"key": PLAIN, PLAIN: 1})},
    }
    asked = repo.commit(assistant(tool_calls=[call]))
    repo.commit(tool(f"logged in as {PLAIN}", "c1"))
    repo.tag("light")
    repo.tag("noted", message=f"With {PLAIN} it works.")
    repo.branch("try")
    repo.set_tools([{"type": "function", "function": {"name": "login", "description": f"e.g. {PLAIN}"}}])
    last = repo.commit("Nothing here.")
    repo.edit(last, f"But now {PLAIN}")
    repo.edit(repo.context().items[-1], "And not again.")
    repo.pin(asked)
    repo.commit(f"gone: {PLAIN}")
    repo.reset("HEAD~1", mode="hard")
    repo.drop(repo.context().items[1].id)
    return repo


def test_the_text_is_in_no_file(told: Repo, git: Git, texts: Texts) -> None:
    before = git(told, "log", "--all", "--format=%ct %cn", "--topo-order").splitlines()
    found = told.redact(PLAIN)
    assert found.applied
    assert found.commits > 5
    assert len(found.items) >= 4
    assert_gone(told, PLAIN)
    assert git(told, "log", "--all", "--format=%ct %cn", "--topo-order").splitlines() == before
    assert texts(told)[0] == "Be brief."
    assert texts(told, "light")[1] == "My password is [redacted], please."
    assert json.loads(told.context("light").items[2].message.calls[0].arguments) == {
        "key": "[redacted]",
        "[redacted]": 1,
    }
    assert git(told, "for-each-ref", "--format=%(contents)", "refs/tags/noted").strip() == "With [redacted] it works."
    assert told.tools[0]["function"]["description"] == "e.g. [redacted]"
    assert "[redacted]" in git(told, "log", "--all", "--format=%s")
    assert git(told, "count-objects", "-v").splitlines()[3] == "packs: 1"


def test_commits_before_the_first_that_had_it_keep_their_ids(repo: Repo) -> None:
    first = repo.commit("one").id
    repo.commit(f"two {PLAIN}")
    item = repo.context().items[1].id
    repo.redact(PLAIN)
    assert [commit.id for commit in repo.log()][-1] == first
    assert repo.context().items[1].id == item


def test_it_is_found_as_json_writes_it(repo: Repo) -> None:
    nested = json.dumps({"inner": json.dumps({"password": SECRET})})
    unicode = json.dumps({"a": "x"}).replace("x", "".join(f"\\u{ord(char):04x}" for char in SECRET))
    calls = [
        {"id": f"c{at}", "type": "function", "function": {"name": "f", "arguments": text}}
        for at, text in enumerate((json.dumps({"k": SECRET}), nested, unicode))
    ]
    repo.commit("go")
    repo.commit(assistant(SECRET, tool_calls=calls))
    for call in calls:
        repo.commit(tool(json.dumps(SECRET), call["id"]))
    repo.redact(SECRET)
    assert_gone(repo, SECRET)
    made = repo.context().items[1].message
    assert json.loads(made.calls[0].arguments) == {"k": "[redacted]"}
    assert json.loads(json.loads(made.calls[1].arguments)["inner"]) == {"password": "[redacted]"}
    assert json.loads(made.calls[2].arguments) == {"a": "[redacted]"}


def test_what_was_cut_in_a_subject_goes_too(repo: Repo, git: Git) -> None:
    secret = "sk-" + "abcdefghij" * 6
    repo.commit("one")
    repo.commit(f"the key is {secret}")
    repo.edit(repo.context().items[-1], f"no, the key is {secret}!")
    assert "sk-abcdefghij" in git(repo, "log", "--format=%s")
    repo.redact(secret)
    assert "sk-" not in git(repo, "log", "--format=%B")
    assert_gone(repo, secret)


def test_what_a_squash_says_of_an_item_goes_with_it(repo: Repo, git: Git) -> None:
    repo.commit("be brief", role="system")
    repo.commit("what is the key?")
    item = repo.commit("the key is marmalade").items[0].id
    repo.edit(item, "or is it gooseberry")
    first, *others = [commit.id for commit in repo.log("HEAD~3..HEAD")][::-1]
    repo.rebase("HEAD~3", todo=[("pick", first), *(("squash", one) for one in others)])
    assert "marmalade" in git(repo, "log", "--format=%B")
    repo.redact(item=item)
    said = git(repo, "log", "-1", "--format=%B")
    assert said.startswith("user: what is the key?\n\nuser: [redacted]\n\nedit: ")
    assert_gone(repo, "marmalade", "gooseberry")


def test_what_was_cut_in_a_line_of_a_squash_goes_too(repo: Repo, git: Git) -> None:
    secret = "sk-" + "abcdefghij" * 6
    repo.commit("be brief", role="system")
    made = [repo.commit(text).id for text in ("one", f"the key is {secret}")]
    repo.rebase("HEAD~2", todo=[("pick", made[0]), ("squash", made[1])])
    repo.redact(secret)
    assert "sk-" not in git(repo, "log", "--format=%B")


def test_an_item_is_erased_in_all_its_versions_and_its_group_stays_whole(told: Repo, texts: Texts) -> None:
    asked = told.context("light").items[2].id
    found = told.redact(item=asked[:8])
    assert found.items == (asked,)
    message = told.context("light").items[2].message
    assert [(call.id, call.name, call.arguments) for call in message.calls] == [("c1", "login", "{}")]
    assert texts(told, "light")[3] == f"logged in as {PLAIN}"
    told.materialize("light")
    assert_gone(told, json.dumps({"key": PLAIN, PLAIN: 1}))


def test_the_same_words_of_another_item_stay(repo: Repo, texts: Texts) -> None:
    for _ in range(2):
        repo.commit("the same words")
    repo.redact(item=repo.context().items[0].id)
    assert texts(repo) == ["[redacted]", "the same words"]


def test_a_regular_expression(repo: Repo, texts: Texts) -> None:
    repo.commit("mail ada@example.org and bob@example.org")
    repo.commit(assistant("ok", tool_calls=[
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"to": "eve\\u0040example.org"}'}}
    ]))  # fmt: skip
    repo.commit(tool("sent", "c"))
    repo.redact(regex=r"\w+@example\.org", replacement="***")
    assert texts(repo)[0] == "mail *** and ***"
    assert json.loads(repo.context().items[1].message.calls[0].arguments) == {"to": "***"}
    assert_gone(repo, "example.org")


def test_ids_of_calls_stay_different_and_fit_their_results(repo: Repo) -> None:
    calls = [
        {"id": f"call_{PLAIN}{end}", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for end in ("", "x")
    ]
    repo.commit("go")
    repo.commit(assistant(tool_calls=calls))
    for call in calls:
        repo.commit(tool("done", call["id"]))
    repo.redact(regex=rf"{PLAIN}x?")
    items = repo.context().items
    ids = [call.id for call in items[1].message.calls]
    assert len(set(ids)) == 2
    assert [one.message.answers[0] for one in items[2:]] == ids
    repo.materialize()


def test_a_dry_run_changes_nothing(told: Repo, git: Git) -> None:
    before = git(told, "for-each-ref"), sorted(os.listdir(told.path / "objects" / "pack"))
    found = told.redact(PLAIN, dry_run=True)
    assert not found.applied
    assert found.commits > 5
    assert (git(told, "for-each-ref"), sorted(os.listdir(told.path / "objects" / "pack"))) == before
    assert told.redact(PLAIN).commits == found.commits


def test_nothing_before_it_can_be_undone_or_looked_at(told: Repo, texts: Texts) -> None:
    number = next(told.operations()).number
    told.redact(PLAIN)
    assert [one.verb for one in told.operations()] == ["redact"]
    with pytest.raises(RefusedError, match="redacted"):
        told.undo()
    with pytest.raises(RefusedError, match="redacted"):
        told.at_op(number)
    now = texts(told)
    told.commit("more")
    told.undo()
    assert texts(told) == now
    assert told.at_op(next(told.operations()).number).context().commit


def test_other_handles_notice(open_repo: Callable[..., Repo], texts: Texts) -> None:
    one, two = open_repo(), open_repo()
    one.commit("one")
    old = one.commit(f"two {PLAIN}")
    assert len(texts(two)) == 2
    one.redact(PLAIN)
    assert texts(two) == ["one", "two [redacted]"]
    two.commit("three")
    with pytest.raises(TraceError, match=r"gone|missing|removed"):
        two.branch("back", at=old)
    two.close()
    assert_gone(one, PLAIN)
    assert len(texts(one)) == 3


def test_an_open_merge_goes_on(repo: Repo) -> None:
    repo.commit(f"base {PLAIN}")
    repo.branch("other")
    repo.edit(repo.context().items[0], f"mine {PLAIN}")
    with Repo.open(repo.path, branch="other", tokenizer=None) as other:
        other.edit(other.context().items[0], f"theirs {PLAIN}")
        theirs = other.get("HEAD").id
    repo.open_merge.begin(theirs, name="other", message=f"with {PLAIN}")
    repo.open_merge.answer({one.id: Resolution("replace", f"both {PLAIN}") for one in repo.open_merge.conflicts()})
    planned = repo.redact(PLAIN, dry_run=True)
    assert repo.redact(PLAIN).refs == planned.refs == ("refs/heads/main", "refs/heads/other")
    assert_gone(repo, PLAIN)
    repo.open_merge.answer({one.id: Resolution("ours") for one in repo.open_merge.conflicts()})
    repo.open_merge.finish()
    assert repo.context().items[0].message.text == "mine [redacted]"


def test_what_is_only_in_garbage_goes_too(repo: Repo, git: Git) -> None:
    repo.commit("one")
    tip = repo.commit(PLAIN).id
    git(repo, "update-ref", "refs/heads/main", "HEAD~1")
    repo.flush()
    git(repo, "reflog", "expire", "--expire=now", "--all")
    repo.redact(PLAIN)
    assert_gone(repo, PLAIN)
    assert tip not in git(repo, "log", "--all", "--format=%H")


def test_signatures_go_and_are_named(repo: Repo, git: Git) -> None:
    repo.commit(f"one {PLAIN}")
    repo.flush()
    head = git(repo, "cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\n", 1
    )
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=repo.path,
        input=head + "\n",
        text=True,
        capture_output=True,
        check=True,
    )
    git(repo, "update-ref", "refs/heads/main", done.stdout.strip())
    found = repo.redact(PLAIN)
    assert [one.name for one in found.findings if one.kind == "signature"] == [done.stdout.strip()]
    assert "gpgsig" not in git(repo, "cat-file", "commit", "HEAD")


def test_remotes_are_named_without_passwords(repo: Repo, git: Git) -> None:
    repo.commit(PLAIN)
    git(repo, "config", "remote.origin.url", "https://ada:pass@example.org/t.git")
    found = repo.redact(PLAIN)
    assert found.remotes == ("origin (https://example.org/t.git)",)


@pytest.mark.parametrize(
    ("given", "options", "error"),
    [("", {}, InvalidInputError), ("  ", {}, InvalidInputError), (None, {}, InvalidInputError),
     ("a", {"regex": "b"}, InvalidInputError), (None, {"regex": "x*"}, InvalidInputError),
     (None, {"regex": "("}, InvalidInputError), ("red", {}, InvalidInputError), ("nowhere", {}, NotFoundError),
     (None, {"regex": "zzz+"}, NotFoundError), (None, {"item": "ffffffff"}, NotFoundError),
     ("assistant", {}, RefusedError), ("feature-x", {}, RefusedError), ("directoryRenames", {}, RefusedError)],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    given: str | None, options: dict[str, Any], error: type[Exception], repo: Repo, git: Git
) -> None:
    repo.commit("an assistant, a feature-x, directoryRenames and a b")
    repo.commit(assistant("yes"))
    repo.branch("feature-x")
    before = git(repo, "for-each-ref"), [one.number for one in repo.operations()]
    with pytest.raises(error):
        repo.redact(given, **options)
    assert (git(repo, "for-each-ref"), [one.number for one in repo.operations()]) == before
    repo.commit("and on it goes")


def test_inside_a_batch_it_is_refused(repo: Repo) -> None:
    with repo.batch():
        repo.commit(PLAIN)
        with pytest.raises(StateError):
            repo.redact(PLAIN)


def test_keeps_are_rewritten_and_gc_goes_on(repo: Repo, texts: Texts) -> None:
    repo.commit("one")
    repo.commit(f"two {PLAIN}")
    repo.reset("HEAD~1")
    repo.redact(PLAIN)
    assert_gone(repo, PLAIN)
    assert repo.gc().commits["kept"] == 1
    assert len(repo.gc(dry_run=False, keep_days=0).ended) == 1
    assert texts(repo) == ["one"]


def test_what_stands_for_others_names_their_new_versions(repo: Repo) -> None:
    for number in range(4):
        call = {"id": f"c{number}", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        repo.commit([assistant(tool_calls=[call]), tool(f"{PLAIN} " * 200, f"c{number}")])
    repo.compress(strategy="mask", budget=100, keep_last=0)
    stub = next(item for item in repo.context().items if item.message.provenance)
    old = dict(stub.message.provenance or {})
    repo.redact(PLAIN)
    assert_gone(repo, PLAIN)
    new = repo.context().items
    stub = next(item for item in new if item.message.provenance)
    assert stub.message.provenance["items"] == old["items"]
    assert stub.message.provenance["digests"] != old["digests"]
    repo.expand(next(repo.log()))
    texts = [item.message.text for item in repo.context().items if item.role == "tool"]
    assert texts == ["[redacted] " * 200] * 4


def test_the_operation_log_holds_one_entry(told: Repo) -> None:
    told.redact(PLAIN)
    told.close()
    path = told.path / "trace" / "oplog"
    assert [entry.verb for entry in oplog.oldest_first(str(path), path.stat().st_size)] == ["redact"]


def test_an_empty_trace(repo: Repo) -> None:
    with pytest.raises(NotFoundError):
        repo.redact("anything")


def test_the_clock_of_it(repo: Repo) -> None:
    repo.commit(PLAIN)
    repo.redact(PLAIN)
    assert next(repo.operations()).time == NOW


def test_an_item_that_was_redacted_has_nothing_left(repo: Repo) -> None:
    item = repo.commit(f"the key is {PLAIN}").items[0]
    repo.redact(item=item.id)
    again = repo.context().items[0]
    with pytest.raises(NotFoundError, match=f"item {again.id} says nothing that is left to redact"):
        repo.redact(item=again)
