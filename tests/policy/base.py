"""Policies for tests: a template as plain values, and edits of it."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from keepfold.policy.format.tree import read_tree
from keepfold.policy.load import Loaded, load
from keepfold.policy.templates import text_of


class _Gone:
    """Stands for a key that is taken out; its name is the same in every process that collects the tests."""

    def __repr__(self) -> str:
        return "GONE"


GONE = _Gone()


@cache
def _plain(template: str) -> dict[str, Any]:
    return read_tree(text_of(template)).plain()


def plain(template: str = "shop", edits: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a template as plain values, with some of them set (`a.b.c: value`) or removed (`GONE`)."""
    document = copy.deepcopy(_plain(template))
    for path, value in (edits or {}).items():
        *way, last = path.split(".") if "/" not in path else path.split("/")
        inner: Any = document
        for step in way:
            inner = inner[int(step)] if isinstance(inner, list) else inner.setdefault(step, {})
        if value is GONE:
            del inner[int(last) if isinstance(inner, list) else last]
        elif isinstance(inner, list):
            inner[int(last)] = value
        else:
            inner[last] = value
    return document


def text(template: str = "shop", edits: dict[str, Any] | None = None) -> str:
    """Return an edited template as text; JSON is YAML."""
    return json.dumps(plain(template, edits), ensure_ascii=False, indent=1)


def loaded(template: str = "shop", edits: dict[str, Any] | None = None) -> Loaded:
    """Return an edited template, read and checked."""
    return load(text(template, edits), f"{template}.yaml")


def names(found: Loaded) -> set[str]:
    """Return the names of the checks that found something."""
    return {finding.check for finding in found.report.findings}
