"""Sealing many records: normalise, claim identities, make keys, write rows; every record has an outcome of its own.

Order across the two stores: unique values are claimed in the open transaction of `default`, then the keys are
committed in `keys`, then the rows are written and the caller's transaction commits. A crash in between leaves keys
without a person, which the sweep removes; it never leaves data without keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from keepfold.kernel import clock, db
from keepfold.vault import changing, rules, store
from keepfold.vault.ids import new_people
from keepfold.vault.keys import store as key_store
from keepfold.vault.keys.people import remember_fresh
from keepfold.vault.keys.ring import Ring
from keepfold.vault.plan import Accepted, Plan, accept
from keepfold.vault.sealing import Tagger, seal_people
from keepfold.vault.types import FieldError, OnConflict, Outcome

TAKEN = "vault.identity-taken"
EMPTY = FieldError(field="", code="vault.record-empty", message="It holds no value that may be stored.")
AMBIGUOUS = FieldError(
    field="", code="vault.identity-ambiguous", message="Its unique values belong to different people in the vault."
)


class Draft(msgspec.Struct):
    """One record on its way: where it stood, what was accepted, who it will be, and its index rows."""

    position: int
    accepted: Accepted
    person: bytes
    errors: tuple[FieldError, ...]
    tags: list[tuple[int, bool, bytes]]

    def claims(self) -> list[store.Claim]:
        """Return the unique values that nobody else may have."""
        return [(slot, tag, self.person) for slot, unique, tag in self.tags if unique]


class Written(msgspec.Struct):
    """What became of a batch: outcomes in the order of the records, and the people who are new or changed."""

    outcomes: list[Outcome]
    sealed: list[bytes]
    changed: list[bytes]


def write_many(
    ring: Ring,
    plan: Plan,
    records: Sequence[Mapping[str, Any]],
    *,
    partial: bool,
    on_conflict: OnConflict,
    region: str,
    person: bytes | None = None,
) -> Written:
    """Seal what can be sealed. `person` gives the id of a single new person. Runs in the caller's transaction."""
    outcomes: list[Outcome | None] = [None] * len(records)
    drafts = _drafts(plan, records, outcomes, partial=partial, region=region)
    tagger = Tagger(ring)
    for draft, made in zip(drafts, [person] if person else new_people(len(drafts)), strict=False):
        draft.person, draft.tags = made, tagger.tags(draft.accepted)
    winners, losers = _claim(drafts)
    _store(ring, winners)
    for draft in winners:
        outcomes[draft.position] = Outcome(
            id=draft.person, state="partial" if draft.errors else "sealed", errors=draft.errors
        )
    changed = []
    for draft, owned in losers:
        outcome = outcomes[draft.position] = _lost(
            ring, plan, records[draft.position], draft, owned, on_conflict, region
        )
        if outcome.state == "updated" and outcome.id:
            changed.append(outcome.id)
    return Written([one for one in outcomes if one], [draft.person for draft in winners], changed)


def _drafts(
    plan: Plan, records: Sequence[Mapping[str, Any]], outcomes: list[Outcome | None], *, partial: bool, region: str
) -> list[Draft]:
    drafts = []
    for position, values in enumerate(records):
        accepted, errors = accept(plan, values, region)
        if not accepted.shared and not errors:
            errors = [EMPTY]
        if errors and not (partial and accepted.shared):
            outcomes[position] = Outcome(id=None, state="refused", errors=tuple(errors))
        else:
            drafts.append(Draft(position, accepted, b"", tuple(errors), []))
    return drafts


def _claim(drafts: Sequence[Draft]) -> tuple[list[Draft], list[tuple[Draft, set[bytes]]]]:
    """Claim the unique values of all drafts; return those who got theirs, and the others with whom theirs belong to.

    A draft that loses gives up everything, which may free a value for a later one of the same batch: hence rounds.
    """
    winners: list[Draft] = []
    losers: list[tuple[Draft, set[bytes]]] = []
    waiting = list(drafts)
    while waiting:
        claims = [claim for draft in waiting for claim in draft.claims()]
        if store.claim(claims):
            return winners + waiting, losers
        owners = store.owners((slot, tag) for slot, tag, _ in claims)
        others = {draft.person: rules.others(draft.claims(), owners) for draft in waiting}
        lost = {person for person, owned in others.items() if owned}
        store.release([claim for draft in waiting if draft.person in lost for claim in draft.claims()])
        winners += [draft for draft in waiting if draft.person not in lost]
        final = [draft for draft in waiting if draft.person in lost and not others[draft.person] & lost]
        losers += [(draft, others[draft.person]) for draft in final]
        waiting = [draft for draft in waiting if others[draft.person] & lost]
    return winners, losers


def _store(ring: Ring, drafts: Sequence[Draft]) -> None:
    if not drafts:
        return
    rows = seal_people(ring, [draft.person for draft in drafts], [draft.accepted for draft in drafts])
    with db.atomic(key_store.KEYS):
        key_store.add_person_keys(rows.keys)
    remember_fresh(rows.ledger)
    now = clock.now_us()
    store.add_people([(draft.person, now, now, rules.pack_tags(draft.tags)) for draft in drafts])
    store.add_records(rows.records)
    store.add_index([(slot, tag, draft.person) for draft in drafts for slot, unique, tag in draft.tags if not unique])


def _lost(
    ring: Ring,
    plan: Plan,
    values: Mapping[str, Any],
    draft: Draft,
    owners: set[bytes],
    on_conflict: OnConflict,
    region: str,
) -> Outcome:
    if len(owners) > 1:
        return Outcome(id=None, state="refused", errors=(*draft.errors, AMBIGUOUS))
    (owner,) = owners
    if on_conflict == "reject":
        return Outcome(id=None, state="refused", errors=(*draft.errors, taken(plan)))
    if on_conflict == "update":
        good = {name: value for name, value in values.items() if name not in {error.field for error in draft.errors}}
        given = {
            name: value for name, value in good.items() if name in plan.fields and value is not None and value != ""
        }
        changing.change(ring, plan, owner, given, region)
    return Outcome(id=owner, state="updated" if on_conflict == "update" else "skipped", errors=draft.errors)


def taken(plan: Plan) -> FieldError:
    """Return the error of a record whose unique value belongs to somebody; does not say which value or whose."""
    names = ", ".join(name for name, field in plan.fields.items() if any(index.unique for index in field.indexes))
    message = f"Somebody in the vault has the same unique value already (unique here: {names})."
    return FieldError(field="", code=TAKEN, message=message)
