"""Data, not code: policy templates, vocabularies, the list of actions. Everything is read by `importlib.resources`.

It promises plain text in UTF-8 and names no place in the file system; it never decides anything.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


def read_text(*path: str) -> str:
    """Return the text of one pack file, e.g. `read_text("policies", "shop.yaml")`. Raises `FileNotFoundError`."""
    return files(__name__).joinpath(*path).read_text(encoding="utf-8")


def names(folder: str, suffix: str) -> tuple[str, ...]:
    """Return the names, without suffix, of the files in one folder, sorted."""
    found = (item.name for item in files(__name__).joinpath(folder).iterdir())
    return tuple(sorted(name.removesuffix(suffix) for name in found if name.endswith(suffix)))


@cache
def keys(*path: str) -> frozenset[str]:
    """Return the keys of a vocabulary file: one a line, lines that start with `#` are notes."""
    lines = (line.strip() for line in read_text(*path).splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


@cache
def actions() -> dict[str, dict[str, Any]]:
    """Return every action that passes the gate, by name, as `actions.toml` describes it."""
    return tomllib.loads(read_text("actions.toml"))
