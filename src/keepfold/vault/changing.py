"""Changing one person: read, merge, seal again under the same key with a new nonce, swap the index rows.

The person's row is locked first, so two changes of one person never overlap. Either all fields change or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keepfold.kernel import clock, db
from keepfold.kernel.crypto import aead, keys, pool, wipe, wrap
from keepfold.kernel.errors import Unopened
from keepfold.vault import frames, rules, store
from keepfold.vault.errors import IdentityTaken, PersonMissing, RecordRefused
from keepfold.vault.keys import context, people
from keepfold.vault.keys import store as key_store
from keepfold.vault.keys.ring import Ring
from keepfold.vault.opening import Wanted, open_people
from keepfold.vault.plan import Accepted, Field, Plan, accept
from keepfold.vault.sealing import Tagger, seal_alone, seal_shared
from keepfold.vault.types import FieldError, Updated


def change(ring: Ring, plan: Plan, person: bytes, values: Mapping[str, Any], region: str) -> Updated:
    """Set the given values and remove those that are None. Raises `RecordRefused`, `PersonMissing`, `IdentityTaken`."""
    tags = store.lock_person(person)
    if tags is None:
        raise missing()
    given = {name: value for name, value in values.items() if value is not None}
    gone = [name for name, value in values.items() if value is None]
    accepted, errors = accept(plan, given, _region(ring, plan, person, given, region))
    errors += [plan.undeclared(name) for name in gone if name not in plan.fields]
    errors += [_empty(name) for name, value in given.items() if value == "" and name in plan.fields]
    if errors:
        raise RecordRefused(errors)
    removed = [plan.fields[name] for name in gone]
    _swap_index(ring, person, tags, accepted, [plan.fields[name] for name in values])
    for compartment in sorted({*accepted.shared, *(field.compartment for field in removed)}):
        _reseal(ring, person, compartment, accepted, {field.number for field in removed})
    return Updated(id=person, set=tuple(given), removed=tuple(gone))


def missing() -> PersonMissing:
    """Return the error for a person who is not there, or no longer."""
    return PersonMissing("There is no such person in the vault.", next_step="The person may have been erased.")


def _empty(name: str) -> FieldError:
    return FieldError(field=name, code="value.empty", message="It is empty; use null to remove the value.")


def _region(ring: Ring, plan: Plan, person: bytes, given: Mapping[str, Any], default: str) -> str:
    """Return the country of the person for phone numbers in national form; opened only when one is given."""
    country = plan.country
    needs = any(
        plan.fields[name].kind == "phone" and str(raw)[:1] != "+" for name, raw in given.items() if name in plan.fields
    )
    if not needs or country is None or given.get(country):
        return default
    values = open_people(ring, [person], Wanted([plan.fields[country]])).get(person, {})
    return str(values.get(country, default))


def _swap_index(ring: Ring, person: bytes, packed: bytes, accepted: Accepted, touched: list[Field]) -> None:
    numbers = {index.number for field in touched for index in field.indexes}
    before = rules.unpack_tags(packed)
    kept = [tag for tag in before if rules.number_of(tag[0]) not in numbers]
    made = Tagger(ring).tags(accepted)
    after = [(slot, tag) for slot, _, tag in made]
    store.release([(slot, tag, person) for slot, tag in before if (slot, tag) not in {*kept, *after}])
    fresh = [(slot, unique, tag) for slot, unique, tag in made if (slot, tag) not in set(before)]
    if not store.claim([(slot, tag, person) for slot, unique, tag in fresh if unique]):
        raise IdentityTaken(
            "Somebody else in the vault has the same unique value already. Nothing was changed.",
            next_step="Find the other person by that value; they may be the same.",
        )
    store.add_index([(slot, tag, person) for slot, unique, tag in fresh if not unique])
    store.touch_person(person, clock.now_us(), rules.join_tags(kept + after))


def _reseal(ring: Ring, person: bytes, compartment: int, accepted: Accepted, removed: set[int]) -> None:
    record = next((row[2] for row in store.records([person], [compartment])), b"")
    with wipe.buffer() as buffer:
        generation = _key(ring, person, compartment, buffer, may_make=not record)
        opened = aead.cipher(buffer)
    prefix = frames.aad_prefix(ring.tenant, person, compartment)
    shared: dict[int, Any] = {}
    alone: dict[int, bytes] = {}
    for number, frame in frames.segments(record):
        if number == frames.SHARED:
            shared = frames.unpack_shared(aead.unseal(opened, frame, prefix + frames.aad_place(number, frame[1])))
        else:
            alone[number] = frames.segment_head(number, len(frame)) + frame
    fresh, replaced = accepted.shared.get(compartment, {}), accepted.alone.get(compartment, [])
    # A former value goes from both places: the policy may have changed `isolate` since it was sealed.
    gone = removed | fresh.keys() | {number for number, _ in replaced}
    shared = {number: value for number, value in shared.items() if number not in gone} | fresh
    sealed = seal_shared(opened, prefix, shared, generation)
    sealed += b"".join(segment for number, segment in alone.items() if number not in gone)
    sealed += seal_alone(opened, prefix, replaced, generation)
    if sealed:
        store.put_record(person, compartment, sealed)
    else:
        store.drop_record(person, compartment)


def _key(ring: Ring, person: bytes, compartment: int, buffer: bytearray, *, may_make: bool) -> int:
    """Put the person's key into the buffer and return its generation; one is made only where nothing is sealed yet."""
    rows = key_store.person_keys([person], [compartment])
    if not rows:
        if not may_make:
            raise Unopened
        if key_store.is_shredded(ring.mark(person)):
            # Came back with an older data store: a new key would hide from `reconcile` that the others are destroyed.
            raise missing()
        rows = [_make_key(ring, person, compartment)]
    people.Opener(ring, buffer).open(rows[-1])
    return int(rows[-1][2])


def _make_key(ring: Ring, person: bytes, compartment: int) -> db.Row:
    shard, generation = ring.shard_of(person), frames.FIRST_GENERATION
    kek = ring.writer(compartment, shard, 1)
    aad = context.of_person(ring.tenant, person, compartment, generation)
    row = (person, compartment, generation, shard, wrap.wrap(kek.cipher, kek.version, pool.nonce(), keys.new(), aad))
    with db.atomic(key_store.KEYS):
        key_store.add_person_keys([row])
    return row
