"""Searching by exact value: the value is normalised as on intake and looked up in the blind index.

Tags have 64 bits, so a chance hit among R people has the odds R / 2^64 and the answer needs no second look.
"""

from __future__ import annotations

from typing import Any

from keepfold.kernel.crypto import mac
from keepfold.kernel.errors import Invalid
from keepfold.vault import indexing, rules, store
from keepfold.vault.keys.ring import Ring
from keepfold.vault.normalise import Refusal
from keepfold.vault.plan import Field


def find(ring: Ring, field: Field, value: Any, region: str) -> list[bytes]:
    """Return who has this value.

    Raises `Invalid` when the field has no index or the value cannot be of its type, and `IndexUnfinished`.
    """
    if not field.indexes:
        raise Invalid(
            f"The data item {field.name} has no index, so nobody can be found by it.",
            code="vault.not-indexed",
            next_step=f"Add `index: [exact]` to data.{field.name} in the policy.",
        )
    indexing.require_built(field)
    try:
        form = field.form(field.accept(value, region))
    except Refusal as refusal:
        raise Invalid(
            f"Nobody can have this value in {field.name}. {refusal.message}",
            code=refusal.code,
            next_step="Search with a whole and well-formed value.",
        ) from None
    index = field.indexes[0]
    started = ring.index(index.number)
    tags = [(rules.slot_of(index.number, version), mac.tag(key, form)[:8]) for version, key in started]
    return store.holders(tags)
