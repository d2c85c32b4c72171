"""The nearest known word, for errors that help."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 60


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like `word`, or None when none does."""
    words = list(known)
    if len(word) > _LONGEST:
        return None
    by_fold = {known_word.casefold().replace("-", "_"): known_word for known_word in words}
    close = get_close_matches(word.casefold().replace("-", "_"), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean …?`, or the known words when they are few, or nothing."""
    words = list(known)
    close = nearest(word, words)
    if close:
        return f"Did you mean `{close}`?"
    return f"Known here: {', '.join(sorted(words))}." if 0 < len(words) <= 24 else ""


def shown(word: str) -> str:
    """Return a word of the file, short enough for a message."""
    return word if len(word) <= _LONGEST else word[:_LONGEST] + "…"
