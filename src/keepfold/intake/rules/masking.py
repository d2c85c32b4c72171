"""Masks values so that people can tell a column by them and nobody by a value. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from keepfold.intake.rules.content import as_text

_LONGEST = 24
_DOT = "•"
_KEPT = frozenset(" @.,;:/()-+_&'#")


def masked(value: Any) -> str:
    """Return a value with the first letter of each word and the marks between words; every digit becomes a dot."""
    text = " ".join(as_text(value).split())
    out, starts = [], True
    for letter in text[:_LONGEST]:
        if letter in _KEPT:
            out.append(letter)
            starts = True
        else:
            out.append(letter if starts and letter.isalpha() else _DOT)
            starts = False
    return "".join(out) + ("…" if len(text) > _LONGEST else "")


def samples(values: Iterable[Any], most: int = 3) -> tuple[str, ...]:
    """Return a few masked values that differ, from the first ones that are not empty."""
    shown: dict[str, None] = {}
    for value in values:
        if len(shown) == most:
            break
        text = masked(value)
        if text:
            shown[text] = None
    return tuple(shown)


def columns(width: int, rows: Sequence[Sequence[Any]]) -> list[tuple[str, ...]]:
    """Return the masked samples of every column."""
    return [samples(row[place] for row in rows) for place in range(width)]
