"""docs/cli.md says what the help pages say, and each help page shows examples that can be typed."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator

import click
import pytest

from trace_git.cli.app import app

from .blocks import ROOT

PAGE = ROOT / "docs" / "cli.md"


def written() -> str:
    """The page as ``docs/make_cli.py`` writes it."""
    spec = importlib.util.spec_from_file_location("make_cli", ROOT / "docs" / "make_cli.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text: str = module.page()
    return text


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))


COMMANDS = {" ".join(path): command for path, command in leaves(app) if not command.hidden}


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8").split() == written().split(), "run: python docs/make_cli.py"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_on_it_with_every_option(name):
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## trace {name}\n")[2].partition("\n## ")[0]
    options = [one for one in COMMANDS[name].params if isinstance(one, click.Option) and not one.hidden]
    assert all(flag in section for one in options for flag in one.opts)
    assert all(one.help for one in options)
    assert "Examples:" in section


def examples(command: click.Command) -> list[str]:
    below = (command.help or "").partition("Examples:\n")[2]
    return [line.strip() for line in below.splitlines() if line.strip()]


@pytest.mark.parametrize("name", COMMANDS)
def test_its_examples_can_be_typed(name):
    assert examples(COMMANDS[name])
    for line in examples(COMMANDS[name]):
        found = re.search(r"(?:^|\| |\$\()trace ([^|<>)]*)", line)  # the first word, or behind a pipe or a $(
        if found is None:
            assert name in line
            continue
        words = shlex.split(re.split(r"  +", found[1])[0])
        words = words[2:] if words[0] in ("-C", "--agent") else words
        called = max((one for one in COMMANDS if words[: len(one.split())] == one.split()), key=len)
        assert called.startswith(name)
        COMMANDS[called].make_context(called, words[len(called.split()) :])  # refuses what it does not know
