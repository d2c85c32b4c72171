"""What is held of one person: names, times and counts, never a value."""

from __future__ import annotations

from keepfold.gate import Actor
from keepfold.gate.grants import allows_purpose
from keepfold.policy.types import FieldSpec, Schema
from keepfold.vault import opening, rules, store
from keepfold.vault.keys import store as key_store
from keepfold.vault.keys.ring import Ring
from keepfold.vault.plan import Plan
from keepfold.vault.types import Outline


def outline(ring: Ring, plan: Plan, person: bytes, actor: Actor) -> Outline | None:
    """Return what is held of a person, without decisions; None when there is no such person. Raises `Unopened`."""
    row = store.person_row(person)
    if row is None:
        return None
    created_us, changed_us, tags = row
    held, specs = opening.numbers_held(ring, person), plan.schema.fields
    withheld = tuple(name for name, spec in specs.items() if _is_withheld(plan.schema, spec, actor))
    return Outline(
        id=person,
        created_us=created_us,
        changed_us=changed_us,
        fields=tuple(name for name, spec in specs.items() if spec.number in held and name not in withheld),
        withheld=withheld,
        unnamed=len(held - {spec.number for spec in specs.values()}),
        keys=key_store.count_person_keys(person),
        index_rows=len(rules.unpack_tags(tags)),
        decisions={},
    )


def _is_withheld(schema: Schema, spec: FieldSpec, actor: Actor) -> bool:
    """Say whether it would tell something by itself that there is a value: an illness, a belief, a conviction."""
    return spec.special is not None and not any(
        spec.name in purpose.fields and allows_purpose(actor.purposes, name)
        for name, purpose in schema.purposes.items()
    )
