"""What redact says besides: summaries that may tell it in other words, and an id that was given for a text."""

from __future__ import annotations

import pytest

from trace_git.errors import NotFoundError

from .rewriting import say, texts

SECRET = "tok_live_4815162342"


def summaries(found):
    return {one.name for one in found.findings if one.kind == "summary"}


def compressed(repo, summary, *items):
    return repo.compress([item.id for item in items], budget=100, summary=summary).summaries[0]


def test_summaries_of_what_is_redacted_are_named(repo):
    say(repo, "one", f"the key is {SECRET}", "three", "four")
    items = repo.context().items
    first = compressed(repo, "a key that ends in 2342", *items[:2])
    other = compressed(repo, "three and four", *items[2:])
    above = compressed(repo, "about a key", *repo.context().items)
    for how in ({"text": SECRET}, {"item": items[1].id}):
        assert summaries(repo.redact(**how, dry_run=True)) == {first, above}, how
    assert other not in summaries(repo.redact(SECRET))
    assert texts(repo) == ["about a key"]


def test_a_summary_that_goes_itself_is_not_named(repo):
    say(repo, "one", "two")
    first = compressed(repo, "both", *repo.context().items)
    assert summaries(repo.redact(item=first)) == set()


def test_an_id_that_was_given_for_a_text(repo):
    item = say(repo, "one")[0].items[0].id
    with pytest.raises(NotFoundError) as caught:
        repo.redact(item[:8])
    assert f"--item {item[:8]}" in caught.value.hint
    with pytest.raises(NotFoundError) as caught:
        repo.redact("0000000000")
    assert caught.value.hint == "nothing was changed"
