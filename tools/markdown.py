"""The few pieces of Markdown that the pages are made of."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; bars and tags in cells are escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(content: object) -> str:
    pieces = " ".join(str(content).split()).replace("|", "\\|").split("`")
    # Between backticks everything is literal; elsewhere `<home>` would be taken for a tag.
    return "`".join(piece if number % 2 else piece.replace("<", "&lt;") for number, piece in enumerate(pieces))


def code(value: object) -> str:
    """Return a value as inline code; an empty one as nothing."""
    return f"`{value}`" if str(value) else ""


def documentation(thing: object) -> str:
    """Return a docstring as it reads."""
    return inspect.getdoc(thing) or ""


def summary(thing: object) -> str:
    """Return the first paragraph of a docstring."""
    return documentation(thing).split("\n\n")[0]
