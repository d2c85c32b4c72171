"""What one policy version means for the vault, worked out once per version: which field goes where, and how.

Pure, apart from remembering the plan of the last version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from keepfold.kernel.rules import nearest
from keepfold.policy.types import FieldSpec, IndexSpec, Schema
from keepfold.vault.masks import Mask, mask_of
from keepfold.vault.normalise import Normaliser, Part, Refusal, TypeOptions, index_form, normaliser
from keepfold.vault.types import FieldError

# What is repeated to the sender as a name of a data item: nothing that could rather be somebody's name or address.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z").match
EXACT = "exact"
# Of one record; each is compared with all known names, and whoever sends thousands is not helped by more.
MOST_UNDECLARED = 10


class Index(msgspec.Struct, frozen=True):
    """One blind index of a field."""

    number: int
    unique: bool


class Field(msgspec.Struct, frozen=True):
    """One field, ready for use: how it is accepted, where it lies, how it is indexed and masked."""

    name: str
    number: int
    kind: str
    accept: Normaliser
    compartment: int
    isolate: bool
    indexes: tuple[Index, ...]
    form: Callable[[Any], bytes]
    mask: Mask


Alone = tuple[int, Any]
Step = tuple[Normaliser, int, int, bool, tuple[tuple[int, bool], ...], Callable[[Any], bytes]]


class Accepted:
    """One record that passed.

    `shared` maps every compartment with data to its shared values by field number, perhaps none; `alone` maps
    compartments to their isolated fields (number, value); `forms` are (index number, unique, form to hash); `unknown`
    counts the names that the policy does not have.
    """

    __slots__ = ("alone", "forms", "shared", "unknown")

    def __init__(self) -> None:
        self.shared: dict[int, dict[int, Any]] = {}
        self.alone: dict[int, list[Alone]] = {}
        self.forms: list[tuple[int, bool, bytes]] = []
        self.unknown = 0


class Plan:
    """The intake side of one policy version."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.fields = {name: _field(spec) for name, spec in schema.fields.items()}
        # What `accept` needs of each field, as plain tuples: it runs for every value that ever arrives.
        self.steps = {name: _step(field) for name, field in self.fields.items()}
        self.country = _country_field(schema)

    def region(self, values: Mapping[str, Any], default: str) -> str:
        """Return the country that phone numbers in national form belong to, or ""."""
        raw = values.get(self.country) if self.country else None
        if raw is None or self.country is None:
            return default
        try:
            return str(self.fields[self.country].accept(raw, ""))
        except Refusal:
            return default

    def undeclared(self, name: object) -> FieldError:
        """Return the refusal of a field that the policy does not name, with the line it would need."""
        if not isinstance(name, str) or not _NAME(name):
            return FieldError(field="?", code="vault.undeclared", message="This is not the name of a data item.")
        close = nearest(name, self.fields)
        hint = f" Did you mean {close}?" if close else ""
        message = f"The policy does not name it. It would need: {self.schema.line_to_add(name)}.{hint}"
        return FieldError(field=name, code="vault.undeclared", message=message)


def accept(plan: Plan, values: Mapping[str, Any], default_region: str = "") -> tuple[Accepted, list[FieldError]]:
    """Normalise one record. Nothing given (None, "") counts as left out. Errors never hold a value."""
    found = Accepted()
    errors: list[FieldError] = []
    region = plan.region(values, default_region)
    steps, shared, forms = plan.steps, found.shared, found.forms
    for name, raw in values.items():
        step = steps.get(name)
        if step is None:
            found.unknown += 1
            errors += _undeclared(plan, name, found.unknown)
        elif raw is not None and raw != "":
            normalise, number, compartment, isolate, indexes, form = step
            try:
                value = normalise(raw, region)
            except Refusal as refusal:
                errors.append(FieldError(field=name, code=refusal.code, message=refusal.message))
                continue
            if compartment not in shared:
                shared[compartment] = {}
            if isolate:
                found.alone.setdefault(compartment, []).append((number, value))
            else:
                shared[compartment][number] = value
            for index, unique in indexes:
                forms.append((index, unique, form(value)))
    return found, errors


def _undeclared(plan: Plan, name: object, number: int) -> tuple[FieldError, ...]:
    if number <= MOST_UNDECLARED:
        return (plan.undeclared(name),)
    return (_FURTHER,) if number == MOST_UNDECLARED + 1 else ()


_FURTHER = FieldError(field="", code="vault.undeclared", message="There are further such items.")


class _Last:
    """The plan that was used last: nearly always the right one, because the policy room keeps one schema object."""

    plan: Plan | None = None


def plan_of(schema: Schema) -> Plan:
    """Return the plan of a schema; worked out anew only when the policy has changed."""
    last = _Last.plan
    if last is None or (last.schema is not schema and last.schema != schema):
        last = _Last.plan = Plan(schema)
    return last


def _field(spec: FieldSpec) -> Field:
    options = TypeOptions(
        max_length=spec.max_length,
        check=spec.check,
        parts=tuple(Part(part.name, part.type, part.max_length) for part in spec.parts),
        max_items=spec.max_items,
    )
    return Field(
        name=spec.name,
        number=spec.number,
        kind=spec.type,
        accept=normaliser(spec.type, options),
        compartment=spec.compartment_number,
        isolate=spec.isolate,
        # Partial forms have their numbers in the policy already; they are not built yet.
        indexes=tuple(_index(spec, index) for index in spec.index if index.form == EXACT),
        form=index_form(spec.type),
        mask=mask_of(spec.mask),
    )


def _step(field: Field) -> Step:
    indexes = tuple((index.number, index.unique) for index in field.indexes)
    return field.accept, field.number, field.compartment, field.isolate, indexes, field.form


def _index(spec: FieldSpec, index: IndexSpec) -> Index:
    return Index(index.number, index.unique or spec.identity)


def _country_field(schema: Schema) -> str | None:
    names = [name for name, spec in schema.fields.items() if spec.type == "country"]
    return "country" if "country" in names else next(iter(names), None)
