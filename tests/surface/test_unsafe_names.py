"""Functions of dulwich that lose data when killed, or run programs of a repository: nothing here may call them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "trace_git"
CALLS = {
    "pack_refs", "add_packed_refs", "repack", "prune", "garbage_collect", "pack_loose_objects", "write_commit_graph",
    "set_if_equals", "add_if_new", "remove_if_equals", "set_symbolic_ref", "do_commit", "get_worktree", "get_raw",
    "NamespacedRefsContainer", "DiskRefsContainer",
}  # fmt: skip
MODULES = {"dulwich.gc", "dulwich.porcelain", "dulwich.repo", "dulwich.worktree", "dulwich.hooks", "dulwich.refs"}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def unsafe(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CALLS:
            found.add(node.attr)
        elif isinstance(node, ast.Name) and node.id in CALLS:
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            found |= (names & MODULES) | ({alias.name for alias in node.names} & CALLS)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & MODULES
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_calls_them(path):
    assert unsafe(ast.parse(path.read_text(encoding="utf-8"))) == set()


@pytest.mark.parametrize(
    "code",
    [
        "refs.pack_refs(all=True)",
        "from dulwich import porcelain",
        "from dulwich.gc import garbage_collect",
        "import dulwich.porcelain as p",
        "container = NamespacedRefsContainer(refs, b'x')",
        "from dulwich.repo import Repo",
        "store.get_raw(oid)",
    ],
)
def test_this_test_would_see_them(code):
    assert unsafe(ast.parse(code))
