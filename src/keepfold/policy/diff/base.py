"""Shared by all comparisons: pairs of old and new entries, and what is left when every named comparison has looked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from keepfold.policy.types import Effect

T = TypeVar("T")


class Draft(msgspec.Struct, frozen=True):
    """A difference before it is known whether it is material."""

    kind: str
    effect: Effect
    path: str
    sentence: str
    purposes: tuple[str, ...] = ()


def pairs(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[str, T | None, str, T | None]]:
    """Yield (old name, old, new name, new) for every entry; a rename is one pair, an addition has no old one."""
    former = renames(old, new)
    for name, entry in new.items():
        before = former.get(name, name)
        yield before, old.get(before), name, entry
    followed = {former.get(name, name) for name in new}
    for name, entry in old.items():
        if name not in followed:
            yield name, entry, name, None


def renames(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """Return the former name of each new entry that says `was` and whose former name is gone."""
    return {
        name: entry.was
        for name, entry in new.items()
        if entry.was is not None and name not in old and entry.was in old and entry.was not in new
    }


def leftovers(kind: str, path: str, old: Any, new: Any, looked_at: Collection[str], called: str) -> Iterator[Draft]:
    """Yield a neutral change for each attribute that differs and that no comparison has looked at."""
    for attribute in old.__struct_fields__:
        if attribute not in looked_at and getattr(old, attribute) != getattr(new, attribute):
            yield Draft(kind, "neutral", f"{path}.{attribute}", f"{called}: `{attribute}` was changed.")


def listed(words: Collection[str]) -> str:
    """Return words as a list in a sentence."""
    return ", ".join(f"`{word}`" for word in sorted(words))
