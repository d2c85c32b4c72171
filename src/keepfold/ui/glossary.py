"""Words of law and cryptography, each explained in a few sentences: `glossary.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import get_language

_FILE = Path(__file__).with_name("glossary.toml")


class Term(NamedTuple):
    """One word. `docs` is the page of the manual that says more, such as `explanation/vault#keys`."""

    slug: str
    word: str
    text: str
    docs: str


@lru_cache(maxsize=1)
def _all() -> dict[str, dict[str, Term]]:
    read = tomllib.loads(_FILE.read_text())
    return {
        language: {
            slug: Term(slug, entry[language]["term"], entry[language]["text"], entry.get("docs", ""))
            for slug, entry in read.items()
        }
        for language in ("en", "de")
    }


def terms() -> tuple[Term, ...]:
    """Return every word in the reader's language, in alphabetical order."""
    return tuple(sorted(_here().values(), key=lambda term: term.word.casefold()))


def term(slug: str) -> Term:
    """Return one word. Raises `KeyError` for one that is not explained."""
    return _here()[slug]


def _here() -> dict[str, Term]:
    return _all()["de" if (get_language() or "").startswith("de") else "en"]
