"""Lists and structures: every part is normalised by its own type, unknown parts are refused, sizes are bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keepfold.vault.normalise.base import Normaliser, Part, Refusal, TypeOptions, empty, wrong_type

_MOST_ITEMS = 1000
Lookup = Callable[[str, TypeOptions], Normaliser]


def structure(options: TypeOptions, lookup: Lookup) -> Normaliser:
    """Return the normaliser of one structure with the parts that the policy names."""
    parts = {part.name: _part(part, lookup) for part in options.parts}

    def normalise(raw: object, region: str) -> dict[str, Any]:
        if not isinstance(raw, Mapping):
            raise wrong_type("a structure with named parts")
        given = {name: value for name, value in raw.items() if value is not None and value != ""}
        if not given:
            raise empty()
        return {name: _accept(parts, name, value, region) for name, value in given.items()}

    return normalise


def listing(options: TypeOptions, lookup: Lookup) -> Normaliser:
    """Return the normaliser of a list whose items are plain values or structures."""
    most = options.max_items or _MOST_ITEMS
    plain = len(options.parts) == 1 and not options.parts[0].name
    item = _part(options.parts[0], lookup) if plain else structure(options, lookup)

    def normalise(raw: object, region: str) -> list[Any]:
        if not isinstance(raw, list | tuple):
            raise wrong_type("a list")
        if not raw:
            raise empty()
        if len(raw) > most:
            raise Refusal("list.too-many", f"It has more than the {most} items that the policy permits.")
        return [item(value, region) for value in raw]

    return normalise


def _part(part: Part, lookup: Lookup) -> Normaliser:
    return lookup(part.type, TypeOptions(max_length=part.max_length))


def _accept(parts: Mapping[str, Normaliser], name: object, value: object, region: str) -> Any:
    accept = parts.get(name) if isinstance(name, str) else None
    if accept is None:
        raise Refusal("structure.unknown-part", "It has a part that the policy does not name.")
    return accept(value, region)
