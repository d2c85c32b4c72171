"""What a column's name says. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from keepfold.intake.rules.words import CONCEPTS, DPV, FIDES, NOISE, TYPES
from keepfold.policy.types import FieldSpec

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_WORD = re.compile(r"[^\W_]+")
_GERMAN = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})


class Heard(NamedTuple):
    """What a name may stand for, the likeliest first (`kraj` is a country or a region), and how surely (0 to 1)."""

    concepts: tuple[str, ...]
    strength: float

    @property
    def concept(self) -> str:
        """Return the likeliest meaning."""
        return self.concepts[0]


def words(name: str) -> tuple[str, ...]:
    """Return the words of a column name, without case and accents: `FirstName` and `prénom` become plain words."""
    spaced = _CAMEL.sub(" ", name)
    folded = unicodedata.normalize("NFKD", spaced.casefold().translate(_GERMAN))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return tuple(_WORD.findall(plain))


def joined(name: str) -> str:
    """Return the words of a name without anything between them, to compare `first_name` with `FirstName`."""
    return "".join(words(name))


@lru_cache(maxsize=4096)
def hear(name: str) -> Heard | None:
    """Return the concept that a column name stands for: the whole name, without whose it is, or its last words."""
    name = name.strip(". ")
    said = words(name.rsplit(".", 1)[-1])
    if not said:
        return None
    for spoken, strength in _readings(said):
        concepts = _phrases().get("".join(spoken))
        if concepts is not None:
            return Heard(concepts, strength)
    return hear(name.replace(".", "_")) if "." in name else None


def _readings(said: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    yield said, 0.95
    bare = tuple(word for word in said if word not in NOISE)
    if bare and bare != said:
        yield bare, 0.9
    # The last words name the thing (`loyalty email`), the first ones say which.
    for start in range(1, len(said)):
        yield said[start:], 0.7
    without_number = said[:-1] if said[-1].isdigit() else ()
    if without_number:
        yield without_number, 0.6


@lru_cache(maxsize=1)
def _phrases() -> dict[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {}
    for concept, phrases in CONCEPTS.items():
        for phrase in map(joined, phrases.split()):
            known[phrase] = tuple(dict.fromkeys((*known.get(phrase, ()), concept)))
    return known


def meaning(spec: FieldSpec) -> str | None:
    """Return the concept of a data item of the policy: by its name, its labels, its taxonomy keys, its type."""
    heard = hear(spec.name)
    if heard and heard.strength >= 0.9:
        return heard.concept
    return _by_taxonomy(spec) or _by_label(spec) or (heard.concept if heard else TYPES.get(spec.type))


def _by_taxonomy(spec: FieldSpec) -> str | None:
    fides = spec.fides or ""
    for ending, concept in FIDES.items():
        if fides == ending or fides.endswith(f".{ending}"):
            return concept
    return DPV.get((spec.dpv or "").removeprefix("pd:"))


def _by_label(spec: FieldSpec) -> str | None:
    heard = (hear(label) for label in spec.label.values())
    return next((found.concept for found in heard if found and found.strength >= 0.9), None)
