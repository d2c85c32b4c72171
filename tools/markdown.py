"""The few pieces of Markdown that the pages are made of."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; bars in cells are escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = (" ".join(str(cell).split()).replace("|", "\\|") for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def code(value: object) -> str:
    """Return a value as inline code; an empty one as nothing."""
    return f"`{value}`" if str(value) else ""


def documentation(thing: object) -> str:
    """Return a docstring as it reads."""
    return inspect.getdoc(thing) or ""


def summary(thing: object) -> str:
    """Return the first paragraph of a docstring."""
    return documentation(thing).split("\n\n")[0]
