"""What may be done with people's data. Every function passes the gate and leaves an entry in the ledger.

Person ids are 16 bytes. Values are JSON-like; they are normalised by the types of the active policy. Errors name
fields and rules, never values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from keepfold import gate
from keepfold.gate import Actor, Decision, action
from keepfold.kernel import clock, config
from keepfold.kernel.errors import Conflict, Invalid, NotAllowed
from keepfold.policy import queries as policy
from keepfold.vault import changing, erasing, indexing, opening, outlining, searching, store, writing
from keepfold.vault.errors import IdentityTaken, RecordRefused
from keepfold.vault.events import RecordErased, RecordSealed, RecordsSealed, RecordUpdated
from keepfold.vault.keys.ring import ring
from keepfold.vault.plan import Plan, plan_of
from keepfold.vault.types import Erased, OnConflict, Opened, Outcome, Outline, Sealed, Updated

# Beyond every id: where a list from the newest begins.
NEWEST = b"\xff" * 16


@action("vault.record.seal", subject="person")
def seal(*, actor: Actor, values: Mapping[str, Any], person: bytes | None = None, partial: bool = False) -> Sealed:
    """Seal one new person's values; `person` gives an id that was made elsewhere.

    Raises `RecordRefused` when a field is undeclared or malformed (unless `partial`), `IdentityTaken` when somebody
    has the same unique value already, and `Conflict` when the given id is in use or was erased.
    """
    plan, keys = _plan(), ring()
    if person is not None and (store.is_living(person) or store.has_tombstone(keys.mark(person))):
        raise Conflict(
            "This id belongs to a person already, or to one who was erased.",
            code="vault.person-exists",
            next_step="Use `update` for somebody who is in the vault; an erased id is never used again.",
        )
    written = writing.write_many(
        keys, plan, [values], partial=partial, on_conflict="reject", region=_region(), person=person
    )
    outcome = written.outcomes[0]
    if outcome.id is None:
        raise _refusal(outcome)
    call = gate.current()
    call.add_subjects([outcome.id])
    call.note(fields=_names(plan, values), refused=[error.field for error in outcome.errors])
    call.emit(RecordSealed(person=outcome.id), outcome.id)
    return Sealed(id=outcome.id, errors=outcome.errors)


@action("vault.record.seal_many")
def seal_many(
    *,
    actor: Actor,
    records: Sequence[Mapping[str, Any]],
    partial: bool = False,
    on_conflict: OnConflict = "reject",
) -> list[Outcome]:
    """Seal many new people; every record has its own outcome, in the order given, and none depends on another.

    A record with a refused field is refused whole, or sealed without it when `partial`. When somebody has the same
    unique value already, `on_conflict` decides: `reject` it, `skip` it and return that person's id, or `update` that
    person with the values given (values left out stay), for which the actor must hold `vault.record.update` as well.
    Raises `NotAllowed`.
    """
    plan = _plan()
    if on_conflict == "update":
        _require_update()
    written = writing.write_many(ring(), plan, records, partial=partial, on_conflict=on_conflict, region=_region())
    call = gate.current()
    call.add_subjects([*written.sealed, *written.changed])
    call.note(
        records=len(records),
        sealed=len(written.sealed),
        updated=len(written.changed),
        refused=sum(outcome.state == "refused" for outcome in written.outcomes),
    )
    if written.sealed:
        call.emit(RecordsSealed(persons=written.sealed))
    return written.outcomes


@action("vault.record.open", subject="person", purpose="purpose", fields="fields", reason="reason", log="before")
def open_record(
    *, actor: Actor, person: bytes, purpose: str, fields: Sequence[str] | None = None, reason: str | None = None
) -> Opened:
    """Open one person's values for a purpose: the fields asked for, or all that the purpose lists.

    Values come clear or masked as the decision says; fields without a value are absent. The ledger entry is durable
    before anything is read. Raises `NotAllowed`, `PersonMissing`, `Unopened`, and `Invalid` on an empty list of fields.
    """
    _require_some(fields)
    opened = _open([person])
    if opened[0] is None:
        raise changing.missing()
    return msgspec.structs.replace(opened[0], entry=gate.current().entry_id)


@action("vault.record.outline", subject="person", log="before")
def outline(*, actor: Actor, person: bytes) -> Outline:
    """Say what is held of one person and what might be opened now, without a character of any value.

    Raises `PersonMissing`, `Unopened`.
    """
    found = outlining.outline(ring(), _plan(), person, actor)
    if found is None:
        raise changing.missing()
    decisions = {name: _would_open(name) for name in policy.schema().purposes}
    return msgspec.structs.replace(found, decisions=decisions)


@action("vault.record.export", subjects="persons", purpose="purpose", fields="fields", reason="reason", log="before")
def export(
    *, actor: Actor, persons: Sequence[bytes], purpose: str, fields: Sequence[str], reason: str
) -> list[Opened | None]:
    """Open many people's values to be taken out of Keepfold: like `open_many`, but a right of its own.

    Data items that the policy describes only (`export: describe_only`) never leave this way. Raises `NotAllowed`.
    """
    _require_some(fields)
    kept = [name for name in fields if policy.schema().fields[name].export == "describe_only"]
    if kept:
        raise NotAllowed(
            "The policy lets this data item be described, but never taken out.",
            code="vault.export-field",
            rule=f"data.{kept[0]}.export",
            next_step="Leave it out.",
        )
    return _open(persons)


@action("vault.record.open_many", subjects="persons", purpose="purpose", fields="fields", reason="reason", log="before")
def open_many(
    *,
    actor: Actor,
    persons: Sequence[bytes],
    purpose: str,
    fields: Sequence[str] | None = None,
    reason: str | None = None,
) -> list[Opened | None]:
    """Open many people's values for a purpose under one ledger entry; None for whoever is not in the vault.

    The answer has the order of `persons`. Raises `NotAllowed` when one of them may not be opened for the purpose, and
    `Invalid` on an empty list of fields.
    """
    _require_some(fields)
    return _open(persons)


@action("vault.record.search", purpose="purpose", reason="reason")
def search(*, actor: Actor, field: str, value: Any, purpose: str, reason: str | None = None) -> list[bytes]:
    """Return the people who have exactly this value in an indexed field, in order of their ids.

    The value is normalised as on intake. The field must be one that the purpose lists and that has an index. The
    entry names the field and who was found, never the value. People whom the purpose may not use (no consent, an
    objection, an opt-out) are not found for it, only counted in the entry. Raises `NotAllowed`, `Invalid`.
    """
    call, plan = gate.current(), _plan()
    if field not in plan.fields or field not in call.decision.fields:
        raise NotAllowed(
            "The purpose does not list this data item, so nobody is searched by it.",
            code="vault.search-field",
            rule="purpose.field-not-listed",
            next_step="Search by an indexed data item of the purpose, or add the item to the purpose in the policy.",
        )
    there = searching.find(ring(), plan.fields[field], value, _region())
    found = [person for person in there if call.ask(subjects=(person,)).allowed]
    call.add_subjects(found)
    call.note(field=field, found=len(found))
    if len(found) < len(there):
        call.note(withheld=len(there) - len(found))
    return found


@action("vault.record.list")
def list_people(
    *, actor: Actor, after: bytes = bytes(16), limit: int = 100, before: bytes | None = None
) -> list[bytes]:
    """Return the ids of people in the vault in the order of their arrival, up to `limit` of those that follow `after`.

    With `before` (an id, or `NEWEST`) from the newest to the oldest instead, of those who came before it. Ids say
    nothing about anybody, so the entry counts them and concerns none of them.
    """
    found = store.living(after, limit) if before is None else store.newest(before, limit)
    gate.current().note(found=len(found))
    return found


@action("vault.record.update", subject="person", purpose="purpose", reason="reason")
def update(
    *,
    actor: Actor,
    person: bytes,
    values: Mapping[str, Any],
    purpose: str | None = None,
    reason: str | None = None,
) -> Updated:
    """Set some values of one person; None removes a value. All of them change or none.

    With a purpose only its data items may change. Raises `RecordRefused`, `PersonMissing`, `IdentityTaken`,
    `Unopened`, and `NotAllowed` when the purpose does not list an item.
    """
    plan = _plan()
    if purpose is not None:
        _require_listed(plan, values)
    done = changing.change(ring(), plan, person, values, _region())
    call = gate.current()
    call.note(set=list(done.set), removed=list(done.removed))
    call.emit(RecordUpdated(person=person, fields=[*done.set, *done.removed]), person)
    return done


@action("vault.record.erase", subject="person", reason="reason")
def erase(*, actor: Actor, person: bytes, reason: str) -> Erased:
    """Erase one person: rows and index rows now, the keys as soon as the erasure is recorded, backups thereby.

    The keys die right after the entry is durable; what a crash interrupts there is finished at the next start or
    within minutes. Raises `PersonMissing`.
    """
    done = erasing.bury(ring(), person)
    erasing.close_ledger(person)
    gate.emit(RecordErased(person=person, erased_us=done.erased_us), person)
    erasing.destroy_after_commit(person)
    return msgspec.structs.replace(done, entry=gate.current().entry_id)


@action("vault.erasure.reconcile")
def reconcile(*, actor: Actor) -> int:
    """Finish interrupted erasures, and erase again whoever came back with an old data store; return how many."""
    done = erasing.finish_interrupted()
    again = erasing.erase_returned(ring()) if erasing.may_have_returned() else []
    gate.current().note(finished=len(done), erased_again=len(again))
    return len(done) + len(again)


@action("vault.keys.sweep")
def sweep(*, actor: Actor) -> int:
    """Remove keys of people who never got data, which a crash between the two stores leaves; return how many people."""
    swept = erasing.sweep(now_ms=clock.now_us() // 1000)
    gate.current().note(found=swept.found, removed=swept.removed)
    return swept.removed


@action("vault.index.rebuild")
def rebuild_index(*, actor: Actor) -> bool:
    """Add the next people who are held to an index that came later; say whether there was anything to do.

    The value of each is opened inside the vault for its index row and goes nowhere else. Unique values that two people
    turn out to share stay with both; the entry counts them, and who came later has an entry of their own about it.
    """
    done = indexing.step(ring(), _plan())
    if done is None:
        return False
    for person in done.shared:
        report_shared(actor=actor, person=person, field=done.field)
    call = gate.current()
    call.add_subjects(done.seen)
    call.note(field=done.field, indexed=done.indexed, shared=len(done.shared), unopened=len(done.unopened))
    return True


@action("vault.index.report_shared", subject="person")
def report_shared(*, actor: Actor, person: bytes, field: str) -> None:
    """Put down that a person's value, which became unique later, is also somebody else's; for people to look into."""
    gate.current().note(field=field)


def _require_some(fields: Sequence[str] | None) -> None:
    # To the gate no fields means all of the purpose; whoever worked out an empty list did not mean that.
    if fields is not None and not fields:
        raise Invalid("The list of fields is empty.", code="vault.no-fields", next_step="Leave it out to open all.")


def _require_listed(plan: Plan, values: Mapping[str, Any]) -> None:
    # What the policy does not name at all is refused later, with the line that it would need.
    if any(name in plan.fields and name not in gate.current().decision.fields for name in values):
        raise NotAllowed(
            "The purpose does not list this data item, so it is not changed for it.",
            code="vault.update-field",
            rule="field.not-in-purpose",
            next_step="Change it for a purpose that lists it.",
        )


def _would_open(purpose: str) -> Decision:
    return gate.current().ask(action="vault.record.open", purpose=purpose)


def _require_update() -> None:
    decision = gate.current().ask(action="vault.record.update")
    if not decision.allowed:
        raise NotAllowed(
            decision.reason, code="vault.update-needed", rule=decision.rules[0], next_step=decision.next_step
        )


def _plan() -> Plan:
    return plan_of(policy.schema())


def _region() -> str:
    return config.current().default_country


def _names(plan: Plan, values: Mapping[str, Any]) -> list[str]:
    return [name for name in values if name in plan.fields]


def _refusal(outcome: Outcome) -> RecordRefused | IdentityTaken:
    for error in outcome.errors:
        if error.code == writing.TAKEN:
            return IdentityTaken(error.message, next_step="Find the person by that value and update them instead.")
    return RecordRefused(outcome.errors)


def _open(persons: Sequence[bytes]) -> list[Opened | None]:
    """Open the fields that the decision of the running call allows, treated as it says."""
    decision, plan = gate.current().decision, _plan()
    fields = [plan.fields[name] for name in decision.fields if name in plan.fields]
    masked = [(field.name, field.mask) for field in fields if decision.fields[field.name] == "masked"]
    found = opening.open_people(ring(), persons, opening.Wanted(fields))
    return opening.present(persons, found, masked, decision.policy_hash)
