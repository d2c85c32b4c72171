"""Where sealed values lie: the compartment and the type of every data item under which people's values may be sealed.

A value is sealed for one compartment and checked by one type when it comes in. A version that says otherwise for the
same item would leave the values behind unseen, or let old text out as a number. So such a version waits until nobody is
held. Whether anybody is, the room above knows; the site wires it in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from keepfold.kernel.errors import Conflict
from keepfold.policy import store
from keepfold.policy.types import FieldSpec, Schema

_MOST_NAMED = 5
Prepare = Callable[[Schema, frozenset[int]], None]


class Place(NamedTuple):
    """The number of a compartment, and a type with its parts, such as `structure(city:text,street:text)`."""

    compartment: int
    type: str


class _Wired:
    """What the site gave; without it nobody may believe that the vault is empty."""

    holds_people: Callable[[], bool] = staticmethod(lambda: True)
    prepare: Prepare = staticmethod(lambda _schema, _held: None)


def wire(*, holds_people: Callable[[], bool], prepare: Prepare) -> None:
    """Give the room what it needs of the rooms above.

    `holds_people` says whether anybody is in the vault. `prepare` gets the schema of a version inside the transaction
    that activates it, and the numbers of the data items of which values may be held.
    """
    _Wired.holds_people, _Wired.prepare = staticmethod(holds_people), staticmethod(prepare)


def require(new: Schema, old: Schema | None) -> frozenset[int]:
    """Return the numbers of data items of which values may be held; `old` is the schema in force.

    Raises `Conflict(code="policy.values-held")` when a value that may be held would lie elsewhere or be of another
    type. Runs in the transaction of the activation.
    """
    if not _Wired.holds_people():
        return frozenset()
    # Whoever was sealed before places were written down was so under the version in force.
    known = store.places() if old is None else {**_places(old), **store.places()}
    held = {number: Place(*place) for number, place in known.items()}
    reasons = list(_misplaced(new, held, {number: name for name, number in store.numbers().compartment.items()}))
    if reasons:
        raise _values_held(reasons)
    return frozenset(held)


def settle(new: Schema, old: Schema | None, held: frozenset[int]) -> None:
    """Write down where values may lie from now on, and let the vault prepare; `held` is what `require` returned."""
    before = {} if old is None or not held else _places(old)
    now = {**before, **_places(new)}
    if not held:
        store.forget_places()
    store.put_places([(number, *place) for number, place in now.items()])
    _Wired.prepare(new, held)


def type_of(spec: FieldSpec) -> str:
    """Return the type of a data item with its parts in order of their names."""
    parts = ",".join(sorted(f"{part.name}:{part.type}" for part in spec.parts))
    return f"{spec.type}({parts})" if parts else spec.type


def _places(schema: Schema) -> dict[int, Place]:
    return {spec.number: Place(spec.compartment_number, type_of(spec)) for spec in schema.fields.values()}


def _misplaced(new: Schema, held: Mapping[int, Place], compartments: Mapping[int, str]) -> Iterator[str]:
    """Yield a sentence for each data item whose held values would lie elsewhere or be of another type."""
    for name, spec in new.fields.items():
        was = held.get(spec.number)
        if was is None:
            continue
        if was.compartment != spec.compartment_number:
            yield f"`{name}` moves from the compartment `{compartments[was.compartment]}` to `{spec.compartment}`"
        if not _takes(type_of(spec), was.type):
            yield f"`{name}` is of the type `{type_of(spec)}` instead of `{was.type}`"


def _takes(new: str, old: str) -> bool:
    """Say whether every value of the old type is one of the new: the same, or the same with further named parts."""
    (kind, _, parts), (kind_before, _, parts_before) = new.partition("("), old.partition("(")
    named = {part for part in parts.rstrip(")").split(",") if part}
    before = {part for part in parts_before.rstrip(")").split(",") if part}
    return kind == kind_before and before <= named and (named == before or not any(p.startswith(":") for p in named))


def _values_held(reasons: list[str]) -> Conflict:
    more = len(reasons) - _MOST_NAMED
    listed = "; ".join(reasons[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
    return Conflict(
        f"The vault holds people, and this version changes where or as what their values are sealed: {listed}. "
        "Their values would stay behind under the old rule. Nothing was activated.",
        code="policy.values-held",
        rule="policy.values-held",
        next_step="Leave the item as it was, or give it a new name (without `was`) and collect the value anew. "
        "Where nobody's values are needed, erase everybody first; `keepfold demo --reset` does so for a demonstration.",
    )
