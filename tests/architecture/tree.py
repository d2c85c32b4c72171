"""Reads the source tree without importing it: files, functions, actions. Every check takes the root of a checkout."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PUBLIC = frozenset({"actions", "queries", "events", "errors", "types"})
# Below the rooms: open to all, except for what the contracts in pyproject.toml protect.
FOUNDATION = frozenset({"kernel", "gate", "ui", "packs"})
# Entry points, which put the rooms together.
TOP = frozenset({"site", "cli"})
RANGES = {"policy": 100, "people": 200, "vault": 300, "consent": 400, "intake": 500, "demo": 500, "ledger": 600}
SYSTEM_RANGE = 700
KINDS = frozenset({"access", "change", "consent", "erasure", "policy", "key", "people", "import", "ledger", "system"})


@dataclass(frozen=True)
class Function:
    """One function or method: where it is and how many lines it takes from `def` to its end."""

    file: Path
    name: str
    line: int
    lines: int


def package(root: Path) -> Path:
    """Return the folder of the package."""
    return root / "src" / "keepfold"


def rooms(root: Path) -> list[str]:
    """Return the names of all folders directly below the package that hold modules."""
    return sorted(folder.name for folder in package(root).iterdir() if (folder / "__init__.py").is_file())


def python_files(folder: Path) -> Iterator[Path]:
    """Yield the Python files below a folder, migrations apart (Django writes them)."""
    for path in sorted(folder.rglob("*.py")):
        if "migrations" not in path.parts and "__pycache__" not in path.parts:
            yield path


def parse(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(folder: Path) -> Iterator[Function]:
    """Yield every function and method below a folder, nested ones too."""
    for path in python_files(folder):
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(path, node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1)


def tracked_files(root: Path) -> list[Path]:
    """Return the files under version control, or all files when this is a bare copy."""
    if (root / ".git").exists():
        names = subprocess.run(
            ["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True
        ).stdout.split("\0")
        return [root / name for name in names if name and (root / name).is_file()]
    return [path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def vocabulary(root: Path) -> dict[str, dict[str, Any]]:
    """Return packs/actions.toml."""
    return tomllib.loads((package(root) / "packs" / "actions.toml").read_text(encoding="utf-8"))


def action_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield (room, file) for each module of actions."""
    for room in rooms(root):
        yield from ((room, path) for path in sorted((package(root) / room).glob("actions.py")))
        yield from ((room, path) for path in sorted((package(root) / room / "actions").glob("*.py")))


def public_functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions of a module that others may call."""
    for node in parse(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


def action_name(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """Return the dotted name in `@action("…")`, or None when the function does not pass the gate."""
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call) or not decorator.args:
            continue
        called, first = decorator.func, decorator.args[0]
        name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
        if name == "action" and isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
    return None
