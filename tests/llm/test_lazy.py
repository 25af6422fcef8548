"""litellm is imported at the first question to a model by name, and by nothing else: it takes seconds and 170 MB."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import trace_git
from trace_git import llm
from trace_git.errors import LLMError

PACKAGE = Path(trace_git.__file__).parent
HEAVY = {"litellm", "openai", "httpx", "pydantic", "aiohttp", "tokenizers"}


def loaded_after(code: str) -> set[str]:
    """Which of the heavy modules a fresh interpreter has loaded after running ``code``."""
    code += f"\nimport sys; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ast.literal_eval(done.stdout.splitlines()[-1]))


def test_no_module_of_the_package_brings_it():
    code = """
import importlib, pkgutil, trace_git
for found in pkgutil.walk_packages(trace_git.__path__, "trace_git."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
"""
    assert loaded_after(code) == set()


def imports_litellm(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == "litellm" for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return not node.level and (node.module or "").split(".")[0] == "litellm"
    name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
    return name in ("import_module", "__import__") and "litellm" in ast.unparse(node)


def test_one_function_imports_it():
    places = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and any(map(imports_litellm, ast.walk(function))):
                places.append(f"{path.relative_to(PACKAGE)}:{function.name}")
        assert not any(imports_litellm(node) for node in tree.body), path
    assert places == ["llm/door.py:_litellm"]


def test_a_day_with_a_trace_and_a_callable_does_without_it():
    code = """
import pytest

import trace_git
from trace_git import llm
from trace_git.errors import LLMError
from trace_git import llm
with trace_git.Repo.open(":memory:") as repo:
    first = repo.commit("hello")
    repo.commit("hi", role="assistant")
    repo.pin(first.items[0]), repo.unpin(first.items[0]), repo.edit(first.items[0], "hello again")
    repo.branch("other"), repo.switch("other"), repo.commit("bye")
    list(repo.log()), repo.status(), repo.diff(), repo.materialize(), repo.context(), list(repo.verify())
    repo.undo()
    asker = llm.resolve(lambda messages: "{}", default="openai/gpt-4o")
    asker.ask([]), asker.structured([], dict), llm.resolve("openai/gpt-4o"), llm.delimit("a", "b")
"""
    assert loaded_after(code) == set()


def test_the_layer_itself_loads_little():
    code = "import trace_git, sys; before = set(sys.modules)\nimport trace_git.llm, trace_git.testing\n"
    code += "print([n for n in ('asyncio', 'json', 'random', 'queue', 'inspect') if n in set(sys.modules) - before])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_installation_that_does_not_fit_together_is_told(monkeypatch, tmp_path):
    (tmp_path / "litellm.py").write_text("raise AttributeError('pydantic has no such thing')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "litellm", raising=False)
    with pytest.raises(LLMError, match="AttributeError: pydantic has no such thing") as caught:
        llm.resolve("openai/gpt-4o").ask([])
    assert "pip install" in caught.value.hint
